// The processor's features: instruction sets (also enabled by the operating system), cores for this process, cache.
#ifndef AGON_CPU_H
#define AGON_CPU_H

#include <stdbool.h>
#include <stddef.h>

/// Strings live as long as the process.
typedef struct {
    const char *brand;   // "Intel(R) Xeon(R) ...", or "" if the processor does not report it (arm64)
    const char *vendor;  // "GenuineIntel", "AuthenticAMD", ..., or the architecture's name
    int family, model;   // as in /proc/cpuinfo; 0 if not x86
    bool has_avx2, has_fma;
    bool has_avx512;     // F, CD, DQ, BW and VL, as required by kernels for Skylake-X and later
    bool has_neon;
    int usable_cores;    // logical cores: the affinity mask, limited to the cgroup's CPU quota (rounded up), at least 1
    size_t l2_bytes;     // of one core; 0 if unknown
} agon_cpu_features;

/// Detected once per process (thread-safe), then cached.
agon_cpu_features agon_cpu_describe(void);

#endif

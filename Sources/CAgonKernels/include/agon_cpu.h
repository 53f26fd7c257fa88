// What the processor offers: instruction sets (enabled by the operating system too), cores for this process, cache.
#ifndef AGON_CPU_H
#define AGON_CPU_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Strings live as long as the process.
typedef struct {
    const char *brand;   // "Intel(R) Xeon(R) ...", or "" when the processor does not say (arm64)
    const char *vendor;  // "GenuineIntel", "AuthenticAMD", ..., or the architecture's name
    int family, model;   // as /proc/cpuinfo counts them; 0 off x86
    bool has_avx2, has_fma;
    bool has_avx512;     // F, CD, DQ, BW and VL: what kernels for Skylake-X and later need
    bool has_neon;
    int usable_cores;    // logical cores: the affinity mask, cut to the cgroup's CPU quota (rounded up), at least 1
    size_t l2_bytes;     // of one core; 0 when unknown
} agon_cpu_features;

/// Found once per process (thread-safe), then returned from memory.
agon_cpu_features agon_cpu_describe(void);

#ifdef __cplusplus
}
#endif
#endif

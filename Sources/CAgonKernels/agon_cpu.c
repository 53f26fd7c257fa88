// The processor: instruction sets by the compiler's builtins, which report a set only if the operating system saves its
// registers; names by CPUID; cores by the affinity mask and the cgroup's quota.
#if defined(__linux__)
#define _GNU_SOURCE
#include <sched.h>
#endif
#include "agon_cpu.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__APPLE__)
#include <sys/sysctl.h>
#endif
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static agon_cpu_features found;
static char brand[49];
static char vendor[16];

// ---------------------------------------------------------------------------------------------------------------------
// Instruction sets

#if defined(__x86_64__) || defined(__i386__)

static void find_instruction_sets(void) {
    __builtin_cpu_init();
    found.has_fma = __builtin_cpu_supports("fma");
    found.has_avx2 = __builtin_cpu_supports("avx2");
    found.has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
                       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
                       __builtin_cpu_supports("avx512vl");

    // The processor's brand string, which no builtin provides.
    uint32_t a, b, c, d;
    if (!__get_cpuid(0, &a, &b, &c, &d)) return;
    memcpy(vendor, &b, 4);
    memcpy(vendor + 4, &d, 4);
    memcpy(vendor + 8, &c, 4);
    __get_cpuid(1, &a, &b, &c, &d);
    found.family = (int)(a >> 8 & 15);
    found.model = (int)(a >> 4 & 15);
    if (found.family == 6 || found.family == 15) found.model += (int)(a >> 16 & 15) << 4;
    if (found.family == 15) found.family += (int)(a >> 20 & 255);
    if (__get_cpuid(0x80000000u, &a, &b, &c, &d) && a >= 0x80000004u) {
        uint32_t words[12];
        for (uint32_t i = 0; i < 3; i++)
            __get_cpuid(0x80000002u + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2], &words[4 * i + 3]);
        char text[49] = {0};
        memcpy(text, words, 48);
        size_t skip = strspn(text, " "), length = strlen(text + skip);
        while (length && text[skip + length - 1] == ' ') length--;
        memcpy(brand, text + skip, length);
    }
}

#else

static void find_instruction_sets(void) {
#if defined(__aarch64__)
    strcpy(vendor, "arm64");
    found.has_neon = true;  // part of the architecture's base
#endif
}

#endif

// ---------------------------------------------------------------------------------------------------------------------
// Cores and cache

#if defined(__linux__)

/// Whole cores in the quota of one cgroup folder, or 0 if it has none. v2: "max 100000" or "150000 100000".
static int quota_of_folder(const char *folder) {
    char path[1200], text[64];
    long long quota = -1, period = 0;
    snprintf(path, sizeof path, "%s/cpu.max", folder);
    FILE *file = fopen(path, "r");
    if (file) {
        if (fgets(text, sizeof text, file) && sscanf(text, "%lld %lld", &quota, &period) != 2) quota = -1;
        fclose(file);
    } else {
        snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
        if (!(file = fopen(path, "r"))) return 0;
        if (fscanf(file, "%lld", &quota) != 1) quota = -1;
        fclose(file);
        snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
        if ((file = fopen(path, "r"))) {
            if (fscanf(file, "%lld", &period) != 1) period = 0;
            fclose(file);
        }
    }
    if (quota <= 0 || period <= 0) return 0;
    long long cores = (quota + period - 1) / period;
    return cores < 1 ? 1 : cores > 1 << 20 ? 1 << 20 : (int)cores;
}

/// The tightest quota from this process's cgroup up to the root, or 0: a quota of a parent binds its children.
static int cgroup_quota(void) {
    FILE *file = fopen("/proc/self/cgroup", "r");
    if (!file) return 0;
    char line[1024], folder[1100];
    int tightest = 0;
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        char *controllers = strchr(line, ':');
        char *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path) continue;
        *path++ = 0;
        controllers++;
        const char *root;
        if (*controllers == 0) root = "/sys/fs/cgroup";
        else if (!strcmp(controllers, "cpu") || !strcmp(controllers, "cpu,cpuacct")) root = "/sys/fs/cgroup/cpu";
        else continue;
        for (;;) {
            size_t end = strlen(path);
            while (end && path[end - 1] == '/') path[--end] = 0;
            snprintf(folder, sizeof folder, "%s%s", root, path);
            int cores = quota_of_folder(folder);
            if (cores && (!tightest || cores < tightest)) tightest = cores;
            if (!end) break;
            char *slash = strrchr(path, '/');
            if (!slash) break;
            *slash = 0;
        }
    }
    fclose(file);
    return tightest;
}

static int affinity_count(void) {
    // The set grows until it fits the kernel's: machines with more than 1024 logical cores exist.
    for (int cores = 1024; cores <= 1 << 20; cores *= 4) {
        cpu_set_t *set = CPU_ALLOC((size_t)cores);
        if (!set) return 0;
        size_t size = CPU_ALLOC_SIZE((size_t)cores);
        int status = sched_getaffinity(0, size, set);
        int count = status == 0 ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (status == 0) return count;
    }
    return 0;
}

#endif

static void find_cores_and_cache(void) {
    int cores = 0;
#if defined(__linux__)
    cores = affinity_count();
    int quota = cgroup_quota();
    if (quota && quota < cores) cores = quota;
#endif
    if (cores < 1) cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    found.usable_cores = cores < 1 ? 1 : cores;
#if defined(_SC_LEVEL2_CACHE_SIZE)
    long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
    found.l2_bytes = bytes > 0 ? (size_t)bytes : 0;
#elif defined(__APPLE__)
    uint64_t bytes = 0;
    size_t size = sizeof bytes;
    if (!sysctlbyname("hw.l2cachesize", &bytes, &size, NULL, 0)) found.l2_bytes = (size_t)bytes;
#endif
#if defined(__APPLE__)
    size_t length = sizeof brand;
    if (!brand[0] && sysctlbyname("machdep.cpu.brand_string", brand, &length, NULL, 0)) brand[0] = 0;
#endif
}

static void describe(void) {
    find_instruction_sets();
    find_cores_and_cache();
    found.brand = brand;
    found.vendor = vendor;
}

agon_cpu_features agon_cpu_describe(void) {
    pthread_once(&once, describe);
    return found;
}

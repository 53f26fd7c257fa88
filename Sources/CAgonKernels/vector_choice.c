// The choice of vector kernels, made once from the processor's features.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "agon_kernels.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const agon_vector_kernels *chosen;

static void choose(void) {
    chosen = &agon_vector_portable;
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    const char *wish = getenv("AGON_VECTOR");
    if (wish && strcmp(wish, "portable") == 0) return;
    if (avx2) chosen = &agon_vector_avx2;
    if (avx512 && !(wish && strcmp(wish, "avx2") == 0)) chosen = &agon_vector_avx512;
#endif
}

const agon_vector_kernels *agon_vector(void) {
    pthread_once(&once, choose);
    return chosen;
}

// Selects the vector kernels once, from the processor's features.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "agon_cpu.h"
#include "agon_kernels.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const agon_vector_kernels *chosen;

static void choose(void) {
    chosen = &agon_vector_portable;
#if defined(__x86_64__)
    agon_cpu_features cpu = agon_cpu_describe();
    bool avx2 = cpu.has_avx2 && cpu.has_fma, avx512 = avx2 && cpu.has_avx512;
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

// The vector kernels compiled for AVX-512; agon_vector() selects one of the three variants.
#if defined(__x86_64__)
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "agon_kernels.h"
#include "agon_product.h"
#include "agon_random.h"

#define AGON_TABLE agon_vector_avx512
#define AGON_NAME "avx512"
#define AGON_LANES 16
#define AGON_PANEL 32
#define AGON_ROWS 12

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#include "vector_kernels.h"
#pragma clang attribute pop
#endif

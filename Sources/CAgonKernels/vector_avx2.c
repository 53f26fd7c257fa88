// The vector kernels compiled for AVX2; agon_vector() selects one of the three variants.
#if defined(__x86_64__)
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "agon_kernels.h"
#include "agon_product.h"
#include "agon_random.h"

#define AGON_TABLE agon_vector_avx2
#define AGON_NAME "avx2"
#define AGON_LANES 8
#define AGON_PANEL 16
#define AGON_ROWS 6

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "vector_kernels.h"
#pragma clang attribute pop
#endif

// The vector kernels compiled for AVX2; agon_vector() selects one of the three variants.
#if defined(__x86_64__)
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "agon_kernels.h"
#include "agon_product.h"
#include "agon_random.h"

// Floats of a vector, columns of a panel of packed weights, and rows of a product that the registers hold.
#define AGON_LANES 8
#define AGON_PANEL 16
#define AGON_ROWS 6

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "vector_math.h"
#include "vector_random.h"
#include "vector_program.h"
#include "vector_update.h"
#include "vector_depthwise.h"
#include "vector_filter.h"
#include "vector_product.h"
#include "vector_matrix.h"
#pragma clang attribute pop

const agon_vector_kernels agon_vector_avx2 = {
    .name = "avx2",
    .random_bits = random_bits,
    .program = run_program,
    .depthwise_forward = depthwise_forward,
    .depthwise_input_gradient = depthwise_input_gradient,
    .depthwise_weight_gradient = depthwise_weight_gradient,
    .update = run_update,
    .matrix_product = matrix_product,
    .filter = {
        .panel = AGON_PANEL,
        .read_tiles = read_tiles,
        .write_tiles = write_tiles,
        .read_weights = read_weights,
        .write_weights = write_weights,
        .product = product,
    },
};
#endif

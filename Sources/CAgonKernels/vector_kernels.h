// The vector kernels of one kind of processor, and their table: included under its target attribute, with AGON_LANES floats
// a vector, AGON_PANEL columns of a panel of packed weights, and AGON_ROWS rows of a product that the registers hold.
#include "vector_math.h"
#include "vector_random.h"
#include "vector_program.h"
#include "vector_update.h"
#include "vector_depthwise.h"
#include "vector_filter.h"
#include "vector_product.h"
#include "vector_planes.h"
#include "vector_matrix.h"

const agon_vector_kernels AGON_TABLE = {
    .name = AGON_NAME,
    .random_bits = random_bits,
    .program = run_program,
    .depthwise_forward = depthwise_forward,
    .depthwise_input_gradient = depthwise_input_gradient,
    .depthwise_weight_gradient = depthwise_weight_gradient,
    .plane_sums = plane_sums,
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

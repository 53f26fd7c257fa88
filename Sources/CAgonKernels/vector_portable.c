// The vector kernels as compiled for portable; agon_vector() chooses among the three.
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "agon_kernels.h"
#include "agon_random.h"

#include "vector_math.h"
#include "vector_program.h"
#include "vector_update.h"
#include "vector_depthwise.h"

const agon_vector_kernels agon_vector_portable = {
    .name = "portable",
    .program = run_program,
    .depthwise_forward = depthwise_forward,
    .depthwise_input_gradient = depthwise_input_gradient,
    .depthwise_weight_gradient = depthwise_weight_gradient,
    .update = run_update,
};

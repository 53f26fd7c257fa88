// The vector kernels compiled portably; agon_vector() selects one of the three variants.
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "agon_kernels.h"
#include "agon_product.h"
#include "agon_random.h"

#define AGON_TABLE agon_vector_portable
#define AGON_NAME "portable"
#define AGON_LANES 4
#define AGON_PANEL 8
#define AGON_ROWS 4

#include "vector_kernels.h"

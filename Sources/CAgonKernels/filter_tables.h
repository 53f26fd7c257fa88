// The tables of minimal filtering by tile size n: the powers of its n - 1 finite points, which were chosen for small rounding
// errors, the reciprocals of their products of differences, and Bᵀ. The other matrices follow:
//
//     Aᵀ[i][j] = powers[j][i], and 1 at [m - 1][n - 1] in the column of infinity
//     G[j][k] = scales[j] * powers[j][k], and 1 at [n - 1][r - 1] in the row of infinity
//
// The points are zero and signed powers of two, so products by their powers are exact. A test derives all tables from the
// points by exact rational arithmetic.
#include "agon_filter.h"

typedef struct {
    float powers[AGON_FILTER_LARGEST - 1][AGON_FILTER_LARGEST];
    float scales[AGON_FILTER_LARGEST - 1];
    float input[AGON_FILTER_LARGEST][AGON_FILTER_LARGEST];
} filter_table;

static const filter_table filter_tables[] = {
    {  // n = 3: points 0, 1
        .powers = {
            {1.0f, 0.0f, 0.0f},
            {1.0f, 1.0f, 1.0f},
        },
        .scales = {-1.0f, 1.0f},
        .input = {
            {-1.0f, 1.0f, 0.0f},
            {0.0f, 1.0f, 0.0f},
            {0.0f, -1.0f, 1.0f},
        },
    },
    {  // n = 4: points 0, 1, -1
        .powers = {
            {1.0f, 0.0f, 0.0f, 0.0f},
            {1.0f, 1.0f, 1.0f, 1.0f},
            {1.0f, -1.0f, 1.0f, -1.0f},
        },
        .scales = {-1.0f, 1.0f / 2.0f, 1.0f / 2.0f},
        .input = {
            {-1.0f, 0.0f, 1.0f, 0.0f},
            {0.0f, 1.0f, 1.0f, 0.0f},
            {0.0f, -1.0f, 1.0f, 0.0f},
            {0.0f, -1.0f, 0.0f, 1.0f},
        },
    },
    {  // n = 5: points 0, 1, -1, 1/2
        .powers = {
            {1.0f, 0.0f, 0.0f, 0.0f, 0.0f},
            {1.0f, 1.0f, 1.0f, 1.0f, 1.0f},
            {1.0f, -1.0f, 1.0f, -1.0f, 1.0f},
            {1.0f, 1.0f / 2.0f, 1.0f / 4.0f, 1.0f / 8.0f, 1.0f / 16.0f},
        },
        .scales = {2.0f, 1.0f, -1.0f / 3.0f, -8.0f / 3.0f},
        .input = {
            {1.0f / 2.0f, -1.0f, -1.0f / 2.0f, 1.0f, 0.0f},
            {0.0f, -1.0f / 2.0f, 1.0f / 2.0f, 1.0f, 0.0f},
            {0.0f, 1.0f / 2.0f, -3.0f / 2.0f, 1.0f, 0.0f},
            {0.0f, -1.0f, 0.0f, 1.0f, 0.0f},
            {0.0f, 1.0f / 2.0f, -1.0f, -1.0f / 2.0f, 1.0f},
        },
    },
    {  // n = 6: points 0, 1, -1, 1/2, -2
        .powers = {
            {1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f},
            {1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f},
            {1.0f, -1.0f, 1.0f, -1.0f, 1.0f, -1.0f},
            {1.0f, 1.0f / 2.0f, 1.0f / 4.0f, 1.0f / 8.0f, 1.0f / 16.0f, 1.0f / 32.0f},
            {1.0f, -2.0f, 4.0f, -8.0f, 16.0f, -32.0f},
        },
        .scales = {1.0f, 1.0f / 3.0f, -1.0f / 3.0f, -16.0f / 15.0f, 1.0f / 15.0f},
        .input = {
            {1.0f, -3.0f / 2.0f, -2.0f, 3.0f / 2.0f, 1.0f, 0.0f},
            {0.0f, -1.0f, 1.0f / 2.0f, 5.0f / 2.0f, 1.0f, 0.0f},
            {0.0f, 1.0f, -5.0f / 2.0f, 1.0f / 2.0f, 1.0f, 0.0f},
            {0.0f, -2.0f, -1.0f, 2.0f, 1.0f, 0.0f},
            {0.0f, 1.0f / 2.0f, -1.0f, -1.0f / 2.0f, 1.0f, 0.0f},
            {0.0f, 1.0f, -3.0f / 2.0f, -2.0f, 3.0f / 2.0f, 1.0f},
        },
    },
    {  // n = 7: points 0, 1, -1, 1/2, -1/2, 2
        .powers = {
            {1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f},
            {1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f},
            {1.0f, -1.0f, 1.0f, -1.0f, 1.0f, -1.0f, 1.0f},
            {1.0f, 1.0f / 2.0f, 1.0f / 4.0f, 1.0f / 8.0f, 1.0f / 16.0f, 1.0f / 32.0f, 1.0f / 64.0f},
            {1.0f, -1.0f / 2.0f, 1.0f / 4.0f, -1.0f / 8.0f, 1.0f / 16.0f, -1.0f / 32.0f, 1.0f / 64.0f},
            {1.0f, 2.0f, 4.0f, 8.0f, 16.0f, 32.0f, 64.0f},
        },
        .scales = {-2.0f, -2.0f / 3.0f, -2.0f / 9.0f, 16.0f / 9.0f, 16.0f / 15.0f, 2.0f / 45.0f},
        .input = {
            {-1.0f / 2.0f, 1.0f / 4.0f, 5.0f / 2.0f, -5.0f / 4.0f, -2.0f, 1.0f, 0.0f},
            {0.0f, 1.0f / 2.0f, 1.0f / 4.0f, -9.0f / 4.0f, -1.0f, 1.0f, 0.0f},
            {0.0f, -1.0f / 2.0f, 3.0f / 4.0f, 7.0f / 4.0f, -3.0f, 1.0f, 0.0f},
            {0.0f, 1.0f, 3.0f / 2.0f, -2.0f, -3.0f / 2.0f, 1.0f, 0.0f},
            {0.0f, -1.0f, 5.0f / 2.0f, 0.0f, -5.0f / 2.0f, 1.0f, 0.0f},
            {0.0f, 1.0f / 4.0f, 0.0f, -5.0f / 4.0f, 0.0f, 1.0f, 0.0f},
            {0.0f, -1.0f / 2.0f, 1.0f / 4.0f, 5.0f / 2.0f, -5.0f / 4.0f, -2.0f, 1.0f},
        },
    },
    {  // n = 8: points 0, 1, -1, 1/2, -1/2, 2, -2
        .powers = {
            {1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f},
            {1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f},
            {1.0f, -1.0f, 1.0f, -1.0f, 1.0f, -1.0f, 1.0f, -1.0f},
            {1.0f, 1.0f / 2.0f, 1.0f / 4.0f, 1.0f / 8.0f, 1.0f / 16.0f, 1.0f / 32.0f, 1.0f / 64.0f, 1.0f / 128.0f},
            {1.0f, -1.0f / 2.0f, 1.0f / 4.0f, -1.0f / 8.0f, 1.0f / 16.0f, -1.0f / 32.0f, 1.0f / 64.0f, -1.0f / 128.0f},
            {1.0f, 2.0f, 4.0f, 8.0f, 16.0f, 32.0f, 64.0f, 128.0f},
            {1.0f, -2.0f, 4.0f, -8.0f, 16.0f, -32.0f, 64.0f, -128.0f},
        },
        .scales = {-1.0f, -2.0f / 9.0f, -2.0f / 9.0f, 32.0f / 45.0f, 32.0f / 45.0f, 1.0f / 90.0f, 1.0f / 90.0f},
        .input = {
            {-1.0f, 0.0f, 21.0f / 4.0f, 0.0f, -21.0f / 4.0f, 0.0f, 1.0f, 0.0f},
            {0.0f, 1.0f, 1.0f, -17.0f / 4.0f, -17.0f / 4.0f, 1.0f, 1.0f, 0.0f},
            {0.0f, -1.0f, 1.0f, 17.0f / 4.0f, -17.0f / 4.0f, -1.0f, 1.0f, 0.0f},
            {0.0f, 2.0f, 4.0f, -5.0f / 2.0f, -5.0f, 1.0f / 2.0f, 1.0f, 0.0f},
            {0.0f, -2.0f, 4.0f, 5.0f / 2.0f, -5.0f, -1.0f / 2.0f, 1.0f, 0.0f},
            {0.0f, 1.0f / 2.0f, 1.0f / 4.0f, -5.0f / 2.0f, -5.0f / 4.0f, 2.0f, 1.0f, 0.0f},
            {0.0f, -1.0f / 2.0f, 1.0f / 4.0f, 5.0f / 2.0f, -5.0f / 4.0f, -2.0f, 1.0f, 0.0f},
            {0.0f, -1.0f, 0.0f, 21.0f / 4.0f, 0.0f, -21.0f / 4.0f, 0.0f, 1.0f},
        },
    },
};

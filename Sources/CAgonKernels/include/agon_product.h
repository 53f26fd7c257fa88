// Matrix products of a step: by Agon's own kernel, or by BLAS for shapes that leave its vectors empty.
#ifndef AGON_PRODUCT_H
#define AGON_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

enum {
    /// Rows of a that share a packed panel of b.
    AGON_PRODUCT_ROWS = 192,
    /// Floats of scratch memory of a product by Agon's kernel, on any processor.
    AGON_PRODUCT_SCRATCH = 192 * (256 + 16) + (256 + 192) * 32,
};

/// Row-major product on the calling thread: c [m, n] (=, or += if accumulate) op(a) [m, k] op(b) [k, n]. lda, ldb and ldc
/// are row strides in floats. Requires agon_blas_open() == 0.
void agon_product(bool transpose_a, bool transpose_b, int m, int n, int k, const float *a, int lda, const float *b, int ldb,
                  bool accumulate, float *c, int ldc);

#endif

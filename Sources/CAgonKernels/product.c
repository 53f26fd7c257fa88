// Chooses between Agon's kernel (vector_matrix.h) and BLAS for a matrix product, by its shape and the vector kernels.
#include "agon_product.h"

#include "agon_blas.h"
#include "agon_kernels.h"

enum {
    LEAST_COLUMNS = 16,  // a vector
};
#if defined(__OPTIMIZE__)
static const int64_t most_operations = INT64_MAX;
#else
static const int64_t most_operations = 1 << 18;  // a debug build's kernel is a hundred times slower than the library's
#endif

static _Thread_local _Alignas(64) float scratch[AGON_PRODUCT_SCRATCH];

void agon_product(bool transpose_a, bool transpose_b, int m, int n, int k, const float *a, int lda, const float *b, int ldb,
                  bool accumulate, float *c, int ldc) {
    const agon_vector_kernels *vector = agon_vector();
    // Portable vectors of four floats are slower than a library that knows the processor.
    const bool is_own = vector != &agon_vector_portable && n >= LEAST_COLUMNS && k > 0
        && (int64_t)m * n * k <= most_operations;
    if (is_own) vector->matrix_product(transpose_a, transpose_b, m, n, k, a, lda, b, ldb, accumulate, c, ldc, scratch);
    else agon_sgemm(transpose_a, transpose_b, m, n, k, 1, a, lda, b, ldb, accumulate ? 1 : 0, c, ldc);
}

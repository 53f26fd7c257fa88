// The BLAS and LAPACK that Agon uses, loaded at run time.
//
// OpenBLAS picks its kernels in its own constructor, from OPENBLAS_CORETYPE. Linking against it would run that
// constructor before Agon could inspect the processor, so the library is loaded with dlopen after the core type is set.
#ifndef AGON_BLAS_H
#define AGON_BLAS_H

#include <stdbool.h>
#include <stddef.h>

/// Opens BLAS once per process (thread-safe; later calls return the first result). LAPACKE is loaded on first use.
/// Honours AGON_BLAS (path of a library with the CBLAS interface) and OPENBLAS_CORETYPE when the user set it.
/// Variables are set while the library is opened, then restored: call it before other threads read the environment.
/// Returns 0, or -1 with a message in agon_blas_error().
int agon_blas_open(void);
const char *agon_blas_error(void);

/// Opens the library and makes it allocate its buffers for this many concurrent callers. Returns 0, or the bytes of
/// address space that are missing, in which case nothing is allocated. Does nothing for libraries other than OpenBLAS.
size_t agon_blas_reserve(int callers);

/// The loaded library. Strings live as long as the process; empty if unknown.
typedef struct {
    const char *library;        // path or soname that was opened
    const char *configuration;  // openblas_get_config(), or "" for another BLAS
    const char *version;        // "0.3.21", or ""
    const char *core_type;      // the kernels in use, such as "SkylakeX"
    const char *requested_core_type; // requested by Agon or the user; "" if left to the library
    const char *threading;      // "pthreads", "openmp", "sequential" or "unknown"
    bool core_type_chosen_by_agon;
    bool has_lapack;
} agon_blas_info;
/// Opens BLAS and LAPACKE, and returns information about them.
agon_blas_info agon_blas_describe(void);

/// Row-major single-precision product on the calling thread only: C = alpha * op(A) op(B) + beta * C,
/// op(A) is m x k, op(B) is k x n. Requires agon_blas_open() == 0. lda, ldb, ldc are row strides in elements.
void agon_sgemm(bool transpose_a, bool transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                const float *b, int ldb, float beta, float *c, int ldc);
void agon_dgemm(bool transpose_a, bool transpose_b, int m, int n, int k, double alpha, const double *a, int lda,
                const double *b, int ldb, double beta, double *c, int ldc);

/// LAPACKE, row-major, column counts as leading dimensions; each returns LAPACK's info unchanged (-1000 when LAPACKE is
/// missing). Eigenvalues (ascending, into values[n]) and optionally eigenvectors (columns, into a) of the symmetric
/// n x n matrix a (overwritten).
int agon_dsyevd(bool vectors, int n, double *a, double *values);
/// QR of a (m x n, m >= n, overwritten with Q's first n columns); r_diagonal[n] receives R's diagonal.
int agon_dqr(int m, int n, double *a, double *r_diagonal);

#endif

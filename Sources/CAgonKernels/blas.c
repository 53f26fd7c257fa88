// BLAS and LAPACKE, loaded with dlopen when first needed; every product runs on the calling thread.
//
// Core type. OpenBLAS chooses its kernels in its constructor: from OPENBLAS_CORETYPE, else from the processor's family
// and model. A release older than the processor does not know the model and falls back as far as SSE3 (Prescott: a
// quarter of the speed). Features are reliable for any model, so they decide here, before the library is loaded.
//
// Threads. Agon splits its work itself and needs single-threaded products on many threads at once:
//   pthread builds   openblas_set_num_threads(1) holds for all callers;
//   OpenMP builds    the number belongs to the calling thread: it is set to 1 around each product and restored (without
//                    this, two concurrent callers measured 97 GFLOP/s together where they reach 211 with it);
//   MKL, BLIS        have calls of their own; Accelerate reads VECLIB_MAXIMUM_THREADS.
//
// The host program. Variables are set during dlopen and then restored: the program and its children see their
// environment unchanged. OMP_NUM_THREADS is not touched. As with any setenv, no other thread may read the environment
// meanwhile: a program with such threads calls agon_blas_open() before it starts them. A program that itself uses the
// same OpenBLAS finds it set to one thread afterwards.
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "agon_blas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include "agon_cpu.h"

enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111, TRANSPOSE = 112 };  // CBLAS_LAYOUT and CBLAS_TRANSPOSE

typedef void sgemm_function(int layout, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                            const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);
typedef void dgemm_function(int layout, int transpose_a, int transpose_b, int m, int n, int k, double alpha,
                            const double *a, int lda, const double *b, int ldb, double beta, double *c, int ldc);
typedef int dsyevd_function(int layout, char vectors, char triangle, int n, double *a, int lda, double *values);
typedef int dgeqrf_function(int layout, int m, int n, double *a, int lda, double *tau);
typedef int dorgqr_function(int layout, int m, int n, int k, double *a, int lda, const double *tau);

#if defined(__x86_64__)
#define TRIPLE "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define TRIPLE "aarch64-linux-gnu"
#elif defined(__riscv)
#define TRIPLE "riscv64-linux-gnu"
#else
#define TRIPLE "unknown-linux-gnu"
#endif

static const char *const blas_candidates[] = {
#if defined(__APPLE__)
    "/System/Library/Frameworks/Accelerate.framework/Accelerate",
    "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
    "/usr/local/opt/openblas/lib/libopenblas.dylib",
#else
    "libopenblas.so.0",
    "libopenblas.so",
    "/usr/lib/" TRIPLE "/openblas-pthread/libopenblas.so.0",
    "/usr/lib/" TRIPLE "/openblas-openmp/libopenblas.so.0",
    "/usr/lib/" TRIPLE "/openblas-serial/libopenblas.so.0",
    "libopenblasp.so.0",  // Fedora's pthread build
#endif
    NULL};

static const char *const lapacke_candidates[] = {
#if defined(__APPLE__)
    "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
    "/usr/local/opt/openblas/lib/libopenblas.dylib",
    "/opt/homebrew/opt/lapack/lib/liblapacke.dylib",
    "/usr/local/opt/lapack/lib/liblapacke.dylib",
#else
    "liblapacke.so.3",
    "liblapacke.so",
    "/usr/lib/" TRIPLE "/liblapacke.so.3",
#endif
    NULL};

#if defined(__APPLE__)
#define REMEDY "install it with `brew install openblas`"
#else
#define REMEDY "install it with `apt-get install libopenblas0-pthread liblapacke`"
#endif

// Null until the library is open; stored last, so that readers that see them see the rest.
static _Atomic(sgemm_function *) sgemm;
static _Atomic(dgemm_function *) dgemm;
static int (*omp_get_threads)(void);
static void (*omp_set_threads)(int);

static pthread_once_t blas_once = PTHREAD_ONCE_INIT, lapack_once = PTHREAD_ONCE_INIT;
static int status = -1;
static void *blas_handle;
static agon_blas_info info;
static char error[1024], configuration[256], version[64], requested[64], library[512];

static dsyevd_function *dsyevd;
static dgeqrf_function *dgeqrf;
static dorgqr_function *dorgqr;

// ---------------------------------------------------------------------------------------------------------------------
// The environment during dlopen

typedef struct {
    const char *name;
    char *before;  // NULL if it was unset
    bool changed;
} variable;

static void set_variable(variable *v, const char *name, const char *value) {
    const char *before = getenv(name);
    v->name = name;
    v->before = before ? strdup(before) : NULL;
    v->changed = setenv(name, value, 1) == 0;
}

static void restore_variable(variable *v) {
    if (v->changed && v->before) setenv(v->name, v->before, 1);
    if (v->changed && !v->before) unsetenv(v->name);
    free(v->before);
    v->changed = false;
}

/// OpenBLAS's name for the best kernels this processor supports, by its features; "" to let OpenBLAS choose.
static const char *core_type_of(const agon_cpu_features *cpu) {
    if (cpu->has_avx512) return "SkylakeX";  // on AMD too: Zen 4's 256-bit datapaths lose nothing
    if (cpu->has_avx2 && cpu->has_fma) return strcmp(cpu->vendor, "AuthenticAMD") == 0 ? "Zen" : "Haswell";
    return "";
}

enum { VARIABLES = 3 };

/// Sets the variables that the libraries read in their constructors. Returns whether Agon chose the core type.
static bool prepare_environment(variable variables[VARIABLES]) {
    memset(variables, 0, VARIABLES * sizeof(variable));
    const char *chosen = getenv("OPENBLAS_CORETYPE");
    bool users = chosen && *chosen;
    if (!users) {
        agon_cpu_features cpu = agon_cpu_describe();
        chosen = core_type_of(&cpu);
        if (*chosen) set_variable(&variables[0], "OPENBLAS_CORETYPE", chosen);
    }
    snprintf(requested, sizeof requested, "%s", chosen);
    set_variable(&variables[1], "OPENBLAS_NUM_THREADS", "1");  // else the constructor starts a pool of threads
    set_variable(&variables[2], "VECLIB_MAXIMUM_THREADS", "1");
    return !users && *chosen;
}

static void restore_environment(variable variables[VARIABLES]) {
    for (int i = 0; i < VARIABLES; i++) restore_variable(&variables[i]);
}

// ---------------------------------------------------------------------------------------------------------------------
// Opening BLAS

__attribute__((format(printf, 1, 2))) static void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, sizeof error, format, arguments);
    va_end(arguments);
}

static void use_one_thread(void) {
    void (*set)(int) = (void (*)(int))dlsym(blas_handle, "openblas_set_num_threads");
    int (*parallel)(void) = (int (*)(void))dlsym(blas_handle, "openblas_get_parallel");
    info.threading = "unknown";
    if (parallel) {
        int kind = parallel();
        info.threading = kind == 0 ? "sequential" : kind == 1 ? "pthreads" : kind == 2 ? "openmp" : "unknown";
        if (kind == 2) {
            omp_get_threads = (int (*)(void))dlsym(blas_handle, "omp_get_max_threads");
            omp_set_threads = (void (*)(int))dlsym(blas_handle, "omp_set_num_threads");
            if (!omp_get_threads || !omp_set_threads) omp_get_threads = NULL, omp_set_threads = NULL;
        }
    }
    // OpenMP builds need it too, for a LAPACK that was built for another kind and calls OpenBLAS: two callers of
    // its threads would deadlock. There it also changes the calling thread's setting, which is restored.
    int before = omp_get_threads ? omp_get_threads() : 0;
    if (set) set(1);
    if (before) omp_set_threads(before);

    void (*set_mkl)(int) = (void (*)(int))dlsym(blas_handle, "MKL_Set_Num_Threads");
    void (*set_blis)(long) = (void (*)(long))dlsym(blas_handle, "bli_thread_set_num_threads");  // takes a dim_t
    if (set_mkl) set_mkl(1);
    if (set_blis) set_blis(1);
}

static void read_description(void) {
    const char *(*get_configuration)(void) = (const char *(*)(void))dlsym(blas_handle, "openblas_get_config");
    const char *(*get_core)(void) = (const char *(*)(void))dlsym(blas_handle, "openblas_get_corename");
    info.core_type = get_core ? get_core() : "";
    if (!get_core) requested[0] = 0;  // another BLAS does not read OPENBLAS_CORETYPE
    if (!get_configuration) return;
    snprintf(configuration, sizeof configuration, "%s", get_configuration());
    const char *name = "OpenBLAS ";
    if (strncmp(configuration, name, strlen(name)) == 0) {
        const char *start = configuration + strlen(name);
        snprintf(version, sizeof version, "%.*s", (int)strcspn(start, " "), start);
    }
}

static void *open_first(const char *const *candidates, const char **name) {
    for (; *candidates; candidates++) {
        void *handle = dlopen(*candidates, RTLD_NOW | RTLD_LOCAL);
        if (handle) {
            *name = *candidates;
            return handle;
        }
    }
    return NULL;
}

/// The path of the file that holds a symbol; the name it was opened by if the loader does not report it.
static void find_library_path(void *symbol, const char *name) {
    Dl_info place;
    bool found = dladdr(symbol, &place) && place.dli_fname && *place.dli_fname;
    snprintf(library, sizeof library, "%s", found ? place.dli_fname : name);
}

static void open_blas(void) {
    info = (agon_blas_info){library, configuration, version, "", requested, "unknown", false, false};
    variable variables[VARIABLES];
    bool agons_choice = prepare_environment(variables);

    const char *wanted = getenv("AGON_BLAS"), *name = "";
    if (wanted && *wanted) {
        blas_handle = dlopen(wanted, RTLD_NOW | RTLD_LOCAL);
        name = wanted;
        if (!blas_handle) fail("AGON_BLAS: cannot open (%s); unset it, or give a CBLAS library's path", dlerror());
    } else {
        blas_handle = open_first(blas_candidates, &name);
        if (!blas_handle) fail("OpenBLAS: not found on this machine; " REMEDY ", or set AGON_BLAS to a CBLAS library");
    }
    restore_environment(variables);
    if (!blas_handle) return;

    void *single = dlsym(blas_handle, "cblas_sgemm"), *twice = dlsym(blas_handle, "cblas_dgemm");
    if (!single || !twice) {
        fail("%s: has no cblas_sgemm and cblas_dgemm; " REMEDY ", or set AGON_BLAS to a CBLAS library", name);
        return;
    }
    find_library_path(single, name);
    read_description();
    if (strstr(configuration, "USE64BITINT")) {
        fail("%s: built with 64-bit integers, but Agon needs 32-bit ones; set AGON_BLAS to a standard build", library);
        return;
    }
    use_one_thread();
    info.core_type_chosen_by_agon = agons_choice && *requested && strcasecmp(info.core_type, requested) == 0;
    atomic_store(&sgemm, (sgemm_function *)single);
    atomic_store(&dgemm, (dgemm_function *)twice);
    status = 0;
}

int agon_blas_open(void) {
    pthread_once(&blas_once, open_blas);
    return status;
}

// ---------------------------------------------------------------------------------------------------------------------
// Memory

// OpenBLAS maps a buffer for each concurrent product, keeps it, and retries forever if the system refuses. So the mapping
// is tried here first, and the buffers are allocated right after, before other allocations use up the space.
enum { BUFFER_BYTES = 132 << 20 };  // 32 << 22, its usual size on all 64-bit processors, and its alignment
/// What other threads may map between the check and the allocation: two heaps of malloc, of 64 MB each.
enum { OTHERS_BYTES = 128 << 20 };

static pthread_mutex_t reserve_mutex = PTHREAD_MUTEX_INITIALIZER;
static int reserved;  // buffers, guarded by reserve_mutex

static bool can_map(size_t bytes) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (memory == MAP_FAILED) return false;
    munmap(memory, bytes);
    return true;
}

/// Allocates `count` buffers, then frees them all. Recursive, so that no array is needed.
static void take_buffers(void *(*take)(int), void (*give)(void *), int count) {
    if (count == 0) return;
    void *buffer = take(0);
    take_buffers(take, give, count - 1);
    if (buffer) give(buffer);
}

size_t agon_blas_reserve(int callers) {
    enum { MOST = 64 };  // the number of buffers of Debian's build
    if (agon_blas_open() != 0) return 0;
    void *(*take)(int) = (void *(*)(int))dlsym(blas_handle, "blas_memory_alloc");
    void (*give)(void *) = (void (*)(void *))dlsym(blas_handle, "blas_memory_free");
    if (!take || !give) return 0;
    if (callers > MOST) callers = MOST;
    size_t missing = 0;
    pthread_mutex_lock(&reserve_mutex);
    if (callers > reserved) {
        const size_t bytes = (size_t)(callers - reserved) * BUFFER_BYTES;
        if (can_map(bytes + OTHERS_BYTES)) {
            take_buffers(take, give, callers);
            reserved = callers;
        } else {
            missing = bytes;
        }
    }
    pthread_mutex_unlock(&reserve_mutex);
    return missing;
}

const char *agon_blas_error(void) { return error; }

// ---------------------------------------------------------------------------------------------------------------------
// LAPACKE, loaded on first use: few runs need it, and it adds 10 MB of libraries

static void open_lapack(void) {
    if (agon_blas_open()) return;
    // OpenBLAS's own builds and MKL hold LAPACKE themselves. Debian's liblapacke needs liblapack, which is OpenBLAS
    // again by the alternatives: the one already open if it has the same soname, else a second one, which needs its
    // core type and thread count too.
    void *handle = blas_handle;
    if (!dlsym(handle, "LAPACKE_dsyevd")) {
        char before[sizeof requested];
        memcpy(before, requested, sizeof before);
        variable variables[VARIABLES];
        prepare_environment(variables);
        memcpy(requested, before, sizeof before);
        const char *name;
        handle = open_first(lapacke_candidates, &name);
        restore_environment(variables);
    }
    if (!handle) return;
    dsyevd = (dsyevd_function *)dlsym(handle, "LAPACKE_dsyevd");
    dgeqrf = (dgeqrf_function *)dlsym(handle, "LAPACKE_dgeqrf");
    dorgqr = (dorgqr_function *)dlsym(handle, "LAPACKE_dorgqr");
    info.has_lapack = dsyevd && dgeqrf && dorgqr;
}

agon_blas_info agon_blas_describe(void) {
    agon_blas_open();
    pthread_once(&lapack_once, open_lapack);
    return info;
}

// ---------------------------------------------------------------------------------------------------------------------
// Products

/// Sets the calling thread's OpenMP setting to 1; returns the old value, for restore_threads.
static inline int hold_threads(void) {
    if (!omp_set_threads) return 1;
    int before = omp_get_threads();
    if (before != 1) omp_set_threads(1);
    return before;
}

static inline void restore_threads(int before) {
    if (before != 1) omp_set_threads(before);
}

/// A product before agon_blas_open() opens the library; if there is none, this is a bug in the program.
static void open_or_abort(void) {
    if (agon_blas_open() == 0) return;
    fprintf(stderr, "agon: %s\n", error);
    abort();
}

void agon_sgemm(bool transpose_a, bool transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                const float *b, int ldb, float beta, float *c, int ldc) {
    sgemm_function *product = atomic_load_explicit(&sgemm, memory_order_acquire);
    if (!product) {
        open_or_abort();
        product = atomic_load(&sgemm);
    }
    int before = hold_threads();
    product(ROW_MAJOR, transpose_a ? TRANSPOSE : NO_TRANSPOSE, transpose_b ? TRANSPOSE : NO_TRANSPOSE, m, n, k, alpha,
            a, lda, b, ldb, beta, c, ldc);
    restore_threads(before);
}

void agon_dgemm(bool transpose_a, bool transpose_b, int m, int n, int k, double alpha, const double *a, int lda,
                const double *b, int ldb, double beta, double *c, int ldc) {
    dgemm_function *product = atomic_load_explicit(&dgemm, memory_order_acquire);
    if (!product) {
        open_or_abort();
        product = atomic_load(&dgemm);
    }
    int before = hold_threads();
    product(ROW_MAJOR, transpose_a ? TRANSPOSE : NO_TRANSPOSE, transpose_b ? TRANSPOSE : NO_TRANSPOSE, m, n, k, alpha,
            a, lda, b, ldb, beta, c, ldc);
    restore_threads(before);
}

// ---------------------------------------------------------------------------------------------------------------------
// LAPACK

enum { LAPACKE_MISSING = -1000 };

int agon_dsyevd(bool vectors, int n, double *a, double *values) {
    pthread_once(&lapack_once, open_lapack);
    if (!info.has_lapack) return LAPACKE_MISSING;
    if (n == 0) return 0;
    int before = hold_threads();
    int result = dsyevd(ROW_MAJOR, vectors ? 'V' : 'N', 'L', n, a, n, values);
    restore_threads(before);
    return result;
}

int agon_dqr(int m, int n, double *a, double *r_diagonal) {
    pthread_once(&lapack_once, open_lapack);
    if (!info.has_lapack) return LAPACKE_MISSING;
    if (n == 0) return 0;
    double *tau = malloc((size_t)n * sizeof(double));
    if (!tau) return -1010;  // LAPACK_WORK_MEMORY_ERROR
    int before = hold_threads();
    int result = dgeqrf(ROW_MAJOR, m, n, a, n, tau);
    if (result == 0) {
        for (int i = 0; i < n; i++) r_diagonal[i] = a[(size_t)i * (size_t)n + (size_t)i];
        result = dorgqr(ROW_MAJOR, m, n, n, a, n, tau);
    }
    restore_threads(before);
    free(tau);
    return result;
}

// Products of row-major matrices by the micro-kernel of vector_product.h. A panel of b (DEPTH rows of AGON_PANEL columns) is
// copied to the L1 cache, transposed if needed, and used for up to ROW_BLOCK rows of a, which are read in place. OpenBLAS
// copies both operands, which for batches of 64 rows costs a tenth of the time, and its kernels may not know the processor.
// Sums run in order of the depth, so neither blocks nor vectors change a bit. Included after vector_product.h.

enum {
    ROW_BLOCK = AGON_PRODUCT_ROWS,
    /// Strides at which the rows of a tile share few sets of the L1 cache, so they are copied.
    ROW_ALIASING = 256,
    COPY_STRIDE = DEPTH + 16,
};

_Static_assert(ROW_BLOCK * COPY_STRIDE + (DEPTH + ROW_BLOCK) * AGON_PANEL <= AGON_PRODUCT_SCRATCH, "scratch");

#if AGON_LANES == 16
#define AGON_LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define AGON_HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif AGON_LANES == 8
#define AGON_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define AGON_HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define AGON_LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define AGON_HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif

/// Rows (=) the columns of a square of AGON_LANES rows: interleaving the halves log2(AGON_LANES) times transposes it.
AGON_INLINE void transpose_square(const float *from, int64_t from_row, float *to, int64_t to_row) {
    filter_vector x[AGON_LANES], y[AGON_LANES];
    AGON_UNROLL for (int i = 0; i < AGON_LANES; i++) x[i] = load_vector(from + i * from_row);
    AGON_UNROLL for (int size = 1; size < AGON_LANES; size *= 2) {
        AGON_UNROLL for (int i = 0; i < AGON_LANES / 2; i++) {
            y[2 * i] = AGON_LOW(x[i], x[i + AGON_LANES / 2]);
            y[2 * i + 1] = AGON_HIGH(x[i], x[i + AGON_LANES / 2]);
        }
        AGON_UNROLL for (int i = 0; i < AGON_LANES; i++) x[i] = y[i];
    }
    AGON_UNROLL for (int i = 0; i < AGON_LANES; i++) store_vector(x[i], to + i * to_row);
}

/// A panel (=) of `columns` columns of b, filled up with zeros to whole vectors. The next panel is prefetched.
static void pack_panel(const float *b, int64_t b_row, int64_t depth, int64_t columns, float *panel) {
    if (columns == AGON_PANEL) {
        for (int64_t l = 0; l < depth; l++) {
            const float *row = b + l * b_row;
            AGON_UNROLL for (int j = 0; j < PANEL_VECTORS; j++) {
                store_vector(load_vector(row + j * AGON_LANES), panel + l * AGON_PANEL + j * AGON_LANES);
            }
            AGON_UNROLL for (int j = 0; j < AGON_PANEL; j += 16) __builtin_prefetch(row + AGON_PANEL + j, 0, 2);
        }
        return;
    }
    const int64_t whole = (columns + AGON_LANES - 1) / AGON_LANES * AGON_LANES;
    for (int64_t l = 0; l < depth; l++) {
        for (int64_t j = 0; j < columns; j++) panel[l * AGON_PANEL + j] = b[l * b_row + j];
        for (int64_t j = columns; j < whole; j++) panel[l * AGON_PANEL + j] = 0;
    }
}

/// The same where the columns of b are rows in memory; the same columns of the next panel are prefetched.
static void pack_transposed_panel(const float *b, int64_t b_row, int64_t depth, int64_t columns, float *panel) {
    for (int64_t j = 0; j < columns; j += AGON_LANES) {
        const int64_t lines = columns - j < AGON_LANES ? columns - j : AGON_LANES;
        const float *from = b + j * b_row;
        float *to = panel + j;
        int64_t l = 0;
        if (lines == AGON_LANES) {
            for (; l + AGON_LANES <= depth; l += AGON_LANES) {
                transpose_square(from + l, b_row, to + l * AGON_PANEL, AGON_PANEL);
                for (int i = 0; i < AGON_LANES; i++) __builtin_prefetch(from + (AGON_PANEL + i) * b_row + l, 0, 2);
            }
        }
        for (; l < depth; l++) {
            for (int64_t i = 0; i < lines; i++) to[l * AGON_PANEL + i] = from[i * b_row + l];
            for (int64_t i = lines; i < AGON_LANES; i++) to[l * AGON_PANEL + i] = 0;
        }
    }
}

/// One panel's part of c. The last columns, if they fill no vector, pass through `edge`.
static void product_panel(int64_t m, int64_t depth, int64_t columns, const float *a, int64_t a_row, int64_t a_column,
                          const float *panel, float *edge, float *c, int64_t c_row, bool accumulate) {
    const bool is_whole = columns % AGON_LANES == 0;
    float *out = is_whole ? c : edge;
    const int64_t out_row = is_whole ? c_row : AGON_PANEL;
    if (!is_whole && accumulate) {
        for (int64_t i = 0; i < m; i++) memcpy(edge + i * AGON_PANEL, c + i * c_row, (size_t)columns * sizeof(float));
    }
    if (columns > AGON_PANEL - AGON_LANES) product_rows(PANEL_VECTORS, m, depth, a, a_row, a_column, panel, AGON_PANEL, out, out_row, accumulate);
    else product_rows(1, m, depth, a, a_row, a_column, panel, AGON_PANEL, out, out_row, accumulate);
    if (!is_whole) {
        for (int64_t i = 0; i < m; i++) memcpy(c + i * c_row, edge + i * AGON_PANEL, (size_t)columns * sizeof(float));
    }
}

static void matrix_product(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda,
                           const float *b, int64_t ldb, bool accumulate, float *c, int64_t ldc, float *scratch) {
    float *panel = scratch, *edge = panel + DEPTH * AGON_PANEL, *copy = edge + ROW_BLOCK * AGON_PANEL;
    for (int64_t l = 0; l < k; l += DEPTH) {
        const int64_t depth = k - l < DEPTH ? k - l : DEPTH;
        for (int64_t i = 0; i < m; i += ROW_BLOCK) {
            const int64_t rows = m - i < ROW_BLOCK ? m - i : ROW_BLOCK;
            const float *lines = transpose_a ? a + l * lda + i : a + i * lda + l;
            int64_t line = transpose_a ? 1 : lda;
            if (!transpose_a && lda % ROW_ALIASING == 0 && n > AGON_PANEL) {
                for (int64_t row = 0; row < rows; row++) {
                    memcpy(copy + row * COPY_STRIDE, lines + row * lda, (size_t)depth * sizeof(float));
                }
                lines = copy;
                line = COPY_STRIDE;
            }
            for (int64_t j = 0; j < n; j += AGON_PANEL) {
                const int64_t columns = n - j < AGON_PANEL ? n - j : AGON_PANEL;
                if (transpose_b) pack_transposed_panel(b + j * ldb + l, ldb, depth, columns, panel);
                else pack_panel(b + l * ldb + j, ldb, depth, columns, panel);
                product_panel(rows, depth, columns, lines, line, transpose_a ? lda : 1, panel, edge, c + i * ldc + j, ldc, accumulate || l > 0);
            }
        }
    }
}

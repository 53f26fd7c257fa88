// Matrix products of the engine's positions: c (=, +=) a b with a read in place (its rows are in the L2 cache,
// where the transforms left them) and b either packed in panels or read in place. OpenBLAS would copy both for each product;
// with about ten rows of a per position that costs a fifth of the time. Included after vector_filter.h.

enum {
    PANEL_VECTORS = AGON_PANEL / AGON_LANES,
    /// Depth of a pass: a panel of b (32 KB at most) stays in the L1 cache while rows of a stream through.
    DEPTH = 256,
};

AGON_INLINE void product_tile(const int rows, const int vectors, int64_t k, const float *a, int64_t a_row,
                              int64_t a_column, const float *b, int64_t b_row, float *c, int64_t c_row,
                              bool accumulate) {
    filter_vector sums[AGON_ROWS * PANEL_VECTORS];
    AGON_UNROLL for (int i = 0; i < rows; i++) {
        AGON_UNROLL for (int j = 0; j < vectors; j++) {
            sums[i * vectors + j] = accumulate ? *(const filter_vector *)(c + i * c_row + j * AGON_LANES) : (filter_vector){0};
        }
    }
    for (int64_t l = 0; l < k; l++, a += a_column, b += b_row) {
        filter_vector line[PANEL_VECTORS];
        AGON_UNROLL for (int j = 0; j < vectors; j++) line[j] = *(const filter_vector *)(b + j * AGON_LANES);
        AGON_UNROLL for (int i = 0; i < rows; i++) {
            const float value = a[i * a_row];
            AGON_UNROLL for (int j = 0; j < vectors; j++) sums[i * vectors + j] += value * line[j];
        }
    }
    AGON_UNROLL for (int i = 0; i < rows; i++) {
        AGON_UNROLL for (int j = 0; j < vectors; j++) *(filter_vector *)(c + i * c_row + j * AGON_LANES) = sums[i * vectors + j];
    }
}

AGON_INLINE void product_rows(const int vectors, int64_t m, int64_t k, const float *a, int64_t a_row, int64_t a_column,
                              const float *b, int64_t b_row, float *c, int64_t c_row, bool accumulate) {
    int64_t i = 0;
    for (; i + AGON_ROWS <= m; i += AGON_ROWS) product_tile(AGON_ROWS, vectors, k, a + i * a_row, a_row, a_column, b, b_row, c + i * c_row, c_row, accumulate);
    if (AGON_ROWS > 8 && i + 8 <= m) { product_tile(8 < AGON_ROWS ? 8 : 1, vectors, k, a + i * a_row, a_row, a_column, b, b_row, c + i * c_row, c_row, accumulate); i += 8; }
    if (AGON_ROWS > 4 && i + 4 <= m) { product_tile(4 < AGON_ROWS ? 4 : 1, vectors, k, a + i * a_row, a_row, a_column, b, b_row, c + i * c_row, c_row, accumulate); i += 4; }
    if (i + 2 <= m) { product_tile(2, vectors, k, a + i * a_row, a_row, a_column, b, b_row, c + i * c_row, c_row, accumulate); i += 2; }
    for (; i < m; i++) product_tile(1, vectors, k, a + i * a_row, a_row, a_column, b, b_row, c + i * c_row, c_row, accumulate);
}

static void product(int64_t m, int64_t n, int64_t k, const float *a, int64_t a_row, int64_t a_column, const float *b,
                    int64_t b_row, int64_t b_panel, float *c, int64_t c_row, bool accumulate) {
    for (int64_t l = 0; l < k; l += DEPTH) {
        const int64_t depth = k - l < DEPTH ? k - l : DEPTH;
        for (int64_t j = 0; j < n; j += AGON_PANEL) {
            const float *panel = b + j / AGON_PANEL * b_panel + l * b_row;
            if (n - j > AGON_PANEL - AGON_LANES) product_rows(PANEL_VECTORS, m, depth, a + l * a_column, a_row, a_column, panel, b_row, c + j, c_row, accumulate || l > 0);
            else product_rows(1, m, depth, a + l * a_column, a_row, a_column, panel, b_row, c + j, c_row, accumulate || l > 0);
        }
    }
}

// Convolutions with few input and output channels: their pixels are split into planes of one channel
// (agon_split_planes), so that a vector holds neighbouring pixels of a row. Included after vector_filter.h.

AGON_INLINE void plane_tile(const int rows, const int vectors, const float *plane, int64_t plane_row, int64_t taps,
                            const int64_t *offsets, const float *weights, float *sums, int64_t sums_row) {
    filter_vector totals[4 * 2];
    AGON_UNROLL for (int i = 0; i < rows * vectors; i++) totals[i] = (filter_vector){0};
    for (int64_t tap = 0; tap < taps; tap++) {
        const float *from = plane + offsets[tap];
        const float weight = weights[tap];
        AGON_UNROLL for (int i = 0; i < rows; i++) {
            AGON_UNROLL for (int j = 0; j < vectors; j++) {
                totals[i * vectors + j] += weight * *(const filter_vector *)(from + i * plane_row + j * AGON_LANES);
            }
        }
    }
    AGON_UNROLL for (int i = 0; i < rows; i++) {
        AGON_UNROLL for (int j = 0; j < vectors; j++) *(filter_vector *)(sums + i * sums_row + j * AGON_LANES) = totals[i * vectors + j];
    }
}

AGON_INLINE void plane_rows(const int rows, int64_t columns, const float *plane, int64_t plane_row, int64_t taps,
                            const int64_t *offsets, const float *weights, float *sums, int64_t sums_row) {
    int64_t x = 0;
    for (; x + 2 * AGON_LANES <= columns; x += 2 * AGON_LANES) plane_tile(rows, 2, plane + x, plane_row, taps, offsets, weights, sums + x, sums_row);
    for (; x < columns; x += AGON_LANES) plane_tile(rows, 1, plane + x, plane_row, taps, offsets, weights, sums + x, sums_row);
}

static void plane_sums(int64_t rows, int64_t columns, const float *plane, int64_t plane_row, int64_t taps,
                       const int64_t *offsets, const float *weights, float *sums, int64_t sums_row) {
    int64_t y = 0;
    for (; y + 4 <= rows; y += 4) plane_rows(4, columns, plane + y * plane_row, plane_row, taps, offsets, weights, sums + y * sums_row, sums_row);
    for (; y < rows; y++) plane_rows(1, columns, plane + y * plane_row, plane_row, taps, offsets, weights, sums + y * sums_row, sums_row);
}

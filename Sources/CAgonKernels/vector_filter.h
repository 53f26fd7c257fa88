// The transforms of minimal filtering (agon_filter.h): linear maps with constant matrices on tiles of pixels, one vector of
// channels at a time. A tile is a list of pointers to its pixels, so that pixels beyond the edge are a line of zeros (or a
// line to spill to) and edges need no extra code. Matrices are constants when the loops are unrolled: zeros emit no
// instruction. Included under each processor's target attribute with AGON_LANES floats a vector.
#include "filter_tables.h"

typedef float filter_vector __attribute__((vector_size(4 * AGON_LANES), aligned(4)));

#define AGON_INLINE static inline __attribute__((always_inline))
#define AGON_UNROLL _Pragma("clang loop unroll(full)")
// Loops over elements of a map are unrolled by the preprocessor, so that compilers see constants before they optimize: with
// loops that they unroll themselves they take five times as long.
#define AGON_EIGHT(STATEMENT) STATEMENT(0) STATEMENT(1) STATEMENT(2) STATEMENT(3) STATEMENT(4) STATEMENT(5) STATEMENT(6) STATEMENT(7)

enum {
    LARGEST = AGON_FILTER_LARGEST,
    WEIGHT_ROWS = 8,
    /// Vectors to prefetch of each pixel: a tile reads dozens of lines at a time, too many for the processor to foresee.
    AHEAD = 2,
};

/// Element [position][index] of a map: n positions from q pixels, gradients or taps.
AGON_INLINE float map_element(agon_filter_map map, int n, int q, int position, int index) {
    const filter_table *table = &filter_tables[n - AGON_FILTER_SMALLEST];
    if (map == AGON_FILTER_INPUT) return table->input[position][index];
    if (position == n - 1) return index == q - 1 ? 1.0f : 0.0f;
    const float power = table->powers[position][index];
    return map == AGON_FILTER_WEIGHT ? table->scales[position] * power : power;
}

/// Adds element * x to a sum that may still be empty.
AGON_INLINE void add_scaled(filter_vector *sum, bool *empty, float element, filter_vector x) {
    if (element == 0.0f) return;
    if (*empty) *sum = element == 1.0f ? x : (element == -1.0f ? -x : element * x);
    else if (element == 1.0f) *sum += x;
    else if (element == -1.0f) *sum -= x;
    else *sum += element * x;
    *empty = false;
}

/// One position of a map of q values.
AGON_INLINE filter_vector mapped(agon_filter_map map, int n, int q, int position, const filter_vector *x) {
    filter_vector sum = {0};
    bool empty = true;
#define AGON_TERM(i) \
    if (i < q) add_scaled(&sum, &empty, map_element(map, n, q, position, i), x[i]);
    AGON_EIGHT(AGON_TERM)
#undef AGON_TERM
    return sum;
}

/// One value of a map's transpose of n positions.
AGON_INLINE filter_vector unmapped(agon_filter_map map, int n, int q, int index, const filter_vector *x) {
    filter_vector sum = {0};
    bool empty = true;
#define AGON_TERM(p) \
    if (p < n) add_scaled(&sum, &empty, map_element(map, n, q, p, index), x[p]);
    AGON_EIGHT(AGON_TERM)
#undef AGON_TERM
    return sum;
}

/// All positions of the input map with as few operations as its rows share: they are products of the polynomials of points,
/// of which pairs p, -p have an even and an odd part in common.
AGON_INLINE void map_input(int n, const filter_vector *d, filter_vector *out) {
    if (n == 5) {  // 0, ±1, 1/2; r has the factor x - 1/2
        const filter_vector r0 = d[1] - 0.5f * d[0], r1 = d[2] - 0.5f * d[1], r2 = d[3] - 0.5f * d[2], r3 = d[4] - 0.5f * d[3];
        out[0] = r2 - r0;
        out[1] = r2 + r1;
        out[2] = r2 - r1;
        out[3] = d[3] - d[1];
        out[4] = r3 - r1;
    } else if (n == 6) {  // 0, ±1, 1/2, -2; r has the factor (x - 1/2) (x + 2), t the factor x² - 1
        const filter_vector r0 = d[2] + 1.5f * d[1] - d[0], r1 = d[3] + 1.5f * d[2] - d[1];
        const filter_vector r2 = d[4] + 1.5f * d[3] - d[2], r3 = d[5] + 1.5f * d[4] - d[3];
        const filter_vector t1 = d[3] - d[1], t2 = d[4] - d[2];
        out[0] = r2 - r0;
        out[1] = r2 + r1;
        out[2] = r2 - r1;
        out[3] = t2 + 2.0f * t1;
        out[4] = t2 - 0.5f * t1;
        out[5] = r3 - r1;
    } else if (n == 7) {  // 0, ±1, ±1/2, 2; r has the factor x - 2
        const filter_vector r0 = d[1] - 2.0f * d[0], r1 = d[2] - 2.0f * d[1], r2 = d[3] - 2.0f * d[2];
        const filter_vector r3 = d[4] - 2.0f * d[3], r4 = d[5] - 2.0f * d[4], r5 = d[6] - 2.0f * d[5];
        const filter_vector u1 = r3 - 0.25f * r1, u2 = r4 - 0.25f * r2, w1 = r3 - r1, w2 = r4 - r2;
        out[0] = r4 - 1.25f * r2 + 0.25f * r0;
        out[1] = u2 + u1;
        out[2] = u2 - u1;
        out[3] = w2 + 0.5f * w1;
        out[4] = w2 - 0.5f * w1;
        out[5] = d[5] - 1.25f * d[3] + 0.25f * d[1];
        out[6] = r5 - 1.25f * r3 + 0.25f * r1;
    } else if (n == 8) {  // 0, ±1, ±1/2, ±2
        const filter_vector even1 = d[6] - 4.25f * d[4] + d[2], odd1 = d[5] - 4.25f * d[3] + d[1];
        const filter_vector even2 = d[6] - 5.0f * d[4] + 4.0f * d[2], odd2 = d[5] - 5.0f * d[3] + 4.0f * d[1];
        const filter_vector even3 = d[6] - 1.25f * d[4] + 0.25f * d[2], odd3 = d[5] - 1.25f * d[3] + 0.25f * d[1];
        out[0] = d[6] - d[0] + 5.25f * (d[2] - d[4]);
        out[1] = even1 + odd1;
        out[2] = even1 - odd1;
        out[3] = even2 + 0.5f * odd2;
        out[4] = even2 - 0.5f * odd2;
        out[5] = even3 + 2.0f * odd3;
        out[6] = even3 - 2.0f * odd3;
        out[7] = d[7] - d[1] + 5.25f * (d[3] - d[5]);
    } else {
#define AGON_POSITION(p) \
    if (p < n) out[p] = mapped(AGON_FILTER_INPUT, n, n, p, d);
        AGON_EIGHT(AGON_POSITION)
#undef AGON_POSITION
    }
}

AGON_INLINE void map_values(agon_filter_map map, int n, int q, const filter_vector *x, filter_vector *out) {
    if (map == AGON_FILTER_INPUT) {
        map_input(n, x, out);
        return;
    }
#define AGON_POSITION(p) \
    if (p < n) out[p] = mapped(map, n, q, p, x);
    AGON_EIGHT(AGON_POSITION)
#undef AGON_POSITION
}

/// All values of a map's transpose, `stride` apart.
AGON_INLINE void unmap_positions(agon_filter_map map, int n, int q, const filter_vector *x, filter_vector *out, int stride) {
#define AGON_VALUE(i) \
    if (i < q) out[i * stride] = unmapped(map, n, q, i, x);
    AGON_EIGHT(AGON_VALUE)
#undef AGON_VALUE
}

AGON_INLINE filter_vector load_vector(const float *from) { return *(const filter_vector *)from; }
AGON_INLINE void store_vector(filter_vector vector, float *to) { *(filter_vector *)to = vector; }

/// q x q pixels to n x n positions, whole vectors of channels. Returns the channels that are done.
AGON_INLINE int64_t gather_vectors(agon_filter_map map, int n, int q, const float *const *pixels, int64_t channels,
                                   float *positions, int64_t stride) {
    int64_t at = 0;
    for (; at + AGON_LANES <= channels; at += AGON_LANES) {
        filter_vector columns[LARGEST][LARGEST];  // [q][n]
        AGON_UNROLL for (int j = 0; j < q; j++) {
            filter_vector x[LARGEST];
            AGON_UNROLL for (int i = 0; i < q; i++) {
                x[i] = load_vector(pixels[i * q + j] + at);
                __builtin_prefetch(pixels[i * q + j] + at + AHEAD * AGON_LANES);
            }
            map_values(map, n, q, x, columns[j]);
        }
        float *out = positions + at;
        AGON_UNROLL for (int p = 0; p < n; p++) {
            filter_vector x[LARGEST], y[LARGEST];
            AGON_UNROLL for (int j = 0; j < q; j++) x[j] = columns[j][p];
            map_values(map, n, q, x, y);
            AGON_UNROLL for (int s = 0; s < n; s++, out += stride) store_vector(y[s], out);
        }
    }
    return at;
}

/// n x n positions, summed over parts, to q x q pixels by the transposed map.
AGON_INLINE int64_t scatter_vectors(agon_filter_map map, int n, int q, const float *positions, int64_t stride,
                                    int32_t parts, int64_t part_stride, int64_t channels, float *const *pixels) {
    int64_t at = 0;
    for (; at + AGON_LANES <= channels; at += AGON_LANES) {
        filter_vector rows[LARGEST * LARGEST];  // [q][n]
        AGON_UNROLL for (int s = 0; s < n; s++) {
            filter_vector x[LARGEST];
            const float *from = positions + s * stride + at;
            AGON_UNROLL for (int p = 0; p < n; p++) x[p] = load_vector(from + p * n * stride);
            for (int32_t part = 1; part < parts; part++) {
                from += part_stride;
                AGON_UNROLL for (int p = 0; p < n; p++) x[p] += load_vector(from + p * n * stride);
            }
            unmap_positions(map, n, q, x, rows + s, n);
        }
        AGON_UNROLL for (int i = 0; i < q; i++) {
            filter_vector y[LARGEST];
            unmap_positions(map, n, q, rows + i * n, y, 1);
            AGON_UNROLL for (int j = 0; j < q; j++) store_vector(y[j], pixels[i * q + j] + at);
        }
    }
    return at;
}

// The forms of each map that layers use: (positions n, values q).
#define AGON_INPUT_FORMS(FORM) FORM(INPUT, 3, 3) FORM(INPUT, 4, 4) FORM(INPUT, 5, 5) FORM(INPUT, 6, 6) FORM(INPUT, 7, 7) FORM(INPUT, 8, 8)
#define AGON_GRADIENT_FORMS(FORM) \
    FORM(GRADIENT, 3, 2) FORM(GRADIENT, 4, 2) FORM(GRADIENT, 4, 3) FORM(GRADIENT, 5, 3) FORM(GRADIENT, 5, 4) \
    FORM(GRADIENT, 6, 2) FORM(GRADIENT, 6, 4) FORM(GRADIENT, 7, 3) FORM(GRADIENT, 8, 4)
#define AGON_WEIGHT_FORMS(FORM) \
    FORM(WEIGHT, 3, 2) FORM(WEIGHT, 4, 2) FORM(WEIGHT, 5, 2) FORM(WEIGHT, 4, 3) FORM(WEIGHT, 5, 3) \
    FORM(WEIGHT, 6, 3) FORM(WEIGHT, 6, 5) FORM(WEIGHT, 7, 5) FORM(WEIGHT, 8, 5)

// A function for each form, as compilers take far longer over one function that holds them all.
#define AGON_DEFINE_GATHER(MAP, N, Q) \
    static __attribute__((noinline)) int64_t gather_##MAP##_##N##_##Q( \
        const float *const *pixels, int64_t channels, float *positions, int64_t stride) { \
        return gather_vectors(AGON_FILTER_##MAP, N, Q, pixels, channels, positions, stride); \
    }
#define AGON_DEFINE_SCATTER(MAP, N, Q) \
    static __attribute__((noinline)) int64_t scatter_##MAP##_##N##_##Q( \
        const float *positions, int64_t stride, int32_t parts, int64_t part_stride, int64_t channels, float *const *pixels) { \
        return scatter_vectors(AGON_FILTER_##MAP, N, Q, positions, stride, parts, part_stride, channels, pixels); \
    }
#define AGON_DEFINE_SCATTER_OF_ONE(MAP, N, Q) \
    static __attribute__((noinline)) int64_t scatter_##MAP##_##N##_##Q( \
        const float *positions, int64_t stride, int32_t parts, int64_t part_stride, int64_t channels, float *const *pixels) { \
        return scatter_vectors(AGON_FILTER_##MAP, N, Q, positions, stride, 1, 0, channels, pixels); \
    }
AGON_INPUT_FORMS(AGON_DEFINE_GATHER)
AGON_GRADIENT_FORMS(AGON_DEFINE_GATHER)
AGON_WEIGHT_FORMS(AGON_DEFINE_GATHER)
AGON_GRADIENT_FORMS(AGON_DEFINE_SCATTER_OF_ONE)
AGON_WEIGHT_FORMS(AGON_DEFINE_SCATTER)

/// The key of a map with n positions of q values.
#define AGON_FORM(map, n, q) ((map) << 8 | (n) << 4 | (q))
#define AGON_GATHER_CASE(MAP, N, Q) \
    case AGON_FORM(AGON_FILTER_##MAP, N, Q): at = gather_##MAP##_##N##_##Q(pixels, channels, positions, stride); break;
#define AGON_SCATTER_CASE(MAP, N, Q) \
    case AGON_FORM(AGON_FILTER_##MAP, N, Q): \
        at = scatter_##MAP##_##N##_##Q(positions, stride, parts, part_stride, channels, pixels); \
        break;

static void gather(agon_filter_map map, int32_t n, int32_t q, const float *const *pixels, int64_t channels,
                   float *positions, int64_t stride) {
    int64_t at = 0;
    switch (AGON_FORM(map, n, q)) {
        AGON_INPUT_FORMS(AGON_GATHER_CASE)
        AGON_GRADIENT_FORMS(AGON_GATHER_CASE)
        AGON_WEIGHT_FORMS(AGON_GATHER_CASE)
        default: break;
    }
    if (at == channels) return;
    // Less than a vector remains: handled as its own vector.
    float values[LARGEST * LARGEST][AGON_LANES], results[LARGEST * LARGEST][AGON_LANES];
    const float *lines[LARGEST * LARGEST];
    const size_t size = (size_t)(channels - at) * sizeof(float);
    for (int k = 0; k < q * q; k++) {
        memset(values[k], 0, sizeof values[k]);
        memcpy(values[k], pixels[k] + at, size);
        lines[k] = values[k];
    }
    gather(map, n, q, lines, AGON_LANES, results[0], AGON_LANES);
    for (int k = 0; k < n * n; k++) memcpy(positions + k * stride + at, results[k], size);
}

static void scatter(agon_filter_map map, int32_t n, int32_t q, const float *positions, int64_t stride, int32_t parts,
                    int64_t part_stride, int64_t channels, float *const *pixels) {
    int64_t at = 0;
    switch (AGON_FORM(map, n, q)) {
        AGON_GRADIENT_FORMS(AGON_SCATTER_CASE)
        AGON_WEIGHT_FORMS(AGON_SCATTER_CASE)
        default: break;
    }
    if (at == channels) return;
    float values[LARGEST * LARGEST][AGON_LANES], results[LARGEST * LARGEST][AGON_LANES];
    float *lines[LARGEST * LARGEST];
    for (int k = 0; k < q * q; k++) lines[k] = results[k];
    for (int k = 0; k < n * n; k++) {
        for (int64_t c = 0; c < channels - at; c++) {
            float sum = positions[k * stride + at + c];
            for (int32_t part = 1; part < parts; part++) sum += positions[k * stride + part * part_stride + at + c];
            values[k][c] = sum;
        }
        for (int64_t c = channels - at; c < AGON_LANES; c++) values[k][c] = 0.0f;
    }
    scatter(map, n, q, values[0], AGON_LANES, 1, 0, AGON_LANES, lines);
    for (int k = 0; k < q * q; k++) memcpy(pixels[k] + at, results[k], (size_t)(channels - at) * sizeof(float));
}

/// The index of the phase (row, column) among the phases of a tile.
static int64_t phase_place(int32_t phases, int32_t row, int32_t column) {
    if (phases == 1) return 0;
    return row == 0 ? 1 - column : 2 + column;
}

/// Distances in floats from the first image to the pixels of one phase of a tile; -1 outside the image.
static void tile_pixels(const agon_tiling *t, int64_t tile, int32_t phase_row, int32_t phase_column, int64_t *pixels) {
    const int64_t column = tile % t->tile_columns, rest = tile / t->tile_columns;
    const int64_t row = rest % t->tile_rows, image = rest / t->tile_rows;
    const int64_t top = t->first_row + row * t->step + phase_row * t->row_shift;
    const int64_t left = t->first_column + column * t->step + phase_column * t->column_shift;
    for (int32_t i = 0; i < t->size; i++) {
        const int64_t y = top + i * t->spacing;
        const int64_t line = (image * t->height + y) * t->width;
        for (int32_t j = 0; j < t->size; j++) {
            const int64_t x = left + j * t->spacing;
            const bool inside = y >= 0 && y < t->height && x >= 0 && x < t->width;
            pixels[i * t->size + j] = inside ? (line + x) * t->channels : -1;
        }
    }
}

/// The pixels of phase `unit % phases²` of tile `unit / phases²`, from a channel on.
static void read_pixels(const agon_tiling *t, int64_t unit, const float *images, int32_t channel, const float *zeros,
                        const float **pixels) {
    int64_t distances[LARGEST * LARGEST];
    const int32_t phase = (int32_t)(unit % (t->phases * t->phases));
    tile_pixels(t, unit / (t->phases * t->phases), phase / t->phases, phase % t->phases, distances);
    for (int32_t k = 0; k < t->size * t->size; k++) pixels[k] = distances[k] < 0 ? zeros : images + distances[k] + channel;
}

static void read_tiles(const agon_tiling *t, agon_filter_map map, int32_t n, const float *images, int64_t tile_begin,
                       int64_t tile_end, int32_t channel_begin, int32_t channel_count, const float *zeros,
                       float *positions, int64_t position_stride, int64_t tile_stride) {
    const float *pixels[2][LARGEST * LARGEST];
    const int64_t phases = t->phases * t->phases, end = tile_end * phases;
    read_pixels(t, tile_begin * phases, images, channel_begin, zeros, pixels[0]);
    for (int64_t unit = tile_begin * phases; unit < end; unit++) {
        const float **now = pixels[(unit - tile_begin * phases) % 2], **next = pixels[(unit + 1 - tile_begin * phases) % 2];
        if (unit + 1 < end) {
            read_pixels(t, unit + 1, images, channel_begin, zeros, next);
            for (int32_t k = 0; k < t->size * t->size; k++) {
                for (int32_t j = 0; j < AHEAD; j++) __builtin_prefetch(next[k] + j * AGON_LANES);
            }
        }
        const int32_t phase = (int32_t)(unit % phases);
        gather(map, n, t->size, now, channel_count,
               positions + (unit / phases - tile_begin) * tile_stride
                   + phase_place(t->phases, phase / t->phases, phase % t->phases) * channel_count,
               position_stride);
    }
}

static void write_tiles(const agon_tiling *t, int32_t n, const float *positions, int64_t position_stride,
                        int64_t tile_stride, int64_t tile_begin, int64_t tile_end, int32_t channel_begin,
                        int32_t channel_count, float *spill, float *images) {
    int64_t distances[LARGEST * LARGEST];
    float *pixels[LARGEST * LARGEST];
    for (int64_t tile = tile_begin; tile < tile_end; tile++, positions += tile_stride) {
        for (int32_t row = 0; row < t->phases; row++) {
            for (int32_t column = 0; column < t->phases; column++) {
                tile_pixels(t, tile, row, column, distances);
                for (int32_t k = 0; k < t->size * t->size; k++) pixels[k] = distances[k] < 0 ? spill : images + distances[k] + channel_begin;
                scatter(AGON_FILTER_GRADIENT, n, t->size, positions + phase_place(t->phases, row, column) * channel_count,
                        position_stride, 1, 0, channel_count, pixels);
            }
        }
    }
}

static void read_weights(int32_t n, int32_t r, const float *const *taps, int64_t row_stride, int64_t rows,
                         int64_t columns, const float *zeros, float *packed, int64_t position_stride,
                         int64_t panel_stride) {
    const float *pixels[LARGEST * LARGEST];
    // Some rows of all panels, then the next, so that reads and writes are both contiguous.
    for (int64_t first = 0; first < rows; first += WEIGHT_ROWS) {
        const int64_t end = first + WEIGHT_ROWS < rows ? first + WEIGHT_ROWS : rows;
        for (int64_t column = 0; column < columns; column += AGON_PANEL) {
            const int64_t width = columns - column < AGON_PANEL ? columns - column : AGON_PANEL;
            float *panel = packed + column / AGON_PANEL * panel_stride;
            for (int64_t row = first; row < end; row++) {
                for (int32_t k = 0; k < r * r; k++) pixels[k] = taps[k] ? taps[k] + row * row_stride + column : zeros;
                gather(AGON_FILTER_WEIGHT, n, r, pixels, width, panel + row * AGON_PANEL, position_stride);
            }
        }
    }
}

static void write_weights(int32_t n, int32_t r, const float *positions, int64_t part_stride, int32_t parts,
                          int64_t position_stride, int64_t rows, int64_t columns, int64_t position_row_stride,
                          float *spill, float *const *taps, int64_t row_stride) {
    float *pixels[LARGEST * LARGEST];
    for (int64_t row = 0; row < rows; row++) {
        for (int32_t k = 0; k < r * r; k++) pixels[k] = taps[k] ? taps[k] + row * row_stride : spill;
        scatter(AGON_FILTER_WEIGHT, n, r, positions + row * position_row_stride, position_stride, parts, part_stride,
                columns, pixels);
    }
}

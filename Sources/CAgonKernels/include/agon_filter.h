// Convolutions with fewer multiplications: minimal filtering (Toom-Cook; Winograd, "Arithmetic Complexity of
// Computations", 1980; Lavin and Gray, arXiv:1509.09308), nested in two dimensions.
//
// F(m, r) computes m x m outputs of an r x r stride-1 correlation from n x n inputs, n = m + r - 1, with n² products
// per pair of channels instead of m² r²:
//
//     output = Aᵀ [ sum over channels (G filter Gᵀ) ∘ (Bᵀ input B) ] A
//
// so for each of the n² positions there is one matrix product [tiles, Cin] x [Cin, Cout]. The gradient for the filter uses
// the same tiles: Gᵀ [ sum over tiles (Bᵀ input B) ∘ (A dOutput Aᵀ) ] G. The matrices follow from the n - 1 finite points of
// n (filter_tables.h) and the point at infinity.
//
// One side of a convolution with stride 2 has four phases (pixels of even and odd rows and columns), each of which is a
// separate stride-1 problem: as input they are summed like channels, as output they are adjacent like channels. The
// phases' order is (0, 1), (0, 0), (1, 0), (1, 1), so that those with an even row or an even column are neighbours.
#ifndef AGON_FILTER_H
#define AGON_FILTER_H

#include <stdbool.h>
#include <stdint.h>

enum {
    AGON_FILTER_SMALLEST = 3,  // tile sizes n with tables
    AGON_FILTER_LARGEST = 8,
    /// Rows of scratch matrices are whole vectors of the widest processor.
    AGON_FILTER_ALIGNMENT = 16,
};

/// One of the engine's linear maps, applied to rows and columns.
typedef enum {
    AGON_FILTER_INPUT,     // Bᵀ: n pixels to n positions
    AGON_FILTER_GRADIENT,  // A: m output gradients to n positions
    AGON_FILTER_WEIGHT,    // G: r taps to n positions
} agon_filter_map;

/// How images [N, height, width, channels] are split into tiles: a tile has `size` x `size` pixels of each phase, `spacing`
/// pixels apart. Pixels outside the image are zero when read and skipped when written.
typedef struct {
    int32_t height, width, channels;
    int32_t size, spacing;
    int32_t phases;                    // an axis: 1 or 2
    int32_t row_shift, column_shift;   // pixels from the first phase to the second
    int32_t first_row, first_column;   // of the first tile's first phase
    int32_t step;                      // pixels from one tile to the next
    int32_t tile_rows, tile_columns;   // tiles of an image
} agon_tiling;

/// Copies (=) the tables of tiles of n: powers [n - 1, n] of the points, scales [n - 1] (1 / the product of differences) and
/// Bᵀ [n, n].
void agon_filter_tables(int32_t n, float *powers, float *scales, float *input);

/// The processor-specific part.
typedef struct {
    /// Columns of a panel of packed weights.
    int32_t panel;
    /// Positions (=) [n * n][tile][phase, channel] of the tiles tile_begin ..< tile_end (over the batch) for the channels
    /// channel_begin ..< + channel_count: strides in floats. `zeros` has channel_count zeros.
    void (*read_tiles)(const agon_tiling *t, agon_filter_map map, int32_t n, const float *images, int64_t tile_begin,
                       int64_t tile_end, int32_t channel_begin, int32_t channel_count, const float *zeros,
                       float *positions, int64_t position_stride, int64_t tile_stride);
    /// Pixels (=) Aᵀ M A of the tiles, channels channel_begin ..< + channel_count, from positions
    /// [n * n][tile][phase, channel]. `spill` takes channel_count floats.
    void (*write_tiles)(const agon_tiling *t, int32_t n, const float *positions, int64_t position_stride,
                        int64_t tile_stride, int64_t tile_begin, int64_t tile_end, int32_t channel_begin,
                        int32_t channel_count, float *spill, float *images);
    /// Rows [rows, columns] of r x r taps (NULL: zero), row_stride apart, to packed weights (=): row `i` of position p lies
    /// in panel j at packed + p * position_stride + j * panel_stride + i * panel.
    void (*read_weights)(int32_t n, int32_t r, const float *const *taps, int64_t row_stride, int64_t rows,
                         int64_t columns, const float *zeros, float *packed, int64_t position_stride,
                         int64_t panel_stride);
    /// Taps (=) Gᵀ (sum over parts, in order) G, rows `row_stride` apart, from parts [parts][n * n][rows, columns] with
    /// the given strides; NULL taps are skipped. `spill` takes columns floats.
    void (*write_weights)(int32_t n, int32_t r, const float *positions, int64_t part_stride, int32_t parts,
                          int64_t position_stride, int64_t rows, int64_t columns, int64_t position_row_stride,
                          float *spill, float *const *taps, int64_t row_stride);
    /// c [m, n] (=, or += if accumulate) a [m, k] b [k, n]. Element (i, l) of a is a[i * a_row + l * a_column]; element
    /// (l, j) of b is b[j / panel * b_panel + l * b_row + j % panel]. Rows of b and c may be read and written up to the
    /// next multiple of AGON_FILTER_ALIGNMENT columns.
    void (*product)(int64_t m, int64_t n, int64_t k, const float *a, int64_t a_row, int64_t a_column, const float *b,
                    int64_t b_row, int64_t b_panel, float *c, int64_t c_row, bool accumulate);
} agon_filter_kernels;

#endif

// The gathers and scatters around the matrix products of convolutions. All are memory moves over contiguous channels;
// zero padding is written, never handled separately. Rows of a tall matrix are output pixels (or input pixels of one
// residue class), so a block of rows is an independent piece of work.
#include <string.h>

#include "agon_kernels.h"

static inline void copy_floats(float *to, const float *from, int64_t count) {
    if (count == 1) *to = *from;
    else memcpy(to, from, (size_t)count * sizeof(float));
}

/// Zeros `count` pixels of C channels that are `step` floats apart.
static inline void clear_pixels(float *to, int64_t step, int64_t count, int64_t C) {
    for (int64_t x = 0; x < count; x++)
        for (int64_t c = 0; c < C; c++) to[x * step + c] = 0.0f;
}

/// Adds `count` pixels of C channels; steps are the floats between neighbours.
static inline void add_pixels(float *to, int64_t to_step, const float *from, int64_t from_step, int64_t count, int64_t C) {
    if (C == 1) {
        for (int64_t x = 0; x < count; x++) to[x * to_step] += from[x * from_step];
    } else {
        for (int64_t x = 0; x < count; x++)
            for (int64_t c = 0; c < C; c++) to[x * to_step + c] += from[x * from_step + c];
    }
}

void agon_im2col(const agon_convolution *g, const float *input, int64_t row_begin, int64_t row_end,
                 int32_t channel_begin, int32_t channel_count, int32_t tap_begin, int32_t tap_end, float *columns) {
    const int64_t C = g->input_channels, count = channel_count, line = (int64_t)(tap_end - tap_begin) * count;
    const bool every_tap = tap_begin == 0 && tap_end == g->kernel_height * g->kernel_width;
    int64_t x = row_begin % g->output_width, rest = row_begin / g->output_width;
    int64_t y = rest % g->output_height, image = rest / g->output_height;
    for (int64_t row = row_begin; row < row_end; row++, columns += line) {
        const int64_t top = y * g->stride_height - g->padding_top, left = x * g->stride_width - g->padding_left;
        const float *pixels = input + image * g->height * g->width * C + channel_begin;
        if (every_tap && g->dilation_width == 1) {
            // One move per kernel row: its taps are adjacent if all channels are taken.
            const int64_t skip = left < 0 ? (-left < g->kernel_width ? -left : g->kernel_width) : 0;
            const int64_t over = left + g->kernel_width - g->width;
            const int64_t end = over > 0 ? (g->kernel_width - over > skip ? g->kernel_width - over : skip) : g->kernel_width;
            float *out = columns;
            for (int64_t i = 0; i < g->kernel_height; i++, out += g->kernel_width * count) {
                const int64_t iy = top + i * g->dilation_height;
                if (iy < 0 || iy >= g->height || end <= skip) {
                    memset(out, 0, (size_t)(g->kernel_width * count) * sizeof(float));
                    continue;
                }
                const float *in = pixels + (iy * g->width + left + skip) * C;
                if (skip > 0) memset(out, 0, (size_t)(skip * count) * sizeof(float));
                if (count == C) {
                    copy_floats(out + skip * count, in, (end - skip) * count);
                } else {
                    for (int64_t j = skip; j < end; j++, in += C) copy_floats(out + j * count, in, count);
                }
                if (end < g->kernel_width) memset(out + end * count, 0, (size_t)((g->kernel_width - end) * count) * sizeof(float));
            }
        } else {
            float *out = columns;
            for (int32_t tap = tap_begin; tap < tap_end; tap++, out += count) {
                const int64_t iy = top + (tap / g->kernel_width) * g->dilation_height;
                const int64_t ix = left + (tap % g->kernel_width) * g->dilation_width;
                if (iy < 0 || iy >= g->height || ix < 0 || ix >= g->width) memset(out, 0, (size_t)count * sizeof(float));
                else copy_floats(out, pixels + (iy * g->width + ix) * C, count);
            }
        }
        if (++x == g->output_width) {
            x = 0;
            if (++y == g->output_height) {
                y = 0;
                image++;
            }
        }
    }
}

void agon_interleave_lines(const agon_convolution *g, const float *input, int64_t row, float *lines) {
    const int64_t C = g->input_channels, step = g->kernel_height * C;
    const int64_t columns = (int64_t)(g->output_width - 1) * g->stride_width + g->kernel_width;
    const int64_t image = row / g->output_height, top = row % g->output_height * g->stride_height - g->padding_top;
    // Columns begin ..< end are pixels of the image, those around them padding, which is negative where a transposed
    // geometry leaves pixels out.
    const int64_t left = g->padding_left, reach = g->width + left;
    const int64_t begin = left < 0 ? 0 : left < columns ? left : columns;
    const int64_t end = reach < begin ? begin : reach < columns ? reach : columns;
    for (int64_t i = 0; i < g->kernel_height; i++) {
        float *out = lines + i * C;
        const int64_t y = top + i;
        if (y < 0 || y >= g->height) {
            clear_pixels(out, step, columns, C);
            continue;
        }
        clear_pixels(out, step, begin, C);
        clear_pixels(out + end * step, step, columns - end, C);
        const float *line = input + (image * g->height + y) * g->width * C;
        if (C == 1) {
            for (int64_t x = begin; x < end; x++) out[x * step] = line[x - left];
        } else {
            for (int64_t x = begin; x < end; x++)
                for (int64_t c = 0; c < C; c++) out[x * step + c] = line[(x - left) * C + c];
        }
    }
}

/// Taps i of one axis with (first + padding - i * dilation) divisible by the stride: every stride / gcd-th one. Each
/// reaches the output dilation / gcd before that of the last. Returns how many there are.
static int32_t phase_axis(int32_t first, int32_t kernel, int32_t stride, int32_t padding, int32_t dilation,
                          int32_t *tap, int32_t *step, int32_t *output, int32_t *back) {
    int32_t divisor = stride, rest = dilation;
    while (rest != 0) {
        const int32_t next = divisor % rest;
        divisor = rest;
        rest = next;
    }
    *step = stride / divisor;
    *back = dilation / divisor;
    for (int32_t i = 0; i < kernel && i < *step; i++) {
        const int32_t reach = first + padding - i * dilation;
        if (reach % stride != 0) continue;
        *tap = i;
        *output = reach / stride;
        return (kernel - 1 - i) / *step + 1;
    }
    return 0;
}

agon_phase agon_convolution_phase(const agon_convolution *g, int32_t phase_row, int32_t phase_column) {
    agon_phase phase;
    memset(&phase, 0, sizeof phase);
    phase.first_row = phase_row;
    phase.first_column = phase_column;
    phase.rows = phase_row < g->height ? (g->height - phase_row + g->stride_height - 1) / g->stride_height : 0;
    phase.columns = phase_column < g->width ? (g->width - phase_column + g->stride_width - 1) / g->stride_width : 0;
    phase.taps_height = phase_axis(phase_row, g->kernel_height, g->stride_height, g->padding_top, g->dilation_height,
                                   &phase.tap_row, &phase.tap_row_step, &phase.output_row, &phase.back_row);
    phase.taps_width = phase_axis(phase_column, g->kernel_width, g->stride_width, g->padding_left, g->dilation_width,
                                  &phase.tap_column, &phase.tap_column_step, &phase.output_column, &phase.back_column);
    return phase;
}

void agon_gather_phase(const agon_convolution *g, const agon_phase *phase, const float *output_gradient,
                       int64_t row_begin, int64_t row_end, int32_t channel_begin, int32_t channel_count,
                       float *columns) {
    const int64_t C = g->output_channels, count = channel_count;
    int64_t x = row_begin % phase->columns, rest = row_begin / phase->columns;
    int64_t y = rest % phase->rows, image = rest / phase->rows;
    for (int64_t row = row_begin; row < row_end; row++) {
        const float *pixels = output_gradient + image * g->output_height * g->output_width * C + channel_begin;
        for (int32_t i = 0; i < phase->taps_height; i++) {
            const int64_t oy = y + phase->output_row - (int64_t)i * phase->back_row;
            for (int32_t j = 0; j < phase->taps_width; j++, columns += count) {
                const int64_t ox = x + phase->output_column - (int64_t)j * phase->back_column;
                if (oy < 0 || oy >= g->output_height || ox < 0 || ox >= g->output_width) memset(columns, 0, (size_t)count * sizeof(float));
                else copy_floats(columns, pixels + (oy * g->output_width + ox) * C, count);
            }
        }
        if (++x == phase->columns) {
            x = 0;
            if (++y == phase->rows) {
                y = 0;
                image++;
            }
        }
    }
}

void agon_scatter_phase(const agon_convolution *g, const agon_phase *phase, const float *values, int64_t row_begin,
                        int64_t row_end, int32_t channel_begin, int32_t channel_count, float *image_tensor) {
    const int64_t C = g->input_channels, count = channel_count;
    int64_t x = row_begin % phase->columns, rest = row_begin / phase->columns;
    int64_t y = rest % phase->rows, image = rest / phase->rows;
    for (int64_t row = row_begin; row < row_end; row++, values += count) {
        const int64_t iy = phase->first_row + y * g->stride_height, ix = phase->first_column + x * g->stride_width;
        copy_floats(image_tensor + ((image * g->height + iy) * g->width + ix) * C + channel_begin, values, count);
        if (++x == phase->columns) {
            x = 0;
            if (++y == phase->rows) {
                y = 0;
                image++;
            }
        }
    }
}

void agon_col2im(const agon_convolution *g, const float *values, int64_t stride, int32_t image_begin,
                 int32_t image_end, float *input) {
    const int64_t C = g->input_channels;
    for (int32_t image = image_begin; image < image_end; image++) {
        float *target = input + (int64_t)image * g->height * g->width * C;
        memset(target, 0, (size_t)(g->height * g->width * C) * sizeof(float));
        for (int64_t y = 0; y < g->output_height; y++, values += g->output_width * stride) {
            for (int64_t i = 0; i < g->kernel_height; i++) {
                const int64_t iy = y * g->stride_height - g->padding_top + i * g->dilation_height;
                if (iy < 0 || iy >= g->height) continue;
                for (int64_t j = 0; j < g->kernel_width; j++) {
                    const int64_t left = j * g->dilation_width - g->padding_left;
                    // Output pixels begin ..< end reach pixels of the image.
                    const int64_t begin = left < 0 ? (-left + g->stride_width - 1) / g->stride_width : 0;
                    const int64_t reach = left < g->width ? (g->width - 1 - left) / g->stride_width + 1 : 0;
                    const int64_t end = reach < g->output_width ? reach : g->output_width;
                    add_pixels(target + (iy * g->width + begin * g->stride_width + left) * C, g->stride_width * C,
                               values + begin * stride + (i * g->kernel_width + j) * C, stride, end - begin, C);
                }
            }
        }
    }
}

void agon_shift_add(const agon_convolution *g, const float *values, int64_t stride, int32_t image_begin,
                    int32_t image_end, float *output) {
    const int64_t C = g->output_channels;
    for (int32_t image = image_begin; image < image_end; image++, values += g->height * g->width * stride) {
        float *out = output + (int64_t)image * g->output_height * g->output_width * C;
        for (int64_t y = 0; y < g->output_height; y++, out += g->output_width * C) {
            memset(out, 0, (size_t)(g->output_width * C) * sizeof(float));
            for (int64_t i = 0; i < g->kernel_height; i++) {
                const int64_t iy = y - g->padding_top + i * g->dilation_height;
                if (iy < 0 || iy >= g->height) continue;
                for (int64_t j = 0; j < g->kernel_width; j++) {
                    const int64_t left = j * g->dilation_width - g->padding_left;
                    const int64_t begin = left < 0 ? -left : 0;
                    const int64_t end = g->width - left < g->output_width ? g->width - left : g->output_width;
                    const float *from = values + iy * g->width * stride + (i * g->kernel_width + j) * C;
                    add_pixels(out + begin * C, C, from + (begin + left) * stride, stride, end - begin, C);
                }
            }
        }
    }
}

void agon_split_planes(const agon_planes *p, const float *image, float *lines) {
    const int64_t C = p->channels;
    for (int64_t row = 0; row < p->rows; row++) {
        const int64_t y = row - p->top;
        if (y < 0 || y >= p->height) {
            memset(lines, 0, (size_t)(p->residues * C * p->line) * sizeof(float));
            lines += p->residues * C * p->line;
            continue;
        }
        for (int64_t residue = 0; residue < p->residues; residue++) {
            // Columns begin ..< end of the line are pixels first, first + residues and so on.
            const int64_t shift = residue - p->left;
            const int64_t begin = shift < 0 ? (-shift + p->residues - 1) / p->residues : 0;
            const int64_t behind = (p->width - shift + p->residues - 1) / p->residues;
            const int64_t end = behind < p->line ? behind : p->line;
            for (int64_t c = 0; c < C; c++, lines += p->line) {
                if (end <= begin) {
                    memset(lines, 0, (size_t)p->line * sizeof(float));
                    continue;
                }
                memset(lines, 0, (size_t)begin * sizeof(float));
                memset(lines + end, 0, (size_t)(p->line - end) * sizeof(float));
                const float *from = image + (y * p->width + begin * p->residues + shift) * C + c;
                for (int64_t u = begin; u < end; u++, from += p->residues * C) lines[u] = *from;
            }
        }
    }
}

void agon_join_plane(const float *values, int64_t values_row, int64_t rows, int64_t columns, float *target,
                     int64_t target_row, int64_t target_column) {
    for (int64_t y = 0; y < rows; y++, values += values_row, target += target_row) {
        if (target_column == 1) {
            memcpy(target, values, (size_t)columns * sizeof(float));
        } else {
            for (int64_t x = 0; x < columns; x++) target[x * target_column] = values[x];
        }
    }
}

typedef float four_floats __attribute__((vector_size(16), aligned(4)));

static inline void transpose_four(const float *a, int64_t lda, float *b, int64_t ldb) {
    const four_floats r0 = *(const four_floats *)a, r1 = *(const four_floats *)(a + lda);
    const four_floats r2 = *(const four_floats *)(a + 2 * lda), r3 = *(const four_floats *)(a + 3 * lda);
    const four_floats left01 = __builtin_shufflevector(r0, r1, 0, 4, 1, 5), right01 = __builtin_shufflevector(r0, r1, 2, 6, 3, 7);
    const four_floats left23 = __builtin_shufflevector(r2, r3, 0, 4, 1, 5), right23 = __builtin_shufflevector(r2, r3, 2, 6, 3, 7);
    *(four_floats *)b = __builtin_shufflevector(left01, left23, 0, 1, 4, 5);
    *(four_floats *)(b + ldb) = __builtin_shufflevector(left01, left23, 2, 3, 6, 7);
    *(four_floats *)(b + 2 * ldb) = __builtin_shufflevector(right01, right23, 0, 1, 4, 5);
    *(four_floats *)(b + 3 * ldb) = __builtin_shufflevector(right01, right23, 2, 3, 6, 7);
}

void agon_transpose(const float *a, int64_t rows, int64_t columns, int64_t lda, float *b, int64_t ldb) {
    const int64_t whole_rows = rows / 4 * 4, whole_columns = columns / 4 * 4;
    // 16 x 16 tiles keep both sides' cache lines whole.
    for (int64_t r = 0; r < whole_rows; r += 16) {
        const int64_t r_end = r + 16 < whole_rows ? r + 16 : whole_rows;
        for (int64_t c = 0; c < whole_columns; c += 16) {
            const int64_t c_end = c + 16 < whole_columns ? c + 16 : whole_columns;
            for (int64_t j = c; j < c_end; j += 4)
                for (int64_t i = r; i < r_end; i += 4) transpose_four(a + i * lda + j, lda, b + j * ldb + i, ldb);
        }
    }
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = i < whole_rows ? whole_columns : 0; j < columns; j++) b[j * ldb + i] = a[i * lda + j];
    }
}

// The kernels of Agon. Sizes: N batch, H W height and width, C channels, K kernel, S stride, P padding; images are NHWC.
// Nothing here allocates, prints or checks arguments; every non-const pointer parameter is overwritten (=) or
// accumulated into (+=) as its comment says.
#ifndef AGON_KERNELS_H
#define AGON_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agon_filter.h"
#include "agon_program.h"

// ---- convolution geometry ------------------------------------------------------------------------------------------

/// A convolution from [N, height, width, input_channels] to [N, output_height, output_width, output_channels]
/// with weights [kernel_height, kernel_width, input_channels / groups, output_channels].
typedef struct {
    int32_t batch, height, width, input_channels;
    int32_t output_height, output_width, output_channels;
    int32_t kernel_height, kernel_width;
    int32_t stride_height, stride_width;
    int32_t padding_top, padding_left;
    int32_t dilation_height, dilation_width;
    int32_t groups;
} agon_convolution;

/// Columns (=) [row_end - row_begin, tap_end - tap_begin, channel_count] for output pixels row_begin ..< row_end, taps
/// tap_begin ..< tap_end and channels from channel_begin of each input pixel; zero outside the image.
void agon_im2col(const agon_convolution *g, const float *input, int64_t row_begin, int64_t row_end,
                 int32_t channel_begin, int32_t channel_count, int32_t tap_begin, int32_t tap_end, float *columns);

/// One residue class of input pixels modulo the stride: which output pixels and taps reach it.
typedef struct {
    int32_t first_row, first_column;        // the class's first input pixel
    int32_t rows, columns;                  // input pixels of the class per image
    int32_t taps_height, taps_width;        // taps that reach the class, along each axis
    // Tap n of an axis has the kernel index tap + n * tap_step and reaches output pixel class index + output - n * back.
    int32_t tap_row, tap_row_step, output_row, back_row;
    int32_t tap_column, tap_column_step, output_column, back_column;
} agon_phase;

/// Describes the class (phase_row, phase_column) of g's input pixels.
agon_phase agon_convolution_phase(const agon_convolution *g, int32_t phase_row, int32_t phase_column);

/// Gathers (=) for the class's pixels row_begin ..< row_end (over the batch) the output gradients that reach them:
/// [rows, taps, Cout / groups].
void agon_gather_phase(const agon_convolution *g, const agon_phase *phase, const float *output_gradient,
                       int64_t row_begin, int64_t row_end, int32_t channel_begin, int32_t channel_count,
                       float *columns);

/// Spreads (=) rows [row_end - row_begin, channel_count] of a class to their pixels of an image tensor.
void agon_scatter_phase(const agon_convolution *g, const agon_phase *phase, const float *values, int64_t row_begin,
                        int64_t row_end, int32_t channel_begin, int32_t channel_count, float *image);

/// Interleaves (=) the input rows for the output row `row` of N * Ho: [x, kernel row, input channel] for the
/// (Wo - 1) * stride + Kw columns from -padding, zero outside the image. Without dilation and groups.
void agon_interleave_lines(const agon_convolution *g, const float *input, int64_t row, float *lines);

/// Sums (=) per-pixel tap values [N * output pixels][taps, Cin], pixels `stride` floats apart, into input pixels of images
/// image_begin ..< image_end: the last step of an input gradient taken as one product (few input channels).
/// `values` starts at image_begin's first pixel.
void agon_col2im(const agon_convolution *g, const float *values, int64_t stride, int32_t image_begin,
                 int32_t image_end, float *input);

/// Sums (=) per-pixel tap values [N * input pixels][taps, Cout], pixels `stride` floats apart, into output pixels of images
/// image_begin ..< image_end: the last step of a stride-1 convolution taken as one product (few output channels).
void agon_shift_add(const agon_convolution *g, const float *values, int64_t stride, int32_t image_begin,
                    int32_t image_end, float *output);

/// Splits (=) one image [height, width, channels] into planes [rows, residues, channels, width of a line]: element u of a line
/// is the pixel in column u * residues + residue - left of row `row - top`, zero outside the image.
typedef struct {
    int32_t height, width, channels;
    int32_t top, left, residues;
    int32_t rows, line;
} agon_planes;
void agon_split_planes(const agon_planes *planes, const float *image, float *lines);

/// Spreads (=) rows of values, `values_row` floats apart, to elements `target_column` floats apart of rows `target_row` apart.
void agon_join_plane(const float *values, int64_t values_row, int64_t rows, int64_t columns, float *target,
                     int64_t target_row, int64_t target_column);

/// a [rows, columns] to b (=) [columns, rows].
void agon_transpose(const float *a, int64_t rows, int64_t columns, int64_t lda, float *b, int64_t ldb);

/// Processor-specific kernels.
typedef struct {
    const char *name;
    /// agon_random_bits.
    void (*random_bits)(uint64_t key, uint64_t step, uint64_t first, uint32_t *out, size_t count);
    agon_program_function *program;
    /// Depthwise (groups = input channels = output channels): output (=) for output rows row_begin ..< row_end of N * Ho.
    void (*depthwise_forward)(const agon_convolution *g, const float *input, const float *weight, int64_t row_begin,
                              int64_t row_end, float *output);
    /// Input gradient (=) for input rows row_begin ..< row_end of N * H.
    void (*depthwise_input_gradient)(const agon_convolution *g, const float *output_gradient, const float *weight,
                                     int64_t row_begin, int64_t row_end, float *input_gradient);
    /// Weight gradient (=) [Kh, Kw, 1, C] for the channels channel_begin ..< channel_end.
    void (*depthwise_weight_gradient)(const agon_convolution *g, const float *input, const float *output_gradient,
                                      int32_t channel_begin, int32_t channel_end, float *weight_gradient);
    /// sums [rows, columns] (=) the taps' weights times the plane from their offsets; rows of the plane are plane_row floats
    /// apart. Whole multiples of AGON_FILTER_ALIGNMENT columns are read and written. Sums run in order of taps.
    void (*plane_sums)(int64_t rows, int64_t columns, const float *plane, int64_t plane_row, int64_t taps,
                       const int64_t *offsets, const float *weights, float *sums, int64_t sums_row);
    void (*update)(int32_t rule, const float *parameters, int64_t count, const float *gradient, float *value,
                   float *first, float *second, float *third);
    /// c [m, n] (=, or += if accumulate) op(a) [m, k] op(b) [k, n]: agon_product, with AGON_PRODUCT_SCRATCH floats of scratch.
    /// Sums run in order of k, so an element's bits depend on its row of a and its column of b alone.
    void (*matrix_product)(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda,
                           const float *b, int64_t ldb, bool accumulate, float *c, int64_t ldc, float *scratch);
    agon_filter_kernels filter;
} agon_vector_kernels;

/// The kernels for this processor: AVX-512, AVX2 or portable, chosen once. AGON_VECTOR=portable|avx2|avx512 overrides.
const agon_vector_kernels *agon_vector(void);

extern const agon_vector_kernels agon_vector_portable;
#if defined(__x86_64__)
extern const agon_vector_kernels agon_vector_avx2, agon_vector_avx512;
#endif

// ---- optimizers ----------------------------------------------------------------------------------------------------

/// Rules for agon_vector_kernels.update; parameters[] and the states first, second, third
/// are documented with each in vector_update.h.
typedef enum {
    AGON_UPDATE_SGD,
    AGON_UPDATE_RMSPROP,
    AGON_UPDATE_ADAM,
    AGON_UPDATE_ADAGRAD,
    AGON_UPDATE_ADADELTA,
} agon_update_rule;

// ---- pooling, upsampling, padding: images image_begin ..< image_end of [N, H, W, C] -------------------------------

typedef struct {
    int32_t height, width, channels, output_height, output_width;
    int32_t kernel_height, kernel_width, stride_height, stride_width, padding_top, padding_left;
} agon_pooling;

void agon_max_pool(const agon_pooling *g, const float *input, int32_t image_begin, int32_t image_end, float *output);
/// input_gradient (=): each output's gradient goes to its first maximum.
void agon_max_pool_gradient(const agon_pooling *g, const float *input, const float *output_gradient,
                            int32_t image_begin, int32_t image_end, float *input_gradient);
/// output (=): values of `picked` at the maxima of input; the adjoint of agon_max_pool_gradient in its output gradient.
void agon_max_pool_pick(const agon_pooling *g, const float *input, const float *picked, int32_t image_begin,
                        int32_t image_end, float *output);
/// Means over windows; padding counts as zeros in the mean.
void agon_average_pool(const agon_pooling *g, const float *input, int32_t image_begin, int32_t image_end, float *output);
void agon_average_pool_gradient(const agon_pooling *g, const float *output_gradient, int32_t image_begin,
                                int32_t image_end, float *input_gradient);

/// Nearest upsampling by integer factors, and its adjoint (sums over each cell).
void agon_upsample_nearest(const float *input, int32_t height, int32_t width, int32_t channels, int32_t scale,
                           int32_t image_begin, int32_t image_end, float *output);
void agon_upsample_nearest_gradient(const float *output_gradient, int32_t height, int32_t width, int32_t channels,
                                    int32_t scale, int32_t image_begin, int32_t image_end, float *input_gradient);
/// Bilinear upsampling by integer factors, half-pixel centres (align_corners false), and its adjoint.
void agon_upsample_bilinear(const float *input, int32_t height, int32_t width, int32_t channels, int32_t scale,
                            int32_t image_begin, int32_t image_end, float *output);
void agon_upsample_bilinear_gradient(const float *output_gradient, int32_t height, int32_t width, int32_t channels,
                                     int32_t scale, int32_t image_begin, int32_t image_end, float *input_gradient);

/// [N, H, W, C * s * s] to [N, H * s, W * s, C] in PyTorch's channel order (channel c * s² + i * s + j), and back.
void agon_depth_to_space(const float *input, int32_t height, int32_t width, int32_t channels, int32_t scale,
                         int32_t image_begin, int32_t image_end, float *output);
void agon_space_to_depth(const float *input, int32_t height, int32_t width, int32_t channels, int32_t scale,
                         int32_t image_begin, int32_t image_end, float *output);

typedef struct {
    int32_t height, width, channels, top, left, bottom, right;
    bool reflection;
} agon_padding;
/// Pads (negative amounts crop) [N, H, W, C]; and the adjoint.
void agon_pad(const agon_padding *g, const float *input, int32_t image_begin, int32_t image_end, float *output);
void agon_pad_gradient(const agon_padding *g, const float *output_gradient, int32_t image_begin, int32_t image_end,
                       float *input_gradient);

#endif

// Depthwise convolution: one filter per channel, so a matrix product would not help; plain loops over
// contiguous channels run at memory speed. weight [Kh, Kw, C]. Included under each processor's target attribute.
#include "agon_kernels.h"

#define AGON_LOOP _Pragma("clang loop vectorize(assume_safety)") for (int64_t c = 0; c < C; c++)

static void depthwise_forward(const agon_convolution *g, const float *input, const float *weight, int64_t row_begin,
                              int64_t row_end, float *output) {
    const int64_t C = g->input_channels;
    for (int64_t row = row_begin; row < row_end; row++) {
        const int64_t image = row / g->output_height, y = row - image * g->output_height;
        for (int64_t x = 0; x < g->output_width; x++) {
            float *out = output + (row * g->output_width + x) * C;
            AGON_LOOP out[c] = 0.0f;
            for (int64_t i = 0; i < g->kernel_height; i++) {
                const int64_t iy = y * g->stride_height - g->padding_top + i * g->dilation_height;
                if (iy < 0 || iy >= g->height) continue;
                for (int64_t j = 0; j < g->kernel_width; j++) {
                    const int64_t ix = x * g->stride_width - g->padding_left + j * g->dilation_width;
                    if (ix < 0 || ix >= g->width) continue;
                    const float *in = input + ((image * g->height + iy) * g->width + ix) * C;
                    const float *w = weight + (i * g->kernel_width + j) * C;
                    AGON_LOOP out[c] += in[c] * w[c];
                }
            }
        }
    }
}

static void depthwise_input_gradient(const agon_convolution *g, const float *output_gradient, const float *weight,
                                     int64_t row_begin, int64_t row_end, float *input_gradient) {
    const int64_t C = g->input_channels;
    for (int64_t row = row_begin; row < row_end; row++) {
        const int64_t image = row / g->height, iy = row - image * g->height;
        for (int64_t ix = 0; ix < g->width; ix++) {
            float *out = input_gradient + (row * g->width + ix) * C;
            AGON_LOOP out[c] = 0.0f;
            for (int64_t i = 0; i < g->kernel_height; i++) {
                const int64_t ty = iy + g->padding_top - i * g->dilation_height;
                if (ty < 0 || ty % g->stride_height != 0 || ty / g->stride_height >= g->output_height) continue;
                for (int64_t j = 0; j < g->kernel_width; j++) {
                    const int64_t tx = ix + g->padding_left - j * g->dilation_width;
                    if (tx < 0 || tx % g->stride_width != 0 || tx / g->stride_width >= g->output_width) continue;
                    const int64_t pixel = (image * g->output_height + ty / g->stride_height) * g->output_width + tx / g->stride_width;
                    const float *d = output_gradient + pixel * C, *w = weight + (i * g->kernel_width + j) * C;
                    AGON_LOOP out[c] += d[c] * w[c];
                }
            }
        }
    }
}

static void depthwise_weight_gradient(const agon_convolution *g, const float *input, const float *output_gradient,
                                      int32_t channel_begin, int32_t channel_end, float *weight_gradient) {
    const int64_t stride = g->input_channels, C = channel_end - channel_begin;
    for (int64_t i = 0; i < g->kernel_height; i++) {
        for (int64_t j = 0; j < g->kernel_width; j++) {
            float *dw = weight_gradient + (i * g->kernel_width + j) * stride + channel_begin;
            AGON_LOOP dw[c] = 0.0f;
            for (int64_t image = 0; image < g->batch; image++) {
                for (int64_t y = 0; y < g->output_height; y++) {
                    const int64_t iy = y * g->stride_height - g->padding_top + i * g->dilation_height;
                    if (iy < 0 || iy >= g->height) continue;
                    for (int64_t x = 0; x < g->output_width; x++) {
                        const int64_t ix = x * g->stride_width - g->padding_left + j * g->dilation_width;
                        if (ix < 0 || ix >= g->width) continue;
                        const float *in = input + ((image * g->height + iy) * g->width + ix) * stride + channel_begin;
                        const float *d = output_gradient + ((image * g->output_height + y) * g->output_width + x) * stride + channel_begin;
                        AGON_LOOP dw[c] += in[c] * d[c];
                    }
                }
            }
        }
    }
}

#undef AGON_LOOP

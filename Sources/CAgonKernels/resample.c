// Pooling, upsampling, depth-to-space and padding of NHWC images, each with its adjoint. All are split by images.
#include <math.h>
#include <string.h>

#include "agon_kernels.h"

// ---- pooling -------------------------------------------------------------------------------------------------------

enum { POOLED_CHANNELS = 64 };  // channels whose maxima are found together

/// The first maximum of a window, by channel (at most POOLED_CHANNELS from `channel`): the pixel's number in the image, -1 for
/// a window of padding. A NaN is the largest.
static void window_maxima(const agon_pooling *g, const float *pixels, int64_t y, int64_t x, int64_t channel,
                          int64_t count, int32_t *best) {
    float most[POOLED_CHANNELS];
    for (int64_t c = 0; c < count; c++) {
        best[c] = -1;
        most[c] = -INFINITY;
    }
    for (int64_t i = 0; i < g->kernel_height; i++) {
        const int64_t iy = y * g->stride_height - g->padding_top + i;
        if (iy < 0 || iy >= g->height) continue;
        for (int64_t j = 0; j < g->kernel_width; j++) {
            const int64_t ix = x * g->stride_width - g->padding_left + j;
            if (ix < 0 || ix >= g->width) continue;
            const int32_t pixel = (int32_t)(iy * g->width + ix);
            const float *values = pixels + pixel * (int64_t)g->channels + channel;
            for (int64_t c = 0; c < count; c++) {
                const bool larger = (best[c] < 0) | (values[c] > most[c]) | (values[c] != values[c]);
                best[c] = larger ? pixel : best[c];
                most[c] = larger ? values[c] : most[c];
            }
        }
    }
}

void agon_max_pool(const agon_pooling *g, const float *input, int32_t image_begin, int32_t image_end, float *output) {
    const int64_t C = g->channels;
    for (int64_t image = image_begin; image < image_end; image++) {
        const float *pixels = input + image * g->height * g->width * C;
        float *out = output + image * g->output_height * g->output_width * C;
        for (int64_t y = 0; y < g->output_height; y++)
            for (int64_t x = 0; x < g->output_width; x++, out += C) {
                for (int64_t c = 0; c < C; c++) out[c] = -INFINITY;
                for (int64_t i = 0; i < g->kernel_height; i++) {
                    const int64_t iy = y * g->stride_height - g->padding_top + i;
                    if (iy < 0 || iy >= g->height) continue;
                    for (int64_t j = 0; j < g->kernel_width; j++) {
                        const int64_t ix = x * g->stride_width - g->padding_left + j;
                        if (ix < 0 || ix >= g->width) continue;
                        const float *in = pixels + (iy * g->width + ix) * C;
                        // A NaN remains the maximum.
                        for (int64_t c = 0; c < C; c++) out[c] = out[c] > in[c] || out[c] != out[c] ? out[c] : in[c];
                    }
                }
            }
    }
}

/// Adds (+=) an output's gradient to the pixels of its window that are maxima. `into` starts at the image's first pixel.
static void add_at_maxima(const agon_pooling *g, const int32_t *best, int64_t y, int64_t x, int64_t count,
                          const float *d, float *into) {
    for (int64_t i = 0; i < g->kernel_height; i++) {
        const int64_t iy = y * g->stride_height - g->padding_top + i;
        if (iy < 0 || iy >= g->height) continue;
        for (int64_t j = 0; j < g->kernel_width; j++) {
            const int64_t ix = x * g->stride_width - g->padding_left + j;
            if (ix < 0 || ix >= g->width) continue;
            const int32_t pixel = (int32_t)(iy * g->width + ix);
            float *to = into + pixel * (int64_t)g->channels;
            for (int64_t c = 0; c < count; c++) {
                const float gradient = d[c];
                to[c] += best[c] == pixel ? gradient : 0.0f;
            }
        }
    }
}

void agon_max_pool_gradient(const agon_pooling *g, const float *input, const float *output_gradient,
                            int32_t image_begin, int32_t image_end, float *input_gradient) {
    const int64_t C = g->channels, size = (int64_t)g->height * g->width * C;
    for (int64_t image = image_begin; image < image_end; image++) {
        const float *pixels = input + image * size;
        const float *d = output_gradient + image * g->output_height * g->output_width * C;
        float *into = input_gradient + image * size;
        memset(into, 0, (size_t)size * sizeof(float));
        for (int64_t y = 0; y < g->output_height; y++)
            for (int64_t x = 0; x < g->output_width; x++, d += C)
                for (int64_t c = 0; c < C; c += POOLED_CHANNELS) {
                    const int64_t count = C - c < POOLED_CHANNELS ? C - c : POOLED_CHANNELS;
                    int32_t best[POOLED_CHANNELS];
                    window_maxima(g, pixels, y, x, c, count, best);
                    add_at_maxima(g, best, y, x, count, d + c, into + c);
                }
    }
}

void agon_max_pool_pick(const agon_pooling *g, const float *input, const float *picked, int32_t image_begin,
                        int32_t image_end, float *output) {
    const int64_t C = g->channels, size = (int64_t)g->height * g->width * C;
    for (int64_t image = image_begin; image < image_end; image++) {
        float *out = output + image * g->output_height * g->output_width * C;
        for (int64_t y = 0; y < g->output_height; y++)
            for (int64_t x = 0; x < g->output_width; x++, out += C)
                for (int64_t c = 0; c < C; c += POOLED_CHANNELS) {
                    const int64_t count = C - c < POOLED_CHANNELS ? C - c : POOLED_CHANNELS;
                    int32_t best[POOLED_CHANNELS];
                    window_maxima(g, input + image * size, y, x, c, count, best);
                    for (int64_t k = 0; k < count; k++) {
                        out[c + k] = best[k] >= 0 ? picked[image * size + best[k] * C + c + k] : 0.0f;
                    }
                }
    }
}

void agon_average_pool(const agon_pooling *g, const float *input, int32_t image_begin, int32_t image_end, float *output) {
    const int64_t C = g->channels;
    const float share = 1.0f / (float)(g->kernel_height * g->kernel_width);
    for (int64_t image = image_begin; image < image_end; image++) {
        const float *pixels = input + image * g->height * g->width * C;
        float *out = output + image * g->output_height * g->output_width * C;
        for (int64_t y = 0; y < g->output_height; y++)
            for (int64_t x = 0; x < g->output_width; x++, out += C) {
                for (int64_t c = 0; c < C; c++) out[c] = 0.0f;
                for (int64_t i = 0; i < g->kernel_height; i++) {
                    const int64_t iy = y * g->stride_height - g->padding_top + i;
                    if (iy < 0 || iy >= g->height) continue;
                    for (int64_t j = 0; j < g->kernel_width; j++) {
                        const int64_t ix = x * g->stride_width - g->padding_left + j;
                        if (ix < 0 || ix >= g->width) continue;
                        const float *in = pixels + (iy * g->width + ix) * C;
                        for (int64_t c = 0; c < C; c++) out[c] += in[c] * share;
                    }
                }
            }
    }
}

void agon_average_pool_gradient(const agon_pooling *g, const float *output_gradient, int32_t image_begin,
                                int32_t image_end, float *input_gradient) {
    const int64_t C = g->channels, size = (int64_t)g->height * g->width * C;
    const float share = 1.0f / (float)(g->kernel_height * g->kernel_width);
    for (int64_t image = image_begin; image < image_end; image++) {
        const float *d = output_gradient + image * g->output_height * g->output_width * C;
        float *into = input_gradient + image * size;
        memset(into, 0, (size_t)size * sizeof(float));
        for (int64_t y = 0; y < g->output_height; y++)
            for (int64_t x = 0; x < g->output_width; x++, d += C)
                for (int64_t i = 0; i < g->kernel_height; i++) {
                    const int64_t iy = y * g->stride_height - g->padding_top + i;
                    if (iy < 0 || iy >= g->height) continue;
                    for (int64_t j = 0; j < g->kernel_width; j++) {
                        const int64_t ix = x * g->stride_width - g->padding_left + j;
                        if (ix < 0 || ix >= g->width) continue;
                        float *to = into + (iy * g->width + ix) * C;
                        for (int64_t c = 0; c < C; c++) to[c] += d[c] * share;
                    }
                }
    }
}

// ---- upsampling ----------------------------------------------------------------------------------------------------

void agon_upsample_nearest(const float *input, int32_t height, int32_t width, int32_t channels, int32_t scale,
                           int32_t image_begin, int32_t image_end, float *output) {
    const int64_t C = channels, line = (int64_t)width * scale * C;
    for (int64_t row = (int64_t)image_begin * height; row < (int64_t)image_end * height; row++) {
        const float *in = input + row * width * C;
        float *out = output + row * scale * line;
        for (int64_t x = 0; x < width; x++)
            for (int64_t s = 0; s < scale; s++) memcpy(out + (x * scale + s) * C, in + x * C, (size_t)C * sizeof(float));
        for (int64_t s = 1; s < scale; s++) memcpy(out + s * line, out, (size_t)line * sizeof(float));
    }
}

void agon_upsample_nearest_gradient(const float *output_gradient, int32_t height, int32_t width, int32_t channels,
                                    int32_t scale, int32_t image_begin, int32_t image_end, float *input_gradient) {
    const int64_t C = channels, line = (int64_t)width * scale * C;
    for (int64_t row = (int64_t)image_begin * height; row < (int64_t)image_end * height; row++) {
        float *into = input_gradient + row * width * C;
        memset(into, 0, (size_t)(width * C) * sizeof(float));
        for (int64_t i = 0; i < scale; i++)
            for (int64_t x = 0; x < width; x++)
                for (int64_t j = 0; j < scale; j++) {
                    const float *d = output_gradient + (row * scale + i) * line + (x * scale + j) * C;
                    for (int64_t c = 0; c < C; c++) into[x * C + c] += d[c];
                }
    }
}

/// The two source indices of output index i and the weight of the second.
static inline void bilinear_source(int64_t i, int64_t extent, int64_t scale, int64_t *low, int64_t *high, float *weight) {
    float at = ((float)i + 0.5f) / (float)scale - 0.5f;
    if (at < 0.0f) at = 0.0f;
    *low = (int64_t)at;
    *high = *low + 1 < extent ? *low + 1 : *low;
    *weight = at - (float)*low;
}

void agon_upsample_bilinear(const float *input, int32_t height, int32_t width, int32_t channels, int32_t scale,
                            int32_t image_begin, int32_t image_end, float *output) {
    const int64_t C = channels;
    for (int64_t image = image_begin; image < image_end; image++) {
        const float *pixels = input + image * height * width * C;
        float *out = output + image * height * scale * width * scale * C;
        for (int64_t y = 0; y < (int64_t)height * scale; y++) {
            int64_t y0, y1, x0, x1;
            float v, u;
            bilinear_source(y, height, scale, &y0, &y1, &v);
            for (int64_t x = 0; x < (int64_t)width * scale; x++, out += C) {
                bilinear_source(x, width, scale, &x0, &x1, &u);
                const float *a = pixels + (y0 * width + x0) * C, *b = pixels + (y0 * width + x1) * C;
                const float *c = pixels + (y1 * width + x0) * C, *d = pixels + (y1 * width + x1) * C;
                for (int64_t k = 0; k < C; k++)
                    out[k] = (1.0f - v) * ((1.0f - u) * a[k] + u * b[k]) + v * ((1.0f - u) * c[k] + u * d[k]);
            }
        }
    }
}

void agon_upsample_bilinear_gradient(const float *output_gradient, int32_t height, int32_t width, int32_t channels,
                                     int32_t scale, int32_t image_begin, int32_t image_end, float *input_gradient) {
    const int64_t C = channels;
    for (int64_t image = image_begin; image < image_end; image++) {
        float *pixels = input_gradient + image * height * width * C;
        const float *out = output_gradient + image * height * scale * width * scale * C;
        memset(pixels, 0, (size_t)(height * width * C) * sizeof(float));
        for (int64_t y = 0; y < (int64_t)height * scale; y++) {
            int64_t y0, y1, x0, x1;
            float v, u;
            bilinear_source(y, height, scale, &y0, &y1, &v);
            for (int64_t x = 0; x < (int64_t)width * scale; x++, out += C) {
                bilinear_source(x, width, scale, &x0, &x1, &u);
                float *a = pixels + (y0 * width + x0) * C, *b = pixels + (y0 * width + x1) * C;
                float *c = pixels + (y1 * width + x0) * C, *d = pixels + (y1 * width + x1) * C;
                for (int64_t k = 0; k < C; k++) a[k] += (1.0f - v) * (1.0f - u) * out[k];
                for (int64_t k = 0; k < C; k++) b[k] += (1.0f - v) * u * out[k];
                for (int64_t k = 0; k < C; k++) c[k] += v * (1.0f - u) * out[k];
                for (int64_t k = 0; k < C; k++) d[k] += v * u * out[k];
            }
        }
    }
}

// ---- depth to space ------------------------------------------------------------------------------------------------

void agon_depth_to_space(const float *input, int32_t height, int32_t width, int32_t channels, int32_t scale,
                         int32_t image_begin, int32_t image_end, float *output) {
    const int64_t C = channels, s = scale, line = (int64_t)width * s * C;
    for (int64_t row = (int64_t)image_begin * height; row < (int64_t)image_end * height; row++)
        for (int64_t x = 0; x < width; x++) {
            const float *in = input + (row * width + x) * C * s * s;
            for (int64_t i = 0; i < s; i++)
                for (int64_t j = 0; j < s; j++) {
                    float *out = output + (row * s + i) * line + (x * s + j) * C;
                    for (int64_t c = 0; c < C; c++) out[c] = in[(c * s + i) * s + j];
                }
        }
}

void agon_space_to_depth(const float *input, int32_t height, int32_t width, int32_t channels, int32_t scale,
                         int32_t image_begin, int32_t image_end, float *output) {
    const int64_t C = channels, s = scale, line = (int64_t)width * s * C;
    for (int64_t row = (int64_t)image_begin * height; row < (int64_t)image_end * height; row++)
        for (int64_t x = 0; x < width; x++) {
            float *out = output + (row * width + x) * C * s * s;
            for (int64_t i = 0; i < s; i++)
                for (int64_t j = 0; j < s; j++) {
                    const float *in = input + (row * s + i) * line + (x * s + j) * C;
                    for (int64_t c = 0; c < C; c++) out[(c * s + i) * s + j] = in[c];
                }
        }
}

// ---- padding -------------------------------------------------------------------------------------------------------

/// The input index that output index i shows, or -1 for a zero.
static inline int64_t padded_source(int64_t i, int64_t before, int64_t extent, bool reflection) {
    int64_t at = i - before;
    if (at >= 0 && at < extent) return at;
    if (!reflection) return -1;
    return at < 0 ? -at : 2 * (extent - 1) - at;
}

void agon_pad(const agon_padding *g, const float *input, int32_t image_begin, int32_t image_end, float *output) {
    const int64_t C = g->channels, H = g->height + g->top + g->bottom, W = g->width + g->left + g->right;
    for (int64_t image = image_begin; image < image_end; image++)
        for (int64_t y = 0; y < H; y++) {
            const int64_t iy = padded_source(y, g->top, g->height, g->reflection);
            float *out = output + (image * H + y) * W * C;
            for (int64_t x = 0; x < W; x++, out += C) {
                const int64_t ix = iy < 0 ? -1 : padded_source(x, g->left, g->width, g->reflection);
                if (ix < 0) memset(out, 0, (size_t)C * sizeof(float));
                else memcpy(out, input + ((image * g->height + iy) * g->width + ix) * C, (size_t)C * sizeof(float));
            }
        }
}

void agon_pad_gradient(const agon_padding *g, const float *output_gradient, int32_t image_begin, int32_t image_end,
                       float *input_gradient) {
    const int64_t C = g->channels, H = g->height + g->top + g->bottom, W = g->width + g->left + g->right;
    for (int64_t image = image_begin; image < image_end; image++) {
        float *pixels = input_gradient + image * g->height * g->width * C;
        memset(pixels, 0, (size_t)(g->height * g->width * C) * sizeof(float));
        for (int64_t y = 0; y < H; y++) {
            const int64_t iy = padded_source(y, g->top, g->height, g->reflection);
            if (iy < 0) continue;
            const float *d = output_gradient + (image * H + y) * W * C;
            for (int64_t x = 0; x < W; x++, d += C) {
                const int64_t ix = padded_source(x, g->left, g->width, g->reflection);
                if (ix < 0) continue;
                float *to = pixels + (iy * g->width + ix) * C;
                for (int64_t c = 0; c < C; c++) to[c] += d[c];
            }
        }
    }
}

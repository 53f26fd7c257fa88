// The one way these files report a failure: a line in the caller's buffer, and a negative result.
#ifndef AGON_MESSAGE_H
#define AGON_MESSAGE_H

#include <stdarg.h>
#include <stdio.h>

#include "agon_images.h"

__attribute__((format(printf, 2, 3))) static inline int agon_fail(char *message, const char *format, ...) {
    if (message != NULL) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(message, AGON_MESSAGE_SIZE, format, arguments);
        va_end(arguments);
    }
    return -1;
}

// Each format's part of agon_image_header and agon_image_decode (image.c). Size and pixels are those stored, before the
// orientation is applied; the decoders without background know no transparency.
int agon_png_header(const uint8_t *bytes, size_t count, agon_image_info *info, char *message);
int agon_png_decode(const uint8_t *bytes, size_t count, const agon_image_info *info, uint8_t background,
                    uint8_t *pixels, char *message);
int agon_jpeg_header(const uint8_t *bytes, size_t count, agon_image_info *info, char *message);
int agon_jpeg_decode(const uint8_t *bytes, size_t count, const agon_image_info *info, uint8_t *pixels, char *message);
int agon_webp_header(const uint8_t *bytes, size_t count, agon_image_info *info, char *message);
int agon_webp_decode(const uint8_t *bytes, size_t count, const agon_image_info *info, uint8_t background,
                     uint8_t *pixels, char *message);
int agon_tiff_header(const uint8_t *bytes, size_t count, agon_image_info *info, char *message);
int agon_tiff_decode(const uint8_t *bytes, size_t count, const agon_image_info *info, uint8_t background,
                     uint8_t *pixels, char *message);
int agon_gif_header(const uint8_t *bytes, size_t count, agon_image_info *info, char *message);
int agon_gif_decode(const uint8_t *bytes, size_t count, const agon_image_info *info, uint8_t background,
                    uint8_t *pixels, char *message);
int agon_bmp_header(const uint8_t *bytes, size_t count, agon_image_info *info, char *message);
int agon_bmp_decode(const uint8_t *bytes, size_t count, const agon_image_info *info, uint8_t background,
                    uint8_t *pixels, char *message);

/// The orientation, 1 to 8, that Exif data state (exif.c); 1 where they state none.
uint8_t agon_exif_orientation(const uint8_t *bytes, size_t count);
/// `count` pixels of `channels` values and alpha, laid on a background: `alpha from + (1 - alpha) background`. `to` (=).
void agon_blend(const uint8_t *from, size_t count, size_t channels, uint8_t background, uint8_t *to);
uint32_t agon_big_endian(const uint8_t *bytes);
/// Adds bytes to an encoding (encoding.c). A failure stays until the end, so that it is checked once.
void agon_append(agon_encoding *to, const void *bytes, size_t count);

#endif

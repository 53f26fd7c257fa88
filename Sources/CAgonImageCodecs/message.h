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

// Each format's part of agon_image_header and agon_image_decode (image.c).
int agon_png_header(const uint8_t *bytes, size_t count, agon_image_info *info, char *message);
int agon_png_decode(const uint8_t *bytes, size_t count, const agon_image_info *info, uint8_t *pixels, char *message);
int agon_jpeg_header(const uint8_t *bytes, size_t count, agon_image_info *info, char *message);
int agon_jpeg_decode(const uint8_t *bytes, size_t count, const agon_image_info *info, uint8_t *pixels, char *message);

#endif

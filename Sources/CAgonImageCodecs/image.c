// Images of either format, told apart by their first bytes and never by the file's name.
#include <string.h>

#include "message.h"

int agon_image_header(const uint8_t *bytes, size_t count, agon_image_info *info, char *message) {
    static const uint8_t png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    memset(info, 0, sizeof *info);
    int status;
    if (count >= sizeof png && memcmp(bytes, png, sizeof png) == 0) {
        status = agon_png_header(bytes, count, info, message);
    } else if (count >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff) {
        status = agon_jpeg_header(bytes, count, info, message);
    } else if (count == 0) {
        return agon_fail(message, "the file is empty");
    } else {
        return agon_fail(message, "neither a PNG nor a JPEG");
    }
    if (status < 0) return status;
    if (info->height == 0 || info->width == 0) {
        return agon_fail(message, "its header says %u x %u pixels", info->height, info->width);
    }
    if ((uint64_t)info->height * info->width > AGON_IMAGE_MAX_PIXELS) {
        return agon_fail(message, "its header says %u x %u pixels, over the limit of %llu", info->height, info->width,
                         (unsigned long long)AGON_IMAGE_MAX_PIXELS);
    }
    return 0;
}

int agon_image_decode(const uint8_t *bytes, size_t count, const agon_image_info *info, uint8_t *pixels, char *message) {
    switch (info->format) {
    case AGON_IMAGE_PNG: return agon_png_decode(bytes, count, info, pixels, message);
    case AGON_IMAGE_JPEG: return agon_jpeg_decode(bytes, count, info, pixels, message);
    case AGON_IMAGE_UNKNOWN: break;
    }
    return agon_fail(message, "neither a PNG nor a JPEG");
}

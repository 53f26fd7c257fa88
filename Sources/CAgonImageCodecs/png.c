// PNG through libpng's simplified interface, which turns its longjmp errors into results.
// Sixteen-bit and palette images become 8-bit grey or RGB. Alpha is dropped, not blended: the colours stay as stored.
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

// The bytes 8 to 32 of a PNG are its IHDR chunk: length, name, width, height, depth, colour type, 3 methods.
static uint32_t big_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

int agon_png_header(const uint8_t *bytes, size_t count, agon_image_info *info, char *message) {
    if (count < 33) return agon_fail(message, "PNG ends in its header, after %zu bytes", count);
    uint32_t width = big_endian(bytes + 16), height = big_endian(bytes + 20);
    // Deflate packs at most 1032 bytes in one; a header that promises more pixels than that lies, and the memory
    // for them is not even asked for. One bit per pixel is the least that the format stores.
    if ((uint64_t)width * height / 8 / 1032 > count) {
        return agon_fail(message, "PNG header says %u x %u pixels, which its %zu bytes cannot hold", height, width,
                         count);
    }
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_memory(&image, bytes, count)) {
        int status = agon_fail(message, "bad PNG: %s", image.message);
        png_image_free(&image);
        return status;
    }
    info->format = AGON_IMAGE_PNG;
    info->height = image.height;
    info->width = image.width;
    info->channels = image.format & PNG_FORMAT_FLAG_COLOR ? 3 : 1;
    png_image_free(&image);
    return 0;
}

int agon_png_decode(const uint8_t *bytes, size_t count, const agon_image_info *info, uint8_t *pixels, char *message) {
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_memory(&image, bytes, count)) {
        int status = agon_fail(message, "bad PNG: %s", image.message);
        png_image_free(&image);
        return status;
    }
    if (image.height != info->height || image.width != info->width) {
        png_image_free(&image);
        return agon_fail(message, "PNG changed while it was read");
    }
    int hasAlpha = (image.format & PNG_FORMAT_FLAG_ALPHA) != 0;
    size_t channels = info->channels, stored = channels + (hasAlpha ? 1 : 0);
    size_t total = (size_t)info->height * info->width;
    image.format = (channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY) | (hasAlpha ? PNG_FORMAT_FLAG_ALPHA : 0);
    uint8_t *target = pixels;
    if (hasAlpha) {
        target = malloc(total * stored);
        if (target == NULL) {
            png_image_free(&image);
            return agon_fail(message, "no memory for %zu pixels", total);
        }
    }
    int done = png_image_finish_read(&image, NULL, target, (png_int_32)(info->width * stored), NULL);
    int status = done && !PNG_IMAGE_FAILED(image) ? 0 : agon_fail(message, "bad PNG: %s", image.message);
    if (status == 0 && hasAlpha) {
        for (size_t i = 0; i < total; i++) memcpy(pixels + i * channels, target + i * stored, channels);
    }
    if (hasAlpha) free(target);
    png_image_free(&image);
    return status;
}

int agon_png_write(const char *path, uint32_t height, uint32_t width, uint32_t channels, const uint8_t *pixels,
                   char *message) {
    if (height == 0 || width == 0 || (uint64_t)height * width > AGON_IMAGE_MAX_PIXELS) {
        return agon_fail(message, "an image of %u x %u pixels cannot be written", height, width);
    }
    if (channels != 1 && channels != 3) return agon_fail(message, "an image has 1 or 3 channels, not %u", channels);
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    image.height = height;
    image.width = width;
    image.format = channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    uint8_t *bytes = malloc(size);
    if (bytes == NULL) return agon_fail(message, "no memory for a PNG of %u x %u pixels", height, width);
    int status;
    if (png_image_write_to_memory(&image, bytes, &size, 0, pixels, 0, NULL)) {
        status = agon_file_write(path, bytes, size, message);
    } else {
        status = agon_fail(message, "cannot encode the PNG: %s", image.message);
    }
    png_image_free(&image);
    free(bytes);
    return status;
}

// PNG through libpng. Values are those stored: no gamma is applied, and 16 bits become 8 by their upper byte. Palettes and
// fewer bits become grey or RGB of 8 bits; alpha, of a channel or of one transparent colour, lets the background through.
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

uint32_t agon_big_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

// The bytes 8 to 32 of a PNG are its IHDR chunk: length, name, width, height, depth, colour type, 3 methods.
int agon_png_header(const uint8_t *bytes, size_t count, agon_image_info *info, char *message) {
    if (count < 33) return agon_fail(message, "PNG ends in its header, after %zu bytes", count);
    if (memcmp(bytes + 12, "IHDR", 4) != 0) return agon_fail(message, "bad PNG: it does not begin with its header");
    uint32_t width = agon_big_endian(bytes + 16), height = agon_big_endian(bytes + 20);
    if (width > INT32_MAX || height > INT32_MAX) {
        return agon_fail(message, "bad PNG: its header says %u x %u pixels", height, width);
    }
    // Deflate packs at most 1032 bytes in one; a header that promises more pixels than that is wrong, and no memory is
    // allocated for them. One bit per pixel is the least that the format stores.
    if ((uint64_t)width * height / 8 / 1032 > count) {
        return agon_fail(message, "PNG header says %u x %u pixels, which its %zu bytes cannot hold", height, width,
                         count);
    }
    info->height = height;
    info->width = width;
    info->channels = bytes[25] & PNG_COLOR_MASK_COLOR ? 3 : 1;
    for (size_t place = 8; place + 12 <= count;) {
        size_t length = agon_big_endian(bytes + place);
        if (memcmp(bytes + place + 4, "IEND", 4) == 0 || length > count - place - 12) break;
        if (memcmp(bytes + place + 4, "eXIf", 4) == 0) {
            info->orientation = agon_exif_orientation(bytes + place + 8, length);
            break;
        }
        // The control chunk of an animation, before the pixels, begins with the number of frames.
        if (memcmp(bytes + place + 4, "acTL", 4) == 0 && length >= 4) {
            info->hasMore = agon_big_endian(bytes + place + 8) > 1;
        }
        place += 12 + length;
    }
    return 0;
}

typedef struct source {
    const uint8_t *bytes;
    size_t left;
} source;

static void take(png_structp png, png_bytep to, size_t count) {
    source *from = png_get_io_ptr(png);
    if (count > from->left) png_error(png, "the file ends early");
    memcpy(to, from->bytes, count);
    from->bytes += count;
    from->left -= count;
}

static void fail(png_structp png, png_const_charp reason) {
    agon_fail(png_get_error_ptr(png), "bad PNG: %s", reason);
    png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp reason) { (void)png, (void)reason; }

int agon_png_decode(const uint8_t *bytes, size_t count, const agon_image_info *info, uint8_t background,
                    uint8_t *pixels, char *message) {
    source from = {bytes, count};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, fail, ignore);
    png_infop header = png != NULL ? png_create_info_struct(png) : NULL;
    if (header == NULL) {
        png_destroy_read_struct(&png, NULL, NULL);
        return agon_fail(message, "no memory for the PNG decoder");
    }
    // Changed between setjmp and longjmp.
    uint8_t *volatile colours = NULL;
    png_bytep *volatile rows = NULL;
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &header, NULL);
        free(colours);
        free(rows);
        return -1;
    }
    png_set_read_fn(png, &from, take);
    png_set_user_limits(png, INT32_MAX, INT32_MAX);
    // Chunks that say nothing about the values, such as a damaged colour profile, cannot spoil the image.
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, (png_const_bytep)"iCCP\0sRGB\0gAMA\0cHRM\0tEXt\0zTXt\0iTXt\0eXIf", 8);
    png_read_info(png, header);
    if (png_get_image_height(png, header) != info->height || png_get_image_width(png, header) != info->width) {
        png_error(png, "it changed while it was read");
    }
    png_set_strip_16(png);
    png_set_expand(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, header);
    size_t stored = png_get_channels(png, header), channels = info->channels;
    size_t total = (size_t)info->height * info->width;
    if (stored != channels && stored != channels + 1) png_error(png, "its pixels are of another kind");
    if (stored > channels && (colours = malloc(total * stored)) == NULL) png_error(png, "no memory for its pixels");
    if ((rows = malloc(info->height * sizeof *rows)) == NULL) png_error(png, "no memory for its rows");
    uint8_t *target = stored > channels ? colours : pixels;
    for (size_t row = 0; row < info->height; row++) rows[row] = target + row * info->width * stored;
    png_read_image(png, rows);
    png_destroy_read_struct(&png, &header, NULL);
    if (stored > channels) agon_blend(colours, total, channels, background, pixels);
    free(colours);
    free(rows);
    return 0;
}

int agon_png_encode(uint32_t height, uint32_t width, uint32_t channels, const uint8_t *pixels, agon_encoding *to,
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
    *to = (agon_encoding){.bytes = bytes, .capacity = size};
    int status = 0;
    if (!png_image_write_to_memory(&image, bytes, &size, 0, pixels, 0, NULL)) {
        status = agon_fail(message, "cannot encode the PNG: %s", image.message);
    }
    to->count = size;
    png_image_free(&image);
    return status;
}

// Images of all formats, told apart by their first bytes and never by the file's name. The decoders give the pixels as
// they are stored; the orientation that Exif states is applied here, for all formats alike.
#include <stdlib.h>
#include <string.h>

#include "message.h"

static const uint8_t png_signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

static agon_image_format format_of(const uint8_t *bytes, size_t count) {
    if (count >= sizeof png_signature && memcmp(bytes, png_signature, sizeof png_signature) == 0) return AGON_IMAGE_PNG;
    if (count >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff) return AGON_IMAGE_JPEG;
    if (count >= 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0) return AGON_IMAGE_WEBP;
    if (count >= 4 && (memcmp(bytes, "II*\0", 4) == 0 || memcmp(bytes, "MM\0*", 4) == 0
                       || memcmp(bytes, "II+\0", 4) == 0 || memcmp(bytes, "MM\0+", 4) == 0)) {
        return AGON_IMAGE_TIFF;
    }
    if (count >= 6 && (memcmp(bytes, "GIF87a", 6) == 0 || memcmp(bytes, "GIF89a", 6) == 0)) return AGON_IMAGE_GIF;
    // Many texts begin with these two letters; the size of the second header identifies a bitmap.
    if (count >= 18 && bytes[0] == 'B' && bytes[1] == 'M' && bytes[15] == 0 && bytes[16] == 0 && bytes[17] == 0
        && (bytes[14] == 12 || (bytes[14] >= 40 && bytes[14] <= 124))) {
        return AGON_IMAGE_BMP;
    }
    return AGON_IMAGE_UNKNOWN;
}

// What a file is if it is not an image in a supported format, if that can be recognised.
static const char *foreign_kind(const uint8_t *bytes, size_t count) {
    static const struct {
        size_t offset;
        const char *text, *kind;
    } kinds[] = {
        {4, "ftypavif", "an AVIF image"},     {4, "ftypheic", "a HEIC image"},  {4, "ftypmif1", "a HEIF image"},
        {0, "8BPS", "a Photoshop file"},      {0, "%PDF", "a PDF"},             {0, "<!DOCTYPE", "a web page"},
        {0, "<html", "a web page"},           {0, "<svg", "an SVG drawing"},    {0, "version https://git-lfs", "a Git LFS pointer"},
        {0, "\xff\x0a", "a JPEG XL image"},   {0, "PK\x03\x04", "a zip archive"}, {4, "ftyp", "a video"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t length = strlen(kinds[i].text);
        if (count >= kinds[i].offset + length && memcmp(bytes + kinds[i].offset, kinds[i].text, length) == 0) {
            return kinds[i].kind;
        }
    }
    return NULL;
}

static int unknown_format(const uint8_t *bytes, size_t count, char *message) {
    const char *kind = foreign_kind(bytes, count);
    return agon_fail(message, "%s%snot a PNG, JPEG, WebP, TIFF, GIF or BMP", kind != NULL ? kind : "",
                     kind != NULL ? ", " : "");
}

// Bounds on the pixels that a compressed byte can hold, so that no memory is allocated because of a damaged header: a
// GIF's code stands for at most 4096 pixels, a bitmap's run of two bytes for 255, fax coding of white pages for some
// ten thousand. The decoders of PNG (png.c) and JPEG check themselves; a WebP of one colour may be arbitrarily small.
static uint64_t most_pixels_per_byte(agon_image_format format) {
    switch (format) {
    case AGON_IMAGE_GIF: return 4096;
    case AGON_IMAGE_BMP: return 1024;
    case AGON_IMAGE_TIFF: return 65536;
    default: return AGON_IMAGE_MAX_PIXELS;
    }
}

int agon_image_header(const uint8_t *bytes, size_t count, agon_image_info *info, char *message) {
    memset(info, 0, sizeof *info);
    if (count == 0) return agon_fail(message, "the file is empty");
    info->orientation = 1;
    int status = -1;
    switch (info->format = format_of(bytes, count)) {
    case AGON_IMAGE_PNG: status = agon_png_header(bytes, count, info, message); break;
    case AGON_IMAGE_JPEG: status = agon_jpeg_header(bytes, count, info, message); break;
    case AGON_IMAGE_WEBP: status = agon_webp_header(bytes, count, info, message); break;
    case AGON_IMAGE_TIFF: status = agon_tiff_header(bytes, count, info, message); break;
    case AGON_IMAGE_GIF: status = agon_gif_header(bytes, count, info, message); break;
    case AGON_IMAGE_BMP: status = agon_bmp_header(bytes, count, info, message); break;
    case AGON_IMAGE_UNKNOWN: return unknown_format(bytes, count, message);
    }
    if (status < 0) return status;
    if (info->height == 0 || info->width == 0) {
        return agon_fail(message, "its header says %u x %u pixels", info->height, info->width);
    }
    if ((uint64_t)info->height * info->width > AGON_IMAGE_MAX_PIXELS) {
        return agon_fail(message, "its header says %u x %u pixels, over the limit of %llu", info->height, info->width,
                         (unsigned long long)AGON_IMAGE_MAX_PIXELS);
    }
    if ((uint64_t)info->height * info->width / most_pixels_per_byte(info->format) > count) {
        return agon_fail(message, "its header says %u x %u pixels, which its %zu bytes cannot hold", info->height,
                         info->width, count);
    }
    if (info->orientation < 1 || info->orientation > 8) info->orientation = 1;
    if (info->orientation >= 5) {
        uint32_t height = info->height;
        info->height = info->width;
        info->width = height;
    }
    return 0;
}

static int decode_stored(const uint8_t *bytes, size_t count, const agon_image_info *stored, uint8_t background,
                         uint8_t *pixels, char *message) {
    switch (stored->format) {
    case AGON_IMAGE_PNG: return agon_png_decode(bytes, count, stored, background, pixels, message);
    case AGON_IMAGE_JPEG: return agon_jpeg_decode(bytes, count, stored, pixels, message);
    case AGON_IMAGE_WEBP: return agon_webp_decode(bytes, count, stored, background, pixels, message);
    case AGON_IMAGE_TIFF: return agon_tiff_decode(bytes, count, stored, background, pixels, message);
    case AGON_IMAGE_GIF: return agon_gif_decode(bytes, count, stored, background, pixels, message);
    case AGON_IMAGE_BMP: return agon_bmp_decode(bytes, count, stored, background, pixels, message);
    case AGON_IMAGE_UNKNOWN: break;
    }
    return unknown_format(bytes, count, message);
}

// Exif 2.32, table 6, tag 274: the side of the scene at which the first row and the first column lie.
// 1 top left, 2 top right, 3 bottom right, 4 bottom left, 5 left top, 6 right top, 7 right bottom, 8 left bottom.
static void turn(const uint8_t *stored, const agon_image_info *upright, uint8_t *pixels) {
    size_t height = upright->height, width = upright->width, channels = upright->channels;
    int swaps = upright->orientation >= 5;
    size_t rows = swaps ? width : height, columns = swaps ? height : width;
    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++) {
            size_t row = swaps ? x : y, column = swaps ? y : x;
            switch (upright->orientation) {
            case 2: column = columns - 1 - column; break;
            case 3: row = rows - 1 - row, column = columns - 1 - column; break;
            case 4: row = rows - 1 - row; break;
            case 6: row = rows - 1 - row; break;
            case 7: row = rows - 1 - row, column = columns - 1 - column; break;
            case 8: column = columns - 1 - column; break;
            default: break;
            }
            memcpy(pixels + (y * width + x) * channels, stored + (row * columns + column) * channels, channels);
        }
    }
}

int agon_image_decode(const uint8_t *bytes, size_t count, const agon_image_info *info, uint8_t background,
                      uint8_t *pixels, char *message) {
    if (info->orientation <= 1) return decode_stored(bytes, count, info, background, pixels, message);
    agon_image_info stored = *info;
    if (info->orientation >= 5) {
        stored.height = info->width;
        stored.width = info->height;
    }
    uint8_t *turned = malloc((size_t)info->height * info->width * info->channels);
    if (turned == NULL) return agon_fail(message, "no memory for %u x %u pixels", info->height, info->width);
    int status = decode_stored(bytes, count, &stored, background, turned, message);
    if (status == 0) turn(turned, info, pixels);
    free(turned);
    return status;
}

int agon_image_is_cut(const uint8_t *bytes, size_t count, const agon_image_info *info, char *message) {
    if (info->format == AGON_IMAGE_PNG) {
        size_t place = sizeof png_signature;
        while (place + 12 <= count) {
            if (memcmp(bytes + place + 4, "IEND", 4) == 0) return 0;
            place += 12 + (size_t)agon_big_endian(bytes + place);
        }
        return agon_fail(message, "the PNG ends early, after %zu bytes", count);
    }
    if (info->format == AGON_IMAGE_JPEG) {
        for (size_t place = count; place >= 2; place--) {
            if (bytes[place - 2] == 0xff && bytes[place - 1] == 0xd9) return 0;
        }
        return agon_fail(message, "the JPEG ends early, after %zu bytes", count);
    }
    return 0;
}

void agon_blend(const uint8_t *from, size_t count, size_t channels, uint8_t background, uint8_t *to) {
    for (size_t i = 0; i < count; i++) {
        unsigned alpha = from[i * (channels + 1) + channels];
        for (size_t c = 0; c < channels; c++) {
            unsigned sum = from[i * (channels + 1) + c] * alpha + background * (255 - alpha);
            to[i * channels + c] = (uint8_t)((sum + 127) / 255);
        }
    }
}

// BMP: there is no packaged library for this format alone. Format: Microsoft, "Bitmap Storage" and BITMAPV5HEADER,
// Win32 API. Headers of all versions; palettes of 1, 4 and 8 bits, plain or run-length encoded; 16, 24 and 32 bits with
// any masks.
#include <stdlib.h>
#include <string.h>

#include "message.h"

enum { RGB = 0, RLE8 = 1, RLE4 = 2, BITFIELDS = 3, ALPHA_BITFIELDS = 6 };

typedef struct bitmap {
    uint32_t width, height, bits, compression, colours, paletteEntry;
    size_t palette, pixels;
    uint32_t masks[4];
    int isTopDown;
} bitmap;

static uint32_t two(const uint8_t *bytes) { return bytes[0] | (uint32_t)bytes[1] << 8; }
static uint32_t four(const uint8_t *bytes) { return two(bytes) | two(bytes + 2) << 16; }

static int parse(const uint8_t *bytes, size_t count, bitmap *is, char *message) {
    memset(is, 0, sizeof *is);
    size_t size = count >= 18 ? four(bytes + 14) : 0;
    if (count < 26 || count - 14 < size) {
        return agon_fail(message, "the BMP ends in its header, after %zu bytes", count);
    }
    is->pixels = four(bytes + 10);
    is->palette = 14 + size;
    if (size == 12) {
        is->width = two(bytes + 18), is->height = two(bytes + 20), is->bits = two(bytes + 24), is->paletteEntry = 3;
    } else {
        int32_t width = (int32_t)four(bytes + 18), height = (int32_t)four(bytes + 22);
        if (size < 40 || width <= 0 || height == 0 || height == INT32_MIN) {
            return agon_fail(message, "bad BMP: its header says %d x %d pixels", height, width);
        }
        is->isTopDown = height < 0;
        is->width = (uint32_t)width, is->height = (uint32_t)(height < 0 ? -height : height);
        is->bits = two(bytes + 28), is->compression = four(bytes + 30), is->colours = four(bytes + 46);
        is->paletteEntry = 4;
        if (is->compression == BITFIELDS || is->compression == ALPHA_BITFIELDS) {
            size_t number = size >= 56 || is->compression == ALPHA_BITFIELDS ? 4 : 3;
            if (count < 54 + 4 * number) return agon_fail(message, "the BMP ends in its masks");
            for (size_t i = 0; i < number; i++) is->masks[i] = four(bytes + 54 + 4 * i);
            if (size == 40) is->palette += 4 * number;
        }
    }
    uint32_t bits = is->bits;
    if (bits != 1 && bits != 4 && bits != 8 && bits != 16 && bits != 24 && bits != 32) {
        return agon_fail(message, "bad BMP: %u bits a pixel", bits);
    }
    int isFitting = is->compression == RGB || (is->compression == RLE8 && bits == 8)
        || (is->compression == RLE4 && bits == 4)
        || ((is->compression == BITFIELDS || is->compression == ALPHA_BITFIELDS) && bits >= 16);
    if (!isFitting) return agon_fail(message, "a BMP of compression %u with %u bits a pixel is not read", is->compression, bits);
    if (is->compression == RGB && bits == 16) is->masks[0] = 0x7c00, is->masks[1] = 0x3e0, is->masks[2] = 0x1f;
    if (is->compression == RGB && bits == 32) is->masks[0] = 0xff0000, is->masks[1] = 0xff00, is->masks[2] = 0xff;
    if (bits <= 8) {
        uint32_t most = 1u << bits;
        if (is->colours == 0 || is->colours > most) is->colours = most;
        if (is->palette > count || (count - is->palette) / is->paletteEntry < is->colours) {
            return agon_fail(message, "the BMP ends in its palette");
        }
    }
    if (is->pixels > count) return agon_fail(message, "the BMP ends before its pixels");
    return 0;
}

int agon_bmp_header(const uint8_t *bytes, size_t count, agon_image_info *info, char *message) {
    bitmap is;
    if (parse(bytes, count, &is, message) != 0) return -1;
    info->height = is.height;
    info->width = is.width;
    info->channels = 3;
    return 0;
}

// A masked value widened to 8 bits.
static unsigned masked(uint32_t pixel, uint32_t mask) {
    if (mask == 0) return 0;
    int shift = __builtin_ctz(mask);
    uint64_t most = mask >> shift;
    return (unsigned)(((uint64_t)((pixel & mask) >> shift) * 255 + most / 2) / most);
}

// Runs to one index per pixel, from the bottom row up. What they leave out is colour 0.
static int expand_runs(const uint8_t *bytes, size_t count, const bitmap *is, uint8_t *indices, char *message) {
    size_t place = is->pixels, x = 0, row = 0;
    memset(indices, 0, (size_t)is->width * is->height);
    while (place + 2 <= count && row < is->height) {
        unsigned number = bytes[place], value = bytes[place + 1];
        place += 2;
        uint8_t *line = indices + (is->height - 1 - row) * is->width;
        if (number > 0) {
            for (unsigned i = 0; i < number && x < is->width; i++, x++) {
                line[x] = (uint8_t)(is->bits == 8 ? value : i % 2 == 0 ? value >> 4 : value & 15);
            }
        } else if (value == 0) {
            x = 0, row++;
        } else if (value == 1) {
            return 0;
        } else if (value == 2) {
            if (place + 2 > count) break;
            x += bytes[place], row += bytes[place + 1];
            place += 2;
        } else {
            size_t length = is->bits == 8 ? value : (value + 1) / 2;
            if (place + length > count) break;
            for (unsigned i = 0; i < value && x < is->width; i++, x++) {
                unsigned pair = is->bits == 8 ? 0 : bytes[place + i / 2];
                line[x] = (uint8_t)(is->bits == 8 ? bytes[place + i] : i % 2 == 0 ? pair >> 4 : pair & 15);
            }
            place += length + length % 2;
        }
    }
    return row >= is->height ? 0 : agon_fail(message, "the BMP ends early, in row %zu of %u", row, is->height);
}

int agon_bmp_decode(const uint8_t *bytes, size_t count, const agon_image_info *info, uint8_t background,
                    uint8_t *pixels, char *message) {
    bitmap is;
    if (parse(bytes, count, &is, message) != 0) return -1;
    if (is.height != info->height || is.width != info->width) return agon_fail(message, "BMP changed while it was read");
    size_t width = is.width, height = is.height;
    uint8_t *indices = NULL;
    size_t stride = ((size_t)is.bits * width + 31) / 32 * 4;
    if (is.compression == RLE8 || is.compression == RLE4) {
        indices = malloc(width * height);
        if (indices == NULL) return agon_fail(message, "no memory for %zu pixels", width * height);
        if (expand_runs(bytes, count, &is, indices, message) != 0) {
            free(indices);
            return -1;
        }
    } else if ((count - is.pixels) / stride < height) {
        // The last row may lack its padding.
        size_t needed = stride * (height - 1) + ((size_t)is.bits * width + 7) / 8;
        if (count - is.pixels < needed) {
            return agon_fail(message, "the BMP ends early: %zu bytes of %zu", count - is.pixels, needed);
        }
    }
    for (size_t y = 0; y < height; y++) {
        const uint8_t *row = bytes + is.pixels + (is.isTopDown ? y : height - 1 - y) * stride;
        uint8_t *to = pixels + 3 * y * width;
        for (size_t x = 0; x < width; x++, to += 3) {
            if (is.bits <= 8) {
                unsigned each = 8 / is.bits, shift = 8 - is.bits * (unsigned)(x % each + 1);
                unsigned index = indices != NULL ? indices[y * width + x] : row[x / each] >> shift & ((1u << is.bits) - 1);
                if (index >= is.colours) {
                    free(indices);
                    return agon_fail(message, "bad BMP: colour %u of %u", index, is.colours);
                }
                const uint8_t *colour = bytes + is.palette + (size_t)is.paletteEntry * index;
                to[0] = colour[2], to[1] = colour[1], to[2] = colour[0];
            } else if (is.bits == 24) {
                to[0] = row[3 * x + 2], to[1] = row[3 * x + 1], to[2] = row[3 * x];
            } else {
                uint32_t pixel = is.bits == 16 ? two(row + 2 * x) : four(row + 4 * x);
                uint8_t colour[4] = {(uint8_t)masked(pixel, is.masks[0]), (uint8_t)masked(pixel, is.masks[1]),
                                     (uint8_t)masked(pixel, is.masks[2]),
                                     (uint8_t)(is.masks[3] == 0 ? 255 : masked(pixel, is.masks[3]))};
                agon_blend(colour, 1, 3, background, to);
            }
        }
    }
    free(indices);
    return 0;
}

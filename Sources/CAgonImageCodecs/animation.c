// Animations: GIF through giflib, and APNG, whose frames are PNGs by libpng with their data in chunks of their own
// (https://www.w3.org/TR/png-3/, section 11.3.6). Both play for ever.
#include <gif_lib.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "message.h"

static int check(uint32_t frames, uint32_t height, uint32_t width, uint32_t channels, char *message) {
    if (frames == 0) return agon_fail(message, "an animation needs a frame");
    if (height == 0 || width == 0 || (uint64_t)height * width > AGON_IMAGE_MAX_PIXELS) {
        return agon_fail(message, "an image of %u x %u pixels cannot be written", height, width);
    }
    if (channels != 1 && channels != 3) return agon_fail(message, "an image has 1 or 3 channels, not %u", channels);
    return 0;
}

static int finish(const agon_encoding *to, int status, char *message) {
    return status == 0 && to->hasFailed ? agon_fail(message, "no memory for the animation") : status;
}

// ---- GIF

static int put(GifFileType *file, const GifByteType *bytes, int count) {
    agon_encoding *to = file->UserData;
    agon_append(to, bytes, (size_t)count);
    return to->hasFailed ? 0 : count;
}

// The frame's colours: grey levels as they are, colours reduced to 256.
static ColorMapObject *colours(uint32_t height, uint32_t width, uint32_t channels, const uint8_t *pixels,
                               uint8_t *planes, uint8_t *indices) {
    ColorMapObject *map = GifMakeMapObject(256, NULL);
    if (map == NULL) return NULL;
    size_t total = (size_t)height * width;
    if (channels == 1) {
        for (int level = 0; level < 256; level++) {
            map->Colors[level] = (GifColorType){(GifByteType)level, (GifByteType)level, (GifByteType)level};
        }
        memcpy(indices, pixels, total);
        return map;
    }
    for (size_t pixel = 0; pixel < total; pixel++) {
        for (size_t channel = 0; channel < 3; channel++) {
            planes[channel * total + pixel] = pixels[3 * pixel + channel];
        }
    }
    int size = 256;
    if (GifQuantizeBuffer(width, height, &size, planes, planes + total, planes + 2 * total, indices, map->Colors)
        == GIF_ERROR) {
        GifFreeMapObject(map);
        return NULL;
    }
    return map;
}

static int put_frame(GifFileType *file, const ColorMapObject *map, uint32_t height, uint32_t width,
                     uint8_t *indices, uint32_t milliseconds) {
    GraphicsControlBlock control = {
        .DisposalMode = DISPOSE_DO_NOT, .DelayTime = (int)((milliseconds + 5) / 10),
        .TransparentColor = NO_TRANSPARENT_COLOR};
    GifByteType extension[4];
    EGifGCBToExtension(&control, extension);
    if (EGifPutExtension(file, GRAPHICS_EXT_FUNC_CODE, 4, extension) == GIF_ERROR
        || EGifPutImageDesc(file, 0, 0, (int)width, (int)height, false, map) == GIF_ERROR) {
        return -1;
    }
    for (uint32_t row = 0; row < height; row++) {
        if (EGifPutLine(file, indices + (size_t)row * width, (int)width) == GIF_ERROR) return -1;
    }
    return 0;
}

int agon_gif_encode(uint32_t frames, uint32_t height, uint32_t width, uint32_t channels, const uint8_t *pixels,
                    const uint32_t *milliseconds, agon_encoding *to, char *message) {
    if (check(frames, height, width, channels, message) != 0) return -1;
    if (height > 65535 || width > 65535) return agon_fail(message, "a GIF has at most 65535 pixels a side");
    size_t total = (size_t)height * width;
    uint8_t *indices = malloc(total), *planes = malloc(3 * total);
    int error = 0;
    GifFileType *file = indices != NULL && planes != NULL ? EGifOpen(to, put, &error) : NULL;
    int status = file != NULL ? 0 : agon_fail(message, "no memory for the animation");
    if (file != NULL) {
        EGifSetGifVersion(file, true);
        const GifByteType forever[3] = {1, 0, 0};
        if (EGifPutScreenDesc(file, (int)width, (int)height, 8, 0, NULL) == GIF_ERROR
            || EGifPutExtensionLeader(file, APPLICATION_EXT_FUNC_CODE) == GIF_ERROR
            || EGifPutExtensionBlock(file, 11, "NETSCAPE2.0") == GIF_ERROR
            || EGifPutExtensionBlock(file, 3, forever) == GIF_ERROR
            || EGifPutExtensionTrailer(file) == GIF_ERROR) {
            status = agon_fail(message, "cannot encode the GIF");
        }
        for (uint32_t frame = 0; frame < frames && status == 0; frame++) {
            ColorMapObject *map =
                colours(height, width, channels, pixels + frame * total * channels, planes, indices);
            if (map == NULL || put_frame(file, map, height, width, indices, milliseconds[frame]) != 0) {
                status = agon_fail(message, "cannot encode frame %u of the GIF", frame);
            }
            if (map != NULL) GifFreeMapObject(map);
        }
        if (EGifCloseFile(file, &error) == GIF_ERROR && status == 0) {
            status = agon_fail(message, "cannot encode the GIF");
        }
    }
    free(indices);
    free(planes);
    return finish(to, status, message);
}

// ---- APNG

static void big_endian(uint32_t value, uint8_t *to) {
    for (int byte = 0; byte < 4; byte++) to[byte] = (uint8_t)(value >> (24 - 8 * byte));
}

// A chunk of a head and a body, one after the other.
static void put_chunk(agon_encoding *to, const char *name, const uint8_t *head, size_t headCount, const uint8_t *body,
                      size_t bodyCount) {
    uint8_t field[4];
    big_endian((uint32_t)(headCount + bodyCount), field);
    agon_append(to, field, 4);
    agon_append(to, name, 4);
    agon_append(to, head, headCount);
    if (bodyCount > 0) agon_append(to, body, bodyCount);
    uLong sum = crc32(0, (const Bytef *)name, 4);
    sum = crc32(sum, head, (uInt)headCount);
    if (bodyCount > 0) sum = crc32(sum, body, (uInt)bodyCount);
    big_endian((uint32_t)sum, field);
    agon_append(to, field, 4);
}

static void put_control(agon_encoding *to, uint32_t *sequence, uint32_t height, uint32_t width, uint32_t milliseconds) {
    uint8_t control[26] = {0};
    big_endian((*sequence)++, control);
    big_endian(width, control + 4);
    big_endian(height, control + 8);
    // Delay of milliseconds / 1000; bytes 24 and 25: the frame stays, and replaces what was there.
    control[20] = (uint8_t)(milliseconds >> 8), control[21] = (uint8_t)milliseconds;
    control[22] = 1000 >> 8, control[23] = (uint8_t)(1000 & 0xff);
    put_chunk(to, "fcTL", control, 26, NULL, 0);
}

// The chunks of a frame's PNG: all of the first, the data alone of the others.
static void put_png(agon_encoding *to, const uint8_t *bytes, size_t count, uint32_t frame, uint32_t frames,
                    uint32_t *sequence, uint32_t height, uint32_t width, uint32_t milliseconds) {
    if (frame == 0) agon_append(to, bytes, 8);
    int hasControl = 0;
    for (size_t place = 8; place + 12 <= count;) {
        size_t length = agon_big_endian(bytes + place);
        const uint8_t *name = bytes + place + 4, *data = name + 4;
        int isData = memcmp(name, "IDAT", 4) == 0, isEnd = memcmp(name, "IEND", 4) == 0;
        if (isData && !hasControl) {
            put_control(to, sequence, height, width, milliseconds);
            hasControl = 1;
        }
        if (isData && frame > 0) {
            uint8_t number[4];
            big_endian((*sequence)++, number);
            put_chunk(to, "fdAT", number, 4, data, length);
        } else if (frame == 0 && !isEnd) {
            agon_append(to, bytes + place, 12 + length);
        }
        if (frame == 0 && memcmp(name, "IHDR", 4) == 0) {
            uint8_t animation[8] = {0};
            big_endian(frames, animation);
            put_chunk(to, "acTL", animation, 8, NULL, 0);
        }
        place += 12 + length;
    }
}

int agon_apng_encode(uint32_t frames, uint32_t height, uint32_t width, uint32_t channels, const uint8_t *pixels,
                     const uint32_t *milliseconds, agon_encoding *to, char *message) {
    if (check(frames, height, width, channels, message) != 0) return -1;
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    image.height = height;
    image.width = width;
    image.format = channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    png_alloc_size_t limit = PNG_IMAGE_PNG_SIZE_MAX(image);
    uint8_t *bytes = malloc(limit);
    if (bytes == NULL) return agon_fail(message, "no memory for a frame of %u x %u pixels", height, width);
    int status = 0;
    uint32_t sequence = 0;
    for (uint32_t frame = 0; frame < frames && status == 0; frame++) {
        png_alloc_size_t size = limit;
        const uint8_t *from = pixels + (size_t)frame * height * width * channels;
        if (!png_image_write_to_memory(&image, bytes, &size, 0, from, 0, NULL)) {
            status = agon_fail(message, "cannot encode frame %u: %s", frame, image.message);
            break;
        }
        put_png(to, bytes, size, frame, frames, &sequence, height, width, milliseconds[frame]);
    }
    put_chunk(to, "IEND", (const uint8_t *)"", 0, NULL, 0);
    png_image_free(&image);
    free(bytes);
    return finish(to, status, message);
}

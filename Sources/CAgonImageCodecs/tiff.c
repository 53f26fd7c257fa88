// TIFF through libtiff: the first image of the file. Sixteen bits become eight by their upper byte; all else goes through
// libtiff's conversion to colours.
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

#include "message.h"

typedef struct source {
    const uint8_t *bytes;
    size_t count, place;
    char *message;
    int isBad;
} source;

static tmsize_t read_bytes(thandle_t handle, void *to, tmsize_t count) {
    source *from = handle;
    if (count < 0 || from->place >= from->count) return 0;
    size_t left = from->count - from->place, got = (size_t)count < left ? (size_t)count : left;
    memcpy(to, from->bytes + from->place, got);
    from->place += got;
    return (tmsize_t)got;
}

static tmsize_t write_bytes(thandle_t handle, void *bytes, tmsize_t count) {
    (void)handle, (void)bytes, (void)count;
    return -1;
}

static toff_t seek_bytes(thandle_t handle, toff_t offset, int whence) {
    source *from = handle;
    toff_t base = whence == SEEK_CUR ? from->place : whence == SEEK_END ? from->count : 0;
    from->place = (size_t)(base + offset);
    return from->place;
}

static toff_t size_of(thandle_t handle) { return ((source *)handle)->count; }

static int close_source(thandle_t handle) {
    (void)handle;
    return 0;
}

static int map_bytes(thandle_t handle, void **base, toff_t *size) {
    source *from = handle;
    *base = (void *)from->bytes;
    *size = from->count;
    return 1;
}

static void unmap_bytes(thandle_t handle, void *base, toff_t size) { (void)handle, (void)base, (void)size; }

static int on_error(TIFF *file, void *user, const char *module, const char *format, va_list arguments) {
    (void)file, (void)module;
    source *from = user;
    if (!from->isBad) {
        char text[AGON_MESSAGE_SIZE];
        vsnprintf(text, sizeof text, format, arguments);
        agon_fail(from->message, "bad TIFF: %.200s", text);
    }
    from->isBad = 1;
    return 1;
}

static int on_warning(TIFF *file, void *user, const char *module, const char *format, va_list arguments) {
    (void)file, (void)user, (void)module, (void)format, (void)arguments;
    return 1;
}

static TIFF *open_file(source *from) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (options == NULL) {
        agon_fail(from->message, "no memory for the TIFF decoder");
        return NULL;
    }
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)(4 * AGON_IMAGE_MAX_PIXELS));
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, from);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, from);
    TIFF *file = TIFFClientOpenExt("image", "r", from, read_bytes, write_bytes, seek_bytes, close_source, size_of,
                                   map_bytes, unmap_bytes, options);
    TIFFOpenOptionsFree(options);
    if (file == NULL && !from->isBad) agon_fail(from->message, "bad TIFF: damaged header");
    return file;
}

typedef struct layout {
    uint16_t bits, samples, photometric, planar, orientation, format, extra;
} layout;

static layout layout_of(TIFF *file) {
    layout is = {.orientation = ORIENTATION_TOPLEFT, .photometric = PHOTOMETRIC_RGB};
    uint16_t *kinds = NULL, count = 0;
    TIFFGetFieldDefaulted(file, TIFFTAG_BITSPERSAMPLE, &is.bits);
    TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLESPERPIXEL, &is.samples);
    TIFFGetFieldDefaulted(file, TIFFTAG_PLANARCONFIG, &is.planar);
    TIFFGetFieldDefaulted(file, TIFFTAG_ORIENTATION, &is.orientation);
    TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLEFORMAT, &is.format);
    TIFFGetField(file, TIFFTAG_PHOTOMETRIC, &is.photometric);
    TIFFGetFieldDefaulted(file, TIFFTAG_EXTRASAMPLES, &count, &kinds);
    is.extra = count > 0 ? kinds[0] : (uint16_t)EXTRASAMPLE_UNSPECIFIED;
    return is;
}

int agon_tiff_header(const uint8_t *bytes, size_t count, agon_image_info *info, char *message) {
    source from = {bytes, count, 0, message, 0};
    TIFF *file = open_file(&from);
    if (file == NULL) return -1;
    uint32_t width = 0, height = 0;
    TIFFGetField(file, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(file, TIFFTAG_IMAGELENGTH, &height);
    layout is = layout_of(file);
    info->height = height;
    info->width = width;
    info->channels = is.photometric == PHOTOMETRIC_MINISBLACK || is.photometric == PHOTOMETRIC_MINISWHITE ? 1 : 3;
    info->orientation = (uint8_t)is.orientation;
    info->hasMore = !TIFFLastDirectory(file);
    TIFFClose(file);
    if (!from.isBad && is.format == SAMPLEFORMAT_INT) {
        return agon_fail(message, "a TIFF of signed %u-bit values; expected unsigned 8 or 16 bits", is.bits);
    }
    return from.isBad ? -1 : 0;
}

static unsigned byte_of(const void *line, size_t index, uint16_t bits) {
    return bits == 16 ? ((const uint16_t *)line)[index] >> 8 : ((const uint8_t *)line)[index];
}

// Rows of 8 or 16 bits, grey or RGB, with or without alpha. Other extra samples, such as infrared, are left out.
static int decode_rows(TIFF *file, layout is, const agon_image_info *info, uint8_t background, uint8_t *pixels,
                               source *from) {
    size_t width = info->width, channels = info->channels;
    int hasAlpha = is.samples > channels && is.extra != EXTRASAMPLE_UNSPECIFIED;
    size_t size = (size_t)TIFFScanlineSize(file);
    if (size < is.bits / 8 * width * is.samples) return agon_fail(from->message, "bad TIFF: its rows are too short");
    void *line = malloc(size);
    if (line == NULL) return agon_fail(from->message, "no memory for a row of the TIFF");
    for (uint32_t row = 0; row < info->height; row++) {
        if (TIFFReadScanline(file, line, row, 0) < 0 || from->isBad) {
            free(line);
            return from->isBad ? -1 : agon_fail(from->message, "bad TIFF: damaged pixels");
        }
        for (size_t x = 0; x < width; x++) {
            size_t first = x * is.samples;
            unsigned alpha = hasAlpha ? byte_of(line, first + channels, is.bits) : 255;
            for (size_t c = 0; c < channels; c++) {
                unsigned value = byte_of(line, first + c, is.bits);
                if (is.photometric == PHOTOMETRIC_MINISWHITE) value = 255 - value;
                unsigned light = is.extra == EXTRASAMPLE_ASSOCALPHA && hasAlpha ? value * 255 : value * alpha;
                unsigned sum = (light + background * (255 - alpha) + 127) / 255;
                pixels[((size_t)row * width + x) * channels + c] = (uint8_t)(sum > 255 ? 255 : sum);
            }
        }
    }
    free(line);
    return 0;
}

int agon_tiff_decode(const uint8_t *bytes, size_t count, const agon_image_info *info, uint8_t background,
                     uint8_t *pixels, char *message) {
    source from = {bytes, count, 0, message, 0};
    TIFF *file = open_file(&from);
    if (file == NULL) return -1;
    layout is = layout_of(file);
    size_t total = (size_t)info->height * info->width, channels = info->channels;
    int isPlain = is.photometric == PHOTOMETRIC_RGB || channels == 1;
    int status = 0;
    // The library takes any fourth sample for alpha, and grey with alpha for premultiplied.
    int isOurs = (is.bits == 16 && is.samples >= channels) || (is.bits == 8 && is.samples > channels);
    if (isOurs && is.format == SAMPLEFORMAT_UINT && is.planar == PLANARCONFIG_CONTIG && isPlain && !TIFFIsTiled(file)) {
        status = decode_rows(file, is, info, background, pixels, &from);
        TIFFClose(file);
        return status;
    }
    uint32_t *raster = malloc(total * sizeof *raster);
    // The orientation asked for is the stored one, so that nothing is turned here. Colours come multiplied by alpha.
    uint16_t orientation = is.orientation >= 1 && is.orientation <= 8 ? is.orientation : ORIENTATION_TOPLEFT;
    if (raster == NULL) {
        status = agon_fail(message, "no memory for %zu pixels", total);
    } else if (!TIFFReadRGBAImageOriented(file, info->width, info->height, raster, orientation, 1) || from.isBad) {
        status = from.isBad ? -1 : agon_fail(message, "bad TIFF: its kind of pixels cannot be read");
    } else {
        for (size_t i = 0; i < total; i++) {
            unsigned rest = background * (255 - TIFFGetA(raster[i]));
            unsigned values[3] = {TIFFGetR(raster[i]), TIFFGetG(raster[i]), TIFFGetB(raster[i])};
            for (size_t c = 0; c < channels; c++) {
                unsigned sum = values[c] + (rest + 127) / 255;
                pixels[i * channels + c] = (uint8_t)(sum > 255 ? 255 : sum);
            }
        }
    }
    free(raster);
    TIFFClose(file);
    return status;
}

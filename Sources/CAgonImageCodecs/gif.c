// GIF through giflib: the first frame on its canvas. Areas outside the frame, and its transparent colour, show the
// background.
#include <gif_lib.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

typedef struct source {
    const uint8_t *bytes;
    size_t left;
} source;

static int take(GifFileType *file, GifByteType *to, int count) {
    source *from = file->UserData;
    size_t got = (size_t)count < from->left ? (size_t)count : from->left;
    memcpy(to, from->bytes, got);
    from->bytes += got;
    from->left -= got;
    return (int)got;
}

// Whether a second frame follows: blocks are skipped by their lengths, nothing is decoded.
static int has_second_frame(const uint8_t *bytes, size_t count) {
    size_t place = 13 + (bytes[10] & 0x80 ? (size_t)6 << (bytes[10] & 7) : 0);
    int frames = 0;
    while (place + 2 < count) {
        if (bytes[place] == 0x2c) {
            if (++frames == 2) return 1;
            if (count - place < 11) return 0;
            uint8_t flags = bytes[place + 9];
            place += 11 + (flags & 0x80 ? (size_t)6 << (flags & 7) : 0);
        } else if (bytes[place] == 0x21) {
            place += 2;
        } else {
            return 0;
        }
        while (place < count && bytes[place] != 0) place += 1 + (size_t)bytes[place];
        place++;
    }
    return 0;
}

int agon_gif_header(const uint8_t *bytes, size_t count, agon_image_info *info, char *message) {
    if (count < 13) return agon_fail(message, "the GIF ends in its header, after %zu bytes", count);
    info->width = bytes[6] | (uint32_t)bytes[7] << 8;
    info->height = bytes[8] | (uint32_t)bytes[9] << 8;
    info->channels = 3;
    info->hasMore = (uint8_t)has_second_frame(bytes, count);
    return 0;
}

static int read_frame(GifFileType *file, int transparent, const agon_image_info *info, uint8_t *pixels,
                      char *message) {
    size_t width = (size_t)file->Image.Width, height = (size_t)file->Image.Height;
    size_t left = (size_t)file->Image.Left, top = (size_t)file->Image.Top;
    const ColorMapObject *map = file->Image.ColorMap != NULL ? file->Image.ColorMap : file->SColorMap;
    if (map == NULL) return agon_fail(message, "bad GIF: it has no colours");
    if (width == 0 || height == 0 || left + width > info->width || top + height > info->height) {
        return agon_fail(message, "bad GIF: its frame leaves its canvas");
    }
    uint8_t *line = malloc(width);
    if (line == NULL) return agon_fail(message, "no memory for a row of the GIF");
    // Interlaced rows come in four passes.
    static const size_t starts[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2};
    int isInterlaced = file->Image.Interlace;
    int status = 0;
    for (int pass = 0; pass < (isInterlaced ? 4 : 1) && status == 0; pass++) {
        size_t step = isInterlaced ? steps[pass] : 1;
        for (size_t row = isInterlaced ? starts[pass] : 0; row < height && status == 0; row += step) {
            if (DGifGetLine(file, line, (int)width) == GIF_ERROR) {
                const char *reason = GifErrorString(file->Error);
                status = agon_fail(message, "bad GIF: %s", reason != NULL ? reason : "damaged pixels");
                break;
            }
            uint8_t *to = pixels + 3 * ((top + row) * info->width + left);
            for (size_t x = 0; x < width; x++, to += 3) {
                if (line[x] == transparent) continue;
                if (line[x] >= map->ColorCount) {
                    status = agon_fail(message, "bad GIF: colour %d of %d", line[x], map->ColorCount);
                    break;
                }
                const GifColorType *colour = &map->Colors[line[x]];
                to[0] = colour->Red, to[1] = colour->Green, to[2] = colour->Blue;
            }
        }
    }
    free(line);
    return status;
}

int agon_gif_decode(const uint8_t *bytes, size_t count, const agon_image_info *info, uint8_t background,
                    uint8_t *pixels, char *message) {
    source from = {bytes, count};
    int error = 0;
    GifFileType *file = DGifOpen(&from, take, &error);
    if (file == NULL) {
        const char *reason = GifErrorString(error);
        return agon_fail(message, "bad GIF: %s", reason != NULL ? reason : "damaged header");
    }
    memset(pixels, background, 3 * (size_t)info->height * info->width);
    int status = 1, transparent = NO_TRANSPARENT_COLOR;
    while (status == 1) {
        GifRecordType type;
        if (DGifGetRecordType(file, &type) == GIF_ERROR) {
            status = agon_fail(message, "bad GIF: it ends before its first frame");
        } else if (type == IMAGE_DESC_RECORD_TYPE) {
            if (DGifGetImageDesc(file) == GIF_ERROR) {
                status = agon_fail(message, "bad GIF: it ends before its first frame");
            } else {
                status = read_frame(file, transparent, info, pixels, message);
            }
        } else if (type == EXTENSION_RECORD_TYPE) {
            int code = 0;
            GifByteType *block = NULL;
            int result = DGifGetExtension(file, &code, &block);
            GraphicsControlBlock control;
            if (result != GIF_ERROR && code == GRAPHICS_EXT_FUNC_CODE && block != NULL
                && DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
                transparent = control.TransparentColor;
            }
            while (result != GIF_ERROR && block != NULL) result = DGifGetExtensionNext(file, &block);
            if (result == GIF_ERROR) status = agon_fail(message, "bad GIF: damaged extension");
        } else if (type == TERMINATE_RECORD_TYPE) {
            status = agon_fail(message, "bad GIF: it contains no frame");
        }
    }
    DGifCloseFile(file, &error);
    return status;
}

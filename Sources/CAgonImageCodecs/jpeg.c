// JPEG through TurboJPEG. Grey stays one channel, all other spaces become RGB; CMYK, which it cannot convert, is
// refused.
#include <string.h>
#include <turbojpeg.h>

#include "message.h"

// Progressive files may ask for endless scans of nothing; TurboJPEG stops at 500 when told to.
#ifdef TJFLAG_LIMITSCANS
#define DECODE_FLAGS (TJFLAG_LIMITSCANS | TJFLAG_ACCURATEDCT)
#else
#define DECODE_FLAGS TJFLAG_ACCURATEDCT
#endif

int agon_jpeg_header(const uint8_t *bytes, size_t count, agon_image_info *info, char *message) {
    tjhandle decoder = tjInitDecompress();
    if (decoder == NULL) return agon_fail(message, "no memory for the JPEG decoder");
    int width = 0, height = 0, subsampling = 0, space = 0, status = 0;
    if (tjDecompressHeader3(decoder, bytes, (unsigned long)count, &width, &height, &subsampling, &space) != 0
        && tjGetErrorCode(decoder) == TJERR_FATAL) {
        status = agon_fail(message, "bad JPEG: %s", tjGetErrorStr2(decoder));
    } else if (width <= 0 || height <= 0) {
        status = agon_fail(message, "bad JPEG: its header says %d x %d pixels", height, width);
    } else if (space == TJCS_CMYK || space == TJCS_YCCK) {
        status = agon_fail(message, "a JPEG in CMYK colours; convert it to RGB");
    } else {
        info->format = AGON_IMAGE_JPEG;
        info->height = (uint32_t)height;
        info->width = (uint32_t)width;
        info->channels = space == TJCS_GRAY ? 1 : 3;
    }
    tjDestroy(decoder);
    return status;
}

int agon_jpeg_decode(const uint8_t *bytes, size_t count, const agon_image_info *info, uint8_t *pixels, char *message) {
    tjhandle decoder = tjInitDecompress();
    if (decoder == NULL) return agon_fail(message, "no memory for the JPEG decoder");
    int status = 0;
    int format = info->channels == 1 ? TJPF_GRAY : TJPF_RGB;
    // Truncation is a warning to TurboJPEG, which then fills the rest with grey. We take every warning for an error
    // but stray bytes between segments, which cameras write and which lose nothing.
    if (tjDecompress2(decoder, bytes, (unsigned long)count, pixels, (int)info->width, 0, (int)info->height, format,
                      DECODE_FLAGS) != 0) {
        const char *reason = tjGetErrorStr2(decoder);
        if (tjGetErrorCode(decoder) == TJERR_FATAL || strstr(reason, "extraneous bytes") == NULL) {
            status = agon_fail(message, "bad JPEG: %s", reason);
        }
    }
    tjDestroy(decoder);
    return status;
}

int agon_jpeg_write(const char *path, uint32_t height, uint32_t width, uint32_t channels, const uint8_t *pixels,
                    int quality, char *message) {
    if (height == 0 || width == 0 || height > 65500 || width > 65500) {
        return agon_fail(message, "a JPEG of %u x %u pixels cannot be written", height, width);
    }
    if (channels != 1 && channels != 3) return agon_fail(message, "an image has 1 or 3 channels, not %u", channels);
    tjhandle encoder = tjInitCompress();
    if (encoder == NULL) return agon_fail(message, "no memory for the JPEG encoder");
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    int status;
    int format = channels == 1 ? TJPF_GRAY : TJPF_RGB, subsampling = channels == 1 ? TJSAMP_GRAY : TJSAMP_444;
    if (tjCompress2(encoder, pixels, (int)width, 0, (int)height, format, &bytes, &size, subsampling, quality,
                    TJFLAG_ACCURATEDCT) == 0) {
        status = agon_file_write(path, bytes, size, message);
    } else {
        status = agon_fail(message, "cannot encode the JPEG: %s", tjGetErrorStr2(encoder));
    }
    if (bytes != NULL) tjFree(bytes);
    tjDestroy(encoder);
    return status;
}

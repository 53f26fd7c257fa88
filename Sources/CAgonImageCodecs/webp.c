// WebP through libwebp; of an animation, the first frame on its canvas.
#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include "message.h"

static WebPDemuxer *open_file(const uint8_t *bytes, size_t count, WebPIterator *frame, char *message) {
    WebPData data = {bytes, count};
    WebPDemuxer *demuxer = WebPDemux(&data);
    if (demuxer == NULL) {
        agon_fail(message, "bad WebP: damaged, or it ends early");
        return NULL;
    }
    if (!WebPDemuxGetFrame(demuxer, 1, frame)) {
        WebPDemuxDelete(demuxer);
        agon_fail(message, "bad WebP: it contains no frame");
        return NULL;
    }
    return demuxer;
}

int agon_webp_header(const uint8_t *bytes, size_t count, agon_image_info *info, char *message) {
    WebPIterator frame;
    WebPDemuxer *demuxer = open_file(bytes, count, &frame, message);
    if (demuxer == NULL) return -1;
    info->height = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT);
    info->width = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH);
    info->channels = 3;
    info->hasMore = WebPDemuxGetI(demuxer, WEBP_FF_FRAME_COUNT) > 1;
    WebPChunkIterator exif;
    if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &exif)) {
        info->orientation = agon_exif_orientation(exif.chunk.bytes, exif.chunk.size);
        WebPDemuxReleaseChunkIterator(&exif);
    }
    WebPDemuxReleaseIterator(&frame);
    WebPDemuxDelete(demuxer);
    return 0;
}

int agon_webp_decode(const uint8_t *bytes, size_t count, const agon_image_info *info, uint8_t background,
                     uint8_t *pixels, char *message) {
    WebPIterator frame;
    WebPDemuxer *demuxer = open_file(bytes, count, &frame, message);
    if (demuxer == NULL) return -1;
    size_t height = (size_t)frame.height, width = (size_t)frame.width;
    size_t top = (size_t)frame.y_offset, left = (size_t)frame.x_offset;
    int status = 0;
    if (top + height > info->height || left + width > info->width) {
        status = agon_fail(message, "bad WebP: its frame leaves its canvas");
    } else if (!frame.has_alpha && height == info->height && width == info->width) {
        if (WebPDecodeRGBInto(frame.fragment.bytes, frame.fragment.size, pixels, 3 * height * width, (int)(3 * width))
            == NULL) {
            status = agon_fail(message, "bad WebP: damaged pixels");
        }
    } else {
        uint8_t *colours = malloc(4 * height * width);
        if (colours == NULL) {
            status = agon_fail(message, "no memory for %zu pixels", height * width);
        } else if (WebPDecodeRGBAInto(frame.fragment.bytes, frame.fragment.size, colours, 4 * height * width,
                                      (int)(4 * width)) == NULL) {
            status = agon_fail(message, "bad WebP: damaged pixels");
        } else {
            memset(pixels, background, 3 * (size_t)info->height * info->width);
            for (size_t row = 0; row < height; row++) {
                agon_blend(colours + 4 * row * width, width, 3, background,
                           pixels + 3 * ((top + row) * info->width + left));
            }
        }
        free(colours);
    }
    WebPDemuxReleaseIterator(&frame);
    WebPDemuxDelete(demuxer);
    return status;
}

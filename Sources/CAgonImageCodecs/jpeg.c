// JPEG through libjpeg. Grey stays one channel, all other spaces become RGB. Warnings are judged by their codes: those
// after which all pixels are there pass, those of a damaged scan refuse the file.
#include <stddef.h>
#include <stdio.h>

#include <jerror.h>
#include <jpeglib.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

// Progressive files may contain endless empty scans.
enum { SCAN_LIMIT = 500 };

typedef struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf failed;
    char *message;
    const uint8_t *bytes, *end;
} decoder;

static void fail(j_common_ptr jpeg) {
    decoder *self = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    agon_fail(self->message, "bad JPEG: %s", text);
    longjmp(self->failed, 1);
}

// Whether stray bytes before a marker are padding: all alike, as cameras write, or too few to matter. Behind a scan
// they are else coded pixels that the decoder, desynchronised by damage, did not reach.
static int is_padding(const decoder *self, int stray) {
    enum { FEW = 16 };
    if (self->jpeg.input_scan_number == 0 || stray <= FEW) return 1;
    const uint8_t *marker = self->jpeg.src->next_input_byte;
    while (marker + 1 < self->end && !(marker[0] == 0xff && marker[1] != 0xff && marker[1] != 0)) marker++;
    // The decoder holds up to 8 bytes of the scan's end in its registers and counts them too.
    int length = stray - 8;
    if (length > marker - self->bytes) return 0;
    for (const uint8_t *byte = marker - length; byte < marker; byte++) {
        if (*byte != marker[-1]) return 0;
    }
    return 1;
}

static void warn(j_common_ptr jpeg, int level) {
    if (level >= 0) return;
    decoder *self = jpeg->client_data;
    jpeg->err->num_warnings++;
    switch (jpeg->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
        if (is_padding(self, jpeg->err->msg_parm.i[0])) return;
        break;
    // A baseline scan whose parameters say 0 to 0 instead of 0 to 63, as some phones write: nothing is lost.
    case JWRN_NOT_SEQUENTIAL:
    case JWRN_JFIF_MAJOR:
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_PROGRESSION:
#ifdef JWRN_BOGUS_ICC
    case JWRN_BOGUS_ICC:
#endif
        return;
    default: break;
    }
    fail(jpeg);
}

static void quiet(j_common_ptr jpeg) { (void)jpeg; }

static void count_scans(j_common_ptr jpeg) {
    decoder *self = jpeg->client_data;
    if (jpeg->is_decompressor && self->jpeg.input_scan_number > SCAN_LIMIT) {
        agon_fail(self->message, "bad JPEG: more than %d scans", SCAN_LIMIT);
        longjmp(self->failed, 1);
    }
}

static void start(decoder *self, const uint8_t *bytes, size_t count, char *message) {
    memset(self, 0, sizeof *self);
    self->message = message;
    self->bytes = bytes;
    self->end = bytes + count;
    self->jpeg.err = jpeg_std_error(&self->errors);
    self->errors.error_exit = fail;
    self->errors.emit_message = warn;
    self->errors.output_message = quiet;
    self->jpeg.client_data = self;
}

int agon_jpeg_header(const uint8_t *bytes, size_t count, agon_image_info *info, char *message) {
    decoder self;
    start(&self, bytes, count, message);
    if (setjmp(self.failed)) {
        jpeg_destroy_decompress(&self.jpeg);
        return -1;
    }
    jpeg_create_decompress(&self.jpeg);
    jpeg_mem_src(&self.jpeg, bytes, (unsigned long)count);
    jpeg_save_markers(&self.jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(&self.jpeg, TRUE);
    info->height = self.jpeg.image_height;
    info->width = self.jpeg.image_width;
    info->channels = self.jpeg.jpeg_color_space == JCS_GRAYSCALE ? 1 : 3;
    for (jpeg_saved_marker_ptr marker = self.jpeg.marker_list; marker != NULL; marker = marker->next) {
        if (marker->data_length >= 6 && memcmp(marker->data, "Exif\0\0", 6) == 0) {
            info->orientation = agon_exif_orientation(marker->data, marker->data_length);
            break;
        }
    }
    jpeg_destroy_decompress(&self.jpeg);
    return 0;
}

// Inks to light, both 0 to 255, as Pillow 9's cmyk2rgb. Programs that write CMYK JPEGs store the inks inverted.
static void cmyk_to_rgb(const uint8_t *from, size_t count, uint8_t *to) {
    for (size_t i = 0; i < count; i++) {
        unsigned light = from[4 * i + 3];
        for (size_t c = 0; c < 3; c++) {
            unsigned product = (255 - from[4 * i + c]) * light + 128;
            unsigned taken = (product + (product >> 8)) >> 8;
            to[3 * i + c] = (uint8_t)(light > taken ? light - taken : 0);
        }
    }
}

int agon_jpeg_decode(const uint8_t *bytes, size_t count, const agon_image_info *info, uint8_t *pixels, char *message) {
    decoder self;
    start(&self, bytes, count, message);
    uint8_t *volatile line = NULL;
    if (setjmp(self.failed)) {
        jpeg_destroy_decompress(&self.jpeg);
        free(line);
        return -1;
    }
    jpeg_create_decompress(&self.jpeg);
    self.progress.progress_monitor = count_scans;
    self.jpeg.progress = &self.progress;
    jpeg_mem_src(&self.jpeg, bytes, (unsigned long)count);
    jpeg_read_header(&self.jpeg, TRUE);
    int isInk = self.jpeg.jpeg_color_space == JCS_CMYK || self.jpeg.jpeg_color_space == JCS_YCCK;
    self.jpeg.out_color_space = info->channels == 1 ? JCS_GRAYSCALE : isInk ? JCS_CMYK : JCS_RGB;
    self.jpeg.dct_method = JDCT_ISLOW;
    if (self.jpeg.image_height != info->height || self.jpeg.image_width != info->width) {
        jpeg_destroy_decompress(&self.jpeg);
        return agon_fail(message, "JPEG changed while it was read");
    }
    if (isInk && (line = malloc((size_t)info->width * 4)) == NULL) {
        jpeg_destroy_decompress(&self.jpeg);
        return agon_fail(message, "no memory for a row of the JPEG");
    }
    jpeg_start_decompress(&self.jpeg);
    size_t stride = (size_t)info->width * info->channels;
    while (self.jpeg.output_scanline < self.jpeg.output_height) {
        uint8_t *target = pixels + self.jpeg.output_scanline * stride;
        JSAMPROW rows[4];
        if (isInk) {
            rows[0] = line;
            jpeg_read_scanlines(&self.jpeg, rows, 1);
            cmyk_to_rgb(line, info->width, target);
        } else {
            JDIMENSION left = self.jpeg.output_height - self.jpeg.output_scanline, take = left < 4 ? left : 4;
            for (JDIMENSION row = 0; row < take; row++) rows[row] = target + row * stride;
            jpeg_read_scanlines(&self.jpeg, rows, take);
        }
    }
    jpeg_finish_decompress(&self.jpeg);
    jpeg_destroy_decompress(&self.jpeg);
    free(line);
    return 0;
}

typedef struct encoder {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    jmp_buf failed;
    char *message;
    struct jpeg_destination_mgr destination;
    JOCTET piece[1 << 14];
    agon_encoding *to;
} encoder;

static void begin_encoding(j_compress_ptr jpeg) {
    encoder *self = jpeg->client_data;
    self->destination.next_output_byte = self->piece;
    self->destination.free_in_buffer = sizeof self->piece;
}

static boolean append_piece(j_compress_ptr jpeg) {
    encoder *self = jpeg->client_data;
    agon_append(self->to, self->piece, sizeof self->piece);
    begin_encoding(jpeg);
    return TRUE;
}

static void end_encoding(j_compress_ptr jpeg) {
    encoder *self = jpeg->client_data;
    agon_append(self->to, self->piece, sizeof self->piece - self->destination.free_in_buffer);
}

static void fail_encoding(j_common_ptr jpeg) {
    encoder *self = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    agon_fail(self->message, "cannot encode the JPEG: %s", text);
    longjmp(self->failed, 1);
}

int agon_jpeg_encode(uint32_t height, uint32_t width, uint32_t channels, const uint8_t *pixels, int quality,
                     agon_encoding *to, char *message) {
    if (height == 0 || width == 0 || height > JPEG_MAX_DIMENSION || width > JPEG_MAX_DIMENSION) {
        return agon_fail(message, "a JPEG of %u x %u pixels cannot be written", height, width);
    }
    if (channels != 1 && channels != 3) return agon_fail(message, "an image has 1 or 3 channels, not %u", channels);
    encoder self;
    memset(&self, 0, sizeof self);
    self.message = message;
    self.to = to;
    self.destination.init_destination = begin_encoding;
    self.destination.empty_output_buffer = append_piece;
    self.destination.term_destination = end_encoding;
    self.jpeg.err = jpeg_std_error(&self.errors);
    self.errors.error_exit = fail_encoding;
    self.errors.output_message = quiet;
    self.jpeg.client_data = &self;
    if (setjmp(self.failed)) {
        jpeg_destroy_compress(&self.jpeg);
        agon_encoding_free(to);
        return -1;
    }
    jpeg_create_compress(&self.jpeg);
    self.jpeg.dest = &self.destination;
    self.jpeg.image_height = height;
    self.jpeg.image_width = width;
    self.jpeg.input_components = (int)channels;
    self.jpeg.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&self.jpeg);
    jpeg_set_quality(&self.jpeg, quality, TRUE);
    self.jpeg.dct_method = JDCT_ISLOW;
    // No colour subsampling.
    for (int i = 0; i < self.jpeg.num_components; i++) {
        self.jpeg.comp_info[i].h_samp_factor = self.jpeg.comp_info[i].v_samp_factor = 1;
    }
    jpeg_start_compress(&self.jpeg, TRUE);
    while (self.jpeg.next_scanline < height) {
        JSAMPROW row = (JSAMPROW)(pixels + (size_t)self.jpeg.next_scanline * width * channels);
        jpeg_write_scanlines(&self.jpeg, &row, 1);
    }
    jpeg_finish_compress(&self.jpeg);
    jpeg_destroy_compress(&self.jpeg);
    return to->hasFailed ? agon_fail(message, "no memory for the JPEG") : 0;
}

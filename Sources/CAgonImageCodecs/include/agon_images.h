// Thin, defensive wrappers of the image libraries, zlib and libarchive for files that may be truncated or malformed.
//
// Every function that can fail returns a negative number and writes one line (what was wrong, without the path) to
// `message`, a buffer of AGON_MESSAGE_SIZE bytes. Nothing prints, exits or trusts a size read from a file.
#ifndef AGON_IMAGES_H
#define AGON_IMAGES_H

#include <stddef.h>
#include <stdint.h>

enum { AGON_MESSAGE_SIZE = 256 };

/// The most pixels of an image that is read or written: 2^28, a square of side 16384.
#define AGON_IMAGE_MAX_PIXELS ((uint64_t)1 << 28)

// ---- images (image.c; a file for each format)

typedef enum agon_image_format {
    AGON_IMAGE_UNKNOWN = 0,
    AGON_IMAGE_PNG = 1,
    AGON_IMAGE_JPEG = 2,
    AGON_IMAGE_WEBP = 3,
    AGON_IMAGE_TIFF = 4,
    AGON_IMAGE_GIF = 5,
    AGON_IMAGE_BMP = 6,
} agon_image_format;

typedef struct agon_image_info {
    agon_image_format format;
    /// Of the upright image.
    uint32_t height, width;
    /// 1 for grey and 3 for colour; alpha does not count.
    uint32_t channels;
    /// How the stored image is turned to stand upright, 1 to 8 as in Exif; 1 is as stored.
    uint8_t orientation;
    /// Whether the file holds more images than the first, which is the one that is read.
    uint8_t hasMore;
} agon_image_info;

/// Format and size of the image in `bytes`, from its header. `info` (=). The size is within the limit above.
int agon_image_header(const uint8_t *bytes, size_t count, agon_image_info *info, char *message);
/// Pixels [height, width, channels] of 8 bits of an image whose header is `info`, upright, into `pixels` (=).
/// Transparent parts show `background`, a grey level. A file that is cut off or damaged is an error.
int agon_image_decode(const uint8_t *bytes, size_t count, const agon_image_info *info, uint8_t background,
                      uint8_t *pixels, char *message);
/// Fails when a PNG or JPEG lacks its end, which needs no decoding. Damage between may go unseen.
int agon_image_is_cut(const uint8_t *bytes, size_t count, const agon_image_info *info, char *message);

// ---- encoders

/// The bytes of a file that an encoder makes. It starts with all fields 0.
typedef struct agon_encoding {
    uint8_t *bytes;
    size_t count, capacity;
    /// Not 0 if memory ran out; the bytes are incomplete then.
    int hasFailed;
} agon_encoding;

void agon_encoding_free(agon_encoding *encoding);

/// Encodes pixels [height, width, channels] (1 or 3 channels of 8 bits) as a PNG. `to` (=).
int agon_png_encode(uint32_t height, uint32_t width, uint32_t channels, const uint8_t *pixels, agon_encoding *to,
                    char *message);
/// The same as a baseline JPEG without colour subsampling, of quality 1 to 100.
int agon_jpeg_encode(uint32_t height, uint32_t width, uint32_t channels, const uint8_t *pixels, int quality,
                     agon_encoding *to, char *message);

// ---- animations (animation.c)

/// Encodes frames [frames, height, width, channels] (1 or 3 channels of 8 bits) as a GIF that plays for ever, each frame
/// shown for so many milliseconds. Colours are reduced to 256 a frame; grey levels are kept.
int agon_gif_encode(uint32_t frames, uint32_t height, uint32_t width, uint32_t channels, const uint8_t *pixels,
                    const uint32_t *milliseconds, agon_encoding *to, char *message);
/// The same as an APNG, which keeps all colours; programs without support for animations show the first frame.
int agon_apng_encode(uint32_t frames, uint32_t height, uint32_t width, uint32_t channels, const uint8_t *pixels,
                     const uint32_t *milliseconds, agon_encoding *to, char *message);

// ---- gzip (gzip.c)

/// A file read from its start, inflated when it is gzip.
typedef struct agon_stream agon_stream;

agon_stream *agon_stream_open(const char *path, char *message);
/// The next `count` bytes into `out` (=). Fewer are returned only at the end of the contents.
ptrdiff_t agon_stream_read(agon_stream *stream, void *out, size_t count, char *message);
/// An upper bound of the bytes that the whole file can hold, from its size: nothing larger need be allocated for it.
uint64_t agon_stream_limit(const agon_stream *stream);
/// Whether the file is gzip.
int agon_stream_is_gzip(const agon_stream *stream);
void agon_stream_close(agon_stream *stream);

// ---- archives (archive.c)

typedef struct agon_archive_summary {
    uint64_t files, bytes;
} agon_archive_summary;

#define AGON_CANNOT_WRITE (-2)

/// Reads a tar (plain, gzip, bzip2, xz, zstd) or zip through and checks that each entry stays in its folder: no
/// absolute name, no "..", no link that could lead out, no device. `summary` (=).
int agon_archive_check(const char *path, agon_archive_summary *summary, char *message);
/// Checks the archive as above, then extracts it into an existing folder. Nothing is written when the check fails.
/// No link is followed while writing, no existing file is replaced, and no more than `limit` bytes are written.
/// A member whose checksum does not fit its contents is an error; what was extracted before it stays.
/// Returns AGON_CANNOT_WRITE where the folder's disk is at fault, -1 where the archive is.
int agon_archive_extract(const char *path, const char *folder, uint64_t limit, char *message);
/// A zip in memory, to which files are added without compression.
typedef struct agon_zip agon_zip;

/// An empty zip, or NULL without memory.
agon_zip *agon_zip_begin(void);
/// Adds a file of a name.
int agon_zip_add(agon_zip *zip, const char *name, const void *bytes, size_t count, char *message);
/// Moves the bytes of the zip to `to` (=), unless that is NULL, and frees the zip. The bytes follow from its contents
/// alone.
int agon_zip_finish(agon_zip *zip, agon_encoding *to, char *message);
/// The most bytes that a genuine archive of `size` bytes unpacks to: image and table data shrink 100-fold at most.
uint64_t agon_archive_limit(uint64_t size);

#endif

// A file as a stream of bytes, inflated on the way when it is gzip, straight into the caller's final buffer.
// The compressed side is read in blocks of 256 KiB, which stay in the second-level cache; zlib checks CRC and length.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "message.h"

enum { BLOCK = 256 * 1024 };

struct agon_stream {
    z_stream inflater;
    uint64_t size;
    int descriptor;
    int isGzip, atEnd, fileEnded;
    uint8_t block[BLOCK];
};

// Reads more of the file behind the bytes of the block that are left, which must be fewer than a block.
static int fill(agon_stream *stream, char *message) {
    size_t left = stream->inflater.avail_in;
    if (left > 0) memmove(stream->block, stream->inflater.next_in, left);
    ssize_t got;
    do {
        got = read(stream->descriptor, stream->block + left, BLOCK - left);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return agon_fail(message, "cannot read: %s", strerror(errno));
    if (got == 0) stream->fileEnded = 1;
    stream->inflater.next_in = stream->block;
    stream->inflater.avail_in = (uInt)(left + (size_t)got);
    return 0;
}

agon_stream *agon_stream_open(const char *path, char *message) {
    struct stat status;
    // A pipe without a writer would keep the call for ever.
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0 || fstat(descriptor, &status) != 0) {
        agon_fail(message, "cannot open: %s", strerror(errno));
        if (descriptor >= 0) close(descriptor);
        return NULL;
    }
    agon_stream *stream = S_ISREG(status.st_mode) ? malloc(sizeof *stream) : NULL;
    if (stream == NULL) {
        agon_fail(message, S_ISREG(status.st_mode) ? "no memory for a read buffer" : "not a regular file");
        close(descriptor);
        return NULL;
    }
    memset(stream, 0, offsetof(agon_stream, block));
    stream->descriptor = descriptor;
    stream->size = (uint64_t)status.st_size;
    if (fill(stream, message) != 0) {
        agon_stream_close(stream);
        return NULL;
    }
    stream->isGzip = stream->inflater.avail_in >= 2 && stream->block[0] == 0x1f && stream->block[1] == 0x8b;
    if (stream->isGzip && inflateInit2(&stream->inflater, 15 + 16) != Z_OK) {
        stream->isGzip = 0;
        agon_fail(message, "no memory for the gzip decoder");
        agon_stream_close(stream);
        return NULL;
    }
    return stream;
}

uint64_t agon_stream_limit(const agon_stream *stream) {
    // A deflate stream holds at most 1032 bytes for each of its own.
    return stream->isGzip ? (stream->size > UINT64_MAX / 1032 ? UINT64_MAX : stream->size * 1032) : stream->size;
}

static ptrdiff_t read_plain(agon_stream *stream, uint8_t *out, size_t count, char *message) {
    size_t done = 0;
    while (done < count && !stream->fileEnded) {
        size_t take = stream->inflater.avail_in;
        if (take > count - done) take = count - done;
        memcpy(out + done, stream->inflater.next_in, take);
        stream->inflater.next_in += take;
        stream->inflater.avail_in -= (uInt)take;
        done += take;
        if (done < count && stream->inflater.avail_in == 0 && fill(stream, message) != 0) return -1;
    }
    return (ptrdiff_t)done;
}

ptrdiff_t agon_stream_read(agon_stream *stream, void *out, size_t count, char *message) {
    if (count > PTRDIFF_MAX) return agon_fail(message, "a read of %zu bytes", count);
    if (!stream->isGzip) return read_plain(stream, out, count, message);
    z_stream *inflater = &stream->inflater;
    uint8_t *next = out;
    size_t left = count;
    while (left > 0) {
        if (inflater->avail_in == 0 && !stream->fileEnded && fill(stream, message) != 0) return -1;
        if (stream->atEnd) {
            // gzip allows further members one after another; anything else behind the end is ignored, as gzip does.
            while (inflater->avail_in < 2 && !stream->fileEnded) {
                if (fill(stream, message) != 0) return -1;
            }
            if (inflater->avail_in < 2 || inflater->next_in[0] != 0x1f || inflater->next_in[1] != 0x8b) break;
            if (inflateReset(inflater) != Z_OK) return agon_fail(message, "the gzip decoder failed");
            stream->atEnd = 0;
        }
        uInt window = left > (1u << 30) ? 1u << 30 : (uInt)left;
        inflater->next_out = next;
        inflater->avail_out = window;
        int result = inflate(inflater, Z_NO_FLUSH);
        next += window - inflater->avail_out;
        left -= window - inflater->avail_out;
        if (result == Z_STREAM_END) {
            stream->atEnd = 1;
        } else if (result == Z_BUF_ERROR && stream->fileEnded) {
            return agon_fail(message, "the gzip data end early, after %zu bytes of this part", count - left);
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            return agon_fail(message, "bad gzip data: %s", inflater->msg != NULL ? inflater->msg : "corrupt");
        }
    }
    return (ptrdiff_t)(count - left);
}

int agon_stream_is_gzip(const agon_stream *stream) { return stream->isGzip; }

void agon_stream_close(agon_stream *stream) {
    if (stream == NULL) return;
    if (stream->isGzip) inflateEnd(&stream->inflater);
    close(stream->descriptor);
    free(stream);
}

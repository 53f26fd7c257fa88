// Writing zip files by libarchive: stored, not compressed, and without times, so that equal contents give equal bytes.
#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>

#include "message.h"

struct agon_zip {
    struct archive *writer;
    agon_encoding contents;
};

static la_ssize_t append(struct archive *writer, void *context, const void *from, size_t count) {
    (void)writer;
    agon_zip *zip = context;
    agon_append(&zip->contents, from, count);
    return zip->contents.hasFailed ? -1 : (la_ssize_t)count;
}

static void discard(agon_zip *zip) {
    if (zip->writer != NULL) archive_write_free(zip->writer);
    agon_encoding_free(&zip->contents);
    free(zip);
}

agon_zip *agon_zip_begin(void) {
    agon_zip *zip = calloc(1, sizeof *zip);
    if (zip == NULL) return NULL;
    zip->writer = archive_write_new();
    if (zip->writer == NULL || archive_write_set_format_zip(zip->writer) != ARCHIVE_OK
        || archive_write_set_options(zip->writer, "zip:compression=store") != ARCHIVE_OK
        || archive_write_set_bytes_per_block(zip->writer, 0) != ARCHIVE_OK
        || archive_write_open(zip->writer, zip, NULL, append, NULL) != ARCHIVE_OK) {
        discard(zip);
        return NULL;
    }
    return zip;
}

int agon_zip_add(agon_zip *zip, const char *name, const void *bytes, size_t count, char *message) {
    struct archive_entry *entry = archive_entry_new();
    if (entry == NULL) return agon_fail(message, "no memory for an entry of the archive");
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, (la_int64_t)count);
    int isWritten = archive_write_header(zip->writer, entry) == ARCHIVE_OK
                    && archive_write_data(zip->writer, bytes, count) == (la_ssize_t)count;
    archive_entry_free(entry);
    return isWritten ? 0 : agon_fail(message, "cannot add '%s' to the archive", name);
}

int agon_zip_finish(agon_zip *zip, agon_encoding *to, char *message) {
    int status = 0;
    if (to != NULL) {
        if (archive_write_close(zip->writer) != ARCHIVE_OK) status = agon_fail(message, "cannot close the archive");
        *to = zip->contents;
        zip->contents = (agon_encoding){0};
    }
    discard(zip);
    return status;
}

// Archives, read by libarchive and written by us: every entry is checked before the first is extracted, and each file
// is opened component by component below the folder's descriptor without following links. That is what libarchive's
// ARCHIVE_EXTRACT_SECURE_* flags do for names relative to the working directory, which a library must not change.
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"

enum { NAME_LIMIT = 4096 };

// libarchive treats names as text in the thread's locale and alters those that are not valid; in UTF-8 their bytes stay
// as they are. Pass the former locale to `leave_locale`.
static locale_t enter_locale(locale_t *ours) {
    *ours = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (*ours == (locale_t)0) *ours = newlocale(LC_CTYPE_MASK, "en_US.UTF-8", (locale_t)0);
    return *ours == (locale_t)0 ? (locale_t)0 : uselocale(*ours);
}

static void leave_locale(locale_t former, locale_t ours) {
    if (ours == (locale_t)0) return;
    uselocale(former);
    freelocale(ours);
}

// An archive that is being read. libarchive skips the checksum and the length at the end of gzip data, so these come through
// zlib, which compares both.
typedef struct reading {
    struct archive *archive;
    agon_stream *stream;
    uint8_t *block;
} reading;

enum { BLOCK = 1 << 18 };

static void close_archive(reading *from) {
    if (from->archive != NULL) archive_read_free(from->archive);
    agon_stream_close(from->stream);
    free(from->block);
    memset(from, 0, sizeof *from);
}

// The next bytes of the stream into the block: how many, or -1.
static ptrdiff_t inflate_block(reading *from, char *message) {
    ptrdiff_t count = agon_stream_read(from->stream, from->block, BLOCK, message);
    if (count < 0 && (strstr(message, "data check") != NULL || strstr(message, "length check") != NULL)) {
        agon_fail(message, "its gzip data are damaged (checksum)");
    }
    return count;
}

static la_ssize_t give_block(struct archive *archive, void *context, const void **block) {
    reading *from = context;
    char message[AGON_MESSAGE_SIZE];
    ptrdiff_t count = inflate_block(from, message);
    if (count < 0) archive_set_error(archive, EINVAL, "%s", message);
    *block = from->block;
    return count < 0 ? ARCHIVE_FATAL : (la_ssize_t)count;
}

static int open_archive(reading *from, const char *path, char *message) {
    memset(from, 0, sizeof *from);
    struct stat status;
    if (stat(path, &status) != 0) return agon_fail(message, "not a readable archive: %s", strerror(errno));
    if (!S_ISREG(status.st_mode)) return agon_fail(message, "not a readable archive: not a regular file");
    from->stream = agon_stream_open(path, message);
    if (from->stream == NULL) return -1;
    from->archive = archive_read_new();
    from->block = malloc(BLOCK);
    if (from->archive == NULL || from->block == NULL) {
        close_archive(from);
        return agon_fail(message, "no memory for the archive reader");
    }
    struct archive *archive = from->archive;
    archive_read_support_filter_bzip2(archive);
    archive_read_support_filter_xz(archive);
    archive_read_support_filter_zstd(archive);
    archive_read_support_format_tar(archive);
    archive_read_support_format_zip(archive);
    int result = agon_stream_is_gzip(from->stream) ? archive_read_open(archive, from, NULL, give_block, NULL)
                                                   : archive_read_open_filename(archive, path, BLOCK);
    if (result == ARCHIVE_OK) return 0;
    const char *reason = archive_error_string(archive);
    agon_fail(message, "not a readable archive: %s", reason != NULL ? reason : "unknown format");
    close_archive(from);
    return -1;
}

// Reads gzip data to their end, where the checksum is: the archive in them may end earlier.
static int finish_stream(reading *from, char *message) {
    if (!agon_stream_is_gzip(from->stream)) return 0;
    for (;;) {
        ptrdiff_t count = inflate_block(from, message);
        if (count < BLOCK) return count < 0 ? -1 : 0;
    }
}

static const char *entry_name(struct archive_entry *entry) {
    const char *name = archive_entry_pathname(entry);
    return name != NULL ? name : archive_entry_pathname_utf8(entry);
}

// The next entry: 1, or 0 at the end, or -1.
static int next_entry(reading *from, struct archive_entry **entry, char *message) {
    int result = archive_read_next_header(from->archive, entry);
    if (result == ARCHIVE_EOF) return 0;
    if (result < ARCHIVE_WARN) {
        const char *reason = archive_error_string(from->archive);
        return agon_fail(message, "damaged archive: %s", reason != NULL ? reason : "unreadable entry");
    }
    return 1;
}

// Whether a name or a link's target stays below the folder it starts from.
static int stays_inside(const char *name) {
    if (name[0] == '/' || strchr(name, '\\') != NULL) return 0;
    for (const char *part = name; part != NULL && *part != '\0';) {
        const char *slash = strchr(part, '/');
        size_t length = slash == NULL ? strlen(part) : (size_t)(slash - part);
        if (length == 2 && part[0] == '.' && part[1] == '.') return 0;
        part = slash == NULL ? NULL : slash + 1;
    }
    return 1;
}

static int check_entry(struct archive_entry *entry, char *message) {
    const char *name = entry_name(entry);
    if (name == NULL || strlen(name) >= NAME_LIMIT) {
        return agon_fail(message, "an entry has no usable name; nothing was extracted");
    }
    if (!stays_inside(name)) {
        return agon_fail(message, "entry '%.120s' leaves its folder; nothing was extracted", name);
    }
    const char *hard = archive_entry_hardlink(entry), *soft = archive_entry_symlink(entry);
    if ((hard != NULL && !stays_inside(hard)) || (soft != NULL && !stays_inside(soft))) {
        return agon_fail(message, "link '%.80s' to '%.80s' may leave its folder; nothing was extracted", name,
                         hard != NULL ? hard : soft);
    }
    if (hard == NULL && soft == NULL && archive_entry_filetype(entry) != AE_IFREG
        && archive_entry_filetype(entry) != AE_IFDIR) {
        return agon_fail(message, "entry '%.120s' is neither file nor folder; nothing was extracted", name);
    }
    if (archive_entry_is_encrypted(entry)) {
        return agon_fail(message, "'%.120s' is protected by a password; extract it and use the folder", name);
    }
    return 0;
}

static int check(const char *path, agon_archive_summary *summary, char *message) {
    memset(summary, 0, sizeof *summary);
    reading from;
    if (open_archive(&from, path, message) != 0) return -1;
    struct archive_entry *entry;
    int result;
    while ((result = next_entry(&from, &entry, message)) > 0) {
        if (check_entry(entry, message) != 0) {
            result = -1;
            break;
        }
        if (archive_entry_filetype(entry) == AE_IFDIR) continue;
        summary->files++;
        int64_t size = archive_entry_size(entry);
        if (size > 0) summary->bytes += (uint64_t)size;
    }
    if (result == 0) result = finish_stream(&from, message);
    close_archive(&from);
    return result;
}

int agon_archive_check(const char *path, agon_archive_summary *summary, char *message) {
    locale_t ours, former = enter_locale(&ours);
    int status = check(path, summary, message);
    leave_locale(former, ours);
    return status;
}

uint64_t agon_archive_limit(uint64_t size) {
    const uint64_t least = (uint64_t)1 << 30;
    uint64_t most = size > UINT64_MAX / 100 ? UINT64_MAX : size * 100;
    return most > least ? most : least;
}

// Opens the folder that holds the last component of `name` below `root`, making folders on the way; `last` (=) is
// that component, or empty when the name is the root itself. Links are not followed.
static int open_parent(int root, const char *name, char *buffer, const char **last) {
    snprintf(buffer, NAME_LIMIT, "%s", name);
    int folder = dup(root);
    *last = "";
    char *rest = NULL;
    for (char *part = strtok_r(buffer, "/", &rest); part != NULL && folder >= 0; part = strtok_r(NULL, "/", &rest)) {
        if (strcmp(part, ".") == 0) continue;
        if (**last != '\0') {
            if (mkdirat(folder, *last, 0755) != 0 && errno != EEXIST) {
                int failure = errno;
                close(folder);
                errno = failure;
                return -1;
            }
            int next = openat(folder, *last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            int failure = errno;
            close(folder);
            folder = next;
            errno = failure;
        }
        *last = part;
    }
    return folder;
}

// Reports the failure of `what`, such as "write", by `errno`. The archive is at fault where it has a name twice, one
// that no file can have, or a file in the place of a folder; otherwise the disk is.
static int cannot(const char *what, const char *name, char *message) {
    int failure = errno;
    agon_fail(message, failure == EEXIST ? "cannot %s '%.120s': %s, or the archive contains it twice"
                                         : "cannot %s '%.120s': %s", what, name, strerror(failure));
    switch (failure) {
        case EEXIST: case ENOENT: case ENOTDIR: case EISDIR: case ELOOP: case ENAMETOOLONG: case EILSEQ: case EINVAL:
            return -1;
        default: return AGON_CANNOT_WRITE;
    }
}

// `left` (+=) are the bytes that may still be written.
static int write_contents(struct archive *reader, struct archive_entry *entry, int file, const char *name,
                          uint64_t *left, char *message) {
    const void *block;
    size_t size;
    int64_t offset;
    int result;
    for (;;) {
        // A wrong checksum or size of a zip's member is a warning.
        result = archive_read_data_block(reader, &block, &size, &offset);
        if (result != ARCHIVE_OK) break;
        const char *next = block;
        if (size > *left) {
            return agon_fail(message, "'%.120s' makes the archive larger than it may become; nothing more was extracted",
                             name);
        }
        *left -= size;
        if (archive_entry_size_is_set(entry)
            && (offset < 0 || (uint64_t)offset + size > (uint64_t)archive_entry_size(entry))) {
            return agon_fail(message, "damaged archive at '%.120s': data beyond the size of the file", name);
        }
        while (size > 0) {
            ssize_t written = pwrite(file, next, size, (off_t)offset);
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) return cannot("write", name, message);
            next += written;
            offset += written;
            size -= (size_t)written;
        }
    }
    if (result == ARCHIVE_EOF) {
        // A sparse file may end in a hole, for which there is no block.
        struct stat written;
        if (archive_entry_size_is_set(entry) && fstat(file, &written) == 0
            && written.st_size < archive_entry_size(entry) && (uint64_t)archive_entry_size(entry) <= *left
            && ftruncate(file, (off_t)archive_entry_size(entry)) != 0) {
            return cannot("write", name, message);
        }
        return 0;
    }
    const char *reason = archive_error_string(reader);
    if (result == ARCHIVE_WARN && reason != NULL && strstr(reason, "CRC") != NULL) {
        return agon_fail(message, "'%.120s' is damaged (checksum)", name);
    }
    return agon_fail(message, "damaged archive at '%.120s': %s", name, reason != NULL ? reason : "unreadable data");
}

static int extract_entry(struct archive *reader, struct archive_entry *entry, int root, uint64_t *left,
                         char *message) {
    char buffer[NAME_LIMIT], linkBuffer[NAME_LIMIT];
    const char *last, *name = entry_name(entry), *hard = archive_entry_hardlink(entry),
                      *soft = archive_entry_symlink(entry);
    int parent = open_parent(root, name, buffer, &last);
    if (parent < 0) return cannot("make the folder of", name, message);
    int status = 0;
    if (*last == '\0') {
        status = 0;
    } else if (hard != NULL) {
        const char *lastOfTarget;
        int folder = open_parent(root, hard, linkBuffer, &lastOfTarget);
        if (folder < 0 || linkat(folder, lastOfTarget, parent, last, 0) != 0) {
            status = cannot("link", name, message);
        }
        if (folder >= 0) close(folder);
    } else if (soft != NULL) {
        if (symlinkat(soft, parent, last) != 0) {
            status = cannot("link", name, message);
        }
    } else if (archive_entry_filetype(entry) == AE_IFDIR) {
        if (mkdirat(parent, last, 0755) != 0 && errno != EEXIST) {
            status = cannot("make the folder", name, message);
        }
    } else {
        int file = openat(parent, last, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        if (file < 0) {
            status = cannot("write", name, message);
        } else {
            status = write_contents(reader, entry, file, name, left, message);
            if (close(file) != 0 && status == 0) status = cannot("write", name, message);
        }
    }
    close(parent);
    return status;
}

static int extract(const char *path, const char *folder, uint64_t limit, char *message) {
    agon_archive_summary summary;
    if (check(path, &summary, message) != 0) return -1;
    if (summary.bytes > limit) {
        return agon_fail(message, "it would become %llu bytes, over the limit of %llu; nothing was extracted",
                         (unsigned long long)summary.bytes, (unsigned long long)limit);
    }
    int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) {
        agon_fail(message, "cannot open the folder to extract to: %s", strerror(errno));
        return AGON_CANNOT_WRITE;
    }
    reading from;
    if (open_archive(&from, path, message) != 0) {
        close(root);
        return -1;
    }
    struct archive_entry *entry;
    uint64_t left = limit;
    int result;
    while ((result = next_entry(&from, &entry, message)) > 0) {
        // Checked again: the file may have been replaced since the first pass.
        result = check_entry(entry, message);
        if (result == 0) result = extract_entry(from.archive, entry, root, &left, message);
        if (result != 0) break;
    }
    close_archive(&from);
    close(root);
    return result;
}

int agon_archive_extract(const char *path, const char *folder, uint64_t limit, char *message) {
    locale_t ours, former = enter_locale(&ours);
    int status = extract(path, folder, limit, message);
    leave_locale(former, ours);
    return status;
}

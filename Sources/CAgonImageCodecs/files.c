// Files that appear whole or not at all: written beside the target as `.NAME.PID-N.partial`, flushed, renamed. A full
// disk leaves the old file; a file left by a killed process is recognised by its name.
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"

// The rename itself is on the disk only once its folder is.
static void flush_folder(const char *path) {
    char *folder = strdup(path);
    if (folder == NULL) return;
    char *slash = strrchr(folder, '/');
    if (slash == folder) {
        slash[1] = '\0';
    } else if (slash != NULL) {
        *slash = '\0';
    }
    int descriptor = open(slash == NULL ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        fsync(descriptor);
        close(descriptor);
    }
    free(folder);
}

int agon_file_write(const char *path, const void *bytes, size_t count, char *message) {
    static atomic_uint serial;
    size_t length = strlen(path) + 48;
    char *temporary = malloc(length);
    if (temporary == NULL) return agon_fail(message, "no memory for a file name");
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    // A long name leaves no room for the additions (255 bytes on most file systems).
    snprintf(temporary, length, "%.*s.%.200s.%ld-%u.partial", (int)(name - path), path, name, (long)getpid(),
             atomic_fetch_add(&serial, 1));
    int descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (descriptor < 0) {
        int status = agon_fail(message, "cannot write: %s", strerror(errno));
        free(temporary);
        return status;
    }
    const char *next = bytes;
    size_t left = count;
    int failure = 0;
    while (left > 0 && failure == 0) {
        ssize_t written = write(descriptor, next, left);
        if (written > 0) {
            next += written;
            left -= (size_t)written;
        } else if (written == 0) {
            failure = EIO;
        } else if (errno != EINTR) {
            failure = errno;
        }
    }
    if (failure == 0 && fsync(descriptor) != 0 && errno != EINVAL && errno != EROFS) failure = errno;
    if (close(descriptor) != 0 && failure == 0) failure = errno;
    if (failure == 0 && rename(temporary, path) != 0) failure = errno;
    int status = 0;
    if (failure != 0) {
        unlink(temporary);
        status = agon_fail(message, "cannot write %zu bytes: %s", count, strerror(failure));
    } else {
        flush_folder(path);
    }
    free(temporary);
    return status;
}

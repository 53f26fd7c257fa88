// A library to be preloaded (LD_PRELOAD) that makes one call of the system fail, for `scripts/check-faults`.
//
//   FAULT_FOLDER  only calls about files below this folder count, of those about files
//   FAULT_CALL    write, fsync, rename, open, read, unlink, mmap, or thread for the start of a thread
//   FAULT_AT      which of the calls fails, from 1; none when 0
//   FAULT_MODE    once: only this call; on: this and all later ones; half: of a write the first half succeeds, and all later
//                 ones fail; kill: the process is killed at the call
//   FAULT_ERROR   the number of the error
//   FAULT_COUNT   a file that gets the number of such calls at the end of the process
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;
static long at;
static int code = EIO;
static const char *call = "", *folder = "", *mode = "once", *count_path;

__attribute__((constructor)) static void start(void) {
    const char *text;
    if ((text = getenv("FAULT_CALL"))) call = text;
    if ((text = getenv("FAULT_FOLDER"))) folder = text;
    if ((text = getenv("FAULT_MODE"))) mode = text;
    if ((text = getenv("FAULT_AT"))) at = atol(text);
    if ((text = getenv("FAULT_ERROR"))) code = atoi(text);
    count_path = getenv("FAULT_COUNT");
    // Programs that are started from here are left alone.
    unsetenv("LD_PRELOAD");
}

__attribute__((destructor)) static void end(void) {
    if (!count_path) return;
    FILE *file = fopen(count_path, "w");
    if (!file) return;
    fprintf(file, "%ld\n", atomic_load(&calls));
    fclose(file);
}

typedef enum { GO_ON, FAIL, HALF } verdict;

static verdict judge(const char *name) {
    if (strcmp(name, call) != 0) return GO_ON;
    const long number = atomic_fetch_add(&calls, 1) + 1;
    if (at == 0 || number < at) return GO_ON;
    if (number > at) return strcmp(mode, "on") == 0 || strcmp(mode, "half") == 0 ? FAIL : GO_ON;
    if (strcmp(mode, "kill") == 0) {
        kill(getpid(), SIGKILL);
        pause();
    }
    return strcmp(mode, "half") == 0 ? HALF : FAIL;
}

static bool is_below(const char *path) {
    if (!*folder || !path) return false;
    char whole[2 * PATH_MAX];
    if (path[0] == '/') {
        snprintf(whole, sizeof whole, "%s", path);
    } else {
        char here[PATH_MAX];
        if (!getcwd(here, sizeof here)) return false;
        snprintf(whole, sizeof whole, "%s/%s", here, path);
    }
    return strncmp(whole, folder, strlen(folder)) == 0;
}

static bool is_descriptor_below(int descriptor) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return false;
    path[length] = 0;
    return is_below(path);
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define FAIL_WHERE(condition, name) \
    do { \
        const int before = errno; \
        if ((condition) && judge(name) != GO_ON) { errno = code; return -1; } \
        errno = before; \
    } while (0)

ssize_t write(int descriptor, const void *bytes, size_t count) {
    REAL(write);
    const int before = errno;
    if (is_descriptor_below(descriptor)) {
        switch (judge("write")) {
            case FAIL: errno = code; return -1;
            case HALF: return real(descriptor, bytes, count / 2);
            case GO_ON: break;
        }
    }
    errno = before;
    return real(descriptor, bytes, count);
}

int fsync(int descriptor) {
    REAL(fsync);
    FAIL_WHERE(is_descriptor_below(descriptor), "fsync");
    return real(descriptor);
}

int rename(const char *from, const char *to) {
    REAL(rename);
    FAIL_WHERE(is_below(to), "rename");
    return real(from, to);
}

int unlink(const char *path) {
    REAL(unlink);
    FAIL_WHERE(is_below(path), "unlink");
    return real(path);
}

ssize_t read(int descriptor, void *bytes, size_t count) {
    REAL(read);
    FAIL_WHERE(is_descriptor_below(descriptor), "read");
    return real(descriptor, bytes, count);
}

ssize_t pread(int descriptor, void *bytes, size_t count, off_t offset) {
    REAL(pread);
    FAIL_WHERE(is_descriptor_below(descriptor), "read");
    return real(descriptor, bytes, count, offset);
}

ssize_t pread64(int descriptor, void *bytes, size_t count, off64_t offset) {
    REAL(pread64);
    FAIL_WHERE(is_descriptor_below(descriptor), "read");
    return real(descriptor, bytes, count, offset);
}

static mode_t permissions(int flags, va_list arguments) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
    REAL(open);
    va_list arguments;
    va_start(arguments, flags);
    const mode_t bits = permissions(flags, arguments);
    va_end(arguments);
    FAIL_WHERE(is_below(path), "open");
    return real(path, flags, bits);
}

int open64(const char *path, int flags, ...) {
    REAL(open64);
    va_list arguments;
    va_start(arguments, flags);
    const mode_t bits = permissions(flags, arguments);
    va_end(arguments);
    FAIL_WHERE(is_below(path), "open");
    return real(path, flags, bits);
}

void *mmap(void *place, size_t length, int protection, int flags, int descriptor, off_t offset) {
    REAL(mmap);
    if (judge("mmap") != GO_ON) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return real(place, length, protection, flags, descriptor, offset);
}

void *mmap64(void *place, size_t length, int protection, int flags, int descriptor, off64_t offset) {
    REAL(mmap64);
    if (judge("mmap") != GO_ON) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return real(place, length, protection, flags, descriptor, offset);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
    REAL(pthread_create);
    if (judge("thread") != GO_ON) return EAGAIN;
    return real(thread, attributes, run, argument);
}

#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static int32_t failure(void) { return SWL_FAILED - errno; }

int32_t swl_open_edited(const char *path) {
    for (;;) {
        struct stat held, found;
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0) return errno == ENOENT ? SWL_ABSENT : failure();
        if (fstat(fd, &held) != 0 || !S_ISREG(held.st_mode)) {
            close(fd);
            return SWL_IRREGULAR;
        }
        /* Where a file system has no locks there is none. */
        while (flock(fd, LOCK_EX) != 0 && errno == EINTR) continue;
        /* Whoever was waited for has put another file in its place. */
        if (stat(path, &found) == 0 && found.st_dev == held.st_dev && found.st_ino == held.st_ino) return fd;
        close(fd);
    }
}

/* The length of what stands in front of the last part of a path. */
static size_t folder_length(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* Replaces a path, in a buffer of PATH_MAX, by where it leads to while it is a link. */
static int follow(char *path) {
    for (int links = 0; links < 40; links++) {
        char target[PATH_MAX];
        ssize_t length = readlink(path, target, sizeof target - 1);
        if (length < 0) return errno == EINVAL || errno == ENOENT ? 0 : -1;
        target[length] = 0;
        size_t kept = target[0] == '/' ? 0 : folder_length(path);
        if (kept + (size_t)length >= PATH_MAX) {
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(path + kept, target, (size_t)length + 1);
    }
    errno = ELOOP;
    return -1;
}

/* Makes `draft` a name beside `path` that nobody else has. */
static int name_draft(char *draft, const char *path) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
    uint8_t random[8];
    size_t length = strlen(path);
    if (length + sizeof random + 2 > PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) return -1;
    memcpy(draft, path, length);
    draft[length] = '.';
    for (size_t i = 0; i < sizeof random; i++) draft[length + 1 + i] = letters[random[i] & 31];
    draft[length + 1 + sizeof random] = 0;
    return 0;
}

/* Writes all, with mode and owner of `old`, and down to the disk. */
static int fill(int fd, int32_t old, const char *source, size_t bytes) {
    struct stat before, now;
    while (bytes > 0) {
        ssize_t n = write(fd, source, bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        source += n;
        bytes -= (size_t)n;
    }
    if (old >= 0) {
        if (fstat(old, &before) != 0 || fstat(fd, &now) != 0) return -1;
        if ((before.st_uid != now.st_uid || before.st_gid != now.st_gid) &&
            fchown(fd, before.st_uid, before.st_gid) != 0)
            return -1;
        if (fchmod(fd, before.st_mode & 07777) != 0) return -1;
    }
    return fsync(fd);
}

/* So that the new name is there after a power failure. The file is in its place already: nothing can fail any more. */
static void sync_folder(char *path) {
    path[folder_length(path)] = 0;
    int fd = open(path[0] ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    fsync(fd);
    close(fd);
}

int32_t swl_replace(const char *path, int32_t old, const void *source, intptr_t bytes) {
    char target[PATH_MAX], draft[PATH_MAX];
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGTSTP);
    sigaddset(&set, SIGXFSZ);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) return failure();
    size_t length = strlen(path);
    if (length >= sizeof target) return SWL_FAILED - ENAMETOOLONG;
    memcpy(target, path, length + 1);
    if (follow(target) != 0 || name_draft(draft, target) != 0) return failure();
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return failure();
    int is_filled = fill(fd, old, source, (size_t)bytes) == 0;
    if (!is_filled || rename(draft, target) != 0) {
        int32_t reason = failure();
        close(fd);
        unlink(draft);
        return reason;
    }
    close(fd);
    sync_folder(target);
    return 0;
}

int32_t swl_may(const char *path, int32_t what) {
    struct stat found;
    /* As swl_put has it. */
    if (what == SWL_MAY_WRITE && lstat(path, &found) == 0 && S_ISLNK(found.st_mode)) return SWL_FAILED - ELOOP;
    if (stat(path, &found) != 0) return failure();
    if (S_ISDIR(found.st_mode) || (what == SWL_MAY_RUN && !S_ISREG(found.st_mode))) return SWL_IRREGULAR;
    int mode = what == SWL_MAY_RUN ? X_OK : what == SWL_MAY_WRITE ? W_OK : R_OK;
    return access(path, mode) == 0 ? 0 : failure();
}

int32_t swl_is_public(const char *path) {
    struct stat found;
    return stat(path, &found) == 0 && (found.st_mode & S_IROTH) != 0;
}

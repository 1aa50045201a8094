#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int32_t failure(void) { return SWL_FAILED - errno; }

const char *swl_environment(const char *name) { return getenv(name); }

int32_t swl_process_id(void) { return getpid(); }

uint32_t swl_wall_time(uint32_t *nanoseconds) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    *nanoseconds = (uint32_t)t.tv_nsec;
    return (uint32_t)t.tv_sec;
}

void *swl_reserve(intptr_t bytes) {
    void *start = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return start == MAP_FAILED ? NULL : start;
}

int32_t swl_end_by_signals(int32_t asked_to_end) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    if (asked_to_end) {
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
    }
    return sigprocmask(SIG_UNBLOCK, &set, NULL) == 0 ? 0 : failure();
}

int32_t swl_fill_standard_streams(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0) return failure();
    return 0;
}

int32_t swl_streamable_bytes(int32_t fd) {
    struct stat held;
    if (fstat(fd, &held) != 0) return failure();
    if (S_ISDIR(held.st_mode)) {
        errno = EISDIR;
        return failure();
    }
    /* Files of /proc and /sys do not know how long they are; like others that are nowhere, they are short. */
    if (!S_ISREG(held.st_mode) || held.st_blocks == 0 || lseek(fd, 0, SEEK_CUR) != 0) return SWL_IRREGULAR;
    return held.st_size < INT32_MAX ? (int32_t)held.st_size : INT32_MAX;
}

int32_t swl_memory_file(void) {
    int fd = memfd_create("payload", MFD_CLOEXEC);
    return fd < 0 ? failure() : fd;
}

int32_t swl_wait_writable(int32_t fd) {
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    sigset_t held;
    /* Nobody looks for these signals meanwhile, so that they end the process as if they had never been held. */
    if (sigprocmask(SIG_SETMASK, NULL, &held) != 0) return failure();
    sigdelset(&held, SIGTERM);
    sigdelset(&held, SIGINT);
    while (ppoll(&p, 1, NULL, &held) < 0 && errno == EINTR) continue;
    return 0;
}

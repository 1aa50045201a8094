#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>
#include <time.h>

static uint64_t nanoseconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t swl_now_ns(void) { return nanoseconds(CLOCK_MONOTONIC); }

uint64_t swl_cpu_ns(void) { return nanoseconds(CLOCK_PROCESS_CPUTIME_ID); }

int32_t swl_sharpen_sleep(void) { return prctl(PR_SET_TIMERSLACK, 1) == 0 ? 0 : SWL_FAILED - errno; }

int32_t swl_pause(int32_t epoll, uint32_t nanoseconds) {
    struct pollfd p = {.fd = epoll, .events = POLLIN};
    struct timespec t = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    return ppoll(&p, 1, &t, NULL) >= 0 || errno == EINTR ? 0 : SWL_FAILED - errno;
}

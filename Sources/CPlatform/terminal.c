#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

static int32_t failure(void) { return SWL_FAILED - errno; }

int32_t swl_is_terminal(int32_t fd) { return isatty(fd); }

/* A prompt that nobody can see does not change what is typed. */
static void show(const void *text, size_t bytes) {
    ssize_t n = write(STDERR_FILENO, text, bytes);
    (void)n;
}

/* Reads a line while the signals of `set` wait: 1 when there is one of them, and nothing is read. */
static int read_line(int32_t fd, const sigset_t *set, void *target, size_t bytes, ssize_t *count) {
    struct pollfd ready[2] = {{.fd = fd, .events = POLLIN}, {.fd = signalfd(-1, set, SFD_CLOEXEC), .events = POLLIN}};
    while (poll(ready, 2, -1) < 0 && errno == EINTR) continue;
    /* It is not read from there: so it still waits. */
    int is_signalled = ready[1].revents != 0;
    if (!is_signalled) *count = read(fd, target, bytes);
    close(ready[1].fd);
    return is_signalled;
}

int32_t swl_read_hidden(int32_t fd, const void *prompt, intptr_t prompt_bytes, void *target, intptr_t bytes) {
    sigset_t set, before;
    ssize_t count = -1;
    int is_signalled;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGTSTP);
    do {
        struct termios shown, hidden;
        if (sigprocmask(SIG_BLOCK, &set, &before) != 0 || tcgetattr(fd, &shown) != 0) return failure();
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        /* What was typed before, and what is left of a line that is too long, is forgotten. */
        if (tcsetattr(fd, TCSAFLUSH, &hidden) != 0) return failure();
        show(prompt, (size_t)prompt_bytes);
        is_signalled = read_line(fd, &set, target, (size_t)bytes, &count);
        int32_t reason = failure();
        tcsetattr(fd, TCSAFLUSH, &shown);
        show("\n", 1);
        sigprocmask(SIG_SETMASK, &before, NULL);
        if (!is_signalled && count < 0) return reason;
    } while (is_signalled);
    return (int32_t)count;
}

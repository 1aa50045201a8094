#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* More variables than any sensible environment has; what is beyond is left out. */
enum { MAX_WORDS = 64, MAX_VARIABLES = 512 };

static int32_t failure(void) {
    switch (errno) {
    case EAGAIN: return SWL_AGAIN;
    case EPIPE: return SWL_CLOSED;
    case EMFILE: case ENFILE: case ENOMEM: case ENOBUFS: return SWL_EXHAUSTED;
    default: return SWL_FAILED - errno;
    }
}

/* Whether both are settings of the same variable. */
static int same_name(const char *a, const char *b) {
    size_t length = strcspn(a, "=");
    return strncmp(a, b, length) == 0 && b[length] == '=';
}

/* Our variables first, then the inherited ones but for those that ours replace. */
static void fill_environment(char **all, char *const *ours, int count) {
    int n = 0;
    for (; n < count; n++) all[n] = ours[n];
    for (char **inherited = environ; *inherited && n < MAX_VARIABLES; inherited++) {
        int is_ours = 0;
        for (int i = 0; i < count; i++) is_ours |= same_name(ours[i], *inherited);
        if (!is_ours) all[n++] = *inherited;
    }
    all[n] = NULL;
}

/* In the new process: becomes the program, or says on `report` why not. */
static void become(char *const *words, int arguments, int variables, int *ends, int report, pid_t parent) {
    char *argv[MAX_WORDS + 1], *all[MAX_VARIABLES + 1];
    sigset_t none;
    memcpy(argv, words, (size_t)arguments * sizeof *words);
    argv[arguments] = NULL;
    fill_environment(all, words + arguments, variables);
    /* A group of its own, so that it can be ended with all that it starts. */
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    /* Where we were started without standard streams, pipes have their numbers. */
    for (int i = 0; i < 3; i++) ends[i] = fcntl(ends[i], F_DUPFD_CLOEXEC, 3);
    report = fcntl(report, F_DUPFD_CLOEXEC, 3);
    for (int i = 0; i < 3; i++) dup2(ends[i], i);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvpe(argv[0], argv, all);
    int32_t error = errno;
    ssize_t n = write(report, &error, sizeof error);
    (void)n;
    _exit(127);
}

/* Standard input, output and error of the program, and what tells why it is none. */
static int open_pipes(int pipes[4][2]) {
    for (int i = 0; i < 4; i++) {
        if (pipe2(pipes[i], O_CLOEXEC) != 0) {
            int error = errno;
            while (i-- > 0) {
                close(pipes[i][0]);
                close(pipes[i][1]);
            }
            errno = error;
            return -1;
        }
    }
    return 0;
}

int32_t swl_spawn(const void *text, int32_t arguments, int32_t variables, int32_t *ends) {
    char *words[MAX_WORDS];
    int pipes[4][2];
    if (arguments + variables > MAX_WORDS) return SWL_FAILED - E2BIG;
    char *word = (char *)text;
    for (int i = 0; i < arguments + variables; i++) {
        words[i] = word;
        word += strlen(word) + 1;
    }
    if (open_pipes(pipes) != 0) return failure();
    pid_t parent = getpid();
    /* As in swl_start_helper. */
    pid_t pid = _Fork();
    if (pid == 0) {
        int theirs[3] = {pipes[0][0], pipes[1][1], pipes[2][1]};
        become(words, arguments, variables, theirs, pipes[3][1], parent);
    }
    int32_t reason = pid < 0 ? failure() : pid;
    /* In both processes, as either may be the first to need it. */
    if (pid > 0) setpgid(pid, pid);
    for (int i = 0; i < 4; i++) {
        int ours = i == 0 ? pipes[i][1] : pipes[i][0];
        close(i == 0 ? pipes[i][0] : pipes[i][1]);
        if (pid < 0) {
            close(ours);
        } else {
            fcntl(ours, F_SETFL, O_NONBLOCK);
            ends[i] = ours;
        }
    }
    return reason;
}

int32_t swl_end_group(int32_t process, int32_t is_final) {
    return kill(-process, is_final ? SIGKILL : SIGTERM) == 0 ? 0 : failure();
}

int32_t swl_reap(int32_t process) {
    siginfo_t info = {0};
    int status = 0;
    /* While it is not waited for, its number cannot become another group's. */
    if (waitid(P_PID, (id_t)process, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return failure();
    if (info.si_pid == 0) return SWL_AGAIN;
    kill(-process, SIGKILL);
    if (waitpid(process, &status, 0) != process) return failure();
    return WIFEXITED(status) ? WEXITSTATUS(status) : SWL_SIGNALLED + WTERMSIG(status);
}

int32_t swl_open_source(const char *path) {
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd < 0 ? failure() : fd;
}

/* A file that there is, or a new one. A link as the last part of the path may be somebody's trap. */
static int open_target(const char *path) {
    int flags = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    int fd = open(path, flags);
    if (fd >= 0 || errno != ENOENT) return fd;
    fd = open(path, flags | O_CREAT | O_EXCL, 0644);
    /* Below /sys nothing can be made: what is wrong is that it is not there. */
    if (fd < 0) errno = ENOENT;
    return fd;
}

int32_t swl_put(const char *path, const void *source, intptr_t bytes) {
    struct stat found;
    int32_t result = SWL_IRREGULAR;
    int fd = open_target(path);
    if (fd < 0) return failure();
    if (fstat(fd, &found) != 0) {
        result = failure();
    } else if (S_ISREG(found.st_mode) || S_ISCHR(found.st_mode) || S_ISFIFO(found.st_mode)) {
        ssize_t n = write(fd, source, (size_t)bytes);
        result = n < 0 ? failure() : n < bytes ? SWL_EXHAUSTED : 0;
        /* Behind what was written, not before: whoever reads meanwhile never finds nothing. */
        if (result == 0 && S_ISREG(found.st_mode) && ftruncate(fd, bytes) != 0) result = failure();
    }
    if (close(fd) != 0 && result == 0) result = failure();
    return result;
}

#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* More than any caller asks for in one wait. */
enum { MAX_EVENTS = 64 };

static int32_t failure(void) {
    switch (errno) {
    case EAGAIN: return SWL_AGAIN;
    case EPIPE: case ECONNRESET: case ECONNABORTED: case ENOTCONN: case ETIMEDOUT: case EHOSTUNREACH:
    case ENETUNREACH: case ENETDOWN: return SWL_CLOSED;
    case EMFILE: case ENFILE: case ENOMEM: case ENOBUFS: return SWL_EXHAUSTED;
    case EADDRNOTAVAIL: case ENODEV: return SWL_ABSENT;
    case EBADF: case EFAULT: case ENOTSOCK: return SWL_BUG;
    default: return SWL_FAILED - errno;
    }
}

static int32_t result(intptr_t value) { return value < 0 ? failure() : (int32_t)value; }

void *swl_map(intptr_t bytes) {
    void *start = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return start == MAP_FAILED ? NULL : start;
}

/* What most kernels have as a huge page. Where it is another size, or none, nothing is gained and nothing lost. */
static const size_t huge_bytes = 2 << 20;

void *swl_map_arena(intptr_t bytes) {
    size_t page = (size_t)swl_page_bytes(), size = ((size_t)bytes + page - 1) & ~(page - 1);
    size_t whole = size & ~(huge_bytes - 1);
    /* Promised to nobody, so it is not counted as memory; there the arena gets its place, at a multiple. */
    char *room = whole == 0 ? MAP_FAILED : mmap(NULL, size + huge_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) return swl_map(bytes);
    size_t before = -(uintptr_t)room & (huge_bytes - 1);
    char *start = room + before;
    if (before > 0) munmap(room, before);
    munmap(start + size, huge_bytes - before);
    if (mprotect(start, size, PROT_READ | PROT_WRITE) < 0) return NULL;
    /* Only whole ones, or the last would hold more than the arena. */
    madvise(start, whole, MADV_HUGEPAGE);
    return start;
}

void swl_unmap(void *start, intptr_t bytes) { munmap(start, (size_t)bytes); }

int32_t swl_page_bytes(void) { return (int32_t)sysconf(_SC_PAGESIZE); }

uint32_t swl_now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint32_t)((uint64_t)t.tv_sec * 1000 + (uint64_t)(t.tv_nsec / 1000000));
}

uint32_t swl_wall_seconds(void) { return (uint32_t)time(NULL); }

int32_t swl_random(void *target, intptr_t bytes) { return result(getrandom(target, (size_t)bytes, 0)); }

int32_t swl_open(const char *path) { return result(open(path, O_RDONLY | O_CLOEXEC)); }

int32_t swl_read(int32_t fd, void *target, intptr_t bytes) {
    ssize_t n;
    do n = read(fd, target, (size_t)bytes);
    while (n < 0 && errno == EINTR);
    return result(n);
}

int32_t swl_write(int32_t fd, const void *source, intptr_t bytes) {
    ssize_t n;
    do n = write(fd, source, (size_t)bytes);
    while (n < 0 && errno == EINTR);
    return result(n);
}

int32_t swl_is_writable(int32_t fd) {
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0;
}

int32_t swl_close(int32_t fd) { return result(close(fd)); }

void swl_no_new_privileges(void) { prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

int32_t swl_raise_descriptors(int32_t count) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return failure();
    if (limit.rlim_cur < (rlim_t)count) {
        limit.rlim_cur = limit.rlim_max < (rlim_t)count ? limit.rlim_max : (rlim_t)count;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return failure();
    }
    return limit.rlim_cur < INT32_MAX ? (int32_t)limit.rlim_cur : INT32_MAX;
}

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
static const uint8_t any[16];
/* Base's Address.local: the peer of a unix socket has no address. */
static const uint8_t local_address[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe, 0, 0, 0, 1};

int32_t swl_listen(const uint8_t *address, uint16_t port, int32_t families, const char *interface, int32_t backlog) {
    int is_v4 = memcmp(address, mapped_prefix, 12) == 0;
    int is_any = memcmp(address, any, 16) == 0;
    int on = 1, off = 0;
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    memcpy(&v4.sin_addr, address + 12, 4);
    memcpy(&v6.sin6_addr, address, 16);
    int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* A kernel without IPv6 still serves "all addresses" by IPv4. */
    if (fd < 0 && errno == EAFNOSUPPORT && is_any && families == 0) {
        is_v4 = 1;
        v4.sin_addr.s_addr = INADDR_ANY;
        fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    }
    if (fd < 0) return failure();
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!is_v4) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, is_any && families == 0 ? &off : &on, sizeof on);
    socklen_t length = (socklen_t)strlen(interface);
    if (length > 0 && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, length) != 0) {
        int32_t reason = failure();
        close(fd);
        return reason;
    }
    /* Accepted sockets inherit these from the listener: no call per connection. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    const struct sockaddr *name = is_v4 ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6;
    if (bind(fd, name, is_v4 ? sizeof v4 : sizeof v6) != 0 || listen(fd, backlog) != 0) {
        int32_t reason = failure();
        close(fd);
        return reason;
    }
    return fd;
}

int32_t swl_listen_local(const char *path, int32_t backlog) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    struct stat found;
    if (strlen(path) >= sizeof name.sun_path) return SWL_FAILED - ENAMETOOLONG;
    memcpy(name.sun_path, path, strlen(path));
    /* A socket that an earlier run left is in the way; any other file is somebody's. */
    if (lstat(path, &found) == 0 && S_ISSOCK(found.st_mode)) unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return failure();
    if (bind(fd, (const struct sockaddr *)&name, sizeof name) != 0 || listen(fd, backlog) != 0) {
        int32_t reason = failure();
        close(fd);
        return reason;
    }
    return fd;
}

int32_t swl_unlink(const char *path) { return result(unlink(path)); }

int32_t swl_local_port(int32_t fd) {
    struct sockaddr_in6 name = {0};
    socklen_t length = sizeof name;
    if (getsockname(fd, (struct sockaddr *)&name, &length) != 0) return failure();
    /* The port stands at the same place in both families' addresses. */
    return ntohs(name.sin6_port);
}

int32_t swl_accept(int32_t fd, uint8_t *address, uint16_t *port) {
    struct sockaddr_in6 peer = {0};
    socklen_t length = sizeof peer;
    int accepted;
    do accepted = accept4(fd, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    while (accepted < 0 && errno == EINTR);
    if (accepted < 0) return failure();
    if (peer.sin6_family == AF_INET) {
        memcpy(address, mapped_prefix, 12);
        memcpy(address + 12, &((struct sockaddr_in *)&peer)->sin_addr, 4);
    } else if (peer.sin6_family == AF_INET6) {
        memcpy(address, &peer.sin6_addr, 16);
    } else {
        memcpy(address, local_address, 16);
    }
    *port = peer.sin6_family == AF_UNIX ? 0 : ntohs(peer.sin6_port);
    return accepted;
}

int32_t swl_receive(int32_t fd, void *target, intptr_t bytes) {
    ssize_t n;
    do n = recv(fd, target, (size_t)bytes, 0);
    while (n < 0 && errno == EINTR);
    return result(n);
}

int32_t swl_send(int32_t fd, const void *runs, int32_t count) {
    const struct iovec *iov = runs;
    ssize_t n;
    if (count == 1) {
        do n = send(fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
    } else {
        struct msghdr message = {.msg_iov = (struct iovec *)iov, .msg_iovlen = (unsigned)count};
        do n = sendmsg(fd, &message, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
    }
    return result(n);
}

int32_t swl_unsent(int32_t fd) {
    int count = 0;
    return ioctl(fd, TIOCOUTQ, &count) == 0 ? count : failure();
}

static struct epoll_event interest(uint32_t kinds, uint32_t token) {
    uint32_t events = (kinds & SWL_READABLE ? EPOLLIN : 0) | (kinds & SWL_WRITABLE ? EPOLLOUT : 0);
    return (struct epoll_event){.events = events, .data = {.u32 = token}};
}

int32_t swl_epoll_open(void) { return result(epoll_create1(EPOLL_CLOEXEC)); }

int32_t swl_epoll_add(int32_t epoll, int32_t fd, uint32_t kinds, uint32_t token) {
    struct epoll_event event = interest(kinds, token);
    return result(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

int32_t swl_epoll_change(int32_t epoll, int32_t fd, uint32_t kinds, uint32_t token) {
    struct epoll_event event = interest(kinds, token);
    return result(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event));
}

int32_t swl_epoll_wait(int32_t epoll, uint32_t *events, int32_t capacity, int32_t timeout_ms) {
    struct epoll_event found[MAX_EVENTS];
    if (capacity > MAX_EVENTS) capacity = MAX_EVENTS;
    int n = epoll_wait(epoll, found, capacity, timeout_ms);
    /* SIGCONT ends a wait: what has come while the process was stopped is told all the same. */
    while (n < 0 && errno == EINTR) n = epoll_wait(epoll, found, capacity, 0);
    if (n < 0) return failure();
    for (int i = 0; i < n; i++) {
        uint32_t kinds = found[i].events;
        events[2 * i] = found[i].data.u32;
        events[2 * i + 1] = (kinds & EPOLLIN ? SWL_READABLE : 0) | (kinds & EPOLLOUT ? SWL_WRITABLE : 0) |
                            (kinds & (EPOLLERR | EPOLLHUP) ? SWL_BROKEN : 0);
    }
    return n;
}

int32_t swl_hold_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    return result(sigprocmask(SIG_BLOCK, &set, NULL));
}

int32_t swl_signals(int32_t with_children) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    if (with_children) {
        /* Whoever started us may have chosen not to hear of children, and that is inherited. */
        signal(SIGCHLD, SIG_DFL);
        sigaddset(&set, SIGCHLD);
    }
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) return failure();
    signal(SIGPIPE, SIG_IGN);
    return result(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

uint32_t swl_read_signal(int32_t fd) {
    struct signalfd_siginfo info;
    if (read(fd, &info, sizeof info) != sizeof info) return 0;
    switch (info.ssi_signo) {
    case SIGHUP: return SWL_RELOAD;
    case SIGUSR1: return SWL_REPORT;
    case SIGCHLD: return SWL_ENDED;
    default: return SWL_STOP;
    }
}

int32_t swl_open_pair(int32_t *other) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return failure();
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *other = ends[1];
    return ends[0];
}

/* In a new process: nothing is to stay open for its sake. */
static void close_all_but(int kept) {
    if (kept > 0) syscall(SYS_close_range, 0, kept - 1, 0);
    if (syscall(SYS_close_range, kept + 1, ~0u, 0) == 0) return;
    /* Linux before 5.9. */
    long count = sysconf(_SC_OPEN_MAX);
    for (int fd = 0; fd < count; fd++)
        if (fd != kept) close(fd);
}

void swl_end_helper(int32_t process) {
    kill(process, SIGKILL);
    while (waitpid(process, NULL, 0) < 0 && errno == EINTR) {}
}

int32_t swl_start_helper(int32_t *child, int32_t *process) {
    int32_t other, end = swl_open_pair(&other);
    if (end < 0) return end;
    /* musl's fork() would bring its allocator along; there is one thread, so nothing is lost. */
    pid_t pid = _Fork();
    if (pid < 0) {
        int32_t reason = failure();
        close(end);
        close(other);
        return reason;
    }
    if (pid == 0) {
        close_all_but(other);
        /* Ends with its parent, and not when a terminal's Ctrl-C reaches both. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGINT, SIG_IGN);
        signal(SIGTERM, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        *child = other;
        return 0;
    }
    close(other);
    *child = -1;
    *process = pid;
    return end;
}

void swl_exit(int32_t status) { _exit(status); }

int32_t swl_send_message(int32_t fd, const void *source, intptr_t bytes) {
    ssize_t n;
    do n = send(fd, source, (size_t)bytes, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return result(n);
}

int32_t swl_open_syslog(void) {
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return failure();
    if (connect(fd, (const struct sockaddr *)&name, sizeof name) != 0) {
        int32_t reason = failure();
        close(fd);
        return reason;
    }
    return fd;
}

const char *swl_error_text(int32_t error) { return strerror(error); }

const char *swl_host_name(void) {
    static struct utsname name;
    return uname(&name) == 0 ? name.nodename : "";
}

const char *swl_machine(void) {
#if defined(__mips__) && defined(__MIPSEB__)
    return "mips";
#elif defined(__mips__)
    return "mipsel";
#elif defined(__aarch64__)
    return "aarch64";
#elif defined(__ARM_ARCH) && __ARM_ARCH >= 7
    return "armv7";
#elif defined(__ARM_ARCH) && __ARM_ARCH == 6
    return "armv6";
#elif defined(__arm__)
    return "armv5te";
#else
    return "x86_64";
#endif
}

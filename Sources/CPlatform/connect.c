#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static socklen_t socket_name(struct sockaddr_storage *name, const uint8_t *address, uint16_t port) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)name;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)name;
    memset(name, 0, sizeof *name);
    if (memcmp(address, mapped_prefix, sizeof mapped_prefix) == 0) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        memcpy(&v4->sin_addr, address + 12, 4);
        return sizeof *v4;
    }
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    memcpy(&v6->sin6_addr, address, 16);
    return sizeof *v6;
}

static int32_t begin(int fd, const struct sockaddr *name, socklen_t length) {
    /* EAGAIN is a unix socket whose listener is overwhelmed: there is nothing to wait for. */
    return connect(fd, name, length) != 0 && errno != EINPROGRESS ? SWL_FAILED - errno : 0;
}

int32_t swl_open_tcp(int32_t is_v4) {
    int on = 1;
    int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return SWL_FAILED - errno;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    return fd;
}

static int set(int fd, int option, int32_t value) {
    return value > 0 ? setsockopt(fd, IPPROTO_TCP, option, &value, sizeof value) : 0;
}

int32_t swl_keep_alive(int32_t fd, int32_t idle_s, int32_t interval_s, int32_t count, int32_t user_timeout_ms) {
    if (set(fd, TCP_KEEPIDLE, idle_s) != 0 || set(fd, TCP_KEEPINTVL, interval_s) != 0 ||
        set(fd, TCP_KEEPCNT, count) != 0 || set(fd, TCP_USER_TIMEOUT, user_timeout_ms) != 0)
        return SWL_FAILED - errno;
    return 0;
}

int32_t swl_bind_device(int32_t fd, const char *device) {
    int bound = setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device));
    return bound != 0 ? SWL_FAILED - errno : 0;
}

int32_t swl_bind(int32_t fd, const uint8_t *address, uint16_t port) {
    struct sockaddr_storage name;
    socklen_t length = socket_name(&name, address, port);
    return bind(fd, (struct sockaddr *)&name, length) != 0 ? SWL_FAILED - errno : 0;
}

int32_t swl_connect(int32_t fd, const uint8_t *address, uint16_t port) {
    struct sockaddr_storage name;
    socklen_t length = socket_name(&name, address, port);
    return begin(fd, (struct sockaddr *)&name, length);
}

int32_t swl_connect_local(const char *path) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof name.sun_path) return SWL_FAILED - ENAMETOOLONG;
    memcpy(name.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return SWL_FAILED - errno;
    int32_t result = begin(fd, (struct sockaddr *)&name, sizeof name);
    if (result == 0) return fd;
    close(fd);
    return result;
}

int32_t swl_connect_result(int32_t fd) {
    struct sockaddr_storage peer;
    int error = 0;
    socklen_t length = sizeof error, peer_length = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
    if (error != 0) return SWL_FAILED - error;
    if (getpeername(fd, (struct sockaddr *)&peer, &peer_length) == 0) return 0;
    return errno == ENOTCONN ? SWL_AGAIN : SWL_FAILED - errno;
}

int32_t swl_read_at(int32_t fd, void *target, intptr_t bytes, intptr_t offset) {
    ssize_t n;
    do n = pread(fd, target, (size_t)bytes, (off_t)offset);
    while (n < 0 && errno == EINTR);
    return n < 0 ? SWL_FAILED - errno : (int32_t)n;
}

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

static int32_t give_up(int fd) {
    int32_t reason = SWL_FAILED - errno;
    if (fd >= 0) close(fd);
    return reason;
}

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
    if (connect(fd, name, length) != 0 && errno != EINPROGRESS) return give_up(fd);
    return fd;
}

int32_t swl_connect(const uint8_t *address, uint16_t port, const uint8_t *local, uint16_t local_port) {
    struct sockaddr_storage name;
    int on = 1;
    socklen_t length = socket_name(&name, address, port);
    int fd = socket(name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return give_up(fd);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (local != NULL) {
        struct sockaddr_storage own;
        socklen_t own_length = socket_name(&own, local, local_port);
        if (bind(fd, (struct sockaddr *)&own, own_length) != 0) return give_up(fd);
    }
    return begin(fd, (struct sockaddr *)&name, length);
}

int32_t swl_connect_local(const char *path) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = -1;
    if (strlen(path) >= sizeof name.sun_path) {
        errno = ENAMETOOLONG;
        return give_up(fd);
    }
    memcpy(name.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return give_up(fd);
    return begin(fd, (struct sockaddr *)&name, sizeof name);
}

int32_t swl_connect_result(int32_t fd) {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
    return error == 0 ? 0 : SWL_FAILED - error;
}

int32_t swl_read_at(int32_t fd, void *target, intptr_t bytes, intptr_t offset) {
    ssize_t n;
    do n = pread(fd, target, (size_t)bytes, (off_t)offset);
    while (n < 0 && errno == EINTR);
    return n < 0 ? SWL_FAILED - errno : (int32_t)n;
}

// The floor that brokers are measured against: reads, then writes the bytes to each receiver, and does nothing else.
// It answers CONNECT and a SUBSCRIBE to one exact topic. Who publishes stays with one topic and one length, so that of
// a publisher only the first message is looked at; QoS 0 only.
// usage: relay PORT
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { connections_max = 1024, window = 65536, message_max = 16384, topic_max = 128 };

struct connection {
    int is_open, is_subscriber, receiver_count;
    size_t message;                 // bytes of each of its messages; 0 until it has published
    size_t carried;                 // bytes of a message whose rest is still to come
    size_t topic_length;
    unsigned char topic[topic_max];
    unsigned char carry[message_max];
    int *receivers;
};

static struct connection connections[connections_max]; // by descriptor
static unsigned char buffer[message_max + window];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

// A receiver that is slow is waited for.
static void put(int fd, const unsigned char *bytes, size_t count) {
    while (count > 0) {
        ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return; // it is closed when its end is read
        bytes += sent;
        count -= (size_t)sent;
    }
}

static void note_topic(struct connection *own, const unsigned char *text) {
    own->topic_length = (size_t)(text[0] << 8 | text[1]);
    if (own->topic_length > topic_max) exit(2);
    memcpy(own->topic, text + 2, own->topic_length);
}

static void find_receivers(struct connection *own) {
    own->receivers = malloc(connections_max * sizeof(int));
    own->receiver_count = 0;
    for (int fd = 0; fd < connections_max; fd++) {
        struct connection *other = &connections[fd];
        if (other->is_open && other->is_subscriber && other->topic_length == own->topic_length
            && memcmp(other->topic, own->topic, own->topic_length) == 0) own->receivers[own->receiver_count++] = fd;
    }
}

// Handles what comes before the first message, and returns how many bytes that was.
static size_t greet(int fd, const unsigned char *bytes, size_t count) {
    struct connection *own = &connections[fd];
    size_t done = 0;
    while (own->message == 0 && count - done >= 2) {
        const unsigned char *packet = bytes + done;
        size_t length = 0, header = 1;
        for (int shift = 0;; shift += 7) {
            if (header == count - done) return done;
            length |= (size_t)(packet[header] & 127) << shift;
            if (!(packet[header++] & 128)) break;
        }
        if (header + length > count - done) return done;
        switch (packet[0] >> 4) {
        case 1: put(fd, (const unsigned char[]){0x20, 2, 0, 0}, 4); break;
        case 8:
            note_topic(own, packet + header + 2);
            own->is_subscriber = 1;
            put(fd, (const unsigned char[]){0x90, 3, packet[header], packet[header + 1], 0}, 5);
            break;
        case 3:
            if (header + length > message_max) exit(2);
            note_topic(own, packet + header);
            find_receivers(own);
            own->message = header + length;
            return done;
        case 14: shutdown(fd, SHUT_RDWR); break;
        default: break;
        }
        done += header + length;
    }
    return done;
}

static void close_connection(int fd) {
    free(connections[fd].receivers);
    memset(&connections[fd], 0, sizeof connections[fd]);
    close(fd);
}

static void read_from(int fd) {
    struct connection *own = &connections[fd];
    memcpy(buffer, own->carry, own->carried);
    ssize_t received = recv(fd, buffer + own->carried, window, MSG_DONTWAIT);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received <= 0) return close_connection(fd);
    size_t count = own->carried + (size_t)received;
    size_t done = own->message ? 0 : greet(fd, buffer, count);
    if (own->message) {
        size_t whole = (count - done) / own->message * own->message;
        for (int i = 0; whole && i < own->receiver_count; i++) put(own->receivers[i], buffer + done, whole);
        done += whole;
    }
    own->carried = count - done;
    if (own->carried > message_max) exit(2);
    memcpy(own->carry, buffer + done, own->carried);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1])),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int listener = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 128) < 0) fail("listen");
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[64];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(poll, events, 64, -1);
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd != listener) {
                read_from(events[i].data.fd);
                continue;
            }
            int fd = accept(listener, NULL, NULL);
            if (fd < 0 || fd >= connections_max) fail("accept");
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            connections[fd].is_open = 1;
            event.data.fd = fd;
            epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
        }
    }
}

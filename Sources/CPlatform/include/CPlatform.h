/* All that Swift asks of Linux. Scalars and pointers only: this header is read for the Swift frontend's machine, not
 * the target's, so no type of the system may appear here.
 *
 * Unless said otherwise a function returns zero or more on success, one of the SWL_ classes, or SWL_FAILED - errno. */
#ifndef CPLATFORM_H
#define CPLATFORM_H

#include <stdint.h>

/* For Swift; other compilers do not know them. */
#ifndef __clang__
#define _Nonnull
#define _Nullable
#endif

enum {
    SWL_AGAIN = -1,     /* would block */
    SWL_CLOSED = -2,    /* the peer is gone */
    SWL_EXHAUSTED = -3, /* out of descriptors or kernel memory */
    SWL_BUG = -4,       /* a bad descriptor or pointer */
    SWL_ABSENT = -5,    /* no such address, device or file, for now */
    SWL_IRREGULAR = -6, /* a folder, a device or the like, where a file is wanted */
    SWL_FAILED = -1000
};

/* Kinds of events, as Runtime.Event has them. */
enum {
    SWL_READABLE = 1, SWL_WRITABLE = 2, SWL_BROKEN = 4, SWL_STOP = 8, SWL_RELOAD = 64, SWL_REPORT = 128,
    SWL_ENDED = 512
};

/* Memory. Zeroed; null when there is not enough. */
void *_Nullable swl_map(intptr_t bytes);
/* The same for what will be written to from end to end: in huge pages where the kernel has them, which are there with
 * one fault in place of hundreds. No more than `bytes`, in whole pages, becomes memory. */
void *_Nullable swl_map_arena(intptr_t bytes);
void swl_unmap(void *_Nonnull start, intptr_t bytes);
int32_t swl_page_bytes(void);

/* Clock and entropy. */
uint32_t swl_now_ms(void);
uint32_t swl_wall_seconds(void);
int32_t swl_random(void *_Nonnull target, intptr_t bytes);

/* Names of machines. Blocks for many seconds where nobody answers. Writes at most `capacity` addresses of 16 bytes,
 * best first; returns how many, zero when there is no such name, or SWL_AGAIN when nobody could tell. */
int32_t swl_look_up(const char *_Nonnull name, uint8_t *_Nonnull addresses, int32_t capacity);

/* Files. `path` ends with a zero byte. */
int32_t swl_open(const char *_Nonnull path);
int32_t swl_read_at(int32_t fd, void *_Nonnull target, intptr_t bytes, intptr_t offset);
int32_t swl_read(int32_t fd, void *_Nonnull target, intptr_t bytes);
int32_t swl_write(int32_t fd, const void *_Nonnull source, intptr_t bytes);
/* Whether a write of a few hundred bytes would not block. */
int32_t swl_is_writable(int32_t fd);
int32_t swl_close(int32_t fd);

enum { SWL_MAY_READ = 0, SWL_MAY_WRITE = 1, SWL_MAY_RUN = 2 };
/* Whether this process may do that with a file; SWL_IRREGULAR for folders, and for what is nothing to run. */
int32_t swl_may(const char *_Nonnull path, int32_t what);
/* 1 if every user may read it. */
int32_t swl_is_public(const char *_Nonnull path);

/* Files that are edited. */
/* Opens one to be read and replaced; another that does the same waits until it is closed. */
int32_t swl_open_edited(const char *_Nonnull path);
/* Puts a file with these bytes in the place of `path` (of what it leads to if it is a link), with mode and owner of
 * `old`, or for the owner alone if there was none and `old` is below zero. All or nothing, even if the power fails.
 * Signals that would end the process wait from here on: it is to end by itself. */
int32_t swl_replace(const char *_Nonnull path, int32_t old, const void *_Nonnull source, intptr_t bytes);

/* A terminal. */
int32_t swl_is_terminal(int32_t fd);
/* Prompts on standard error and reads one line that is not shown. Signals that end or stop the process do so when the
 * terminal is again as it was; a line that was stopped begins anew. */
int32_t swl_read_hidden(int32_t fd, const void *_Nonnull prompt, intptr_t prompt_bytes, void *_Nonnull target,
                        intptr_t bytes);

/* From here on, no program that this one or its children run gets more rights than they have. Linux 3.5; not an error
 * before that. */
void swl_no_new_privileges(void);

/* Makes room for `count` descriptors as far as the hard limit goes; returns how many there may be. */
int32_t swl_raise_descriptors(int32_t count);

/* Sockets. Addresses are 16 bytes in network order, IPv4 mapped into IPv6. */
/* `families` is 4, 6, or 0 for both where `address` is all zero; `interface` may be empty. Strings end with a zero. */
int32_t swl_listen(const uint8_t *_Nonnull address, uint16_t port, int32_t families, const char *_Nonnull interface,
                   int32_t backlog);
int32_t swl_listen_local(const char *_Nonnull path, int32_t backlog);
int32_t swl_unlink(const char *_Nonnull path);
int32_t swl_local_port(int32_t fd);
int32_t swl_accept(int32_t fd, uint8_t *_Nonnull address, uint16_t *_Nonnull port);
/* A socket to connect with, what it is to have (zero: what the system has), and where it comes from. swl_connect
 * begins; the socket becomes writable when swl_connect_result can tell, which is SWL_AGAIN before. All of them give
 * SWL_FAILED - errno whatever else it is. */
int32_t swl_open_tcp(int32_t is_v4);
int32_t swl_keep_alive(int32_t fd, int32_t idle_s, int32_t interval_s, int32_t count, int32_t user_timeout_ms);
int32_t swl_bind_device(int32_t fd, const char *_Nonnull device);
int32_t swl_bind(int32_t fd, const uint8_t *_Nonnull address, uint16_t port);
int32_t swl_connect(int32_t fd, const uint8_t *_Nonnull address, uint16_t port);
/* The same in one for a unix socket. */
int32_t swl_connect_local(const char *_Nonnull path);
int32_t swl_connect_result(int32_t fd);
int32_t swl_receive(int32_t fd, void *_Nonnull target, intptr_t bytes);
/* `runs` is an array of struct iovec. */
int32_t swl_send(int32_t fd, const void *_Nonnull runs, int32_t count);
/* Bytes that the peer has not acknowledged. */
int32_t swl_unsent(int32_t fd);

/* Events. `events` receives pairs of token and kinds. */
int32_t swl_epoll_open(void);
int32_t swl_epoll_add(int32_t epoll, int32_t fd, uint32_t kinds, uint32_t token);
int32_t swl_epoll_change(int32_t epoll, int32_t fd, uint32_t kinds, uint32_t token);
int32_t swl_epoll_wait(int32_t epoll, uint32_t *_Nonnull events, int32_t capacity, int32_t timeout_ms);

/* From here on SIGHUP and SIGUSR1 wait for swl_signals. */
int32_t swl_hold_signals(void);
/* A descriptor that becomes readable on SIGTERM, SIGINT, SIGHUP and SIGUSR1, which no longer end the process, and
 * perhaps when a child has ended; SIGPIPE is ignored. The second reads the next one from it: SWL_STOP, SWL_RELOAD,
 * SWL_REPORT or SWL_ENDED, or zero. */
int32_t swl_signals(int32_t with_children);
uint32_t swl_read_signal(int32_t fd);

/* Ends a helper, which may be ending already, and waits until it has. */
void swl_end_helper(int32_t process);

/* Starts a process that shares nothing with this one but a socket for whole messages: returns the socket here, and in
 * the new process sets `*child` to its end of it and returns 0. The process ends when this one does. */
int32_t swl_start_helper(int32_t *_Nonnull child, int32_t *_Nonnull process);
/* The same socket without a process: returns one end, which does not block, and sets `*other` to the other. */
int32_t swl_open_pair(int32_t *_Nonnull other);
void swl_exit(int32_t status);
int32_t swl_send_message(int32_t fd, const void *_Nonnull source, intptr_t bytes);

/* Programs. */
enum { SWL_SIGNALLED = 256 };
/* Starts a program in a process group of its own; it is looked for in PATH unless its name has a slash. `text` has its
 * words and then variables as `NAME=VALUE`, each with a zero byte behind it; the rest of its environment is ours.
 * Returns its number. `ends` receives four descriptors, none of which blocks: to its standard input, from its standard
 * output and error, and one from which the error number comes, as four bytes in the machine's order, where it could not
 * be started. The process ends when this one does. */
int32_t swl_spawn(const void *_Nonnull text, int32_t arguments, int32_t variables, int32_t *_Nonnull ends);
/* Asks the group to end (SIGTERM), or ends it (SIGKILL). */
int32_t swl_end_group(int32_t process, int32_t is_final);
/* SWL_AGAIN while the program runs. Then, once, its exit status, or SWL_SIGNALLED and the signal that ended it; what is
 * left of its group is ended. */
int32_t swl_reap(int32_t process);

/* Files of any kind, without waiting for whoever is at their other end. */
int32_t swl_open_source(const char *_Nonnull path);
/* Puts `bytes` in the place of what the file has, in one write; a file that is not there is made. Links are not
 * followed; SWL_IRREGULAR where it is none that takes bytes. SWL_EXHAUSTED where it took only a part. */
int32_t swl_put(const char *_Nonnull path, const void *_Nonnull source, intptr_t bytes);

/* Hashes of passwords, 64 bytes each, by BearSSL. */
void swl_sha512(const void *_Nonnull password, intptr_t password_bytes, const void *_Nonnull salt, intptr_t salt_bytes,
                uint8_t *_Nonnull hash);
void swl_pbkdf2_sha512(const void *_Nonnull password, intptr_t password_bytes, const void *_Nonnull salt,
                       intptr_t salt_bytes, int32_t iterations, uint8_t *_Nonnull hash);

/* What a tool wants of the system. */
/* Null when there is no such variable. */
const char *_Nullable swl_environment(const char *_Nonnull name);
int32_t swl_process_id(void);
/* Seconds since 1970, and nanoseconds of the second. */
uint32_t swl_wall_time(uint32_t *_Nonnull nanoseconds);
/* Address space that the system fills with memory, zeroed, only where it is touched; null when there is none. */
void *_Nullable swl_reserve(intptr_t bytes);
/* SIGHUP and SIGUSR1 end the process again, and if asked to SIGTERM and SIGINT, too. */
int32_t swl_end_by_signals(int32_t asked_to_end);
/* Where a standard stream is closed it becomes /dev/null, or a socket would take its place. */
int32_t swl_fill_standard_streams(void);
/* The length of a file that can be read from its first byte whenever wanted, at most INT32_MAX; SWL_IRREGULAR for pipes
 * and the like, and for files that were read already. */
int32_t swl_streamable_bytes(int32_t fd);
/* A file without a name, in memory. */
int32_t swl_memory_file(void);
/* Until a write of a few thousand bytes would not block, or fail. */
int32_t swl_wait_writable(int32_t fd);

/* What a load generator wants of the system. */
/* The monotonic clock, and the processor time of this process, in nanoseconds. */
uint64_t swl_now_ns(void);
uint64_t swl_cpu_ns(void);
/* From here on sleep is as exact as the system can make it. */
int32_t swl_sharpen_sleep(void);
/* Waits until an event is there for swl_epoll_wait, at most so long. */
int32_t swl_pause(int32_t epoll, uint32_t nanoseconds);

/* A socket to the system log, for one message a line. */
int32_t swl_open_syslog(void);

/* The system's text for an error number. */
const char *_Nonnull swl_error_text(int32_t error);

/* The processor family this was compiled for. */
const char *_Nonnull swl_machine(void);

/* What this machine is called on its network. */
const char *_Nonnull swl_host_name(void);

#endif

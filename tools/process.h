/* SPDX-License-Identifier: MIT */
/*
 * process.h - start other programs, and be sure that they end.
 *
 * Every child that is not the user's own program is in a process group of its
 * own (a ^C on the terminal is for vocl to act on) and gets a signal when vocl
 * dies. Descriptors are close-on-exec except those named.
 */
#ifndef VOCL_PROCESS_H
#define VOCL_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process_spec {
    char *const *argv;
    char *const *set; /* NAME=VALUE, NULL at the end: added to vocl's environment; or NULL */
    int in, out, err; /* -1: /dev/null for in, vocl's own for out and err */
    const int *keep;  /* descriptors that keep their number */
    int nkeep;
    int death_signal; /* when vocl dies */
};

/* The pid, or -errno, also when the program cannot be executed. */
pid_t process_start(const struct process_spec *spec);

/* 0 and the wait status; -ETIMEDOUT after timeout_ms; another -errno. */
int process_wait(pid_t pid, int timeout_ms, int *status);

/* SIGTERM; after grace_ms, or when it has ended, SIGKILL for its group; the child
 * is reaped. Takes -1. */
void process_stop(pid_t pid, int grace_ms);

/*
 * Run argv to its end. process_output() collects its standard output, at most
 * len - 1 bytes, NUL ended; process_filter() gives it descriptors. Both return
 * the exit status (128 + n after signal n), or -errno; -ETIMEDOUT: it was killed.
 */
int process_output(char *const *argv, int timeout_ms, char *out, size_t len);
int process_filter(char *const *argv, int timeout_ms, int fd_in, int fd_out);

/* Monotonic milliseconds, for deadlines. */
int64_t now_ms(void);

/* What is left until deadline (0: none, so -1), as poll(2) takes it. */
int left_ms(int64_t deadline);

/* The exit status that a shell would report for a wait status. */
int exit_status(int wait_status);

#endif

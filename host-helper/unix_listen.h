/* SPDX-License-Identifier: MIT */
/*
 * unix_listen.h - a listening unix socket at a path that is ours alone: made
 * private, taken over from a helper that is gone, never from one that lives,
 * and removed only if it is still the one that we made.
 */
#ifndef HCL_UNIX_LISTEN_H
#define HCL_UNIX_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

struct hcl_unix_listen {
    int fd;
    dev_t dev; /* which file we made */
    ino_t ino;
};

/* type: SOCK_STREAM or SOCK_SEQPACKET. Returns 0 or -errno, logged. */
int hcl_unix_listen_open(struct hcl_unix_listen *l, const char *path, int type, int backlog);
void hcl_unix_listen_close(struct hcl_unix_listen *l, const char *path);

/* Does nobody listen at this socket any more? One that listens notices nothing. */
bool hcl_unix_listen_is_stale(const char *path);

#endif

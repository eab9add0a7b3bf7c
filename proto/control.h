/* SPDX-License-Identifier: MIT */
/*
 * control.h - where a helper can be asked what it counts, and what it answers.
 *
 * Every helper listens at a socket in one of a few folders, so that `vocl top`
 * finds it. Whoever connects gets one JSON document and the end of the file;
 * nothing is read. Only the helper's own user and root are answered.
 *
 *   {"virtio-ocl": 1,
 *    "helper": {"pid", "uid", "version", "seconds"},
 *    "sockets": [{"path", "serves": "programs" or "vm", "connected", "ended",
 *                 "past": {"guest": {NAME: N}, "host": {NAME: N}},
 *                 "clients": [{"number", "name", "pid", "uid" or null, "worker",
 *                              "seconds", "guest", "host", "calls": {CALL: N}}]}]}
 *
 * Members are added, never changed; NAMEs are those of counters.h.
 */
#ifndef VOCL_CONTROL_H
#define VOCL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define VOCL_CONTROL_VERSION 1

/* A document is shorter than this: a few KiB for each of 64 clients at each of 64
 * sockets, and some. */
#define VOCL_CONTROL_MAX ((size_t)64 << 20)

/* What the sockets' names end with. */
#define VOCL_CONTROL_SUFFIX ".control"

/*
 * The folders, best first, in which helpers of user `uid` may have their sockets:
 * path receives the i-th. Returns 0, -ENOENT (there are no more) or -ENAMETOOLONG
 * (go on with the next).
 */
int vocl_control_folder(unsigned i, uid_t uid, char *path, size_t len);

/* Is this a folder of that user's, into which nobody else can have written? */
bool vocl_control_folder_safe(const char *path, uid_t uid);

#endif

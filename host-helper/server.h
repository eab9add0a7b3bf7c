/* SPDX-License-Identifier: MIT */
/*
 * server.h - the helper's parent process: an event loop, its sockets, and the
 * workers that it has forked. It never touches OpenCL and never reads a guest
 * command; it accepts clients, answers the control queues of VMs and sees to
 * it that a worker's end is noticed.
 *
 * Ownership: watches and children belong to whoever added them and are removed
 * by handle. Threading: the server has one thread, so that it may fork.
 */
#ifndef HCL_SERVER_H
#define HCL_SERVER_H

#include <stdint.h>
#include <sys/types.h>

#include "client.h"
#include "roster.h"

struct hcl_server;
struct hcl_watch;
struct hcl_child;

/* events: POLLIN/POLLOUT; revents as poll(2) gives them. */
typedef void (*hcl_watch_fn)(void *opaque, int fd, short revents);
/* status as waitpid(2) gives it. The child is forgotten when this returns. */
typedef void (*hcl_child_fn)(void *opaque, pid_t pid, int status);
/* Called once on SIGTERM/SIGINT: end your clients, close your sockets. */
typedef void (*hcl_stop_fn)(void *opaque);

struct hcl_server *hcl_server_create(const struct hcl_options *opt);
void hcl_server_destroy(struct hcl_server *s);
const struct hcl_options *hcl_server_options(const struct hcl_server *s);
/* Whom it serves; whoever serves them keeps it. */
struct hcl_roster *hcl_server_roster(struct hcl_server *s);

/* NULL: no memory. A watch may remove itself or others from within its fn. */
struct hcl_watch *hcl_server_watch(struct hcl_server *s, int fd, short events, hcl_watch_fn fn,
                                   void *opaque);
void hcl_server_unwatch(struct hcl_server *s, struct hcl_watch *w);

/*
 * fork() with everything that a child of ours needs: SIGTERM and SIGCHLD back to
 * default and all signals unblocked (SIGPIPE stays ignored, and so is SIGINT:
 * it is the server that stops its children), PR_SET_PDEATHSIG SIGKILL, every
 * descriptor closed in the child except 0, 1, 2 and keep[0..nkeep). Returns as
 * fork() does: 0 in the child, the pid in the parent, -errno on failure. fn is
 * called in the parent when the child has exited. In the child, s is dead:
 * leave it alone.
 */
#define HCL_FORK_MAX_KEEP 64 /* guest RAM comes in a few descriptors per VM */
pid_t hcl_server_fork(struct hcl_server *s, const int *keep, int nkeep, hcl_child_fn fn,
                      void *opaque);

/* Register something that must be told when the server stops. */
int hcl_server_on_stop(struct hcl_server *s, hcl_stop_fn fn, void *opaque);

/*
 * Run until SIGTERM or SIGINT, then stop everything: children get
 * HCL_STOP_GRACE_MS to end by themselves and are then killed. Returns 0, or
 * -errno. Announces readiness with sd_notify where $NOTIFY_SOCKET is set, and
 * always with the line "vocl-helper: ready" in the log.
 */
int hcl_server_run(struct hcl_server *s);

/* Stop as a signal would: everything registered with hcl_server_on_stop() is
 * told, once, and hcl_server_run() ends or, if not started yet, need not be. */
void hcl_server_stop(struct hcl_server *s);

#define HCL_STOP_GRACE_MS 2000

/* Serve unix-socket clients at path (listen.c), a string that outlives s. 0 or
 * -errno, logged. */
int hcl_listen_start(struct hcl_server *s, const char *path);

/* Serve one VM's vhost-user connection at path (vhost_user.c); when QEMU goes,
 * the socket is listened on again. 0 or -errno, logged. */
int hcl_vhost_user_start(struct hcl_server *s, const char *path);

#endif

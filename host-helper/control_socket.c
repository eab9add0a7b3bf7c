// SPDX-License-Identifier: MIT
#include "control_socket.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"
#include "log.h"
#include "report.h"
#include "unix_listen.h"

/* Connections that wait for accept(), */
#define BACKLOG 8
/* and answers that wait for their readers: one that is never read holds a few
 * hundred KiB until another takes its place. */
#define MAX_ANSWERS 8

/* An answer that the socket did not take whole. */
struct answer {
    TAILQ_ENTRY(answer) link;
    struct control *control;
    int fd;
    struct hcl_watch *watch;
    char *text;
    size_t len, sent;
};

struct control {
    struct hcl_server *server;
    struct hcl_unix_listen sock;
    struct hcl_watch *watch;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    unsigned nanswers;
    TAILQ_HEAD(answers, answer) answers; /* oldest first */
};

static void answer_destroy(struct answer *a)
{
    if (a->watch) {
        hcl_server_unwatch(a->control->server, a->watch);
        TAILQ_REMOVE(&a->control->answers, a, link);
        a->control->nanswers--;
    }
    close(a->fd);
    free(a->text);
    free(a);
}

/* Returns 0 (all sent), -EAGAIN or another -errno. */
static int answer_send(struct answer *a)
{
    while (a->sent < a->len) {
        ssize_t n = send(a->fd, a->text + a->sent, a->len - a->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0)
            a->sent += (size_t)n;
    }
    return 0;
}

static void on_room(void *opaque, int fd, short revents)
{
    struct answer *a = opaque;

    (void)fd;
    if ((revents & (POLLERR | POLLHUP | POLLNVAL)) || answer_send(a) != -EAGAIN)
        answer_destroy(a);
}

/* The rest goes when there is room; the oldest rest makes place for it. */
static void answer_keep(struct control *c, struct answer *a)
{
    if (c->nanswers == MAX_ANSWERS)
        answer_destroy(TAILQ_FIRST(&c->answers));
    a->watch = hcl_server_watch(c->server, a->fd, POLLOUT, on_room, a);
    if (!a->watch) {
        answer_destroy(a);
        return;
    }
    TAILQ_INSERT_TAIL(&c->answers, a, link);
    c->nanswers++;
}

static void answer(struct control *c, int conn)
{
    struct answer *a = calloc(1, sizeof(*a));
    if (!a) {
        close(conn);
        return;
    }
    a->control = c;
    a->fd = conn;
    a->text = hcl_report(hcl_server_roster(c->server));
    a->len = a->text ? strlen(a->text) : 0;
    if (answer_send(a) == -EAGAIN)
        answer_keep(c, a);
    else
        answer_destroy(a);
}

/* Names of programs and what they do are their users' business. The socket's mode
 * says the same, but not where somebody has changed it. */
static bool may_ask(int conn)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);

    if (getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
        return false;
    return cred.uid == 0 || cred.uid == geteuid();
}

static void on_connection(void *opaque, int fd, short revents)
{
    struct control *c = opaque;

    (void)revents;
    int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (conn < 0)
        return;
    if (may_ask(conn))
        answer(c, conn);
    else
        close(conn);
}

static void on_stop(void *opaque)
{
    struct control *c = opaque;

    hcl_server_unwatch(c->server, c->watch);
    hcl_unix_listen_close(&c->sock, c->path);
    while (!TAILQ_EMPTY(&c->answers))
        answer_destroy(TAILQ_FIRST(&c->answers));
    free(c);
}

/* ---- the well-known folders ---- */

/* A helper that was killed has left its socket. */
static void sweep(const char *folder)
{
    DIR *d = opendir(folder);
    struct dirent *e;
    char path[PATH_MAX];

    while (d && (e = readdir(d))) {
        const char *dot = strrchr(e->d_name, '.');
        if (!dot || strcmp(dot, VOCL_CONTROL_SUFFIX) != 0)
            continue;
        if (snprintf(path, sizeof(path), "%s/%s", folder, e->d_name) < (int)sizeof(path) &&
            hcl_unix_listen_is_stale(path))
            unlink(path);
    }
    if (d)
        closedir(d);
}

/* /run/virtio-ocl is made by who sets the service up, with the owner that he
 * wants: it is used if it is there. */
static int find_folder(char *folder, size_t len)
{
    int rc;

    for (unsigned i = 0; (rc = vocl_control_folder(i, geteuid(), folder, len)) != -ENOENT; i++) {
        if (rc < 0)
            continue;
        if (strcmp(folder, "/run/virtio-ocl") != 0)
            mkdir(folder, 0700);
        if (vocl_control_folder_safe(folder, geteuid()) && access(folder, W_OK | X_OK) == 0)
            return 0;
    }
    return -ENOENT;
}

/* The pid for people; a pid is not unique where containers share a folder. */
static int choose_path(char *path, size_t len)
{
    char folder[PATH_MAX];
    unsigned unique = (unsigned)hcl_roster_age(0);

    if (find_folder(folder, sizeof(folder)) < 0) {
        hcl_log("'vocl top' will not find this helper: no folder for its control socket "
                "(--control PATH chooses one)");
        return -ENOENT;
    }
    sweep(folder);
    if (snprintf(path, len, "%s/%d-%x" VOCL_CONTROL_SUFFIX, folder, (int)getpid(), unique) <
        (int)len)
        return 0;
    hcl_log("'vocl top' will not find this helper: %s is too long for a socket's name "
            "(--control PATH chooses another)",
            folder);
    return -ENAMETOOLONG;
}

int hcl_control_start(struct hcl_server *s, const char *path)
{
    struct control *c = calloc(1, sizeof(*c));
    int rc = -ENOMEM;

    if (!c)
        return -ENOMEM;
    c->server = s;
    TAILQ_INIT(&c->answers);
    if (!path)
        rc = choose_path(c->path, sizeof(c->path));
    else if (snprintf(c->path, sizeof(c->path), "%s", path) < (int)sizeof(c->path))
        rc = 0;
    else
        rc = hcl_unix_listen_open(&c->sock, path, SOCK_STREAM, BACKLOG); /* says it is too long */
    if (rc == 0)
        rc = hcl_unix_listen_open(&c->sock, c->path, SOCK_STREAM, BACKLOG);
    if (rc < 0)
        goto fail;
    rc = -ENOMEM;
    c->watch = hcl_server_watch(s, c->sock.fd, POLLIN, on_connection, c);
    if (!c->watch || hcl_server_on_stop(s, on_stop, c))
        goto fail_socket;
    return 0;

fail_socket:
    hcl_server_unwatch(s, c->watch);
    hcl_unix_listen_close(&c->sock, c->path);
fail:
    free(c);
    return rc;
}

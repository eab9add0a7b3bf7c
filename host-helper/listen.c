// SPDX-License-Identifier: MIT
/*
 * Clients over a unix socket: accept, name, count, fork. The server reads
 * nothing from a connection; the worker owns it from the fork on, so that its
 * death closes the last descriptor and the client sees the end of file.
 */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "socket.h"
#include "transport_socket.h"
#include "unix_listen.h"

/* Connections that wait for accept(); programs that start at the same time. */
#define BACKLOG 64

struct client;

struct listener {
    struct hcl_server *server;
    struct hcl_watch *watch; /* NULL: stopped, and freed with the last client */
    struct hcl_unix_listen sock;
    const char *path; /* from the command line */
    struct hcl_place *place;
    uint32_t nclients;
    uint64_t serial; /* of the last client */
    bool full_logged;
    LIST_HEAD(, client) clients;
};

struct client {
    LIST_ENTRY(client) link;
    struct listener *listener;
    pid_t pid;
    struct hcl_client_id id;
    struct hcl_served *served;
};

/* The name of a process, as far as it can be printed. */
static void read_comm(pid_t pid, char *comm, size_t len)
{
    char path[32];

    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, comm, len - 1) : 0;
    if (fd >= 0)
        close(fd);
    comm[n > 0 ? n : 0] = '\0';
    comm[strcspn(comm, "\n")] = '\0';
    for (char *c = comm; *c; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?';
    }
}

static struct hcl_who look_at_client(const struct listener *l, int conn)
{
    struct ucred cred = {.pid = 0};
    socklen_t len = sizeof(cred);
    struct hcl_who who = {.number = l->serial, .uid = HCL_UID_UNKNOWN};

    if (getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0)
        who.uid = cred.uid;
    who.pid = (uint32_t)cred.pid;
    read_comm(cred.pid, who.comm, sizeof(who.comm));
    return who;
}

static void name_client(const struct listener *l, const struct hcl_who *who,
                        struct hcl_client_id *id)
{
    const char *slash = strrchr(l->path, '/');

    snprintf(id->name, sizeof(id->name), "%.24s#%llu pid %u %s", slash ? slash + 1 : l->path,
             (unsigned long long)who->number, who->pid, who->comm);
}

static void log_end(const struct client *c, int status)
{
    bool stopping = !c->listener->watch;

    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM && stopping)
        hcl_log("[%s] worker %d stopped", c->id.name, (int)c->pid);
    else if (WIFSIGNALED(status))
        hcl_log("[%s] worker %d died: %s", c->id.name, (int)c->pid, strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status))
        hcl_log("[%s] worker %d ended with status %d", c->id.name, (int)c->pid,
                WEXITSTATUS(status));
    else
        hcl_log("[%s] worker %d ended", c->id.name, (int)c->pid);
}

static void free_if_done(struct listener *l)
{
    if (l->watch || l->nclients > 0)
        return;
    hcl_place_destroy(l->place);
    free(l);
}

static void on_worker_exit(void *opaque, pid_t pid, int status)
{
    struct client *c = opaque;
    struct listener *l = c->listener;

    (void)pid;
    log_end(c, status);
    hcl_served_destroy(c->served);
    LIST_REMOVE(c, link);
    l->nclients--;
    l->full_logged = false;
    free(c);
    free_if_done(l);
}

/* In the child, for good. */
_Noreturn static void run_worker(const struct hcl_options *opt, const struct hcl_client_id *id,
                                 int conn)
{
    hcl_log_client(id->name);
    struct hcl_transport *t = hcl_transport_socket_create(conn, opt);
    _exit(t ? hcl_worker_main(opt, id, t) : 1);
}

static void refuse(struct listener *l, int conn, unsigned status, const char *reason)
{
    /* Once, not for every attempt: a client may try in a loop. */
    if (!l->full_logged)
        hcl_log("%s: client refused: %s", l->path, reason);
    l->full_logged = true;
    hcl_transport_socket_refuse(conn, status, reason);
}

static void serve(struct listener *l, int conn)
{
    const struct hcl_options *opt = hcl_server_options(l->server);
    char reason[128];

    if (l->nclients >= opt->max_clients) {
        snprintf(reason, sizeof(reason), "the limit of %u clients is reached (--max-clients)",
                 opt->max_clients);
        refuse(l, conn, VOCL_SOCK_FULL, reason);
        return;
    }
    struct client *c = calloc(1, sizeof(*c));
    if (!c) {
        refuse(l, conn, VOCL_SOCK_NOMEM, "the helper is out of memory");
        return;
    }
    c->listener = l;
    l->serial++;
    const struct hcl_who who = look_at_client(l, conn);
    c->served = hcl_served_create(l->place, &who);
    if (!c->served) {
        refuse(l, conn, VOCL_SOCK_NOMEM, "the helper is out of memory");
        free(c);
        return;
    }
    name_client(l, &who, &c->id);
    c->id.tally = c->served->tally;
    c->pid = hcl_server_fork(l->server, &conn, 1, on_worker_exit, c);
    if (c->pid == 0)
        run_worker(opt, &c->id, conn);
    if (c->pid < 0) {
        snprintf(reason, sizeof(reason), "cannot start a worker: %s", strerror(-c->pid));
        refuse(l, conn, VOCL_SOCK_NOMEM, reason);
        hcl_served_destroy(c->served);
        free(c);
        return;
    }
    hcl_served_forked(c->served, c->pid);
    LIST_INSERT_HEAD(&l->clients, c, link);
    l->nclients++;
    hcl_log("[%s] worker %d started", c->id.name, (int)c->pid);
}

static void on_connection(void *opaque, int fd, short revents)
{
    struct listener *l = opaque;

    (void)revents;
    int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (conn < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            /* The connection stays in the backlog: do not spin on it. */
            struct timespec ts = {.tv_nsec = 10000000};
            nanosleep(&ts, NULL);
        }
        return;
    }
    serve(l, conn);
    close(conn);
}

/* Nobody new comes in; the clients' workers are asked to end. */
static void on_stop(void *opaque)
{
    struct listener *l = opaque;
    struct client *c;

    hcl_server_unwatch(l->server, l->watch);
    l->watch = NULL;
    hcl_unix_listen_close(&l->sock, l->path);
    LIST_FOREACH(c, &l->clients, link)
    {
        kill(c->pid, SIGTERM);
    }
    free_if_done(l);
}

int hcl_listen_start(struct hcl_server *s, const char *path)
{
    struct listener *l = calloc(1, sizeof(*l));
    if (!l)
        return -ENOMEM;
    l->server = s;
    LIST_INIT(&l->clients);
    l->path = path;
    int err = -ENOMEM;
    l->place = hcl_place_create(hcl_server_roster(s), HCL_PLACE_PROGRAMS, path);
    if (!l->place)
        goto fail;
    err = hcl_unix_listen_open(&l->sock, path, SOCK_SEQPACKET, BACKLOG);
    if (err)
        goto fail;
    err = -ENOMEM;
    l->watch = hcl_server_watch(s, l->sock.fd, POLLIN, on_connection, l);
    if (!l->watch || hcl_server_on_stop(s, on_stop, l))
        goto fail_socket;
    return 0;

fail_socket:
    hcl_server_unwatch(s, l->watch);
    hcl_unix_listen_close(&l->sock, path);
fail:
    hcl_place_destroy(l->place);
    free(l);
    return err;
}

/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench.h"

/* 0 if it has gone meanwhile. */
static pid_t parent_of(pid_t pid)
{
    char path[64], text[512], *after;
    size_t n;
    FILE *f;
    int parent;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    f = fopen(path, "re");
    if (!f)
        return 0;
    n = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[n] = '\0';
    /* The name before may be anything; the last parenthesis ends it. */
    after = strrchr(text, ')');
    return after && sscanf(after, ") %*c %d", &parent) == 1 ? parent : 0;
}

void bench_workers_list(pid_t process, struct bench_workers *w)
{
    DIR *proc = opendir("/proc");
    struct dirent *e;

    w->n = 0;
    while (proc && (e = readdir(proc)) && w->n < BENCH_MAX_WORKERS) {
        pid_t pid = atoi(e->d_name);

        if (pid > 0 && parent_of(pid) == process)
            w->pid[w->n++] = pid;
    }
    if (proc)
        closedir(proc);
}

static bool has(const struct bench_workers *w, pid_t pid)
{
    for (size_t i = 0; i < w->n; i++) {
        if (w->pid[i] == pid)
            return true;
    }
    return false;
}

pid_t bench_workers_new(const struct bench_workers *before, const struct bench_workers *now)
{
    pid_t found = 0;

    for (size_t i = 0; i < now->n; i++) {
        if (has(before, now->pid[i]))
            continue;
        if (found)
            return 0;
        found = now->pid[i];
    }
    return found;
}

static double mib(const char *text, const char *key)
{
    const char *at = strstr(text, key);

    return at ? strtod(at + strlen(key), NULL) / 1024 : 0;
}

int bench_memory_of(pid_t pid, struct bench_memory *m)
{
    char path[64], text[4096];
    size_t n;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
    f = fopen(path, "re");
    if (!f)
        return -errno;
    n = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[n] = '\0';
    if (!strstr(text, "\nPss:"))
        return -EACCES;
    m->rss = mib(text, "\nRss:");
    m->pss = mib(text, "\nPss:");
    m->private_ = mib(text, "\nPrivate_Clean:") + mib(text, "\nPrivate_Dirty:");
    return 0;
}

pid_t bench_listener(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct ucred peer = {0};
    socklen_t len = sizeof(peer);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || strlen(path) >= sizeof(addr.sun_path))
        return 0;
    strcpy(addr.sun_path, path);
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
        peer.pid = 0;
    close(fd);
    return peer.pid;
}

/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"
#include "message.h"
#include "process.h"
#include "top_source.h"

/* A helper answers from its event loop, which nothing holds up for long. */
#define ANSWER_MS 2000

static int connect_to(const char *path)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = ANSWER_MS / 1000};
    int fd;

    if (strlen(path) >= sizeof(sa.sun_path))
        return -ENAMETOOLONG;
    strcpy(sa.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)); /* a full backlog */
    if (!connect(fd, (struct sockaddr *)&sa, sizeof(sa)))
        return fd;
    int err = errno;
    close(fd);
    return -err;
}

/* Until the end of the file; 0 or -errno. */
static int read_all(int fd, char **text, size_t *len, int64_t deadline)
{
    size_t cap = 0;
    ssize_t n;

    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};

        if (*len == cap) {
            char *bigger =
                cap < VOCL_CONTROL_MAX ? realloc(*text, cap = cap ? 2 * cap : 65536) : NULL;
            if (!bigger)
                return -ENOMEM;
            *text = bigger;
        }
        if (poll(&p, 1, left_ms(deadline)) <= 0)
            return -ETIMEDOUT;
        n = recv(fd, *text + *len, cap - *len, MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        if (!n)
            return 0;
        *len += n > 0 ? (size_t)n : 0;
    }
}

static bool is_document(json_t *doc)
{
    return json_integer_value(json_object_get(doc, "virtio-ocl")) == VOCL_CONTROL_VERSION &&
           json_is_object(json_object_get(doc, "helper")) &&
           json_is_array(json_object_get(doc, "sockets"));
}

static const char *why_not(int rc)
{
    switch (rc) {
    case -ENOENT:
        return "there is none";
    case -ECONNREFUSED:
        return "it has gone";
    case -EACCES:
        return "it answers its own user and root only";
    case -EPROTOTYPE:
    case -ENOTSOCK:
        return "this is not a control socket: give the helper --control PATH, and PATH here";
    case -EPROTO:
        return "this is no vocl-helper, or one of another version";
    case -ETIMEDOUT:
    case -EAGAIN:
        return "it does not answer: is it stopped?";
    default:
        return strerror(-rc);
    }
}

/* 0, or -errno: -EACCES when the helper did not answer us, -EPROTO: no helper. */
static int ask(const char *path, json_t **doc)
{
    int64_t deadline = now_ms() + ANSWER_MS;
    char *text = NULL;
    size_t len = 0;
    int fd = connect_to(path);
    int rc = fd < 0 ? fd : read_all(fd, &text, &len, deadline);

    if (fd >= 0)
        close(fd);
    if (!rc && !len)
        rc = -EACCES;
    if (!rc) {
        *doc = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
        rc = is_document(*doc) ? 0 : -EPROTO;
        if (rc)
            json_decref(*doc);
    }
    free(text);
    return rc;
}

/* A helper that has been killed has left its socket, which the next one removes. One
 * that is there and does not answer is shown as that. */
static void collect_one(json_t *all, const char *path)
{
    json_t *doc;
    int rc = ask(path, &doc);

    if (rc == -ENOENT || rc == -ECONNREFUSED)
        return;
    if (rc)
        doc = json_object();
    json_object_set_new(doc, "control", json_string(path));
    if (rc)
        json_object_set_new(doc, "error", json_string(why_not(rc)));
    json_array_append_new(all, doc);
}

/* Ask every helper in a folder of that user's. */
static void collect_folder(json_t *all, const char *folder, uid_t uid)
{
    DIR *d = vocl_control_folder_safe(folder, uid) ? opendir(folder) : NULL;
    struct dirent *e;
    char path[PATH_MAX];

    while (d && (e = readdir(d))) {
        const char *dot = strrchr(e->d_name, '.');

        if (dot && !strcmp(dot, VOCL_CONTROL_SUFFIX) &&
            snprintf(path, sizeof(path), "%s/%s", folder, e->d_name) < (int)sizeof(path))
            collect_one(all, path);
    }
    if (d)
        closedir(d);
}

static void collect_user(json_t *all, uid_t uid)
{
    char folder[PATH_MAX], before[PATH_MAX] = "";
    int rc;

    for (unsigned i = 0; (rc = vocl_control_folder(i, uid, folder, sizeof(folder))) != -ENOENT;
         i++) {
        if (!rc && strcmp(folder, before))
            collect_folder(all, folder, uid);
        if (!rc)
            strcpy(before, folder);
    }
}

/* Root may ask everybody's: the folders are where they would be, for their owners. */
static void collect_others(json_t *all)
{
    static const char *const patterns[] = {"/run/user/*/virtio-ocl", "/run/virtio-ocl",
                                           "/tmp/virtio-ocl-*"};
    struct stat st;
    glob_t found;

    for (size_t p = 0; p < sizeof(patterns) / sizeof(patterns[0]); p++) {
        if (glob(patterns[p], 0, NULL, &found))
            continue;
        for (size_t i = 0; i < found.gl_pathc; i++)
            if (!lstat(found.gl_pathv[i], &st) && st.st_uid != geteuid())
                collect_folder(all, found.gl_pathv[i], st.st_uid);
        globfree(&found);
    }
}

json_t *top_collect(void)
{
    json_t *all = json_array();

    if (!all)
        return NULL;
    collect_user(all, geteuid());
    if (geteuid() == 0)
        collect_others(all);
    return all;
}

static bool serves_at(json_t *doc, const struct stat *wanted)
{
    struct stat st;
    json_t *s;
    size_t i;

    json_array_foreach(json_object_get(doc, "sockets"), i, s)
    {
        const char *at = json_string_value(json_object_get(s, "path"));

        if (at && !stat(at, &st) && st.st_dev == wanted->st_dev && st.st_ino == wanted->st_ino)
            return true;
    }
    return false;
}

/* Not by connecting: a VM's socket would take us for the VM. */
static json_t *find_server(const char *path)
{
    json_t *all = top_collect(), *doc, *found = NULL;
    struct stat wanted;
    size_t i;

    if (!stat(path, &wanted))
        json_array_foreach(all, i, doc)
        {
            if (!found && serves_at(doc, &wanted))
                found = json_incref(doc);
        }
    json_decref(all);
    return found;
}

json_t *top_collect_at(const char *path)
{
    json_t *all = json_array(), *doc = find_server(path);
    int rc = doc ? 0 : ask(path, &doc);

    if (!rc && !json_array_append_new(all, doc))
        return all;
    json_decref(all);
    say("top: cannot ask a helper at %s: %s", path, why_not(rc ? rc : -ENOMEM));
    return NULL;
}

// SPDX-License-Identifier: MIT
#include "unix_listen.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"

/* A socket whose owner has gone refuses; one that lives answers a datagram
 * socket with EPROTOTYPE, and its owner notices nothing. */
static int is_stale(const struct sockaddr_un *sa)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int err = connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) < 0 ? errno : 0;
    close(fd);
    return err == ECONNREFUSED;
}

bool hcl_unix_listen_is_stale(const char *path)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(sa.sun_path))
        return false;
    memcpy(sa.sun_path, path, strlen(path));
    return is_stale(&sa) == 1;
}

static int clear_stale(const struct sockaddr_un *sa)
{
    struct stat st;

    if (lstat(sa->sun_path, &st) < 0)
        return 0;
    if (!S_ISSOCK(st.st_mode)) {
        hcl_log("%s exists and is not a socket: choose another path", sa->sun_path);
        return -EADDRINUSE;
    }
    int stale = is_stale(sa);
    if (stale < 0)
        return stale;
    if (stale)
        return unlink(sa->sun_path) < 0 ? -errno : 0;
    hcl_log("%s is in use by another process: stop it or choose another path", sa->sun_path);
    return -EADDRINUSE;
}

static int bind_private(int fd, const struct sockaddr_un *sa)
{
    mode_t old = umask(0177); /* before bind(): there is no moment for others */
    int rc = bind(fd, (const struct sockaddr *)sa, sizeof(*sa)) < 0 ? -errno : 0;
    umask(old);
    return rc;
}

int hcl_unix_listen_open(struct hcl_unix_listen *l, const char *path, int type, int backlog)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    struct stat st;

    if (strlen(path) >= sizeof(sa.sun_path)) {
        hcl_log("the socket's path is too long (at most %zu bytes): %s", sizeof(sa.sun_path) - 1,
                path);
        return -ENAMETOOLONG;
    }
    memcpy(sa.sun_path, path, strlen(path));
    int rc = clear_stale(&sa);
    if (rc < 0)
        return rc;
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    rc = bind_private(fd, &sa);
    if (rc == 0 && (listen(fd, backlog) < 0 || lstat(path, &st) < 0))
        rc = -errno;
    if (rc < 0) {
        hcl_log("cannot listen at %s: %s", path, strerror(-rc));
        close(fd);
        return rc;
    }
    l->fd = fd;
    l->dev = st.st_dev;
    l->ino = st.st_ino;
    return 0;
}

void hcl_unix_listen_close(struct hcl_unix_listen *l, const char *path)
{
    struct stat st;

    close(l->fd);
    l->fd = -1;
    if (lstat(path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino)
        unlink(path);
}

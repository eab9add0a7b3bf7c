// SPDX-License-Identifier: MIT
#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

union control_buffer {
    char bytes[CMSG_SPACE(VOCL_SOCK_MAX_FDS * sizeof(int))];
    struct cmsghdr align;
};

int vocl_sock_send(int sock, const void *msg, size_t size, const int *fds, unsigned nfds, int flags)
{
    union control_buffer control = {.bytes = {0}};
    struct iovec iov = {.iov_base = (void *)msg, .iov_len = size};
    struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t n;

    if (nfds > VOCL_SOCK_MAX_FDS)
        return -EINVAL;
    if (nfds) {
        mh.msg_control = control.bytes;
        mh.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&mh);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
        memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
    }
    do
        n = sendmsg(sock, &mh, flags | MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EWOULDBLOCK ? -EAGAIN : -errno;
    return (size_t)n == size ? 0 : -EIO;
}

static void close_all(const int *fds, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        close(fds[i]);
}

/* All descriptors that the message brought; fds has room for all that fit into
 * a control_buffer, which padding may make one more than we asked for. */
static unsigned collect_fds(struct msghdr *mh, int *fds, unsigned cap)
{
    unsigned n = 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        unsigned here = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (unsigned i = 0; i < here && n < cap; i++)
            memcpy(&fds[n++], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
    }
    return n;
}

int vocl_sock_recv(int sock, void *msg, size_t size, int *fds, unsigned nfds, unsigned *got,
                   int flags)
{
    union control_buffer control;
    int all[sizeof(control) / sizeof(int)];
    struct iovec iov = {.iov_base = msg, .iov_len = size};
    struct msghdr mh = {
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof(control.bytes),
    };
    ssize_t n;

    do
        n = recvmsg(sock, &mh, flags | MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EWOULDBLOCK ? -EAGAIN : errno == ECONNRESET ? -EPIPE : -errno;

    unsigned count = collect_fds(&mh, all, sizeof(all) / sizeof(all[0]));
    if (n == 0 && count == 0)
        return -EPIPE;
    if ((size_t)n != size || (mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ||
        (count != 0 && count != nfds)) {
        close_all(all, count);
        return -EPROTO;
    }
    if (count)
        memcpy(fds, all, count * sizeof(int));
    *got = count;
    return 0;
}

int vocl_sock_check_memfd(int fd, uint64_t len)
{
    struct stat st;
    /* Fails on everything that is not a memfd, so a file of a strange file
     * system is refused here too. */
    int seals = fcntl(fd, F_GET_SEALS);

    if (seals < 0 || !(seals & F_SEAL_SHRINK))
        return -EINVAL;
    /* After the seals: from here on the size can only grow. */
    if (fstat(fd, &st) < 0 || st.st_size < 0 || (uint64_t)st.st_size < len)
        return -EINVAL;
    return 0;
}

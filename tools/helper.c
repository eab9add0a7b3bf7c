/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "helper.h"
#include "message.h"
#include "process.h"
#include "tail.h"

/* Loading a native runtime takes it a second or two on a busy machine. */
#define READY_MS 30000
/* Longer than the helper's own grace for its workers (HCL_STOP_GRACE_MS). */
#define STOP_MS 5000
#define LOG_LINES 10

/* The socket on which the helper announces itself, as sd_notify(3) has it. */
static int notify_socket(const struct scratch *scratch, struct sockaddr_un *addr)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    *addr = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(addr->sun_path, sizeof(addr->sun_path), "%s/notify", scratch->path);
    if (!bind(fd, (struct sockaddr *)addr, sizeof(*addr)))
        return fd;
    close(fd);
    return -errno;
}

/* 0 once ready; -ECHILD: it ended first; -ETIMEDOUT. */
static int await_ready(pid_t pid, int notify)
{
    int64_t deadline = now_ms() + READY_MS;
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), ret = -ETIMEDOUT;
    struct pollfd p[] = {{.fd = notify, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}};
    char text[256];

    while (poll(p, 2, left_ms(deadline)) > 0) {
        ssize_t n = p[0].revents ? recv(notify, text, sizeof(text) - 1, MSG_DONTWAIT) : 0;

        text[n > 0 ? n : 0] = '\0';
        ret = strstr(text, "READY=1") ? 0 : -ECHILD;
        if (!ret || p[1].revents)
            break;
        ret = -ETIMEDOUT;
    }
    close(pidfd);
    return ret;
}

static pid_t spawn(struct helper *h, const struct helper_options *opt, const char *path,
                   const char *flag, const char *socket, const char *notify)
{
    char *argv[10] = {(char *)path, (char *)flag, (char *)socket};
    char variable[128], *set[] = {variable, NULL};
    int n = 3, log = -1;
    pid_t pid;

    if (opt->runtime) {
        argv[n++] = "--runtime";
        argv[n++] = (char *)opt->runtime;
    }
    if (opt->allow_device) {
        argv[n++] = "--allow-device";
        argv[n++] = (char *)opt->allow_device;
    }
    if (opt->verbose)
        argv[n++] = "--verbose";
    else
        log = open(h->log, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    snprintf(variable, sizeof(variable), "NOTIFY_SOCKET=%s", notify);
    pid = process_start(&(struct process_spec){
        .argv = argv, .set = set, .in = -1, .out = log, .err = log, .death_signal = SIGTERM});
    if (log >= 0)
        close(log);
    return pid;
}

bool helper_option(struct helper_options *opt, int key, const char *arg)
{
    switch (key) {
    case 'r':
        opt->runtime = arg;
        return true;
    case 'd':
        opt->allow_device = arg;
        return true;
    case 'v':
        opt->verbose = true;
        return true;
    default:
        return false;
    }
}

int helper_start(struct helper *h, const struct parts *parts, const struct scratch *scratch,
                 const struct helper_options *opt, const char *flag, const char *socket)
{
    struct sockaddr_un addr;
    char path[PATH_MAX];
    int notify, ret;

    if (parts_helper(parts, path) < 0) {
        say("no vocl-helper: is the build complete (ninja), or the package installed?");
        return -ENOENT;
    }
    path_join(h->log, scratch->path, "helper.log");
    notify = notify_socket(scratch, &addr);
    if (notify < 0) {
        say("cannot listen in %s: %s", scratch->path, strerror(-notify));
        return notify;
    }
    ret = h->pid = spawn(h, opt, path, flag, socket, addr.sun_path);
    if (ret > 0)
        ret = await_ready(h->pid, notify);
    close(notify);
    if (!ret)
        return 0;
    if (ret == -ETIMEDOUT)
        say("vocl-helper was not ready after %d seconds", READY_MS / 1000);
    else if (ret != -ECHILD)
        say("cannot start %s: %s", path, strerror(-ret));
    helper_stop(h);
    helper_show_log(h);
    return ret;
}

void helper_stop(struct helper *h)
{
    process_stop(h->pid, STOP_MS);
    h->pid = 0;
}

void helper_show_log(const struct helper *h)
{
    struct tail t = {0};
    char buf[4096];
    ssize_t n;
    int fd = open(h->log, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    while ((n = read(fd, buf, sizeof(buf))) > 0)
        tail_add(&t, buf, (size_t)n);
    close(fd);
    tail_print(&t, "", LOG_LINES);
}

int helper_vendors(const struct parts *parts, const struct scratch *scratch, char *path)
{
    char icd[PATH_MAX];
    int ret = parts_icd(parts, icd);

    if (ret < 0) {
        say("no libvirtio-ocl.so: is the build complete (ninja), or the package installed?");
        return ret;
    }
    path_join(path, scratch->path, "vendors");
    strcat(icd, "\n");
    ret = mkdir(path, 0755) < 0 ? -errno : scratch_write(scratch, "vendors/virtio-ocl.icd", icd);
    if (ret < 0)
        say("cannot write to %s: %s", path, strerror(-ret));
    return ret;
}

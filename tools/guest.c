/* SPDX-License-Identifier: MIT */
/* What the ways to run a guest share: its streams and its first files. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "message.h"
#include "vm.h"

/* Our end does not block. */
static int make_stream(int *ours, int *theirs)
{
    int fd[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
        return -errno;
    fcntl(fd[0], F_SETFL, O_NONBLOCK);
    *ours = fd[0];
    *theirs = fd[1];
    return 0;
}

static void close_streams(const struct guest *g)
{
    close(g->channel);
    close(g->console);
    close(g->log);
}

int guest_start(struct guest *g, const struct vm *vm, guest_spawn_fn spawn, const char *who)
{
    struct guest theirs = {.channel = -1, .console = -1, .log = -1};
    int ret;

    *g = theirs;
    ret = make_stream(&g->channel, &theirs.channel);
    if (!ret)
        ret = make_stream(&g->console, &theirs.console);
    if (!ret)
        ret = make_stream(&g->log, &theirs.log);
    if (!ret)
        ret = g->pid = spawn(vm, theirs.channel, theirs.console, theirs.log);
    close_streams(&theirs);
    if (ret > 0)
        return 0;
    close_streams(g);
    say("cannot start %s: %s", who, strerror(-ret));
    return ret;
}

int vm_write_initramfs(struct vm *vm, const char *modules_folder, const char *const *modules,
                       const char *driver)
{
    struct initramfs *i = calloc(1, sizeof(*i));
    char agent[PATH_MAX];
    int ret = i ? parts_agent(vm->parts, agent) : -ENOMEM;

    if (ret < 0) {
        say("no vocl-guest-agent: is the build complete (ninja), or the package installed?");
        goto out;
    }
    strcpy(i->folder, modules_folder);
    for (; *modules && !ret; modules++)
        ret = initramfs_add(i, *modules);
    if (!ret && driver)
        ret = initramfs_add_file(i, driver);
    path_join(vm->initrd, vm->scratch->path, "initrd");
    if (!ret)
        ret = initramfs_write(i, agent, vm->initrd);
out:
    free(i);
    return ret;
}

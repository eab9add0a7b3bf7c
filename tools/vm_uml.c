/* SPDX-License-Identifier: MIT */
/*
 * The throw-away VM as a process: Debian's user-mode Linux. It runs the guest's
 * code natively, and has hostfs and virtio over vhost-user built in. Its memory
 * is a file, which it shares with the helper as QEMU does.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "process.h"
#include "vm.h"

#define ASK_MS 30000
#define BUILD_MS 900000
#define BOOT_MS 60000

#define PROGRAM "linux.uml"

struct uml_vm {
    char release[128];
    char shim[PATH_MAX]; /* uml_xstate.c, or "" */
};

static int find_uml(struct uml_vm *u)
{
    char *const argv[] = {PROGRAM, "--version", NULL};
    int ret = process_output(argv, ASK_MS, u->release, sizeof(u->release));

    u->release[strcspn(u->release, "\n")] = '\0';
    if (ret || !u->release[0]) {
        say("no " PROGRAM ": install user-mode-linux");
        return -ENOENT;
    }
    return 0;
}

/*
 * The script does nothing when what is in the cache is right for this linux.uml
 * and for the driver's sources as they are now.
 */
static int build_driver(const struct vm *vm, const char *release, char *path)
{
    char script[PATH_MAX], cache[PATH_MAX], folder[PATH_MAX], text[4096];
    char *const argv[] = {script, folder, NULL};
    int ret = parts_script(vm->parts, "linux/build-uml", script);

    if (!ret)
        ret = cache_folder(cache, "uml");
    if (ret < 0)
        return ret;
    path_join(folder, cache, release);
    if (parts_cached_uml_driver(release, path) < 0)
        say("building the driver for user-mode Linux %s (once)", release);
    ret = process_output(argv, BUILD_MS, text, sizeof(text));
    return ret ? -ENOENT : parts_cached_uml_driver(release, path);
}

static int find_driver(const struct vm *vm, const char *release, char *path)
{
    int ret = parts_uml_driver(vm->parts, release, path);

    if (ret < 0)
        ret = build_driver(vm, release, path);
    if (ret < 0)
        say("no virtio_ocl.ko for user-mode Linux %s", release);
    return ret;
}

static int uml_prepare(struct vm *vm)
{
    static const char *const modules[] = {"overlay", NULL};
    struct uml_vm *u = vm->state = calloc(1, sizeof(*u));
    char driver[PATH_MAX], folder[PATH_MAX];
    int ret = u ? find_uml(u) : -ENOMEM;

    if (!ret && !vm->opt->no_device)
        ret = find_driver(vm, u->release, driver);
    if (ret < 0)
        return ret;
    if (parts_uml_shim(vm->parts, u->shim) < 0)
        u->shim[0] = '\0'; /* most processors do without */
    path_join(folder, "/usr/lib/uml/modules", u->release);
    return vm_write_initramfs(vm, folder, modules, vm->opt->no_device ? NULL : driver);
}

static pid_t start_uml(const struct vm *vm, int channel, int console, int log)
{
    char mem[32], initrd[PATH_MAX + 8], dir[80], con[32], ssl[32], device[PATH_MAX + 32];
    const struct uml_vm *u = vm->state;
    char preload[PATH_MAX + 16], *set[] = {preload, NULL};
    char *const argv[] = {PROGRAM,
                          mem,
                          initrd,
                          dir,
                          "umid=vm",
                          "con=null",
                          "ssl=null",
                          con,
                          ssl,
                          "console=tty0",
                          "panic=-1",
                          "vocl.root=hostfs",
                          "vocl.channel=/dev/ttyS0",
                          vm->opt->no_device ? "vocl.device=0" : "vocl.device=1",
                          (char *)vm->opt->append,
                          vm->opt->no_device ? NULL : device,
                          NULL};

    snprintf(mem, sizeof(mem), "mem=%uM", vm->opt->mem_mib);
    snprintf(initrd, sizeof(initrd), "initrd=%s", vm->initrd);
    snprintf(dir, sizeof(dir), "uml_dir=%s", vm->scratch->path);
    snprintf(con, sizeof(con), "con0=null,fd:%d", console);
    snprintf(ssl, sizeof(ssl), "ssl0=fd:%d", channel);
    snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", u->shim);
    snprintf(device, sizeof(device), "virtio_uml.device=%s:38", vm->socket);
    /* SIGTERM, not SIGKILL: UML then takes its own children along. */
    return process_start(&(struct process_spec){.argv = argv,
                                                .set = u->shim[0] ? set : NULL,
                                                .in = -1,
                                                .out = log,
                                                .err = log,
                                                .keep = (int[]){channel, console},
                                                .nkeep = 2,
                                                .death_signal = SIGTERM});
}

static int uml_start(struct vm *vm, struct guest *g)
{
    return guest_start(g, vm, start_uml, PROGRAM);
}

static void uml_describe(const struct vm *vm, char *line, size_t len)
{
    const struct uml_vm *u = vm->state;

    snprintf(line, len, "user-mode Linux %s, %s", u->release,
             vm->opt->no_device ? "no OpenCL device" : "OpenCL device by way of virtio_uml");
}

static int uml_boot_ms(const struct vm *vm)
{
    return BOOT_MS;
}

static int uml_silence_ms(const struct vm *vm)
{
    return 0;
}

static bool uml_fall_back(struct vm *vm, const char *why)
{
    return false;
}

static void uml_finish(struct vm *vm)
{
    free(vm->state);
}

const struct vm_backend vm_uml = {
    .prepare = uml_prepare,
    .start = uml_start,
    .describe = uml_describe,
    .boot_ms = uml_boot_ms,
    .silence_ms = uml_silence_ms,
    .fall_back = uml_fall_back,
    .finish = uml_finish,
};

/* SPDX-License-Identifier: MIT */
/*
 * The throw-away VM under QEMU. q35, since microvm hangs under TCG; no default
 * devices; memory in a memfd, which the helper maps.
 */
#include <errno.h>
#include <stdarg.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accel.h"
#include "agent_wire.h"
#include "message.h"
#include "process.h"
#include "qemu_device.h"
#include "vm.h"

/* An idle machine boots in 5 s under TCG; a busy one has been seen at 40. */
#define BOOT_TCG_MS 180000
#define BOOT_KVM_MS 60000
/* A kernel that KVM runs prints its first line within a second. */
#define SILENCE_KVM_MS 10000

#define MAX_ARGS 64
#define MAX_ARG 1024 /* the kernel's command line and two paths are the longest */

struct qemu_vm {
    struct qemu qemu;
    bool kvm;
    const char *no_kvm; /* why TCG, or NULL: it was asked for */
};

static int choose_accel(struct qemu_vm *q, const char *accel)
{
    const char *refusal = kvm_refusal();

    q->kvm = !accel || !strcmp(accel, "kvm");
    if (accel && q->kvm && refusal) {
        say("no KVM: %s", refusal);
        return -ENODEV;
    }
    if (!accel && !refusal && kvm_known_broken())
        refusal = "since this host's boot it has booted no guest";
    if (!accel && refusal) {
        q->kvm = false;
        q->no_kvm = refusal;
    }
    return 0;
}

static int find_driver(const struct vm *vm, char *path)
{
    const char *release = vm->kernel.release;

    if (!parts_driver(vm->parts, release, path))
        return 0;
    say("no virtio_ocl.ko for the guest's kernel %s: install linux-headers-%s and run ninja%s",
        release, release, vm->parts->built ? " in the build tree" : ", or install virtio-ocl-dkms");
    return -ENOENT;
}

static int prepare_kernel(struct vm *vm)
{
    static const char *const modules[] = {"virtio_pci",   "virtio_console", "9p",
                                          "9pnet_virtio", "overlay",        NULL};
    char driver[PATH_MAX], folder[PATH_MAX];
    int ret = guest_kernel_find(&vm->kernel, vm->parts, vm->opt->kernel);

    if (!ret && !vm->opt->no_device)
        ret = find_driver(vm, driver);
    if (!ret)
        ret = guest_kernel_unpack(&vm->kernel, vm->scratch);
    path_join(folder, "/lib/modules", vm->kernel.release);
    if (!ret)
        ret = vm_write_initramfs(vm, folder, modules, vm->opt->no_device ? NULL : driver);
    return ret;
}

static int qemu_prepare(struct vm *vm)
{
    struct qemu_vm *q = vm->state = calloc(1, sizeof(*q));
    int ret = q ? choose_accel(q, vm->opt->accel) : -ENOMEM;

    if (!ret)
        ret = qemu_find(&q->qemu, vm->opt->qemu);
    if (!ret)
        ret = prepare_kernel(vm);
    if (!ret && !vm->opt->no_device)
        ret = qemu_choose_device(&q->qemu, vm->parts, vm->opt->device);
    return ret;
}

struct args {
    char text[MAX_ARGS][MAX_ARG];
    char *argv[MAX_ARGS + 1];
    int n;
};

static void add(struct args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct args *a, const char *fmt, ...)
{
    va_list ap;

    if (a->n == MAX_ARGS)
        return;
    va_start(ap, fmt);
    vsnprintf(a->text[a->n], MAX_ARG, fmt, ap);
    va_end(ap);
    a->argv[a->n] = a->text[a->n];
    a->argv[++a->n] = NULL;
}

/* In QEMU's options a comma is written twice. */
static void add_chardev(struct args *a, const char *id, const char *path)
{
    char escaped[2 * PATH_MAX], *to = escaped;

    for (const char *p = path; *p; p++) {
        if (*p == ',')
            *to++ = ',';
        *to++ = *p;
    }
    *to = '\0';
    add(a, "-chardev");
    add(a, "socket,id=%s,path=%s", id, escaped);
}

static unsigned cpus(const struct vm *vm)
{
    const struct qemu_vm *q = vm->state;
    long online = sysconf(_SC_NPROCESSORS_ONLN);

    if (vm->opt->cpus)
        return vm->opt->cpus;
    /* Each emulated processor costs boot time; 4 are enough for a try. */
    return !q->kvm || online < 1 ? 1 : online > 4 ? 4 : (unsigned)online;
}

static void add_machine(struct args *a, const struct vm *vm)
{
    const struct qemu_vm *q = vm->state;

    add(a, "%s", q->qemu.program);
    add(a, "-nodefaults");
    add(a, "-no-user-config");
    add(a, "-no-reboot");
    add(a, "-display");
    add(a, "none");
    add(a, "-M");
    add(a, "q35,memory-backend=ram,vmport=off,accel=%s", q->kvm ? "kvm" : "tcg");
    add(a, "-cpu");
    add(a, "%s", q->kvm ? "host" : "max,la57=off");
    add(a, "-smp");
    /*
     * One processor, but room for two: otherwise QEMU's TCG leaves out memory
     * barriers and the guest's kernel its lock prefixes, as if nobody else saw
     * this memory. The worker does, and wake-ups would be lost.
     */
    add(a, "%u,maxcpus=%u", cpus(vm), cpus(vm) > 1 ? cpus(vm) : 2);
    add(a, "-m");
    add(a, "%uM", vm->opt->mem_mib);
    add(a, "-object");
    add(a, "memory-backend-memfd,id=ram,size=%uM,share=on", vm->opt->mem_mib);
}

static void add_boot(struct args *a, const struct vm *vm)
{
    add(a, "-kernel");
    add(a, "%s", vm->kernel.vmlinux);
    add(a, "-initrd");
    add(a, "%s", vm->initrd);
    add(a, "-append");
    add(a,
        "console=ttyS0 panic=-1 loglevel=7 nokaslr random.trust_cpu=on vocl.root=9p "
        "vocl.channel=virtio vocl.device=%d %s",
        !vm->opt->no_device, vm->opt->append);
}

static void add_devices(struct args *a, const struct vm *vm, int channel, int console)
{
    const struct qemu_vm *q = vm->state;

    add(a, "-fsdev");
    add(a, "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap");
    add(a, "-device");
    add(a, "virtio-9p-pci,fsdev=root,mount_tag=root");
    add(a, "-chardev");
    add(a, "socket,id=console,fd=%d", console);
    add(a, "-serial");
    add(a, "chardev:console");
    add(a, "-chardev");
    add(a, "socket,id=agent,fd=%d", channel);
    add(a, "-device");
    add(a, "virtio-serial-pci,max_ports=2");
    add(a, "-device");
    add(a, "virtserialport,nr=1,chardev=agent,name=" AGENT_PORT_NAME);
    if (vm->opt->no_device)
        return;
    add_chardev(a, "ocl", vm->socket);
    add(a, "-device");
    add(a, "%s,chardev=ocl", q->qemu.device);
}

static pid_t start_qemu(const struct vm *vm, int channel, int console, int log)
{
    const struct qemu_vm *q = vm->state;
    struct args *a = calloc(1, sizeof(*a));
    char preload[2 * PATH_MAX], *set[] = {preload, NULL};
    pid_t pid;

    if (!a)
        return -ENOMEM;
    add_machine(a, vm);
    add_boot(a, vm);
    add_devices(a, vm, channel, console);
    snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", q->qemu.preload);
    pid = process_start(&(struct process_spec){.argv = a->argv,
                                               .set = q->qemu.preload[0] ? set : NULL,
                                               .in = -1,
                                               .out = log,
                                               .err = log,
                                               .keep = (int[]){channel, console},
                                               .nkeep = 2,
                                               .death_signal = SIGKILL});
    free(a);
    return pid;
}

static int qemu_start(struct vm *vm, struct guest *g)
{
    return guest_start(g, vm, start_qemu, "QEMU");
}

static void qemu_describe(const struct vm *vm, char *line, size_t len)
{
    const struct qemu_vm *q = vm->state;
    const char *no_kvm = q->kvm ? NULL : q->no_kvm;

    snprintf(line, len, "QEMU %s, %s%s%s%s, kernel %s, %s%s", q->qemu.version,
             q->kvm ? "KVM" : "TCG", no_kvm ? " (no KVM: " : "", no_kvm ? no_kvm : "",
             no_kvm ? ")" : "", vm->kernel.release,
             vm->opt->no_device ? "no OpenCL device" : "OpenCL device by way of ",
             vm->opt->no_device ? "" : q->qemu.way);
}

static int qemu_boot_ms(const struct vm *vm)
{
    const struct qemu_vm *q = vm->state;

    return q->kvm ? BOOT_KVM_MS : BOOT_TCG_MS;
}

static int qemu_silence_ms(const struct vm *vm)
{
    const struct qemu_vm *q = vm->state;

    return q->kvm ? SILENCE_KVM_MS : 0;
}

static bool qemu_fall_back(struct vm *vm, const char *why)
{
    struct qemu_vm *q = vm->state;

    if (!q->kvm || vm->opt->accel)
        return false;
    kvm_remember_broken();
    q->kvm = false;
    q->no_kvm = "it booted no guest";
    say("KVM did not boot the guest (%s): trying TCG, which emulates the processor", why);
    return true;
}

static void qemu_finish(struct vm *vm)
{
    free(vm->state);
}

const struct vm_backend vm_qemu = {
    .prepare = qemu_prepare,
    .start = qemu_start,
    .describe = qemu_describe,
    .boot_ms = qemu_boot_ms,
    .silence_ms = qemu_silence_ms,
    .fall_back = qemu_fall_back,
    .finish = qemu_finish,
};

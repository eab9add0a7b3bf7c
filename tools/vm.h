/* SPDX-License-Identifier: MIT */
/*
 * vm.h - a throw-away VM, between the command (vm.c) and what can run one:
 * vm_qemu.c and vm_uml.c. All in one thread.
 */
#ifndef VOCL_VM_H
#define VOCL_VM_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "guest_kernel.h"
#include "helper.h"
#include "initramfs.h"
#include "parts.h"
#include "scratch.h"

struct vm_options {
    struct helper_options helper;
    const char *qemu;       /* program, or NULL: the one in PATH */
    const char *accel;      /* "kvm", "tcg", or NULL: try */
    const char *device;     /* a way to the device (qemu_device.h), or NULL */
    const char *kernel;     /* image, or NULL: one of /boot */
    const char *append;     /* more for its command line, or "" */
    const char *vhost_user; /* somebody else's helper, or NULL */
    unsigned mem_mib;
    unsigned cpus;      /* 0: as suits the accelerator */
    unsigned timeout_s; /* boot and program; 0: the program may run for ever */
    bool uml;
    bool no_device; /* a guest without OpenCL */
    bool quiet;
    char **program;
};

struct vm {
    const struct vm_options *opt;
    const struct parts *parts;
    const struct scratch *scratch;
    char socket[PATH_MAX];  /* the helper's */
    char vendors[PATH_MAX]; /* for the program's OCL_ICD_VENDORS */
    char initrd[PATH_MAX];
    struct guest_kernel kernel;
    const struct vm_backend *backend;
    void *state; /* the backend's own */
};

/* A virtual machine that has been started. The descriptors are ours. */
struct guest {
    pid_t pid;
    int channel; /* agent_wire.h */
    int console; /* the guest's console, to read */
    int log;     /* what QEMU or UML itself says, to read */
};

struct vm_backend {
    /* Look for everything that is needed and write the initramfs into vm's
     * scratch folder. 0, or -errno with the reason printed. */
    int (*prepare)(struct vm *vm);

    /* Fill in *g. 0, or -errno with the reason printed. */
    int (*start)(struct vm *vm, struct guest *g);

    /* One line about what has been started: "QEMU 7.2.22 with TCG, ...". */
    void (*describe)(const struct vm *vm, char *line, size_t len);

    /* Limits for this start: for the whole boot, and until the guest's first
     * sign of life. Milliseconds. */
    int (*boot_ms)(const struct vm *vm);
    int (*silence_ms)(const struct vm *vm);

    /* The guest did not boot. True: there is another way to try, which start()
     * will take; said on stderr. */
    bool (*fall_back)(struct vm *vm, const char *why);

    void (*finish)(struct vm *vm);
};

extern const struct vm_backend vm_qemu, vm_uml;

/*
 * What the backends share. guest_start() makes the guest's three streams and has
 * spawn() start the VM with their other ends; who says what "cannot start".
 */
typedef pid_t (*guest_spawn_fn)(const struct vm *vm, int channel, int console, int log);

int guest_start(struct guest *g, const struct vm *vm, guest_spawn_fn spawn, const char *who);

/* Add the modules and the driver (or NULL), and write vm->initrd. 0, or -errno,
 * printed. */
int vm_write_initramfs(struct vm *vm, const char *modules_folder, const char *const *modules,
                       const char *driver);

#endif

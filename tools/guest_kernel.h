/* SPDX-License-Identifier: MIT */
/*
 * guest_kernel.h - the kernel that a throw-away VM boots: one of this machine's
 * own, unpacked to its ELF image, which starts much faster than the packed one
 * where the processor is emulated.
 */
#ifndef VOCL_GUEST_KERNEL_H
#define VOCL_GUEST_KERNEL_H

#include <limits.h>

#include "parts.h"
#include "scratch.h"

struct guest_kernel {
    char image[PATH_MAX];   /* what the user or /boot has */
    char vmlinux[PATH_MAX]; /* the ELF image */
    char release[128];      /* as uname -r: names /lib/modules/RELEASE */
};

/*
 * Choose file, or without one the running kernel if it is in /boot and the
 * driver is there for it, else the newest in /boot with a driver, else the
 * newest. 0, or -errno with the reason printed.
 */
int guest_kernel_find(struct guest_kernel *k, const struct parts *parts, const char *file);

/* Fill in k->vmlinux, from the cache if it is there. 0, or -errno, printed. */
int guest_kernel_unpack(struct guest_kernel *k, const struct scratch *scratch);

#endif

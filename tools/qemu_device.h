/* SPDX-License-Identifier: MIT */
/*
 * qemu_device.h - how this QEMU can have our device: built in, preloaded into
 * the distribution's binary, or as the generic vhost-user device of newer ones.
 */
#ifndef VOCL_QEMU_DEVICE_H
#define VOCL_QEMU_DEVICE_H

#include <stdbool.h>

#include "parts.h"

struct qemu {
    char program[PATH_MAX];
    char version[32]; /* "7.2.22" */
    int major, minor;
    const char *way;        /* "in-tree", "preload", "test-device"; "none" without a device */
    char preload[PATH_MAX]; /* for LD_PRELOAD, or "" */
    const char *device;     /* -device's first part, or NULL */
};

/* Find QEMU (program, or NULL: in PATH) and its version. 0, or -errno, printed. */
int qemu_find(struct qemu *q, const char *program);

/*
 * Choose the way, or take the one that is asked for. May build the preloadable
 * device, once, which takes a minute and is said on stderr. 0, or -errno,
 * printed.
 */
int qemu_choose_device(struct qemu *q, const struct parts *parts, const char *way);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * initramfs.h - the guest's first file system: the agent as /init, and the
 * kernel modules that it loads before it enters the real root.
 *
 * It is written anew for every VM: it is 2 MiB, takes milliseconds, and so it
 * can never be older than the driver or the agent in it.
 */
#ifndef VOCL_INITRAMFS_H
#define VOCL_INITRAMFS_H

#include <limits.h>

#define INITRAMFS_MAX_MODULES 64 /* a QEMU guest needs about 15 */

struct initramfs {
    char folder[PATH_MAX];                         /* /lib/modules/RELEASE */
    char modules[INITRAMFS_MAX_MODULES][PATH_MAX]; /* files, in loading order */
    int nmodules;
};

/*
 * Add a module of the folder by name, behind those that it depends on; built
 * into the kernel is as good. 0, or -errno with the reason printed.
 */
int initramfs_add(struct initramfs *i, const char *name);

/* Add a module from elsewhere, which depends on none but those added. */
int initramfs_add_file(struct initramfs *i, const char *path);

/* Write it. 0, or -errno with the reason printed. */
int initramfs_write(const struct initramfs *i, const char *agent, const char *path);

#endif

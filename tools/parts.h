/* SPDX-License-Identifier: MIT */
/*
 * parts.h - where the rest of virtio-ocl is: beside the command in the build
 * tree, or where it has been installed.
 *
 * Every function fills a path of PATH_MAX bytes and returns 0, or -ENOENT; it
 * prints nothing, since what to tell the user depends on what he asked for.
 */
#ifndef VOCL_PARTS_H
#define VOCL_PARTS_H

#include <limits.h>
#include <stdbool.h>

struct parts {
    bool built;            /* running from a build tree */
    char build[PATH_MAX];  /* its root */
    char source[PATH_MAX]; /* the source tree that it was made from */
};

/* -errno when even the command's own path is unknown. */
int parts_init(struct parts *p);

int parts_helper(const struct parts *p, char *path);
int parts_icd(const struct parts *p, char *path);
int parts_agent(const struct parts *p, char *path);
int parts_bench_probe(const struct parts *p, char *path);

/* virtio_ocl.ko for a kernel release: the build tree's, or DKMS's. */
int parts_driver(const struct parts *p, const char *release, char *path);

/* The same for linux.uml, of the release that it says: built; and the cache's. */
int parts_uml_driver(const struct parts *p, const char *release, char *path);
int parts_cached_uml_driver(const char *release, char *path);

/* What linux.uml needs preloaded on some processors (uml_xstate.c). */
int parts_uml_shim(const struct parts *p, char *path);

/* vhost-user-ocl-VERSION.so for QEMU: built or installed; and the cache's. */
int parts_preload(const struct parts *p, const char *version, char *path);
int parts_cached_preload(const char *version, char *path);

/* A script of qemu-virtio-ocl/: "qemu/build-preload", "linux/build-uml". */
int parts_script(const struct parts *p, const char *name, char *path);

#endif

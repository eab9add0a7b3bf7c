/* SPDX-License-Identifier: MIT */
/*
 * scratch.h - the folders that vocl writes to: one private folder per run, and
 * the cache.
 */
#ifndef VOCL_SCRATCH_H
#define VOCL_SCRATCH_H

#include <limits.h>
#include <stddef.h>

/*
 * A fresh folder for sockets and whatever else lives as long as this run, mode
 * 0700. Its path is short enough for a socket's name (108 bytes) to fit.
 * 0 or -errno. scratch_destroy() removes it and what is in it; an empty path is
 * taken.
 */
struct scratch {
    char path[64];
};

int scratch_create(struct scratch *s);
void scratch_destroy(struct scratch *s);

/* path = DIR/name; the caller's array has PATH_MAX bytes. */
void path_join(char *path, const char *dir, const char *name);

/* Write text into DIR/name. 0 or -errno. */
int scratch_write(const struct scratch *s, const char *name, const char *text);

/*
 * The folder NAME in $XDG_CACHE_HOME/virtio-ocl or ~/.cache/virtio-ocl, made if
 * need be; path has PATH_MAX bytes. 0 or -errno.
 */
int cache_folder(char *path, const char *name);

#endif

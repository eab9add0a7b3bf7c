/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"

int scratch_create(struct scratch *s)
{
    const char *tmp = getenv("TMPDIR");
    int n;

    s->path[0] = '\0';
    if (!tmp || tmp[0] != '/')
        tmp = "/tmp";
    n = snprintf(s->path, sizeof(s->path), "%s/vocl-XXXXXX", tmp);
    if (n >= (int)sizeof(s->path))
        strcpy(s->path, "/tmp/vocl-XXXXXX");
    if (mkdtemp(s->path))
        return 0;
    s->path[0] = '\0';
    return -errno;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    remove(path);
    return 0;
}

void scratch_destroy(struct scratch *s)
{
    if (s->path[0])
        nftw(s->path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    s->path[0] = '\0';
}

void path_join(char *path, const char *dir, const char *name)
{
    if (snprintf(path, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX)
        path[0] = '\0'; /* nothing has this name: opening it fails */
}

int scratch_write(const struct scratch *s, const char *name, const char *text)
{
    char path[PATH_MAX];
    FILE *f;

    path_join(path, s->path, name);
    f = fopen(path, "we");
    if (!f)
        return -errno;
    fputs(text, f);
    return fclose(f) ? -errno : 0;
}

/* mkdir -p, each with the mode that the XDG specification wants. */
static int make_folders(char *path)
{
    for (char *p = strchr(path + 1, '/');; p = strchr(p + 1, '/')) {
        if (p)
            *p = '\0';
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
            return -errno;
        if (!p)
            return access(path, W_OK) < 0 ? -errno : 0;
        *p = '/';
    }
}

int cache_folder(char *path, const char *name)
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int n;

    if (xdg && xdg[0] == '/')
        n = snprintf(path, PATH_MAX, "%s/virtio-ocl/%s", xdg, name);
    else if (home && home[0] == '/')
        n = snprintf(path, PATH_MAX, "%s/.cache/virtio-ocl/%s", home, name);
    else
        return -ENOENT;
    return n >= PATH_MAX ? -ENAMETOOLONG : make_folders(path);
}

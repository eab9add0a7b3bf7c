/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "initramfs.h"
#include "message.h"
#include "process.h"

#define UNPACK_MS 60000

/* ---- which modules, in which order ---- */

/* Does path's file name, up to ".ko", spell name? The kernel takes - for _. */
static bool is_module(const char *path, size_t len, const char *name)
{
    const char *base = memrchr(path, '/', len);
    size_t n = strlen(name);

    base = base ? base + 1 : path;
    if ((size_t)(path + len - base) < n + 3 || strncmp(base + n, ".ko", 3))
        return false;
    for (size_t i = 0; i < n; i++) {
        if ((base[i] == '-' ? '_' : base[i]) != (name[i] == '-' ? '_' : name[i]))
            return false;
    }
    return true;
}

/* Finds the line of FOLDER/file whose first path is the module name. */
static bool find_line(const char *folder, const char *file, const char *name, char **line)
{
    char path[PATH_MAX];
    size_t size = 0;
    bool found = false;
    FILE *f;

    *line = NULL;
    if (snprintf(path, sizeof(path), "%s/%s", folder, file) >= PATH_MAX)
        return false;
    f = fopen(path, "re");
    if (!f)
        return false;
    while (!found && getline(line, &size, f) > 0)
        found = is_module(*line, strcspn(*line, ":\n"), name);
    fclose(f);
    return found;
}

int initramfs_add_file(struct initramfs *i, const char *path)
{
    for (int n = 0; n < i->nmodules; n++) {
        if (!strcmp(i->modules[n], path))
            return 0;
    }
    if (i->nmodules == INITRAMFS_MAX_MODULES) {
        say("the guest would need more than %d modules", INITRAMFS_MAX_MODULES);
        return -E2BIG;
    }
    strcpy(i->modules[i->nmodules++], path);
    return 0;
}

/* "a.ko: b.ko c.ko" of modules.dep means: load c, then b, then a. */
static int add_dependencies(struct initramfs *i, char *line)
{
    char *word[INITRAMFS_MAX_MODULES], *save, path[PATH_MAX];
    int n = 0, ret = 0;

    for (char *w = strtok_r(line, ": \n", &save); w; w = strtok_r(NULL, " \n", &save)) {
        if (n < INITRAMFS_MAX_MODULES)
            word[n++] = w;
    }
    while (n-- && !ret) {
        if (snprintf(path, sizeof(path), "%s/%s", i->folder, word[n]) >= PATH_MAX)
            return -ENAMETOOLONG;
        ret = initramfs_add_file(i, path);
    }
    return ret;
}

int initramfs_add(struct initramfs *i, const char *name)
{
    char *line;
    int ret = 0;

    if (find_line(i->folder, "modules.dep", name, &line)) {
        ret = add_dependencies(i, line);
    } else {
        free(line);
        if (!find_line(i->folder, "modules.builtin", name, &line))
            ret = -ENOENT;
    }
    free(line);
    if (ret == -ENOENT)
        say("the guest's kernel has no module %s in %s", name, i->folder);
    return ret;
}

/* ---- the archive: cpio "newc" (Documentation/driver-api/early-userspace) ---- */

struct archive {
    FILE *f;
    uint32_t inode;
};

static void pad(FILE *f, size_t len)
{
    fwrite("\0\0\0", 1, (4 - len % 4) % 4, f);
}

static void add_entry(struct archive *a, const char *name, mode_t mode, const void *data,
                      size_t len, unsigned major, unsigned minor)
{
    size_t namesize = strlen(name) + 1;

    fprintf(a->f, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", ++a->inode, mode,
            0, 0, 1, 0, len, 0, 0, major, minor, namesize, 0);
    fwrite(name, 1, namesize, a->f);
    pad(a->f, 110 + namesize);
    if (len)
        fwrite(data, 1, len, a->f);
    pad(a->f, len);
}

static int add_fd(struct archive *a, const char *name, mode_t mode, int fd)
{
    struct stat st;
    void *p;

    if (fstat(fd, &st) < 0)
        return -errno;
    p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return -errno;
    add_entry(a, name, S_IFREG | mode, p, (size_t)st.st_size, 0, 0);
    munmap(p, (size_t)st.st_size);
    return 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), n = strlen(end);

    return len >= n && !strcmp(text + len - n, end);
}

/* A file's unpacked contents in a memory file, or the file itself. -errno. */
static int open_unpacked(const char *path)
{
    static char *const xz[] = {"xz", "-dc", NULL}, *const zstd[] = {"zstd", "-dc", NULL},
                       *const gzip[] = {"gzip", "-dc", NULL};
    char *const *argv = ends_with(path, ".xz")    ? xz
                        : ends_with(path, ".zst") ? zstd
                        : ends_with(path, ".gz")  ? gzip
                                                  : NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC), out, ret;

    if (fd < 0 || !argv)
        return fd < 0 ? -errno : fd;
    out = memfd_create("module", MFD_CLOEXEC);
    ret = out < 0 ? -errno : process_filter(argv, UNPACK_MS, fd, out);
    close(fd);
    if (!ret)
        return out;
    if (out >= 0)
        close(out);
    return ret < 0 ? ret : -EIO;
}

static int add_file(struct archive *a, const char *name, mode_t mode, const char *path)
{
    int fd = open_unpacked(path), ret;

    ret = fd < 0 ? fd : add_fd(a, name, mode, fd);
    if (fd >= 0)
        close(fd);
    if (ret < 0)
        say("cannot put %s into the guest: %s", path, strerror(-ret));
    return ret;
}

static int add_modules(struct archive *a, const struct initramfs *i)
{
    char list[INITRAMFS_MAX_MODULES * 24 + 1] = "", name[24];
    int ret = 0;

    for (int n = 0; n < i->nmodules && !ret; n++) {
        snprintf(name, sizeof(name), "/modules/%02d.ko", n);
        strcat(strcat(list, name), "\n");
        ret = add_file(a, name + 1, 0644, i->modules[n]);
    }
    add_entry(a, "modules/list", S_IFREG | 0644, list, strlen(list), 0, 0);
    return ret;
}

int initramfs_write(const struct initramfs *i, const char *agent, const char *path)
{
    static const char *const folders[] = {"dev",   "proc", "sys",    "lower",
                                          "upper", "root", "modules"};
    struct archive a = {.f = fopen(path, "we")};
    int ret;

    if (!a.f) {
        say("cannot write %s: %s", path, strerror(errno));
        return -errno;
    }
    for (size_t n = 0; n < sizeof(folders) / sizeof(folders[0]); n++)
        add_entry(&a, folders[n], S_IFDIR | 0755, NULL, 0, 0, 0);
    add_entry(&a, "dev/console", S_IFCHR | 0600, NULL, 0, 5, 1);
    ret = add_file(&a, "init", 0755, agent);
    if (!ret)
        ret = add_modules(&a, i);
    add_entry(&a, "TRAILER!!!", 0, NULL, 0, 0, 0);
    if (fclose(a.f) && !ret) {
        ret = -errno;
        say("cannot write %s: %s", path, strerror(-ret));
    }
    return ret;
}

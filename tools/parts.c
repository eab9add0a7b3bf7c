/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "parts.h"
#include "scratch.h"

static int try_path(char *path, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int try_path(char *path, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(path, PATH_MAX, fmt, ap);
    va_end(ap);
    return n < PATH_MAX && !access(path, R_OK) ? 0 : -ENOENT;
}

/* meson leaves the source tree's path in the build tree, so that no path of the
 * machine that built it is in an installed command. */
static void read_source(struct parts *p)
{
    char file[PATH_MAX];
    FILE *f;

    if (try_path(file, "%s/tools/source-root", p->build) < 0)
        return;
    f = fopen(file, "re");
    if (f && fgets(p->source, sizeof(p->source), f)) {
        p->source[strcspn(p->source, "\n")] = '\0';
        p->built = true;
    }
    if (f)
        fclose(f);
}

int parts_init(struct parts *p)
{
    ssize_t n = readlink("/proc/self/exe", p->build, sizeof(p->build) - 1);
    char *slash;

    p->built = false;
    if (n < 0)
        return -errno;
    p->build[n] = '\0';
    slash = strrchr(p->build, '/');
    if (slash)
        *slash = '\0';
    read_source(p);
    return 0;
}

int parts_helper(const struct parts *p, char *path)
{
    return p->built ? try_path(path, "%s/host-helper/vocl-helper", p->build)
                    : try_path(path, VOCL_BINDIR "/vocl-helper");
}

int parts_icd(const struct parts *p, char *path)
{
    return p->built ? try_path(path, "%s/guest-icd/libvirtio-ocl.so", p->build)
                    : try_path(path, VOCL_LIBDIR "/libvirtio-ocl.so");
}

int parts_agent(const struct parts *p, char *path)
{
    return p->built ? try_path(path, "%s/tools/vocl-guest-agent", p->build)
                    : try_path(path, VOCL_LIBEXECDIR "/vocl-guest-agent");
}

int parts_bench_probe(const struct parts *p, char *path)
{
    return p->built ? try_path(path, "%s/tools/vocl-bench-probe", p->build)
                    : try_path(path, VOCL_LIBEXECDIR "/vocl-bench-probe");
}

int parts_driver(const struct parts *p, const char *release, char *path)
{
    if (p->built && !try_path(path, "%s/qemu-virtio-ocl/linux/%s/virtio_ocl.ko", p->build, release))
        return 0;
    if (!try_path(path, "/lib/modules/%s/updates/dkms/virtio_ocl.ko", release) ||
        !try_path(path, "/lib/modules/%s/updates/dkms/virtio_ocl.ko.xz", release))
        return 0;
    return -ENOENT;
}

int parts_uml_driver(const struct parts *p, const char *release, char *path)
{
    if (!p->built)
        return -ENOENT;
    return try_path(path, "%s/qemu-virtio-ocl/linux/uml-%s/virtio_ocl.ko", p->build, release);
}

int parts_cached_uml_driver(const char *release, char *path)
{
    char cache[PATH_MAX];

    if (cache_folder(cache, "uml") < 0)
        return -ENOENT;
    return try_path(path, "%s/%s/virtio_ocl.ko", cache, release);
}

int parts_uml_shim(const struct parts *p, char *path)
{
    return p->built ? try_path(path, "%s/tools/uml-xstate.so", p->build)
                    : try_path(path, VOCL_LIBDIR "/virtio-ocl/uml-xstate.so");
}

int parts_preload(const struct parts *p, const char *version, char *path)
{
    if (p->built &&
        !try_path(path, "%s/qemu-virtio-ocl/qemu/vhost-user-ocl-%s.so", p->build, version))
        return 0;
    return try_path(path, VOCL_LIBDIR "/virtio-ocl/vhost-user-ocl-%s.so", version);
}

int parts_cached_preload(const char *version, char *path)
{
    char cache[PATH_MAX];

    if (cache_folder(cache, "qemu") < 0)
        return -ENOENT;
    return try_path(path, "%s/vhost-user-ocl-%s.so", cache, version);
}

int parts_script(const struct parts *p, const char *name, char *path)
{
    return p->built ? try_path(path, "%s/qemu-virtio-ocl/%s", p->source, name)
                    : try_path(path, VOCL_DATADIR "/virtio-ocl/qemu-virtio-ocl/%s", name);
}

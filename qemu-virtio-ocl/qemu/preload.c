/*
 * preload.c - vhost-user-ocl as a shared object for LD_PRELOAD
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A distribution's QEMU exports the functions that the device needs, so the
 * device can be brought into the binary as it is. What it does not have is a
 * stable layout of its structures: this object is good for the one version
 * whose headers it was built with, and refuses any other before it is too
 * late. VU_OCL_PACKAGE is that version, as the binary itself gives it.
 *
 * The loader brings us into whatever is started with the variable set. What is
 * not a QEMU at all runs on undisturbed: functions are bound when they are
 * called, and data is referred to weakly.
 */
#pragma weak qdev_prop_chr
#pragma weak qdev_prop_uint16
#pragma weak qdev_prop_uint32
#pragma weak error_fatal
#pragma weak error_abort

/* Our own registration below takes the place of the usual one. */
#include "qemu/osdep.h"
#include "qemu/module.h"
#undef type_init
#define type_init(function)

#include "vhost-user-ocl.c"
#include "qapi/qapi-types-control.h"

#include <dlfcn.h>

static void G_NORETURN vu_ocl_refuse(const char *why)
{
    fprintf(stderr, "vhost-user-ocl: wrong QEMU version for the preload "
            "object: %s\n", why);
    /* Nothing of QEMU has started: leave without its exit handlers. */
    _exit(EXIT_FAILURE);
}

/* "1:7.2+dfsg-7+deb12u18+b3" without what a rebuild of the package adds. */
static int vu_ocl_source_length(const char *package)
{
    const char *rebuild = strstr(package, "+b");
    size_t length = strlen(package);

    return rebuild && rebuild[2] &&
           strspn(rebuild + 2, "0123456789)") == strlen(rebuild + 2) ?
           rebuild - package : package[length - (length > 0)] == ')' ?
           length - 1 : length;
}

static void vu_ocl_check_version(VersionInfo *(*query)(Error **))
{
    VersionInfo *info = query(NULL);
    g_autofree char *have =
        g_strdup_printf("%" PRId64 ".%" PRId64 ".%" PRId64 " %.*s",
                        info->qemu->major, info->qemu->minor,
                        info->qemu->micro,
                        vu_ocl_source_length(info->package), info->package);
    g_autofree char *want =
        g_strdup_printf("%d.%d.%d %.*s", QEMU_VERSION_MAJOR,
                        QEMU_VERSION_MINOR, QEMU_VERSION_MICRO,
                        vu_ocl_source_length(VU_OCL_PACKAGE), VU_OCL_PACKAGE);

    if (strcmp(have, want)) {
        g_autofree char *why =
            g_strdup_printf("built for %s, this is %s", want, have);
        vu_ocl_refuse(why);
    }
}

/* A second look where QEMU lets us, for one that was configured otherwise. */
static void vu_ocl_check_size(const char *type, size_t want)
{
    size_t (*instance_size)(const char *) =
        dlsym(RTLD_DEFAULT, "object_type_get_instance_size");

    if (instance_size && instance_size(type) != want) {
        g_autofree char *why =
            g_strdup_printf("%s has %zu bytes, not %zu", type,
                            instance_size(type), want);
        vu_ocl_refuse(why);
    }
}

static void vu_ocl_preload_register(void)
{
    vu_ocl_check_size(TYPE_VIRTIO_DEVICE, sizeof(VirtIODevice));
    vu_ocl_check_size(TYPE_VIRTIO_PCI, sizeof(VirtIOPCIProxy));
    vu_ocl_register_types();
}

static void __attribute__((constructor)) vu_ocl_preload(void)
{
    VersionInfo *(*query)(Error **) = dlsym(RTLD_DEFAULT, "qmp_query_version");
    void (*init)(void (*)(void), module_init_type) =
        dlsym(RTLD_DEFAULT, "register_module_init");

    if (!query || !init) {
        return;
    }
    /* What QEMU starts is no QEMU. */
    unsetenv("LD_PRELOAD");
    vu_ocl_check_version(query);
    /* After MODULE_INIT_QOM, when the types to be checked exist. */
    init(vu_ocl_preload_register, MODULE_INIT_MIGRATION);
}

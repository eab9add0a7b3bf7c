/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "process.h"
#include "qemu_device.h"
#include "scratch.h"

#define ASK_MS 30000
/* From source package to shared object, on a busy machine with two cores. */
#define BUILD_MS 900000

/* The generic device's queues: one for control and 16 clients. Its config space
 * is VIRTIO_OCL_CONFIG_SIZE, and its id the one that QEMU's table can name. */
#define TEST_DEVICE "vhost-user-test-device-pci,virtio-id=38,num_vqs=17,vq_size=256,config_size=64"
#define OWN_DEVICE "vhost-user-ocl-pci"

int qemu_find(struct qemu *q, const char *program)
{
    char text[512];
    char *const argv[] = {q->program, "--version", NULL};
    const char *v;
    int ret;

    snprintf(q->program, sizeof(q->program), "%s", program ? program : "qemu-system-x86_64");
    ret = process_output(argv, ASK_MS, text, sizeof(text));
    if (ret == -ENOENT) {
        say("no QEMU (%s): install qemu-system-x86, or name one with --qemu", q->program);
        return ret;
    }
    v = ret ? NULL : strstr(text, "version ");
    if (!v || sscanf(v, "version %31[0-9.]", q->version) != 1 ||
        sscanf(q->version, "%d.%d", &q->major, &q->minor) != 2) {
        if (ret < 0)
            say("cannot run %s: %s", q->program, strerror(-ret));
        else
            say("%s is not a QEMU that works: '%s --version' says so", q->program, q->program);
        return ret < 0 ? ret : -ENOEXEC;
    }
    return 0;
}

static bool lists(const char *devices, const char *name)
{
    char quoted[64];

    snprintf(quoted, sizeof(quoted), "name \"%s\"", name);
    return strstr(devices, quoted);
}

static bool has_own(struct qemu *q, const char *devices)
{
    q->device = OWN_DEVICE;
    return lists(devices, OWN_DEVICE);
}

/* Before 10.2 the generic device exists but cannot be created by users. */
static bool has_test_device(struct qemu *q, const char *devices)
{
    q->device = TEST_DEVICE;
    return (q->major > 10 || (q->major == 10 && q->minor >= 2)) &&
           lists(devices, "vhost-user-test-device-pci");
}

/*
 * The script does nothing when what is in the cache is right for exactly this
 * build of QEMU, which a version alone does not tell.
 */
static bool build_preload(struct qemu *q, const struct parts *parts)
{
    char script[PATH_MAX], folder[PATH_MAX], program[PATH_MAX + 8], text[4096];
    char *const argv[] = {"env", program, script, folder, NULL};
    int ret;

    q->device = OWN_DEVICE;
    if (parts_script(parts, "qemu/build-preload", script) < 0 || cache_folder(folder, "qemu") < 0)
        return false;
    snprintf(program, sizeof(program), "QEMU=%s", q->program);
    if (parts_cached_preload(q->version, q->preload) < 0)
        say("building the device for QEMU %s (once, about a minute)", q->version);
    ret = process_output(argv, BUILD_MS, text, sizeof(text));
    if (ret < 0)
        say("cannot run %s: %s", script, strerror(-ret));
    return !ret && !parts_cached_preload(q->version, q->preload);
}

static bool has_preload(struct qemu *q, const struct parts *parts)
{
    q->device = OWN_DEVICE;
    if (!parts_preload(parts, q->version, q->preload))
        return true;
    q->preload[0] = '\0';
    return false;
}

/* The object itself refuses a QEMU that it was not built for, with a line on
 * stderr: better now than as a guest that does not boot. */
static bool preload_fits(struct qemu *q)
{
    char variable[PATH_MAX + 16], text[512];
    char *const argv[] = {"env", variable, q->program, "--version", NULL};
    int ret;

    snprintf(variable, sizeof(variable), "LD_PRELOAD=%s", q->preload);
    ret = process_output(argv, ASK_MS, text, sizeof(text));
    if (ret < 0)
        say("cannot run %s with %s: %s", q->program, q->preload, strerror(-ret));
    return !ret;
}

int qemu_choose_device(struct qemu *q, const struct parts *parts, const char *way)
{
    char *const argv[] = {q->program, "-device", "help", NULL};
    size_t size = 256 * 1024; /* QEMU 7.2 prints 30 KiB */
    char *devices = malloc(size);
    int ret = devices ? process_output(argv, ASK_MS, devices, size) : -ENOMEM;

    q->preload[0] = '\0';
    q->way = NULL;
    if (ret)
        say("cannot ask %s for its devices", q->program);
    else if ((!way || !strcmp(way, "in-tree")) && has_own(q, devices))
        q->way = "in-tree";
    else if ((!way || !strcmp(way, "preload")) && has_preload(q, parts))
        q->way = "preload";
    else if ((!way || !strcmp(way, "test-device")) && has_test_device(q, devices))
        q->way = "test-device";
    else if ((!way || !strcmp(way, "preload")) && build_preload(q, parts))
        q->way = "preload";
    else
        say("QEMU %s can have the device in no way%s%s: it needs QEMU 10.2 or later, or the "
            "distribution's own 7.2 to 10.1",
            q->version, way ? " that is called " : "", way ? way : "");
    free(devices);
    if (q->way && q->preload[0] && !preload_fits(q))
        q->way = NULL;
    return q->way ? 0 : -ENODEV;
}

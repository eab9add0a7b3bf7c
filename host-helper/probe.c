// SPDX-License-Identifier: MIT
#include "probe.h"

#include <CL/cl.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "filter.h"
#include "log.h"

/* The first use of a GPU after boot takes seconds. */
#define PROBE_TIMEOUT_MS 30000

/* More than any host has; the others are not looked at. */
#define MAX_PLATFORMS 32
#define MAX_DEVICES 64

/* What the child found; small enough for one atomic write to a pipe. */
struct found {
    int loader;      /* libOpenCL.so.1 could be loaded */
    int devices;     /* in all */
    int allowed;     /* that pass the filters */
    char names[400]; /* "platform: device; …", for the message */
};

struct loader {
    __typeof__(&clGetPlatformIDs) platform_ids;
    __typeof__(&clGetPlatformInfo) platform_info;
    __typeof__(&clGetDeviceIDs) device_ids;
    __typeof__(&clGetDeviceInfo) device_info;
};

static int load(struct loader *l)
{
    void *so = dlopen("libOpenCL.so.1", RTLD_NOW);
    if (!so)
        return -ENOENT;
    *(void **)&l->platform_ids = dlsym(so, "clGetPlatformIDs");
    *(void **)&l->platform_info = dlsym(so, "clGetPlatformInfo");
    *(void **)&l->device_ids = dlsym(so, "clGetDeviceIDs");
    *(void **)&l->device_info = dlsym(so, "clGetDeviceInfo");
    return l->platform_ids && l->platform_info && l->device_ids && l->device_info ? 0 : -ENOENT;
}

static void note_device(const struct hcl_options *opt, const char *platform, const char *device,
                        struct found *f)
{
    size_t used = strlen(f->names);

    f->devices++;
    if (hcl_filter_match(opt->runtime, platform) && hcl_filter_match(opt->allow_device, device))
        f->allowed++;
    snprintf(f->names + used, sizeof(f->names) - used, "%s'%s' of '%s'", used ? ", " : "", device,
             platform);
}

static void look_at_platform(const struct loader *l, const struct hcl_options *opt,
                             cl_platform_id platform, struct found *f)
{
    cl_device_id devices[MAX_DEVICES];
    cl_uint n = 0;
    char pname[128] = "", dname[128];

    l->platform_info(platform, CL_PLATFORM_NAME, sizeof(pname) - 1, pname, NULL);
    if (l->device_ids(platform, CL_DEVICE_TYPE_ALL, MAX_DEVICES, devices, &n) != CL_SUCCESS)
        return;
    for (cl_uint i = 0; i < n && i < MAX_DEVICES; i++) {
        memset(dname, 0, sizeof(dname));
        l->device_info(devices[i], CL_DEVICE_NAME, sizeof(dname) - 1, dname, NULL);
        note_device(opt, pname, dname, f);
    }
}

_Noreturn static void child(const struct hcl_options *opt, int out, pid_t parent)
{
    struct found f = {0};
    struct loader l;
    cl_platform_id platforms[MAX_PLATFORMS];
    cl_uint n = 0;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    if (load(&l) == 0) {
        f.loader = 1;
        if (l.platform_ids(MAX_PLATFORMS, platforms, &n) != CL_SUCCESS)
            n = 0;
        for (cl_uint i = 0; i < n && i < MAX_PLATFORMS; i++)
            look_at_platform(&l, opt, platforms[i], &f);
    }
    /* _exit(): no destructor of a runtime gets a chance to hang. */
    _exit(write(out, &f, sizeof(f)) == sizeof(f) ? 0 : 1);
}

/* Returns 0 with *f filled, -ETIMEDOUT, or -EIO: the child died. */
static int await_result(int in, struct found *f)
{
    struct pollfd p = {.fd = in, .events = POLLIN};
    int n;

    do
        n = poll(&p, 1, PROBE_TIMEOUT_MS);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        return -ETIMEDOUT;
    return n > 0 && read(in, f, sizeof(*f)) == sizeof(*f) ? 0 : -EIO;
}

static int run_child(const struct hcl_options *opt, struct found *f)
{
    int fds[2];
    pid_t parent = getpid();

    if (pipe2(fds, O_CLOEXEC) < 0)
        return -errno;
    pid_t pid = fork();
    if (pid == 0)
        child(opt, fds[1], parent);
    int err = pid < 0 ? -errno : 0;
    close(fds[1]);
    if (!err)
        err = await_result(fds[0], f);
    close(fds[0]);
    if (pid > 0) {
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    return err;
}

int hcl_probe_runtime(const struct hcl_options *opt)
{
    struct found f = {0};
    int err = run_child(opt, &f);

    if (err == -ETIMEDOUT)
        hcl_log("this host's OpenCL does not answer within %d s: try clinfo",
                PROBE_TIMEOUT_MS / 1000);
    else if (err == -EIO)
        hcl_log("this host's OpenCL crashes when asked for its devices: try clinfo");
    else if (err)
        hcl_log("cannot look for OpenCL devices: %s", strerror(-err));
    else if (!f.loader)
        hcl_log("no OpenCL loader (libOpenCL.so.1): install one and a runtime, for instance "
                "ocl-icd-libopencl1 and pocl-opencl-icd");
    else if (!f.devices)
        hcl_log("no OpenCL device on this host: install a runtime, for instance pocl-opencl-icd");
    else if (!f.allowed)
        hcl_log("no OpenCL device passes --runtime and --allow-device; this host has %s", f.names);
    else
        hcl_log_debug("%d of %d OpenCL devices are served: %s", f.allowed, f.devices, f.names);
    return !err && f.allowed ? 0 : -ENODEV;
}

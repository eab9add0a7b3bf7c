// SPDX-License-Identifier: MIT
#include "extension.h"

#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "handlers.h"
#include "svm.h"

struct hcl_ext {
    struct hcl_ext *next;
    const void *dispatch; /* what the platform's objects begin with */
    struct hcl_ext_functions functions;
};

/* As platform.c: no machine has more. */
#define MAX_PLATFORMS 64

static const struct hcl_ext_functions none;

static const void *dispatch_of(const void *native)
{
    return *(const void *const *)native;
}

struct finder {
    const cl_icd_dispatch *cl;
    cl_platform_id platform;
};

static void *find(void *opaque, const char *name)
{
    struct finder *f = opaque;
    return f->cl->clGetExtensionFunctionAddressForPlatform
               ? f->cl->clGetExtensionFunctionAddressForPlatform(f->platform, name)
               : NULL;
}

static cl_version device_version(const cl_icd_dispatch *cl, cl_device_id d, const char *name)
{
    size_t n = 0;
    cl_version version = 0;
    if (cl->clGetDeviceInfo(d, CL_DEVICE_EXTENSIONS_WITH_VERSION, 0, NULL, &n))
        return 0;
    cl_name_version *list = calloc(1, n + sizeof(*list));
    if (list && !cl->clGetDeviceInfo(d, CL_DEVICE_EXTENSIONS_WITH_VERSION, n, list, NULL))
        for (size_t i = 0; i < n / sizeof(*list); i++)
            if (!strncmp(list[i].name, name, sizeof(list[i].name)))
                version = list[i].version;
    free(list);
    return version;
}

cl_version hcl_ext_version(struct hcl_worker *w, cl_device_id device, const char *name)
{
    return device_version(&w->cl, device, name);
}

/* Commands of command buffers got a parameter more in version 0.9.5. */
static bool commands_are_older(const cl_icd_dispatch *cl, cl_platform_id p)
{
    cl_device_id devices[16];
    cl_uint n = 0;
    if (cl->clGetDeviceIDs(p, CL_DEVICE_TYPE_ALL, 16, devices, &n))
        return false;
    for (cl_uint i = 0; i < n && i < 16; i++) {
        cl_version v = device_version(cl, devices[i], "cl_khr_command_buffer");
        if (v)
            return v < CL_MAKE_VERSION(0, 9, 5);
    }
    return false;
}

static struct hcl_ext *add_platform(struct hcl_worker *w, cl_platform_id p)
{
    struct finder f = {&w->cl, p};
    struct hcl_ext *x = calloc(1, sizeof(*x));
    if (!x)
        return NULL;
    x->dispatch = dispatch_of(p);
    hcl_ext_resolve(&x->functions, find, &f, commands_are_older(&w->cl, p));
    x->next = w->ext;
    w->ext = x;
    return x;
}

static struct hcl_ext *find_platform(struct hcl_worker *w, const void *dispatch)
{
    cl_platform_id all[MAX_PLATFORMS];
    cl_uint n = 0;
    if (w->cl.clGetPlatformIDs(MAX_PLATFORMS, all, &n))
        return NULL;
    for (cl_uint i = 0; i < n && i < MAX_PLATFORMS; i++)
        if (dispatch_of(all[i]) == dispatch)
            return add_platform(w, all[i]);
    return NULL;
}

const struct hcl_ext_functions *hcl_ext_of(struct hcl_worker *w, const void *native)
{
    const void *dispatch = native ? dispatch_of(native) : NULL;
    struct hcl_ext *x = w->ext;
    while (x && x->dispatch != dispatch)
        x = x->next;
    if (!x && native)
        x = find_platform(w, dispatch);
    return x ? &x->functions : &none;
}

void hcl_ext_finish(struct hcl_worker *w)
{
    while (w->ext) {
        struct hcl_ext *x = w->ext;
        w->ext = x->next;
        free(x);
    }
}

/* What goes with an object in the table. */
struct made {
    struct hcl_worker *w;
    const struct hcl_ext_functions *x;
    enum hcl_type type;
    void *native;
    cl_kernel kernel;    /* a command: retained, or NULL */
    struct made *buffer; /* a command: to compare; not to be followed */
    uint64_t *commands;  /* a command buffer: the numbers of its commands */
    size_t num_commands;
    struct hcl_svm **svm; /* a command buffer: what its commands work on, held */
    size_t num_svm;
    size_t num_recorded_svm; /* of them: the others are of the command that is being recorded */
};

static struct made *made_of(struct hcl_worker *w, uint64_t id, enum hcl_type type)
{
    return hcl_objects_extra(w->objects, id, type);
}

/* Commands end with their buffer. The guest may have released one before, and
 * used its number for something else. */
static void release_commands(struct made *m)
{
    for (size_t i = 0; i < m->num_commands; i++) {
        struct made *command = made_of(m->w, m->commands[i], HCL_MUTABLE_COMMAND);
        if (command && command->buffer == m)
            hcl_objects_release(m->w->objects, m->commands[i]);
    }
    free(m->commands);
}

static void keep_svm(struct made *m, size_t n)
{
    while (m->num_svm > n)
        hcl_svm_put(m->svm[--m->num_svm]);
}

static void release(void *opaque)
{
    struct made *m = opaque;
    if (m->type == HCL_COMMAND_BUFFER) {
        release_commands(m);
        m->x->clReleaseCommandBufferKHR(m->native);
        keep_svm(m, 0);
        free(m->svm);
    } else if (m->type == HCL_SEMAPHORE) {
        m->x->clReleaseSemaphoreKHR(m->native);
    }
    if (m->kernel)
        m->w->cl.clReleaseKernel(m->kernel);
    free(m);
}

const struct hcl_ext_functions *hcl_ext_made(struct hcl_worker *w, uint64_t id, enum hcl_type type)
{
    struct made *m = made_of(w, id, type);
    return m ? m->x : &none;
}

cl_int hcl_made_by(struct hcl_call *c, const struct hcl_ext_functions *x, cl_int ret, uint64_t id,
                   enum hcl_type type, void *native)
{
    if (ret != CL_SUCCESS || !native)
        return ret;
    struct made *m = malloc(sizeof(*m));
    if (!m) /* the native object stays until the worker ends */
        return CL_OUT_OF_HOST_MEMORY;
    *m = (struct made){.w = c->w, .x = x, .type = type, .native = native};
    int rc = hcl_objects_add(c->w->objects, id, type, native, m, release);
    if (rc)
        release(m);
    return hcl_add_error(c->w, c->op, rc);
}

/* Room for one more in a list of n that grows by this alone. NULL: no memory. */
static void *room_for_one(void *list, size_t n, size_t size)
{
    return n & (n - 1) ? list : realloc(list, (n ? 2 * n : 1) * size);
}

static bool remember(struct made *buffer, uint64_t id)
{
    uint64_t *list = room_for_one(buffer->commands, buffer->num_commands, sizeof(*list));
    if (!list)
        return false;
    list[buffer->num_commands++] = id;
    buffer->commands = list;
    return true;
}

cl_int hcl_record_svm(struct hcl_call *c, uint64_t buffer_id, uint64_t svm, uint64_t off,
                      uint64_t len, void **ptr)
{
    struct made *buffer = made_of(c->w, buffer_id, HCL_COMMAND_BUFFER);
    struct hcl_svm **list = room_for_one(buffer->svm, buffer->num_svm, sizeof(*list));
    if (!list)
        return CL_OUT_OF_HOST_MEMORY;
    buffer->svm = list;
    if (!(list[buffer->num_svm] = hcl_svm_hold(c->w, svm, off, len, ptr)))
        return CL_INVALID_VALUE;
    buffer->num_svm++;
    return CL_SUCCESS;
}

cl_int hcl_recorded(struct hcl_call *c, cl_int ret, uint64_t buffer_id, uint64_t id,
                    cl_mutable_command_khr native, cl_kernel kernel)
{
    struct made *buffer = made_of(c->w, buffer_id, HCL_COMMAND_BUFFER);
    if (buffer && ret != CL_SUCCESS)
        keep_svm(buffer, buffer->num_recorded_svm);
    else if (buffer)
        buffer->num_recorded_svm = buffer->num_svm;
    if (ret != CL_SUCCESS || !id || !native || !buffer)
        return ret;
    struct made *m = malloc(sizeof(*m));
    if (!m || !remember(buffer, id)) {
        free(m);
        return CL_OUT_OF_HOST_MEMORY;
    }
    *m = (struct made){.w = c->w,
                       .x = buffer->x,
                       .type = HCL_MUTABLE_COMMAND,
                       .native = native,
                       .kernel = kernel,
                       .buffer = buffer};
    if (kernel)
        c->w->cl.clRetainKernel(kernel);
    int rc = hcl_objects_add(c->w->objects, id, HCL_MUTABLE_COMMAND, native, m, release);
    if (rc)
        release(m);
    return hcl_add_error(c->w, c->op, rc);
}

bool hcl_ext_owns(struct hcl_worker *w, uint64_t buffer, uint64_t command)
{
    struct made *m = made_of(w, command, HCL_MUTABLE_COMMAND);
    return m && m->buffer == made_of(w, buffer, HCL_COMMAND_BUFFER);
}

cl_kernel hcl_ext_kernel(struct hcl_worker *w, uint64_t command)
{
    struct made *m = made_of(w, command, HCL_MUTABLE_COMMAND);
    return m ? m->kernel : NULL;
}

bool hcl_command_properties_known(struct vocl_words list)
{
    for (uint64_t i = 0; i + 1 < list.count; i += 2)
        if (list.v[i] != CL_MUTABLE_DISPATCH_UPDATABLE_FIELDS_KHR &&
            list.v[i] != CL_MUTABLE_DISPATCH_ASSERTS_KHR)
            return false;
    return true;
}

bool hcl_sync_points(struct hcl_call *c, struct vocl_words words, const cl_sync_point_khr **out)
{
    cl_sync_point_khr *list = words.count ? hcl_alloc(c, words.count * sizeof(*list)) : NULL;
    *out = list;
    for (uint64_t i = 0; list && i < words.count; i++) {
        if (words.v[i] > UINT32_MAX) {
            hcl_malformed(c);
            return false;
        }
        list[i] = (cl_sync_point_khr)words.v[i];
    }
    return true;
}

bool hcl_ulongs(struct hcl_call *c, struct vocl_words words, uint64_t count, const cl_ulong **out)
{
    *out = (const cl_ulong *)words.v;
    if (!words.v || words.count == count)
        return true;
    hcl_malformed(c);
    return false;
}

void hcl_VOCL_EXTENSION_FUNCTIONS(struct hcl_call *c)
{
    struct vocl_extension_functions_req q;
    struct vocl_extension_functions_rep p = {.ret = CL_INVALID_PLATFORM};
    vocl_get_extension_functions_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    struct finder f = {&c->w->cl, hcl_object(c->w, q.platform, HCL_PLATFORM)};
    struct vocl_bytes *names = hcl_alloc(c, hcl_num_ext_names * sizeof(*names));
    if (f.platform && !names)
        p.ret = CL_OUT_OF_HOST_MEMORY;
    else if (f.platform) {
        p.ret = CL_SUCCESS;
        p.names.list = names;
        for (size_t i = 0; i < hcl_num_ext_names; i++)
            if (find(&f, hcl_ext_names[i]))
                names[p.names.count++] =
                    (struct vocl_bytes){hcl_ext_names[i], strlen(hcl_ext_names[i])};
        p.older_commands = commands_are_older(&c->w->cl, f.platform);
    }
    vocl_put_extension_functions_rep(&c->reply, &p);
    hcl_reply(c);
}

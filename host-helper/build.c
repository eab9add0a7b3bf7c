// SPDX-License-Identifier: MIT
/*
 * build.c - clBuildProgram, clCompileProgram and clLinkProgram: compilers
 * take their time, so all three run on a waiter thread, with everything that
 * they need copied or retained.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "build.h"
#include "callback.h"
#include "calls.h"
#include "defer.h"
#include "handlers.h"
#include "include.h"

struct build {
    struct build *next; /* under build_lock */
    struct hcl_worker *w;
    uint16_t op;
    uint16_t slot;
    uint64_t id; /* link: the number of the program to be */
    cl_context context;
    cl_program program;
    cl_uint num_devices;
    cl_device_id *devices;
    cl_uint num_programs; /* headers, or what is linked */
    cl_program *programs;
    char **names;
    char *options;
    struct hcl_includes includes;
    struct hcl_cookie *cookie;
};

/* What is being built now, so that nobody asks for binaries that change size
 * between the question and the copy. */
static pthread_mutex_t build_lock = PTHREAD_MUTEX_INITIALIZER;
static struct build *building;

static void building_add(struct build *b)
{
    pthread_mutex_lock(&build_lock);
    b->next = building;
    building = b;
    pthread_mutex_unlock(&build_lock);
}

static void building_remove(struct build *b)
{
    pthread_mutex_lock(&build_lock);
    struct build **at = &building;
    while (*at != b)
        at = &(*at)->next;
    *at = b->next;
    pthread_mutex_unlock(&build_lock);
}

bool hcl_program_is_building(cl_program program)
{
    bool found = false;
    pthread_mutex_lock(&build_lock);
    for (struct build *b = building; b && !found; b = b->next)
        found = b->program == program;
    pthread_mutex_unlock(&build_lock);
    return found;
}

static void build_destroy(struct build *b)
{
    if (b->program)
        b->w->cl.clReleaseProgram(b->program);
    if (b->context)
        b->w->cl.clReleaseContext(b->context);
    for (cl_uint i = 0; i < b->num_devices; i++)
        b->w->cl.clReleaseDevice(b->devices[i]);
    for (cl_uint i = 0; i < b->num_programs; i++) {
        b->w->cl.clReleaseProgram(b->programs[i]);
        if (b->names)
            free(b->names[i]);
    }
    free(b->devices);
    free(b->programs);
    free(b->names);
    free(b->options);
    hcl_includes_finish(&b->includes);
    free(b);
}

/* Retained copies of an array of objects. */
static cl_int take_list(struct hcl_call *c, struct vocl_words ids, enum hcl_type type, cl_int error,
                        cl_uint *n, void *out)
{
    void **list = hcl_objects(c, ids, type);
    if (!ids.count)
        return CL_SUCCESS;
    if (!list)
        return error;
    void **copy = malloc(ids.count * sizeof(*copy));
    if (!copy)
        return CL_OUT_OF_HOST_MEMORY;
    for (uint64_t i = 0; i < ids.count; i++) {
        copy[i] = list[i];
        hcl_native_retain(&c->w->cl, type, list[i]);
    }
    *n = ids.count;
    *(void ***)out = copy;
    return CL_SUCCESS;
}

static cl_int take_options(struct build *b, struct vocl_bytes options)
{
    const char *text = vocl_bytes_text(options);
    if (options.data && !text)
        return CL_INVALID_BUILD_OPTIONS;
    if (text && !(b->options = strdup(text)))
        return CL_OUT_OF_HOST_MEMORY;
    return CL_SUCCESS;
}

static cl_int take_names(struct build *b, struct vocl_blobs names)
{
    struct vocl_bytes text;
    if (names.count != b->num_programs)
        return CL_INVALID_VALUE;
    b->names = calloc(names.count + 1, sizeof(*b->names));
    if (!b->names)
        return CL_OUT_OF_HOST_MEMORY;
    for (cl_uint i = 0; vocl_blobs_next(&names, &text); i++) {
        const char *name = vocl_bytes_text(text);
        if (!name || !(b->names[i] = strdup(name)))
            return name ? CL_OUT_OF_HOST_MEMORY : CL_INVALID_VALUE;
    }
    return CL_SUCCESS;
}

/* Sources without a printf and without files that they include (program.c) get one
 * only from a macro that says so, or from a file that the options include. */
static bool options_may_print(struct vocl_bytes options)
{
    return options.data && (memmem(options.data, options.len, "printf", 6) ||
                            memmem(options.data, options.len, "include", 7));
}

/* Everything but what is one call's alone. */
static struct build *build_create(struct hcl_call *c, struct vocl_words devices,
                                  struct vocl_bytes options, uint64_t cookie, cl_int *err)
{
    struct build *b = calloc(1, sizeof(*b));
    *err = CL_OUT_OF_HOST_MEMORY;
    if (!b)
        return NULL;
    b->w = c->w;
    b->op = c->op;
    b->slot = c->slot;
    if (options_may_print(options))
        __atomic_store_n(&c->w->may_print, true, __ATOMIC_RELAXED);
    *err = take_list(c, devices, HCL_DEVICE, CL_INVALID_DEVICE, &b->num_devices, &b->devices);
    if (!*err)
        *err = take_options(b, options);
    if (!*err && cookie && !(b->cookie = hcl_cookie_create(c->w, cookie)))
        *err = CL_OUT_OF_HOST_MEMORY;
    return b;
}

/* The files that the sources include; false: the client has been ended. */
static bool take_includes(struct hcl_call *c, struct build *b, struct vocl_blobs names,
                          struct vocl_blobs files, cl_int *err)
{
    if (*err || !names.count)
        return true;
    int rc = hcl_includes_write(&b->includes, names, files);
    if (rc == -EPROTO) {
        free(b->cookie);
        build_destroy(b);
        hcl_malformed(c);
        return false;
    }
    char *options = rc ? NULL : hcl_includes_options(&b->includes, b->options);
    if (!options) {
        *err = CL_OUT_OF_RESOURCES;
        return true;
    }
    free(b->options);
    b->options = options;
    return true;
}

static cl_int take_program(struct hcl_call *c, struct build *b, uint64_t id)
{
    b->program = hcl_object(c->w, id, HCL_PROGRAM);
    if (!b->program)
        return CL_INVALID_PROGRAM;
    c->w->cl.clRetainProgram(b->program);
    return CL_SUCCESS;
}

static void link_program(struct build *b)
{
    struct vocl_writer reply;
    struct vocl_clLinkProgram_rep p = {0};
    cl_int ret = CL_SUCCESS;
    cl_program made = b->w->cl.clLinkProgram(b->context, b->num_devices, b->devices, b->options,
                                             b->num_programs, b->programs,
                                             b->cookie ? hcl_program_done : NULL, b->cookie, &ret);
    if (made && !hcl_objects_add(b->w->objects, b->id, HCL_PROGRAM, made, NULL, NULL))
        p.created = 1;
    else if (made)
        b->w->cl.clReleaseProgram(made);
    p.ret = ret;
    vocl_writer_init(&reply);
    vocl_put_clLinkProgram_rep(&reply, &p);
    hcl_send_reply(b->w, b->slot, reply.buf, reply.len);
    vocl_writer_finish(&reply);
}

static int64_t build_program(struct build *b)
{
    if (b->op == VOCL_OP_clBuildProgram)
        return b->w->cl.clBuildProgram(b->program, b->num_devices, b->devices, b->options,
                                       b->cookie ? hcl_program_done : NULL, b->cookie);
    return b->w->cl.clCompileProgram(b->program, b->num_devices, b->devices, b->options,
                                     b->num_programs, b->programs, (const char **)b->names,
                                     b->cookie ? hcl_program_done : NULL, b->cookie);
}

static void build_run(void *arg)
{
    struct build *b = arg;
    if (b->op == VOCL_OP_clLinkProgram) {
        link_program(b);
        building_remove(b);
    } else {
        int64_t ret = build_program(b);
        building_remove(b);
        hcl_send_reply(b->w, b->slot, &ret, sizeof(ret));
    }
    build_destroy(b);
}

static void build_start(struct hcl_call *c, struct build *b, cl_int err)
{
    if (!err) {
        building_add(b);
        if (!hcl_defer(c->w->defer, build_run, b))
            return;
        building_remove(b);
    }
    if (b) {
        free(b->cookie);
        build_destroy(b);
    }
    if (c->op == VOCL_OP_clLinkProgram)
        vocl_put_clLinkProgram_rep(&c->reply, &(struct vocl_clLinkProgram_rep){err, 0});
    else
        vocl_put_u64(&c->reply, (uint64_t)(int64_t)(err ? err : CL_OUT_OF_HOST_MEMORY));
    hcl_reply(c);
}

void hcl_clBuildProgram(struct hcl_call *c)
{
    struct vocl_clBuildProgram_req q;
    cl_int err;
    vocl_get_clBuildProgram_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    struct build *b = build_create(c, q.devices, q.options, q.cookie, &err);
    if (!err)
        err = take_program(c, b, q.program);
    if (!take_includes(c, b, q.include_names, q.include_files, &err))
        return;
    build_start(c, b, err);
}

void hcl_clCompileProgram(struct hcl_call *c)
{
    struct vocl_clCompileProgram_req q;
    cl_int err;
    vocl_get_clCompileProgram_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    struct build *b = build_create(c, q.devices, q.options, q.cookie, &err);
    if (!err)
        err = take_program(c, b, q.program);
    if (!take_includes(c, b, q.include_names, q.include_files, &err))
        return;
    if (!err)
        err = take_list(c, q.headers, HCL_PROGRAM, CL_INVALID_PROGRAM, &b->num_programs,
                        &b->programs);
    if (!err && q.headers.count)
        err = take_names(b, q.header_names);
    build_start(c, b, err);
}

void hcl_clLinkProgram(struct hcl_call *c)
{
    struct vocl_clLinkProgram_req q;
    cl_int err;
    vocl_get_clLinkProgram_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    struct build *b = build_create(c, q.devices, q.options, q.cookie, &err);
    if (!err && (b->context = hcl_object(c->w, q.context, HCL_CONTEXT)))
        c->w->cl.clRetainContext(b->context);
    else if (!err)
        err = CL_INVALID_CONTEXT;
    if (!err)
        err = take_list(c, q.programs, HCL_PROGRAM, CL_INVALID_PROGRAM, &b->num_programs,
                        &b->programs);
    if (b)
        b->id = q.id;
    build_start(c, b, err);
}

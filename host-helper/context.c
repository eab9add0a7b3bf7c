// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "calls.h"
#include "callback.h"
#include "handlers.h"
#include "platform.h"

struct context_cookie {
    struct hcl_worker *w;
    uint64_t cookie;
};

/* The most that a context's message may say, and bring: it has to fit the ring. */
#define NOTIFY_MAX 8192

static void CL_CALLBACK context_notify(const char *errinfo, const void *private_info, size_t cb,
                                       void *opaque)
{
    struct context_cookie *cookie = opaque;
    struct vocl_writer m;
    char text[NOTIFY_MAX] = "";
    if (errinfo)
        snprintf(text, sizeof(text), "%s", errinfo);
    if (cb > NOTIFY_MAX)
        private_info = NULL;
    vocl_writer_init(&m);
    vocl_put_msg_context_req(&m, &(struct vocl_msg_context_req){
                                     cookie->cookie,
                                     {errinfo ? text : NULL, strlen(text) + 1},
                                     {private_info, cb}});
    hcl_send_message(cookie->w, VOCL_MSG_CONTEXT, &m);
    vocl_writer_finish(&m);
}

/* The native properties: the platform's handle in its number's place. Returns
 * false if the client has been ended or the platform does not exist (*ret). */
static bool native_properties(struct hcl_call *c, struct vocl_words words,
                              const cl_context_properties **out, cl_int *ret)
{
    *out = NULL;
    if (!words.v)
        return true;
    if (words.count % 2 != 1 || words.v[words.count - 1]) {
        hcl_malformed(c);
        return false;
    }
    cl_context_properties *list = hcl_alloc(c, words.count * sizeof(*list));
    if (!list) {
        *ret = CL_OUT_OF_HOST_MEMORY;
        return true;
    }
    for (uint64_t i = 0; i + 1 < words.count; i += 2) {
        list[i] = words.v[i];
        list[i + 1] = words.v[i + 1];
        if (list[i] == CL_CONTEXT_PLATFORM &&
            !(list[i + 1] = (intptr_t)hcl_object(c->w, words.v[i + 1], HCL_PLATFORM)))
            *ret = CL_INVALID_PLATFORM;
        /* The others are pointers and handles of other libraries (GL, VA, D3D),
         * which would be the guest's to choose. */
        if (list[i] != CL_CONTEXT_PLATFORM && list[i] != CL_CONTEXT_INTEROP_USER_SYNC &&
            list[i] != CL_CONTEXT_TERMINATE_KHR && list[i] != CL_CONTEXT_MEMORY_INITIALIZE_KHR)
            *ret = CL_INVALID_PROPERTY;
    }
    *out = list;
    return true;
}

/* Kept until the worker ends: the runtime may call back as long as it likes. */
static struct context_cookie *make_cookie(struct hcl_worker *w, uint64_t notify)
{
    struct context_cookie *cookie = notify ? malloc(sizeof(*cookie)) : NULL;
    if (cookie)
        *cookie = (struct context_cookie){w, notify};
    return cookie;
}

static cl_context create_context(struct hcl_call *c, const cl_context_properties *properties,
                                 cl_uint n, const cl_device_id *devices, uint64_t notify,
                                 cl_int *ret)
{
    struct context_cookie *cookie = make_cookie(c->w, notify);
    cl_context context = c->w->cl.clCreateContext(properties, n, devices,
                                                  cookie ? context_notify : NULL, cookie, ret);
    if (!context)
        free(cookie);
    return context;
}

void hcl_clCreateContext(struct hcl_call *c)
{
    struct vocl_clCreateContext_req q;
    const cl_context_properties *properties;
    cl_int ret = CL_SUCCESS;
    cl_context context = NULL;
    vocl_get_clCreateContext_req(&c->body, &q);
    if (!hcl_call_ok(c) || !native_properties(c, q.properties, &properties, &ret))
        return;
    const cl_device_id *devices = hcl_objects(c, q.devices, HCL_DEVICE);
    if (!ret && !devices)
        ret = CL_INVALID_DEVICE;
    if (!ret) {
        context = create_context(c, properties, q.devices.count, devices, q.notify, &ret);
    }
    hcl_reply_status(c, hcl_made(c, ret, q.id, HCL_CONTEXT, context));
}

/* The platform that the properties name, or the first that is offered. */
static cl_platform_id platform_of(struct hcl_worker *w, const cl_context_properties *list)
{
    for (; list && list[0]; list += 2)
        if (list[0] == CL_CONTEXT_PLATFORM)
            return (cl_platform_id)list[1];
    return hcl_platform_first(w);
}

/* With the devices of that type that this client may use: left to the runtime,
 * the context would have the others, too. */
void hcl_clCreateContextFromType(struct hcl_call *c)
{
    struct vocl_clCreateContextFromType_req q;
    struct vocl_clCreateContextFromType_rep p = {0};
    const cl_context_properties *properties;
    cl_device_id devices[HCL_MAX_DEVICES];
    cl_uint n = 0;
    cl_int ret = CL_SUCCESS;
    cl_context context = NULL;
    vocl_get_clCreateContextFromType_req(&c->body, &q);
    if (!hcl_call_ok(c) || !native_properties(c, q.properties, &properties, &ret))
        return;
    cl_platform_id platform = ret ? NULL : platform_of(c->w, properties);
    if (!ret)
        ret = platform ? hcl_platform_devices(c->w, platform, q.device_type, devices, &n)
                       : CL_INVALID_PLATFORM;
    if (!ret) {
        context = create_context(c, properties, n, devices, q.notify, &ret);
    }
    if (!(p.ret = hcl_made(c, ret, q.id, HCL_CONTEXT, context)))
        p.devices = hcl_device_ids(c, devices, n);
    vocl_put_clCreateContextFromType_rep(&c->reply, &p);
    hcl_reply(c);
}

void hcl_clSetContextDestructorCallback(struct hcl_call *c)
{
    struct vocl_clSetContextDestructorCallback_req q;
    vocl_get_clSetContextDestructorCallback_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_context context = hcl_object(c->w, q.context, HCL_CONTEXT);
    cl_int ret = context ? CL_INVALID_OPERATION : CL_INVALID_CONTEXT;
    if (context && c->w->cl.clSetContextDestructorCallback) {
        struct hcl_cookie *cookie = hcl_cookie_create(c->w, q.cookie);
        ret = cookie ? c->w->cl.clSetContextDestructorCallback(context, hcl_context_gone, cookie)
                     : CL_OUT_OF_HOST_MEMORY;
        if (ret)
            free(cookie);
    }
    hcl_reply_status(c, ret);
}

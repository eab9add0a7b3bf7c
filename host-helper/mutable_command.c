// SPDX-License-Identifier: MIT
#include "call.h"
#include "calls.h"
#include "extension.h"
#include "handlers.h"
#include "kernel.h"
#include "svm.h"

/* What came of an update, as it is read. */
struct update {
    const uint64_t *at, *end;
    struct vocl_blobs values;
};

static bool next(struct update *u, size_t n, const uint64_t **out)
{
    if (n > (size_t)(u->end - u->at))
        return false;
    *out = u->at;
    u->at += n;
    return true;
}

static bool next_sizes(struct update *u, bool present, const size_t **out)
{
    const uint64_t *words = NULL;
    if (present && !next(u, 3, &words))
        return false;
    *out = (const size_t *)words;
    return true;
}

/* The arguments of one command; false: malformed. */
static bool read_args(struct hcl_call *c, struct update *u, cl_kernel kernel, uint64_t n,
                      struct vocl_mutable_dispatch_config *d, cl_int *ret)
{
    const uint64_t *words;
    if (n > (size_t)(u->end - u->at) / 3 || n > u->values.count)
        return false;
    struct vocl_mutable_dispatch_arg *list = hcl_alloc(c, n * sizeof(*list));
    if (!list) {
        *ret = CL_OUT_OF_HOST_MEMORY;
        return true;
    }
    for (uint64_t i = 0; i < n; i++) {
        struct hcl_arg a = {.handle_size = sizeof(void *)};
        struct hcl_arg_reading reading[2] = {0};
        if (!next(u, 3, &words) || !vocl_blobs_next(&u->values, &a.value))
            return false;
        a.index = (cl_uint)words[0];
        a.size = words[1];
        a.object = words[2];
        if (!*ret)
            *ret = kernel ? hcl_kernel_arg(c, kernel, &a, reading) : CL_INVALID_VALUE;
        list[i].arg_index = a.index;
        list[i].arg_size = reading[0].size;
        list[i].arg_value = reading[0].value;
    }
    d->num_args = (cl_uint)n;
    d->arg_list = n ? list : NULL;
    return true;
}

/* Those in shared virtual memory. Nothing more is read where there was no memory. */
static bool read_svm_args(struct hcl_call *c, struct update *u, uint64_t n,
                          struct vocl_mutable_dispatch_config *d, cl_int *ret)
{
    const uint64_t *words;
    if (*ret == CL_OUT_OF_HOST_MEMORY)
        return true;
    if (n > (size_t)(u->end - u->at) / 4)
        return false;
    struct vocl_mutable_dispatch_arg *list = n ? hcl_alloc(c, n * sizeof(*list)) : NULL;
    if (n && !list) {
        *ret = CL_OUT_OF_HOST_MEMORY;
        return true;
    }
    for (uint64_t i = 0; i < n; i++) {
        if (!next(u, 4, &words))
            return false;
        list[i].arg_index = (cl_uint)words[0];
        list[i].arg_size = words[1];
        list[i].arg_value = words[2] ? hcl_svm_at(c->w, words[2], words[3]) : NULL;
        if (words[2] && !list[i].arg_value && !*ret)
            *ret = CL_INVALID_ARG_VALUE;
    }
    d->num_svm_args = (cl_uint)n;
    d->arg_svm_list = list;
    return true;
}

static bool read_exec_info(struct hcl_call *c, struct update *u,
                           struct vocl_mutable_dispatch_exec_info *out, cl_int *ret)
{
    const uint64_t *words, *pointers;
    struct hcl_exec_info e = {0};
    if (!next(u, 3, &words) || words[2] > (size_t)(u->end - u->at) / 2 ||
        !next(u, 2 * words[2], &pointers) || !vocl_blobs_next(&u->values, &e.value))
        return false;
    e.name = (cl_kernel_exec_info)words[0];
    e.size = words[1];
    e.svm = (struct vocl_words){pointers, words[2]};
    e.offsets = (struct vocl_words){pointers + words[2], words[2]};
    out->param_name = e.name;
    if (!*ret)
        *ret = hcl_exec_info(c, &e, &out->param_value_size, &out->param_value);
    return true;
}

static bool read_exec_infos(struct hcl_call *c, struct update *u, uint64_t n,
                            struct vocl_mutable_dispatch_config *d, cl_int *ret)
{
    if (*ret == CL_OUT_OF_HOST_MEMORY)
        return true;
    if (n > (size_t)(u->end - u->at) / 3)
        return false;
    struct vocl_mutable_dispatch_exec_info *list = n ? hcl_alloc(c, n * sizeof(*list)) : NULL;
    if (n && !list) {
        *ret = CL_OUT_OF_HOST_MEMORY;
        return true;
    }
    for (uint64_t i = 0; i < n; i++)
        if (!read_exec_info(c, u, &list[i], ret))
            return false;
    d->num_exec_infos = (cl_uint)n;
    d->exec_info_list = list;
    return true;
}

/* One command; false: malformed. The runtime reads at most three sizes. */
static bool read_config(struct hcl_call *c, struct update *u, uint64_t buffer,
                        struct vocl_mutable_dispatch_config *d, cl_int *ret)
{
    const uint64_t *words;
    if (!next(u, 6, &words))
        return false;
    d->command = hcl_object(c->w, words[0], HCL_MUTABLE_COMMAND);
    d->work_dim = (cl_uint)words[1];
    if (!next_sizes(u, words[2] & VOCL_MUTABLE_OFFSET, &d->global_work_offset) ||
        !next_sizes(u, words[2] & VOCL_MUTABLE_GLOBAL, &d->global_work_size) ||
        !next_sizes(u, words[2] & VOCL_MUTABLE_LOCAL, &d->local_work_size))
        return false;
    if (!d->command || !hcl_ext_owns(c->w, buffer, words[0]))
        *ret = CL_INVALID_MUTABLE_COMMAND_KHR;
    else if (d->work_dim > 3)
        *ret = CL_INVALID_VALUE;
    return read_args(c, u, d->command ? hcl_ext_kernel(c->w, words[0]) : NULL, words[3], d, ret) &&
           read_svm_args(c, u, words[4], d, ret) && read_exec_infos(c, u, words[5], d, ret);
}

void hcl_clUpdateMutableCommandsKHR(struct hcl_call *c)
{
    struct vocl_clUpdateMutableCommandsKHR_req q;
    cl_int ret = CL_SUCCESS;
    vocl_get_clUpdateMutableCommandsKHR_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_command_buffer_khr buffer = hcl_object(c->w, q.command_buffer, HCL_COMMAND_BUFFER);
    const struct hcl_ext_functions *x = hcl_ext_made(c->w, q.command_buffer, HCL_COMMAND_BUFFER);
    uint64_t n = q.num_configs;
    if (n > q.configs.count / 6) {
        hcl_malformed(c);
        return;
    }
    struct update u = {.values = q.values};
    if (q.configs.v) {
        u.at = q.configs.v;
        u.end = u.at + q.configs.count;
    }
    struct vocl_mutable_dispatch_config *configs = hcl_alloc(c, n * sizeof(*configs) + 1);
    const void **list = hcl_alloc(c, n * sizeof(*list) + 1);
    cl_command_buffer_update_type_khr *types = hcl_alloc(c, n * sizeof(*types) + 1);
    if (!configs || !list || !types)
        ret = CL_OUT_OF_HOST_MEMORY;
    for (uint64_t i = 0; ret != CL_OUT_OF_HOST_MEMORY && i < n; i++) {
        if (!read_config(c, &u, q.command_buffer, &configs[i], &ret)) {
            hcl_malformed(c);
            return;
        }
        list[i] = &configs[i];
        types[i] = VOCL_MUTABLE_DISPATCH_CONFIG;
    }
    if (!buffer)
        ret = CL_INVALID_COMMAND_BUFFER_KHR;
    else if (!x->clUpdateMutableCommandsKHR)
        ret = CL_INVALID_OPERATION;
    else if (!ret)
        ret = x->clUpdateMutableCommandsKHR(buffer, (cl_uint)n, n ? types : NULL, n ? list : NULL);
    hcl_reply_status(c, ret);
}

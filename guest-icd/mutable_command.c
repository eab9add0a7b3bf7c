// SPDX-License-Identifier: MIT
/*
 * cl_khr_command_buffer_mutable_dispatch. A command that was recorded with a
 * handle has a shadow, which belongs to its command buffer and goes with it.
 */
#include "mutable_command.h"

#include <stdlib.h>

#include "frame.h"
#include "info.h"
#include "kernel.h"
#include "stubs.h"
#include "svm.h"

static void command_destroy(struct gcl_object *o)
{
    cl_mutable_command_khr m = (cl_mutable_command_khr)o;
    if (m->queue)
        gcl_put(&m->queue->base);
    if (m->kernel)
        gcl_put(&m->kernel->base);
    free(m);
}

cl_mutable_command_khr gcl_command_create(cl_command_buffer_khr buffer, cl_command_queue queue,
                                          cl_kernel kernel, cl_uint work_dim)
{
    cl_mutable_command_khr m =
        gcl_object_create(sizeof(*m), GCL_MUTABLE_COMMAND, 0, command_destroy);
    if (!m)
        return NULL;
    m->buffer = buffer;
    m->queue = queue ? queue : buffer->queues[0];
    m->kernel = kernel;
    m->work_dim = work_dim;
    gcl_get(&m->queue->base);
    if (kernel)
        gcl_get(&kernel->base);
    return m;
}

void gcl_command_recorded(cl_mutable_command_khr m, cl_int err, cl_mutable_command_khr *out)
{
    if (!m)
        return;
    if (err) {
        gcl_object_abandon(&m->base);
        return;
    }
    m->next = __atomic_load_n(&m->buffer->commands, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&m->buffer->commands, &m->next, m, false, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
        ;
    *out = m;
}

void gcl_commands_destroy(cl_command_buffer_khr buffer)
{
    while (buffer->commands) {
        cl_mutable_command_khr m = buffer->commands;
        buffer->commands = m->next;
        gcl_object_abandon(&m->base); /* the helper drops it with the buffer */
    }
}

/* An update on its way: words of several lengths, and the arguments' values. */
struct update {
    uint64_t *words;
    size_t num_words;
    struct vocl_bytes *values;
    size_t num_values;
};

static void put_sizes(struct update *u, const size_t *sizes, cl_uint n)
{
    for (cl_uint i = 0; sizes && i < 3; i++)
        u->words[u->num_words++] = i < n ? sizes[i] : 0;
}

/* Words of one command, but for what it has lists of: see put_config; and those of
 * the lists' elements. */
#define CONFIG_WORDS (6 + 3 * 3)
#define ARG_WORDS 3
#define SVM_ARG_WORDS 4
#define EXEC_INFO_WORDS 3

static uint64_t *next_words(struct update *u, size_t n)
{
    uint64_t *w = u->words + u->num_words;
    u->num_words += n;
    return w;
}

static void put_value(struct update *u, const void *value, size_t size)
{
    u->values[u->num_values++] = (struct vocl_bytes){value, size};
}

static void put_arg(struct update *u, const struct vocl_mutable_dispatch_arg *a)
{
    uint64_t *w = next_words(u, ARG_WORDS);
    w[0] = a->arg_index;
    w[1] = a->arg_size;
    w[2] = gcl_kernel_arg_object(a->arg_size, a->arg_value);
    put_value(u, a->arg_value, a->arg_size <= GCL_MAX_ARG_SIZE ? a->arg_size : 0);
}

static cl_int put_svm_arg(struct update *u, const struct vocl_mutable_dispatch_arg *a)
{
    struct gcl_svm_place at = {0};
    uint64_t *w = next_words(u, SVM_ARG_WORDS);
    if (a->arg_value && !gcl_svm_find(a->arg_value, 0, &at))
        return CL_INVALID_ARG_VALUE;
    w[0] = a->arg_index;
    w[1] = a->arg_size;
    w[2] = at.id;
    w[3] = at.offset;
    return CL_SUCCESS;
}

/* Its pointers' allocations, and behind them their offsets; or its value. */
static cl_int put_exec_info(struct update *u, const struct vocl_mutable_dispatch_exec_info *e)
{
    size_t n = gcl_svm_exec_pointers(e->param_name, e->param_value_size, e->param_value);
    const void *const *pointers = e->param_value;
    struct gcl_svm_place at;
    uint64_t *w = next_words(u, EXEC_INFO_WORDS);
    w[0] = e->param_name;
    w[1] = e->param_value_size;
    w[2] = n;
    put_value(u, e->param_value, n ? 0 : gcl_svm_exec_bytes(e->param_name, e->param_value_size));
    w = next_words(u, 2 * n);
    for (size_t i = 0; i < n; i++) {
        if (!gcl_svm_find(pointers[i], 0, &at))
            return CL_INVALID_VALUE;
        w[i] = at.id;
        w[n + i] = at.offset;
    }
    return CL_SUCCESS;
}

static cl_int put_config(struct update *u, const struct vocl_mutable_dispatch_config *d)
{
    cl_int err = CL_SUCCESS;
    cl_uint dim = d->work_dim ? d->work_dim : d->command->work_dim;
    uint64_t *w = next_words(u, 6);
    w[0] = gcl_id(d->command);
    w[1] = d->work_dim;
    w[2] = (d->global_work_offset ? VOCL_MUTABLE_OFFSET : 0) |
           (d->global_work_size ? VOCL_MUTABLE_GLOBAL : 0) |
           (d->local_work_size ? VOCL_MUTABLE_LOCAL : 0);
    w[3] = d->num_args;
    w[4] = d->num_svm_args;
    w[5] = d->num_exec_infos;
    put_sizes(u, d->global_work_offset, dim);
    put_sizes(u, d->global_work_size, dim);
    put_sizes(u, d->local_work_size, dim);
    for (cl_uint i = 0; i < d->num_args; i++)
        put_arg(u, &d->arg_list[i]);
    for (cl_uint i = 0; !err && i < d->num_svm_args; i++)
        err = put_svm_arg(u, &d->arg_svm_list[i]);
    for (cl_uint i = 0; !err && i < d->num_exec_infos; i++)
        err = put_exec_info(u, &d->exec_info_list[i]);
    return err;
}

/* Nobody has a million arguments, or pointers beside them. */
#define MAX_ARGS (1u << 20)

static cl_int check(cl_command_buffer_khr b, cl_command_buffer_update_type_khr type,
                    const struct vocl_mutable_dispatch_config *d)
{
    if (type != VOCL_MUTABLE_DISPATCH_CONFIG || !d)
        return CL_INVALID_VALUE;
    if (!gcl_is_mutable_command(d->command) || d->command->buffer != b)
        return CL_INVALID_MUTABLE_COMMAND_KHR;
    if (!d->num_args != !d->arg_list || !d->num_svm_args != !d->arg_svm_list ||
        !d->num_exec_infos != !d->exec_info_list || d->num_args > MAX_ARGS ||
        d->num_svm_args > MAX_ARGS || d->num_exec_infos > MAX_ARGS)
        return CL_INVALID_VALUE;
    for (cl_uint i = 0; i < d->num_exec_infos; i++)
        if (d->exec_info_list[i].param_value_size > MAX_ARGS * sizeof(void *))
            return CL_INVALID_VALUE;
    return CL_SUCCESS;
}

/* What put_config writes at most. */
static size_t words_of(const struct vocl_mutable_dispatch_config *d)
{
    size_t n =
        CONFIG_WORDS + (size_t)d->num_args * ARG_WORDS + (size_t)d->num_svm_args * SVM_ARG_WORDS;
    for (cl_uint i = 0; i < d->num_exec_infos; i++)
        n += EXEC_INFO_WORDS + 2 * (d->exec_info_list[i].param_value_size / sizeof(void *));
    return n;
}

static cl_int collect(cl_command_buffer_khr b, cl_uint n,
                      const cl_command_buffer_update_type_khr *types, const void **configs,
                      struct update *u)
{
    size_t words = 0, values = 0;
    cl_int err = CL_SUCCESS;
    for (cl_uint i = 0; i < n; i++) {
        const struct vocl_mutable_dispatch_config *d = configs[i];
        if ((err = check(b, types[i], d)))
            return err;
        words += words_of(d);
        values += (size_t)d->num_args + d->num_exec_infos;
    }
    u->words = calloc(words + 1, sizeof(*u->words));
    u->values = calloc(values + 1, sizeof(*u->values));
    if (!u->words || !u->values)
        return CL_OUT_OF_HOST_MEMORY;
    for (cl_uint i = 0; !err && i < n; i++)
        err = put_config(u, configs[i]);
    return err;
}

cl_int CL_API_CALL gcl_clUpdateMutableCommandsKHR(cl_command_buffer_khr b, cl_uint n,
                                                  const cl_command_buffer_update_type_khr *types,
                                                  const void **configs)
{
    struct gcl_frame f;
    struct update u = {0};
    if (!gcl_is_command_buffer(b))
        return CL_INVALID_COMMAND_BUFFER_KHR;
    if (!n != !types || !n != !configs)
        return CL_INVALID_VALUE;
    cl_int err = collect(b, n, types, configs, &u);
    if (err || (err = gcl_frame_begin(&f)))
        goto out;
    vocl_put_clUpdateMutableCommandsKHR_req(
        f.w, &(struct vocl_clUpdateMutableCommandsKHR_req){
                 gcl_id(b), n, {u.words, u.num_words}, {.list = u.values, .count = u.num_values}});
    err = gcl_frame_end(&f, gcl_frame_status(&f, VOCL_OP_clUpdateMutableCommandsKHR), NULL);
out:
    free(u.words);
    free(u.values);
    return err;
}

bool gcl_local_mutable_command_info(cl_mutable_command_khr m, cl_mutable_command_info_khr name,
                                    size_t size, void *value, size_t *ret, cl_int *err)
{
    switch (name) {
    case CL_MUTABLE_COMMAND_COMMAND_QUEUE_KHR:
        return gcl_info_value(m->queue, size, value, ret, err);
    case CL_MUTABLE_COMMAND_COMMAND_BUFFER_KHR:
        return gcl_info_value(m->buffer, size, value, ret, err);
    case CL_MUTABLE_DISPATCH_KERNEL_KHR:
        if (m->kernel)
            return gcl_info_value(m->kernel, size, value, ret, err);
        *err = CL_INVALID_VALUE;
        return true;
    default:
        return false;
    }
}

// SPDX-License-Identifier: MIT
/*
 * svm_commands.c - commands on shared virtual memory (OpenCL 3.0 §5.6.2), and
 * kernels' pointers to it (§5.9.2).
 */
#include <stdlib.h>
#include <string.h>

#include "callback.h"
#include "frame.h"
#include "kernel.h"
#include "mapping.h"
#include "native_kernel.h"
#include "post.h"
#include "stubs.h"
#include "svm.h"

/* What all these commands begin with: a queue, a frame, and the wait list. */
static cl_int begin(struct gcl_frame *f, cl_command_queue queue, cl_uint n, const cl_event *list,
                    struct vocl_words *waits)
{
    if (!gcl_is_queue(queue))
        return CL_INVALID_COMMAND_QUEUE;
    cl_int err = gcl_frame_begin(f);
    if (err)
        return err;
    f->queue = queue;
    if ((err = gcl_frame_events(f, n, list, CL_INVALID_EVENT_WAIT_LIST, waits)))
        gcl_frame_end(f, err, NULL);
    return err;
}

/* And end with: the event, and the answer. */
#define SEND(name, f, req, queue, command, event)                                                  \
    ({                                                                                             \
        cl_int err_ = CL_SUCCESS;                                                                  \
        if ((event) || gcl_frame_needs_event(f))                                                   \
            err_ = gcl_frame_event(f, queue, command, &(req)->event, &(req)->event_slot);          \
        if (!err_) {                                                                               \
            vocl_put_##name##_req((f)->w, req);                                                    \
            err_ = gcl_frame_status(f, VOCL_OP_##name);                                            \
        }                                                                                          \
        err_;                                                                                      \
    })

cl_int CL_API_CALL gcl_clEnqueueSVMMap(cl_command_queue queue, cl_bool blocking, cl_map_flags flags,
                                       void *ptr, size_t size, cl_uint n, const cl_event *list,
                                       cl_event *event)
{
    struct gcl_frame f;
    struct gcl_svm_place at;
    struct vocl_clEnqueueSVMMap_req req = {.blocking_map = blocking, .flags = flags, .size = size};
    cl_int err = begin(&f, queue, n, list, &req.event_wait_list);
    if (err)
        return err;
    f.blocking = blocking;
    if (!ptr || !size || !gcl_map_flags_ok(flags) || !gcl_svm_find(ptr, size, &at))
        return gcl_frame_end(&f, CL_INVALID_VALUE, NULL);
    req.command_queue = gcl_id(queue);
    req.svm = at.id;
    req.offset = at.offset;
    if ((err = gcl_svm_map_add(ptr, size, flags)))
        return gcl_frame_end(&f, err, NULL);
    if ((err = SEND(clEnqueueSVMMap, &f, &req, queue, CL_COMMAND_SVM_MAP, event)))
        gcl_svm_map_take(ptr, &size, &flags);
    return gcl_frame_end(&f, err, event);
}

cl_int CL_API_CALL gcl_clEnqueueSVMUnmap(cl_command_queue queue, void *ptr, cl_uint n,
                                         const cl_event *list, cl_event *event)
{
    struct gcl_frame f;
    struct gcl_svm_place at;
    struct vocl_clEnqueueSVMUnmap_req req = {0};
    size_t size = 0;
    cl_map_flags flags = 0;
    cl_int err = begin(&f, queue, n, list, &req.event_wait_list);
    if (err)
        return err;
    /* Where a map moves nothing, an unmap without one is the runtime's to judge. */
    if (!ptr || !gcl_svm_find(ptr, 0, &at) || (!gcl_svm_map_take(ptr, &size, &flags) && !at.placed))
        return gcl_frame_end(&f, CL_INVALID_VALUE, NULL);
    req.command_queue = gcl_id(queue);
    req.svm = at.id;
    req.offset = at.offset;
    req.flags = flags;
    req.size = size;
    if ((err = SEND(clEnqueueSVMUnmap, &f, &req, queue, CL_COMMAND_SVM_UNMAP, event)) && size)
        gcl_svm_map_add(ptr, size, flags);
    return gcl_frame_end(&f, err, event);
}

cl_int gcl_svm_fill(cl_command_queue queue, cl_command_type command, void *ptr, const void *pattern,
                    size_t pattern_size, size_t size, cl_uint n, const cl_event *list,
                    cl_event *event)
{
    struct gcl_frame f;
    struct gcl_svm_place at;
    struct vocl_clEnqueueSVMMemFill_req req = {.pattern = {pattern, pattern_size}, .size = size};
    cl_int err = begin(&f, queue, n, list, &req.event_wait_list);
    if (err)
        return err;
    /* No type of OpenCL C is longer, and no pattern. */
    if (!ptr || !pattern || pattern_size > 128 || !gcl_svm_find(ptr, size, &at))
        return gcl_frame_end(&f, CL_INVALID_VALUE, NULL);
    req.command_queue = gcl_id(queue);
    req.svm = at.id;
    req.offset = at.offset;
    err = SEND(clEnqueueSVMMemFill, &f, &req, queue, command, event);
    return gcl_frame_end(&f, err, event);
}

cl_int CL_API_CALL gcl_clEnqueueSVMMemFill(cl_command_queue queue, void *ptr, const void *pattern,
                                           size_t pattern_size, size_t size, cl_uint n,
                                           const cl_event *list, cl_event *event)
{
    return gcl_svm_fill(queue, CL_COMMAND_SVM_MEMFILL, ptr, pattern, pattern_size, size, n, list,
                        event);
}

static struct vocl_payload in_svm(const struct gcl_svm_place *at, size_t size)
{
    return (struct vocl_payload){
        .kind = VOCL_PAYLOAD_SVM, .len = size, .region = at->id, .offset = at->offset};
}

/* A copy from the program's memory to the program's memory: it must be done here,
 * in its turn. */
struct host_copy {
    void *dst;
    const void *src;
    size_t size;
};

static void CL_CALLBACK copy_here(void *arg)
{
    struct host_copy *copy = arg;
    memcpy(copy->dst, copy->src, copy->size);
}

static cl_int copy_in_guest(cl_command_queue queue, cl_command_type command, cl_bool blocking,
                            struct host_copy copy, cl_uint n, const cl_event *list, cl_event *event)
{
    cl_event done = NULL;
    cl_int err = gcl_run_in_guest(queue, command, copy_here, &copy, sizeof(copy), 0, NULL, NULL, n,
                                  list, &done);
    if (err)
        return err;
    if (blocking)
        err = gcl_dispatch.clWaitForEvents(1, &done);
    if (event)
        *event = done;
    else
        gcl_dispatch.clReleaseEvent(done);
    return err;
}

cl_int gcl_svm_copy(cl_command_queue queue, cl_command_type command, cl_bool blocking, void *dst,
                    const void *src, size_t size, cl_uint n, const cl_event *list, cl_event *event)
{
    struct gcl_frame f;
    struct gcl_svm_place to, from;
    struct vocl_clEnqueueSVMMemcpy_req req = {.blocking_copy = blocking, .size = size};
    cl_int err = begin(&f, queue, n, list, &req.event_wait_list);
    if (err)
        return err;
    if (!dst || !src)
        return gcl_frame_end(&f, CL_INVALID_VALUE, NULL);
    bool dst_svm = gcl_svm_find(dst, size, &to), src_svm = gcl_svm_find(src, size, &from);
    const char *d = dst, *s = src;
    if (size && d < s + size && s < d + size) /* §5.6.2 */
        return gcl_frame_end(&f, CL_MEM_COPY_OVERLAP, NULL);
    if (size && !dst_svm && !src_svm) {
        gcl_frame_end(&f, CL_SUCCESS, NULL);
        return copy_in_guest(queue, command, blocking, (struct host_copy){dst, src, size}, n, list,
                             event);
    }
    req.command_queue = gcl_id(queue);
    f.blocking = blocking;
    if (src_svm)
        req.src = in_svm(&from, size);
    else
        err = gcl_frame_data_in(&f, src, size, NULL, blocking, &req.src);
    if (dst_svm)
        req.dst = in_svm(&to, size);
    else if (!err) /* never inline: the answer carries no data */
        err = gcl_frame_data_out(&f, dst, size, NULL, CL_FALSE, &req.dst);
    f.blocking = blocking;
    if (!err)
        err = SEND(clEnqueueSVMMemcpy, &f, &req, queue, command, event);
    return gcl_frame_end(&f, err, event);
}

cl_int CL_API_CALL gcl_clEnqueueSVMMemcpy(cl_command_queue queue, cl_bool blocking, void *dst,
                                          const void *src, size_t size, cl_uint n,
                                          const cl_event *list, cl_event *event)
{
    return gcl_svm_copy(queue, CL_COMMAND_SVM_MEMCPY, blocking, dst, src, size, n, list, event);
}

/* n pointers as numbers and offsets. sizes: of what must lie behind each, or NULL. */
static cl_int put_pointers(struct gcl_frame *f, cl_uint n, const void *const *list,
                           const size_t *sizes, struct vocl_words *svm, struct vocl_words *offsets)
{
    struct gcl_svm_place at;
    uint64_t *ids = gcl_frame_words(f, n), *offs = gcl_frame_words(f, n);
    if (!ids || !offs)
        return CL_OUT_OF_HOST_MEMORY;
    for (cl_uint i = 0; i < n; i++) {
        if (!gcl_svm_find(list[i], sizes ? sizes[i] : 0, &at))
            return CL_INVALID_VALUE;
        ids[i] = at.id;
        offs[i] = at.offset;
    }
    *svm = (struct vocl_words){ids, n};
    *offsets = (struct vocl_words){offs, n};
    return CL_SUCCESS;
}

cl_int gcl_svm_migrate(cl_command_queue queue, cl_command_type command, cl_uint num,
                       const void **pointers, const size_t *sizes, cl_mem_migration_flags flags,
                       cl_uint n, const cl_event *list, cl_event *event)
{
    struct gcl_frame f;
    struct vocl_clEnqueueSVMMigrateMem_req req = {.flags = flags};
    cl_int err = begin(&f, queue, n, list, &req.event_wait_list);
    if (err)
        return err;
    if (!num || !pointers)
        return gcl_frame_end(&f, CL_INVALID_VALUE, NULL);
    req.command_queue = gcl_id(queue);
    err = put_pointers(&f, num, pointers, sizes, &req.svm, &req.offsets);
    if (!err && sizes) {
        uint64_t *v = gcl_frame_words(&f, num);
        if (!v)
            err = CL_OUT_OF_HOST_MEMORY;
        for (cl_uint i = 0; v && i < num; i++)
            v[i] = sizes[i];
        req.sizes = (struct vocl_words){v, num};
    }
    if (!err)
        err = SEND(clEnqueueSVMMigrateMem, &f, &req, queue, command, event);
    return gcl_frame_end(&f, err, event);
}

cl_int CL_API_CALL gcl_clEnqueueSVMMigrateMem(cl_command_queue queue, cl_uint num,
                                              const void **pointers, const size_t *sizes,
                                              cl_mem_migration_flags flags, cl_uint n,
                                              const cl_event *list, cl_event *event)
{
    return gcl_svm_migrate(queue, CL_COMMAND_SVM_MIGRATE_MEM, num, pointers, sizes, flags, n, list,
                           event);
}

/* A clEnqueueSVMFree under way: what to do when its turn has come. */
struct freeing {
    void(CL_CALLBACK *fn)(cl_command_queue, cl_uint, void *[], void *);
    void *user_data;
    cl_command_queue queue;
    cl_uint n;
    void *list[];
};

static void free_now(void *arg)
{
    struct freeing *job = arg;
    if (job->fn)
        job->fn(job->queue, job->n, job->list, job->user_data);
    for (cl_uint i = 0; i < job->n && !job->fn; i++)
        gcl_svm_free(job->list[i]);
    free(job);
}

static struct freeing *freeing_create(cl_command_queue queue, cl_uint num, void *const *pointers)
{
    struct freeing *job = malloc(sizeof(*job) + num * sizeof(void *));
    if (!job)
        return NULL;
    *job = (struct freeing){.queue = queue, .n = num};
    memcpy(job->list, pointers, num * sizeof(void *));
    return job;
}

cl_int CL_API_CALL gcl_clEnqueueSVMFree(cl_command_queue queue, cl_uint num, void *pointers[],
                                        void(CL_CALLBACK *fn)(cl_command_queue, cl_uint, void *[],
                                                              void *),
                                        void *user_data, cl_uint n, const cl_event *list,
                                        cl_event *event)
{
    struct gcl_frame f;
    struct vocl_words offsets;
    struct freeing *job = NULL;
    struct vocl_clEnqueueSVMFree_req req = {0};
    cl_int err = begin(&f, queue, n, list, &req.event_wait_list);
    if (err)
        return err;
    if (!num || !pointers)
        return gcl_frame_end(&f, CL_INVALID_VALUE, NULL);
    if ((err = put_pointers(&f, num, (const void *const *)pointers, NULL, &req.svm, &offsets)))
        return gcl_frame_end(&f, err, NULL);
    for (cl_uint i = 0; i < num; i++) /* a part of one is not to be freed */
        if (offsets.v[i])
            return gcl_frame_end(&f, CL_INVALID_VALUE, NULL);
    if (!(job = freeing_create(queue, num, pointers)))
        return gcl_frame_end(&f, CL_OUT_OF_HOST_MEMORY, NULL);
    job->fn = fn;
    job->user_data = user_data;
    req.command_queue = gcl_id(queue);
    req.cookie = gcl_callback_done(&queue->base, free_now, job);
    err = req.cookie ? SEND(clEnqueueSVMFree, &f, &req, queue, CL_COMMAND_SVM_FREE, event)
                     : CL_OUT_OF_HOST_MEMORY;
    if (err && (!req.cookie || gcl_callback_drop(req.cookie)))
        free(job);
    return gcl_frame_end(&f, err, event);
}

cl_int CL_API_CALL gcl_clSetKernelArgSVMPointer(cl_kernel kernel, cl_uint index, const void *value)
{
    struct gcl_frame f;
    struct gcl_svm_place at = {0};
    if (!gcl_is_kernel(kernel))
        return CL_INVALID_KERNEL;
    if (value && !gcl_svm_find(value, 0, &at))
        return CL_INVALID_ARG_VALUE;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    vocl_put_clSetKernelArgSVMPointer_req(
        f.w, &(struct vocl_clSetKernelArgSVMPointer_req){gcl_id(kernel), index, at.id, at.offset});
    enum gcl_arg_kind kind = !value                                   ? GCL_ARG_NO_SVM
                             : at.context == kernel->program->context ? GCL_ARG_SVM
                                                                      : GCL_ARG_NEW;
    err = gcl_kernel_send_arg(&f, VOCL_OP_clSetKernelArgSVMPointer, kernel, index, sizeof(value),
                              kind);
    return gcl_frame_end(&f, err, NULL);
}

size_t gcl_svm_exec_pointers(cl_kernel_exec_info name, size_t size, const void *value)
{
    bool pointers =
        name == CL_KERNEL_EXEC_INFO_SVM_PTRS || name == CL_KERNEL_EXEC_INFO_USM_PTRS_INTEL;
    return value && pointers && !(size % sizeof(void *)) ? size / sizeof(void *) : 0;
}

/* Nobody names a million buffers to one kernel. */
#define MAX_ADDRESSES (1u << 20)

size_t gcl_svm_exec_bytes(cl_kernel_exec_info name, size_t size)
{
    size_t most = name == CL_KERNEL_EXEC_INFO_DEVICE_PTRS_EXT
                      ? MAX_ADDRESSES * sizeof(cl_mem_device_address_ext)
                      : sizeof(cl_ulong);
    return size <= most ? size : 0;
}

cl_int CL_API_CALL gcl_clSetKernelExecInfo(cl_kernel kernel, cl_kernel_exec_info name, size_t size,
                                           const void *value)
{
    struct gcl_frame f;
    struct vocl_clSetKernelExecInfo_req req = {.param_name = name, .param_value_size = size};
    if (!gcl_is_kernel(kernel))
        return CL_INVALID_KERNEL;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    req.kernel = gcl_id(kernel);
    size_t pointers = gcl_svm_exec_pointers(name, size, value);
    if (pointers)
        err = put_pointers(&f, pointers, value, NULL, &req.svm, &req.offsets);
    else if (value && gcl_svm_exec_bytes(name, size))
        req.value = (struct vocl_bytes){value, size};
    if (!err) {
        vocl_put_clSetKernelExecInfo_req(f.w, &req);
        err = gcl_frame_status(&f, VOCL_OP_clSetKernelExecInfo);
        gcl_kernel_forget(kernel);
    }
    return gcl_frame_end(&f, err, NULL);
}

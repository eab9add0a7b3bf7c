// SPDX-License-Identifier: MIT
/*
 * usm.c - cl_intel_unified_shared_memory: allocations like those of shared
 * virtual memory (svm.h), which are placed on both sides or refused.
 */
#include "frame.h"
#include "info.h"
#include "stubs.h"
#include "svm.h"

static void *alloc(cl_context context, cl_uint type, cl_device_id device,
                   const cl_mem_properties_intel *properties, size_t size, cl_uint alignment,
                   cl_int *errcode_ret)
{
    struct gcl_svm_request rq = {.context = context,
                                 .usm = type,
                                 .device = device,
                                 .properties = properties,
                                 .size = size,
                                 .alignment = alignment};
    void *p = NULL;
    for (; properties && *properties; properties += 2)
        if (*properties == CL_MEM_ALLOC_FLAGS_INTEL)
            rq.flags = properties[1];
    cl_int err = gcl_svm_alloc(&rq, &p);
    return err ? gcl_fail(errcode_ret, err) : gcl_made(errcode_ret, p);
}

void *CL_API_CALL gcl_clHostMemAllocINTEL(cl_context context,
                                          const cl_mem_properties_intel *properties, size_t size,
                                          cl_uint alignment, cl_int *errcode_ret)
{
    return alloc(context, CL_MEM_TYPE_HOST_INTEL, NULL, properties, size, alignment, errcode_ret);
}

void *CL_API_CALL gcl_clDeviceMemAllocINTEL(cl_context context, cl_device_id device,
                                            const cl_mem_properties_intel *properties, size_t size,
                                            cl_uint alignment, cl_int *errcode_ret)
{
    if (!gcl_is_device(device))
        return gcl_fail(errcode_ret, CL_INVALID_DEVICE);
    return alloc(context, CL_MEM_TYPE_DEVICE_INTEL, device, properties, size, alignment,
                 errcode_ret);
}

void *CL_API_CALL gcl_clSharedMemAllocINTEL(cl_context context, cl_device_id device,
                                            const cl_mem_properties_intel *properties, size_t size,
                                            cl_uint alignment, cl_int *errcode_ret)
{
    if (device && !gcl_is_device(device))
        return gcl_fail(errcode_ret, CL_INVALID_DEVICE);
    return alloc(context, CL_MEM_TYPE_SHARED_INTEL, device, properties, size, alignment,
                 errcode_ret);
}

/* Is ptr what an allocation of this context began with? */
static bool is_ours(cl_context context, const void *ptr, struct gcl_svm_request *rq)
{
    void *base = NULL;
    return gcl_svm_what(ptr, rq, &base) && rq->usm && rq->context == context && base == ptr;
}

cl_int CL_API_CALL gcl_clMemFreeINTEL(cl_context context, void *ptr)
{
    struct gcl_svm_request rq;
    if (!gcl_is_context(context))
        return CL_INVALID_CONTEXT;
    if (ptr && !is_ours(context, ptr, &rq))
        return CL_INVALID_VALUE;
    gcl_svm_free(ptr);
    return CL_SUCCESS;
}

cl_int CL_API_CALL gcl_clMemBlockingFreeINTEL(cl_context context, void *ptr)
{
    struct gcl_frame f;
    struct gcl_svm_request rq;
    struct gcl_svm_place at;
    if (!gcl_is_context(context))
        return CL_INVALID_CONTEXT;
    if (!ptr)
        return CL_SUCCESS;
    if (!is_ours(context, ptr, &rq) || !gcl_svm_find(ptr, 0, &at))
        return CL_INVALID_VALUE;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    vocl_put_clMemBlockingFreeINTEL_req(
        f.w, &(struct vocl_clMemBlockingFreeINTEL_req){gcl_id(context), at.id});
    f.blocking = true;
    if (!(err = gcl_frame_end(&f, gcl_frame_status(&f, VOCL_OP_clMemBlockingFreeINTEL), NULL)))
        gcl_svm_free(ptr);
    return err;
}

cl_int CL_API_CALL gcl_clGetMemAllocInfoINTEL(cl_context context, const void *ptr,
                                              cl_mem_info_intel name, size_t size, void *value,
                                              size_t *ret)
{
    struct gcl_svm_request rq;
    void *base = NULL;
    cl_int err = CL_INVALID_VALUE;
    if (!gcl_is_context(context))
        return CL_INVALID_CONTEXT;
    if (!gcl_svm_what(ptr, &rq, &base) || !rq.usm || rq.context != context) {
        rq = (struct gcl_svm_request){.usm = CL_MEM_TYPE_UNKNOWN_INTEL};
        base = NULL;
    }
    switch (name) {
    case CL_MEM_ALLOC_TYPE_INTEL:
        gcl_info_value(rq.usm, size, value, ret, &err);
        break;
    case CL_MEM_ALLOC_BASE_PTR_INTEL:
        gcl_info_value(base, size, value, ret, &err);
        break;
    case CL_MEM_ALLOC_SIZE_INTEL:
        gcl_info_value(rq.size, size, value, ret, &err);
        break;
    case CL_MEM_ALLOC_DEVICE_INTEL:
        gcl_info_value(rq.device, size, value, ret, &err);
        break;
    case CL_MEM_ALLOC_FLAGS_INTEL:
        gcl_info_value(rq.flags, size, value, ret, &err);
        break;
    }
    return err;
}

cl_int CL_API_CALL gcl_clSetKernelArgMemPointerINTEL(cl_kernel kernel, cl_uint index,
                                                     const void *value)
{
    return gcl_dispatch.clSetKernelArgSVMPointer(kernel, index, value);
}

cl_int CL_API_CALL gcl_clEnqueueMemFillINTEL(cl_command_queue queue, void *dst, const void *pattern,
                                             size_t pattern_size, size_t size, cl_uint n,
                                             const cl_event *list, cl_event *event)
{
    return gcl_svm_fill(queue, CL_COMMAND_MEMFILL_INTEL, dst, pattern, pattern_size, size, n, list,
                        event);
}

cl_int CL_API_CALL gcl_clEnqueueMemcpyINTEL(cl_command_queue queue, cl_bool blocking, void *dst,
                                            const void *src, size_t size, cl_uint n,
                                            const cl_event *list, cl_event *event)
{
    return gcl_svm_copy(queue, CL_COMMAND_MEMCPY_INTEL, blocking, dst, src, size, n, list, event);
}

cl_int CL_API_CALL gcl_clEnqueueMigrateMemINTEL(cl_command_queue queue, const void *ptr,
                                                size_t size, cl_mem_migration_flags flags,
                                                cl_uint n, const cl_event *list, cl_event *event)
{
    return gcl_svm_migrate(queue, CL_COMMAND_MIGRATEMEM_INTEL, 1, &ptr, &size, flags, n, list,
                           event);
}

cl_int CL_API_CALL gcl_clEnqueueMemAdviseINTEL(cl_command_queue queue, const void *ptr, size_t size,
                                               cl_mem_advice_intel advice, cl_uint n,
                                               const cl_event *list, cl_event *event)
{
    struct gcl_frame f;
    struct gcl_svm_place at;
    struct vocl_clEnqueueMemAdviseINTEL_req req = {.size = size, .advice = advice};
    if (!gcl_is_queue(queue))
        return CL_INVALID_COMMAND_QUEUE;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    f.queue = queue;
    if (!ptr || !gcl_svm_find(ptr, size, &at))
        err = CL_INVALID_VALUE;
    else
        err = gcl_frame_events(&f, n, list, CL_INVALID_EVENT_WAIT_LIST, &req.event_wait_list);
    if (!err && event)
        err = gcl_frame_event(&f, queue, CL_COMMAND_MEMADVISE_INTEL, &req.event, &req.event_slot);
    if (!err) {
        req.command_queue = gcl_id(queue);
        req.svm = at.id;
        req.offset = at.offset;
        vocl_put_clEnqueueMemAdviseINTEL_req(f.w, &req);
        err = gcl_frame_status(&f, VOCL_OP_clEnqueueMemAdviseINTEL);
    }
    return gcl_frame_end(&f, err, event);
}

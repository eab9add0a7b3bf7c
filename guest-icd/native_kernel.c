// SPDX-License-Identifier: MIT
/*
 * native_kernel.c - clEnqueueNativeKernel (OpenCL 3.0 §5.10), whose function
 * can only run in the guest.
 *
 * It becomes ordinary commands: every buffer of mem_list is mapped; when the
 * last map has completed, the message thread runs the function and sets a user
 * event; the unmaps wait for that, and a marker after them is the command that
 * the application sees. On an in-order queue this keeps the order by itself.
 */
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "memory.h"
#include "native_kernel.h"
#include "stubs.h"

struct native_call {
    void(CL_CALLBACK *func)(void *);
    void *args;
    cl_event gate; /* user event: the function has run */
};

static void CL_CALLBACK run_native(cl_event event, cl_int status, void *opaque)
{
    struct native_call *call = opaque;
    if (status == CL_COMPLETE)
        call->func(call->args);
    gcl_dispatch.clReleaseEvent(event);
    gcl_dispatch.clSetUserEventStatus(call->gate, status);
    gcl_dispatch.clReleaseEvent(call->gate);
    free(call->args);
    free(call);
}

/* OpenCL 3.0 §5.10. Not every device that can be made to wait for the guest says
 * that it runs native kernels. */
static cl_int check_native(cl_command_queue queue, const void *func, const void *args,
                           size_t cb_args, cl_uint num_mems, const cl_mem *mems,
                           const void **locations)
{
    cl_device_exec_capabilities can = 0;
    if (!gcl_is_queue(queue))
        return CL_INVALID_COMMAND_QUEUE;
    if (!func || !args != !cb_args || (num_mems && !args) || !num_mems != !mems ||
        !num_mems != !locations)
        return CL_INVALID_VALUE;
    for (cl_uint i = 0; i < num_mems; i++)
        if (!gcl_is_mem(mems[i]))
            return CL_INVALID_MEM_OBJECT;
    cl_int err = gcl_dispatch.clGetDeviceInfo(queue->device, CL_DEVICE_EXECUTION_CAPABILITIES,
                                              sizeof(can), &can, NULL);
    return err || (can & CL_EXEC_NATIVE_KERNEL) ? err : CL_INVALID_OPERATION;
}

/* Map every buffer and put its address where the arguments want it; the last
 * event covers them all. */
static cl_int map_all(cl_command_queue queue, struct native_call *call, const void *args,
                      cl_uint n, const cl_mem *mems, const void **locations, void **ptr,
                      cl_uint num_events, const cl_event *list, cl_event *mapped)
{
    cl_int err = CL_SUCCESS;
    cl_event *events = calloc(n + 1, sizeof(*events));
    cl_uint done = 0;
    if (!events)
        return CL_OUT_OF_HOST_MEMORY;
    for (; done < n && !err; done++) {
        ptr[done] = gcl_dispatch.clEnqueueMapBuffer(queue, mems[done], CL_FALSE,
                                                    CL_MAP_READ | CL_MAP_WRITE, 0,
                                                    mems[done]->size, num_events, list,
                                                    &events[done], &err);
        if (err)
            break;
        size_t at = (const char *)locations[done] - (const char *)args;
        memcpy((char *)call->args + at, &ptr[done], sizeof(ptr[done]));
    }
    if (!err)
        err = n ? gcl_dispatch.clEnqueueMarkerWithWaitList(queue, n, events, mapped)
                : gcl_dispatch.clEnqueueMarkerWithWaitList(queue, num_events, list, mapped);
    for (cl_uint i = 0; i < done; i++)
        gcl_dispatch.clReleaseEvent(events[i]);
    free(events);
    return err;
}

/* The barrier holds an out-of-order queue back too, but only what follows the
 * unmaps: those wait for the gate themselves. */
static cl_int unmap_all(cl_command_queue queue, cl_uint n, const cl_mem *mems, void **ptr,
                        cl_event gate, cl_event *event)
{
    cl_event *waits = calloc(n + 1, sizeof(*waits));
    cl_int err = waits ? CL_SUCCESS : CL_OUT_OF_HOST_MEMORY;
    cl_uint done = 0;
    for (; done < n && !err; done++)
        err = gcl_dispatch.clEnqueueUnmapMemObject(queue, mems[done], ptr[done], 1, &gate,
                                                   &waits[done]);
    if (err && done)
        done--;
    if (!err) {
        waits[n] = gate;
        err = gcl_dispatch.clEnqueueMarkerWithWaitList(queue, n + 1, waits, event);
    }
    for (cl_uint i = 0; waits && i < done; i++)
        gcl_dispatch.clReleaseEvent(waits[i]);
    free(waits);
    return err;
}

cl_int CL_API_CALL gcl_clEnqueueNativeKernel(cl_command_queue queue,
                                             void(CL_CALLBACK *func)(void *), void *args,
                                             size_t cb_args, cl_uint num_mems, const cl_mem *mems,
                                             const void **locations, cl_uint num_events,
                                             const cl_event *list, cl_event *event)
{
    cl_int err = check_native(queue, (const void *)func, args, cb_args, num_mems, mems, locations);
    return err ? err
               : gcl_run_in_guest(queue, CL_COMMAND_NATIVE_KERNEL, func, args, cb_args, num_mems,
                                  mems, locations, num_events, list, event);
}

cl_int gcl_run_in_guest(cl_command_queue queue, cl_command_type command,
                        void(CL_CALLBACK *func)(void *), const void *args, size_t cb_args,
                        cl_uint num_mems, const cl_mem *mems, const void **locations,
                        cl_uint num_events, const cl_event *list, cl_event *event)
{
    cl_event mapped = NULL, end = NULL, gate = NULL;
    cl_int err = CL_SUCCESS;
    struct native_call *call = calloc(1, sizeof(*call));
    void **ptr = calloc(num_mems + 1, sizeof(*ptr));
    if (!call || !ptr || !(call->args = malloc(cb_args + 1))) {
        err = CL_OUT_OF_HOST_MEMORY;
        goto fail;
    }
    call->func = func;
    if (cb_args)
        memcpy(call->args, args, cb_args);
    call->gate = gate = gcl_dispatch.clCreateUserEvent(queue->context, &err);
    if (err)
        goto fail;
    if ((err = map_all(queue, call, args, num_mems, mems, locations, ptr, num_events, list,
                       &mapped)))
        goto fail;
    gcl_dispatch.clRetainEvent(gate);
    err = unmap_all(queue, num_mems, mems, ptr, gate, &end);
    if (!err)
        err = gcl_dispatch.clSetEventCallback(mapped, CL_COMPLETE, run_native, call);
    if (err) { /* nothing will run: let what was enqueued fail */
        gcl_dispatch.clSetUserEventStatus(gate, CL_OUT_OF_RESOURCES);
        gcl_dispatch.clReleaseEvent(gate);
        goto fail;
    }
    gcl_dispatch.clReleaseEvent(gate);
    gcl_dispatch.clFlush(queue);
    if (event) {
        *event = end;
        end->command = command;
    } else {
        gcl_dispatch.clReleaseEvent(end);
    }
    free(ptr);
    return CL_SUCCESS;
fail:
    if (mapped)
        gcl_dispatch.clReleaseEvent(mapped);
    if (end)
        gcl_dispatch.clReleaseEvent(end);
    if (gate)
        gcl_dispatch.clReleaseEvent(gate);
    if (call)
        free(call->args);
    free(call);
    free(ptr);
    return err;
}

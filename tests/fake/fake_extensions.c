// SPDX-License-Identifier: MIT
#include "fake_calls.h"

#include "extension_types.h"

static cl_command_buffer_khr CL_API_CALL create(cl_uint n, const cl_command_queue *queues,
                                                const cl_command_buffer_properties_khr *p,
                                                cl_int *ret)
{
    read_properties64(p);
    for (cl_uint i = 0; i < n; i++)
        fake_of(queues[i], HCL_QUEUE);
    return n == 1 ? made(fake_create(HCL_COMMAND_BUFFER), ret) : failed(ret, CL_INVALID_VALUE);
}

static cl_int CL_API_CALL release(cl_command_buffer_khr b)
{
    struct fake *f = fake_of(b, HCL_COMMAND_BUFFER);
    if (f->data)
        fake_svm(f->data, f->size);
    fake_release(f);
    return CL_SUCCESS;
}

static cl_int CL_API_CALL finalize(cl_command_buffer_khr b)
{
    fake_of(b, HCL_COMMAND_BUFFER);
    return CL_SUCCESS;
}

/* Without its own queue the fake has nowhere to run: every buffer is enqueued to
 * a queue that is named, or nothing happens. */
static cl_int CL_API_CALL enqueue(cl_uint n, cl_command_queue *queues, cl_command_buffer_khr b,
                                  cl_uint num_waits, const cl_event *waits, cl_event *e)
{
    struct fake *f = fake_of(b, HCL_COMMAND_BUFFER);
    if (f->data)
        fake_svm(f->data, f->size);
    for (cl_uint i = 0; i < n; i++)
        fake_of(queues[i], HCL_QUEUE);
    return n ? fake_plain(queues[0], NULL, num_waits, waits, e) : CL_INVALID_OPERATION;
}

INFO(buffer_info, cl_command_buffer_khr, HCL_COMMAND_BUFFER, cl_command_buffer_info_khr)

/* What every command does with the parameters that all have. */
static cl_int record(cl_command_buffer_khr b, cl_command_queue q,
                     const cl_command_properties_khr *p, cl_uint n, const cl_sync_point_khr *waits,
                     cl_sync_point_khr *at)
{
    fake_of(b, HCL_COMMAND_BUFFER);
    if (q)
        fake_of(q, HCL_QUEUE);
    read_properties64(p);
    if (!n != !waits)
        return CL_INVALID_SYNC_POINT_WAIT_LIST_KHR;
    fake_read(waits, n * sizeof(*waits));
    if (at)
        *at = 1;
    return CL_SUCCESS;
}

/* Handles belong to their buffer, and nobody else ever sees this one released. */
static cl_int recorded(cl_int ret, cl_command_buffer_khr b, cl_mutable_command_khr *handle)
{
    if (ret || !handle)
        return ret;
    struct fake *command = fake_create(HCL_MUTABLE_COMMAND);
    command->parent = (struct fake *)b;
    *handle = (cl_mutable_command_khr)command;
    return CL_SUCCESS;
}

/* Does this command still live? */
static struct fake *command_of(cl_mutable_command_khr m)
{
    struct fake *command = fake_of(m, HCL_MUTABLE_COMMAND);
    fake_of(command->parent, HCL_COMMAND_BUFFER);
    return command;
}

static cl_int CL_API_CALL update(cl_command_buffer_khr b, cl_uint n,
                                 const cl_command_buffer_update_type_khr *types,
                                 const void **configs)
{
    fake_of(b, HCL_COMMAND_BUFFER);
    for (cl_uint i = 0; i < n; i++) {
        const struct vocl_mutable_dispatch_config *d = configs[i];
        fake_read(&types[i], sizeof(types[i]));
        if (command_of(d->command)->parent != (struct fake *)b)
            return CL_INVALID_MUTABLE_COMMAND_KHR;
        for (cl_uint j = 0; j < d->num_args; j++)
            fake_read(d->arg_list[j].arg_value,
                      d->arg_list[j].arg_value ? d->arg_list[j].arg_size : 0);
        for (cl_uint j = 0; j < d->num_svm_args; j++)
            if (d->arg_svm_list[j].arg_value)
                fake_svm(d->arg_svm_list[j].arg_value, 0);
        for (cl_uint j = 0; j < d->num_exec_infos; j++)
            fake_exec_info(d->exec_info_list[j].param_name, d->exec_info_list[j].param_value_size,
                           d->exec_info_list[j].param_value);
        fake_read(d->global_work_offset, d->global_work_offset ? 24 : 0);
        fake_read(d->global_work_size, d->global_work_size ? 24 : 0);
        fake_read(d->local_work_size, d->local_work_size ? 24 : 0);
    }
    return CL_SUCCESS;
}

static cl_int CL_API_CALL command_info(cl_mutable_command_khr m, cl_mutable_command_info_khr name,
                                       size_t size, void *value, size_t *ret)
{
    command_of(m);
    return some_info(name, size, value, ret);
}

#define COMMAND(name, ...)                                                                         \
    static cl_int CL_API_CALL name(cl_command_buffer_khr b, cl_command_queue q,                    \
                                   const cl_command_properties_khr *p, __VA_ARGS__, cl_uint n,     \
                                   const cl_sync_point_khr *waits, cl_sync_point_khr *at,          \
                                   cl_mutable_command_khr *handle)

static cl_int CL_API_CALL barrier(cl_command_buffer_khr b, cl_command_queue q,
                                  const cl_command_properties_khr *p, cl_uint n,
                                  const cl_sync_point_khr *waits, cl_sync_point_khr *at,
                                  cl_mutable_command_khr *handle)
{
    return record(b, q, p, n, waits, at);
}

COMMAND(copy, cl_mem from, cl_mem to, size_t from_offset, size_t to_offset, size_t size)
{
    fake_of(from, HCL_MEM);
    fake_of(to, HCL_MEM);
    return record(b, q, p, n, waits, at);
}

COMMAND(copy_rect, cl_mem from, cl_mem to, const size_t *from_origin, const size_t *to_origin,
        const size_t *region, size_t from_row, size_t from_slice, size_t to_row, size_t to_slice)
{
    fake_of(from, HCL_MEM);
    fake_of(to, HCL_MEM);
    fake_read(from_origin, 24);
    fake_read(to_origin, 24);
    fake_read(region, 24);
    return record(b, q, p, n, waits, at);
}

COMMAND(buffer_to_image, cl_mem from, cl_mem to, size_t offset, const size_t *origin,
        const size_t *region)
{
    return copy_rect(b, q, p, from, to, origin, origin, region, 0, 0, 0, 0, n, waits, at, handle);
}

COMMAND(copy_image, cl_mem from, cl_mem to, const size_t *from_origin, const size_t *to_origin,
        const size_t *region)
{
    return copy_rect(b, q, p, from, to, from_origin, to_origin, region, 0, 0, 0, 0, n, waits, at,
                     handle);
}

COMMAND(image_to_buffer, cl_mem from, cl_mem to, const size_t *origin, const size_t *region,
        size_t offset)
{
    return copy_rect(b, q, p, from, to, origin, origin, region, 0, 0, 0, 0, n, waits, at, handle);
}

COMMAND(fill, cl_mem m, const void *pattern, size_t pattern_size, size_t offset, size_t size)
{
    fake_of(m, HCL_MEM);
    fake_read(pattern, pattern_size);
    return recorded(record(b, q, p, n, waits, at), b, handle);
}

/* The command buffer remembers one allocation that must live as long as it does. */
COMMAND(svm_copy, void *to, const void *from, size_t size)
{
    struct fake *f = fake_of(b, HCL_COMMAND_BUFFER);
    fake_svm(to, size);
    fake_svm(from, size);
    if (!size)
        return CL_INVALID_VALUE;
    f->data = to;
    f->size = size;
    return recorded(record(b, q, p, n, waits, at), b, handle);
}

COMMAND(svm_fill, void *to, const void *pattern, size_t pattern_size, size_t size)
{
    fake_read(pattern, pattern_size);
    return svm_copy(b, q, p, to, to, size, n, waits, at, handle);
}

COMMAND(fill_image, cl_mem m, const void *colour, const size_t *origin, const size_t *region)
{
    fake_of(m, HCL_MEM);
    fake_read(colour, 16);
    fake_read(origin, 24);
    fake_read(region, 24);
    return record(b, q, p, n, waits, at);
}

COMMAND(kernel, cl_kernel k, cl_uint dim, const size_t *offset, const size_t *global,
        const size_t *local)
{
    fake_of(k, HCL_KERNEL);
    if (!dim || dim > 3)
        return CL_INVALID_WORK_DIMENSION;
    fake_read(offset, offset ? dim * sizeof(*offset) : 0);
    fake_read(global, global ? dim * sizeof(*global) : 0);
    fake_read(local, local ? dim * sizeof(*local) : 0);
    return recorded(record(b, q, p, n, waits, at), b, handle);
}

static cl_int CL_API_CALL set_address(cl_kernel k, cl_uint index, cl_mem_device_address_ext address)
{
    fake_of(k, HCL_KERNEL);
    if (address)
        fake_address(address);
    return index < 3 ? CL_SUCCESS : CL_INVALID_ARG_INDEX;
}

static cl_int CL_API_CALL suggest(cl_command_queue q, cl_kernel k, cl_uint dim,
                                  const size_t *offset, const size_t *global, size_t *size)
{
    fake_of(q, HCL_QUEUE);
    fake_of(k, HCL_KERNEL);
    fake_read(offset, offset ? dim * sizeof(*offset) : 0);
    fake_read(global, global ? dim * sizeof(*global) : 0);
    fake_write(size, dim * sizeof(*size));
    return CL_SUCCESS;
}

static cl_int CL_API_CALL content_size(cl_mem m, cl_mem size)
{
    fake_of(m, HCL_MEM);
    fake_of(size, HCL_MEM);
    return CL_SUCCESS;
}

static cl_int CL_API_CALL terminate(cl_context c)
{
    fake_of(c, HCL_CONTEXT);
    return CL_SUCCESS;
}

static cl_semaphore_khr CL_API_CALL new_semaphore(cl_context c,
                                                  const cl_semaphore_properties_khr *p, cl_int *ret)
{
    fake_of(c, HCL_CONTEXT);
    while (*p) {
        bool devices = *p == CL_SEMAPHORE_DEVICE_HANDLE_LIST_KHR || *p == CL_DEVICE_HANDLE_LIST_KHR;
        for (p++; devices && *p; p++)
            fake_of((void *)(uintptr_t)*p, HCL_DEVICE);
        p++;
    }
    return made(fake_create(HCL_SEMAPHORE), ret);
}

static cl_int CL_API_CALL release_semaphore(cl_semaphore_khr s)
{
    fake_release(fake_of(s, HCL_SEMAPHORE));
    return CL_SUCCESS;
}

static cl_int CL_API_CALL on_semaphores(cl_command_queue q, cl_uint n, const cl_semaphore_khr *list,
                                        const cl_semaphore_payload_khr *payloads, cl_uint num_waits,
                                        const cl_event *waits, cl_event *e)
{
    for (cl_uint i = 0; i < n; i++)
        fake_of(list[i], HCL_SEMAPHORE);
    fake_read(payloads, payloads ? n * sizeof(*payloads) : 0);
    return n ? fake_plain(q, NULL, num_waits, waits, e) : CL_INVALID_VALUE;
}

INFO(semaphore_info, cl_semaphore_khr, HCL_SEMAPHORE, cl_semaphore_info_khr)

static const struct {
    const char *name;
    void *fn;
} functions[] = {
    {"clCreateCommandBufferKHR", (void *)create},
    {"clReleaseCommandBufferKHR", (void *)release},
    {"clFinalizeCommandBufferKHR", (void *)finalize},
    {"clEnqueueCommandBufferKHR", (void *)enqueue},
    {"clGetCommandBufferInfoKHR", (void *)buffer_info},
    {"clCommandBarrierWithWaitListKHR", (void *)barrier},
    {"clCommandCopyBufferKHR", (void *)copy},
    {"clCommandCopyBufferRectKHR", (void *)copy_rect},
    {"clCommandCopyBufferToImageKHR", (void *)buffer_to_image},
    {"clCommandCopyImageKHR", (void *)copy_image},
    {"clCommandCopyImageToBufferKHR", (void *)image_to_buffer},
    {"clCommandFillBufferKHR", (void *)fill},
    {"clCommandFillImageKHR", (void *)fill_image},
    {"clCommandNDRangeKernelKHR", (void *)kernel},
    {"clCommandSVMMemcpyKHR", (void *)svm_copy},
    {"clCommandSVMMemFillKHR", (void *)svm_fill},
    {"clUpdateMutableCommandsKHR", (void *)update},
    {"clGetMutableCommandInfoKHR", (void *)command_info},
    {"clCreateSemaphoreWithPropertiesKHR", (void *)new_semaphore},
    {"clReleaseSemaphoreKHR", (void *)release_semaphore},
    {"clEnqueueSignalSemaphoresKHR", (void *)on_semaphores},
    {"clEnqueueWaitSemaphoresKHR", (void *)on_semaphores},
    {"clGetSemaphoreInfoKHR", (void *)semaphore_info},
    {"clGetKernelSuggestedLocalWorkSizeKHR", (void *)suggest},
    {"clSetKernelArgDevicePointerEXT", (void *)set_address},
    {"clSetContentSizeBufferPoCL", (void *)content_size},
    {"clTerminateContextKHR", (void *)terminate},
};

static void *CL_API_CALL function(cl_platform_id p, const char *name)
{
    fake_of(p, HCL_PLATFORM);
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        if (!strcmp(functions[i].name, name))
            return functions[i].fn;
    return fake_usm_function(name);
}

void fake_fill_extensions(cl_icd_dispatch *cl)
{
    cl->clGetExtensionFunctionAddressForPlatform = function;
}

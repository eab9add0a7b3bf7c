// SPDX-License-Identifier: MIT
#include "call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "event.h"
#include "extension_types.h"
#include "late.h"

bool hcl_call_ok(struct hcl_call *c)
{
    if (vocl_reader_done(&c->body))
        return true;
    hcl_malformed(c);
    return false;
}

void hcl_malformed(struct hcl_call *c)
{
    const char *name = vocl_op_name(c->op);
    hcl_worker_stop(c->w, VOCL_LOST_PROTOCOL, "malformed %s", name ? name : "record");
}

/* A posted call's answer is its error, if it has one: the first word of all answers
 * is the status. */
static void keep_error(struct hcl_call *c)
{
    cl_int status = CL_SUCCESS;
    if (c->reply.error)
        status = CL_OUT_OF_HOST_MEMORY;
    else if (c->reply.len >= sizeof(uint64_t))
        memcpy(&status, c->reply.buf, sizeof(status));
    if (status != CL_SUCCESS)
        hcl_late_error(c, status);
}

void hcl_reply(struct hcl_call *c)
{
    if (c->slot == VOCL_NO_SLOT) {
        keep_error(c);
        return;
    }
    if (c->reply.error) { /* no memory, or an answer over the limit */
        vocl_writer_reset(&c->reply);
        vocl_put_u64(&c->reply, (uint64_t)(int64_t)CL_OUT_OF_HOST_MEMORY);
    }
    hcl_send_reply(c->w, c->slot, c->reply.buf, c->reply.len);
}

void hcl_reply_status(struct hcl_call *c, cl_int status)
{
    vocl_put_u64(&c->reply, (uint64_t)(int64_t)status);
    hcl_reply(c);
}

void *hcl_alloc(struct hcl_call *c, size_t n)
{
    if (n > VOCL_MESSAGE_MAX)
        return NULL;
    void **block = calloc(1, 16 + n);
    if (!block)
        return NULL;
    *block = c->arena;
    c->arena = block;
    return (char *)block + 16;
}

void *hcl_objects_list(struct hcl_call *c, struct vocl_words ids, enum hcl_type type)
{
    /* A list of no events is not the same as no list. */
    if (!ids.count)
        return ids.v && type == HCL_EVENT ? hcl_alloc(c, sizeof(void *)) : NULL;
    void **list = hcl_alloc(c, ids.count * sizeof(*list));
    for (uint64_t i = 0; list && i < ids.count; i++)
        if (!(list[i] = hcl_object(c->w, ids.v[i], type)))
            return NULL;
    return list;
}

_Static_assert(sizeof(size_t) == 8, "sizes are used in place");

bool hcl_sizes(struct hcl_call *c, struct vocl_words words, uint64_t count, uint64_t max,
               const size_t **out)
{
    *out = (const size_t *)words.v;
    /* A count past the maximum is a program's error, which the runtime refuses
     * before it reads the sizes; the guest sends `max` of them. */
    if (!words.v || words.count == (count > max ? max : count))
        return true;
    hcl_malformed(c);
    return false;
}

bool hcl_properties_ok(struct hcl_call *c, struct vocl_words list)
{
    if (!list.v || (list.count % 2 == 1 && !list.v[list.count - 1]))
        return true;
    hcl_malformed(c);
    return false;
}

bool hcl_mem_properties_known(struct vocl_words list)
{
    for (uint64_t i = 0; i + 1 < list.count; i += 2)
        if (list.v[i] != CL_MEM_DEVICE_PRIVATE_ADDRESS_EXT)
            return false;
    return true;
}

/* The numbers of all clGet*Info calls are distinct. */
bool hcl_info_is_handle(cl_uint param_name)
{
    switch (param_name) {
    case CL_DEVICE_PLATFORM:
    case CL_DEVICE_PARENT_DEVICE:
    case CL_DEVICE_PARENT_DEVICE_EXT:
    case CL_CONTEXT_DEVICES:
    case CL_CONTEXT_PROPERTIES:
    case CL_QUEUE_CONTEXT:
    case CL_QUEUE_DEVICE:
    case CL_QUEUE_DEVICE_DEFAULT:
    case CL_MEM_HOST_PTR:
    case CL_MEM_CONTEXT:
    case CL_MEM_ASSOCIATED_MEMOBJECT:
    case CL_IMAGE_BUFFER:
    case CL_SAMPLER_CONTEXT:
    case CL_PROGRAM_CONTEXT:
    case CL_PROGRAM_DEVICES:
    case CL_KERNEL_CONTEXT:
    case CL_KERNEL_PROGRAM:
    case CL_EVENT_CONTEXT:
    case CL_EVENT_COMMAND_QUEUE:
    case CL_COMMAND_BUFFER_QUEUES_KHR:
    case CL_COMMAND_BUFFER_CONTEXT_KHR:
    case CL_DEVICE_COMMAND_BUFFER_SYNC_DEVICES_KHR:
    case CL_DEVICE_SPIRV_EXTENDED_INSTRUCTION_SETS_KHR:
    case CL_DEVICE_SPIRV_EXTENSIONS_KHR:
    case CL_MEM_DEVICE_PRIVATE_ADDRESS_EXT:
    case VOCL_MEM_DEVICE_PTR_POCL:
    case VOCL_MEM_DEVICE_PTRS_POCL:
    case CL_KERNEL_ALLOCATIONS_INFO_INTEL:
    case CL_MUTABLE_COMMAND_COMMAND_QUEUE_KHR:
    case CL_MUTABLE_COMMAND_COMMAND_BUFFER_KHR:
    case CL_MUTABLE_DISPATCH_KERNEL_KHR:
    case CL_SEMAPHORE_CONTEXT_KHR:
    case CL_SEMAPHORE_PROPERTIES_KHR:
    case CL_SEMAPHORE_DEVICE_HANDLE_LIST_KHR:
    case CL_DEVICE_HANDLE_LIST_KHR:
        return true;
    default:
        return false;
    }
}

/* Programs ask for three dimensions at most, and may do so with some room to spare. */
#define MOST_DIMENSIONS 64

size_t hcl_info_most(uint64_t asked)
{
    const size_t most = MOST_DIMENSIONS * sizeof(size_t);
    return asked < most ? asked : most;
}

cl_int hcl_info_room(struct hcl_call *c, size_t n, uint64_t asked, uint64_t want, size_t *size,
                     void **value)
{
    if (!want)
        return CL_SUCCESS;
    if (n > VOCL_MESSAGE_MAX / 2)
        return CL_OUT_OF_RESOURCES;
    *size = asked < n ? asked : n;
    *value = hcl_alloc(c, n + 1);
    return *value ? CL_SUCCESS : CL_OUT_OF_HOST_MEMORY;
}

cl_int hcl_add_error(struct hcl_worker *w, uint16_t op, int rc)
{
    if (!rc)
        return CL_SUCCESS;
    if (rc == -ENOSPC)
        return CL_OUT_OF_HOST_MEMORY;
    hcl_worker_stop(w, VOCL_LOST_PROTOCOL, "%s: object number in use or out of range",
                    vocl_op_name(op));
    return CL_OUT_OF_RESOURCES;
}

cl_int hcl_made(struct hcl_call *c, cl_int ret, uint64_t id, enum hcl_type type, void *native)
{
    if (ret != CL_SUCCESS || !native)
        return ret;
    int rc = hcl_objects_add(c->w->objects, id, type, native, NULL, NULL);
    if (!rc)
        return CL_SUCCESS;
    hcl_native_release(&c->w->cl, type, native);
    return hcl_add_error(c->w, c->op, rc);
}

cl_int hcl_made_all(struct hcl_call *c, enum hcl_type type, const uint64_t *ids,
                    void *const *native, size_t n)
{
    cl_int ret = CL_SUCCESS;
    size_t done = 0;
    while (done < n && !(ret = hcl_made(c, CL_SUCCESS, ids[done], type, native[done])))
        done++;
    if (done == n)
        return CL_SUCCESS;
    for (size_t i = done + 1; i < n; i++)
        hcl_native_release(&c->w->cl, type, native[i]);
    while (done)
        hcl_objects_release(c->w->objects, ids[--done]);
    return ret;
}

cl_int hcl_enqueued(struct hcl_call *c, cl_int ret, cl_event event, uint64_t id, uint64_t slot)
{
    if (ret == CL_SUCCESS && id) {
        cl_command_queue queue = hcl_object(c->w, c->first_word, HCL_QUEUE);
        int rc = hcl_event_add(c->w, id, slot, event, hcl_watch_of(c->w, queue));
        if (!rc)
            return CL_SUCCESS;
        hcl_native_release(&c->w->cl, HCL_EVENT, event);
        ret = hcl_add_error(c->w, c->op, rc);
    }
    if (ret != CL_SUCCESS && id && c->slot == VOCL_NO_SLOT)
        hcl_late_event(c, ret, id, slot);
    return ret;
}

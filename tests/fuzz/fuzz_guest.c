// SPDX-License-Identifier: MIT
/*
 * fuzz_guest.c - what the ICD hears of its helper: replies and messages. A
 * program's calls go through the dispatch table; the transport answers them
 * with what the fuzzer makes up. Whatever comes, the ICD must stay within its
 * own memory and the program's, and must not wait for ever.
 *
 * The program's buffers are exactly as large as it says, so that a sanitizer
 * sees a reply that is stored past an end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "calls.h"
#include "channel.h"
#include "extension.h"
#include "fuzz.h"
#include "fuzz_body.h"
#include "guest_state.h"
#include "stubs.h"
#include "transfer.h"
#include "transport.h"

/* ---- the helper ---- */

static struct {
    struct gcl_transport base;
    struct vocl_ring cmd;
    struct vocl_ring msg;
    struct fuzz_input in;
    bool honest;        /* answers as a helper should, so that there are objects */
    uint64_t fragments; /* bytes of a body in pieces that have come */
    uint32_t next_region;
} helper;

static _Alignas(4096) uint8_t channel[VOCL_CHANNEL_SIZE];

static const struct fuzz_call *find_call(uint16_t op)
{
    for (unsigned i = 0; i < fuzz_num_calls; i++)
        if (fuzz_calls[i].op == op)
            return &fuzz_calls[i];
    return NULL;
}

/* Success, one object where there is a list, and zeros. */
static void honest_reply(const struct fuzz_call *call, struct vocl_writer *w)
{
    static const uint64_t zero[1];
    for (const struct fuzz_field *f = call->reply; f->kind != FUZZ_END; f++) {
        uint64_t id = !strcmp(f->name, "platforms") ? FUZZ_PLATFORM : FUZZ_DEVICE;
        if (f->kind == FUZZ_U64)
            vocl_put_u64(w, 0);
        else if (f->kind == FUZZ_BYTES)
            vocl_put_bytes(w, (struct vocl_bytes){0});
        else if (f->kind == FUZZ_WORDS)
            vocl_put_words(w, (struct vocl_words){strcmp(f->name, "status") ? &id : zero, 1});
        else
            vocl_put_blobs(w, (struct vocl_blobs){0});
    }
}

static void reply(uint16_t op, uint16_t slot)
{
    struct vocl_reply_slot *s = vocl_channel_reply(channel, slot % VOCL_REPLY_SLOTS);
    const struct fuzz_call *call = find_call(op);
    struct vocl_writer w = {0};
    if (call && helper.honest)
        honest_reply(call, &w);
    else if (call)
        fuzz_body(&helper.in, call->reply, &w);
    s->len = w.len < sizeof(s->data) ? (uint32_t)w.len : sizeof(s->data);
    s->total = w.len;
    if (w.len)
        memcpy(s->data, w.buf, s->len);
    vocl_writer_finish(&w);
    if (!helper.honest && fuzz_pick(&helper.in, 16) == 15) {
        s->len = (uint32_t)fuzz_u64(&helper.in);
        s->total = fuzz_pick(&helper.in, 2) ? fuzz_pick(&helper.in, 60000) : fuzz_u64(&helper.in);
        if (s->total > 1 << 20 && s->total <= VOCL_MESSAGE_MAX)
            s->total >>= 8; /* allowed, and slow */
    }
    s->state = VOCL_REPLY_DONE;
}

/* Carry out what is in the ring: answer it, mostly. */
static void serve(void)
{
    static uint64_t body[VOCL_RECORD_MAX / 8];
    struct vocl_record hdr;
    while (vocl_ring_get(&helper.cmd, &hdr, body, sizeof(body)) == 1) {
        uint16_t op = hdr.op, slot = hdr.slot;
        if (op == VOCL_OP_FRAGMENT) {
            helper.fragments += hdr.size - sizeof(hdr) - 16;
            if (helper.fragments < body[0])
                continue;
            helper.fragments = 0;
            op = (uint16_t)body[1];
            slot = (uint16_t)(body[1] >> 16);
        }
        if (slot != VOCL_NO_SLOT && (helper.honest || fuzz_pick(&helper.in, 256) != 255))
            reply(op, slot);
    }
    vocl_channel_header(channel)->host_asleep = 1;
}

static int kick(struct gcl_transport *t)
{
    (void)t;
    serve();
    return helper.honest || fuzz_pick(&helper.in, 256) != 255 ? 0 : -EIO;
}

/* Somebody waits for a word: an event's, which may now end, or one that will
 * never change. */
static int wait_for(struct gcl_transport *t, uint32_t *word, uint32_t old, unsigned timeout_ms)
{
    (void)t, (void)timeout_ms;
    serve();
    if (*word != old)
        return 0;
    if (word < vocl_channel_event(channel, 0) || (uint8_t *)word >= channel + VOCL_OFF_CMD)
        return -EIO;
    *word = fuzz_pick(&helper.in, 8) ? 0 : (uint32_t)-1 - fuzz_pick(&helper.in, 70);
    return 0;
}

/* Regions at an address that the guest chose; the others are the allocator's,
 * so that the sanitizers see their bounds. */
#define AT_AN_ADDRESS 0x80000000u

static int region_at(size_t len, void *at, struct gcl_region *r)
{
    void *p = mmap(at, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    *r = (struct gcl_region){.id = ++helper.next_region | AT_AN_ADDRESS, .addr = p, .len = len};
    return p == at ? 0 : -ENOMEM;
}

static int region_alloc(struct gcl_transport *t, size_t len, void *at, struct gcl_region *r)
{
    (void)t;
    if (len > 1 << 20)
        return -ENOMEM;
    if (at)
        return region_at(len, at, r);
    void *p = calloc(1, len);
    *r = (struct gcl_region){.id = ++helper.next_region, .addr = p, .len = len};
    return p ? 0 : -ENOMEM;
}

static void region_free(struct gcl_transport *t, struct gcl_region *r)
{
    (void)t;
    if (r->id & AT_AN_ADDRESS)
        munmap(r->addr, r->len);
    else
        free(r->addr);
}

static const struct gcl_transport_ops ops = {
    .name = "fuzz", .kick = kick, .wait = wait_for, .alloc = region_alloc, .free = region_free};

struct gcl_transport *gcl_transport_socket_open(const char *path, char *why, size_t len)
{
    (void)path, (void)why, (void)len;
    helper.base = (struct gcl_transport){.ops = &ops, .channel = channel};
    return &helper.base;
}

struct gcl_transport *gcl_transport_virtio_open(const char *path, char *why, size_t len)
{
    return gcl_transport_socket_open(path, why, len);
}

static void send_message(void)
{
    static const struct fuzz_field event[] = {
        {FUZZ_U64, "cookie"}, {FUZZ_U64, "execution_status"}, {FUZZ_END, 0}};
    static const struct fuzz_field done[] = {{FUZZ_U64, "cookie"}, {FUZZ_END, 0}};
    static const struct fuzz_field context[] = {
        {FUZZ_U64, "cookie"}, {FUZZ_BYTES, "errinfo"}, {FUZZ_BYTES, "private_info"}, {FUZZ_END, 0}};
    static const struct fuzz_field print[] = {{FUZZ_BYTES, "text"}, {FUZZ_END, 0}};
    static const struct fuzz_field *const fields[] = {done, event, done, context, print};
    uint16_t op = (uint16_t)fuzz_pick(&helper.in, 6);
    struct vocl_writer w = {0};
    fuzz_body(&helper.in, fields[op % 5], &w);
    vocl_ring_put(&helper.msg, op, VOCL_NO_SLOT, w.buf, (uint32_t)w.len);
    vocl_writer_finish(&w);
    if (fuzz_pick(&helper.in, 64) == 63)
        *helper.msg.tail = (uint32_t)fuzz_u64(&helper.in);
}

/* ---- the program ---- */

#define CL gcl_dispatch

static struct {
    cl_platform_id platform;
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
    cl_mem plain, copied, used;
    cl_program program;
    cl_kernel kernel;
    cl_event user;
} app;

static uint8_t memory[65536]; /* CL_MEM_USE_HOST_PTR's */

static void CL_CALLBACK on_event(cl_event e, cl_int status, void *opaque)
{
    (void)e, (void)status, (void)opaque;
}

static void CL_CALLBACK on_program(cl_program p, void *opaque)
{
    (void)p, (void)opaque;
}

static void CL_CALLBACK on_mem(cl_mem m, void *opaque)
{
    (void)m, (void)opaque;
}

static void CL_CALLBACK on_context(const char *text, const void *info, size_t n, void *opaque)
{
    (void)opaque;
    const volatile uint8_t *at = info;
    (void)strlen(text);
    for (size_t i = 0; i < n; i++)
        (void)at[i];
}

static void make_objects(void)
{
    const char *source = "kernel void k() {}";
    cl_int err;
    CL.clGetPlatformIDs(1, &app.platform, NULL);
    CL.clGetDeviceIDs(app.platform, CL_DEVICE_TYPE_ALL, 1, &app.device, NULL);
    app.context = CL.clCreateContext(NULL, 1, &app.device, on_context, NULL, &err);
    app.queue = CL.clCreateCommandQueue(app.context, app.device, 0, &err);
    app.plain = CL.clCreateBuffer(app.context, 0, sizeof(memory), NULL, &err);
    app.copied = CL.clCreateBuffer(app.context, CL_MEM_COPY_HOST_PTR, 100, memory, &err);
    app.used = CL.clCreateBuffer(app.context, CL_MEM_USE_HOST_PTR, sizeof(memory), memory, &err);
    app.program = CL.clCreateProgramWithSource(app.context, 1, &source, NULL, &err);
    app.kernel = CL.clCreateKernel(app.program, "k", &err);
    app.user = CL.clCreateUserEvent(app.context, &err);
    if (!app.platform || !app.device || !app.context || !app.queue || !app.plain || !app.copied ||
        !app.used || !app.program || !app.kernel || !app.user)
        abort();
}

static cl_mem some_mem(void)
{
    cl_mem mems[] = {app.plain, app.used, app.copied};
    return mems[fuzz_pick(&helper.in, 3)];
}

static void query(void)
{
    size_t sizes[] = {0, 1, 4, 8, 64, 5000}, n = 0;
    size_t size = sizes[fuzz_pick(&helper.in, 6)];
    uint32_t name = 0x900 + fuzz_pick(&helper.in, 0xc00);
    void *value = fuzz_pick(&helper.in, 4) ? malloc(size ? size : 1) : NULL;
    switch (fuzz_pick(&helper.in, 12)) {
    case 0:
        CL.clGetPlatformInfo(app.platform, name, size, value, &n);
        break;
    case 1:
        CL.clGetDeviceInfo(app.device, name, size, value, &n);
        break;
    case 2:
        CL.clGetContextInfo(app.context, name, size, value, &n);
        break;
    case 3:
        CL.clGetCommandQueueInfo(app.queue, name, size, value, &n);
        break;
    case 4:
        CL.clGetMemObjectInfo(some_mem(), name, size, value, &n);
        break;
    case 5:
        CL.clGetProgramInfo(app.program, name, size, name == CL_PROGRAM_BINARIES ? NULL : value,
                            &n);
        break;
    case 6:
        CL.clGetProgramBuildInfo(app.program, app.device, name, size, value, &n);
        break;
    case 7:
        CL.clGetKernelInfo(app.kernel, name, size, value, &n);
        break;
    case 8:
        CL.clGetKernelArgInfo(app.kernel, 0, name, size, value, &n);
        break;
    case 9:
        CL.clGetKernelWorkGroupInfo(app.kernel, app.device, name, size, value, &n);
        break;
    case 10:
        CL.clGetEventProfilingInfo(app.user, name, size, value, &n);
        break;
    default:
        CL.clGetEventInfo(app.user, name, size, value, &n);
    }
    free(value);
}

/* Arrays that the helper's answer fills. */
static void lists(void)
{
    cl_uint n = fuzz_pick(&helper.in, 4), count = 0;
    void **out = malloc((n ? n : 1) * sizeof(*out));
    cl_device_partition_property parts[] = {CL_DEVICE_PARTITION_EQUALLY, 1, 0};
    cl_int err = CL_INVALID_VALUE;
    switch (fuzz_pick(&helper.in, 5)) {
    case 0:
        CL.clGetPlatformIDs(n, n ? (cl_platform_id *)out : NULL, &count);
        break;
    case 1:
        CL.clGetDeviceIDs(app.platform, CL_DEVICE_TYPE_ALL, n, n ? (cl_device_id *)out : NULL,
                          &count);
        break;
    case 2:
        err = CL.clCreateKernelsInProgram(app.program, n, n ? (cl_kernel *)out : NULL, &count);
        for (cl_uint i = 0; !err && n && i < count && i < n; i++)
            CL.clReleaseKernel(out[i]);
        break;
    case 3:
        err = CL.clCreateSubDevices(app.device, parts, n, n ? (cl_device_id *)out : NULL, &count);
        for (cl_uint i = 0; !err && n && i < count && i < n; i++)
            CL.clReleaseDevice(out[i]);
        break;
    default:
        CL.clGetSupportedImageFormats(app.context, 0, CL_MEM_OBJECT_IMAGE2D, n,
                                      n ? (cl_image_format *)out : NULL, &count);
    }
    free(out);
}

static void binaries(void)
{
    const unsigned char *data[2] = {memory, memory};
    size_t lengths[2] = {10, 20};
    cl_device_id devices[2] = {app.device, app.device};
    cl_int *status = malloc(2 * sizeof(*status)), err;
    unsigned char **out = malloc(sizeof(*out));
    cl_program p =
        CL.clCreateProgramWithBinary(app.context, 2, devices, lengths, data, status, &err);
    if (p)
        CL.clReleaseProgram(p);
    /* The API gives no bound for these: the program believes what it was told
     * of their sizes, and so the helper. No answer of the fuzzer's is larger. */
    out[0] = malloc(65536);
    CL.clGetProgramInfo(app.program, CL_PROGRAM_BINARIES, sizeof(*out), out, NULL);
    free(out[0]);
    p = CL.clLinkProgram(app.context, 0, NULL, "", 1, &app.program, on_program, NULL, &err);
    if (p)
        CL.clReleaseProgram(p);
    CL.clBuildProgram(app.program, 0, NULL, "", fuzz_pick(&helper.in, 2) ? on_program : NULL, NULL);
    free(out);
    free(status);
}

/* Reads and writes of every way across. What does not wait is finished with
 * before its memory goes. */
static void transfers(void)
{
    static const size_t sizes[] = {1, 100, 4096, 4097, 20000, 65536};
    size_t n = sizes[fuzz_pick(&helper.in, 6)], origin[3] = {0}, region[3] = {10, n / 100 + 1, 1};
    uint8_t *data = calloc(1, n + 4096);
    cl_bool blocking = fuzz_pick(&helper.in, 2);
    cl_event e = NULL, *event = fuzz_pick(&helper.in, 2) ? &e : NULL;
    cl_mem m = some_mem();
    cl_uint waits = fuzz_pick(&helper.in, 2);
    switch (fuzz_pick(&helper.in, 4)) {
    case 0:
        CL.clEnqueueReadBuffer(app.queue, m, blocking, 0, n, data, waits, waits ? &app.user : NULL,
                               event);
        break;
    case 1:
        CL.clEnqueueWriteBuffer(app.queue, m, blocking, 0, n, data, waits, waits ? &app.user : NULL,
                                event);
        break;
    case 2:
        CL.clEnqueueReadBufferRect(app.queue, m, blocking, origin, origin, region, 10, 0, 11, 0,
                                   data, 0, NULL, event);
        break;
    default:
        CL.clEnqueueWriteBufferRect(app.queue, m, blocking, origin, origin, region, 10, 0, 11, 0,
                                    data, 0, NULL, event);
    }
    CL.clFinish(app.queue);
    if (e && fuzz_pick(&helper.in, 2))
        CL.clWaitForEvents(1, &e);
    if (e)
        CL.clReleaseEvent(e);
    memset(vocl_channel_event(channel, 0), 0, VOCL_EVENT_SLOTS * 4); /* all is over */
    gcl_transfers_reap(false);
    free(data);
}

static void maps(void)
{
    cl_int err = 0;
    size_t n = 1 + fuzz_pick(&helper.in, 100);
    cl_mem m = some_mem();
    cl_map_flags flags = 1u << fuzz_pick(&helper.in, 3);
    uint8_t *p = CL.clEnqueueMapBuffer(app.queue, m, fuzz_pick(&helper.in, 2), flags, 0, n, 0, NULL,
                                       NULL, &err);
    if (!p)
        return;
    memset(p, 1, n);
    if (CL.clEnqueueUnmapMemObject(app.queue, m, p, 0, NULL, NULL))
        CL.clEnqueueUnmapMemObject(app.queue, m, p, 0, NULL, NULL);
    memset(vocl_channel_event(channel, 0), 0, VOCL_EVENT_SLOTS * 4);
    gcl_transfers_reap(false);
}

static void objects(void)
{
    cl_int err;
    cl_buffer_region region = {0, 10};
    switch (fuzz_pick(&helper.in, 6)) {
    case 0: {
        cl_mem m = CL.clCreateBuffer(app.context, CL_MEM_COPY_HOST_PTR, 5000, memory, &err);
        if (m && !CL.clSetMemObjectDestructorCallback(m, on_mem, NULL) && fuzz_pick(&helper.in, 2))
            send_message();
        if (m)
            CL.clReleaseMemObject(m);
        break;
    }
    case 1: {
        cl_mem m = CL.clCreateSubBuffer(some_mem(), 0, CL_BUFFER_CREATE_TYPE_REGION, &region, &err);
        if (m)
            CL.clReleaseMemObject(m);
        break;
    }
    case 2: {
        cl_context c = CL.clCreateContextFromType(NULL, CL_DEVICE_TYPE_ALL, on_context, NULL, &err);
        if (c)
            CL.clReleaseContext(c);
        break;
    }
    case 3: {
        cl_queue_properties on_device[] = {CL_QUEUE_PROPERTIES, CL_QUEUE_ON_DEVICE, 0};
        cl_command_queue q, standard;
        q = fuzz_pick(&helper.in, 2)
                ? CL.clCreateCommandQueue(app.context, app.device, 0, &err)
                : CL.clCreateCommandQueueWithProperties(app.context, app.device, on_device, &err);
        if (!q)
            break;
        CL.clSetDefaultDeviceCommandQueue(app.context, app.device, q);
        CL.clGetCommandQueueInfo(q, CL_QUEUE_DEVICE_DEFAULT, sizeof(standard), &standard, NULL);
        CL.clReleaseCommandQueue(q);
        break;
    }
    case 4: {
        cl_mem m = CL.clCreatePipe(app.context, 0, 4, 4, NULL, &err);
        cl_uint n;
        if (!m)
            break;
        CL.clGetPipeInfo(m, CL_PIPE_PACKET_SIZE, sizeof(n), &n, NULL);
        CL.clReleaseMemObject(m);
        break;
    }
    default: {
        cl_event e = CL.clCreateUserEvent(app.context, &err);
        if (!e)
            break;
        CL.clSetEventCallback(e, CL_COMPLETE, on_event, NULL);
        CL.clSetUserEventStatus(e, 0);
        CL.clReleaseEvent(e);
    }
    }
}

static void commands(void)
{
    size_t one = 1;
    cl_event e = NULL;
    switch (fuzz_pick(&helper.in, 5)) {
    case 0:
        CL.clEnqueueNDRangeKernel(app.queue, app.kernel, 1, NULL, &one, NULL, 0, NULL, &e);
        break;
    case 1:
        CL.clSetKernelArg(app.kernel, fuzz_pick(&helper.in, 4), sizeof(cl_mem), &app.plain);
        break;
    case 2:
        CL.clEnqueueFillBuffer(app.queue, app.plain, memory, 4, 0, 64, 1, &app.user, &e);
        break;
    case 3:
        CL.clEnqueueMarkerWithWaitList(app.queue, 0, NULL, &e);
        break;
    default:
        CL.clFlush(app.queue);
    }
    if (e) {
        CL.clSetEventCallback(e, CL_COMPLETE, on_event, NULL);
        CL.clWaitForEvents(1, &e);
        CL.clReleaseEvent(e);
    }
}

/* What the helper says of an address must not put the program's memory at risk. */
static void shared_memory(void)
{
    size_t n = 1 + fuzz_pick(&helper.in, 9000);
    cl_svm_mem_flags flags = fuzz_pick(&helper.in, 2) ? CL_MEM_SVM_FINE_GRAIN_BUFFER : 0;
    uint8_t *p = CL.clSVMAlloc(app.context, flags, n, 0);
    void *list[] = {p};
    if (!p)
        return;
    memset(p, 1, n);
    CL.clEnqueueSVMMap(app.queue, fuzz_pick(&helper.in, 2), CL_MAP_READ, p, n, 0, NULL, NULL);
    CL.clEnqueueSVMMemFill(app.queue, p, memory, 1, n, 1, &app.user, NULL);
    CL.clEnqueueSVMMemcpy(app.queue, fuzz_pick(&helper.in, 2), p, memory, n, 0, NULL, NULL);
    CL.clEnqueueWriteBuffer(app.queue, app.plain, CL_TRUE, 0, n, p, 0, NULL, NULL);
    CL.clEnqueueSVMUnmap(app.queue, p, 0, NULL, NULL);
    CL.clSetKernelArgSVMPointer(app.kernel, 0, p + n - 1);
    CL.clSetKernelExecInfo(app.kernel, CL_KERNEL_EXEC_INFO_SVM_PTRS, sizeof(list), list);
    CL.clEnqueueSVMMigrateMem(app.queue, 1, (const void **)list, &n, 0, 0, NULL, NULL);
    memset(vocl_channel_event(channel, 0), 0, VOCL_EVENT_SLOTS * 4);
    gcl_transfers_reap(false);
    if (!fuzz_pick(&helper.in, 4))
        CL.clEnqueueSVMFree(app.queue, 1, list, NULL, NULL, 0, NULL, NULL);
    guest_messages_deliver();
    CL.clSVMFree(app.context, p); /* unless it is free already */
}

/* Of an extension: whether or not the helper says that there is such a function. */
static void *function(const char *name)
{
    CL.clGetExtensionFunctionAddressForPlatform(app.platform, name);
    for (size_t i = 0; i < gcl_num_extension_functions; i++)
        if (!strcmp(gcl_extension_functions[i].name, name))
            return gcl_extension_functions[i].fn;
    abort();
}

static void use_command(cl_command_buffer_khr b, cl_mutable_command_khr m)
{
    cl_int(CL_API_CALL * update)(cl_command_buffer_khr, cl_uint,
                                 const cl_command_buffer_update_type_khr *, const void **) =
        function("clUpdateMutableCommandsKHR");
    cl_int(CL_API_CALL * info)(cl_mutable_command_khr, cl_uint, size_t, void *, size_t *) =
        function("clGetMutableCommandInfoKHR");
    struct vocl_mutable_dispatch_arg arg = {0, sizeof(app.plain), &app.plain};
    uint8_t *p = CL.clSVMAlloc(app.context, 0, 100, 0);
    cl_bool yes = CL_TRUE;
    struct vocl_mutable_dispatch_arg svm_arg = {0, sizeof(p), p};
    struct vocl_mutable_dispatch_exec_info infos[] = {
        {CL_KERNEL_EXEC_INFO_SVM_FINE_GRAIN_SYSTEM, sizeof(yes), &yes},
        {CL_KERNEL_EXEC_INFO_SVM_PTRS, p ? sizeof(p) : 0, &p}};
    struct vocl_mutable_dispatch_config config = {.command = m,
                                                  .num_args = 1,
                                                  .num_svm_args = 1,
                                                  .num_exec_infos = 2,
                                                  .arg_list = &arg,
                                                  .arg_svm_list = &svm_arg,
                                                  .exec_info_list = infos};
    const cl_command_buffer_update_type_khr type = VOCL_MUTABLE_DISPATCH_CONFIG;
    const void *configs[] = {&config};
    cl_uint value[4];
    size_t n;
    update(b, 1, &type, configs);
    info(m, CL_MUTABLE_DISPATCH_DIMENSIONS_KHR, sizeof(value), value, &n);
    CL.clSVMFree(app.context, p);
}

static void command_buffers(void)
{
    cl_command_buffer_khr(CL_API_CALL * create)(cl_uint, const cl_command_queue *,
                                                const cl_properties *, cl_int *) =
        function("clCreateCommandBufferKHR");
    cl_int(CL_API_CALL * kernel)(cl_command_buffer_khr, cl_command_queue, const cl_properties *,
                                 cl_kernel, cl_uint, const size_t *, const size_t *, const size_t *,
                                 cl_uint, const cl_sync_point_khr *, cl_sync_point_khr *,
                                 cl_mutable_command_khr *) = function("clCommandNDRangeKernelKHR");
    cl_int(CL_API_CALL * enqueue)(cl_uint, cl_command_queue *, cl_command_buffer_khr, cl_uint,
                                  const cl_event *, cl_event *) =
        function("clEnqueueCommandBufferKHR");
    cl_int(CL_API_CALL * release)(cl_command_buffer_khr) = function("clReleaseCommandBufferKHR");
    size_t one = 1;
    cl_int err;
    cl_int(CL_API_CALL * copy)(cl_command_buffer_khr, cl_command_queue, const cl_properties *,
                               void *, const void *, size_t, cl_uint, const cl_sync_point_khr *,
                               cl_sync_point_khr *, cl_mutable_command_khr *) =
        function("clCommandSVMMemcpyKHR");
    cl_sync_point_khr at[2] = {1, 2};
    cl_mutable_command_khr m = NULL;
    cl_event e = NULL;
    cl_command_buffer_khr b = create(1, &app.queue, NULL, &err);
    if (!b)
        return;
    if (!kernel(b, NULL, NULL, app.kernel, 1, NULL, &one, NULL, 2, at, &at[0],
                fuzz_pick(&helper.in, 4) ? &m : NULL) &&
        m)
        use_command(b, m);
    uint8_t *p = CL.clSVMAlloc(app.context, 0, 200, 0);
    copy(b, NULL, NULL, p, p ? p + 100 : NULL, 100, 2, at, &at[0], NULL);
    CL.clSVMFree(app.context, p);
    if (!enqueue(0, NULL, b, 1, &app.user, &e))
        CL.clReleaseEvent(e);
    release(b);
}

/* The same in another extension's words. */
static void unified_memory(void)
{
    void *(CL_API_CALL * host)(cl_context, const cl_properties *, size_t, cl_uint, cl_int *) =
        function("clHostMemAllocINTEL");
    void *(CL_API_CALL * shared)(cl_context, cl_device_id, const cl_properties *, size_t, cl_uint,
                                 cl_int *) =
        function(fuzz_pick(&helper.in, 2) ? "clSharedMemAllocINTEL" : "clDeviceMemAllocINTEL");
    cl_int(CL_API_CALL * release)(cl_context, void *) =
        function(fuzz_pick(&helper.in, 2) ? "clMemFreeINTEL" : "clMemBlockingFreeINTEL");
    cl_int(CL_API_CALL * info)(cl_context, const void *, cl_uint, size_t, void *, size_t *) =
        function("clGetMemAllocInfoINTEL");
    cl_int(CL_API_CALL * set_arg)(cl_kernel, cl_uint, const void *) =
        function("clSetKernelArgMemPointerINTEL");
    cl_int(CL_API_CALL * fill)(cl_command_queue, void *, const void *, size_t, size_t, cl_uint,
                               const cl_event *, cl_event *) = function("clEnqueueMemFillINTEL");
    cl_int(CL_API_CALL * copy)(cl_command_queue, cl_bool, void *, const void *, size_t, cl_uint,
                               const cl_event *, cl_event *) = function("clEnqueueMemcpyINTEL");
    cl_int(CL_API_CALL * migrate)(cl_command_queue, const void *, size_t, cl_mem_migration_flags,
                                  cl_uint, const cl_event *, cl_event *) =
        function("clEnqueueMigrateMemINTEL");
    cl_int(CL_API_CALL * advise)(cl_command_queue, const void *, size_t, cl_uint, cl_uint,
                                 const cl_event *, cl_event *) =
        function("clEnqueueMemAdviseINTEL");
    const cl_properties properties[] = {CL_MEM_ALLOC_FLAGS_INTEL, 1, 0};
    size_t size = 1 + fuzz_pick(&helper.in, 9000), n = 0;
    cl_event e = NULL;
    cl_int err;
    uint8_t *p = fuzz_pick(&helper.in, 2) ? host(app.context, properties, size, 0, &err)
                                          : shared(app.context, app.device, NULL, size, 64, &err);
    void *list[] = {p}, *value = NULL;
    if (!p)
        return;
    memset(p, 1, size);
    info(app.context, p + size / 2, CL_MEM_ALLOC_TYPE_INTEL + fuzz_pick(&helper.in, 6),
         sizeof(value), &value, &n);
    fill(app.queue, p, memory, 1, size, 1, &app.user, NULL);
    copy(app.queue, fuzz_pick(&helper.in, 2), p, memory, size, 0, NULL, NULL);
    copy(app.queue, fuzz_pick(&helper.in, 2), memory, p, size, 0, NULL, NULL);
    set_arg(app.kernel, 0, p + size - 1);
    CL.clSetKernelExecInfo(app.kernel, CL_KERNEL_EXEC_INFO_USM_PTRS_INTEL, sizeof(list), list);
    migrate(app.queue, p, size, 0, 0, NULL, NULL);
    if (!advise(app.queue, p, size, 0, 1, &app.user, &e))
        CL.clReleaseEvent(e);
    memset(vocl_channel_event(channel, 0), 0, VOCL_EVENT_SLOTS * 4);
    gcl_transfers_reap(false);
    release(app.context, p);
    CL.clSVMFree(app.context, p); /* unless it is free already */
}

static void semaphores(void)
{
    cl_semaphore_khr(CL_API_CALL * create)(cl_context, const cl_properties *, cl_int *) =
        function("clCreateSemaphoreWithPropertiesKHR");
    cl_int(CL_API_CALL * signal)(cl_command_queue, cl_uint, const cl_semaphore_khr *,
                                 const cl_ulong *, cl_uint, const cl_event *, cl_event *) =
        function("clEnqueueSignalSemaphoresKHR");
    cl_int(CL_API_CALL * info)(cl_semaphore_khr, cl_uint, size_t, void *, size_t *) =
        function("clGetSemaphoreInfoKHR");
    cl_int(CL_API_CALL * release)(cl_semaphore_khr) = function("clReleaseSemaphoreKHR");
    const cl_properties properties[] = {CL_SEMAPHORE_TYPE_KHR,
                                        CL_SEMAPHORE_TYPE_BINARY_KHR,
                                        CL_SEMAPHORE_DEVICE_HANDLE_LIST_KHR,
                                        (uintptr_t)app.device,
                                        0,
                                        0};
    cl_ulong payload = 1;
    size_t n;
    cl_int err;
    cl_semaphore_khr s = create(app.context, properties, &err);
    if (!s)
        return;
    signal(app.queue, 1, &s, &payload, 0, NULL, NULL);
    info(s, CL_SEMAPHORE_PAYLOAD_KHR, sizeof(payload), &payload, &n);
    release(s);
}

static void extensions(void)
{
    cl_int(CL_API_CALL * suggest)(cl_command_queue, cl_kernel, cl_uint, const size_t *,
                                  const size_t *, size_t *) =
        function("clGetKernelSuggestedLocalWorkSizeKHR");
    cl_uint dim = 1 + fuzz_pick(&helper.in, 3);
    size_t global[3] = {8, 8, 8}, *size = malloc(dim * sizeof(*size));
    cl_int(CL_API_CALL * set_address)(cl_kernel, cl_uint, cl_mem_device_address_ext) =
        function("clSetKernelArgDevicePointerEXT");
    switch (fuzz_pick(&helper.in, 6)) {
    case 0:
        set_address(app.kernel, 0, fuzz_u64(&helper.in));
        break;
    case 5:
        semaphores();
        break;
    case 1:
        unified_memory();
        break;
    case 2:
        suggest(app.queue, app.kernel, dim, NULL, global, size);
        break;
    default:
        command_buffers();
    }
    free(size);
}

static void step(void)
{
    static void (*const steps[])(void) = {query,     query,        lists,         binaries,
                                          transfers, transfers,    maps,          objects,
                                          commands,  send_message, shared_memory, extensions};
    steps[fuzz_pick(&helper.in, sizeof(steps) / sizeof(steps[0]))]();
    if (fuzz_pick(&helper.in, 4) == 0)
        guest_messages_deliver();
}

/* A new connection for the old objects. */
static void begin(const uint8_t *data, size_t size)
{
    static bool first = true;
    memset(channel, 0, VOCL_HEADER_SIZE);
    vocl_channel_init(channel, 1);
    vocl_channel_header(channel)->max_objects = 1u << 20;
    vocl_ring_init_cmd(&helper.cmd, channel);
    vocl_ring_init_msg(&helper.msg, channel);
    guest_connection_reset();
    guest_messages_reset();
    if (first) {
        first = false;
        if (!freopen("/dev/null", "w", stdout)) /* what kernels "print" */
            abort();
        setenv("VOCL_SOCKET", "fuzz", 1);
        helper.honest = true;
        make_objects();
        helper.honest = false;
    }
    helper.fragments = 0;
    helper.in = (struct fuzz_input){data, data + size};
}

/* Contexts' callbacks and the program's objects live on. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:add_record\nleak:gcl_object_create\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin(data, size);
    while (!fuzz_empty(&helper.in))
        step();
    guest_messages_deliver();
    return 0;
}

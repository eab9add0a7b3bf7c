// SPDX-License-Identifier: MIT
/*
 * fuzz_host.c - the worker's decoder and every handler, fed with a hostile
 * guest's command ring, against a runtime that believes nothing
 * (fake_native.h).
 *
 * The guest is played by the transport: whenever the decoder would sleep, the
 * next records are put into the ring. Calls that would go to a waiter thread
 * are carried out at once. Before a call blocks, what "another thread" of the guest
 * sends is decoded.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "decoder.h"
#include "extension_types.h"
#include "fake_worker.h"
#include "fuzz.h"
#include "fuzz_body.h"
#include "regions.h"

/* ---- the guest ---- */

struct guest {
    struct fake_worker fake;
    struct vocl_writer body;
    struct fuzz_input in;
    bool raw; /* the ring's bytes themselves are the input */
    bool prelude_done;
    unsigned blocked; /* calls within one another */
};

static struct guest guest;

static void send(uint16_t op)
{
    uint16_t slot = fuzz_pick(&guest.in, 8) ? fuzz_pick(&guest.in, 4) : VOCL_NO_SLOT;
    if (!guest.body.error && guest.body.len < VOCL_RECORD_MAX - 8)
        vocl_ring_put(&guest.fake.cmd, op, slot, guest.body.buf, (uint32_t)guest.body.len);
}

#define SEND(call, ...) SEND_AS(VOCL_OP_##call, call, __VA_ARGS__)
#define SEND_AS(op, call, ...)                                                                     \
    do {                                                                                           \
        vocl_writer_reset(&guest.body);                                                            \
        vocl_put_##call##_req(&guest.body, &(struct vocl_##call##_req){__VA_ARGS__});              \
        vocl_ring_put(&guest.fake.cmd, op, 0, guest.body.buf, (uint32_t)guest.body.len);           \
    } while (0)

/* One object of each sort, under the numbers of fuzz_body.h. */
static void prelude(void)
{
    static const uint64_t device[] = {FUZZ_DEVICE}, waits[] = {FUZZ_USER_EVENT},
                          queues[] = {FUZZ_QUEUE}, one[] = {1},
                          addressed[] = {CL_MEM_DEVICE_PRIVATE_ADDRESS_EXT, CL_TRUE, 0},
                          binary[] = {CL_SEMAPHORE_TYPE_KHR, CL_SEMAPHORE_TYPE_BINARY_KHR, 0};
    static const uint64_t desc[9] = {CL_MEM_OBJECT_IMAGE2D, 16, 16, 0, 0, 0, 0, 0, 0};
    static const struct vocl_bytes source[] = {{"kernel", 6}};
    struct vocl_payload region = {VOCL_PAYLOAD_REGION, FUZZ_REGION_SIZE, FUZZ_REGION, 0, NULL};
    SEND(clGetPlatformIDs, 0);
    SEND(clGetDeviceIDs, .platform = FUZZ_PLATFORM, .device_type = CL_DEVICE_TYPE_ALL);
    SEND(clCreateContext, .id = FUZZ_CONTEXT, .devices = {device, 1});
    SEND(clCreateCommandQueue, .id = FUZZ_QUEUE, .context = FUZZ_CONTEXT, .device = FUZZ_DEVICE);
    SEND(clCreateBuffer, .id = FUZZ_BUFFER, .context = FUZZ_CONTEXT, .size = FUZZ_REGION_SIZE);
    SEND(clCreateBuffer, .id = FUZZ_SHARED, .context = FUZZ_CONTEXT, .flags = CL_MEM_USE_HOST_PTR,
         .size = FUZZ_REGION_SIZE, .shared = 1, .host_ptr = region);
    SEND(clCreateBufferWithProperties, .id = FUZZ_ADDRESSED, .context = FUZZ_CONTEXT, .size = 5000,
         .properties = {addressed, 3});
    SEND(clCreateImage, .id = FUZZ_IMAGE, .context = FUZZ_CONTEXT, .desc = {desc, 9});
    SEND(clCreateSampler, .id = FUZZ_SAMPLER, .context = FUZZ_CONTEXT, .addressing_mode = 1);
    SEND(clCreateProgramWithSource, .id = FUZZ_PROGRAM, .context = FUZZ_CONTEXT,
         .strings = {.list = source, .count = 1});
    SEND(clCreateKernel, .id = FUZZ_KERNEL, .program = FUZZ_PROGRAM, .kernel_name = {"k", 2});
    SEND(clCreateUserEvent, .id = FUZZ_USER_EVENT, .slot = 1, .context = FUZZ_CONTEXT);
    SEND(clSVMAlloc, .id = FUZZ_SVM, .context = FUZZ_CONTEXT, .size = FUZZ_REGION_SIZE);
    SEND_AS(VOCL_OP_SVM_PLACE, svm_place, .svm = FUZZ_SVM, .region = FUZZ_REGION);
    SEND_AS(VOCL_OP_USM_ALLOC, usm_alloc, .id = FUZZ_USM, .context = FUZZ_CONTEXT,
            .type = CL_MEM_TYPE_HOST_INTEL, .size = FUZZ_REGION_SIZE);
    SEND_AS(VOCL_OP_SVM_PLACE, svm_place, .svm = FUZZ_USM, .region = FUZZ_REGION);
    SEND(clEnqueueMarkerWithWaitList, .command_queue = FUZZ_QUEUE, .event_wait_list = {waits, 1},
         .event = FUZZ_EVENT, .event_slot = 2);
    SEND(clCreateCommandBufferKHR, .id = FUZZ_COMMAND_BUFFER, .queues = {queues, 1});
    SEND(clCommandNDRangeKernelKHR, .command_buffer = FUZZ_COMMAND_BUFFER, .kernel = FUZZ_KERNEL,
         .work_dim = 1, .global_work_size = {one, 1}, .mutable_handle = FUZZ_COMMAND);
    SEND(clCreateSemaphoreWithPropertiesKHR, .id = FUZZ_SEMAPHORE, .context = FUZZ_CONTEXT,
         .properties = {binary, 3});
}

static void send_made_up(void)
{
    const struct fuzz_call *call = &fuzz_calls[fuzz_pick(&guest.in, fuzz_num_calls)];
    vocl_writer_reset(&guest.body);
    fuzz_body(&guest.in, call->request, &guest.body);
    send(fuzz_pick(&guest.in, 64) ? call->op : (uint16_t)fuzz_pick(&guest.in, 300));
}

/* A body in pieces, some of them false. */
static void send_fragments(void)
{
    const struct fuzz_call *call = &fuzz_calls[fuzz_pick(&guest.in, fuzz_num_calls)];
    struct vocl_writer whole = {0};
    fuzz_body(&guest.in, call->request, &whole);
    uint64_t total = fuzz_pick(&guest.in, 16) ? whole.len : fuzz_u64(&guest.in);
    for (size_t at = 0; at < whole.len;) {
        size_t n = 8 * (1 + fuzz_pick(&guest.in, 16));
        n = n < whole.len - at ? n : whole.len - at;
        vocl_writer_reset(&guest.body);
        vocl_put_u64(&guest.body, total);
        vocl_put_u64(&guest.body, call->op);
        for (size_t i = 0; i < n; i += 8)
            vocl_put_u64(&guest.body, *(uint64_t *)(whole.buf + at + i));
        send(VOCL_OP_FRAGMENT);
        at += n;
    }
    vocl_writer_finish(&whole);
}

/* What the program does beside sending: it reads messages, sleeps on slots. */
static void behave(void)
{
    struct vocl_channel_header *h = vocl_channel_header(fake_channel);
    uint32_t slot = fuzz_pick(&guest.in, 4);
    switch (fuzz_pick(&guest.in, 8)) {
    case 0:
        h->msg_head = h->msg_tail;
        break;
    case 1:
        vocl_channel_reply(fake_channel, slot)->state = VOCL_REPLY_PENDING_ASLEEP;
        break;
    case 2:
        *vocl_channel_event(fake_channel, slot) = VOCL_EVENT_PENDING_ASLEEP;
        break;
    case 3:
        h->msg_asleep = h->cmd_full = 1;
        break;
    case 4:
        if (fuzz_pick(&guest.in, 16) == 15)
            h->msg_head = (uint32_t)fuzz_u64(&guest.in);
        break;
    }
}

static void put_raw(void)
{
    size_t n = guest.in.end - guest.in.at;
    n = n < VOCL_CMD_RING_SIZE ? n : VOCL_CMD_RING_SIZE;
    memcpy(guest.fake.cmd.data, guest.in.at, n);
    guest.in.at = guest.in.end;
    *guest.fake.cmd.tail = n % 5 ? (uint32_t)n / 8 * 8 : (uint32_t)n;
}

/* The decoder has nothing to do. */
static int next_records(struct hcl_transport *t, int timeout_ms)
{
    (void)t, (void)timeout_ms;
    if (guest.raw && !fuzz_empty(&guest.in)) {
        put_raw();
        return 0;
    }
    if (!guest.raw && !guest.prelude_done) {
        prelude();
        guest.prelude_done = true;
        return 0;
    }
    if (fuzz_empty(&guest.in))
        return -1;
    behave();
    if (fuzz_pick(&guest.in, 32))
        send_made_up();
    else
        send_fragments();
    return 0;
}

static void interrupt(struct hcl_transport *t)
{
    (void)t;
}

static void wake(struct hcl_transport *t, uint32_t *word)
{
    (void)t;
    if ((uint8_t *)word < fake_channel || (uint8_t *)word >= fake_channel + sizeof(fake_channel))
        abort();
}

static const struct hcl_transport_ops ops = {
    .name = "fuzz", .wait = next_records, .interrupt = interrupt, .wake = wake};

/* ---- the worker ---- */

static const struct hcl_options plain = {.max_objects = FUZZ_MAX_ID};
static const struct hcl_options no_callbacks = {.max_objects = FUZZ_MAX_ID, .no_callbacks = true};

/* Calls that block at a time. */
#define MAX_BLOCKED 3

static bool blocks(void)
{
    if (guest.blocked == MAX_BLOCKED || !fuzz_pick(&guest.in, 8))
        return false;
    guest.blocked++;
    fake_worker_decode(&guest.fake, (unsigned)fuzz_pick(&guest.in, 4));
    guest.blocked--;
    return true;
}

static bool takes_back(void)
{
    return fuzz_pick(&guest.in, 4);
}

/* hcl_region_copy_fn: all of the memory is there, and nothing before or behind. */
static int copy_listed(void *opaque, uint32_t id, uint64_t off, void *mem, uint64_t len,
                       bool to_guest)
{
    static uint8_t pages[FUZZ_REGION_SIZE];
    (void)opaque;
    if (id != FUZZ_LISTED || off > sizeof(pages) || len > sizeof(pages) - off)
        abort();
    if (to_guest)
        memcpy(pages + off, mem, len);
    else
        memcpy(mem, pages + off, len);
    return len % 1024 == 1 ? -EFAULT : 0;
}

static void begin(const uint8_t *data, size_t size)
{
    guest = (struct guest){.in = {data + 1, data + size}, .raw = data[0] % 8 == 7};
    fake_crew_blocks = blocks;
    fake_crew_takes_back = takes_back;
    fake_worker_begin(&guest.fake, &ops, data[0] / 8 % 2 ? &no_callbacks : &plain, FUZZ_REGION,
                      FUZZ_REGION_SIZE);
    if (hcl_region_list(guest.fake.base.regions, FUZZ_LISTED, FUZZ_REGION_SIZE, data[0] & 16,
                        copy_listed, NULL) ||
        hcl_region_publish(guest.fake.base.regions, FUZZ_LISTED))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    begin(data, size);
    fake_worker_decode(&guest.fake, UINT_MAX);
    fake_worker_end(&guest.fake);
    vocl_writer_finish(&guest.body);
    return 0;
}

// SPDX-License-Identifier: MIT
#include "vhost_user.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "vring.h"

#define FEATURES (HCL_VU_F_VERSION_1 | HCL_VU_F_PROTOCOL_FEATURES)

/* We have nothing to ask a front end, but user-mode Linux 6.1 allocates its
 * queues' interrupt together with the channel for that. */
#define PROTOCOL_FEATURES                                                                          \
    (HCL_VU_PF_MQ | HCL_VU_PF_REPLY_ACK | HCL_VU_PF_BACKEND_REQ | HCL_VU_PF_CONFIG |               \
     HCL_VU_PF_RESET_DEVICE | HCL_VU_PF_CONFIGURE_MEM_SLOTS)

/* A message on its way through a handler. A handler that keeps a descriptor
 * puts -1 in its place. */
struct call {
    const struct hcl_vu_message *m;
    int *fds;
    unsigned nfds;
    bool has_reply; /* an answer of its own */
    struct hcl_vu_message *reply;
};

/* User-mode Linux counts on acknowledgements from the moment in which it knows
 * what it will set: asks for one of SET_PROTOCOL_FEATURES itself. So this is
 * asked after a message has been carried out. */
static bool wants_ack(const struct hcl_vu *vu, const struct call *call)
{
    return (call->m->hdr.flags & HCL_VU_FLAG_NEED_REPLY) && !call->has_reply &&
           (vu->protocol_features & HCL_VU_PF_REPLY_ACK);
}

static void reply_with(struct call *call, const void *payload, size_t len)
{
    memcpy(call->reply->payload, payload, len);
    call->reply->hdr.size = (uint32_t)len;
}

static void reply_u64(struct call *call, uint64_t value)
{
    reply_with(call, &value, sizeof(value));
}

static uint64_t payload_u64(const struct call *call)
{
    uint64_t value;
    memcpy(&value, call->m->payload, sizeof(value));
    return value;
}

static struct hcl_vu_state payload_state(const struct call *call)
{
    struct hcl_vu_state state;
    memcpy(&state, call->m->payload, sizeof(state));
    return state;
}

static int take_fd(struct call *call)
{
    int fd = call->fds[0];
    call->fds[0] = -1;
    return fd;
}

/* NULL: out of range. Queues that the front end names are queues that it has:
 * what config space says depends on it. */
static struct hcl_vu_queue *get_queue(struct hcl_vu *vu, uint32_t index)
{
    if (index >= HCL_VM_MAX_QUEUES)
        return NULL;
    if (vu->queues_seen <= index)
        vu->queues_seen = index + 1;
    return &vu->queue[index];
}

/* ---- features ---- */

static int get_features(struct hcl_vu *vu, struct call *call)
{
    reply_u64(call, FEATURES);
    return 0;
}

static int set_features(struct hcl_vu *vu, struct call *call)
{
    uint64_t features = payload_u64(call);

    if (features & ~FEATURES) {
        hcl_log("%s: feature bits %#llx were not offered", vu->name,
                (unsigned long long)(features & ~FEATURES));
        return -EINVAL;
    }
    vu->features = features;
    return 0;
}

static int get_protocol_features(struct hcl_vu *vu, struct call *call)
{
    reply_u64(call, PROTOCOL_FEATURES);
    return 0;
}

static int set_protocol_features(struct hcl_vu *vu, struct call *call)
{
    uint64_t features = payload_u64(call);

    if (features & ~PROTOCOL_FEATURES)
        return -EINVAL;
    vu->protocol_features = features;
    return 0;
}

/* Deprecated since its meaning was never agreed on; ignoring it is the
 * specification's advice. */
static int ignore(struct hcl_vu *vu, struct call *call)
{
    return 0;
}

/* Kept, for its end would be an event in the front end. */
static int set_backend_req_fd(struct hcl_vu *vu, struct call *call)
{
    if (call->nfds != 1)
        return -EINVAL;
    if (vu->backend_req_fd >= 0)
        close(vu->backend_req_fd);
    vu->backend_req_fd = take_fd(call);
    return 0;
}

static int get_queue_num(struct hcl_vu *vu, struct call *call)
{
    reply_u64(call, 1 + hcl_vm_max_clients(vu->vm));
    return 0;
}

/* ---- guest memory ---- */

static struct hcl_ram_region to_ram(const struct hcl_vu_region *r, int fd)
{
    return (struct hcl_ram_region){
        .gpa = r->gpa, .size = r->size, .user = r->user, .offset = r->offset, .fd = fd};
}

static int set_mem_table(struct hcl_vu *vu, struct call *call)
{
    const struct hcl_vu_memory *table = (const void *)call->m->payload;
    struct hcl_ram_region r[HCL_VU_TABLE_REGIONS] = {0};
    uint32_t n = table->count;

    /* User-mode Linux always sends room for two regions. */
    if (n > HCL_VU_TABLE_REGIONS || n != call->nfds ||
        call->m->hdr.size - sizeof(*table) < n * sizeof(table->region[0]))
        return -EINVAL;
    for (uint32_t i = 0; i < n; i++)
        r[i] = to_ram(&table->region[i], call->fds[i]);
    int rc = hcl_guest_ram_set(&vu->ram, r, n);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < n; i++)
        call->fds[i] = -1;
    return hcl_vm_ram_changed(vu->vm);
}

static int get_max_mem_slots(struct hcl_vu *vu, struct call *call)
{
    reply_u64(call, HCL_RAM_MAX_REGIONS);
    return 0;
}

static int add_mem_reg(struct hcl_vu *vu, struct call *call)
{
    const struct hcl_vu_one_region *one = (const void *)call->m->payload;

    if (call->nfds != 1)
        return -EINVAL;
    const struct hcl_ram_region r = to_ram(&one->region, call->fds[0]);
    int rc = hcl_guest_ram_add(&vu->ram, &r);
    if (rc < 0)
        return rc;
    take_fd(call);
    return hcl_vm_ram_changed(vu->vm);
}

/* A descriptor may come with it and is not wanted (§ REM_MEM_REG). */
static int rem_mem_reg(struct hcl_vu *vu, struct call *call)
{
    const struct hcl_vu_one_region *one = (const void *)call->m->payload;

    int rc = hcl_guest_ram_remove(&vu->ram, one->region.gpa, one->region.user, one->region.size);
    return rc < 0 ? rc : hcl_vm_ram_changed(vu->vm);
}

/* ---- rings ---- */

static int place_ring(const struct hcl_vu *vu, const struct hcl_vu_queue *q,
                      struct hcl_ring_place *at)
{
    at->num = q->num;
    int rc = hcl_guest_ram_user(&vu->ram, q->addr.desc, hcl_vring_desc_size(q->num), &at->desc);
    if (rc == 0)
        rc = hcl_guest_ram_user(&vu->ram, q->addr.avail, hcl_vring_avail_size(q->num), &at->avail);
    if (rc == 0)
        rc = hcl_guest_ram_user(&vu->ram, q->addr.used, hcl_vring_used_size(q->num), &at->used);
    return rc;
}

/* A ring starts with its kick descriptor, and counts as disabled until it is
 * enabled if protocol features were negotiated (§ Ring states). */
static int start_if_ready(struct hcl_vu *vu, uint32_t index)
{
    struct hcl_vu_queue *q = &vu->queue[index];
    struct hcl_vm_queue vq = {.base = q->base, .kick_fd = q->kick_fd, .call_fd = q->call_fd};
    bool enabled = q->enabled || !(vu->features & HCL_VU_F_PROTOCOL_FEATURES);

    if (q->started || !enabled || q->kick_fd < 0 || !q->has_addr)
        return 0;
    if (!(vu->features & HCL_VU_F_VERSION_1)) {
        hcl_log("%s: the guest's driver does not know VIRTIO_F_VERSION_1", vu->name);
        return -EINVAL;
    }
    int rc = place_ring(vu, q, &vq.ring);
    if (rc == 0)
        rc = hcl_vm_queue_start(vu->vm, index, &vq);
    q->started = rc == 0;
    return rc;
}

static int set_vring_num(struct hcl_vu *vu, struct call *call)
{
    const struct hcl_vu_state state = payload_state(call);
    struct hcl_vu_queue *q = get_queue(vu, state.index);

    if (!q || q->started || !hcl_vring_num_valid(state.num))
        return -EINVAL;
    q->num = state.num;
    return 0;
}

static int set_vring_addr(struct hcl_vu *vu, struct call *call)
{
    struct hcl_vu_addr addr;

    memcpy(&addr, call->m->payload, sizeof(addr));
    struct hcl_vu_queue *q = get_queue(vu, addr.index);
    if (!q || q->num == 0 || addr.flags != 0) /* flag 0 is dirty logging, not offered */
        return -EINVAL;
    if (q->started) {
        bool same =
            addr.desc == q->addr.desc && addr.avail == q->addr.avail && addr.used == q->addr.used;
        return same ? 0 : -EBUSY;
    }
    q->addr = addr;
    q->has_addr = true;
    return start_if_ready(vu, addr.index);
}

static int set_vring_base(struct hcl_vu *vu, struct call *call)
{
    const struct hcl_vu_state state = payload_state(call);
    struct hcl_vu_queue *q = get_queue(vu, state.index);

    if (!q || q->started || state.num > UINT16_MAX)
        return -EINVAL;
    q->base = (uint16_t)state.num;
    return 0;
}

/* Checks the payload of KICK, CALL and ERR. */
static struct hcl_vu_queue *queue_of_fd(struct hcl_vu *vu, struct call *call, uint32_t *index)
{
    uint64_t payload = payload_u64(call);

    if (payload & ~(uint64_t)(HCL_VU_VRING_INDEX_MASK | HCL_VU_VRING_NO_FD))
        return NULL;
    if (call->nfds != (payload & HCL_VU_VRING_NO_FD ? 0u : 1u))
        return NULL;
    *index = (uint32_t)(payload & HCL_VU_VRING_INDEX_MASK);
    return get_queue(vu, *index);
}

static int set_vring_kick(struct hcl_vu *vu, struct call *call)
{
    uint32_t index;
    struct hcl_vu_queue *q = queue_of_fd(vu, call, &index);

    if (!q || q->started)
        return -EINVAL;
    if (call->nfds == 0) {
        hcl_log("%s: queue %u has no kick descriptor; a polled queue is not supported", vu->name,
                index);
        return -ENOTSUP;
    }
    int rc = hcl_vring_fd_prepare(call->fds[0]);
    if (rc < 0)
        return rc;
    if (q->kick_fd >= 0)
        close(q->kick_fd);
    q->kick_fd = take_fd(call);
    return start_if_ready(vu, index);
}

static int set_vring_call(struct hcl_vu *vu, struct call *call)
{
    uint32_t index;
    struct hcl_vu_queue *q = queue_of_fd(vu, call, &index);
    int rc = q ? 0 : -EINVAL;

    if (rc == 0 && call->nfds > 0)
        rc = hcl_vring_fd_prepare(call->fds[0]);
    if (rc < 0)
        return rc;
    int old = q->call_fd;
    q->call_fd = call->nfds > 0 ? take_fd(call) : -1;
    if (q->started)
        hcl_vm_queue_call(vu->vm, index, q->call_fd);
    if (old >= 0)
        close(old);
    return 0;
}

/* An error of a queue ends up in our log; nobody listens at the descriptor. */
static int set_vring_err(struct hcl_vu *vu, struct call *call)
{
    uint32_t index;
    return queue_of_fd(vu, call, &index) ? 0 : -EINVAL;
}

/* ---- stopping: answered when the workers have exited ---- */

static void send_put_off(void *opaque);

/* Fills what is common to both ways to answer. */
static int put_off(struct hcl_vu *vu, struct call *call)
{
    vu->put_off.hdr = call->reply->hdr;
    vu->put_off.hdr.size = wants_ack(vu, call) ? sizeof(uint64_t) : 0;
    memset(vu->put_off.payload, 0, sizeof(uint64_t));
    if (call->m->hdr.request == HCL_VU_GET_VRING_BASE) {
        vu->put_off.hdr.size = sizeof(struct hcl_vu_state);
        memcpy(vu->put_off.payload, call->m->payload, sizeof(struct hcl_vu_state));
    }
    return HCL_VU_PUT_OFF;
}

/* The control queue takes all others with it: without it no client can end. */
static void mark_stopped(struct hcl_vu *vu, uint32_t index)
{
    uint32_t last = index == VIRTIO_OCL_QUEUE_CONTROL ? HCL_VM_MAX_QUEUES - 1 : index;

    for (uint32_t i = index; i <= last; i++) {
        if (!vu->queue[i].started)
            continue;
        vu->queue[i].base = hcl_vm_queue_base(vu->vm, i);
        vu->queue[i].started = false;
    }
}

static int stop_queue(struct hcl_vu *vu, struct call *call, uint32_t index)
{
    bool started = vu->queue[index].started;

    mark_stopped(vu, index);
    if (!started || hcl_vm_queue_stop(vu->vm, index, send_put_off, vu))
        return 0;
    return put_off(vu, call);
}

static void drop_kick(struct hcl_vu_queue *q)
{
    if (q->kick_fd >= 0)
        close(q->kick_fd);
    q->kick_fd = -1;
}

/* After this a ring waits for a new kick descriptor (§ Ring states). */
static void base_reply(struct hcl_vu *vu, struct hcl_vu_message *reply)
{
    struct hcl_vu_state state;

    memcpy(&state, reply->payload, sizeof(state));
    drop_kick(&vu->queue[state.index]);
    state.num = vu->queue[state.index].base;
    memcpy(reply->payload, &state, sizeof(state));
}

static void send_put_off(void *opaque)
{
    struct hcl_vu *vu = opaque;
    struct hcl_vu_state state;

    if (vu->put_off.hdr.request == HCL_VU_GET_VRING_BASE) {
        /* The worker may have gone on until it was killed. */
        memcpy(&state, vu->put_off.payload, sizeof(state));
        vu->queue[state.index].base = hcl_vm_queue_base(vu->vm, state.index);
        base_reply(vu, &vu->put_off);
    }
    vu->finished(vu->opaque, &vu->put_off);
}

static int get_vring_base(struct hcl_vu *vu, struct call *call)
{
    const struct hcl_vu_state state = payload_state(call);

    if (!get_queue(vu, state.index))
        return -EINVAL;
    int rc = stop_queue(vu, call, state.index);
    if (rc != 0)
        return rc;
    reply_with(call, &state, sizeof(state));
    base_reply(vu, call->reply);
    return 0;
}

/* User-mode Linux frees a ring after it has disabled it, and never asks for
 * its base: so disabling is stopping. */
static int set_vring_enable(struct hcl_vu *vu, struct call *call)
{
    const struct hcl_vu_state state = payload_state(call);
    struct hcl_vu_queue *q = get_queue(vu, state.index);

    if (!q || state.num > 1)
        return -EINVAL;
    q->enabled = state.num == 1;
    return q->enabled ? start_if_ready(vu, state.index) : stop_queue(vu, call, state.index);
}

static int reset_device(struct hcl_vu *vu, struct call *call)
{
    for (uint32_t i = 0; i < HCL_VM_MAX_QUEUES; i++) {
        vu->queue[i].enabled = false;
        vu->queue[i].has_addr = false;
    }
    return stop_queue(vu, call, VIRTIO_OCL_QUEUE_CONTROL);
}

/* ---- config space ---- */

static bool config_valid(const struct call *call, const struct hcl_vu_config *c)
{
    return c->size <= HCL_VU_MAX_CONFIG && c->offset <= HCL_VU_MAX_CONFIG - c->size &&
           call->m->hdr.size - sizeof(*c) >= c->size;
}

/* A front end may believe that our config space is larger: the rest is zero. */
static int get_config(struct hcl_vu *vu, struct call *call)
{
    const struct hcl_vu_config *c = (const void *)call->m->payload;
    uint8_t space[HCL_VU_MAX_CONFIG] = {0};
    struct virtio_ocl_config cfg;

    if (!config_valid(call, c))
        return -EINVAL;
    hcl_vm_config(vu->vm, vu->queues_seen, &cfg);
    memcpy(space, &cfg, sizeof(cfg));
    reply_with(call, c, sizeof(*c));
    memcpy(call->reply->payload + sizeof(*c), space + c->offset, c->size);
    call->reply->hdr.size += c->size;
    return 0;
}

/* Nothing in it can be written; a front end that does not ask is not told. */
static int set_config(struct hcl_vu *vu, struct call *call)
{
    hcl_log_debug("%s: a write to config space is ignored", vu->name);
    return wants_ack(vu, call) ? -EPERM : 0;
}

/* ---- dispatch ---- */

struct request {
    const char *name;
    uint32_t min_size;
    uint32_t max_size;
    unsigned max_fds;
    bool has_reply; /* of its own, not an acknowledgement */
    int (*fn)(struct hcl_vu *vu, struct call *call);
};

#define NOTHING 0, 0
#define U64 sizeof(uint64_t), sizeof(uint64_t)
#define STATE sizeof(struct hcl_vu_state), sizeof(struct hcl_vu_state)
#define ADDR sizeof(struct hcl_vu_addr), sizeof(struct hcl_vu_addr)
#define TABLE sizeof(struct hcl_vu_memory), HCL_VU_MAX_PAYLOAD
#define REGION sizeof(struct hcl_vu_one_region), sizeof(struct hcl_vu_one_region)
#define CONFIG sizeof(struct hcl_vu_config), HCL_VU_MAX_PAYLOAD
#define REPLIES true
#define ACK false

static const struct request requests[HCL_VU_REQUESTS] = {
    [HCL_VU_GET_FEATURES] = {"GET_FEATURES", NOTHING, 0, REPLIES, get_features},
    [HCL_VU_SET_FEATURES] = {"SET_FEATURES", U64, 0, ACK, set_features},
    [HCL_VU_SET_OWNER] = {"SET_OWNER", NOTHING, 0, ACK, ignore},
    [HCL_VU_RESET_OWNER] = {"RESET_OWNER", NOTHING, 0, ACK, ignore},
    [HCL_VU_SET_MEM_TABLE] = {"SET_MEM_TABLE", TABLE, HCL_VU_TABLE_REGIONS, ACK, set_mem_table},
    [HCL_VU_SET_VRING_NUM] = {"SET_VRING_NUM", STATE, 0, ACK, set_vring_num},
    [HCL_VU_SET_VRING_ADDR] = {"SET_VRING_ADDR", ADDR, 0, ACK, set_vring_addr},
    [HCL_VU_SET_VRING_BASE] = {"SET_VRING_BASE", STATE, 0, ACK, set_vring_base},
    [HCL_VU_GET_VRING_BASE] = {"GET_VRING_BASE", STATE, 0, REPLIES, get_vring_base},
    [HCL_VU_SET_VRING_KICK] = {"SET_VRING_KICK", U64, 1, ACK, set_vring_kick},
    [HCL_VU_SET_VRING_CALL] = {"SET_VRING_CALL", U64, 1, ACK, set_vring_call},
    [HCL_VU_SET_VRING_ERR] = {"SET_VRING_ERR", U64, 1, ACK, set_vring_err},
    [HCL_VU_GET_PROTOCOL_FEATURES] = {"GET_PROTOCOL_FEATURES", NOTHING, 0, REPLIES,
                                      get_protocol_features},
    [HCL_VU_SET_PROTOCOL_FEATURES] = {"SET_PROTOCOL_FEATURES", U64, 0, ACK, set_protocol_features},
    [HCL_VU_GET_QUEUE_NUM] = {"GET_QUEUE_NUM", NOTHING, 0, REPLIES, get_queue_num},
    [HCL_VU_SET_VRING_ENABLE] = {"SET_VRING_ENABLE", STATE, 0, ACK, set_vring_enable},
    [HCL_VU_SET_BACKEND_REQ_FD] = {"SET_BACKEND_REQ_FD", NOTHING, 1, ACK, set_backend_req_fd},
    [HCL_VU_GET_CONFIG] = {"GET_CONFIG", CONFIG, 0, REPLIES, get_config},
    [HCL_VU_SET_CONFIG] = {"SET_CONFIG", CONFIG, 0, ACK, set_config},
    [HCL_VU_RESET_DEVICE] = {"RESET_DEVICE", NOTHING, 0, ACK, reset_device},
    [HCL_VU_GET_MAX_MEM_SLOTS] = {"GET_MAX_MEM_SLOTS", NOTHING, 0, REPLIES, get_max_mem_slots},
    [HCL_VU_ADD_MEM_REG] = {"ADD_MEM_REG", REGION, 1, ACK, add_mem_reg},
    [HCL_VU_REM_MEM_REG] = {"REM_MEM_REG", REGION, 1, ACK, rem_mem_reg},
};

static const struct request *find_request(uint32_t request)
{
    if (request >= HCL_VU_REQUESTS || !requests[request].fn)
        return NULL;
    return &requests[request];
}

int hcl_vu_check_header(const struct hcl_vu *vu, const struct hcl_vu_header *hdr)
{
    const struct request *r = find_request(hdr->request);
    const char *why = NULL;

    if ((hdr->flags & HCL_VU_FLAG_VERSION_MASK) != HCL_VU_FLAG_VERSION)
        why = "is of another version of vhost-user";
    else if (hdr->flags & HCL_VU_FLAG_REPLY)
        why = "is a reply to nothing";
    else if (hdr->size > HCL_VU_MAX_PAYLOAD || (r && hdr->size > r->max_size))
        why = "is too long";
    else if (r && hdr->size < r->min_size)
        why = "is too short";
    if (!why)
        return 0;
    hcl_log("%s: message %u (%s) of %u bytes %s", vu->name, hdr->request, r ? r->name : "unknown",
            hdr->size, why);
    return -EPROTO;
}

static int call_handler(struct hcl_vu *vu, const struct request *r, struct call *call)
{
    if (!r) {
        hcl_log("%s: message %u is not known here", vu->name, call->m->hdr.request);
        return -ENOSYS;
    }
    if (call->nfds > r->max_fds) {
        hcl_log("%s: %s came with %u descriptors", vu->name, r->name, call->nfds);
        return -EPROTO;
    }
    int rc = r->fn(vu, call);
    if (rc < 0)
        hcl_log("%s: %s was refused: %s", vu->name, r->name, strerror(-rc));
    return rc;
}

int hcl_vu_handle(struct hcl_vu *vu, const struct hcl_vu_message *m, int *fds, unsigned nfds,
                  struct hcl_vu_message *reply)
{
    const struct request *r = find_request(m->hdr.request);
    struct call call = {
        .m = m, .fds = fds, .nfds = nfds, .reply = reply, .has_reply = r && r->has_reply};

    reply->hdr.request = m->hdr.request;
    reply->hdr.flags = HCL_VU_FLAG_VERSION | HCL_VU_FLAG_REPLY;
    reply->hdr.size = 0;
    int rc = hcl_vu_check_header(vu, &m->hdr);
    if (rc == 0)
        rc = call_handler(vu, r, &call);
    for (unsigned i = 0; i < nfds; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    /* Whoever asks for an acknowledgement is told, and may go on; to others
     * the end of the connection is the only way to say it. */
    if (rc == HCL_VU_PUT_OFF || rc == -EPROTO || !wants_ack(vu, &call))
        return rc;
    reply_u64(&call, rc < 0 ? 1 : 0);
    return 0;
}

/* ---- beginning and end ---- */

int hcl_vu_init(struct hcl_vu *vu, struct hcl_server *s, const char *name,
                hcl_vu_finished_fn finished, hcl_vm_pending_fn pending, void *opaque)
{
    memset(vu, 0, sizeof(*vu));
    vu->name = name;
    vu->finished = finished;
    vu->opaque = opaque;
    vu->backend_req_fd = -1;
    hcl_guest_ram_init(&vu->ram, true);
    for (uint32_t i = 0; i < HCL_VM_MAX_QUEUES; i++) {
        vu->queue[i].kick_fd = -1;
        vu->queue[i].call_fd = -1;
    }
    vu->vm = hcl_vm_create(s, name, &vu->ram, pending, opaque);
    return vu->vm ? 0 : -ENOMEM;
}

void hcl_vu_finish(struct hcl_vu *vu)
{
    hcl_vm_destroy(vu->vm);
    vu->vm = NULL;
    for (uint32_t i = 0; i < HCL_VM_MAX_QUEUES; i++) {
        drop_kick(&vu->queue[i]);
        if (vu->queue[i].call_fd >= 0)
            close(vu->queue[i].call_fd);
    }
    if (vu->backend_req_fd >= 0)
        close(vu->backend_req_fd);
    hcl_guest_ram_finish(&vu->ram);
}

// SPDX-License-Identifier: MIT
#include "vm.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "log.h"
#include "map_budget.h"
#include "vm_client.h"

/* The longest valid request: MAP (whose head is not shorter than OPEN's) with
 * all its runs. */
#define MAX_HEAD                                                                                   \
    (sizeof(struct virtio_ocl_ctl_map) > sizeof(struct virtio_ocl_ctl_open)                        \
         ? sizeof(struct virtio_ocl_ctl_map)                                                       \
         : sizeof(struct virtio_ocl_ctl_open))
#define MAX_REQUEST (MAX_HEAD + VIRTIO_OCL_MAX_RUNS * sizeof(struct virtio_ocl_run))

/* Requests per turn of the server's loop, so that a guest that floods its
 * control queue does not keep other VMs waiting. */
#define REQUESTS_PER_TURN 64

/* ---- answering ---- */

void hcl_vm_complete(struct hcl_vm *vm, struct hcl_vm_request *r, uint32_t status)
{
    const struct virtio_ocl_ctl_resp resp = {.status = htole32(status)};

    if (!vm->silent && !vm->broken) {
        int rc = hcl_vring_write(&vm->control, &r->chain, &resp, sizeof(resp));
        hcl_vring_push(&vm->control, r->chain.head, rc == 0 ? sizeof(resp) : 0);
        hcl_vring_notify(&vm->control);
    }
    free(r);
}

static uint32_t new_tag(struct hcl_vm *vm)
{
    if (++vm->next_tag == 0) /* 0 is no tag */
        ++vm->next_tag;
    return vm->next_tag;
}

/* ---- requests: check, then hand to the client ---- */

/* Convert and check n runs. Returns a status; *total receives their sum. */
static uint32_t take_runs(const struct hcl_vm *vm, const uint8_t *from, uint32_t n,
                          struct hcl_link_run *to, uint64_t *total)
{
    *total = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct virtio_ocl_run run;
        memcpy(&run, from + i * sizeof(run), sizeof(run));
        to[i].gpa = le64toh(run.gpa);
        to[i].len = le64toh(run.len);
        if (to[i].len == 0 || (to[i].gpa | to[i].len) % HCL_PAGE_SIZE != 0)
            return VIRTIO_OCL_S_INVALID;
        if (!hcl_guest_ram_covers(vm->ram, to[i].gpa, to[i].len))
            return VIRTIO_OCL_S_FAULT;
        if (to[i].len > UINT64_MAX - *total)
            return VIRTIO_OCL_S_INVALID;
        *total += to[i].len;
    }
    return VIRTIO_OCL_S_OK;
}

/* Does a request of len bytes consist of a head and n runs? */
static bool runs_fit(size_t len, size_t head, uint32_t n)
{
    return n > 0 && n <= VIRTIO_OCL_MAX_RUNS &&
           len == head + (size_t)n * sizeof(struct virtio_ocl_run);
}

static struct hcl_link_msg *link_msg(struct hcl_vm *vm, enum hcl_link_type type, uint32_t region)
{
    struct hcl_link_msg *m = (struct hcl_link_msg *)vm->link_msg;

    memset(m, 0, sizeof(*m));
    m->type = type;
    m->region = region;
    return m;
}

static void handle_open(struct hcl_vm *vm, struct hcl_vm_client *c, struct hcl_vm_request *r,
                        size_t len)
{
    struct hcl_link_run *runs = (struct hcl_link_run *)vm->link_msg;
    struct virtio_ocl_ctl_open open;
    uint64_t total;

    if (len < sizeof(open))
        goto invalid;
    memcpy(&open, vm->request, sizeof(open));
    uint32_t n = le32toh(open.nruns);
    if (!runs_fit(len, sizeof(open), n) || le64toh(open.channel_len) != VOCL_CHANNEL_SIZE ||
        !vm->queue[c->index].started)
        goto invalid;
    if (c->state != HCL_CLIENT_FREE) {
        hcl_vm_complete(vm, r, VIRTIO_OCL_S_BUSY);
        return;
    }
    uint32_t status = take_runs(vm, vm->request + sizeof(open), n, runs, &total);
    if (status == VIRTIO_OCL_S_OK && total != VOCL_CHANNEL_SIZE)
        status = VIRTIO_OCL_S_INVALID;
    if (status != VIRTIO_OCL_S_OK) {
        hcl_vm_complete(vm, r, status);
        return;
    }
    open.comm[sizeof(open.comm) - 1] = '\0';
    hcl_vm_client_open(c, r, le32toh(open.pid), open.comm, runs, n);
    return;

invalid:
    hcl_vm_complete(vm, r, VIRTIO_OCL_S_INVALID);
}

/* A refused piece undoes the pieces before it, which the worker holds. */
static void refuse_map(struct hcl_vm *vm, struct hcl_vm_client *c, struct hcl_vm_request *r,
                       const struct virtio_ocl_ctl_map *map, uint32_t status)
{
    uint32_t region = le32toh(map->region);

    if (map->offset == 0 || region == 0 || region > hcl_server_options(vm->server)->max_regions) {
        hcl_vm_complete(vm, r, status);
        return;
    }
    struct hcl_link_msg *m = link_msg(vm, HCL_LINK_UNDO, region);
    m->status = status;
    hcl_vm_client_request(c, r, m);
}

static uint32_t check_map(const struct hcl_vm *vm, const struct hcl_link_msg *m, uint64_t len)
{
    const struct hcl_options *opt = hcl_server_options(vm->server);

    if (m->region == 0 || m->region > opt->max_regions || (m->flags & ~(VIRTIO_OCL_MAP_WRITE | VIRTIO_OCL_MAP_GATHER)) ||
        m->total_len == 0 || (m->total_len | m->offset) % HCL_PAGE_SIZE != 0 ||
        m->offset > m->total_len || len > m->total_len - m->offset)
        return VIRTIO_OCL_S_INVALID;
    return m->total_len > opt->max_mapped ? VIRTIO_OCL_S_NOMEM : VIRTIO_OCL_S_OK;
}

static void handle_map(struct hcl_vm *vm, struct hcl_vm_client *c, struct hcl_vm_request *r,
                       size_t len)
{
    struct virtio_ocl_ctl_map map;
    uint64_t total;

    if (len < sizeof(map)) {
        hcl_vm_complete(vm, r, VIRTIO_OCL_S_INVALID);
        return;
    }
    memcpy(&map, vm->request, sizeof(map));
    struct hcl_link_msg *m = link_msg(vm, HCL_LINK_MAP, le32toh(map.region));
    m->flags = le32toh(map.flags);
    m->total_len = le64toh(map.total_len);
    m->offset = le64toh(map.offset);
    m->count = le32toh(map.nruns);
    uint32_t status = VIRTIO_OCL_S_INVALID;
    if (runs_fit(len, sizeof(map), m->count))
        status = take_runs(vm, vm->request + sizeof(map), m->count, (void *)(m + 1), &total);
    if (status == VIRTIO_OCL_S_OK)
        status = check_map(vm, m, total);
    if (status == VIRTIO_OCL_S_OK)
        hcl_vm_client_request(c, r, m);
    else
        refuse_map(vm, c, r, &map, status);
}

static void handle_unmap(struct hcl_vm *vm, struct hcl_vm_client *c, struct hcl_vm_request *r,
                         size_t len)
{
    struct virtio_ocl_ctl_unmap unmap = {0};

    if (len == sizeof(unmap))
        memcpy(&unmap, vm->request, sizeof(unmap));
    uint32_t region = le32toh(unmap.region);
    if (region == 0 || region > hcl_server_options(vm->server)->max_regions) {
        hcl_vm_complete(vm, r, VIRTIO_OCL_S_INVALID);
        return;
    }
    hcl_vm_client_request(c, r, link_msg(vm, HCL_LINK_UNMAP, region));
}

/* May a request of this type go to the client now? Returns a status. */
static uint32_t check_client(const struct hcl_vm_client *c, uint32_t type)
{
    switch (c->state) {
    case HCL_CLIENT_STARTING: /* the link keeps the order */
    case HCL_CLIENT_RUNNING:
        return VIRTIO_OCL_S_OK;
    case HCL_CLIENT_LOST:
        return type == VIRTIO_OCL_CTL_CLOSE ? VIRTIO_OCL_S_OK : VIRTIO_OCL_S_LOST;
    case HCL_CLIENT_ENDING:
    case HCL_CLIENT_FREE:
        break;
    }
    return VIRTIO_OCL_S_INVALID;
}

static void handle_request(struct hcl_vm *vm, struct hcl_vm_request *r, size_t len)
{
    struct virtio_ocl_ctl_hdr hdr = {0};

    if (len >= sizeof(hdr) && len <= MAX_REQUEST)
        memcpy(&hdr, vm->request, sizeof(hdr));
    uint32_t type = le32toh(hdr.type);
    uint32_t index = le32toh(hdr.client);
    if (index < VIRTIO_OCL_QUEUE_FIRST_CLIENT || index > hcl_vm_max_clients(vm)) {
        hcl_vm_complete(vm, r, VIRTIO_OCL_S_INVALID);
        return;
    }
    struct hcl_vm_client *c = &vm->client[index];
    if (type == VIRTIO_OCL_CTL_OPEN) {
        handle_open(vm, c, r, len);
        return;
    }
    uint32_t status = check_client(c, type);
    if (status != VIRTIO_OCL_S_OK)
        hcl_vm_complete(vm, r, status);
    else if (type == VIRTIO_OCL_CTL_MAP)
        handle_map(vm, c, r, len);
    else if (type == VIRTIO_OCL_CTL_UNMAP)
        handle_unmap(vm, c, r, len);
    else if (type == VIRTIO_OCL_CTL_CLOSE)
        hcl_vm_client_close(c, r);
    else
        hcl_vm_complete(vm, r, VIRTIO_OCL_S_INVALID);
}

/* ---- the control queue ---- */

static void control_stop(struct hcl_vm *vm)
{
    if (vm->control_watch)
        hcl_server_unwatch(vm->server, vm->control_watch);
    vm->control_watch = NULL;
}

/* A driver that breaks its own control queue loses it until it resets the
 * device; its clients go on, and other VMs do not notice. */
static void control_broken(struct hcl_vm *vm, const char *why)
{
    hcl_log("%s: the control queue is dead until the device is reset: %s", vm->name, why);
    vm->broken = true;
    control_stop(vm);
}

/* Returns false when there is nothing more to do. */
static bool control_next(struct hcl_vm *vm)
{
    struct hcl_vm_request *r = malloc(sizeof(*r));
    int64_t len = 0;

    if (!r) {
        control_broken(vm, "no memory");
        return false;
    }
    int rc = hcl_vring_pop(&vm->control, &r->chain);
    if (rc > 0)
        len = hcl_vring_read(&vm->control, &r->chain, vm->request, MAX_REQUEST);
    if (rc < 0 || len < 0)
        control_broken(vm, rc < 0 ? "malformed descriptors" : "a request is not in guest RAM");
    if (rc <= 0 || len < 0) {
        free(r);
        return false;
    }
    r->tag = new_tag(vm);
    handle_request(vm, r, (size_t)len);
    return true;
}

static void control_kicked(void *opaque, int fd, short revents)
{
    struct hcl_vm *vm = opaque;
    int left = REQUESTS_PER_TURN;

    if (revents & (POLLERR | POLLNVAL)) {
        control_broken(vm, "its kick descriptor has failed");
        return;
    }
    if (vm->pending(vm->pending_opaque))
        return; /* the kick stays, and is for the next turn */
    hcl_vring_fd_drain(fd);
    while (left > 0 && control_next(vm))
        left--;
    if (left == 0 && !vm->broken)
        hcl_vring_fd_signal(fd); /* the rest in the next turn */
}

/* hcl_vring_at_fn */
static void *ram_at(void *opaque, uint64_t gpa, uint64_t len)
{
    return hcl_guest_ram_at(opaque, gpa, len);
}

/* virtio 1.3 §2.7: 16, 2 and 4 bytes. */
int hcl_vm_ring_map(const struct hcl_vm *vm, const struct hcl_ring_place *at, void **desc,
                    void **avail, void **used)
{
    *desc = hcl_guest_ram_at(vm->ram, at->desc, hcl_vring_desc_size(at->num));
    *avail = hcl_guest_ram_at(vm->ram, at->avail, hcl_vring_avail_size(at->num));
    *used = hcl_guest_ram_at(vm->ram, at->used, hcl_vring_used_size(at->num));
    if (!*desc || !*avail || !*used)
        return -EFAULT;
    if ((uintptr_t)*desc % 16 || (uintptr_t)*avail % 2 || (uintptr_t)*used % 4)
        return -EFAULT;
    return 0;
}

static int control_start(struct hcl_vm *vm, const struct hcl_vm_queue *q, void *desc, void *avail,
                         void *used)
{
    hcl_vring_init(&vm->control, q->ring.num, desc, avail, used, q->base);
    vm->control.call_fd = q->call_fd;
    vm->control.at = ram_at;
    vm->control.opaque = (void *)vm->ram;
    vm->broken = false;
    vm->silent = false;
    vm->control_watch = hcl_server_watch(vm->server, q->kick_fd, POLLIN, control_kicked, vm);
    if (!vm->control_watch)
        return -ENOMEM;
    hcl_vring_fd_signal(q->kick_fd); /* what was there before us */
    return 0;
}

int hcl_vm_queue_start(struct hcl_vm *vm, uint32_t index, const struct hcl_vm_queue *q)
{
    void *desc, *avail, *used;

    if (index >= HCL_VM_MAX_QUEUES || !hcl_vring_num_valid(q->ring.num))
        return -EINVAL;
    int rc = hcl_vm_ring_map(vm, &q->ring, &desc, &avail, &used);
    if (rc == 0 && index == VIRTIO_OCL_QUEUE_CONTROL)
        rc = control_start(vm, q, desc, avail, used);
    if (rc < 0)
        return rc;
    vm->queue[index].q = *q;
    vm->queue[index].started = true;
    return 0;
}

void hcl_vm_queue_call(struct hcl_vm *vm, uint32_t index, int call_fd)
{
    if (!vm->queue[index].started)
        return;
    vm->queue[index].q.call_fd = call_fd;
    if (index == VIRTIO_OCL_QUEUE_CONTROL)
        vm->control.call_fd = call_fd;
    else
        hcl_vm_client_send_call(&vm->client[index], call_fd);
}

uint16_t hcl_vm_queue_base(const struct hcl_vm *vm, uint32_t index)
{
    const struct hcl_ring_place *at = &vm->queue[index].q.ring;
    void *desc, *avail, *used;

    if (index == VIRTIO_OCL_QUEUE_CONTROL)
        return vm->control.last_avail;
    return hcl_vm_ring_map(vm, at, &desc, &avail, &used) ? 0 : hcl_vring_in_order_base(used);
}

int hcl_vm_ram_changed(struct hcl_vm *vm)
{
    void *desc, *avail, *used;

    for (uint32_t i = VIRTIO_OCL_QUEUE_FIRST_CLIENT; i < HCL_VM_MAX_QUEUES; i++)
        hcl_vm_client_send_ram(&vm->client[i]);
    if (!vm->queue[VIRTIO_OCL_QUEUE_CONTROL].started)
        return 0;
    const struct hcl_ring_place *at = &vm->queue[VIRTIO_OCL_QUEUE_CONTROL].q.ring;
    if (hcl_vm_ring_map(vm, at, &desc, &avail, &used) < 0) {
        control_broken(vm, "it is not in guest RAM any more");
        return -EFAULT;
    }
    vm->control.desc = desc;
    vm->control.avail = avail;
    vm->control.used = used;
    return 0;
}

/* ---- stopping ---- */

static bool all_ended(const struct hcl_vm *vm)
{
    for (uint32_t i = vm->stop_first; i <= vm->stop_last; i++) {
        if (vm->client[i].pid != 0)
            return false;
    }
    return true;
}

static void forget_queues(struct hcl_vm *vm)
{
    for (uint32_t i = vm->stop_first; i <= vm->stop_last; i++)
        vm->queue[i].started = false;
    if (vm->stop_last != vm->stop_first || vm->stop_first == 0)
        vm->queue[VIRTIO_OCL_QUEUE_CONTROL].started = false;
}

void hcl_vm_client_ended(struct hcl_vm *vm)
{
    hcl_vm_stopped_fn fn = vm->stopped;

    if (!fn || !all_ended(vm))
        return;
    vm->stopped = NULL;
    forget_queues(vm);
    fn(vm->stopped_opaque);
}

static bool stop_clients(struct hcl_vm *vm, uint32_t first, uint32_t last,
                         void (*end)(struct hcl_vm_client *), hcl_vm_stopped_fn fn, void *opaque)
{
    vm->stopped = NULL;
    vm->stop_first = first;
    vm->stop_last = last;
    for (uint32_t i = first; i <= last; i++)
        end(&vm->client[i]);
    if (all_ended(vm)) {
        forget_queues(vm);
        return true;
    }
    vm->stopped = fn;
    vm->stopped_opaque = opaque;
    return false;
}

bool hcl_vm_queue_stop(struct hcl_vm *vm, uint32_t index, hcl_vm_stopped_fn fn, void *opaque)
{
    if (index != VIRTIO_OCL_QUEUE_CONTROL)
        return stop_clients(vm, index, index, hcl_vm_client_kill, fn, opaque);
    control_stop(vm);
    return stop_clients(vm, VIRTIO_OCL_QUEUE_FIRST_CLIENT, HCL_VM_MAX_QUEUES - 1,
                        hcl_vm_client_kill, fn, opaque);
}

bool hcl_vm_abandon(struct hcl_vm *vm, hcl_vm_stopped_fn fn, void *opaque)
{
    vm->silent = true;
    return hcl_vm_queue_stop(vm, VIRTIO_OCL_QUEUE_CONTROL, fn, opaque);
}

bool hcl_vm_shutdown(struct hcl_vm *vm, hcl_vm_stopped_fn fn, void *opaque)
{
    vm->silent = true;
    control_stop(vm);
    return stop_clients(vm, VIRTIO_OCL_QUEUE_FIRST_CLIENT, HCL_VM_MAX_QUEUES - 1,
                        hcl_vm_client_shutdown, fn, opaque);
}

/* ---- the device ---- */

struct hcl_vm *hcl_vm_create(struct hcl_server *s, const char *name,
                             const struct hcl_guest_ram *ram, hcl_vm_pending_fn pending,
                             void *opaque)
{
    struct hcl_vm *vm = calloc(1, sizeof(*vm));

    if (!vm)
        return NULL;
    vm->server = s;
    vm->ram = ram;
    vm->pending = pending;
    vm->pending_opaque = opaque;
    vm->silent = true; /* until the control queue runs */
    snprintf(vm->name, sizeof(vm->name), "%s", name);
    for (uint32_t i = 0; i < HCL_VM_MAX_QUEUES; i++)
        hcl_vm_client_init(vm, i);
    vm->request = malloc(MAX_REQUEST);
    vm->link_msg = malloc(HCL_LINK_MAX_MSG);
    if (vm->request && vm->link_msg)
        return vm;
    hcl_vm_destroy(vm);
    return NULL;
}

void hcl_vm_set_place(struct hcl_vm *vm, struct hcl_place *place)
{
    vm->place = place;
}

void hcl_vm_destroy(struct hcl_vm *vm)
{
    if (!vm)
        return;
    control_stop(vm);
    free(vm->request);
    free(vm->link_msg);
    free(vm);
}

uint32_t hcl_vm_max_clients(const struct hcl_vm *vm)
{
    uint32_t n = hcl_server_options(vm->server)->max_clients;
    return n < HCL_VM_MAX_CLIENTS ? n : HCL_VM_MAX_CLIENTS;
}

void hcl_vm_config(const struct hcl_vm *vm, uint32_t queues, struct virtio_ocl_config *cfg)
{
    const struct hcl_options *opt = hcl_server_options(vm->server);
    uint32_t clients = hcl_vm_max_clients(vm);
    struct hcl_map_budget budget;

    if (queues > 0 && queues - 1 < clients)
        clients = queues - 1;
    memset(cfg, 0, sizeof(*cfg));
    cfg->magic = htole32(VIRTIO_OCL_MAGIC);
    cfg->version = htole32(VIRTIO_OCL_VERSION);
    cfg->client_queues = htole32(clients);
    cfg->max_regions = htole32(opt->max_regions);
    cfg->max_mapped = htole64(opt->max_mapped);
    hcl_map_budget_init(&budget);
    cfg->max_region_runs = htole32(budget.region);
}

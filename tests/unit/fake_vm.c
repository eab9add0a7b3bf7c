// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "fake_vm.h"
#include "proto/channel.h"

/* The front end's addresses are not the guest's. */
#define USER(gpa) ((gpa) + 0x7f0000000000ull)

/* A slot of the control queue: 4 descriptors (request in two, response), and
 * the page that its response is in. */
#define SLOT_DESCS 4u
#define SLOTS (FAKE_NUM / SLOT_DESCS)

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void fake_vm_init(struct fake_vm *vm)
{
    memset(vm, 0, sizeof(*vm));
    vm->sock = -1;
    for (unsigned i = 0; i < 2; i++) {
        vm->fd[i] = memfd_create("guest-ram", MFD_CLOEXEC);
        assert_true(vm->fd[i] >= 0);
        assert_int_equal(ftruncate(vm->fd[i], FAKE_RAM_SIZE), 0);
        vm->ram[i] = mmap(NULL, FAKE_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, vm->fd[i], 0);
        assert_ptr_not_equal(vm->ram[i], MAP_FAILED);
    }
    vm->next_page = FAKE_LOW + FAKE_PAGE;
    for (unsigned i = 0; i < FAKE_QUEUES; i++) {
        vm->queue[i].gpa = fake_pages(vm, 3);
        vm->queue[i].kick = eventfd(0, EFD_CLOEXEC);
        vm->queue[i].call = eventfd(0, EFD_CLOEXEC);
    }
}

void fake_vm_connect(struct fake_vm *vm, const char *path)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};

    strncpy(sa.sun_path, path, sizeof(sa.sun_path) - 1);
    vm->sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(vm->sock, (struct sockaddr *)&sa, sizeof(sa)), 0);
}

void fake_vm_disconnect(struct fake_vm *vm)
{
    if (vm->sock >= 0)
        close(vm->sock);
    vm->sock = -1;
}

void fake_vm_finish(struct fake_vm *vm)
{
    fake_vm_disconnect(vm);
    for (unsigned i = 0; i < FAKE_QUEUES; i++) {
        close(vm->queue[i].kick);
        close(vm->queue[i].call);
    }
    for (unsigned i = 0; i < 2; i++) {
        munmap(vm->ram[i], FAKE_RAM_SIZE);
        close(vm->fd[i]);
    }
}

/* ---- the front end ---- */

void fake_send(struct fake_vm *vm, uint32_t request, uint32_t flags, const void *payload,
               uint32_t size, const int *fds, unsigned nfds)
{
    const struct hcl_vu_header hdr = {
        .request = request, .flags = HCL_VU_FLAG_VERSION | flags, .size = size};
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(16 * sizeof(int))];
    } ctl = {0};
    struct iovec iov[2] = {{(void *)&hdr, sizeof(hdr)}, {(void *)payload, size}};
    struct msghdr h = {.msg_iov = iov, .msg_iovlen = 2};

    if (nfds > 0) {
        h.msg_control = &ctl;
        h.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&h);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
        memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
    }
    assert_int_equal(sendmsg(vm->sock, &h, MSG_NOSIGNAL), sizeof(hdr) + size);
}

static void receive_all(struct fake_vm *vm, void *to, size_t len)
{
    struct pollfd p = {.fd = vm->sock, .events = POLLIN};
    size_t got = 0;

    while (got < len) {
        assert_int_equal(poll(&p, 1, FAKE_TIMEOUT), 1);
        ssize_t n = recv(vm->sock, (char *)to + got, len - got, 0);
        assert_true(n > 0);
        got += (size_t)n;
    }
}

uint32_t fake_receive(struct fake_vm *vm, uint32_t request, void *payload, uint32_t cap)
{
    struct hcl_vu_header hdr;

    receive_all(vm, &hdr, sizeof(hdr));
    assert_int_equal(hdr.request, request);
    assert_int_equal(hdr.flags, HCL_VU_FLAG_VERSION | HCL_VU_FLAG_REPLY);
    assert_true(hdr.size <= cap);
    receive_all(vm, payload, hdr.size);
    return hdr.size;
}

uint64_t fake_ack(struct fake_vm *vm, uint32_t request, const void *payload, uint32_t size,
                  const int *fds, unsigned nfds)
{
    uint64_t ack;

    fake_send(vm, request, HCL_VU_FLAG_NEED_REPLY, payload, size, fds, nfds);
    assert_int_equal(fake_receive(vm, request, &ack, sizeof(ack)), sizeof(ack));
    return ack;
}

uint64_t fake_get_u64(struct fake_vm *vm, uint32_t request)
{
    uint64_t value;

    fake_send(vm, request, 0, NULL, 0, NULL, 0);
    assert_int_equal(fake_receive(vm, request, &value, sizeof(value)), sizeof(value));
    return value;
}

void fake_expect_closed(struct fake_vm *vm)
{
    struct pollfd p = {.fd = vm->sock, .events = POLLIN};
    char byte;

    assert_int_equal(poll(&p, 1, FAKE_TIMEOUT), 1);
    assert_true(recv(vm->sock, &byte, 1, 0) <= 0);
}

void fake_negotiate(struct fake_vm *vm)
{
    uint64_t features = fake_get_u64(vm, HCL_VU_GET_FEATURES);
    uint64_t protocol = fake_get_u64(vm, HCL_VU_GET_PROTOCOL_FEATURES);

    /* Acknowledged already, as user-mode Linux expects. */
    assert_int_equal(
        fake_ack(vm, HCL_VU_SET_PROTOCOL_FEATURES, &protocol, sizeof(protocol), NULL, 0), 0);
    fake_send(vm, HCL_VU_SET_OWNER, 0, NULL, 0, NULL, 0);
    assert_int_equal(fake_ack(vm, HCL_VU_SET_FEATURES, &features, sizeof(features), NULL, 0), 0);
}

void fake_set_mem_table(struct fake_vm *vm, bool both)
{
    struct {
        struct hcl_vu_memory m;
        struct hcl_vu_region r[2];
    } table = {
        .m.count = both ? 2 : 1,
        .r = {{FAKE_LOW, FAKE_RAM_SIZE, USER(FAKE_LOW), 0},
              {FAKE_HIGH, FAKE_RAM_SIZE, USER(FAKE_HIGH), 0}},
    };
    /* Room for two regions even if there is one: user-mode Linux does it so. */
    assert_int_equal(
        fake_ack(vm, HCL_VU_SET_MEM_TABLE, &table, sizeof(table), vm->fd, table.m.count), 0);
}

void fake_start_queue(struct fake_vm *vm, unsigned index)
{
    struct fake_queue *q = &vm->queue[index];
    const struct hcl_vu_state num = {index, FAKE_NUM}, base = {index, 0}, on = {index, 1};
    const struct hcl_vu_addr addr = {
        .index = index,
        .desc = USER(q->gpa),
        .avail = USER(q->gpa + FAKE_PAGE),
        .used = USER(q->gpa + 2 * FAKE_PAGE),
    };
    uint64_t fd = index;

    memset(fake_at(vm, q->gpa), 0, 3 * FAKE_PAGE);
    q->last_used = 0;
    fake_send(vm, HCL_VU_SET_VRING_CALL, 0, &fd, sizeof(fd), &q->call, 1);
    fake_send(vm, HCL_VU_SET_VRING_NUM, 0, &num, sizeof(num), NULL, 0);
    fake_send(vm, HCL_VU_SET_VRING_BASE, 0, &base, sizeof(base), NULL, 0);
    fake_send(vm, HCL_VU_SET_VRING_ADDR, 0, &addr, sizeof(addr), NULL, 0);
    fake_send(vm, HCL_VU_SET_VRING_KICK, 0, &fd, sizeof(fd), &q->kick, 1);
    assert_int_equal(fake_ack(vm, HCL_VU_SET_VRING_ENABLE, &on, sizeof(on), NULL, 0), 0);
}

uint16_t fake_stop_queue(struct fake_vm *vm, unsigned index)
{
    struct hcl_vu_state state = {index, 0};

    fake_send(vm, HCL_VU_GET_VRING_BASE, 0, &state, sizeof(state), NULL, 0);
    assert_int_equal(fake_receive(vm, HCL_VU_GET_VRING_BASE, &state, sizeof(state)), sizeof(state));
    assert_int_equal(state.index, index);
    return (uint16_t)state.num;
}

void fake_start(struct fake_vm *vm)
{
    fake_negotiate(vm);
    fake_set_mem_table(vm, true);
    for (unsigned i = 0; i < FAKE_QUEUES; i++)
        fake_start_queue(vm, i);
}

struct virtio_ocl_config fake_config(struct fake_vm *vm)
{
    struct {
        struct hcl_vu_config c;
        struct virtio_ocl_config cfg;
    } __attribute__((packed)) m = {.c.size = sizeof(m.cfg)};

    fake_send(vm, HCL_VU_GET_CONFIG, 0, &m, sizeof(m), NULL, 0);
    assert_int_equal(fake_receive(vm, HCL_VU_GET_CONFIG, &m, sizeof(m)), sizeof(m));
    return m.cfg;
}

/* ---- the guest ---- */

void *fake_at(struct fake_vm *vm, uint64_t gpa)
{
    return gpa >= FAKE_HIGH ? vm->ram[1] + (gpa - FAKE_HIGH) : vm->ram[0] + (gpa - FAKE_LOW);
}

uint64_t fake_pages(struct fake_vm *vm, unsigned n)
{
    uint64_t gpa = vm->next_page;

    vm->next_page += n * FAKE_PAGE;
    assert_true(vm->next_page <= FAKE_LOW + FAKE_RAM_SIZE);
    return gpa;
}

static struct vring_desc *descs(struct fake_vm *vm, unsigned queue)
{
    return fake_at(vm, vm->queue[queue].gpa);
}

static struct vring_avail *avail(struct fake_vm *vm, unsigned queue)
{
    return fake_at(vm, vm->queue[queue].gpa + FAKE_PAGE);
}

static struct vring_used *used(struct fake_vm *vm, unsigned queue)
{
    return fake_at(vm, vm->queue[queue].gpa + 2 * FAKE_PAGE);
}

void fake_kick(struct fake_vm *vm, unsigned queue)
{
    const uint64_t one = 1;
    assert_int_equal(write(vm->queue[queue].kick, &one, sizeof(one)), sizeof(one));
}

void fake_offer(struct fake_vm *vm, unsigned queue, uint16_t head, const struct fake_desc *d,
                unsigned n, bool kick)
{
    struct vring_desc *to = descs(vm, queue) + head;
    struct vring_avail *a = avail(vm, queue);

    for (unsigned i = 0; i < n; i++) {
        to[i].addr = d[i].gpa;
        to[i].len = d[i].len;
        to[i].flags = (d[i].write ? VRING_DESC_F_WRITE : 0) | (i + 1 < n ? VRING_DESC_F_NEXT : 0);
        to[i].next = (uint16_t)(head + i + 1);
    }
    a->ring[a->idx % FAKE_NUM] = head;
    __atomic_store_n(&a->idx, a->idx + 1, __ATOMIC_SEQ_CST);
    if (kick)
        fake_kick(vm, queue);
}

int fake_used(struct fake_vm *vm, unsigned queue, int timeout_ms, uint32_t *len)
{
    struct fake_queue *q = &vm->queue[queue];
    int64_t end = now_ms() + timeout_ms;

    while (__atomic_load_n(&used(vm, queue)->idx, __ATOMIC_ACQUIRE) == q->last_used) {
        struct pollfd p = {.fd = q->call, .events = POLLIN};
        uint64_t count;
        int64_t left = end - now_ms();
        if (left <= 0 || poll(&p, 1, (int)left) != 1)
            return -1;
        assert_int_equal(read(q->call, &count, sizeof(count)), sizeof(count));
    }
    const struct vring_used_elem *e = &used(vm, queue)->ring[q->last_used++ % FAKE_NUM];
    if (len)
        *len = e->len;
    return (int)e->id;
}

/* The first page of a slot is the response's, its status is 99 until answered. */
static uint64_t slot_page(struct fake_vm *vm, uint32_t slot)
{
    return FAKE_HIGH + slot % SLOTS * FAKE_PAGE;
}

uint32_t fake_request(struct fake_vm *vm, const void *request, size_t len)
{
    uint32_t slot = vm->next_slot++ % SLOTS;
    unsigned pages = (unsigned)((len + FAKE_PAGE - 1) / FAKE_PAGE);
    uint64_t gpa = fake_pages(vm, pages);
    struct virtio_ocl_ctl_resp *resp = fake_at(vm, slot_page(vm, slot));
    const struct fake_desc d[] = {
        {gpa, 8, false}, /* the header alone: framing is the driver's choice */
        {gpa + 8, (uint32_t)len - 8, false},
        {slot_page(vm, slot), sizeof(*resp), true},
    };
    const struct fake_desc short_d[] = {d[0], d[2]};

    memcpy(fake_at(vm, gpa), request, len);
    resp->status = 99;
    if (len > 8)
        fake_offer(vm, 0, (uint16_t)(slot * SLOT_DESCS), d, 3, true);
    else
        fake_offer(vm, 0, (uint16_t)(slot * SLOT_DESCS), short_d, 2, true);
    return slot;
}

bool fake_answered(struct fake_vm *vm, uint32_t slot, int timeout_ms, uint32_t *status)
{
    const struct virtio_ocl_ctl_resp *resp = fake_at(vm, slot_page(vm, slot));
    uint32_t len;

    while (resp->status == 99) {
        if (fake_used(vm, 0, timeout_ms, &len) < 0)
            return false;
        assert_int_equal(len, sizeof(*resp));
    }
    *status = resp->status;
    return true;
}

uint32_t fake_call(struct fake_vm *vm, const void *request, size_t len)
{
    uint32_t status = 0;
    assert_true(fake_answered(vm, fake_request(vm, request, len), FAKE_TIMEOUT, &status));
    return status;
}

/* The channel's pages come in two runs, the second before the first; the test
 * sees them through a mapping of its own. */
uint32_t fake_open(struct fake_vm *vm, uint32_t client, void **channel)
{
    uint64_t half = VOCL_CHANNEL_SIZE / 2 / FAKE_PAGE * FAKE_PAGE;
    uint64_t rest = VOCL_CHANNEL_SIZE - half;
    uint64_t gpa = fake_pages(vm, VOCL_CHANNEL_SIZE / FAKE_PAGE);
    struct {
        struct virtio_ocl_ctl_open o;
        struct virtio_ocl_run r[2];
    } req = {
        .o = {.hdr = {VIRTIO_OCL_CTL_OPEN, client},
              .pid = 4711,
              .nruns = 2,
              .channel_len = VOCL_CHANNEL_SIZE,
              .comm = "fake\nprogram"},
        .r = {{gpa + rest, half}, {gpa, rest}},
    };

    memset(fake_at(vm, gpa), 0, VOCL_CHANNEL_SIZE);
    uint32_t status = fake_call(vm, &req, sizeof(req));
    if (!channel)
        return status;
    uint8_t *p = mmap(NULL, VOCL_CHANNEL_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(p, MAP_FAILED);
    assert_ptr_not_equal(mmap(p, half, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, vm->fd[0],
                              (off_t)(gpa + rest)),
                         MAP_FAILED);
    assert_ptr_not_equal(
        mmap(p + half, rest, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, vm->fd[0], (off_t)gpa),
        MAP_FAILED);
    *channel = p;
    return status;
}

uint32_t fake_close(struct fake_vm *vm, uint32_t client)
{
    const struct virtio_ocl_ctl_hdr req = {VIRTIO_OCL_CTL_CLOSE, client};
    return fake_call(vm, &req, sizeof(req));
}

uint32_t fake_unmap(struct fake_vm *vm, uint32_t client, uint32_t region)
{
    const struct virtio_ocl_ctl_unmap req = {{VIRTIO_OCL_CTL_UNMAP, client}, region, 0};
    return fake_call(vm, &req, sizeof(req));
}

uint32_t fake_map_send(struct fake_vm *vm, const struct fake_map *m,
                       const struct virtio_ocl_run *runs, uint32_t n)
{
    struct virtio_ocl_ctl_map req = {
        .hdr = {VIRTIO_OCL_CTL_MAP, m->client},
        .region = m->region,
        .nruns = n,
        .flags = m->flags,
        .total_len = m->total_len,
        .offset = m->offset,
    };
    size_t len = sizeof(req) + n * sizeof(*runs);
    uint8_t *all = malloc(len);

    assert_non_null(all);
    memcpy(all, &req, sizeof(req));
    if (n > 0)
        memcpy(all + sizeof(req), runs, n * sizeof(*runs));
    uint32_t slot = fake_request(vm, all, len);
    free(all);
    return slot;
}

uint32_t fake_map(struct fake_vm *vm, const struct fake_map *m, const struct virtio_ocl_run *runs,
                  uint32_t n)
{
    uint32_t status = 0;
    assert_true(fake_answered(vm, fake_map_send(vm, m, runs, n), FAKE_TIMEOUT, &status));
    return status;
}

void fake_post_wakes(struct fake_vm *vm, uint32_t client, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const struct fake_desc d = {fake_pages(vm, 1), sizeof(struct virtio_ocl_wake), true};
        fake_offer(vm, client, (uint16_t)i, &d, 1, false);
    }
}

int fake_wake(struct fake_vm *vm, uint32_t client, int timeout_ms)
{
    uint32_t len = 0;
    int head = fake_used(vm, client, timeout_ms, &len);

    if (head < 0)
        return -1;
    assert_int_equal(len, sizeof(struct virtio_ocl_wake));
    struct vring_desc *d = descs(vm, client) + head;
    const struct virtio_ocl_wake *wake = fake_at(vm, d->addr);
    int reason = (int)wake->reason;
    const struct fake_desc again = {d->addr, d->len, true};
    fake_offer(vm, client, (uint16_t)head, &again, 1, false);
    return reason;
}

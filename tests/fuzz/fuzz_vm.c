// SPDX-License-Identifier: MIT
/*
 * fuzz_vm.c - what the server hears of a VM: the front end's vhost-user
 * messages, the guest's control queue, and its workers' answers. The server's
 * event loop is played here, and so are the workers: one is a link and a
 * number, and never a process.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "fuzz.h"
#include "fuzz_input.h"
#include "log.h"
#include "server.h"
#include "vhost_user.h"
#include "virtio_ocl.h"
#include "vm_link.h"
#include "vring.h"

/* ---- in place of log.c ---- */

void hcl_log(const char *fmt, ...)
{
    (void)fmt;
}

void hcl_log_debug(const char *fmt, ...)
{
    (void)fmt;
}

void hcl_log_client(const char *name)
{
    (void)name;
}

void hcl_log_verbose(int on)
{
    (void)on;
}

/* ---- in place of server.c ---- */

#define MAX_WATCHES 256
#define MAX_WORKERS 64
#define FIRST_PID 1000000 /* no process has it: see kill() */

struct hcl_watch {
    int fd;
    short events;
    hcl_watch_fn fn;
    void *opaque;
};

struct worker {
    bool runs;
    bool killed;
    int link;
    hcl_child_fn fn;
    void *opaque;
};

static struct hcl_watch *watches[MAX_WATCHES];
static struct worker workers[MAX_WORKERS];

static const struct hcl_options options = {
    .max_clients = 4, .max_regions = 8, .max_mapped = 64u << 20, .max_objects = 100};

const struct hcl_options *hcl_server_options(const struct hcl_server *s)
{
    (void)s;
    return &options;
}

struct hcl_watch *hcl_server_watch(struct hcl_server *s, int fd, short events, hcl_watch_fn fn,
                                   void *opaque)
{
    (void)s;
    for (int i = 0; i < MAX_WATCHES; i++) {
        if (watches[i])
            continue;
        struct hcl_watch *w = malloc(sizeof(*w));
        *w = (struct hcl_watch){fd, events, fn, opaque};
        return watches[i] = w;
    }
    return NULL;
}

void hcl_server_unwatch(struct hcl_server *s, struct hcl_watch *w)
{
    (void)s;
    for (int i = 0; i < MAX_WATCHES; i++)
        if (watches[i] == w)
            watches[i] = NULL;
    free(w);
}

/* The link is the only socket among what a worker keeps. */
static int link_of(const int *keep, int n)
{
    int type;
    socklen_t len = sizeof(type);
    for (int i = 0; i < n; i++)
        if (!getsockopt(keep[i], SOL_SOCKET, SO_TYPE, &type, &len) && type == SOCK_SEQPACKET)
            return fcntl(keep[i], F_DUPFD_CLOEXEC, 0);
    abort();
}

pid_t hcl_server_fork(struct hcl_server *s, const int *keep, int n, hcl_child_fn fn, void *opaque)
{
    (void)s;
    for (int i = 0; i < MAX_WORKERS; i++) {
        if (workers[i].runs)
            continue;
        workers[i] = (struct worker){true, false, link_of(keep, n), fn, opaque};
        return FIRST_PID + i;
    }
    return -EAGAIN;
}

int kill(pid_t pid, int sig)
{
    (void)sig;
    if (pid < FIRST_PID || pid >= FIRST_PID + MAX_WORKERS || !workers[pid - FIRST_PID].runs)
        abort(); /* somebody else's process */
    workers[pid - FIRST_PID].killed = true;
    return 0;
}

static void worker_exit(struct worker *w, int status)
{
    w->runs = false;
    close(w->link);
    w->fn(w->opaque, FIRST_PID + (pid_t)(w - workers), status);
}

/* ---- the front end and the guest ---- */

#define RAM_SIZE (4u << 20)
#define USER 0x7f0000000000ull /* the front end's address of gpa 0 */
#define QUEUES 4
#define NUM 16u

/* Where queue q's rings lie; requests and responses follow at REQUESTS. */
#define RING(q) ((uint64_t)(q)*8192)
#define AVAIL(q) (RING(q) + 4096)
#define USED(q) (RING(q) + 6144)
#define REQUESTS 0x40000u

static struct {
    struct hcl_vu vu;
    struct fuzz_input in;
    uint8_t *ram; /* the guest's view */
    int ram_fd;
    bool waiting; /* for a message that was put off */
    bool gone;
} vm;

static void finished(void *opaque, const struct hcl_vu_message *reply)
{
    (void)opaque, (void)reply;
    vm.waiting = false;
}

static bool pending(void *opaque)
{
    (void)opaque;
    return vm.waiting;
}

static int dup_of(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

/* As the connection does: nothing is read while an answer is put off. */
static void message(uint32_t request, uint32_t flags, const void *payload, size_t size, int fd)
{
    struct hcl_vu_message m = {.hdr = {request, HCL_VU_FLAG_VERSION | flags, (uint32_t)size}};
    struct hcl_vu_message reply;
    int fds[HCL_VU_MAX_FDS] = {fd};
    if (vm.waiting || vm.gone) {
        if (fd >= 0)
            close(fd);
        return;
    }
    memcpy(m.payload, payload, size < sizeof(m.payload) ? size : sizeof(m.payload));
    int rc = hcl_vu_check_header(&vm.vu, &m.hdr);
    if (rc) {
        if (fd >= 0)
            close(fd);
        return;
    }
    rc = hcl_vu_handle(&vm.vu, &m, fds, fd >= 0, &reply);
    if (rc == 0 && reply.hdr.size > sizeof(reply.payload))
        abort();
    if (rc == HCL_VU_PUT_OFF)
        vm.waiting = true;
}

static void message_u64(uint32_t request, uint64_t value, int fd)
{
    message(request, 0, &value, sizeof(value), fd);
}

static void start_queue(uint32_t q)
{
    struct hcl_vu_addr addr = {
        .index = q, .desc = USER + RING(q), .avail = USER + AVAIL(q), .used = USER + USED(q)};
    struct hcl_vu_state num = {q, NUM}, base = {q, 0}, enable = {q, 1};
    message(HCL_VU_SET_VRING_NUM, 0, &num, sizeof(num), -1);
    message(HCL_VU_SET_VRING_BASE, 0, &base, sizeof(base), -1);
    message(HCL_VU_SET_VRING_ADDR, 0, &addr, sizeof(addr), -1);
    message_u64(HCL_VU_SET_VRING_CALL, q, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    message_u64(HCL_VU_SET_VRING_KICK, q, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    message(HCL_VU_SET_VRING_ENABLE, 0, &enable, sizeof(enable), -1);
}

static void set_up(void)
{
    struct {
        struct hcl_vu_memory head;
        struct hcl_vu_region r;
    } table = {{1, 0}, {0, RAM_SIZE, USER, 0}};
    message_u64(HCL_VU_SET_FEATURES, HCL_VU_F_VERSION_1 | HCL_VU_F_PROTOCOL_FEATURES, -1);
    message_u64(HCL_VU_SET_PROTOCOL_FEATURES, HCL_VU_PF_REPLY_ACK | HCL_VU_PF_CONFIG, -1);
    message(HCL_VU_SET_MEM_TABLE, 0, &table, sizeof(table), dup_of(vm.ram_fd));
    for (uint32_t q = 0; q < QUEUES; q++)
        start_queue(q);
}

static uint64_t some_address(void)
{
    static const uint64_t places[] = {0, 4096, RAM_SIZE - 4096, RAM_SIZE, UINT64_MAX - 4095};
    uint32_t how = fuzz_pick(&vm.in, 8);
    if (how < 5)
        return fuzz_pick(&vm.in, RAM_SIZE / 4096) * 4096ull;
    return how < 7 ? places[fuzz_pick(&vm.in, 5)] : fuzz_u64(&vm.in);
}

/* Any message, with likely numbers in its words. */
static void made_up_message(void)
{
    uint64_t payload[HCL_VU_MAX_PAYLOAD / 8 + 1] = {0};
    uint32_t request = fuzz_pick(&vm.in, 46);
    size_t words = fuzz_pick(&vm.in, 8) ? 1 + fuzz_pick(&vm.in, 6) : fuzz_pick(&vm.in, 33);
    static const uint8_t sizes[] = {0, 8, 16, 24, 40, 12};
    size_t size = fuzz_pick(&vm.in, 2) ? words * 8 : sizes[fuzz_pick(&vm.in, 6)];
    for (size_t i = 0; i < words; i++) {
        switch (fuzz_pick(&vm.in, 4)) {
        case 0:
            payload[i] = fuzz_pick(&vm.in, QUEUES + 1) | (uint64_t)fuzz_pick(&vm.in, 40) << 32;
            break;
        case 1:
            payload[i] = USER + some_address();
            break;
        case 2:
            payload[i] = some_address();
            break;
        default:
            payload[i] = fuzz_u64(&vm.in);
        }
    }
    int fd = -1;
    switch (fuzz_pick(&vm.in, 4)) {
    case 0:
        fd = dup_of(vm.ram_fd);
        break;
    case 1:
        fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        break;
    }
    message(request, fuzz_pick(&vm.in, 2) ? HCL_VU_FLAG_NEED_REPLY : 0, payload, size, fd);
}

static void store(uint64_t gpa, const void *data, size_t n)
{
    memcpy(vm.ram + gpa, data, n);
}

/* A control request, and where it is put; runs are as a driver would send. */
static size_t make_request(uint8_t *out)
{
    uint32_t type = 1 + fuzz_pick(&vm.in, 4);
    uint32_t client =
        fuzz_pick(&vm.in, 8) ? 1 + fuzz_pick(&vm.in, QUEUES - 1) : (uint32_t)fuzz_u64(&vm.in);
    struct virtio_ocl_run runs[4];
    uint32_t n = 1 + fuzz_pick(&vm.in, 3);
    uint64_t total = 0;
    size_t head;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t len = type == VIRTIO_OCL_CTL_OPEN && fuzz_pick(&vm.in, 8)
                           ? (i ? 0 : VOCL_CHANNEL_SIZE)
                           : 4096ull * (1 + fuzz_pick(&vm.in, 4));
        if (!len) {
            n = i;
            break;
        }
        runs[i] = (struct virtio_ocl_run){some_address() / (len > 65536 ? 16 : 1) & ~4095ull, len};
        total += len;
    }
    if (fuzz_pick(&vm.in, 32) == 31)
        runs[0].len = fuzz_u64(&vm.in);
    if (type == VIRTIO_OCL_CTL_OPEN) {
        struct virtio_ocl_ctl_open open = {{type, client}, 4711, n, VOCL_CHANNEL_SIZE, "fuzz"};
        memcpy(out, &open, head = sizeof(open));
    } else if (type == VIRTIO_OCL_CTL_MAP) {
        struct virtio_ocl_ctl_map map = {
            {type, client}, 1 + fuzz_pick(&vm.in, 9), n, 1, 0, total, 0};
        if (fuzz_pick(&vm.in, 4) == 3) {
            map.total_len = fuzz_u64(&vm.in) & ~4095ull;
            map.offset = fuzz_pick(&vm.in, 4) * 4096;
        }
        memcpy(out, &map, head = sizeof(map));
    } else if (type == VIRTIO_OCL_CTL_UNMAP) {
        struct virtio_ocl_ctl_unmap unmap = {{type, client}, 1 + fuzz_pick(&vm.in, 9), 0};
        memcpy(out, &unmap, head = sizeof(unmap));
        n = 0;
    } else {
        struct virtio_ocl_ctl_hdr hdr = {type, client};
        memcpy(out, &hdr, head = sizeof(hdr));
        n = 0;
    }
    memcpy(out + head, runs, n * sizeof(runs[0]));
    return head + n * sizeof(runs[0]);
}

/* Post it on the control queue, in one piece or two. */
static void post_request(void)
{
    static uint16_t next;
    uint8_t request[256];
    uint32_t len = (uint32_t)make_request(request);
    uint16_t head = next % NUM / 4 * 4;
    uint64_t at = REQUESTS + head * 1024;
    uint32_t first = fuzz_pick(&vm.in, 4) ? len : fuzz_pick(&vm.in, len + 1);
    struct vring_desc d[3] = {
        {at, first, VRING_DESC_F_NEXT, (uint16_t)(head + 1)},
        {at + first, len - first, VRING_DESC_F_NEXT, (uint16_t)(head + 2)},
        {at + 512, sizeof(struct virtio_ocl_ctl_resp), VRING_DESC_F_WRITE, 0},
    };
    if (first == len)
        d[0].next = head + 2;
    if (fuzz_pick(&vm.in, 32) == 31)
        ((uint64_t *)d)[fuzz_pick(&vm.in, 6)] = fuzz_u64(&vm.in);
    store(at, request, len);
    store(RING(0) + head * sizeof(d[0]), d, sizeof(d));
    uint16_t idx;
    memcpy(&idx, vm.ram + AVAIL(0) + 2, 2);
    store(AVAIL(0) + 4 + idx % NUM * 2, &head, 2);
    idx++;
    store(AVAIL(0) + 2, &idx, 2);
    next += 4;
}

static void scribble(void)
{
    uint64_t v = fuzz_u64(&vm.in);
    store(RING(fuzz_pick(&vm.in, QUEUES)) + fuzz_pick(&vm.in, 1024) * 8, &v, 8);
}

/* A descriptor that is ready, or not; the loop has been wrong before. */
static void fire(void)
{
    struct hcl_watch *w = watches[fuzz_pick(&vm.in, 16)];
    if (!w)
        return;
    short events = fuzz_pick(&vm.in, 16) ? POLLIN : POLLHUP;
    if (w->events & POLLOUT)
        events |= POLLOUT;
    w->fn(w->opaque, w->fd, events);
}

static void fire_all_ready(void)
{
    for (int i = 0; i < MAX_WATCHES; i++) {
        struct hcl_watch *w = watches[i];
        struct pollfd p = {w ? w->fd : -1, w ? w->events : 0, 0};
        if (w && poll(&p, 1, 0) > 0)
            w->fn(w->opaque, w->fd, p.revents);
    }
}

/* A worker answers what it was asked, or anything, or goes. */
static void work(void)
{
    struct worker *w = &workers[fuzz_pick(&vm.in, QUEUES)];
    static uint8_t msg[HCL_LINK_MAX_MSG];
    struct hcl_link_answer answer = {1 + fuzz_pick(&vm.in, 40), fuzz_pick(&vm.in, 7)};
    if (!w->runs)
        return;
    uint32_t how = fuzz_pick(&vm.in, 8);
    if (how == 7 || (w->killed && how > 3)) {
        worker_exit(w, w->killed ? SIGKILL : fuzz_pick(&vm.in, 3) << 8);
        return;
    }
    if (recv(w->link, msg, sizeof(msg), MSG_DONTWAIT) >= (ssize_t)sizeof(struct hcl_link_msg) &&
        how)
        answer.tag = ((struct hcl_link_msg *)msg)->tag;
    send(w->link, &answer, how == 6 ? 3 : sizeof(answer), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void step(void)
{
    uint64_t one = 1;
    switch (fuzz_pick(&vm.in, 10)) {
    case 0:
        made_up_message();
        break;
    case 1:
        scribble();
        break;
    case 2:
        fire();
        break;
    case 3:
    case 4:
        work();
        fire_all_ready();
        break;
    case 5:
        start_queue(fuzz_pick(&vm.in, QUEUES));
        break;
    case 6: {
        struct hcl_vu_state stop = {fuzz_pick(&vm.in, QUEUES), 0};
        message(HCL_VU_GET_VRING_BASE, 0, &stop, sizeof(stop), -1);
        break;
    }
    default:
        post_request();
        if (vm.vu.queue[0].kick_fd >= 0 && write(vm.vu.queue[0].kick_fd, &one, 8) < 0)
            break;
        fire_all_ready();
    }
}

/* ---- begin and end ---- */

static void abandoned(void *opaque)
{
    (void)opaque;
    vm.gone = true;
}

static void begin(const uint8_t *data, size_t size)
{
    memset(&vm, 0, sizeof(vm));
    vm.in = (struct fuzz_input){data, data + size};
    vm.ram_fd = memfd_create("fuzz-ram", MFD_CLOEXEC);
    if (vm.ram_fd < 0 || ftruncate(vm.ram_fd, RAM_SIZE))
        abort();
    vm.ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, vm.ram_fd, 0);
    if (vm.ram == MAP_FAILED || hcl_vu_init(&vm.vu, NULL, "fuzz", finished, pending, NULL))
        abort();
    set_up();
}

/* The connection is closed: every worker ends, and nothing stays open. */
static void end(void)
{
    vm.waiting = false;
    if (hcl_vm_abandon(vm.vu.vm, abandoned, NULL))
        vm.gone = true;
    for (int i = 0; i < MAX_WORKERS && !vm.gone; i++)
        if (workers[i].runs && workers[i].killed)
            worker_exit(&workers[i], SIGKILL);
    if (!vm.gone)
        abort();
    for (int i = 0; i < MAX_WORKERS; i++)
        if (workers[i].runs)
            abort();
    hcl_vu_finish(&vm.vu);
    for (int i = 0; i < MAX_WATCHES; i++)
        if (watches[i])
            abort();
    munmap(vm.ram, RAM_SIZE);
    close(vm.ram_fd);
}

/* The lowest free descriptor is the same as before, or one has been lost. */
static int lowest_free(void)
{
    int fd = dup_of(0);
    close(fd);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int before = lowest_free();
    begin(data, size);
    while (!fuzz_empty(&vm.in))
        step();
    end();
    if (lowest_free() != before)
        abort();
    return 0;
}

// SPDX-License-Identifier: MIT
#include "vring.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

size_t hcl_vring_desc_size(uint32_t num)
{
    return (size_t)num * sizeof(struct vring_desc);
}

/* flags, idx, ring[num]; the event word after them is not ours without
 * VIRTIO_F_EVENT_IDX, but the driver lays it out all the same. */
size_t hcl_vring_avail_size(uint32_t num)
{
    return sizeof(struct vring_avail) + (size_t)num * sizeof(uint16_t);
}

size_t hcl_vring_used_size(uint32_t num)
{
    return sizeof(struct vring_used) + (size_t)num * sizeof(struct vring_used_elem);
}

bool hcl_vring_num_valid(uint32_t num)
{
    return num > 0 && num <= HCL_VRING_MAX_NUM && (num & (num - 1)) == 0;
}

static uint16_t load16(const __virtio16 *p, int order)
{
    return le16toh(order == __ATOMIC_ACQUIRE ? __atomic_load_n(p, __ATOMIC_ACQUIRE)
                                             : __atomic_load_n(p, __ATOMIC_RELAXED));
}

uint16_t hcl_vring_in_order_base(const void *used)
{
    return load16(&((const struct vring_used *)used)->idx, __ATOMIC_ACQUIRE);
}

void hcl_vring_init(struct hcl_vring *vr, uint32_t num, void *desc, void *avail, void *used,
                    uint16_t base)
{
    memset(vr, 0, sizeof(*vr));
    vr->num = num;
    vr->desc = desc;
    vr->avail = avail;
    vr->used = used;
    vr->last_avail = base;
    vr->used_idx = hcl_vring_in_order_base(used);
    vr->call_fd = -1;
}

static void read_desc(const struct hcl_vring *vr, uint16_t i, struct vring_desc *d)
{
    const struct vring_desc *from = &vr->desc[i];

    d->addr = le64toh(__atomic_load_n(&from->addr, __ATOMIC_RELAXED));
    d->len = le32toh(__atomic_load_n(&from->len, __ATOMIC_RELAXED));
    d->flags = le16toh(__atomic_load_n(&from->flags, __ATOMIC_RELAXED));
    d->next = le16toh(__atomic_load_n(&from->next, __ATOMIC_RELAXED));
}

/* The bound on segments also ends a chain that loops (§2.7.5.2). */
static int walk(const struct hcl_vring *vr, uint16_t head, struct hcl_chain *c)
{
    struct vring_desc d;
    unsigned n = 0;
    uint16_t i = head;

    c->head = head;
    c->n_out = 0;
    c->n_in = 0;
    do {
        if (i >= vr->num || n == HCL_CHAIN_MAX_SEGMENTS || n == vr->num)
            return -EPROTO;
        read_desc(vr, i, &d);
        if (d.flags & ~(VRING_DESC_F_NEXT | VRING_DESC_F_WRITE))
            return -EPROTO;
        if (d.flags & VRING_DESC_F_WRITE)
            c->n_in++;
        else if (c->n_in > 0)
            return -EPROTO; /* §2.7.4.2: writable ones come last */
        else
            c->n_out++;
        c->seg[n].gpa = d.addr;
        c->seg[n].len = d.len;
        n++;
        i = d.next;
    } while (d.flags & VRING_DESC_F_NEXT);
    return 0;
}

int hcl_vring_pop(struct hcl_vring *vr, struct hcl_chain *c)
{
    uint16_t waiting = load16(&vr->avail->idx, __ATOMIC_ACQUIRE) - vr->last_avail;

    if (waiting == 0)
        return 0;
    if (waiting > vr->num)
        return -EPROTO;
    uint16_t head = load16(&vr->avail->ring[vr->last_avail & (vr->num - 1)], __ATOMIC_RELAXED);
    int rc = walk(vr, head, c);
    if (rc < 0)
        return rc;
    vr->last_avail++;
    return 1;
}

int64_t hcl_vring_read(struct hcl_vring *vr, const struct hcl_chain *c, void *buf, size_t cap)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < c->n_out; i++) {
        const struct hcl_segment *s = &c->seg[i];
        if (total < cap && s->len > 0) {
            size_t len = s->len < cap - total ? s->len : cap - total;
            const void *p = vr->at(vr->opaque, s->gpa, len);
            if (!p)
                return -EFAULT;
            memcpy((char *)buf + total, p, len);
        }
        total += s->len;
    }
    return (int64_t)total;
}

int hcl_vring_write(struct hcl_vring *vr, const struct hcl_chain *c, const void *buf, size_t len)
{
    size_t done = 0;

    for (unsigned i = c->n_out; i < c->n_out + c->n_in && done < len; i++) {
        const struct hcl_segment *s = &c->seg[i];
        size_t part = s->len < len - done ? s->len : len - done;
        if (part == 0)
            continue;
        void *p = vr->at(vr->opaque, s->gpa, part);
        if (!p)
            return -EFAULT;
        memcpy(p, (const char *)buf + done, part);
        done += part;
    }
    return done == len ? 0 : -EMSGSIZE;
}

void hcl_vring_push(struct hcl_vring *vr, uint16_t head, uint32_t len)
{
    struct vring_used_elem *e = &vr->used->ring[vr->used_idx & (vr->num - 1)];

    __atomic_store_n(&e->id, htole32(head), __ATOMIC_RELAXED);
    __atomic_store_n(&e->len, htole32(len), __ATOMIC_RELAXED);
    vr->used_idx++;
    __atomic_store_n(&vr->used->idx, htole16(vr->used_idx), __ATOMIC_RELEASE);
}

void hcl_vring_notify(struct hcl_vring *vr)
{
    if (vr->call_fd < 0)
        return;
    /* The driver sets the flag, then looks at used->idx once more; so we must
     * not read the flag before our store is visible (§2.7.7.2). */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (load16(&vr->avail->flags, __ATOMIC_RELAXED) & VRING_AVAIL_F_NO_INTERRUPT)
        return;
    hcl_vring_fd_signal(vr->call_fd);
}

/* Pipes are refused: writing to one whose reader has gone is a SIGPIPE, and no
 * front end on Linux falls back to them. */
int hcl_vring_fd_prepare(int fd)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISSOCK(st.st_mode) && (st.st_mode & S_IFMT) != 0)
        return -EINVAL;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return -errno;
    return 0;
}

void hcl_vring_fd_signal(int fd)
{
    const uint64_t one = 1;

    ssize_t n = write(fd, &one, sizeof(one));
    (void)n; /* EAGAIN: an event is pending; anything else: nobody is there */
}

void hcl_vring_fd_drain(int fd)
{
    uint64_t count[64]; /* an eventfd gives one word, a socket many */

    while (read(fd, count, sizeof(count)) == (ssize_t)sizeof(count))
        ;
}

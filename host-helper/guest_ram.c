// SPDX-License-Identifier: MIT
#include "guest_ram.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "log.h"
#include "ram_guard.h"

void hcl_guest_ram_init(struct hcl_guest_ram *ram, bool mapped)
{
    memset(ram, 0, sizeof(*ram));
    ram->mapped = mapped;
}

static void region_unmap(struct hcl_ram_region *r)
{
    if (!r->map)
        return;
    ram_guard_remove(r->map);
    munmap(r->map, r->map_len);
}

static void region_finish(struct hcl_ram_region *r)
{
    region_unmap(r);
    close(r->fd);
}

void hcl_guest_ram_finish(struct hcl_guest_ram *ram)
{
    for (unsigned i = 0; i < ram->n; i++)
        region_finish(&ram->r[i]);
    ram->n = 0;
}

static bool overflows(uint64_t start, uint64_t len)
{
    return len > UINT64_MAX - start;
}

static bool overlap(uint64_t a, uint64_t alen, uint64_t b, uint64_t blen)
{
    return a < b + blen && b < a + alen;
}

/*
 * A file that is shorter than the region would be a SIGBUS later. Pages of
 * hugetlbfs cannot be mapped one by one, and so not behind one another.
 */
static int region_check(const struct hcl_ram_region *r)
{
    struct statfs fs;
    struct stat st;

    if (r->size == 0 || overflows(r->gpa, r->size) || overflows(r->user, r->size) ||
        overflows(r->offset, r->size))
        return -EINVAL;
    if (fstat(r->fd, &st) < 0 || fstatfs(r->fd, &fs) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || r->offset + r->size > (uint64_t)st.st_size)
        return -EINVAL;
    if (fs.f_type != HUGETLBFS_MAGIC)
        return 0;
    hcl_log("guest RAM is in hugetlbfs, whose pages cannot be remapped singly: use "
            "memory-backend-memfd,share=on without hugetlb");
    return -ENOTSUP;
}

static int check_disjoint(const struct hcl_ram_region *r, const struct hcl_ram_region *with,
                          unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (overlap(r->gpa, r->size, with[i].gpa, with[i].size) ||
            overlap(r->user, r->size, with[i].user, with[i].size))
            return -EINVAL;
    }
    return 0;
}

static int region_map(struct hcl_ram_region *r)
{
    uint64_t skip = r->offset % HCL_PAGE_SIZE;
    size_t len = (skip + r->size + HCL_PAGE_SIZE - 1) / HCL_PAGE_SIZE * HCL_PAGE_SIZE;
    void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, r->fd,
                   (off_t)(r->offset - skip));
    int rc = p == MAP_FAILED ? -errno : 0;

    if (rc == 0 && madvise(p, len, MADV_DONTFORK) < 0)
        rc = -errno;
    if (rc == 0)
        rc = ram_guard_add(p, len);
    if (rc < 0) {
        if (p != MAP_FAILED)
            munmap(p, len);
        return rc;
    }
    r->map = p;
    r->map_len = len;
    r->base = (uint8_t *)p + skip;
    return 0;
}

static int region_init(struct hcl_ram_region *r, const struct hcl_ram_region *from, bool mapped)
{
    *r = *from;
    r->base = NULL;
    r->map = NULL;
    r->map_len = 0;
    int rc = region_check(r);
    if (rc == 0 && mapped)
        rc = region_map(r);
    return rc;
}

int hcl_guest_ram_set(struct hcl_guest_ram *ram, const struct hcl_ram_region *r, unsigned n)
{
    struct hcl_guest_ram new = {.mapped = ram->mapped};
    int rc = 0;

    if (n > HCL_RAM_MAX_REGIONS)
        return -ENOSPC;
    for (; new.n < n; new.n++) {
        rc = check_disjoint(&r[new.n], new.r, new.n);
        if (rc == 0)
            rc = region_init(&new.r[new.n], &r[new.n], ram->mapped);
        if (rc < 0)
            goto undo;
    }
    hcl_guest_ram_finish(ram);
    *ram = new;
    return 0;

undo:
    while (new.n-- > 0)
        region_unmap(&new.r[new.n]);
    return rc;
}

int hcl_guest_ram_add(struct hcl_guest_ram *ram, const struct hcl_ram_region *r)
{
    if (ram->n == HCL_RAM_MAX_REGIONS)
        return -ENOSPC;
    int rc = check_disjoint(r, ram->r, ram->n);
    if (rc == 0)
        rc = region_init(&ram->r[ram->n], r, ram->mapped);
    if (rc == 0)
        ram->n++;
    return rc;
}

int hcl_guest_ram_remove(struct hcl_guest_ram *ram, uint64_t gpa, uint64_t user, uint64_t size)
{
    for (unsigned i = 0; i < ram->n; i++) {
        struct hcl_ram_region *r = &ram->r[i];
        if (r->gpa != gpa || r->user != user || r->size != size)
            continue;
        region_finish(r);
        *r = ram->r[--ram->n];
        return 0;
    }
    return -ENOENT;
}

static const struct hcl_ram_region *find(const struct hcl_guest_ram *ram, uint64_t gpa)
{
    for (unsigned i = 0; i < ram->n; i++) {
        const struct hcl_ram_region *r = &ram->r[i];
        if (gpa >= r->gpa && gpa - r->gpa < r->size)
            return r;
    }
    return NULL;
}

uint64_t hcl_guest_ram_file(const struct hcl_guest_ram *ram, uint64_t gpa, uint64_t len, int *fd,
                            uint64_t *offset)
{
    const struct hcl_ram_region *r = find(ram, gpa);
    if (!r)
        return 0;
    uint64_t left = r->size - (gpa - r->gpa);
    *fd = r->fd;
    *offset = r->offset + (gpa - r->gpa);
    return left < len ? left : len;
}

bool hcl_guest_ram_covers(const struct hcl_guest_ram *ram, uint64_t gpa, uint64_t len)
{
    while (len > 0) {
        int fd;
        uint64_t offset;
        uint64_t part = hcl_guest_ram_file(ram, gpa, len, &fd, &offset);
        if (part == 0)
            return false;
        gpa += part; /* cannot overflow: no region does */
        len -= part;
    }
    return true;
}

void *hcl_guest_ram_at(const struct hcl_guest_ram *ram, uint64_t gpa, uint64_t len)
{
    const struct hcl_ram_region *r = find(ram, gpa);
    if (!r || !r->base || len > r->size - (gpa - r->gpa))
        return NULL;
    return r->base + (gpa - r->gpa);
}

int hcl_guest_ram_user(const struct hcl_guest_ram *ram, uint64_t user, uint64_t len, uint64_t *gpa)
{
    for (unsigned i = 0; i < ram->n; i++) {
        const struct hcl_ram_region *r = &ram->r[i];
        if (user < r->user || user - r->user >= r->size)
            continue;
        if (len > r->size - (user - r->user))
            return -EFAULT;
        *gpa = r->gpa + (user - r->user);
        return 0;
    }
    return -EFAULT;
}

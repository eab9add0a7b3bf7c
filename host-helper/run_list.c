// SPDX-License-Identifier: MIT
#include "run_list.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

void hcl_run_list_finish(struct hcl_run_list *l)
{
    free(l->run);
    *l = (struct hcl_run_list){0};
}

static int append(struct hcl_run_list *l, const struct hcl_link_run *run)
{
    struct hcl_listed_run *last = l->n ? &l->run[l->n - 1] : NULL;

    if (last && last->gpa + last->len == run->gpa) {
        last->len += run->len;
    } else {
        if (l->n == l->cap) {
            size_t cap = l->cap ? 2 * l->cap : 256;
            struct hcl_listed_run *more = realloc(l->run, cap * sizeof(*more));
            if (!more)
                return -ENOMEM;
            l->run = more;
            l->cap = cap;
        }
        l->run[l->n++] = (struct hcl_listed_run){l->len, run->gpa, run->len};
    }
    l->len += run->len;
    return 0;
}

int hcl_run_list_add(struct hcl_run_list *l, const struct hcl_link_run *run, uint32_t n)
{
    int rc = 0;

    for (uint32_t i = 0; i < n && rc == 0; i++)
        rc = append(l, &run[i]);
    return rc;
}

/* The run that off lies in. */
static size_t find(const struct hcl_run_list *l, uint64_t off)
{
    size_t low = 0, high = l->n; /* run[low].at <= off < run[high].at */

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (l->run[middle].at <= off)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static int copy_file(int fd, uint64_t offset, uint8_t *mem, uint64_t len, bool to_guest)
{
    while (len > 0) {
        ssize_t n =
            to_guest ? pwrite(fd, mem, len, (off_t)offset) : pread(fd, mem, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EFAULT;
        offset += (uint64_t)n;
        mem += n;
        len -= (uint64_t)n;
    }
    return 0;
}

static int copy_run(const struct hcl_guest_ram *ram, uint64_t gpa, uint8_t *mem, uint64_t len,
                    bool to_guest)
{
    int rc = 0;

    while (len > 0 && rc == 0) {
        uint64_t offset;
        int fd;
        uint64_t part = hcl_guest_ram_file(ram, gpa, len, &fd, &offset);
        rc = part > 0 ? copy_file(fd, offset, mem, part, to_guest) : -EFAULT;
        gpa += part;
        mem += part;
        len -= part;
    }
    return rc;
}

int hcl_run_list_copy(const struct hcl_run_list *l, const struct hcl_guest_ram *ram, uint64_t off,
                      void *mem, uint64_t len, bool to_guest)
{
    uint8_t *at = mem;
    int rc = 0;

    if (off > l->len || len > l->len - off)
        return -EFAULT;
    for (size_t i = len ? find(l, off) : 0; len > 0 && rc == 0; i++) {
        const struct hcl_listed_run *r = &l->run[i];
        uint64_t skip = off - r->at;
        uint64_t part = r->len - skip < len ? r->len - skip : len;
        rc = copy_run(ram, r->gpa + skip, at, part, to_guest);
        off += part;
        at += part;
        len -= part;
    }
    return rc;
}

// SPDX-License-Identifier: MIT
#include "ram_window.h"

#include <errno.h>
#include <sys/mman.h>

#include "guest_ram.h"

int ram_window_init(struct ram_window *w, const struct hcl_guest_ram *ram, uint64_t gpa,
                    uint64_t len, void **ptr)
{
    uint64_t offset;
    int fd;

    if (len == 0 || hcl_guest_ram_file(ram, gpa, len, &fd, &offset) != len)
        return -EFAULT;
    uint64_t skip = offset % HCL_PAGE_SIZE;
    size_t map_len = (skip + len + HCL_PAGE_SIZE - 1) / HCL_PAGE_SIZE * HCL_PAGE_SIZE;
    void *p = mmap(NULL, map_len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)(offset - skip));
    if (p == MAP_FAILED)
        return -errno;
    w->map = p;
    w->map_len = map_len;
    w->gpa = gpa - skip;
    *ptr = (char *)p + skip;
    return 0;
}

void ram_window_finish(struct ram_window *w)
{
    if (w->map)
        munmap(w->map, w->map_len);
    w->map = NULL;
}

void *ram_windows_at(struct ram_windows *ws, const struct hcl_guest_ram *ram, uint64_t gpa,
                     uint64_t len)
{
    for (unsigned i = 0; i < RAM_WINDOWS; i++) {
        struct ram_window *w = &ws->w[i];
        if (w->map && gpa >= w->gpa && gpa - w->gpa <= w->map_len &&
            len <= w->map_len - (gpa - w->gpa))
            return (char *)w->map + (gpa - w->gpa);
    }
    struct ram_window *w = &ws->w[ws->next];
    struct ram_window new;
    void *ptr = NULL;
    if (ram_window_init(&new, ram, gpa, len, &ptr) < 0)
        return NULL;
    ram_window_finish(w);
    *w = new;
    ws->next = (ws->next + 1) % RAM_WINDOWS;
    return ptr;
}

void ram_windows_finish(struct ram_windows *ws)
{
    for (unsigned i = 0; i < RAM_WINDOWS; i++)
        ram_window_finish(&ws->w[i]);
}

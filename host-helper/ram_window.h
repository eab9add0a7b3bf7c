/* SPDX-License-Identifier: MIT */
/*
 * ram_window.h - small views of guest RAM in a process that has the memory
 * table's descriptors but does not map it: a worker's rings and wake buffers.
 *
 * Ownership: a window owns its mapping, not the table that it came from.
 * Threading: none of its own.
 */
#ifndef HCL_RAM_WINDOW_H
#define HCL_RAM_WINDOW_H

#include <stddef.h>
#include <stdint.h>

struct hcl_guest_ram;

struct ram_window {
    void *map; /* NULL: none */
    size_t map_len;
    uint64_t gpa; /* of map */
};

/* Map the pages of [gpa, gpa + len); *ptr receives the address of gpa. Returns
 * 0, -EFAULT (not guest RAM in one piece) or -errno of mmap(). */
int ram_window_init(struct ram_window *w, const struct hcl_guest_ram *ram, uint64_t gpa,
                    uint64_t len, void **ptr);
void ram_window_finish(struct ram_window *w);

/* The driver keeps VIRTIO_OCL_WAKE_BUFFERS posted, on a page each at worst. */
#define RAM_WINDOWS 8

struct ram_windows {
    struct ram_window w[RAM_WINDOWS];
    unsigned next; /* to be replaced */
};

/* The address of [gpa, gpa + len), from a window that covers it or a new one.
 * Valid until the next call. NULL: not guest RAM, or no memory. */
void *ram_windows_at(struct ram_windows *ws, const struct hcl_guest_ram *ram, uint64_t gpa,
                     uint64_t len);
void ram_windows_finish(struct ram_windows *ws);

#endif

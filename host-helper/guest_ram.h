/* SPDX-License-Identifier: MIT */
/*
 * guest_ram.h - a VM's memory as its front end describes it: which file holds
 * which range of guest-physical addresses.
 *
 * The server keeps the table mapped, since it reads the control queue; a
 * worker keeps descriptors alone and maps what its client names. The server's
 * mappings do not survive a fork (MADV_DONTFORK): a worker must not find other
 * clients' or other VMs' memory in its address space.
 *
 * Ownership: a table owns the descriptors and mappings of its regions.
 * Threading: none of its own; one thread at a time.
 */
#ifndef HCL_GUEST_RAM_H
#define HCL_GUEST_RAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What SET_MEM_TABLE carries is 8; ADD_MEM_REG may go up to what we answer to
 * GET_MAX_MEM_SLOTS. Each costs a descriptor in the server and in each worker. */
#define HCL_RAM_MAX_REGIONS 32

#define HCL_PAGE_SIZE 4096u

struct hcl_ram_region {
    uint64_t gpa;
    uint64_t size;   /* bytes */
    uint64_t user;   /* the front end's own address: rings are named by it */
    uint64_t offset; /* of gpa in fd */
    int fd;
    uint8_t *base; /* of gpa here, or NULL in a table that is not mapped */
    void *map;     /* what mmap() gave, for munmap() */
    size_t map_len;
};

struct hcl_guest_ram {
    bool mapped;
    unsigned n;
    struct hcl_ram_region r[HCL_RAM_MAX_REGIONS];
};

/* mapped: map regions for hcl_guest_ram_at() as they come. */
void hcl_guest_ram_init(struct hcl_guest_ram *ram, bool mapped);
void hcl_guest_ram_finish(struct hcl_guest_ram *ram);

/*
 * Replace the whole table by r[0..n): gpa, size, user, offset and fd are
 * looked at. Takes the descriptors on success. Returns 0, -EINVAL (overlaps,
 * overflows, lies beyond its file's end, not a regular file), -ENOTSUP (in
 * hugetlbfs, logged), -ENOSPC (too many) or -ENOMEM; the old table then stays.
 */
int hcl_guest_ram_set(struct hcl_guest_ram *ram, const struct hcl_ram_region *r, unsigned n);

/* The same for one region more. */
int hcl_guest_ram_add(struct hcl_guest_ram *ram, const struct hcl_ram_region *r);

/* Drop the region with these gpa, user and size. Returns 0 or -ENOENT. */
int hcl_guest_ram_remove(struct hcl_guest_ram *ram, uint64_t gpa, uint64_t user, uint64_t size);

/*
 * Where [gpa, gpa + len) lies in its file. Returns how many of the len bytes
 * follow one another there: 0 if gpa is no guest RAM, less than len if they
 * go on in another region.
 */
uint64_t hcl_guest_ram_file(const struct hcl_guest_ram *ram, uint64_t gpa, uint64_t len, int *fd,
                            uint64_t *offset);

/* Is every byte of [gpa, gpa + len) guest RAM? */
bool hcl_guest_ram_covers(const struct hcl_guest_ram *ram, uint64_t gpa, uint64_t len);

/* The address of [gpa, gpa + len), in one region of a mapped table, or NULL. */
void *hcl_guest_ram_at(const struct hcl_guest_ram *ram, uint64_t gpa, uint64_t len);

/* The gpa of the front end's address. Returns 0 or -EFAULT. */
int hcl_guest_ram_user(const struct hcl_guest_ram *ram, uint64_t user, uint64_t len, uint64_t *gpa);

#endif

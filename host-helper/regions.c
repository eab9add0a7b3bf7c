// SPDX-License-Identifier: MIT
#include "regions.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "reserve.h"

/* The guest chooses ids, but they are small numbers by agreement, so a table
 * indexed by id does. It grows in steps of this many entries. */
#define TABLE_STEP 64u

enum region_state {
    REGION_RESERVED,  /* being filled by the transport */
    REGION_PUBLISHED, /* may be used */
    REGION_DYING,     /* unmapped as soon as refs is 0 */
};

struct hcl_region {
    struct hcl_regions *rs;
    uint32_t id;
    enum region_state state;
    unsigned refs; /* users in native commands */
    uint8_t *base; /* NULL: listed */
    size_t len;
    bool writable; /* listed: */
    hcl_region_copy_fn copy;
    void *copy_opaque;
    size_t *piece; /* lengths of the mappings behind it; none recorded: one */
    size_t npieces, cap;
    hcl_region_gone_fn gone;
    void *opaque;
};

struct hcl_regions {
    pthread_mutex_t lock;
    struct hcl_region **table; /* by id - 1 */
    uint32_t table_len;
    uint32_t max_regions;
    uint64_t max_bytes;
    uint32_t count;
    uint64_t bytes;
    bool destroyed; /* the last region to go frees this */
};

struct hcl_regions *hcl_regions_create(uint32_t max_regions, uint64_t max_bytes)
{
    struct hcl_regions *rs = calloc(1, sizeof(*rs));
    if (!rs)
        return NULL;
    pthread_mutex_init(&rs->lock, NULL);
    rs->max_regions = max_regions;
    rs->max_bytes = max_bytes;
    return rs;
}

static void regions_free(struct hcl_regions *rs)
{
    pthread_mutex_destroy(&rs->lock);
    free(rs->table);
    free(rs);
}

/* Lock held. */
static struct hcl_region *region_find(struct hcl_regions *rs, uint32_t id)
{
    return id - 1 < rs->table_len ? rs->table[id - 1] : NULL;
}

/* Lock held. Make room for id, which is within the client's limit. */
static int table_grow(struct hcl_regions *rs, uint32_t id)
{
    if (id <= rs->table_len)
        return 0;
    size_t len = ((size_t)(id - 1) / TABLE_STEP + 1) * TABLE_STEP;
    struct hcl_region **table = realloc(rs->table, len * sizeof(struct hcl_region *));
    if (!table)
        return -ENOMEM;
    for (size_t i = rs->table_len; i < len; i++)
        table[i] = NULL;
    rs->table = table;
    rs->table_len = len;
    return 0;
}

/* Lock held. */
static int reserve_check(struct hcl_regions *rs, uint32_t id, uint64_t len)
{
    uint64_t page = sysconf(_SC_PAGESIZE);

    if (id == 0 || id > rs->max_regions || len == 0 || len % page || len > SIZE_MAX - VOCL_HUGE_PAGE)
        return -EINVAL;
    if (region_find(rs, id))
        return -EEXIST;
    if (rs->count >= rs->max_regions || len > rs->max_bytes - rs->bytes)
        return -ENOSPC;
    return table_grow(rs, id);
}

/* Enter a region that `like` describes but for base and length. base NULL: it is to
 * have none. */
static int region_enter(struct hcl_regions *rs, const struct hcl_region *like, uint64_t len,
                        void **base)
{
    struct hcl_region *r = calloc(1, sizeof(*r));
    void *p = NULL;
    if (!r)
        return -ENOMEM;

    pthread_mutex_lock(&rs->lock);
    int err = reserve_check(rs, like->id, len);
    if (!err && base && (p = vocl_reserve(len)) == MAP_FAILED)
        err = -ENOMEM;
    if (err)
        goto fail;
    *r = *like;
    r->base = p;
    r->len = len;
    rs->table[r->id - 1] = r;
    rs->count++;
    rs->bytes += r->len;
    pthread_mutex_unlock(&rs->lock);
    if (base)
        *base = p;
    return 0;

fail:
    pthread_mutex_unlock(&rs->lock);
    free(r);
    return err;
}

int hcl_region_reserve(struct hcl_regions *rs, uint32_t id, uint64_t len, void **base)
{
    const struct hcl_region like = {.rs = rs, .id = id, .state = REGION_RESERVED};
    return region_enter(rs, &like, len, base);
}

int hcl_region_list(struct hcl_regions *rs, uint32_t id, uint64_t len, bool writable,
                    hcl_region_copy_fn copy, void *opaque)
{
    const struct hcl_region like = {.rs = rs,
                                    .id = id,
                                    .state = REGION_RESERVED,
                                    .writable = writable,
                                    .copy = copy,
                                    .copy_opaque = opaque};
    return region_enter(rs, &like, len, NULL);
}

/* Lock held. */
static int add_piece(struct hcl_region *r, size_t len)
{
    if (r->npieces == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 16;
        size_t *piece = realloc(r->piece, cap * sizeof(*piece));
        if (!piece)
            return -ENOMEM;
        r->piece = piece;
        r->cap = cap;
    }
    r->piece[r->npieces++] = len;
    return 0;
}

int hcl_region_piece(struct hcl_regions *rs, uint32_t id, uint64_t len)
{
    pthread_mutex_lock(&rs->lock);
    struct hcl_region *r = region_find(rs, id);
    int err = r && r->state == REGION_RESERVED ? add_piece(r, len) : -ENOENT;
    pthread_mutex_unlock(&rs->lock);
    return err;
}

int hcl_region_publish(struct hcl_regions *rs, uint32_t id)
{
    int err = -ENOENT;

    pthread_mutex_lock(&rs->lock);
    struct hcl_region *r = region_find(rs, id);
    if (r && r->state == REGION_RESERVED) {
        r->state = REGION_PUBLISHED;
        err = 0;
    }
    pthread_mutex_unlock(&rs->lock);
    return err;
}

/*
 * The region is dying and unused: unmap it, then forget it. In this order and
 * with the lock dropped in between, because unmapping gigabytes takes long and
 * because a free id must mean that nothing is mapped.
 */
static void region_finish(struct hcl_region *r)
{
    struct hcl_regions *rs = r->rs;

    if (r->base)
        munmap(r->base, r->len);

    pthread_mutex_lock(&rs->lock);
    rs->table[r->id - 1] = NULL;
    rs->count--;
    rs->bytes -= r->len;
    bool last = rs->destroyed && rs->count == 0;
    bool tell = !rs->destroyed;
    pthread_mutex_unlock(&rs->lock);

    if (tell && r->gone)
        r->gone(r->opaque, r->id);
    if (last)
        regions_free(rs);
    free(r->piece);
    free(r);
}

int hcl_region_unmap(struct hcl_regions *rs, uint32_t id, hcl_region_gone_fn gone, void *opaque)
{
    pthread_mutex_lock(&rs->lock);
    struct hcl_region *r = region_find(rs, id);
    if (!r || r->state == REGION_DYING) {
        pthread_mutex_unlock(&rs->lock);
        return -ENOENT;
    }
    r->state = REGION_DYING;
    r->gone = gone;
    r->opaque = opaque;
    bool unused = r->refs == 0;
    pthread_mutex_unlock(&rs->lock);

    if (unused)
        region_finish(r);
    return 0;
}

/* Lock held. Is [off, off + len) there to be used? */
static bool region_has(const struct hcl_region *r, uint64_t off, uint64_t len)
{
    return r->state == REGION_PUBLISHED && off <= r->len && len <= r->len - off;
}

struct hcl_region *hcl_region_get(struct hcl_regions *rs, uint32_t id, uint64_t off, uint64_t len,
                                  void **ptr)
{
    pthread_mutex_lock(&rs->lock);
    struct hcl_region *r = region_find(rs, id);
    if (r && (!r->base || !region_has(r, off, len)))
        r = NULL;
    if (r) {
        r->refs++;
        *ptr = r->base + off;
    }
    pthread_mutex_unlock(&rs->lock);
    return r;
}

struct hcl_region *hcl_region_get_listed(struct hcl_regions *rs, uint32_t id, uint64_t off,
                                         uint64_t len, bool to_guest)
{
    pthread_mutex_lock(&rs->lock);
    struct hcl_region *r = region_find(rs, id);
    if (r && (r->base || !region_has(r, off, len) || (to_guest && !r->writable)))
        r = NULL;
    if (r)
        r->refs++;
    pthread_mutex_unlock(&rs->lock);
    return r;
}

int hcl_region_copy(struct hcl_region *r, uint64_t off, void *mem, uint64_t len, bool to_guest)
{
    return r->copy(r->copy_opaque, r->id, off, mem, len, to_guest);
}

void hcl_region_put(struct hcl_region *r)
{
    struct hcl_regions *rs = r->rs;

    pthread_mutex_lock(&rs->lock);
    bool last = --r->refs == 0 && r->state == REGION_DYING;
    pthread_mutex_unlock(&rs->lock);
    if (last)
        region_finish(r);
}

size_t hcl_region_size(const struct hcl_region *r)
{
    return r->len;
}

/* An old size of 0 makes a second mapping of the same shared pages (mremap(2)).
 * It would go on into the file behind the piece, hence one piece at a time. */
static int alias_piece(uint8_t *from, size_t len, uint8_t *at)
{
    return mremap(from, 0, len, MREMAP_MAYMOVE | MREMAP_FIXED, at) == MAP_FAILED ? -errno : 0;
}

int hcl_region_alias(struct hcl_region *r, void *at)
{
    int err = 0;
    size_t done = 0;
    if (!r->npieces)
        return alias_piece(r->base, r->len, at);
    for (size_t i = 0; i < r->npieces && !err; i++) {
        err = alias_piece(r->base + done, r->piece[i], (uint8_t *)at + done);
        done += r->piece[i];
    }
    return err;
}

void hcl_regions_usage(struct hcl_regions *rs, uint32_t *count, uint64_t *bytes)
{
    pthread_mutex_lock(&rs->lock);
    *count = rs->count;
    *bytes = rs->bytes;
    pthread_mutex_unlock(&rs->lock);
}

/*
 * A region that a native command still uses outlives this call: its pages must
 * not vanish under the runtime's threads. Its last put() frees it, without
 * calling gone, whose opaque may be gone itself.
 */
void hcl_regions_destroy(struct hcl_regions *rs)
{
    if (!rs)
        return;

    pthread_mutex_lock(&rs->lock);
    rs->destroyed = true;
    rs->count++; /* ours, so that none of the regions below is the last */
    for (uint32_t i = 0; i < rs->table_len; i++) {
        struct hcl_region *r = rs->table[i];
        if (!r || r->state == REGION_DYING)
            continue;
        r->state = REGION_DYING;
        if (r->refs == 0) {
            pthread_mutex_unlock(&rs->lock);
            region_finish(r);
            pthread_mutex_lock(&rs->lock);
        }
    }
    bool last = --rs->count == 0;
    pthread_mutex_unlock(&rs->lock);
    if (last)
        regions_free(rs);
}

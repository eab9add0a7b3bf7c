// SPDX-License-Identifier: MIT
#include "svm.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "connection.h"
#include "frame.h"
#include "ids.h"
#include "memory.h"
#include "stubs.h"

/* The host's allocator works in pages of this size, as the wire does. */
#define SVM_PAGE ((size_t)4096)

/* Both sides' addresses are spread over terabytes: that an address of the host's
 * is taken here is rare, and that this many are, is no accident. */
#define SVM_TRIES 16
#define SVM_SPACER_MIN ((size_t)2 << 20)
#define SVM_SPACER_MAX ((size_t)64 << 20)

struct svm_map {
    struct svm_map *next;
    const void *ptr;
    size_t size;
    cl_map_flags flags;
};

struct svm {
    uint32_t id;
    bool placed;
    char *addr;
    struct gcl_svm_request made; /* without the properties; holds nothing */
    size_t len;                  /* whole pages */
    struct gcl_region region;
    struct svm_map *maps;
};

static struct {
    pthread_mutex_t lock;
    struct svm **at; /* by address */
    size_t n, cap;   /* n is read without the lock */
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Under the lock: how many allocations begin at or before p. */
static size_t table_rank(const void *p)
{
    size_t low = 0, high = table.n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if ((const char *)p < table.at[mid]->addr)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

/* Under the lock. */
static struct svm *table_find(const void *p, size_t size)
{
    size_t rank = table_rank(p);
    struct svm *s = rank ? table.at[rank - 1] : NULL;
    size_t off = s ? (size_t)((const char *)p - s->addr) : 0;
    return s && off <= s->made.size && size <= s->made.size - off ? s : NULL;
}

static cl_int table_add(struct svm *s)
{
    cl_int err = CL_SUCCESS;
    pthread_mutex_lock(&table.lock);
    if (table.n == table.cap) {
        size_t cap = table.cap ? 2 * table.cap : 16;
        struct svm **at = realloc(table.at, cap * sizeof(struct svm *));
        if (!at)
            err = CL_OUT_OF_HOST_MEMORY;
        else
            table.at = at, table.cap = cap;
    }
    if (!err) {
        size_t rank = table_rank(s->addr);
        memmove(&table.at[rank + 1], &table.at[rank], (table.n - rank) * sizeof(struct svm *));
        table.at[rank] = s;
        __atomic_store_n(&table.n, table.n + 1, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&table.lock);
    return err;
}

static struct svm *table_take(const void *p)
{
    pthread_mutex_lock(&table.lock);
    size_t rank = table_rank(p);
    struct svm *s = rank && table.at[rank - 1]->addr == p ? table.at[rank - 1] : NULL;
    if (s) {
        memmove(&table.at[rank - 1], &table.at[rank], (table.n - rank) * sizeof(struct svm *));
        __atomic_store_n(&table.n, table.n - 1, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&table.lock);
    return s;
}

bool gcl_svm_find(const void *ptr, size_t size, struct gcl_svm_place *at)
{
    if (!__atomic_load_n(&table.n, __ATOMIC_ACQUIRE))
        return false;
    pthread_mutex_lock(&table.lock);
    struct svm *s = table_find(ptr, size);
    if (s) {
        uint64_t off = (uint64_t)((const char *)ptr - s->addr);
        *at = (struct gcl_svm_place){.id = s->id,
                                     .offset = off,
                                     .context = s->made.context,
                                     .placed = s->placed,
                                     .region = s->region};
        at->region.offset += off;
        at->region.addr = s->addr + off;
        at->region.len = size;
    }
    pthread_mutex_unlock(&table.lock);
    return s != NULL;
}

bool gcl_svm_what(const void *ptr, struct gcl_svm_request *rq, void **base)
{
    if (!__atomic_load_n(&table.n, __ATOMIC_ACQUIRE))
        return false;
    pthread_mutex_lock(&table.lock);
    struct svm *s = table_find(ptr, 0);
    if (s) {
        *rq = s->made;
        *base = s->addr;
    }
    pthread_mutex_unlock(&table.lock);
    return s != NULL;
}

cl_int gcl_svm_map_add(const void *ptr, size_t size, cl_map_flags flags)
{
    struct svm_map *m = malloc(sizeof(*m));
    if (!m)
        return CL_OUT_OF_HOST_MEMORY;
    *m = (struct svm_map){.ptr = ptr, .size = size, .flags = flags};
    pthread_mutex_lock(&table.lock);
    struct svm *s = table_find(ptr, size);
    if (s) {
        m->next = s->maps;
        s->maps = m;
    }
    pthread_mutex_unlock(&table.lock);
    if (s)
        return CL_SUCCESS;
    free(m);
    return CL_INVALID_VALUE;
}

bool gcl_svm_map_take(const void *ptr, size_t *size, cl_map_flags *flags)
{
    struct svm_map *m = NULL;
    pthread_mutex_lock(&table.lock);
    struct svm *s = table_find(ptr, 0);
    struct svm_map **at = s ? &s->maps : NULL;
    while (at && *at && (*at)->ptr != ptr)
        at = &(*at)->next;
    if (at && (m = *at))
        *at = m->next;
    pthread_mutex_unlock(&table.lock);
    if (m) {
        *size = m->size;
        *flags = m->flags;
    }
    free(m);
    return m != NULL;
}

/* Give the number back, and the native allocation with it. */
static void release(uint32_t id)
{
    gcl_connection_release(id);
    gcl_ids_give(GCL_IDS_OBJECTS, id);
}

static void svm_destroy(struct svm *s)
{
    struct gcl_transport *t = gcl_connection_transport();
    release(s->id);
    t->ops->free(t, &s->region);
    while (s->maps) {
        struct svm_map *m = s->maps;
        s->maps = m->next;
        free(m);
    }
    free(s);
}

void gcl_svm_free(const void *ptr)
{
    struct svm *s = ptr ? table_take(ptr) : NULL;
    if (s)
        svm_destroy(s);
}

/* Is [addr, addr + len) free in this process? Then it is ours from now on, and
 * empty. A kernel before 4.17 takes the flag for a hint. */
static bool claim(void *addr, size_t len)
{
    void *p = mmap(addr, len, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (p == MAP_FAILED)
        return false;
    if (p == addr)
        return true;
    munmap(p, len);
    errno = EEXIST;
    return false;
}

/* Is there such an address, free or taken? */
static bool exists(void *addr)
{
    if (!claim(addr, SVM_PAGE))
        return errno == EEXIST;
    munmap(addr, SVM_PAGE);
    return true;
}

bool gcl_svm_possible(void)
{
    enum { UNKNOWN, YES, NO };
    static int known; /* atomic */
    int is = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (is == UNKNOWN) {
        is = sizeof(void *) == 8 && exists((void *)(uintptr_t)(1ull << 46)) ? YES : NO;
        __atomic_store_n(&known, is, __ATOMIC_RELAXED);
    }
    return is == YES;
}

static cl_int ask_for_svm(struct gcl_frame *f, const struct gcl_svm_request *rq, struct svm *s)
{
    struct vocl_clSVMAlloc_rep rep;
    vocl_put_clSVMAlloc_req(f->w,
                            &(struct vocl_clSVMAlloc_req){s->id, gcl_id(rq->context), rq->flags,
                                                          rq->size, rq->alignment});
    cl_int err = gcl_frame_call(f, VOCL_OP_clSVMAlloc);
    if (err)
        return err;
    vocl_get_clSVMAlloc_rep(&f->reply, &rep);
    s->addr = (char *)(uintptr_t)rep.address;
    s->placed = rep.placed;
    return gcl_frame_result(f, rep.ret);
}

static cl_int ask_for_usm(struct gcl_frame *f, const struct gcl_svm_request *rq, struct svm *s)
{
    struct vocl_usm_alloc_rep rep;
    struct vocl_usm_alloc_req req = {
        s->id, gcl_id(rq->context), gcl_id(rq->device), rq->usm, rq->size, rq->alignment, {0}};
    cl_int err = gcl_frame_properties64(f, rq->properties, &req.properties);
    if (err)
        return err;
    vocl_put_usm_alloc_req(f->w, &req);
    if ((err = gcl_frame_call(f, VOCL_OP_USM_ALLOC)))
        return err;
    vocl_get_usm_alloc_rep(&f->reply, &rep);
    s->addr = (char *)(uintptr_t)rep.address;
    s->placed = true;
    return gcl_frame_result(f, rep.ret);
}

static cl_int ask_helper(struct svm *s, const struct gcl_svm_request *rq)
{
    struct gcl_frame f;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    return gcl_frame_end(&f, rq->usm ? ask_for_usm(&f, rq, s) : ask_for_svm(&f, rq, s), NULL);
}

/* A new allocation under a number of its own: CL_SUCCESS, or why there is none. */
static cl_int try_once(struct svm *s, const struct gcl_svm_request *rq)
{
    if (!(s->id = gcl_ids_take(GCL_IDS_OBJECTS)))
        return CL_OUT_OF_HOST_MEMORY;
    cl_int err = ask_helper(s, rq);
    if (err)
        gcl_ids_give(GCL_IDS_OBJECTS, s->id);
    return err;
}

/* Get an allocation whose address is free here. Those whose is not are kept
 * until there is one, so that the runtime chooses others; and since something
 * large may lie here where the runtime's next ones would come from, larger ones
 * are kept with them, to be past it soon. */
static cl_int allocate(struct svm *s, const struct gcl_svm_request *rq)
{
    uint32_t kept[2 * SVM_TRIES];
    unsigned n = 0;
    cl_int err = CL_OUT_OF_RESOURCES;
    struct gcl_svm_request large = *rq;
    struct svm other;
    large.size = SVM_SPACER_MIN;
    for (int i = 0; i < SVM_TRIES; i++) {
        if ((err = try_once(s, rq)))
            break;
        if (s->addr && !((uintptr_t)s->addr % SVM_PAGE) && claim(s->addr, s->len))
            goto out;
        err = CL_OUT_OF_RESOURCES;
        kept[n++] = s->id;
        if (!try_once(&other, &large))
            kept[n++] = other.id;
        if (large.size < SVM_SPACER_MAX)
            large.size *= 2;
    }
    gcl_debug("SVM of %zu bytes: %s", rq->size,
              n ? "the host's addresses are taken here" : "the runtime refused");
out:
    while (n)
        release(kept[--n]);
    return err;
}

/* Put memory of the transport's at the address that has been claimed. */
static cl_int place(struct svm *s)
{
    struct gcl_transport *t = gcl_connection_transport();
    struct gcl_frame f;
    if (t->ops->alloc(t, s->len, s->addr, &s->region)) {
        munmap(s->addr, s->len);
        return CL_OUT_OF_RESOURCES;
    }
    cl_int err = gcl_frame_begin(&f);
    if (!err) {
        vocl_put_svm_place_req(f.w, &(struct vocl_svm_place_req){s->id, s->region.id});
        err = gcl_frame_end(&f, gcl_frame_status(&f, VOCL_OP_SVM_PLACE), NULL);
    }
    if (err)
        t->ops->free(t, &s->region);
    return err;
}

cl_int gcl_svm_alloc(const struct gcl_svm_request *rq, void **ptr)
{
    if (!gcl_is_context(rq->context))
        return CL_INVALID_CONTEXT;
    if (!gcl_svm_possible())
        return CL_INVALID_OPERATION;
    cl_ulong max = gcl_context_max_alloc(rq->context);
    if (!rq->size || rq->size > SIZE_MAX - SVM_PAGE || (max && rq->size > max))
        return CL_INVALID_BUFFER_SIZE;
    struct svm *s = calloc(1, sizeof(*s));
    if (!s)
        return CL_OUT_OF_HOST_MEMORY;
    s->made = *rq;
    s->len = (rq->size + SVM_PAGE - 1) & ~(SVM_PAGE - 1);
    cl_int err = allocate(s, rq);
    if (err) {
        free(s);
        return err;
    }
    if ((err = place(s))) {
        release(s->id);
        free(s);
        return err;
    }
    void *addr = s->addr;
    if ((err = table_add(s))) {
        svm_destroy(s);
        return err;
    }
    *ptr = addr;
    return CL_SUCCESS;
}

void *CL_API_CALL gcl_clSVMAlloc(cl_context context, cl_svm_mem_flags flags, size_t size,
                                 cl_uint alignment)
{
    const struct gcl_svm_request rq = {
        .context = context, .flags = flags, .size = size, .alignment = alignment};
    void *p = NULL;
    gcl_svm_alloc(&rq, &p);
    return p;
}

void CL_API_CALL gcl_clSVMFree(cl_context context, void *ptr)
{
    if (gcl_is_context(context))
        gcl_svm_free(ptr);
}

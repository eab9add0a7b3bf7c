// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "channel.h"
#include "connection.h"
#include "slab.h"

/* A transport whose regions are shared with nobody. */
static unsigned regions, ever;
static bool out_of_memory;

static int fake_alloc(struct gcl_transport *t, size_t len, void *at, struct gcl_region *r)
{
    (void)t;
    if (out_of_memory)
        return -ENOMEM;
    void *p = mmap(at, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *r = (struct gcl_region){.id = ++ever, .addr = p, .len = len};
    regions++;
    return 0;
}

static void fake_free(struct gcl_transport *t, struct gcl_region *r)
{
    (void)t;
    munmap(r->addr, r->len);
    regions--;
}

static const struct gcl_transport_ops ops = {
    .name = "fake", .slab_size = (size_t)4 << 20, .alloc = fake_alloc, .free = fake_free};
static struct gcl_transport transport = {.ops = &ops};

struct gcl_transport *gcl_connection_transport(void)
{
    return &transport;
}

/* What the helper does when the runtime has let go. */
static void let_go(const struct gcl_region *r, uint64_t notice)
{
    uint32_t *word = (uint32_t *)((char *)r->addr - r->offset + notice);
    *word = VOCL_NOTICE_GONE;
}

static void pieces_are_aligned_and_apart(void **state)
{
    (void)state;
    enum { N = 3000 };
    static struct gcl_piece *piece[N];
    static struct gcl_region at[N];
    uint64_t notice;
    for (int i = 0; i < N; i++) {
        size_t size = 1 + i * 37 % 20000;
        assert_non_null(piece[i] = gcl_slab_take(size, &at[i], &notice));
        assert_int_equal((uintptr_t)at[i].addr % GCL_SLAB_ALIGN, 0);
        assert_int_equal(at[i].offset % GCL_SLAB_ALIGN, 0);
        assert_int_equal(at[i].len, size);
        memset(at[i].addr, i, size);
    }
    for (int i = 0; i < N; i++) {
        const unsigned char *p = at[i].addr;
        for (size_t k = 0; k < at[i].len; k++)
            assert_int_equal(p[k], (unsigned char)i);
        gcl_slab_give(piece[i], false);
    }
    assert_int_equal(regions, 1); /* one is kept for what comes */
}

static void a_piece_is_not_used_again_before_its_notice(void **state)
{
    (void)state;
    struct gcl_region first, other;
    uint64_t notice, unused;
    struct gcl_piece *p = gcl_slab_take(gcl_slab_piece_max(), &first, &notice);
    gcl_slab_give(p, true);
    for (int i = 0; i < 8; i++) {
        p = gcl_slab_take(gcl_slab_piece_max(), &other, &unused);
        assert_true(other.addr != first.addr || other.id != first.id);
        gcl_slab_give(p, false);
    }
    let_go(&first, notice);
    size_t slabs, kept;
    gcl_slab_usage(&slabs, &kept);
    assert_int_equal(slabs, 1);
}

/* A program that makes and releases buffers keeps no more pages than is promised,
 * however many it had. */
static void free_pieces_keep_few_pages(void **state)
{
    (void)state;
    enum { N = 64 };
    struct gcl_piece *piece[N];
    struct gcl_region at[N];
    uint64_t notice[N];
    size_t slabs, kept;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < N; i++) {
            piece[i] = gcl_slab_take(300000 + i * 1000, &at[i], &notice[i]);
            memset(at[i].addr, 1, at[i].len);
        }
        assert_true(regions > 4);
        for (int i = 0; i < N; i++) {
            gcl_slab_give(piece[i], true);
            let_go(&at[i], notice[i]);
        }
        gcl_slab_usage(&slabs, &kept);
        assert_int_equal(slabs, 1);
        assert_int_equal(regions, 1);
        assert_true(kept <= GCL_SLAB_KEEP);
    }
}

static void no_memory_is_an_answer(void **state)
{
    (void)state;
    struct gcl_piece *piece[5];
    struct gcl_region at;
    uint64_t notice;
    for (int i = 0; i < 4; i++)
        assert_non_null(piece[i] = gcl_slab_take(gcl_slab_piece_max(), &at, &notice));
    out_of_memory = true;
    assert_null(gcl_slab_take(gcl_slab_piece_max(), &at, &notice));
    assert_null(gcl_slab_take(1, &at, &notice));
    out_of_memory = false;
    assert_non_null(piece[4] = gcl_slab_take(1, &at, &notice));
    for (int i = 0; i < 5; i++)
        gcl_slab_give(piece[i], false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_apart),
        cmocka_unit_test(a_piece_is_not_used_again_before_its_notice),
        cmocka_unit_test(free_pieces_keep_few_pages),
        cmocka_unit_test(no_memory_is_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

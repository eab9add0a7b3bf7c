// SPDX-License-Identifier: MIT
#include "backing.h"

#include <stdlib.h>

#include "connection.h"
#include "frame.h"
#include "huge.h"
#include "slab.h"

static uint64_t backed; /* atomic: bytes of buffers in memory of ours */

enum { UNKNOWN, IN_PLACE, NOT_IN_PLACE };

/* What the helper says; a helper that is lost makes no difference here. */
static bool ask(cl_context c)
{
    struct gcl_frame f;
    struct vocl_context_memory_rep rep = {0};
    if (gcl_frame_begin(&f))
        return false;
    vocl_put_context_memory_req(f.w, &(struct vocl_context_memory_req){gcl_id(c)});
    cl_int err = gcl_frame_call(&f, VOCL_OP_CONTEXT_MEMORY);
    if (!err) {
        vocl_get_context_memory_rep(&f.reply, &rep);
        err = gcl_frame_result(&f, rep.ret);
    }
    gcl_frame_end(&f, err, NULL);
    return !err && rep.in_place;
}

bool gcl_context_in_place(cl_context c)
{
    int state = __atomic_load_n(&c->in_place, __ATOMIC_RELAXED);
    if (state == UNKNOWN) {
        state = ask(c) ? IN_PLACE : NOT_IN_PLACE;
        __atomic_store_n(&c->in_place, state, __ATOMIC_RELAXED);
    }
    return state == IN_PLACE;
}

static size_t whole_blocks(cl_mem m)
{
    return (uintptr_t)m->memory.addr % VOCL_HUGE_PAGE ? 0 : m->size / VOCL_HUGE_PAGE;
}

static bool take_region(cl_mem m)
{
    struct gcl_transport *t = gcl_connection_transport();
    if (t->ops->alloc(t, m->size, NULL, &m->memory))
        return false;
    size_t n = whole_blocks(m);
    if (n) /* none: small pages will do */
        m->touched = calloc((n + 7) / 8, 1);
    return true;
}

bool gcl_backing_take(cl_mem m, uint64_t *notice)
{
    struct gcl_transport *t = gcl_connection_transport();
    uint64_t now = __atomic_add_fetch(&backed, m->size, __ATOMIC_RELAXED);
    bool ok = now <= t->ops->buffers_max;
    *notice = 0;
    if (ok && m->size <= gcl_slab_piece_max())
        ok = (m->piece = gcl_slab_take(m->size, &m->memory, notice)) != NULL;
    else if (ok)
        ok = take_region(m);
    m->backed = ok;
    if (!ok)
        __atomic_sub_fetch(&backed, m->size, __ATOMIC_RELAXED);
    return ok;
}

void gcl_backing_give(cl_mem m)
{
    struct gcl_transport *t = gcl_connection_transport();
    if (m->piece)
        gcl_slab_give(m->piece, m->made);
    else
        t->ops->free(t, &m->memory);
    free(m->touched);
    __atomic_sub_fetch(&backed, m->size, __ATOMIC_RELAXED);
}

void gcl_backing_touch(cl_mem m, size_t offset, size_t size)
{
    if (m->parent) {
        offset += m->origin;
        m = m->parent;
    }
    if (!m->touched || !size)
        return;
    size_t last = (offset + size - 1) / VOCL_HUGE_PAGE;
    size_t n = m->size / VOCL_HUGE_PAGE;
    for (size_t i = offset / VOCL_HUGE_PAGE; i <= last && i < n; i++) {
        uint8_t bit = 1u << i % 8;
        if (__atomic_load_n(&m->touched[i / 8], __ATOMIC_RELAXED) & bit)
            continue;
        if (!(__atomic_fetch_or(&m->touched[i / 8], bit, __ATOMIC_RELAXED) & bit) &&
            !gcl_huge_page((char *)m->memory.addr + i * VOCL_HUGE_PAGE))
            return;
    }
}

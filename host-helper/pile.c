// SPDX-License-Identifier: MIT
#include "pile.h"

#include <stdbool.h>
#include <stddef.h>

#include "defer.h"
#include "worker.h"

static void look_at_all(void *arg)
{
    struct hcl_pile *pile = arg;
    struct hcl_piled *p = __atomic_exchange_n(&pile->first, NULL, __ATOMIC_ACQ_REL);
    while (p) {
        struct hcl_piled *next = p->next;
        pile->look(p);
        p = next;
    }
}

void hcl_pile_add(struct hcl_pile *pile, struct hcl_piled *p)
{
    struct hcl_piled *first = __atomic_load_n(&pile->first, __ATOMIC_RELAXED);
    do
        p->next = first;
    while (!__atomic_compare_exchange_n(&pile->first, &first, p, true, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED));
    /* Whoever found the pile empty calls a waiter. */
    if (!first && hcl_defer(pile->w->defer, look_at_all, pile))
        hcl_worker_stop(pile->w, VOCL_LOST_LIMIT, "no thread or memory to ask for a status with");
}

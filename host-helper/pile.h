/* SPDX-License-Identifier: MIT */
/*
 * pile.h - things that a waiter is to look at, any number of them at the price of one
 * job: one user event may complete thousands of commands at once, more than jobs may
 * wait for a thread (HCL_DEFER_QUEUE_MAX).
 *
 * Threading: any thread; adding takes no lock, so a runtime's callback may.
 */
#ifndef HCL_PILE_H
#define HCL_PILE_H

struct hcl_worker;

/* To be the first member of what is piled up. */
struct hcl_piled {
    struct hcl_piled *next;
};

struct hcl_pile {
    struct hcl_worker *w;
    void (*look)(struct hcl_piled *p); /* on a waiter thread; p is its own */
    struct hcl_piled *first;           /* atomic */
};

/* Add p, and see to it that a waiter comes. If none can, the client is ended. */
void hcl_pile_add(struct hcl_pile *pile, struct hcl_piled *p);

#endif

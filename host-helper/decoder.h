/* SPDX-License-Identifier: MIT */
/*
 * decoder.h - the loop that takes calls from the command ring, in order.
 *
 * Each thread of the crew (crew.h) has a decoder of its own: the private copy of the
 * record, the call that is made of it, its answer. The ring, and a body that comes
 * in pieces, belong to whoever has the role.
 */
#ifndef HCL_DECODER_H
#define HCL_DECODER_H

#include <stdbool.h>

struct hcl_decoder;
struct hcl_worker;

/* NULL: no memory. */
struct hcl_decoder *hcl_decoder_create(struct hcl_worker *w);

/* NULL is allowed. */
void hcl_decoder_destroy(struct hcl_decoder *d);

/*
 * With the role: carry out what comes, and look for more for as long as is worth it.
 * Returns true with the role still: there is nothing in the ring, or the worker is to
 * stop; false if another thread has it by now.
 */
bool hcl_decoder_lead(struct hcl_decoder *d);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * decoder.h - the loop that takes calls from the command ring, in order.
 */
#ifndef HCL_DECODER_H
#define HCL_DECODER_H

struct hcl_worker;

/* Until the client goes or is ended. */
void hcl_decode(struct hcl_worker *w);

#endif

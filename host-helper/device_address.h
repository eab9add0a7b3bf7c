/* SPDX-License-Identifier: MIT */
/*
 * device_address.h - cl_ext_buffer_device_address: which addresses are those of
 * the client's buffers.
 *
 * A buffer that is made with CL_MEM_DEVICE_PRIVATE_ADDRESS_EXT has one address
 * for each device of its context for as long as it lives, which a program may
 * ask for, write into memory for its kernels to follow, and give to a kernel as
 * an argument. Unlike all other pointers these cross as they are, since only the
 * program knows which of the numbers it has are addresses. One that is given to
 * the runtime must lie in a buffer of the client's.
 *
 * Ownership: a buffer's addresses go with its entry in the object table.
 * Threading: any thread; buffers are not only released by the decoder (objects.h).
 */
#ifndef HCL_DEVICE_ADDRESS_H
#define HCL_DEVICE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"
#include "worker.h"

struct hcl_addresses;

/* The addresses of a buffer of `size` bytes; NULL if these properties, with which it
 * was made, ask for none, or there is no memory: its addresses are refused then. */
struct hcl_addresses *hcl_addresses_create(struct hcl_worker *w, cl_mem buffer, uint64_t size,
                                           struct vocl_words properties);
void hcl_addresses_destroy(void *addresses); /* NULL is allowed */

/* Does this address lie in a buffer of the client's, or right behind it? */
bool hcl_address_known(struct hcl_worker *w, uint64_t address);

#endif

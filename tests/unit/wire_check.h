/* SPDX-License-Identifier: MIT */
/*
 * wire_check.h - what the generated wire tests (proto/gen_tests.py) share with
 * the program that runs them: a table of bodies, each with a way to write an
 * example and a way to read whatever there is and write it again.
 *
 * Threading: one thread.
 */
#ifndef WIRE_CHECK_H
#define WIRE_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "wire.h"

struct wire_check_body {
    const char *name;
    void (*encode)(struct vocl_writer *w);
    void (*recode)(struct vocl_reader *r, struct vocl_writer *w);
};

/* Generated. */
extern const struct wire_check_body wire_check_bodies[];
extern const size_t wire_check_num_bodies;

/* Read every byte, so that a sanitizer sees a bound that is wrong. NULL is
 * allowed if len is 0. */
void wire_check_touch(const void *data, uint64_t len);

/* Touch the strings of a decoded array and give it a list, so that it can be
 * written again; done() frees the list. */
void wire_check_blobs(struct vocl_blobs *b);
void wire_check_blobs_done(struct vocl_blobs *b);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * tail.h - the last lines of a log that may be long: a guest's console, QEMU's
 * or the helper's messages. Start with zeros; needs no destruction.
 */
#ifndef VOCL_TAIL_H
#define VOCL_TAIL_H

#include <stdbool.h>
#include <stddef.h>

#define TAIL_SIZE 8192 /* about a hundred lines: more than is ever shown */

struct tail {
    char text[TAIL_SIZE]; /* a ring */
    size_t total;         /* bytes ever added */
};

void tail_add(struct tail *t, const char *data, size_t len);
bool tail_empty(const struct tail *t);

/* The last lines, each behind prefix, on stderr. Control characters, which a
 * console's text is full of, are left out. */
void tail_print(const struct tail *t, const char *prefix, int lines);

#endif

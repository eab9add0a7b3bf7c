/* SPDX-License-Identifier: MIT */
/*
 * top_view.h - what `vocl top` prints of helpers' documents (proto/control.h).
 *
 * Everything in them comes from elsewhere: what is missing is 0, and no string is
 * printed that is not plain ASCII.
 */
#ifndef VOCL_TOP_VIEW_H
#define VOCL_TOP_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct top_view {
    json_t *now, *before; /* arrays of documents; before may be NULL */
    double seconds;       /* between them */
    bool details;         /* of every client */
    int64_t client;       /* details of the client with this pid alone; 0: none */
    int width;            /* cut lines there; 0: nowhere */
};

/* Rates are averages since `before`, or since the client has come. */
void top_view_print(const struct top_view *v, FILE *out);

/* Is there a client of that pid? */
bool top_view_has(json_t *documents, int64_t pid);

/* What each counter means. */
void top_view_counters(FILE *out);

#endif

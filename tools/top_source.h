/* SPDX-License-Identifier: MIT */
/*
 * top_source.h - the helpers that can be asked, and what they say: the documents
 * that proto/control.h describes.
 */
#ifndef VOCL_TOP_SOURCE_H
#define VOCL_TOP_SOURCE_H

#include <jansson.h>

/*
 * An array with the document of every helper that this user may ask; empty if
 * there is none. Each has "control", its socket; one that did not answer has
 * nothing else but "error". NULL: no memory. The caller's.
 */
json_t *top_collect(void);

/*
 * The same with one helper's document: of the one whose control socket path is, or
 * that serves programs or a VM at path. NULL with the reason printed.
 */
json_t *top_collect_at(const char *path);

#endif

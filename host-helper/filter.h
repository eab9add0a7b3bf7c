/* SPDX-License-Identifier: MIT */
/*
 * filter.h - do --runtime and --allow-device let this name through? Shared by
 * the start-up check and the worker, which must agree.
 */
#ifndef HCL_FILTER_H
#define HCL_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* filter: part of the name, in any case; NULL lets everything through. */
static inline bool hcl_filter_match(const char *filter, const char *name)
{
    return !filter || strcasestr(name, filter) != NULL;
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * extension.h - which of the runtime's extensions the guest advertises.
 *
 * An extension crosses when it is no more than kernel-language features, info
 * queries and flags, which pass through as they are. One with entry points of
 * its own crosses when those are carried; an unknown one is taken for such,
 * and is not shown: a program that trusts it would call a NULL pointer.
 */
#ifndef GCL_EXTENSION_H
#define GCL_EXTENSION_H

#include <stddef.h>

#include <CL/cl.h>

/* Take out of a space-separated list, in place, what does not cross. */
void gcl_extensions_filter(char *list);

/* The same for an array of n; returns how many are left. */
size_t gcl_extensions_filter_versions(cl_name_version *list, size_t n);

#endif

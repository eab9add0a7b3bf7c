/* SPDX-License-Identifier: MIT */
/*
 * extension.h - which of the runtime's extensions the guest advertises, and
 * their functions.
 *
 * An extension crosses when it is no more than kernel-language features, info
 * queries and flags, which pass through as they are. One with entry points of
 * its own crosses when those are carried; an unknown one is taken for such,
 * and is not shown: a program that trusts it would call a NULL pointer.
 * proto/extensions.py says which is which.
 *
 * Threading: any thread.
 */
#ifndef GCL_EXTENSION_H
#define GCL_EXTENSION_H

#include <stddef.h>

#include <CL/cl.h>

/* Generated (stubs.c): the extensions that cross; */
extern const char *const gcl_extensions[];
extern const size_t gcl_num_extensions;

/* and their functions. */
struct gcl_function {
    const char *name;
    void *fn;
    void *older; /* as it was before version 0.9.5 of cl_khr_command_buffer, or NULL: the same */
};
extern const struct gcl_function gcl_extension_functions[];
extern const size_t gcl_num_extension_functions;

/*
 * Our function of this name, if the platform's runtime has it natively: then in
 * the form that the runtime's has, since that is the one that its programs are
 * compiled for. NULL: we do not carry it, or the platform has none.
 */
void *gcl_extension_function(cl_platform_id platform, const char *name);

/* Take out of a space-separated list, in place, what does not cross. */
void gcl_extensions_filter(char *list);

/* The same for an array of n; returns how many are left. */
size_t gcl_extensions_filter_versions(cl_name_version *list, size_t n);

#endif

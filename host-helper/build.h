/* SPDX-License-Identifier: MIT */
/*
 * build.h - builds under way. Threading: any thread.
 */
#ifndef HCL_BUILD_H
#define HCL_BUILD_H

#include <stdbool.h>

#include <CL/cl.h>

/* Is a build or a compilation of the program under way? It may then change at
 * any moment. The decoder starts builds, so "no" holds until it goes on. */
bool hcl_program_is_building(cl_program program);

#endif

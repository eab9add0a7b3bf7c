/* SPDX-License-Identifier: MIT */
/*
 * native.h - the native runtime: the host's own libOpenCL.so.1, as the table
 * of functions that cl_khr_icd defines. A test or a fuzzer fills another one.
 */
#ifndef HCL_NATIVE_H
#define HCL_NATIVE_H

#include <CL/cl_icd.h>

/* Load the host's OpenCL loader and look everything up. Functions that it
 * lacks are NULL. Returns 0 or -ENOENT, logged. */
int hcl_native_load(cl_icd_dispatch *cl);

/* Generated: fill the table from an open library. */
void hcl_native_resolve(cl_icd_dispatch *cl, void *lib);

#endif

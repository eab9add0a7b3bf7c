/* SPDX-License-Identifier: MIT */
/*
 * extension_types.h - the types and numbers of the extensions that cross.
 *
 * OpenCL's headers have some of them, depending on their age and, since 2024,
 * on whether CL_ENABLE_BETA_EXTENSIONS is defined. The types are given here
 * again, which C allows if they are the same, and the numbers where they are
 * missing. Functions' prototypes are taken from nowhere: those of
 * cl_khr_command_buffer changed on the way, and both forms are needed.
 */
#ifndef VOCL_EXTENSION_TYPES_H
#define VOCL_EXTENSION_TYPES_H

#include <CL/cl.h>
#include <CL/cl_ext.h>

/* cl_khr_command_buffer */
typedef struct _cl_command_buffer_khr *cl_command_buffer_khr;
typedef struct _cl_mutable_command_khr *cl_mutable_command_khr;
typedef cl_uint cl_sync_point_khr;
typedef cl_uint cl_command_buffer_info_khr;
typedef cl_properties cl_command_buffer_properties_khr;
typedef cl_properties cl_command_properties_khr;

#ifndef CL_COMMAND_BUFFER_FLAGS_KHR
#define CL_COMMAND_BUFFER_FLAGS_KHR 0x1293
#define CL_COMMAND_BUFFER_QUEUES_KHR 0x1294
#define CL_COMMAND_BUFFER_NUM_QUEUES_KHR 0x1295
#define CL_COMMAND_BUFFER_REFERENCE_COUNT_KHR 0x1296
#define CL_COMMAND_BUFFER_STATE_KHR 0x1297
#define CL_COMMAND_BUFFER_PROPERTIES_ARRAY_KHR 0x1298
#define CL_INVALID_COMMAND_BUFFER_KHR -1138
#define CL_INVALID_SYNC_POINT_WAIT_LIST_KHR -1139
#define CL_COMMAND_COMMAND_BUFFER_KHR 0x12A8
#endif
#ifndef CL_COMMAND_BUFFER_CONTEXT_KHR /* since 0.9.2 */
#define CL_COMMAND_BUFFER_CONTEXT_KHR 0x1299
#endif

#endif

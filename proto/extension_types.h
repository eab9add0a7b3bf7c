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

/*
 * cl_khr_command_buffer_mutable_dispatch, from version 0.9.2 on: before, the
 * structures began otherwise, under the names that headers have.
 */
typedef cl_uint cl_command_buffer_update_type_khr;
typedef cl_uint cl_mutable_command_info_khr;

struct vocl_mutable_dispatch_arg {
    cl_uint arg_index;
    size_t arg_size;
    const void *arg_value;
};

struct vocl_mutable_dispatch_exec_info {
    cl_uint param_name;
    size_t param_value_size;
    const void *param_value;
};

struct vocl_mutable_dispatch_config {
    cl_mutable_command_khr command;
    cl_uint num_args;
    cl_uint num_svm_args;
    cl_uint num_exec_infos;
    cl_uint work_dim;
    const struct vocl_mutable_dispatch_arg *arg_list;
    const struct vocl_mutable_dispatch_arg *arg_svm_list;
    const struct vocl_mutable_dispatch_exec_info *exec_info_list;
    const size_t *global_work_offset;
    const size_t *global_work_size;
    const size_t *local_work_size;
};

#define VOCL_MUTABLE_DISPATCH_CONFIG 0 /* CL_STRUCTURE_TYPE_MUTABLE_DISPATCH_CONFIG_KHR */

/* On the wire: which sizes of a command are updated. */
enum vocl_mutable { VOCL_MUTABLE_OFFSET = 1, VOCL_MUTABLE_GLOBAL = 2, VOCL_MUTABLE_LOCAL = 4 };

#ifndef CL_DEVICE_MUTABLE_DISPATCH_CAPABILITIES_KHR
#define CL_COMMAND_BUFFER_MUTABLE_KHR (1 << 1)
#define CL_INVALID_MUTABLE_COMMAND_KHR -1141
#define CL_DEVICE_MUTABLE_DISPATCH_CAPABILITIES_KHR 0x12B0
#define CL_MUTABLE_DISPATCH_UPDATABLE_FIELDS_KHR 0x12B1
#define CL_MUTABLE_DISPATCH_GLOBAL_SIZE_KHR (1 << 1)
#define CL_MUTABLE_DISPATCH_ARGUMENTS_KHR (1 << 3)
#define CL_MUTABLE_DISPATCH_EXEC_INFO_KHR (1 << 4)
#define CL_MUTABLE_COMMAND_COMMAND_QUEUE_KHR 0x12A0
#define CL_MUTABLE_COMMAND_COMMAND_BUFFER_KHR 0x12A1
#define CL_MUTABLE_COMMAND_COMMAND_TYPE_KHR 0x12AD
#define CL_MUTABLE_DISPATCH_KERNEL_KHR 0x12A3
#define CL_MUTABLE_DISPATCH_DIMENSIONS_KHR 0x12A4
#define CL_MUTABLE_DISPATCH_GLOBAL_WORK_SIZE_KHR 0x12A6
#endif
#ifndef CL_COMMAND_BUFFER_MUTABLE_DISPATCH_ASSERTS_KHR
#define CL_COMMAND_BUFFER_MUTABLE_DISPATCH_ASSERTS_KHR 0x12B7
#define CL_MUTABLE_DISPATCH_ASSERTS_KHR 0x12B8
#endif

/* cl_intel_unified_shared_memory */
typedef cl_properties cl_mem_properties_intel;
typedef cl_uint cl_mem_info_intel;
typedef cl_uint cl_mem_advice_intel;

/* cl_khr_command_buffer_multi_device: answers that are handles */
#ifndef CL_DEVICE_COMMAND_BUFFER_SYNC_DEVICES_KHR
#define CL_DEVICE_COMMAND_BUFFER_SYNC_DEVICES_KHR 0x12AC
#endif

/* cl_khr_semaphore */
typedef struct _cl_semaphore_khr *cl_semaphore_khr;
typedef cl_properties cl_semaphore_properties_khr;
typedef cl_uint cl_semaphore_info_khr;
typedef cl_uint cl_semaphore_type_khr;
typedef cl_ulong cl_semaphore_payload_khr;
typedef cl_uint cl_external_semaphore_handle_type_khr;

#ifndef CL_SEMAPHORE_TYPE_KHR
#define CL_SEMAPHORE_CONTEXT_KHR 0x2039
#define CL_SEMAPHORE_REFERENCE_COUNT_KHR 0x203A
#define CL_SEMAPHORE_PROPERTIES_KHR 0x203B
#define CL_SEMAPHORE_PAYLOAD_KHR 0x203C
#define CL_SEMAPHORE_TYPE_KHR 0x203D
#define CL_SEMAPHORE_TYPE_BINARY_KHR 1
#define CL_COMMAND_SEMAPHORE_WAIT_KHR 0x2042
#define CL_COMMAND_SEMAPHORE_SIGNAL_KHR 0x2043
#define CL_INVALID_SEMAPHORE_KHR -1142
#define CL_DEVICE_SEMAPHORE_TYPES_KHR 0x204C
#endif
#ifndef CL_DEVICE_HANDLE_LIST_KHR /* before version 1.0.0 */
#define CL_DEVICE_HANDLE_LIST_KHR 0x2051
#endif
#ifndef CL_SEMAPHORE_DEVICE_HANDLE_LIST_KHR
#define CL_SEMAPHORE_DEVICE_HANDLE_LIST_KHR 0x2053
#endif

/* cl_khr_spirv_queries: answers that are pointers */
#ifndef CL_DEVICE_SPIRV_EXTENDED_INSTRUCTION_SETS_KHR
#define CL_DEVICE_SPIRV_EXTENDED_INSTRUCTION_SETS_KHR 0x12B9
#define CL_DEVICE_SPIRV_EXTENSIONS_KHR 0x12BA
#endif

/* cl_ext_buffer_device_address; it had other numbers before version 0.9.0 */
typedef cl_ulong cl_mem_device_address_ext;
#ifndef CL_MEM_DEVICE_ADDRESS_EXT
#define CL_MEM_DEVICE_PRIVATE_ADDRESS_EXT 0x5000
#define CL_MEM_DEVICE_ADDRESS_EXT 0x5001
#define CL_KERNEL_EXEC_INFO_DEVICE_PTRS_EXT 0x5002
#endif

/* The same in PoCL 5 and 6, and Intel's cl_intel_kernel_allocations_info: addresses */
#define VOCL_MEM_DEVICE_PTR_POCL 0xff01
#define VOCL_MEM_DEVICE_PTRS_POCL 0xff02
#ifndef CL_KERNEL_ALLOCATIONS_INFO_INTEL
#define CL_KERNEL_ALLOCATIONS_INFO_INTEL 0x425A
#endif

/* cl_khr_external_semaphore, cl_khr_external_memory: queries that do not cross */
#ifndef CL_SEMAPHORE_EXPORT_HANDLE_TYPES_KHR
#define CL_PLATFORM_SEMAPHORE_IMPORT_HANDLE_TYPES_KHR 0x2037
#define CL_PLATFORM_SEMAPHORE_EXPORT_HANDLE_TYPES_KHR 0x2038
#define CL_DEVICE_SEMAPHORE_IMPORT_HANDLE_TYPES_KHR 0x204D
#define CL_DEVICE_SEMAPHORE_EXPORT_HANDLE_TYPES_KHR 0x204E
#define CL_SEMAPHORE_EXPORT_HANDLE_TYPES_KHR 0x203F
#endif
#ifndef CL_PLATFORM_EXTERNAL_MEMORY_IMPORT_HANDLE_TYPES_KHR
#define CL_PLATFORM_EXTERNAL_MEMORY_IMPORT_HANDLE_TYPES_KHR 0x2044
#define CL_DEVICE_EXTERNAL_MEMORY_IMPORT_HANDLE_TYPES_KHR 0x204F
#endif
#ifndef CL_DEVICE_EXTERNAL_MEMORY_IMPORT_ASSUME_LINEAR_IMAGES_HANDLE_TYPES_KHR
#define CL_DEVICE_EXTERNAL_MEMORY_IMPORT_ASSUME_LINEAR_IMAGES_HANDLE_TYPES_KHR 0x2052
#endif

#endif

# SPDX-License-Identifier: MIT
"""Extensions: what becomes of each that a runtime may advertise, and their
entry points, described as those of the core are in calls.py.

A program gets an extension's functions by clGetExtensionFunctionAddressForPlatform,
and so does the helper from the native runtime. An extension that is not in
EXTENSIONS is filtered: a program that trusts one calls its functions.

Wire numbers are of the same row as the core's: extensions' are 130 to 199.
"""

from calls import enqueue, hand, info, local, release, retain
from model import (Array, BytesIn, Blobs, Call, CommandProperties, Extension, FILTERED, HERE, Handle,
                   Handles, NEW_COMMAND, OutScalar, PASSED, SYNC_POINTS, Scalar, Size, Sizes, SvmPointer, U64, Words)

# -------------------------------------------------------------- command buffers

COMMAND_BUFFER = "cl_khr_command_buffer"
MUTABLE = "cl_khr_command_buffer_mutable_dispatch"
BUFFER = Handle("cl_command_buffer_khr", "command_buffer")


def command(name, op, *args, added=True):
    """A command that is recorded. Its queue is optional (NULL: the command buffer's
    own); its properties came with version 0.9.5, except the kernel's."""
    return Call(name, op=op, ext=COMMAND_BUFFER, ver="1.2", args=[
        BUFFER, Handle("cl_command_queue", "command_queue", optional=True),
        CommandProperties(added), *args, SYNC_POINTS, OutScalar("cl_sync_point_khr", "sync_point"),
        NEW_COMMAND])


def alias(name, core, ext, ret="cl_int"):
    """Another name of a core call."""
    return Call(name, cls="-", ext=ext, alias=core, guest=False, host=False, ret=ret,
                note=f"the same as {core}")


SEMAPHORE = "cl_khr_semaphore"
USM = "cl_intel_unified_shared_memory"


def semaphores(name, op, command_type):
    """A command that waits for semaphores, or signals them."""
    return enqueue(name, op,
                   Handles("cl_semaphore_khr", "num_sema_objects", "sema_objects",
                           "CL_INVALID_SEMAPHORE_KHR"),
                   Array("cl_semaphore_payload_khr", "sema_payload_list", "num_sema_objects",
                         of="sema_objects"),
                   command=command_type, ext=SEMAPHORE, ver="1.2")


EXTENSION_CALLS = [
    hand("clCreateCommandBufferKHR", 130, U64("id") + Words("queues") + Words("properties"),
         decl="cl_uint num_queues, const cl_command_queue *queues, "
              "const cl_command_buffer_properties_khr *properties, cl_int *errcode_ret",
         ret="cl_command_buffer_khr", ext=COMMAND_BUFFER, ver="1.2"),
    retain("cl_command_buffer_khr", "clRetainCommandBufferKHR", "1.2", ext=COMMAND_BUFFER),
    release("cl_command_buffer_khr", "clReleaseCommandBufferKHR", "1.2", ext=COMMAND_BUFFER),
    Call("clFinalizeCommandBufferKHR", op=131, ext=COMMAND_BUFFER, ver="1.2", args=[BUFFER]),
    hand("clEnqueueCommandBufferKHR", 132,
         Words("queues") + U64("command_buffer") + Words("event_wait_list") +
         U64("event", "event_slot"),
         decl="cl_uint num_queues, cl_command_queue *queues, cl_command_buffer_khr command_buffer, "
              "cl_uint num_events_in_wait_list, const cl_event *event_wait_list, cl_event *event",
         ext=COMMAND_BUFFER, ver="1.2"),
    command("clCommandBarrierWithWaitListKHR", 133),
    command("clCommandCopyBufferKHR", 134, Handle("cl_mem", "src_buffer"),
            Handle("cl_mem", "dst_buffer"), Size("src_offset"), Size("dst_offset"), Size("size")),
    command("clCommandCopyBufferRectKHR", 135, Handle("cl_mem", "src_buffer"),
            Handle("cl_mem", "dst_buffer"), Sizes("src_origin", "3"), Sizes("dst_origin", "3"),
            Sizes("region", "3"), Size("src_row_pitch"), Size("src_slice_pitch"),
            Size("dst_row_pitch"), Size("dst_slice_pitch")),
    command("clCommandCopyBufferToImageKHR", 136, Handle("cl_mem", "src_buffer"),
            Handle("cl_mem", "dst_image"), Size("src_offset"), Sizes("dst_origin", "3"),
            Sizes("region", "3")),
    command("clCommandCopyImageKHR", 137, Handle("cl_mem", "src_image"),
            Handle("cl_mem", "dst_image"), Sizes("src_origin", "3"), Sizes("dst_origin", "3"),
            Sizes("region", "3")),
    command("clCommandCopyImageToBufferKHR", 138, Handle("cl_mem", "src_image"),
            Handle("cl_mem", "dst_buffer"), Sizes("src_origin", "3"), Sizes("region", "3"),
            Size("dst_offset")),
    command("clCommandFillBufferKHR", 139, Handle("cl_mem", "buffer"),
            BytesIn("pattern", "pattern_size"), Size("pattern_size"), Size("offset"), Size("size")),
    command("clCommandFillImageKHR", 140, Handle("cl_mem", "image"), BytesIn("fill_color", "16"),
            Sizes("origin", "3"), Sizes("region", "3")),
    command("clCommandNDRangeKernelKHR", 141, Handle("cl_kernel", "kernel"),
            Scalar("cl_uint", "work_dim"), Sizes("global_work_offset", "work_dim"),
            Sizes("global_work_size", "work_dim"), Sizes("local_work_size", "work_dim"),
            added=False),
    info("clGetCommandBufferInfoKHR", 142, BUFFER,
         Scalar("cl_command_buffer_info_khr", "param_name"), local="gcl_local_command_buffer_info",
         ext=COMMAND_BUFFER, ver="1.2"),
    command("clCommandSVMMemcpyKHR", 143, SvmPointer("dst_ptr", "size"),
            SvmPointer("src_ptr", "size", const=True), Size("size")),
    command("clCommandSVMMemFillKHR", 144, SvmPointer("svm_ptr", "size"),
            BytesIn("pattern", "pattern_size"), Size("pattern_size"), Size("size")),

    hand("clUpdateMutableCommandsKHR", 145,
         U64("command_buffer", "num_configs") + Words("configs") + Blobs("values"),
         decl="cl_command_buffer_khr command_buffer, cl_uint num_configs, "
              "const cl_command_buffer_update_type_khr *config_types, const void **configs",
         ext=MUTABLE, ver="1.2"),
    info("clGetMutableCommandInfoKHR", 146, Handle("cl_mutable_command_khr", "command"),
         Scalar("cl_mutable_command_info_khr", "param_name"),
         local="gcl_local_mutable_command_info", ext=MUTABLE, ver="1.2"),

    # Semaphores
    hand("clCreateSemaphoreWithPropertiesKHR", 150, U64("id", "context") + Words("properties"),
         decl="cl_context context, const cl_semaphore_properties_khr *sema_props, "
              "cl_int *errcode_ret",
         ret="cl_semaphore_khr", ext=SEMAPHORE, ver="1.2"),
    retain("cl_semaphore_khr", "clRetainSemaphoreKHR", "1.2", ext=SEMAPHORE),
    release("cl_semaphore_khr", "clReleaseSemaphoreKHR", "1.2", ext=SEMAPHORE),
    semaphores("clEnqueueWaitSemaphoresKHR", 151, "CL_COMMAND_SEMAPHORE_WAIT_KHR"),
    semaphores("clEnqueueSignalSemaphoresKHR", 152, "CL_COMMAND_SEMAPHORE_SIGNAL_KHR"),
    info("clGetSemaphoreInfoKHR", 153, Handle("cl_semaphore_khr", "sema_object"),
         Scalar("cl_semaphore_info_khr", "param_name"), local="gcl_local_semaphore_info",
         ext=SEMAPHORE, ver="1.2"),

    # Of cl_khr_external_semaphore: programs of cl_khr_semaphore ask for it, too
    local("clGetSemaphoreHandleForTypeKHR", ext=SEMAPHORE, ver="1.2",
          decl="cl_semaphore_khr sema_object, cl_device_id device, "
               "cl_external_semaphore_handle_type_khr handle_type, size_t handle_size, "
               "void *handle_ptr, size_t *handle_size_ret",
          note="no semaphore has been made to be exported: CL_INVALID_VALUE"),

    # Earlier names of what is in the core today
    alias("clCreateProgramWithILKHR", "clCreateProgramWithIL", "cl_khr_il_program", "cl_program"),
    alias("clCreateCommandQueueWithPropertiesKHR", "clCreateCommandQueueWithProperties",
          "cl_khr_create_command_queue", "cl_command_queue"),
    alias("clGetKernelSubGroupInfoKHR", "clGetKernelSubGroupInfo", "cl_khr_subgroups"),

    alias("clRetainDeviceEXT", "clRetainDevice", "cl_ext_device_fission"),
    alias("clReleaseDeviceEXT", "clReleaseDevice", "cl_ext_device_fission"),
    local("clCreateSubDevicesEXT", ext="cl_ext_device_fission",
          decl="cl_device_id in_device, const cl_device_partition_property_ext *properties, "
               "cl_uint num_entries, cl_device_id *out_devices, cl_uint *num_devices",
          note="becomes clCreateSubDevices"),

    # Unified shared memory: an allocation like those of shared virtual memory (§5.6), and most
    # of its commands are theirs: the helper sees by the allocation whose function is meant.
    local("clHostMemAllocINTEL", ext=USM, ret="void *",
          decl="cl_context context, const cl_mem_properties_intel *properties, size_t size, "
               "cl_uint alignment, cl_int *errcode_ret", note="becomes VOCL_USM_ALLOC"),
    local("clDeviceMemAllocINTEL", ext=USM, ret="void *",
          decl="cl_context context, cl_device_id device, "
               "const cl_mem_properties_intel *properties, size_t size, cl_uint alignment, "
               "cl_int *errcode_ret", note="becomes VOCL_USM_ALLOC"),
    local("clSharedMemAllocINTEL", ext=USM, ret="void *",
          decl="cl_context context, cl_device_id device, "
               "const cl_mem_properties_intel *properties, size_t size, cl_uint alignment, "
               "cl_int *errcode_ret", note="becomes VOCL_USM_ALLOC"),
    local("clMemFreeINTEL", ext=USM, decl="cl_context context, void *ptr",
          note="the release of an allocation is a post"),
    hand("clMemBlockingFreeINTEL", 170, U64("context", "svm"), ext=USM, ver="1.2",
         decl="cl_context context, void *ptr"),
    local("clGetMemAllocInfoINTEL", ext=USM,
          decl="cl_context context, const void *ptr, cl_mem_info_intel param_name, "
               "size_t param_value_size, void *param_value, size_t *param_value_size_ret"),
    local("clSetKernelArgMemPointerINTEL", ext=USM,
          decl="cl_kernel kernel, cl_uint arg_index, const void *arg_value",
          note="becomes clSetKernelArgSVMPointer"),
    local("clEnqueueMemFillINTEL", ext=USM,
          decl="cl_command_queue command_queue, void *dst_ptr, const void *pattern, "
               "size_t pattern_size, size_t size, cl_uint num_events_in_wait_list, "
               "const cl_event *event_wait_list, cl_event *event",
          note="becomes clEnqueueSVMMemFill"),
    local("clEnqueueMemcpyINTEL", ext=USM,
          decl="cl_command_queue command_queue, cl_bool blocking, void *dst_ptr, "
               "const void *src_ptr, size_t size, cl_uint num_events_in_wait_list, "
               "const cl_event *event_wait_list, cl_event *event",
          note="becomes clEnqueueSVMMemcpy"),
    local("clEnqueueMigrateMemINTEL", ext=USM,
          decl="cl_command_queue command_queue, const void *ptr, size_t size, "
               "cl_mem_migration_flags flags, cl_uint num_events_in_wait_list, "
               "const cl_event *event_wait_list, cl_event *event",
          note="becomes clEnqueueSVMMigrateMem"),
    hand("clEnqueueMemAdviseINTEL", 171,
         U64("command_queue", "svm", "offset", "size", "advice") + Words("event_wait_list") +
         U64("event", "event_slot"), ext=USM, ver="1.2",
         decl="cl_command_queue command_queue, const void *ptr, size_t size, "
              "cl_mem_advice_intel advice, cl_uint num_events_in_wait_list, "
              "const cl_event *event_wait_list, cl_event *event"),

    Call("clSetKernelArgDevicePointerEXT", op=172, ext="cl_ext_buffer_device_address", ver="3.0",
         host=False, learn=True,
         args=[Handle("cl_kernel", "kernel"), Scalar("cl_uint", "arg_index"),
               Scalar("cl_mem_device_address_ext", "arg_value")]),

    # Of one function
    hand("clGetKernelSuggestedLocalWorkSizeKHR", 160,
         U64("command_queue", "kernel", "work_dim") + Words("global_work_offset") +
         Words("global_work_size"), Words("suggested_local_work_size"),
         decl="cl_command_queue command_queue, cl_kernel kernel, cl_uint work_dim, "
              "const size_t *global_work_offset, const size_t *global_work_size, "
              "size_t *suggested_local_work_size",
         ext="cl_khr_suggested_local_work_size", ver="3.0"),
    Call("clSetContentSizeBufferPoCL", op=161, ext="cl_pocl_content_size", ver="1.2",
         args=[Handle("cl_mem", "buffer"), Handle("cl_mem", "content_size_buffer")]),
    Call("clTerminateContextKHR", op=162, ext="cl_khr_terminate_context", ver="1.2",
         learn=True, args=[Handle("cl_context", "context")]),
]

# Records of ours that are no OpenCL call.
EXTENSION_CONTROL = [
    hand("VOCL_EXTENSION_FUNCTIONS", 199, U64("platform"),
         Blobs("names") + U64("older_commands"),
         note="which of these functions a platform has"),
    hand("VOCL_USM_ALLOC", 197,
         U64("id", "context", "device", "type", "size", "alignment") + Words("properties"),
         U64("address"), note="clHostMemAllocINTEL and its two siblings"),
    hand("VOCL_DEVICE_STRINGS", 198, U64("device", "param_name"), Blobs("strings"),
         note="clGetDeviceInfo where it answers with pointers to text"),
]

# ------------------------------------------------------------------- extensions

EXTENSIONS = [
    # What the language has more, what can be queried more, and flags and properties of calls
    # of the core that are plain numbers.
    *(Extension(name, PASSED) for name in """
        cl_amd_device_attribute_query cl_amd_fp64 cl_amd_media_ops cl_amd_media_ops2 cl_amd_popcnt
        cl_amd_printf cl_amd_vec3
        cl_ext_cxx_for_opencl cl_ext_float_atomics
        cl_intel_bfloat16 cl_intel_bfloat16_conversions cl_intel_command_queue_families
        cl_intel_device_attribute_query cl_intel_devicelib_assert
        cl_intel_device_partition_by_names cl_intel_dot_accumulate cl_intel_media_block_io
        cl_intel_required_subgroup_size cl_intel_sigmoid cl_intel_spirv_subgroups
        cl_intel_split_work_group_barrier cl_intel_subgroup_2d_block_io
        cl_intel_subgroup_buffer_prefetch cl_intel_subgroup_local_block_io
        cl_intel_subgroup_matrix_multiply_accumulate
        cl_intel_subgroup_split_matrix_multiply_accumulate
        cl_intel_subgroups_char cl_intel_subgroups_long cl_intel_subgroups_short
        cl_intel_vec_len_hint
        cl_khr_3d_image_writes cl_khr_async_work_group_copy_fence cl_khr_byte_addressable_store
        cl_khr_depth_images cl_khr_device_uuid cl_khr_expect_assume cl_khr_extended_async_copies
        cl_khr_extended_bit_ops cl_khr_extended_versioning cl_khr_fp16 cl_khr_fp64
        cl_khr_global_int32_base_atomics cl_khr_global_int32_extended_atomics cl_khr_icd
        cl_khr_image2d_from_buffer cl_khr_initialize_memory cl_khr_int64_base_atomics
        cl_khr_int64_extended_atomics cl_khr_integer_dot_product cl_khr_kernel_clock
        cl_khr_local_int32_base_atomics cl_khr_local_int32_extended_atomics cl_khr_pci_bus_info
        cl_khr_priority_hints cl_khr_select_fprounding_mode cl_khr_spir
        cl_khr_spirv_extended_debug_info cl_khr_spirv_linkonce_odr
        cl_khr_spirv_no_integer_wrap_decoration cl_khr_srgb_image_writes cl_khr_subgroup_ballot
        cl_khr_subgroup_clustered_reduce cl_khr_subgroup_extended_types
        cl_khr_subgroup_named_barrier cl_khr_subgroup_non_uniform_arithmetic
        cl_khr_subgroup_non_uniform_vote cl_khr_subgroup_rotate cl_khr_subgroup_shuffle
        cl_khr_subgroup_shuffle_relative cl_khr_throttle_hints
        cl_khr_work_group_uniform_arithmetic
        cl_nv_compiler_options cl_nv_copy_opts cl_nv_device_attribute_query cl_nv_pragma_unroll
        """.split()),

    Extension("cl_ext_buffer_device_address", HERE, "from version 0.9.0 on: before, its numbers "
              "were others"),
    Extension("cl_ext_device_fission", HERE, "as sub-devices of OpenCL 1.2"),
    Extension("cl_intel_subgroups", HERE),
    Extension("cl_intel_unified_shared_memory", HERE,
              "where all devices are the processor: elsewhere the host's pages must stay"),
    Extension("cl_khr_command_buffer", HERE, "in the form of the version that the runtime has, but for "
              "copies from or to memory that is no SVM"),
    Extension("cl_khr_command_buffer_mutable_dispatch", HERE,
              "from version 0.9.2 on"),
    Extension("cl_khr_create_command_queue", HERE),
    Extension("cl_khr_il_program", HERE),
    Extension("cl_khr_semaphore", HERE, "between queues of one program; types and devices are the "
              "only properties"),
    Extension("cl_khr_spirv_queries", HERE, "what its queries point to is copied"),
    Extension("cl_khr_subgroups", HERE),
    Extension("cl_khr_suggested_local_work_size", HERE),
    Extension("cl_khr_terminate_context", HERE),
    Extension("cl_pocl_content_size", HERE),

    *(Extension(name, FILTERED, "a file descriptor or a handle of the host's means nothing in a VM")
      for name in """
        cl_arm_import_memory cl_khr_external_memory cl_khr_external_memory_dma_buf
        cl_khr_external_memory_opaque_fd cl_khr_external_semaphore
        cl_khr_external_semaphore_opaque_fd cl_khr_external_semaphore_sync_fd
        """.split()),
    *(Extension(name, FILTERED, "objects of a graphics library in the guest are none on the host")
      for name in """
        cl_intel_sharing_format_query cl_intel_va_api_media_sharing cl_khr_egl_event
        cl_khr_egl_image cl_khr_gl_depth_images cl_khr_gl_event cl_khr_gl_msaa_sharing
        cl_khr_gl_sharing
        """.split()),
    *(Extension(name, FILTERED, "its functions are not carried")
      for name in """
        cl_arm_shared_virtual_memory cl_khr_unified_svm
        cl_pocl_command_buffer_svm cl_pocl_svm_rect
        """.split()),
    Extension("cl_ext_image_requirements_info", FILTERED, "its function is not carried"),
    Extension("cl_intel_accelerator", FILTERED, "its functions are not carried"),
    Extension("cl_intel_concurrent_dispatch", FILTERED, "its function is not carried"),
    Extension("cl_intel_exec_by_local_thread", FILTERED,
              "commands would run in the thread that enqueues them: the worker's decoder"),
    Extension("cl_khr_command_buffer_multi_device", FILTERED, "clRemapCommandBufferKHR is not carried"),
    Extension("cl_khr_mipmap_image", FILTERED, "origins of mipmaps have a number more"),
    Extension("cl_khr_mipmap_image_writes", FILTERED, "needs cl_khr_mipmap_image"),
    Extension("cl_nv_create_buffer", FILTERED, "its function is not carried"),
    Extension("cl_pocl_command_buffer_host_buffer", FILTERED, "its functions are not carried"),
]

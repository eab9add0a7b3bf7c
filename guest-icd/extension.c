// SPDX-License-Identifier: MIT
#include "extension.h"

#include <stdbool.h>
#include <string.h>

static const char *const crossing[] = {
    "cl_ext_cxx_for_opencl",
    "cl_ext_float_atomics",
    "cl_khr_3d_image_writes",
    "cl_khr_async_work_group_copy_fence",
    "cl_khr_byte_addressable_store",
    "cl_khr_depth_images",
    "cl_khr_device_uuid",
    "cl_khr_expect_assume",
    "cl_khr_extended_async_copies",
    "cl_khr_extended_bit_ops",
    "cl_khr_extended_versioning",
    "cl_khr_fp16",
    "cl_khr_fp64",
    "cl_khr_global_int32_base_atomics",
    "cl_khr_global_int32_extended_atomics",
    "cl_khr_icd",
    "cl_khr_image2d_from_buffer",
    "cl_khr_int64_base_atomics",
    "cl_khr_int64_extended_atomics",
    "cl_khr_integer_dot_product",
    "cl_khr_kernel_clock",
    "cl_khr_local_int32_base_atomics",
    "cl_khr_local_int32_extended_atomics",
    "cl_khr_pci_bus_info",
    "cl_khr_priority_hints",
    "cl_khr_select_fprounding_mode",
    "cl_khr_spir",
    "cl_khr_spirv_extended_debug_info",
    "cl_khr_spirv_linkonce_odr",
    "cl_khr_spirv_no_integer_wrap_decoration",
    "cl_khr_srgb_image_writes",
    "cl_khr_subgroup_ballot",
    "cl_khr_subgroup_clustered_reduce",
    "cl_khr_subgroup_extended_types",
    "cl_khr_subgroup_named_barrier",
    "cl_khr_subgroup_non_uniform_arithmetic",
    "cl_khr_subgroup_non_uniform_vote",
    "cl_khr_subgroup_rotate",
    "cl_khr_subgroup_shuffle",
    "cl_khr_subgroup_shuffle_relative",
    "cl_khr_throttle_hints",
    "cl_khr_work_group_uniform_arithmetic",
    "cl_nv_compiler_options",
    "cl_nv_copy_opts",
    "cl_nv_device_attribute_query",
    "cl_nv_pragma_unroll",
};

static bool crosses(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(crossing) / sizeof(*crossing); i++)
        if (strlen(crossing[i]) == len && !memcmp(crossing[i], name, len))
            return true;
    return false;
}

/* The spaces around what stays are the runtime's own. */
void gcl_extensions_filter(char *list)
{
    char *to = list;
    for (const char *from = list; *from;) {
        size_t spaces = strspn(from, " ");
        size_t len = strcspn(from + spaces, " ");
        if (!len || crosses(from + spaces, len)) {
            memmove(to, from, spaces + len);
            to += spaces + len;
        }
        from += spaces + len;
    }
    *to = '\0';
}

size_t gcl_extensions_filter_versions(cl_name_version *list, size_t n)
{
    size_t left = 0;
    for (size_t i = 0; i < n; i++)
        if (crosses(list[i].name, strnlen(list[i].name, sizeof(list[i].name))))
            list[left++] = list[i];
    return left;
}

// SPDX-License-Identifier: MIT
#include "info.h"

#include <string.h>

#include "extension.h"
#include "frame.h"
#include "info_cache.h"

/* The queries whose values are size_t or intptr_t, or arrays of them. The numbers
 * of all clGet*Info calls are distinct. */
static bool has_sizes(cl_uint name)
{
    switch (name) {
    case CL_DEVICE_MAX_WORK_GROUP_SIZE:
    case CL_DEVICE_MAX_WORK_ITEM_SIZES:
    case CL_DEVICE_IMAGE2D_MAX_WIDTH:
    case CL_DEVICE_IMAGE2D_MAX_HEIGHT:
    case CL_DEVICE_IMAGE3D_MAX_WIDTH:
    case CL_DEVICE_IMAGE3D_MAX_HEIGHT:
    case CL_DEVICE_IMAGE3D_MAX_DEPTH:
    case CL_DEVICE_IMAGE_MAX_BUFFER_SIZE:
    case CL_DEVICE_IMAGE_MAX_ARRAY_SIZE:
    case CL_DEVICE_MAX_PARAMETER_SIZE:
    case CL_DEVICE_PROFILING_TIMER_RESOLUTION:
    case CL_DEVICE_PRINTF_BUFFER_SIZE:
    case CL_DEVICE_MAX_GLOBAL_VARIABLE_SIZE:
    case CL_DEVICE_GLOBAL_VARIABLE_PREFERRED_TOTAL_SIZE:
    case CL_DEVICE_PREFERRED_WORK_GROUP_SIZE_MULTIPLE:
    case CL_DEVICE_PARTITION_PROPERTIES:
    case CL_DEVICE_PARTITION_TYPE:
    case CL_MEM_SIZE:
    case CL_MEM_OFFSET:
    case CL_IMAGE_ELEMENT_SIZE:
    case CL_IMAGE_ROW_PITCH:
    case CL_IMAGE_SLICE_PITCH:
    case CL_IMAGE_WIDTH:
    case CL_IMAGE_HEIGHT:
    case CL_IMAGE_DEPTH:
    case CL_IMAGE_ARRAY_SIZE:
    case CL_PROGRAM_NUM_KERNELS:
    case CL_PROGRAM_BINARY_SIZES:
    case CL_PROGRAM_BUILD_GLOBAL_VARIABLE_TOTAL_SIZE:
    case CL_KERNEL_WORK_GROUP_SIZE:
    case CL_KERNEL_COMPILE_WORK_GROUP_SIZE:
    case CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE:
    case CL_KERNEL_GLOBAL_WORK_SIZE:
    case CL_KERNEL_MAX_SUB_GROUP_SIZE_FOR_NDRANGE:
    case CL_KERNEL_SUB_GROUP_COUNT_FOR_NDRANGE:
    case CL_KERNEL_LOCAL_SIZE_FOR_SUB_GROUP_COUNT:
    case CL_KERNEL_MAX_NUM_SUB_GROUPS:
    case CL_KERNEL_COMPILE_NUM_SUB_GROUPS:
        return true;
    default:
        return false;
    }
}

static bool is_narrowed(cl_uint name)
{
    return sizeof(size_t) < sizeof(uint64_t) && has_sizes(name);
}

uint64_t gcl_info_ask(cl_uint name, size_t size)
{
    return is_narrowed(name) ? (uint64_t)size / sizeof(size_t) * sizeof(uint64_t) : size;
}

cl_int gcl_info_answer(cl_uint name, uint64_t size_ret, struct vocl_bytes data, size_t size,
                       void *value, size_t *ret)
{
    if (!is_narrowed(name))
        return gcl_info_store(size_ret, data, size, value, ret);
    size_t n = size_ret / sizeof(uint64_t);
    if (size_ret > VOCL_MESSAGE_MAX || (value && (!data.data || data.len != size_ret)))
        return CL_OUT_OF_RESOURCES;
    if (value && n > size / sizeof(size_t))
        return CL_INVALID_VALUE;
    for (size_t i = 0; value && i < n; i++) {
        uint64_t wide;
        memcpy(&wide, (const char *)data.data + i * sizeof(wide), sizeof(wide));
        /* More than fits is as good as no limit. */
        size_t narrow = wide > SIZE_MAX ? SIZE_MAX : wide;
        memcpy((char *)value + i * sizeof(narrow), &narrow, sizeof(narrow));
    }
    if (ret)
        *ret = n * sizeof(size_t);
    return CL_SUCCESS;
}

cl_int gcl_info_whole(cl_uint name, struct vocl_bytes data, size_t size, void *value, size_t *ret)
{
    cl_int err;
    if (is_narrowed(name))
        return gcl_info_answer(name, data.len, data, size, value, ret);
    gcl_info_bytes(data.data, data.len, size, value, ret, &err);
    return err;
}

/* Filter the helper's answer where it lies: the thread's own buffer. */
static struct vocl_bytes filter(struct vocl_bytes b, bool versions)
{
    char *text = (char *)b.data;
    if (versions) {
        cl_name_version *list = (cl_name_version *)b.data;
        b.len = gcl_extensions_filter_versions(list, b.len / sizeof(*list)) * sizeof(*list);
    } else if (b.len && !text[b.len - 1]) {
        gcl_extensions_filter(text);
        b.len = strlen(text) + 1;
    }
    return b;
}

bool gcl_info_extensions(struct gcl_frame *f, uint16_t op, struct gcl_object *o, cl_uint name,
                         bool versions, size_t size, void *value, size_t *ret, cl_int *err)
{
    if ((*err = gcl_frame_call(f, op)))
        goto out;
    int64_t status = (int64_t)vocl_get_u64(&f->reply);
    vocl_get_u64(&f->reply); /* size_ret: the unfiltered size */
    struct vocl_bytes b = vocl_get_bytes(&f->reply);
    if ((*err = gcl_frame_result(f, status)))
        goto out;
    b = filter(b, versions);
    gcl_info_keep(o, name, gcl_info_about(op, 0), b);
    gcl_info_bytes(b.data, b.len, size, value, ret, err);
out:
    *err = gcl_frame_end(f, *err, NULL);
    return true;
}

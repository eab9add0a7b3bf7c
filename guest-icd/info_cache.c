// SPDX-License-Identifier: MIT
#include "info_cache.h"

#include <stdlib.h>
#include <string.h>

#include "info.h"

#define BUCKETS 16

struct answer {
    struct answer *next;
    cl_uint name;
    uint64_t about;
    size_t len;
    unsigned char data[];
};

struct gcl_info_cache {
    struct answer *bucket[BUCKETS]; /* atomic: prepended to, never taken from */
};

/* Strings and lists are shorter; a longer one is asked for again. */
#define ANSWER_MAX ((size_t)64 << 10)

static bool constant_of_device(cl_uint name)
{
    switch (name) {
    case CL_DEVICE_AVAILABLE:
    case CL_DEVICE_REFERENCE_COUNT:
        return false;
    default: /* the core's and Khronos' own; vendors' may be of the moment, as free memory */
        return name >= CL_DEVICE_TYPE && name < CL_DEVICE_TYPE + 0x100;
    }
}

bool gcl_info_constant(cl_uint name)
{
    switch (name) {
    case CL_PLATFORM_PROFILE:
    case CL_PLATFORM_VERSION:
    case CL_PLATFORM_NAME:
    case CL_PLATFORM_VENDOR:
    case CL_PLATFORM_EXTENSIONS:
    case CL_PLATFORM_HOST_TIMER_RESOLUTION:
    case CL_PLATFORM_NUMERIC_VERSION:
    case CL_PLATFORM_EXTENSIONS_WITH_VERSION:
    case CL_IMAGE_FORMAT:
    case CL_IMAGE_ELEMENT_SIZE:
    case CL_IMAGE_ROW_PITCH:
    case CL_IMAGE_SLICE_PITCH:
    case CL_IMAGE_WIDTH:
    case CL_IMAGE_HEIGHT:
    case CL_IMAGE_DEPTH:
    case CL_IMAGE_ARRAY_SIZE:
    case CL_IMAGE_NUM_MIP_LEVELS:
    case CL_IMAGE_NUM_SAMPLES:
    case CL_SAMPLER_NORMALIZED_COORDS:
    case CL_SAMPLER_ADDRESSING_MODE:
    case CL_SAMPLER_FILTER_MODE:
    case CL_KERNEL_FUNCTION_NAME:
    case CL_KERNEL_NUM_ARGS:
    case CL_KERNEL_ATTRIBUTES:
    case CL_KERNEL_ARG_ADDRESS_QUALIFIER:
    case CL_KERNEL_ARG_ACCESS_QUALIFIER:
    case CL_KERNEL_ARG_TYPE_NAME:
    case CL_KERNEL_ARG_TYPE_QUALIFIER:
    case CL_KERNEL_ARG_NAME:
    case CL_KERNEL_WORK_GROUP_SIZE:
    case CL_KERNEL_COMPILE_WORK_GROUP_SIZE:
    case CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE:
        return true;
    default: /* CL_KERNEL_LOCAL_MEM_SIZE depends on the arguments that are set */
        return constant_of_device(name);
    }
}

static struct answer **bucket_of(struct gcl_info_cache *c, cl_uint name, uint64_t about)
{
    return &c->bucket[(name + about * 5) % BUCKETS];
}

bool gcl_info_kept(struct gcl_object *o, cl_uint name, uint64_t about, size_t size, void *value,
                   size_t *ret, cl_int *err)
{
    struct gcl_info_cache *c = __atomic_load_n(&o->infos, __ATOMIC_ACQUIRE);
    if (!c)
        return false;
    struct answer *a = __atomic_load_n(bucket_of(c, name, about), __ATOMIC_ACQUIRE);
    while (a && (a->name != name || a->about != about))
        a = a->next;
    if (a)
        *err = gcl_info_whole(name, (struct vocl_bytes){a->data, a->len}, size, value, ret);
    return a;
}

static struct gcl_info_cache *cache_of(struct gcl_object *o)
{
    struct gcl_info_cache *none = NULL, *c = __atomic_load_n(&o->infos, __ATOMIC_ACQUIRE);
    if (c || !(c = calloc(1, sizeof(*c))))
        return c;
    if (__atomic_compare_exchange_n(&o->infos, &none, c, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return c;
    free(c);
    return none;
}

void gcl_info_keep(struct gcl_object *o, cl_uint name, uint64_t about, struct vocl_bytes data)
{
    if (!gcl_info_constant(name) || data.len > ANSWER_MAX || (data.len && !data.data))
        return;
    struct gcl_info_cache *c = cache_of(o);
    struct answer *a = c ? malloc(sizeof(*a) + data.len) : NULL;
    if (!a)
        return;
    struct answer **at = bucket_of(c, name, about);
    *a = (struct answer){__atomic_load_n(at, __ATOMIC_RELAXED), name, about, data.len};
    if (data.len)
        memcpy(a->data, data.data, data.len);
    /* Two threads may keep the same answer; it is found once. */
    while (!__atomic_compare_exchange_n(at, &a->next, a, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}

cl_int gcl_info_first(struct gcl_object *o, cl_uint name, uint64_t about, uint64_t size_ret,
                      struct vocl_bytes data, size_t size, void *value, size_t *ret)
{
    if (data.len != size_ret || (data.len && !data.data))
        return CL_OUT_OF_RESOURCES; /* not what was asked for */
    gcl_info_keep(o, name, about, data);
    return gcl_info_whole(name, data, size, value, ret);
}

void gcl_info_drop(struct gcl_object *o)
{
    for (unsigned i = 0; o->infos && i < BUCKETS; i++) {
        while (o->infos->bucket[i]) {
            struct answer *a = o->infos->bucket[i];
            o->infos->bucket[i] = a->next;
            free(a);
        }
    }
    free(o->infos);
    o->infos = NULL;
}

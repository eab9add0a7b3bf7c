// SPDX-License-Identifier: MIT
#include "fake_calls.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "extension_types.h"

/* Whole pages from the kernel: what the worker puts in their place and takes back
 * is then nobody else's. */
#define PAGE ((size_t)4096)

/* Live allocations; what is freed must be one, as it was allocated. */
static struct svm {
    struct svm *next;
    uint8_t *at;
    size_t len;
    bool usm; /* by a function of cl_intel_unified_shared_memory */
} * allocations;

static struct svm **find(const void *p, size_t size)
{
    struct svm **s = &allocations;
    while (*s &&
           ((const uint8_t *)p < (*s)->at || (size_t)((const uint8_t *)p - (*s)->at) > (*s)->len ||
            size > (*s)->len - (size_t)((const uint8_t *)p - (*s)->at)))
        s = &(*s)->next;
    return s;
}

void fake_svm(const void *p, size_t size)
{
    if (!*find(p, size))
        abort();
}

static void *allocate(cl_context c, size_t size, cl_uint alignment, bool usm)
{
    fake_of(c, HCL_CONTEXT);
    if (!size || size > 2 * FAKE_MAX_BYTES || alignment & (alignment - 1))
        return NULL;
    struct svm *s = malloc(sizeof(*s));
    /* Now and then not at a page's beginning, as a runtime may do. */
    size_t len = (size + 2 * PAGE - 1) & ~(PAGE - 1);
    uint8_t *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!s || p == MAP_FAILED)
        abort();
    *s = (struct svm){allocations, p + (alignment == 64 ? 64 : 0), len - PAGE, usm};
    allocations = s;
    return s->at;
}

static void *CL_API_CALL svm_alloc(cl_context c, cl_svm_mem_flags flags, size_t size,
                                   cl_uint alignment)
{
    return flags % 16 == 3 ? NULL : allocate(c, size, alignment, false);
}

static void free_as(cl_context c, void *p, bool usm)
{
    fake_of(c, HCL_CONTEXT);
    struct svm **at = find(p, 1), *s = *at;
    if (!s || s->at != p || s->usm != usm)
        abort();
    fake_write(s->at, s->len); /* it must still be the runtime's to write */
    *at = s->next;
    munmap((void *)((uintptr_t)s->at & ~(PAGE - 1)), s->len + PAGE);
    free(s);
}

static void CL_API_CALL svm_free(cl_context c, void *p)
{
    free_as(c, p, false);
}

/* A command that reads or writes [p, p + size) of an allocation. */
static cl_int on_svm(cl_command_queue q, const void *p, size_t size, bool out, cl_uint n,
                     const cl_event *list, cl_event *e)
{
    fake_svm(p, size);
    return fake_enqueue(q, NULL, (struct fake_rows){(uint8_t *)p, size, 1, 1, 0, 0}, out, n, list,
                        e);
}

static cl_int CL_API_CALL svm_map(cl_command_queue q, cl_bool blocking, cl_map_flags flags, void *p,
                                  size_t size, cl_uint n, const cl_event *list, cl_event *e)
{
    (void)blocking, (void)flags;
    return size ? on_svm(q, p, size, false, n, list, e) : CL_INVALID_VALUE;
}

static cl_int CL_API_CALL svm_unmap(cl_command_queue q, void *p, cl_uint n, const cl_event *list,
                                    cl_event *e)
{
    return on_svm(q, p, 0, false, n, list, e);
}

static cl_int CL_API_CALL svm_memcpy(cl_command_queue q, cl_bool blocking, void *dst,
                                     const void *src, size_t size, cl_uint n, const cl_event *list,
                                     cl_event *e)
{
    (void)blocking;
    if (!dst || !src)
        return CL_INVALID_VALUE;
    fake_read(src, size);
    return fake_enqueue(q, NULL, (struct fake_rows){dst, size, 1, 1, 0, 0}, true, n, list, e);
}

static cl_int CL_API_CALL svm_fill(cl_command_queue q, void *p, const void *pattern,
                                   size_t pattern_size, size_t size, cl_uint n,
                                   const cl_event *list, cl_event *e)
{
    if (!pattern || !pattern_size || pattern_size > 128)
        return CL_INVALID_VALUE;
    fake_read(pattern, pattern_size);
    return on_svm(q, p, size, true, n, list, e);
}

static cl_int CL_API_CALL svm_migrate(cl_command_queue q, cl_uint num, const void **list,
                                      const size_t *sizes, cl_mem_migration_flags flags, cl_uint n,
                                      const cl_event *waits, cl_event *e)
{
    (void)flags;
    if (sizes)
        fake_read(sizes, num * sizeof(*sizes));
    for (cl_uint i = 0; i < num; i++)
        fake_svm(list[i], sizes ? sizes[i] : 0);
    return fake_plain(q, NULL, n, waits, e);
}

static cl_int CL_API_CALL svm_enqueue_free(cl_command_queue q, cl_uint num, void *list[],
                                           void(CL_CALLBACK *fn)(cl_command_queue, cl_uint,
                                                                 void *[], void *),
                                           void *user_data, cl_uint n, const cl_event *waits,
                                           cl_event *e)
{
    for (cl_uint i = 0; i < num; i++)
        fake_svm(list[i], 0);
    cl_int ret = fake_plain(q, NULL, n, waits, e);
    if (!ret)
        fn(q, num, list, user_data);
    return ret;
}

static cl_int CL_API_CALL set_arg(cl_kernel k, cl_uint index, const void *p)
{
    fake_of(k, HCL_KERNEL);
    if (p)
        fake_svm(p, 0);
    return index < 3 ? CL_SUCCESS : CL_INVALID_ARG_INDEX;
}

cl_int fake_exec_info(cl_kernel_exec_info name, size_t size, const void *value)
{
    bool pointers =
        name == CL_KERNEL_EXEC_INFO_SVM_PTRS || name == CL_KERNEL_EXEC_INFO_USM_PTRS_INTEL;
    if (!value)
        return CL_INVALID_VALUE;
    fake_read(value, size);
    for (size_t i = 0; pointers && i < size / sizeof(void *); i++)
        fake_svm(((void **)value)[i], 0);
    bool addresses = name == CL_KERNEL_EXEC_INFO_DEVICE_PTRS_EXT;
    for (size_t i = 0; addresses && i < size / sizeof(cl_ulong); i++)
        fake_address(((cl_ulong *)value)[i]);
    return CL_SUCCESS;
}

static cl_int CL_API_CALL exec_info(cl_kernel k, cl_kernel_exec_info name, size_t size,
                                    const void *value)
{
    fake_of(k, HCL_KERNEL);
    return fake_exec_info(name, size, value);
}

/* ---- cl_intel_unified_shared_memory, whose functions know no allocation but their own ---- */

static void usm(const void *p, size_t size)
{
    struct svm *s = *find(p, size);
    if (!s || !s->usm)
        abort();
}

static void *CL_API_CALL usm_alloc(cl_context c, const cl_mem_properties_intel *properties,
                                   size_t size, cl_uint alignment, cl_int *ret)
{
    read_properties64(properties);
    void *p = allocate(c, size, alignment, true);
    *ret = p ? CL_SUCCESS : CL_INVALID_BUFFER_SIZE;
    return p;
}

static void *CL_API_CALL shared_alloc(cl_context c, cl_device_id d,
                                      const cl_mem_properties_intel *properties, size_t size,
                                      cl_uint alignment, cl_int *ret)
{
    if (d)
        fake_of(d, HCL_DEVICE);
    return usm_alloc(c, properties, size, alignment, ret);
}

static void *CL_API_CALL device_alloc(cl_context c, cl_device_id d,
                                      const cl_mem_properties_intel *properties, size_t size,
                                      cl_uint alignment, cl_int *ret)
{
    return d ? shared_alloc(c, d, properties, size, alignment, ret)
             : failed(ret, CL_INVALID_DEVICE);
}

static cl_int CL_API_CALL usm_free(cl_context c, void *p)
{
    free_as(c, p, true);
    return CL_SUCCESS;
}

static cl_int CL_API_CALL usm_set_arg(cl_kernel k, cl_uint index, const void *p)
{
    usm(p, 0);
    return set_arg(k, index, p);
}

static cl_int CL_API_CALL usm_fill(cl_command_queue q, void *p, const void *pattern,
                                   size_t pattern_size, size_t size, cl_uint n,
                                   const cl_event *list, cl_event *e)
{
    usm(p, size);
    return svm_fill(q, p, pattern, pattern_size, size, n, list, e);
}

/* One of the two is ours. */
static cl_int CL_API_CALL usm_memcpy(cl_command_queue q, cl_bool blocking, void *dst,
                                     const void *src, size_t size, cl_uint n, const cl_event *list,
                                     cl_event *e)
{
    struct svm *to = *find(dst, size), *from = *find(src, size);
    if (!(to && to->usm) && !(from && from->usm))
        abort();
    return svm_memcpy(q, blocking, dst, src, size, n, list, e);
}

static cl_int CL_API_CALL usm_migrate(cl_command_queue q, const void *p, size_t size,
                                      cl_mem_migration_flags flags, cl_uint n, const cl_event *list,
                                      cl_event *e)
{
    (void)flags;
    usm(p, size);
    return fake_plain(q, NULL, n, list, e);
}

static cl_int CL_API_CALL usm_advise(cl_command_queue q, const void *p, size_t size,
                                     cl_mem_advice_intel advice, cl_uint n, const cl_event *list,
                                     cl_event *e)
{
    usm(p, size);
    return advice % 8 == 7 ? CL_INVALID_VALUE : fake_plain(q, NULL, n, list, e);
}

void *fake_usm_function(const char *name)
{
    static const struct {
        const char *name;
        void *fn;
    } functions[] = {
        {"clHostMemAllocINTEL", (void *)usm_alloc},
        {"clDeviceMemAllocINTEL", (void *)device_alloc},
        {"clSharedMemAllocINTEL", (void *)shared_alloc},
        {"clMemFreeINTEL", (void *)usm_free},
        {"clSetKernelArgMemPointerINTEL", (void *)usm_set_arg},
        {"clEnqueueMemFillINTEL", (void *)usm_fill},
        {"clEnqueueMemcpyINTEL", (void *)usm_memcpy},
        {"clEnqueueMigrateMemINTEL", (void *)usm_migrate},
        {"clEnqueueMemAdviseINTEL", (void *)usm_advise},
    };
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        if (!strcmp(functions[i].name, name))
            return functions[i].fn;
    return NULL;
}

void fake_fill_svm(cl_icd_dispatch *cl)
{
    cl->clSVMAlloc = svm_alloc;
    cl->clSVMFree = svm_free;
    cl->clEnqueueSVMMap = svm_map;
    cl->clEnqueueSVMUnmap = svm_unmap;
    cl->clEnqueueSVMMemcpy = svm_memcpy;
    cl->clEnqueueSVMMemFill = svm_fill;
    cl->clEnqueueSVMMigrateMem = svm_migrate;
    cl->clEnqueueSVMFree = svm_enqueue_free;
    cl->clSetKernelArgSVMPointer = set_arg;
    cl->clSetKernelExecInfo = exec_info;
}

// SPDX-License-Identifier: MIT
/*
 * cl_khr_command_buffer: commands that are recorded once and enqueued often.
 *
 * Its functions had a parameter less before version 0.9.5; a program is written
 * for the version that its runtime has, and this one for both.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "extension_types.h"

#define OLD_OR_NEW(name, ...)                                                                      \
    union {                                                                                        \
        cl_int(CL_API_CALL *old)(cl_command_buffer_khr, cl_command_queue, __VA_ARGS__, cl_uint,    \
                                 const cl_sync_point_khr *, cl_sync_point_khr *,                   \
                                 cl_mutable_command_khr *);                                        \
        cl_int(CL_API_CALL *now)(cl_command_buffer_khr, cl_command_queue,                          \
                                 const cl_command_properties_khr *, __VA_ARGS__, cl_uint,          \
                                 const cl_sync_point_khr *, cl_sync_point_khr *,                   \
                                 cl_mutable_command_khr *);                                        \
        void *found;                                                                               \
    } name

static struct {
    bool old;
    cl_command_buffer_khr(CL_API_CALL *create)(cl_uint, const cl_command_queue *,
                                               const cl_command_buffer_properties_khr *, cl_int *);
    cl_int(CL_API_CALL *retain)(cl_command_buffer_khr);
    cl_int(CL_API_CALL *release)(cl_command_buffer_khr);
    cl_int(CL_API_CALL *finalize)(cl_command_buffer_khr);
    cl_int(CL_API_CALL *enqueue)(cl_uint, cl_command_queue *, cl_command_buffer_khr, cl_uint,
                                 const cl_event *, cl_event *);
    cl_int(CL_API_CALL *info)(cl_command_buffer_khr, cl_command_buffer_info_khr, size_t, void *,
                              size_t *);
    cl_int(CL_API_CALL *kernel)(cl_command_buffer_khr, cl_command_queue,
                                const cl_command_properties_khr *, cl_kernel, cl_uint,
                                const size_t *, const size_t *, const size_t *, cl_uint,
                                const cl_sync_point_khr *, cl_sync_point_khr *,
                                cl_mutable_command_khr *);
    union {
        cl_int(CL_API_CALL *old)(cl_command_buffer_khr, cl_command_queue, cl_uint,
                                 const cl_sync_point_khr *, cl_sync_point_khr *,
                                 cl_mutable_command_khr *);
        cl_int(CL_API_CALL *now)(cl_command_buffer_khr, cl_command_queue,
                                 const cl_command_properties_khr *, cl_uint,
                                 const cl_sync_point_khr *, cl_sync_point_khr *,
                                 cl_mutable_command_khr *);
        void *found;
    } barrier;
    OLD_OR_NEW(copy, cl_mem, cl_mem, size_t, size_t, size_t);
    OLD_OR_NEW(copy_rect, cl_mem, cl_mem, const size_t *, const size_t *, const size_t *, size_t,
               size_t, size_t, size_t);
    OLD_OR_NEW(fill, cl_mem, const void *, size_t, size_t, size_t);
    OLD_OR_NEW(fill_image, cl_mem, const void *, const size_t *, const size_t *);
    OLD_OR_NEW(copy_image, cl_mem, cl_mem, const size_t *, const size_t *, const size_t *);
    OLD_OR_NEW(to_buffer, cl_mem, cl_mem, const size_t *, const size_t *, size_t);
    OLD_OR_NEW(to_image, cl_mem, cl_mem, size_t, const size_t *, const size_t *);
    OLD_OR_NEW(svm_copy, void *, const void *, size_t);
    OLD_OR_NEW(svm_fill, void *, const void *, size_t, size_t);
} x;

/* Record with the parameters that this runtime's version has. */
#define RECORD(function, buffer, ...)                                                              \
    (x.old ? x.function.old(buffer, NULL, __VA_ARGS__, NULL)                                       \
           : x.function.now(buffer, NULL, NULL, __VA_ARGS__, NULL))

static cl_version version_of(struct cl *cl)
{
    static cl_name_version list[256];
    size_t n = 0;
    CL(clGetDeviceInfo(cl->device, CL_DEVICE_EXTENSIONS_WITH_VERSION, sizeof(list), list, &n));
    for (size_t i = 0; i < n / sizeof(list[0]); i++)
        if (!strcmp(list[i].name, "cl_khr_command_buffer"))
            return list[i].version;
    return 0;
}

static struct cl open_with_functions(void)
{
    struct cl cl = cl_open(0);
    cl_version version = version_of(&cl);
    if (!version)
        exit(77);
    x.old = version < CL_MAKE_VERSION(0, 9, 5);
    *(void **)&x.create = cl_function(&cl, "clCreateCommandBufferKHR");
    *(void **)&x.retain = cl_function(&cl, "clRetainCommandBufferKHR");
    *(void **)&x.release = cl_function(&cl, "clReleaseCommandBufferKHR");
    *(void **)&x.finalize = cl_function(&cl, "clFinalizeCommandBufferKHR");
    *(void **)&x.enqueue = cl_function(&cl, "clEnqueueCommandBufferKHR");
    *(void **)&x.info = cl_function(&cl, "clGetCommandBufferInfoKHR");
    *(void **)&x.kernel = cl_function(&cl, "clCommandNDRangeKernelKHR");
    x.barrier.found = cl_function(&cl, "clCommandBarrierWithWaitListKHR");
    x.copy.found = cl_function(&cl, "clCommandCopyBufferKHR");
    x.copy_rect.found = cl_function(&cl, "clCommandCopyBufferRectKHR");
    x.fill.found = cl_function(&cl, "clCommandFillBufferKHR");
    x.fill_image.found = cl_function(&cl, "clCommandFillImageKHR");
    x.copy_image.found = cl_function(&cl, "clCommandCopyImageKHR");
    x.to_buffer.found = cl_function(&cl, "clCommandCopyImageToBufferKHR");
    x.to_image.found = cl_function(&cl, "clCommandCopyBufferToImageKHR");
    return cl;
}

static cl_command_buffer_khr new_buffer(struct cl *cl)
{
    cl_int err;
    cl_command_buffer_khr b = x.create(1, &cl->queue, NULL, &err);
    CL(err);
    CHECK(b);
    return b;
}

static cl_uint word_of(struct cl *cl, cl_mem m, size_t index)
{
    cl_uint v = 0;
    CL(clEnqueueReadBuffer(cl->queue, m, CL_TRUE, index * sizeof(v), sizeof(v), &v, 0, NULL, NULL));
    return v;
}

static cl_mem zeros(struct cl *cl, size_t size)
{
    cl_mem m = cl_buffer(cl, size);
    cl_uint zero = 0;
    CL(clEnqueueFillBuffer(cl->queue, m, &zero, sizeof(zero), 0, size, 0, NULL, NULL));
    CL(clFinish(cl->queue));
    return m;
}

static const char *const add = "kernel void add(global uint *p, uint n)"
                               "{ p[get_global_id(0)] += n; }";

static void a_recorded_kernel_runs_each_time_it_is_enqueued(void)
{
    struct cl cl = open_with_functions();
    cl_kernel k = cl_kernel_of(&cl, add, "add");
    cl_mem m = zeros(&cl, 4096);
    cl_uint n = 3;
    size_t items = 1024;
    cl_command_buffer_khr b = new_buffer(&cl);
    CL(clSetKernelArg(k, 0, sizeof(m), &m));
    CL(clSetKernelArg(k, 1, sizeof(n), &n));
    CL(x.kernel(b, NULL, NULL, k, 1, NULL, &items, NULL, 0, NULL, NULL, NULL));
    CL(x.finalize(b));
    for (cl_uint i = 1; i <= 5; i++) {
        CL(x.enqueue(0, NULL, b, 0, NULL, NULL));
        CL(clFinish(cl.queue));
        CHECK(word_of(&cl, m, 0) == 3 * i);
        CHECK(word_of(&cl, m, 1023) == 3 * i);
    }
    CL(x.release(b));
    CL(clReleaseMemObject(m));
    CL(clReleaseKernel(k));
    cl_close(&cl);
}

static bool is_pocl3(struct cl *cl)
{
    char version[256] = "";
    CL(clGetPlatformInfo(cl->platform, CL_PLATFORM_VERSION, sizeof(version), version, NULL));
    return strstr(version, "PoCL 3");
}

static void arguments_are_those_of_the_recording(void)
{
    struct cl cl = open_with_functions();
    if (is_pocl3(&cl)) /* it lets later arguments into what is recorded already */
        return;
    cl_kernel k = cl_kernel_of(&cl, add, "add");
    cl_mem first = zeros(&cl, 64), second = zeros(&cl, 64);
    cl_uint n = 3;
    size_t items = 16;
    cl_command_buffer_khr b = new_buffer(&cl);
    CL(clSetKernelArg(k, 0, sizeof(first), &first));
    CL(clSetKernelArg(k, 1, sizeof(n), &n));
    CL(x.kernel(b, NULL, NULL, k, 1, NULL, &items, NULL, 0, NULL, NULL, NULL));
    n = 100;
    CL(clSetKernelArg(k, 0, sizeof(second), &second));
    CL(clSetKernelArg(k, 1, sizeof(n), &n));
    CL(x.finalize(b));
    CL(x.enqueue(0, NULL, b, 0, NULL, NULL));
    CL(clFinish(cl.queue));
    CHECK(word_of(&cl, first, 15) == 3);
    CHECK(word_of(&cl, second, 15) == 0);
    CL(x.release(b));
    CL(clReleaseMemObject(first));
    CL(clReleaseMemObject(second));
    CL(clReleaseKernel(k));
    cl_close(&cl);
}

static void commands_wait_for_sync_points(void)
{
    struct cl cl = open_with_functions();
    cl_mem a = zeros(&cl, 256), b = zeros(&cl, 256), c = zeros(&cl, 256);
    size_t here[] = {4, 1, 0}, there[] = {8, 2, 0}, region[] = {8, 2, 1};
    cl_uint value = 0x01020304;
    cl_sync_point_khr at[3] = {0};
    cl_command_buffer_khr r = new_buffer(&cl);
    CL(RECORD(fill, r, a, &value, sizeof(value), 0, 256, 0, NULL, &at[0]));
    CL(RECORD(copy, r, a, b, 0, 64, 128, 1, &at[0], &at[1]));
    CL(RECORD(barrier, r, 2, at, &at[2]));
    CL(RECORD(copy_rect, r, b, c, here, there, region, 64, 0, 32, 0, 1, &at[2], NULL));
    CHECK(at[0] && at[1] && at[0] != at[1]);
    CL(x.finalize(r));
    CL(x.enqueue(0, NULL, r, 0, NULL, NULL));
    CL(clFinish(cl.queue));
    CHECK(word_of(&cl, a, 63) == value);
    CHECK(word_of(&cl, b, 15) == 0 && word_of(&cl, b, 16) == value);
    CHECK(word_of(&cl, b, 47) == value && word_of(&cl, b, 48) == 0);
    CHECK(word_of(&cl, c, 17) == 0 && word_of(&cl, c, 18) == value);
    CHECK(word_of(&cl, c, 19) == value && word_of(&cl, c, 20) == 0);
    CHECK(word_of(&cl, c, 26) == value && word_of(&cl, c, 27) == value);
    CL(x.release(r));
    CL(clReleaseMemObject(a));
    CL(clReleaseMemObject(b));
    CL(clReleaseMemObject(c));
    cl_close(&cl);
}

static cl_mem image_of(struct cl *cl)
{
    cl_image_format format = {CL_RGBA, CL_UNSIGNED_INT8};
    cl_image_desc desc = {.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 8, .image_height = 8};
    cl_int err;
    cl_mem m = clCreateImage(cl->context, CL_MEM_READ_WRITE, &format, &desc, NULL, &err);
    CL(err);
    return m;
}

static void images_are_filled_and_copied(void)
{
    struct cl cl = open_with_functions();
    cl_bool images = CL_FALSE;
    CL(clGetDeviceInfo(cl.device, CL_DEVICE_IMAGE_SUPPORT, sizeof(images), &images, NULL));
    if (!images)
        return;
    cl_mem a = image_of(&cl), b = image_of(&cl), m = zeros(&cl, 1024);
    size_t none[] = {0, 0, 0}, all[] = {8, 8, 1}, row[] = {8, 1, 1}, second[] = {0, 1, 0};
    cl_uint colour[] = {1, 2, 3, 4};
    cl_uint pixel = 0x04030201;
    cl_sync_point_khr at[5] = {0};
    cl_command_buffer_khr r = new_buffer(&cl);
    CL(RECORD(fill_image, r, a, colour, none, all, 0, NULL, &at[0]));
    CL(RECORD(copy_image, r, a, b, none, none, all, 1, &at[0], &at[1]));
    CL(RECORD(to_buffer, r, b, m, none, all, 256, 1, &at[1], &at[2]));
    CL(RECORD(to_image, r, m, b, 0, second, row, 1, &at[2], &at[3]));
    CL(RECORD(to_buffer, r, b, m, none, all, 512, 1, &at[3], &at[4]));
    CL(x.finalize(r));
    CL(x.enqueue(0, NULL, r, 0, NULL, NULL));
    CL(clFinish(cl.queue));
    CHECK(word_of(&cl, m, 63) == 0 && word_of(&cl, m, 64) == pixel);
    CHECK(word_of(&cl, m, 127) == pixel && word_of(&cl, m, 128 + 7) == pixel);
    CHECK(word_of(&cl, m, 128 + 8) == 0 && word_of(&cl, m, 128 + 16) == pixel);
    CL(x.release(r));
    CL(clReleaseMemObject(a));
    CL(clReleaseMemObject(b));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

/* The commands of version 0.9.4. False: this device lacks them, or the memory. */
static bool has_svm(struct cl *cl)
{
    cl_device_svm_capabilities svm = 0;
    clGetDeviceInfo(cl->device, CL_DEVICE_SVM_CAPABILITIES, sizeof(svm), &svm, NULL);
    if (!svm || version_of(cl) < CL_MAKE_VERSION(0, 9, 4))
        return false;
    x.svm_copy.found = cl_function(cl, "clCommandSVMMemcpyKHR");
    x.svm_fill.found = cl_function(cl, "clCommandSVMMemFillKHR");
    return true;
}

static cl_uint word_in_svm(struct cl *cl, const cl_uint *p, size_t index)
{
    cl_uint v = 0;
    CL(clEnqueueSVMMemcpy(cl->queue, CL_TRUE, &v, p + index, sizeof(v), 0, NULL, NULL));
    return v;
}

static void shared_virtual_memory_is_filled_and_copied(void)
{
    struct cl cl = open_with_functions();
    if (!has_svm(&cl))
        return;
    cl_uint *a = clSVMAlloc(cl.context, 0, 5000 * sizeof(*a), 0);
    cl_uint *b = clSVMAlloc(cl.context, 0, 5000 * sizeof(*b), 0);
    cl_uint zero = 0, value = 0x01020304, other = 9;
    cl_sync_point_khr at = 0;
    cl_command_buffer_khr r = new_buffer(&cl);
    CHECK(a && b);
    CL(clEnqueueSVMMemFill(cl.queue, b, &zero, sizeof(zero), 5000 * sizeof(*b), 0, NULL, NULL));
    CL(clFinish(cl.queue));
    CL(RECORD(svm_fill, r, a, &value, sizeof(value), 4000 * sizeof(*a), 0, NULL, &at));
    CL(RECORD(svm_copy, r, b + 10, a + 1, 100 * sizeof(*b), 1, &at, NULL));
    value = 0; /* the pattern is the recording's */
    CL(x.finalize(r));
    for (int i = 0; i < 2; i++) {
        CL(clEnqueueSVMMemFill(cl.queue, a, &other, sizeof(other), 64, 0, NULL, NULL));
        CL(clFinish(cl.queue));
        CL(x.enqueue(0, NULL, r, 0, NULL, NULL));
        CL(clFinish(cl.queue));
        CHECK(word_in_svm(&cl, a, 0) == 0x01020304 && word_in_svm(&cl, a, 3999) == 0x01020304);
        CHECK(word_in_svm(&cl, b, 9) == 0 && word_in_svm(&cl, b, 10) == 0x01020304);
        CHECK(word_in_svm(&cl, b, 109) == 0x01020304 && word_in_svm(&cl, b, 110) == 0);
    }
    CL(x.release(r));
    clSVMFree(cl.context, a);
    clSVMFree(cl.context, b);
    cl_close(&cl);
}

/* Freed before the recording that names it: no harm if that is not enqueued again. */
static void shared_virtual_memory_may_go_first(void)
{
    struct cl cl = open_with_functions();
    if (!has_svm(&cl))
        return;
    cl_uint *a = clSVMAlloc(cl.context, 0, 4096, 0), value = 7;
    cl_command_buffer_khr r = new_buffer(&cl);
    CHECK(a);
    CL(RECORD(svm_fill, r, a, &value, sizeof(value), 4096, 0, NULL, NULL));
    CL(x.finalize(r));
    CL(x.enqueue(0, NULL, r, 0, NULL, NULL));
    CL(clFinish(cl.queue));
    clSVMFree(cl.context, a);
    cl_uint *b = clSVMAlloc(cl.context, 0, 4096, 0);
    CHECK(b);
    CL(x.release(r));
    CL(clEnqueueSVMMemFill(cl.queue, b, &value, sizeof(value), 4096, 0, NULL, NULL));
    CHECK(word_in_svm(&cl, b, 1023) == 7);
    clSVMFree(cl.context, b);
    cl_close(&cl);
}

static void nonsense_of_shared_virtual_memory_is_refused(void)
{
    struct cl cl = open_with_functions();
    if (!has_svm(&cl))
        return;
    cl_uint *a = clSVMAlloc(cl.context, 0, 4096, 0), value = 7;
    cl_command_buffer_khr r = new_buffer(&cl);
    CHECK(a);
    CL_IS(RECORD(svm_fill, NULL, a, &value, sizeof(value), 64, 0, NULL, NULL),
          CL_INVALID_COMMAND_BUFFER_KHR);
    CL_IS(RECORD(svm_fill, r, NULL, &value, sizeof(value), 64, 0, NULL, NULL), CL_INVALID_VALUE);
    CL_IS(RECORD(svm_fill, r, a, &value, 3, 64, 0, NULL, NULL), CL_INVALID_VALUE);
    CL_IS(RECORD(svm_copy, r, NULL, a, 64, 0, NULL, NULL), CL_INVALID_VALUE);
    CL_IS(RECORD(svm_copy, r, a, NULL, 64, 0, NULL, NULL), CL_INVALID_VALUE);
    CL_IS(RECORD(svm_copy, r, a + 4, a, 64, 0, NULL, NULL), CL_MEM_COPY_OVERLAP);
    CL_ANY(RECORD(svm_copy, r, a, &value, sizeof(value), 0, NULL, NULL)); /* no SVM */
    CL(x.release(r));
    clSVMFree(cl.context, a);
    cl_close(&cl);
}

static void an_enqueued_buffer_waits_for_events_and_has_one(void)
{
    struct cl cl = open_with_functions();
    cl_mem m = zeros(&cl, 64);
    cl_uint value = 7;
    cl_int err;
    cl_event go = clCreateUserEvent(cl.context, &err), done = NULL;
    cl_command_queue q = NULL;
    cl_command_buffer_khr r = new_buffer(&cl);
    CL(err);
    CL(RECORD(fill, r, m, &value, sizeof(value), 0, 64, 0, NULL, NULL));
    CL(x.finalize(r));
    CL(x.enqueue(1, &cl.queue, r, 1, &go, &done));
    CHECK(done);
    CL(clFlush(cl.queue));
    CL(clGetEventInfo(done, CL_EVENT_COMMAND_QUEUE, sizeof(q), &q, NULL));
    CHECK(q == cl.queue);
    sleep_ms(20);
    cl_int status = 0;
    CL(clGetEventInfo(done, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL));
    CHECK(status != CL_COMPLETE);
    CL(clSetUserEventStatus(go, CL_COMPLETE));
    CL(clWaitForEvents(1, &done));
    CHECK(word_of(&cl, m, 15) == 7);
    CL(clReleaseEvent(go));
    CL(clReleaseEvent(done));
    CL(x.release(r));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static void it_counts_references_and_knows_its_state(void)
{
    struct cl cl = open_with_functions();
    cl_mem m = zeros(&cl, 64);
    cl_uint n = 0, value = 1;
    cl_command_queue q = NULL;
    cl_command_buffer_khr r = new_buffer(&cl);
    CL(x.info(r, CL_COMMAND_BUFFER_QUEUES_KHR, sizeof(q), &q, NULL));
    /* PoCL 3 says where it keeps them. */
    CHECK(q == cl.queue || (is_pocl3(&cl) && *(cl_command_queue *)q == cl.queue));
    CL(x.info(r, CL_COMMAND_BUFFER_NUM_QUEUES_KHR, sizeof(n), &n, NULL));
    CHECK(n == 1);
    CL(x.retain(r));
    CL(x.info(r, CL_COMMAND_BUFFER_REFERENCE_COUNT_KHR, sizeof(n), &n, NULL));
    CHECK(n == 2);
    CL(x.release(r));
    CL(x.info(r, CL_COMMAND_BUFFER_STATE_KHR, sizeof(n), &n, NULL));
    CHECK(n == 0); /* recording */
    CL(RECORD(fill, r, m, &value, sizeof(value), 0, 64, 0, NULL, NULL));
    CL(x.finalize(r));
    CL(x.info(r, CL_COMMAND_BUFFER_STATE_KHR, sizeof(n), &n, NULL));
    CHECK(n == 1); /* executable */
    CL_IS(x.info(r, 0xffff, sizeof(n), &n, NULL), CL_INVALID_VALUE);
    CL(x.release(r));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static void errors_are_those_of_the_specification(void)
{
    struct cl cl = open_with_functions();
    cl_mem m = zeros(&cl, 64);
    cl_uint value = 1;
    cl_int err = 0;
    cl_command_buffer_properties_khr unknown[] = {0x7777, 1, 0};
    cl_sync_point_khr at = 0;
    cl_command_buffer_khr r = new_buffer(&cl);
    CHECK(!x.create(0, &cl.queue, NULL, &err) && err == CL_INVALID_VALUE);
    CHECK(!x.create(1, NULL, NULL, &err) && err == CL_INVALID_VALUE);
    CHECK(!x.create(1, &cl.queue, unknown, &err) && err == CL_INVALID_VALUE);
    CL_IS(x.finalize(NULL), CL_INVALID_COMMAND_BUFFER_KHR);
    CL_IS(x.enqueue(0, NULL, NULL, 0, NULL, NULL), CL_INVALID_COMMAND_BUFFER_KHR);
    CL_IS(x.enqueue(0, NULL, r, 0, NULL, NULL), CL_INVALID_OPERATION); /* still recording */
    CL_IS(RECORD(fill, NULL, m, &value, sizeof(value), 0, 64, 0, NULL, NULL),
          CL_INVALID_COMMAND_BUFFER_KHR);
    CL_IS(RECORD(fill, r, m, &value, sizeof(value), 0, 64, 1, NULL, NULL),
          CL_INVALID_SYNC_POINT_WAIT_LIST_KHR);
    CL_IS(RECORD(fill, r, m, &value, sizeof(value), 0, 64, 0, &at, NULL),
          CL_INVALID_SYNC_POINT_WAIT_LIST_KHR);
    CL_IS(RECORD(fill, r, m, &value, 3, 0, 64, 0, NULL, NULL), CL_INVALID_VALUE);
    CL(RECORD(fill, r, m, &value, sizeof(value), 0, 64, 0, NULL, NULL));
    CL(x.finalize(r));
    if (version_of(&cl) >= CL_MAKE_VERSION(0, 9, 1))
        CL_IS(x.finalize(r), CL_INVALID_OPERATION);
    CL_IS(RECORD(fill, r, m, &value, sizeof(value), 0, 64, 0, NULL, NULL), CL_INVALID_OPERATION);
    CL_IS(x.enqueue(1, NULL, r, 0, NULL, NULL), CL_INVALID_VALUE);
    CL(x.release(r));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(a_recorded_kernel_runs_each_time_it_is_enqueued),
    CASE(arguments_are_those_of_the_recording),
    CASE(commands_wait_for_sync_points),
    CASE(images_are_filled_and_copied),
    CASE(shared_virtual_memory_is_filled_and_copied),
    CASE(shared_virtual_memory_may_go_first),
    CASE(nonsense_of_shared_virtual_memory_is_refused),
    CASE(an_enqueued_buffer_waits_for_events_and_has_one),
    CASE(it_counts_references_and_knows_its_state),
    CASE(errors_are_those_of_the_specification),
};

CHECK_MAIN(cases)

// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>

#include "objects.h"

/* A native runtime that counts. */
struct native {
    int refs;
};

static cl_int CL_API_CALL retain_mem(cl_mem m)
{
    ((struct native *)m)->refs++;
    return CL_SUCCESS;
}

static cl_int CL_API_CALL release_mem(cl_mem m)
{
    ((struct native *)m)->refs--;
    return CL_SUCCESS;
}

static cl_int CL_API_CALL retain_event(cl_event e)
{
    ((struct native *)e)->refs += 100;
    return CL_SUCCESS;
}

static cl_int CL_API_CALL release_event(cl_event e)
{
    ((struct native *)e)->refs -= 100;
    return CL_SUCCESS;
}

static const cl_icd_dispatch fake = {
    .clRetainMemObject = retain_mem,
    .clReleaseMemObject = release_mem,
    .clRetainEvent = retain_event,
    .clReleaseEvent = release_event,
};

#define MAX_OBJECTS 100

static int setup(void **state)
{
    *state = hcl_objects_create(&fake, MAX_OBJECTS);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    hcl_objects_destroy(*state);
    return 0;
}

static void a_number_finds_its_object_by_type_only(void **state)
{
    struct hcl_objects *t = *state;
    struct native mem = {1};
    assert_int_equal(hcl_objects_add(t, 5, HCL_MEM, &mem, NULL, NULL), 0);
    assert_ptr_equal(hcl_objects_get(t, 5, HCL_MEM), &mem);
    assert_null(hcl_objects_get(t, 5, HCL_EVENT));
    assert_null(hcl_objects_get(t, 4, HCL_MEM));
    assert_null(hcl_objects_get(t, 5 | 1ull << 32, HCL_MEM));
    assert_null(hcl_objects_get(t, 5 | HCL_HOST_ID, HCL_MEM));
    assert_null(hcl_objects_get(t, UINT64_MAX, HCL_MEM));
}

static void hostile_numbers_are_refused(void **state)
{
    struct hcl_objects *t = *state;
    struct native mem = {1};
    assert_int_equal(hcl_objects_add(t, 0, HCL_MEM, &mem, NULL, NULL), -EINVAL);
    assert_int_equal(hcl_objects_add(t, HCL_HOST_ID, HCL_MEM, &mem, NULL, NULL), -EINVAL);
    assert_int_equal(hcl_objects_add(t, HCL_HOST_ID | 3, HCL_MEM, &mem, NULL, NULL), -EINVAL);
    assert_int_equal(hcl_objects_add(t, 1ull << 32 | 3, HCL_MEM, &mem, NULL, NULL), -EINVAL);
    assert_int_equal(hcl_objects_add(t, UINT64_MAX, HCL_MEM, &mem, NULL, NULL), -EINVAL);
    assert_int_equal(hcl_objects_add(t, MAX_OBJECTS, HCL_MEM, &mem, NULL, NULL), -ENOSPC);
    assert_int_equal(hcl_objects_add(t, MAX_OBJECTS - 1, HCL_MEM, &mem, NULL, NULL), 0);
    assert_int_equal(hcl_objects_add(t, MAX_OBJECTS - 1, HCL_EVENT, &mem, NULL, NULL), -EEXIST);
    assert_int_equal(mem.refs, 1);
}

static int freed;

static void count_freed(void *extra)
{
    freed += *(int *)extra;
}

static void release_gives_back_the_native_reference_once(void **state)
{
    struct hcl_objects *t = *state;
    struct native event = {100};
    int extra = 7;
    freed = 0;
    assert_int_equal(hcl_objects_add(t, 9, HCL_EVENT, &event, &extra, count_freed), 0);
    assert_ptr_equal(hcl_objects_extra(t, 9, HCL_EVENT), &extra);
    assert_null(hcl_objects_extra(t, 9, HCL_MEM));
    assert_int_equal(hcl_objects_release(t, 9), 0);
    assert_int_equal(event.refs, 0);
    assert_int_equal(freed, 7);
    assert_int_equal(hcl_objects_release(t, 9), -ENOENT);
    assert_null(hcl_objects_get(t, 9, HCL_EVENT));
    assert_int_equal(event.refs, 0);
    assert_int_equal(freed, 7);
}

static void a_released_number_can_be_used_again(void **state)
{
    struct hcl_objects *t = *state;
    struct native mem = {1}, event = {100};
    assert_int_equal(hcl_objects_add(t, 9, HCL_EVENT, &event, NULL, NULL), 0);
    assert_int_equal(hcl_objects_release(t, 9), 0);
    assert_int_equal(hcl_objects_add(t, 9, HCL_MEM, &mem, NULL, NULL), 0);
    assert_ptr_equal(hcl_objects_get(t, 9, HCL_MEM), &mem);
}

static void objects_of_a_type_can_be_walked(void **state)
{
    struct hcl_objects *t = *state;
    struct native n = {1};
    assert_int_equal(hcl_objects_next(t, 0, HCL_EVENT), 0);
    assert_int_equal(hcl_objects_add(t, 1, HCL_EVENT, &n, NULL, NULL), 0);
    assert_int_equal(hcl_objects_add(t, 7, HCL_MEM, &n, NULL, NULL), 0);
    assert_int_equal(hcl_objects_add(t, MAX_OBJECTS - 1, HCL_EVENT, &n, NULL, NULL), 0);
    assert_int_equal(hcl_objects_next(t, 0, HCL_EVENT), 1);
    assert_int_equal(hcl_objects_next(t, 1, HCL_EVENT), MAX_OBJECTS - 1);
    assert_int_equal(hcl_objects_next(t, MAX_OBJECTS - 1, HCL_EVENT), 0);
}

static void release_of_what_is_not_there_is_refused(void **state)
{
    struct hcl_objects *t = *state;
    static const uint64_t ids[] = {0, 1, MAX_OBJECTS, HCL_HOST_ID, 1ull << 32, UINT64_MAX};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        assert_int_equal(hcl_objects_release(t, ids[i]), -ENOENT);
}

static void host_ids_are_stable_and_cannot_be_released(void **state)
{
    struct hcl_objects *t = *state;
    struct native a = {1}, b = {1};
    uint32_t platform = hcl_objects_host_id(t, HCL_PLATFORM, &a);
    uint32_t device = hcl_objects_host_id(t, HCL_DEVICE, &a);
    assert_true(platform & HCL_HOST_ID);
    assert_true(device & HCL_HOST_ID);
    assert_int_not_equal(platform, device);
    assert_int_not_equal(device, hcl_objects_host_id(t, HCL_DEVICE, &b));
    assert_int_equal(device, hcl_objects_host_id(t, HCL_DEVICE, &a));
    assert_ptr_equal(hcl_objects_get(t, device, HCL_DEVICE), &a);
    assert_null(hcl_objects_get(t, device, HCL_PLATFORM));
    assert_int_equal(hcl_objects_release(t, device), -ENOENT);
    assert_ptr_equal(hcl_objects_get(t, device, HCL_DEVICE), &a);
}

static void retain_and_release_go_by_type(void **state)
{
    (void)state;
    struct native n = {0};
    hcl_native_retain(&fake, HCL_EVENT, &n);
    assert_int_equal(n.refs, 100);
    hcl_native_release(&fake, HCL_EVENT, &n);
    hcl_native_retain(&fake, HCL_MEM, &n);
    assert_int_equal(n.refs, 1);
    hcl_native_release(&fake, HCL_MEM, &n);
    hcl_native_retain(&fake, HCL_PLATFORM, &n);
    hcl_native_release(&fake, HCL_PLATFORM, &n);
    assert_int_equal(n.refs, 0);
}

static void a_native_handle_finds_its_number_by_type_only(void **state)
{
    struct hcl_objects *t = *state;
    struct native n = {1}, other = {1};
    assert_int_equal(hcl_objects_find(t, HCL_MEM, &n), 0);
    assert_int_equal(hcl_objects_add(t, 7, HCL_MEM, &n, NULL, NULL), 0);
    assert_int_equal(hcl_objects_find(t, HCL_MEM, &n), 7);
    assert_int_equal(hcl_objects_find(t, HCL_EVENT, &n), 0);
    assert_int_equal(hcl_objects_find(t, HCL_MEM, &other), 0);
    assert_int_equal(hcl_objects_release(t, 7), 0);
    assert_int_equal(hcl_objects_find(t, HCL_MEM, &n), 0);
}

static void a_pinned_object_outlives_its_release(void **state)
{
    struct hcl_objects *t = *state;
    struct native mem = {1}, event = {100}, other = {1};
    int extra = 7;
    void *const list[] = {&event};
    struct hcl_pins pins = {.one = {&mem}, .list = list, .count = 1};
    freed = 0;
    assert_int_equal(hcl_objects_add(t, 7, HCL_MEM, &mem, NULL, NULL), 0);
    assert_int_equal(hcl_objects_add(t, 8, HCL_EVENT, &event, &extra, count_freed), 0);
    assert_int_equal(hcl_objects_add(t, 9, HCL_MEM, &other, NULL, NULL), 0);
    hcl_objects_pin(t, &pins);
    for (int id = 7; id <= 9; id++)
        assert_int_equal(hcl_objects_release(t, id), 0);
    assert_int_equal(mem.refs, 1);
    assert_int_equal(event.refs, 100);
    assert_int_equal(freed, 0);
    assert_int_equal(other.refs, 0);
    hcl_objects_unpin(t, &pins);
    assert_int_equal(mem.refs, 0);
    assert_int_equal(event.refs, 0);
    assert_int_equal(freed, 7);
}

static void the_last_to_unpin_releases(void **state)
{
    struct hcl_objects *t = *state;
    struct native mem = {1}, next = {1};
    struct hcl_pins a = {.one = {&mem}}, b = {.one = {NULL, &mem}}, c = {.one = {&next}};
    assert_int_equal(hcl_objects_add(t, 7, HCL_MEM, &mem, NULL, NULL), 0);
    hcl_objects_pin(t, &a);
    hcl_objects_pin(t, &b);
    assert_int_equal(hcl_objects_release(t, 7), 0);
    /* The guest may use the number again at once, and release it again. */
    assert_null(hcl_objects_get(t, 7, HCL_MEM));
    assert_int_equal(hcl_objects_release(t, 7), -ENOENT);
    assert_int_equal(hcl_objects_add(t, 7, HCL_MEM, &next, NULL, NULL), 0);
    hcl_objects_pin(t, &c);
    hcl_objects_unpin(t, &a);
    assert_int_equal(mem.refs, 1);
    hcl_objects_unpin(t, &b);
    assert_int_equal(mem.refs, 0);
    hcl_objects_unpin(t, &c);
    assert_int_equal(next.refs, 1);
    assert_int_equal(hcl_objects_release(t, 7), 0);
    assert_int_equal(next.refs, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_number_finds_its_object_by_type_only),
        T(hostile_numbers_are_refused),
        T(release_gives_back_the_native_reference_once),
        T(a_released_number_can_be_used_again),
        T(a_pinned_object_outlives_its_release),
        T(the_last_to_unpin_releases),
        T(objects_of_a_type_can_be_walked),
        T(release_of_what_is_not_there_is_refused),
        T(host_ids_are_stable_and_cannot_be_released),
        T(a_native_handle_finds_its_number_by_type_only),
        T(retain_and_release_go_by_type),
    };
    return cmocka_run_group_tests_name("objects", tests, NULL, NULL);
}

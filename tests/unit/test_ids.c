// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "channel.h"
#include "ids.h"

static void numbers_are_never_zero_and_never_shared(void **state)
{
    (void)state;
    static bool seen[2000];
    uint32_t ids[1000];
    for (int i = 0; i < 1000; i++) {
        ids[i] = gcl_ids_take(GCL_IDS_OBJECTS);
        assert_in_range(ids[i], 1, 1999);
        assert_false(seen[ids[i]]);
        seen[ids[i]] = true;
    }
    for (int i = 0; i < 1000; i++)
        gcl_ids_give(GCL_IDS_OBJECTS, ids[i]);
}

static void a_number_that_is_given_back_is_used_again(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint32_t id = gcl_ids_take(GCL_IDS_OBJECTS);
        assert_in_range(id, 1, 2000);
        gcl_ids_give(GCL_IDS_OBJECTS, id);
    }
}

static void event_slots_run_out_and_come_back(void **state)
{
    (void)state;
    static bool seen[VOCL_EVENT_SLOTS];
    for (uint32_t i = 1; i < VOCL_EVENT_SLOTS; i++) {
        uint32_t slot = gcl_ids_take(GCL_IDS_EVENT_SLOTS);
        assert_in_range(slot, 1, VOCL_EVENT_SLOTS - 1);
        assert_false(seen[slot]);
        seen[slot] = true;
    }
    assert_int_equal(gcl_ids_take(GCL_IDS_EVENT_SLOTS), 0);
    assert_int_equal(gcl_ids_take(GCL_IDS_EVENT_SLOTS), 0);
    gcl_ids_give(GCL_IDS_EVENT_SLOTS, 77);
    assert_int_equal(gcl_ids_take(GCL_IDS_EVENT_SLOTS), 77);
    for (uint32_t slot = 1; slot < VOCL_EVENT_SLOTS; slot++)
        gcl_ids_give(GCL_IDS_EVENT_SLOTS, slot);
}

static uint32_t owner[4096]; /* by number: the thread that holds it */

static void *take_and_give(void *arg)
{
    uint32_t me = (uint32_t)(uintptr_t)arg;
    uint32_t ids[16];
    for (int round = 0; round < 2000; round++) {
        for (int i = 0; i < 16; i++) {
            ids[i] = gcl_ids_take(GCL_IDS_OBJECTS);
            if (!ids[i] || ids[i] >= 4096 ||
                __atomic_exchange_n(&owner[ids[i]], me, __ATOMIC_SEQ_CST))
                return (void *)1;
        }
        for (int i = 0; i < 16; i++) {
            if (__atomic_exchange_n(&owner[ids[i]], 0, __ATOMIC_SEQ_CST) != me)
                return (void *)1;
            gcl_ids_give(GCL_IDS_OBJECTS, ids[i]);
        }
    }
    return NULL;
}

static void threads_never_get_the_same_number(void **state)
{
    (void)state;
    pthread_t thread[4];
    void *failed;
    for (uintptr_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, take_and_give, (void *)(i + 1)), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(thread[i], &failed);
        assert_null(failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_never_zero_and_never_shared),
        cmocka_unit_test(a_number_that_is_given_back_is_used_again),
        cmocka_unit_test(event_slots_run_out_and_come_back),
        cmocka_unit_test(threads_never_get_the_same_number),
    };
    return cmocka_run_group_tests_name("ids", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include "counters.h"

#define DESCRIBE(n, id, name, kind, unit, text)                                                    \
    [n] = {name, VOCL_COUNTER_##kind, VOCL_COUNTER_##unit, text},

const struct vocl_counter vocl_guest_counters[VOCL_COUNTERS_MAX] = {
    VOCL_GUEST_COUNTER_LIST(DESCRIBE)};

const struct vocl_counter vocl_host_counters[VOCL_COUNTERS_MAX] = {
    VOCL_HOST_COUNTER_LIST(DESCRIBE)};

// SPDX-License-Identifier: MIT
#include "wire_check.h"

#include <stdlib.h>

void wire_check_touch(const void *data, uint64_t len)
{
    const volatile uint8_t *p = data;
    for (uint64_t i = 0; i < len; i++)
        (void)p[i];
}

void wire_check_blobs(struct vocl_blobs *b)
{
    struct vocl_bytes *list = NULL;
    struct vocl_bytes one;
    uint64_t n = 0;
    for (struct vocl_blobs walk = *b; vocl_blobs_next(&walk, &one); n++) {
        wire_check_touch(one.data, one.len);
        list = realloc(list, (n + 1) * sizeof(*list));
        if (!list)
            abort();
        list[n] = one;
    }
    if (n != b->count)
        abort(); /* the count was checked when the array was read */
    b->list = list;
}

void wire_check_blobs_done(struct vocl_blobs *b)
{
    free((void *)b->list);
    b->list = NULL;
}

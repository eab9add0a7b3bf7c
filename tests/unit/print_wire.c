// SPDX-License-Identifier: MIT
/*
 * Every body with fixed values, as bytes. Built for this machine and for a
 * 32-bit one, it must print the same (compare_widths.py).
 */
#include <stdio.h>

#include "wire_check.h"

int main(void)
{
    for (size_t i = 0; i < wire_check_num_bodies; i++) {
        struct vocl_writer w;
        vocl_writer_init(&w);
        wire_check_bodies[i].encode(&w);
        printf("%s %d", wire_check_bodies[i].name, w.error);
        for (size_t j = 0; j < w.len; j++)
            printf(" %02x", w.buf[j]);
        printf("\n");
        vocl_writer_finish(&w);
    }
    return 0;
}

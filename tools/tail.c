/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>

#include "tail.h"

void tail_add(struct tail *t, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        t->text[t->total++ % TAIL_SIZE] = data[i];
}

bool tail_empty(const struct tail *t)
{
    return !t->total;
}

static char at(const struct tail *t, size_t i)
{
    return t->text[i % TAIL_SIZE];
}

void tail_print(const struct tail *t, const char *prefix, int lines)
{
    size_t oldest = t->total > TAIL_SIZE ? t->total - TAIL_SIZE : 0, end = t->total, i;
    bool fresh = true;

    while (end > oldest && isspace((unsigned char)at(t, end - 1)))
        end--;
    for (i = end; i > oldest; i--) {
        if (at(t, i - 1) == '\n' && !--lines)
            break;
    }
    for (; i < end; i++) {
        unsigned char c = (unsigned char)at(t, i);

        if (fresh)
            fputs(prefix, stderr);
        fresh = c == '\n';
        if (c == '\n' || c == '\t' || (c >= ' ' && c != 0x7f))
            fputc(c, stderr);
    }
    if (!fresh)
        fputc('\n', stderr);
}

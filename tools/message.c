/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>

#include "message.h"

void say(const char *fmt, ...)
{
    char line[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    fprintf(stderr, "vocl: %s\n", line);
}

// SPDX-License-Identifier: MIT
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char client_name[96];
static int verbose;

void hcl_log_client(const char *name)
{
    snprintf(client_name, sizeof(client_name), "%s", name);
}

void hcl_log_verbose(int on)
{
    verbose = on;
}

__attribute__((format(printf, 1, 0))) static void log_line(const char *fmt, va_list ap)
{
    char line[1024];
    int n = client_name[0] ? snprintf(line, sizeof(line), "vocl-helper: [%s] ", client_name)
                           : snprintf(line, sizeof(line), "vocl-helper: ");
    int m = vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
    if (m < 0)
        return;
    size_t len = strlen(line);
    line[len++] = '\n';
    /* Nothing can be done about a log that cannot be written. */
    ssize_t ignored = write(STDERR_FILENO, line, len);
    (void)ignored;
}

void hcl_log(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    log_line(fmt, ap);
    va_end(ap);
}

void hcl_log_debug(const char *fmt, ...)
{
    if (!verbose)
        return;
    va_list ap;
    va_start(ap, fmt);
    log_line(fmt, ap);
    va_end(ap);
}

/* SPDX-License-Identifier: MIT */
/*
 * log.h - one line on stderr per event, with the client that it is about.
 *
 * Threading: any thread; a line is one write(2). The prefix is per process:
 * the server's is empty, a worker sets its client's name once.
 */
#ifndef HCL_LOG_H
#define HCL_LOG_H

/* Name this process's client for every later line ("" in the server). */
void hcl_log_client(const char *name);

/* Also print hcl_log_debug() lines. */
void hcl_log_verbose(int on);

/* "vocl-helper: [client] text\n". No newline in fmt. */
__attribute__((format(printf, 1, 2))) void hcl_log(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void hcl_log_debug(const char *fmt, ...);

#endif

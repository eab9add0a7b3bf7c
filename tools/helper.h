/* SPDX-License-Identifier: MIT */
/*
 * helper.h - a private vocl-helper, for one run.
 */
#ifndef VOCL_HELPER_H
#define VOCL_HELPER_H

#include <stdbool.h>
#include <sys/types.h>

#include "parts.h"
#include "scratch.h"

struct helper_options {
    const char *runtime, *allow_device; /* the helper's own, or NULL */
    bool verbose;
};

/* A key of argp's that is the same for every command that starts a helper: 'r'
 * (runtime), 'd' (allow-device), 'v' (verbose). False: it is none of these. */
bool helper_option(struct helper_options *opt, int key, const char *arg);

struct helper {
    pid_t pid; /* 0: none */
    char log[PATH_MAX];
};

/*
 * Start vocl-helper and wait until it is ready. flag says how it serves
 * socket: "--listen" or "--vhost-user". 0, or -errno with the reason printed.
 * The helper gets vocl's own environment: the user's OCL_ICD_VENDORS is for it.
 */
int helper_start(struct helper *h, const struct parts *parts, const struct scratch *scratch,
                 const struct helper_options *opt, const char *flag, const char *socket);
void helper_stop(struct helper *h);

/* The log's last lines on stderr, for a failure; nothing if it was shown. */
void helper_show_log(const struct helper *h);

/* The folder that holds nothing but our ICD, for OCL_ICD_VENDORS; path has
 * PATH_MAX bytes. 0, or -errno with the reason printed. */
int helper_vendors(const struct parts *parts, const struct scratch *scratch, char *path);

#endif

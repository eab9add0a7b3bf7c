/* SPDX-License-Identifier: MIT */
/*
 * include.h - the files that a guest's program includes, laid out for the
 * compiler in a folder of this build's own (guest-icd/include.h says how they
 * travel). Names come from the guest: nothing is written outside the folder.
 */
#ifndef HCL_INCLUDE_FILE_H
#define HCL_INCLUDE_FILE_H

#include <limits.h>

#include "wire.h"

/* As in the guest; a guest that sends more is hostile. */
#define HCL_INCLUDE_MAX_FILES 1024
#define HCL_INCLUDE_MARK      '\1'

struct hcl_includes {
    char dir[64]; /* "": none */
};

/* Write the files. 0, -EPROTO (names that our guest does not send) or -errno. */
int hcl_includes_write(struct hcl_includes *inc, struct vocl_blobs names, struct vocl_blobs files);

/* The options with the placeholders replaced, and the working directory's
 * folder added. malloc'ed; NULL: no memory. options may be NULL. */
char *hcl_includes_options(const struct hcl_includes *inc, const char *options);

/* Remove the folder, if there is one. */
void hcl_includes_finish(struct hcl_includes *inc);

#endif

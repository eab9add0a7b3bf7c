/* SPDX-License-Identifier: MIT */
/*
 * include.h - the files that a program's sources #include.
 *
 * The compiler runs in the helper, which does not see the guest's files and
 * has another working directory. So the files are looked up here, the way the
 * compiler would, and travel with the build: each under the number of the
 * search folder that it was found in (0 is the working directory, then each -I
 * in its order), and each -I in the options becomes a placeholder that the
 * helper replaces with the folder that it has made.
 *
 * Threading: a collection belongs to its caller.
 */
#ifndef GCL_INCLUDE_H
#define GCL_INCLUDE_H

#include <stddef.h>

#include "wire.h"

/* More than any program has; beyond it the compiler will miss a file. */
#define GCL_INCLUDE_MAX_FILES 1024
#define GCL_INCLUDE_MAX_BYTES ((size_t)64 << 20)

/* In the options, a search folder's number stands between two of these. */
#define GCL_INCLUDE_MARK '\1'

struct gcl_includes {
    char *options;            /* with placeholders; NULL: as given */
    struct vocl_bytes *names; /* "2/sub/file.h", NUL included */
    struct vocl_bytes *files;
    size_t count;
    size_t bytes;
};

/* Does the text include anything? */
int gcl_includes_any(const char *source);

/*
 * Find what `source` (one NUL-terminated text) includes under these options.
 * Files that are not found are the compiler's to complain of. Returns 0 or
 * -ENOMEM; the collection must be finished in either case.
 */
int gcl_includes_collect(struct gcl_includes *inc, const char *source, const char *options);
void gcl_includes_finish(struct gcl_includes *inc);

#endif

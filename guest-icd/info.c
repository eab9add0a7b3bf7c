// SPDX-License-Identifier: MIT
#include "info.h"

#include <string.h>

#include "extension.h"
#include "frame.h"

/* Filter the helper's answer where it lies: the thread's own buffer. */
static struct vocl_bytes filter(struct vocl_bytes b, bool versions)
{
    char *text = (char *)b.data;
    if (versions) {
        cl_name_version *list = (cl_name_version *)b.data;
        b.len = gcl_extensions_filter_versions(list, b.len / sizeof(*list)) * sizeof(*list);
    } else if (b.len && !text[b.len - 1]) {
        gcl_extensions_filter(text);
        b.len = strlen(text) + 1;
    }
    return b;
}

bool gcl_info_extensions(struct gcl_frame *f, uint16_t op, bool versions, size_t size, void *value,
                         size_t *ret, cl_int *err)
{
    if ((*err = gcl_frame_call(f, op)))
        goto out;
    int64_t status = (int64_t)vocl_get_u64(&f->reply);
    vocl_get_u64(&f->reply); /* size_ret: the unfiltered size */
    struct vocl_bytes b = vocl_get_bytes(&f->reply);
    if ((*err = gcl_frame_result(f, status)))
        goto out;
    b = filter(b, versions);
    gcl_info_bytes(b.data, b.len, size, value, ret, err);
out:
    *err = gcl_frame_end(f, *err, NULL);
    return true;
}

// SPDX-License-Identifier: MIT
/*
 * cl_khr_spirv_queries: two of its queries answer with an array of pointers to
 * text, which has to be here.
 */
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "info.h"

/* The pointers, and behind them what they point to. */
struct gcl_strings {
    size_t n;
    const char *at[];
};

static struct gcl_strings *copy_strings(struct vocl_blobs blobs)
{
    struct vocl_blobs again = blobs;
    struct vocl_bytes b;
    size_t len = 0;
    while (vocl_blobs_next(&again, &b))
        len += b.len + 1;
    struct gcl_strings *s = calloc(1, sizeof(*s) + blobs.count * sizeof(s->at[0]) + len);
    if (!s)
        return NULL;
    char *to = (char *)&s->at[blobs.count];
    while (s->n < blobs.count && vocl_blobs_next(&blobs, &b)) {
        s->at[s->n++] = to;
        if (b.len)
            memcpy(to, b.data, b.len);
        to += b.len + 1;
    }
    return s;
}

static cl_int ask(cl_device_id d, cl_device_info name, struct gcl_strings **out)
{
    struct gcl_frame f;
    struct vocl_device_strings_rep rep;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    vocl_put_device_strings_req(f.w, &(struct vocl_device_strings_req){gcl_id(d), name});
    if (!(err = gcl_frame_call(&f, VOCL_OP_DEVICE_STRINGS))) {
        vocl_get_device_strings_rep(&f.reply, &rep);
        err = gcl_frame_result(&f, rep.ret);
    }
    if (!err && !(*out = copy_strings(rep.strings)))
        err = CL_OUT_OF_HOST_MEMORY;
    return gcl_frame_end(&f, err, NULL);
}

bool gcl_device_strings(cl_device_id d, cl_device_info name, size_t size, void *value, size_t *ret,
                        cl_int *err)
{
    struct gcl_strings **known = &d->strings[name == CL_DEVICE_SPIRV_EXTENSIONS_KHR];
    struct gcl_strings *s = __atomic_load_n(known, __ATOMIC_ACQUIRE), *none = NULL;
    if (!s) {
        if ((*err = ask(d, name, &s)))
            return true;
        /* Another thread's may have been given out already: then it is the one. */
        if (!__atomic_compare_exchange_n(known, &none, s, false, __ATOMIC_ACQ_REL,
                                         __ATOMIC_ACQUIRE)) {
            free(s);
            s = none;
        }
    }
    return gcl_info_bytes(s->at, s->n * sizeof(s->at[0]), size, value, ret, err);
}

// SPDX-License-Identifier: MIT
#include "extension.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"

static bool crosses(const char *name, size_t len)
{
    for (size_t i = 0; i < gcl_num_extensions; i++)
        if (strlen(gcl_extensions[i]) == len && !memcmp(gcl_extensions[i], name, len))
            return true;
    return false;
}

/* The spaces around what stays are the runtime's own. */
void gcl_extensions_filter(char *list)
{
    char *to = list;
    for (const char *from = list; *from;) {
        size_t spaces = strspn(from, " ");
        size_t len = strcspn(from + spaces, " ");
        if (!len || crosses(from + spaces, len)) {
            memmove(to, from, spaces + len);
            to += spaces + len;
        }
        from += spaces + len;
    }
    *to = '\0';
}

size_t gcl_extensions_filter_versions(cl_name_version *list, size_t n)
{
    size_t left = 0;
    for (size_t i = 0; i < n; i++)
        if (crosses(list[i].name, strnlen(list[i].name, sizeof(list[i].name))))
            list[left++] = list[i];
    return left;
}

static const struct gcl_function *find_function(const char *name, size_t len)
{
    for (size_t i = 0; i < gcl_num_extension_functions; i++)
        if (strlen(gcl_extension_functions[i].name) == len &&
            !memcmp(gcl_extension_functions[i].name, name, len))
            return &gcl_extension_functions[i];
    return NULL;
}

/* One bit for each of our functions that the platform has, by its index. */
static void take_names(struct vocl_blobs names, struct gcl_functions *has)
{
    struct vocl_bytes b;
    while (vocl_blobs_next(&names, &b)) {
        const struct gcl_function *fn = b.data ? find_function(b.data, b.len) : NULL;
        size_t i = fn ? (size_t)(fn - gcl_extension_functions) : GCL_MAX_FUNCTIONS;
        if (i < GCL_MAX_FUNCTIONS)
            has->bits[i / 64] |= (uint64_t)1 << i % 64;
    }
}

static cl_int ask(cl_platform_id platform, struct gcl_functions *has)
{
    struct gcl_frame f;
    struct vocl_extension_functions_rep rep;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    vocl_put_extension_functions_req(f.w, &(struct vocl_extension_functions_req){gcl_id(platform)});
    if (!(err = gcl_frame_call(&f, VOCL_OP_EXTENSION_FUNCTIONS))) {
        vocl_get_extension_functions_rep(&f.reply, &rep);
        err = gcl_frame_result(&f, rep.ret);
    }
    if (!err) {
        take_names(rep.names, has);
        has->older = rep.older_commands;
        has->known = true;
    }
    return gcl_frame_end(&f, err, NULL);
}

static struct gcl_functions functions_of(cl_platform_id platform)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct gcl_functions has;
    pthread_mutex_lock(&lock);
    has = platform->functions;
    pthread_mutex_unlock(&lock);
    if (has.known || ask(platform, &has))
        return has;
    pthread_mutex_lock(&lock);
    platform->functions = has;
    pthread_mutex_unlock(&lock);
    return has;
}

void *gcl_extension_function(cl_platform_id platform, const char *name)
{
    const struct gcl_function *fn = find_function(name, strlen(name));
    if (!fn)
        return NULL;
    size_t i = (size_t)(fn - gcl_extension_functions);
    struct gcl_functions has = functions_of(platform);
    if (!(has.bits[i / 64] >> i % 64 & 1))
        return NULL;
    return fn->older && has.older ? fn->older : fn->fn;
}

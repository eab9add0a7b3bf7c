// SPDX-License-Identifier: MIT
#include "callback.h"

#include <stdlib.h>

#include "calls.h"

struct hcl_cookie {
    struct hcl_worker *w;
    uint64_t cookie;
};

struct hcl_cookie *hcl_cookie_create(struct hcl_worker *w, uint64_t cookie)
{
    struct hcl_cookie *c = malloc(sizeof(*c));
    if (c)
        *c = (struct hcl_cookie){w, cookie};
    return c;
}

void hcl_cookie_done(struct hcl_cookie *c)
{
    struct vocl_writer m;
    vocl_writer_init(&m);
    vocl_put_msg_done_req(&m, &(struct vocl_msg_done_req){c->cookie});
    hcl_send_message(c->w, VOCL_MSG_DONE, &m);
    vocl_writer_finish(&m);
    free(c);
}

void CL_CALLBACK hcl_program_done(cl_program program, void *cookie)
{
    (void)program;
    hcl_cookie_done(cookie);
}

void CL_CALLBACK hcl_mem_gone(cl_mem mem, void *cookie)
{
    (void)mem;
    hcl_cookie_done(cookie);
}

void CL_CALLBACK hcl_context_gone(cl_context context, void *cookie)
{
    (void)context;
    hcl_cookie_done(cookie);
}

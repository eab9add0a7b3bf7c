// SPDX-License-Identifier: MIT
#include "call.h"
#include "calls.h"
#include "handlers.h"

/*
 * OpenCL 3.0 §5.5.1 has no properties of pipes. What a list that is not empty
 * brings, the runtime says; of the guest's values it sees none, since what an
 * unknown property's value means might be a pointer.
 */
static const cl_pipe_properties *native_properties(struct vocl_words list)
{
    static const cl_pipe_properties empty[] = {0}, unknown[] = {0x7fffffff, 0, 0};
    if (!list.v)
        return NULL;
    return list.count > 1 ? unknown : empty;
}

void hcl_clCreatePipe(struct hcl_call *c)
{
    struct vocl_clCreatePipe_req q;
    cl_int ret = CL_INVALID_CONTEXT;
    cl_mem pipe = NULL;
    vocl_get_clCreatePipe_req(&c->body, &q);
    if (!hcl_call_ok(c) || !hcl_properties_ok(c, q.properties))
        return;
    cl_context context = hcl_object(c->w, q.context, HCL_CONTEXT);
    if (context && !c->w->cl.clCreatePipe)
        ret = CL_INVALID_OPERATION;
    else if (context)
        pipe = c->w->cl.clCreatePipe(context, q.flags, q.pipe_packet_size, q.pipe_max_packets,
                                     native_properties(q.properties), &ret);
    hcl_reply_status(c, hcl_made(c, ret, q.id, HCL_MEM, pipe));
}

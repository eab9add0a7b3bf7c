// SPDX-License-Identifier: MIT
#include "call.h"
#include "calls.h"
#include "handlers.h"

void hcl_clCreateSampler(struct hcl_call *c)
{
    struct vocl_clCreateSampler_req q;
    cl_int ret = CL_INVALID_CONTEXT;
    cl_sampler sampler = NULL;
    vocl_get_clCreateSampler_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_context context = hcl_object(c->w, q.context, HCL_CONTEXT);
    if (context)
        sampler = c->w->cl.clCreateSampler(context, q.normalized_coords, q.addressing_mode,
                                           q.filter_mode, &ret);
    hcl_reply_status(c, hcl_made(c, ret, q.id, HCL_SAMPLER, sampler));
}

void hcl_clCreateSamplerWithProperties(struct hcl_call *c)
{
    struct vocl_clCreateSamplerWithProperties_req q;
    cl_int ret = CL_INVALID_CONTEXT;
    cl_sampler sampler = NULL;
    vocl_get_clCreateSamplerWithProperties_req(&c->body, &q);
    if (!hcl_call_ok(c) || !hcl_properties_ok(c, q.properties))
        return;
    cl_context context = hcl_object(c->w, q.context, HCL_CONTEXT);
    if (context && !c->w->cl.clCreateSamplerWithProperties)
        ret = CL_INVALID_OPERATION;
    else if (context)
        sampler = c->w->cl.clCreateSamplerWithProperties(context, q.properties.v, &ret);
    hcl_reply_status(c, hcl_made(c, ret, q.id, HCL_SAMPLER, sampler));
}

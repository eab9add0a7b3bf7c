// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "frame.h"
#include "info.h"
#include "stubs.h"

static void sampler_destroy(struct gcl_object *o)
{
    cl_sampler s = (cl_sampler)o;
    gcl_put(&s->context->base);
    free(s);
}

static cl_sampler sampler_begin(struct gcl_frame *f, cl_context context, cl_int *err)
{
    *err = gcl_is_context(context) ? gcl_frame_begin(f) : CL_INVALID_CONTEXT;
    if (*err)
        return NULL;
    cl_sampler s = gcl_object_create(sizeof(*s), GCL_SAMPLER, 0, sampler_destroy);
    if (!s) {
        *err = gcl_frame_end(f, CL_OUT_OF_HOST_MEMORY, NULL);
        return NULL;
    }
    s->context = context;
    gcl_get(&context->base);
    return s;
}

static cl_sampler sampler_end(struct gcl_frame *f, cl_sampler s, cl_int err, cl_int *errcode_ret)
{
    if (err)
        gcl_object_abandon(&s->base);
    gcl_frame_end(f, err, NULL);
    return err ? gcl_fail(errcode_ret, err) : gcl_made(errcode_ret, s);
}

cl_sampler CL_API_CALL gcl_clCreateSampler(cl_context context, cl_bool normalized,
                                           cl_addressing_mode addressing, cl_filter_mode filter,
                                           cl_int *errcode_ret)
{
    struct gcl_frame f;
    cl_int err;
    cl_sampler s = sampler_begin(&f, context, &err);
    if (!s)
        return gcl_fail(errcode_ret, err);
    vocl_put_clCreateSampler_req(
        f.w, &(struct vocl_clCreateSampler_req){s->base.id, gcl_id(context), normalized, addressing,
                                                filter});
    err = gcl_frame_status(&f, VOCL_OP_clCreateSampler);
    return sampler_end(&f, s, err, errcode_ret);
}

cl_sampler CL_API_CALL gcl_clCreateSamplerWithProperties(cl_context context,
                                                         const cl_sampler_properties *properties,
                                                         cl_int *errcode_ret)
{
    struct gcl_frame f;
    cl_int err;
    cl_sampler s = sampler_begin(&f, context, &err);
    if (!s)
        return gcl_fail(errcode_ret, err);
    struct vocl_clCreateSamplerWithProperties_req req = {s->base.id, gcl_id(context), {0}};
    if (!(err = gcl_frame_properties64(&f, properties, &req.properties))) {
        vocl_put_clCreateSamplerWithProperties_req(f.w, &req);
        err = gcl_frame_status(&f, VOCL_OP_clCreateSamplerWithProperties);
    }
    return sampler_end(&f, s, err, errcode_ret);
}

bool gcl_local_sampler_info(cl_sampler s, cl_sampler_info name, size_t size, void *value,
                            size_t *ret, cl_int *err)
{
    switch (name) {
    case CL_SAMPLER_CONTEXT:
        return gcl_info_value(s->context, size, value, ret, err);
    case CL_SAMPLER_REFERENCE_COUNT:
        return gcl_info_value(s->base.refs, size, value, ret, err);
    default:
        return false;
    }
}

# SPDX-License-Identifier: MIT
"""The guest's stubs and its dispatch table."""

from emit import Out, params_text
from gen_codec import op_name
from model import (Array, BytesIn, CommandProperties, Data, FILTERED, Handle, Handles, INFO, LOCAL,
                   NEW_COMMAND, NewEvent, OutScalar, POST, SYNC_POINTS, Scalar, Sizes, String, SvmPointer)


def stub_count(o, c):
    """Retain and release: a count in the shadow; the last release is a post."""
    verb = "retain" if "Retain" in c.name else "release"
    h = c.args[0]
    o(f"\nstatic cl_int CL_API_CALL gcl_{c.name}({h.ctype} object)\n{{")
    o(f"    if (!gcl_is_{h.suffix}(object))\n        return {h.error};")
    o(f"    return gcl_api_{verb}(&object->base);\n}}")


def emit_checks(o, c):
    for a in c.args:
        if isinstance(a, Handle):
            null_ok = f"{a.name} && " if a.optional else ""
            o(f"    if ({null_ok}!gcl_is_{a.suffix}({a.name}))\n        return {a.error};")


def emit_request(o, c):
    """Fill req from the parameters; whatever may fail jumps to out with err set."""
    for a in c.args:
        if isinstance(a, Handle):
            if a.ctype == "cl_event":
                o(f"    if ((err = gcl_event_tell({a.name})))\n        goto out;")
            o(f"    req.{a.name} = gcl_id({a.name});")
        elif isinstance(a, Scalar):
            o(f"    req.{a.name} = {a.name};")
        elif isinstance(a, Sizes):
            o(f"    if ((err = gcl_frame_sizes(&f, {a.name}, {a.count}, &req.{a.name})))\n        goto out;")
        elif isinstance(a, Handles):
            o(f"    if ((err = gcl_frame_{a.suffix}s(&f, {a.count}, {a.name}, {a.error}, &req.{a.name})))"
              "\n        goto out;")
        elif isinstance(a, Array):
            o(f"    if ((err = gcl_frame_ulongs(&f, {a.count}, {a.name}, &req.{a.name})))\n        goto out;")
        elif a is SYNC_POINTS:
            o(f"    if ((err = gcl_frame_sync_points(&f, {a.count}, {a.name}, &req.{a.name})))\n        goto out;")
        elif isinstance(a, CommandProperties):
            o("    if ((err = gcl_frame_properties64(&f, properties, &req.properties)))\n        goto out;")
        elif a is NEW_COMMAND:
            kernel = any(name == "kernel" for _, name in c.params)
            o(f"    if (mutable_handle && !(made = gcl_command_create(command_buffer, command_queue, "
              f"{'kernel, work_dim' if kernel else 'NULL, 0'}))) {{\n"
              "        err = CL_OUT_OF_HOST_MEMORY;\n        goto out;\n    }\n"
              "    req.mutable_handle = gcl_id(made);")
        elif isinstance(a, BytesIn):
            o(f"    req.{a.name} = (struct vocl_bytes){{{a.name}, {a.size}}};")
        elif isinstance(a, SvmPointer):
            o(f"    if (!gcl_svm_find({a.name}, {a.size}, &at)) {{\n"
              "        err = CL_INVALID_VALUE;\n        goto out;\n    }\n"
              f"    req.{a.name} = at.id;\n    req.{a.name}_offset = at.offset;")
        elif isinstance(a, String):
            o(f"    req.{a.name} = gcl_text({a.name});")
        elif isinstance(a, Data):
            way = "out" if a.out else "in"
            rect = "&rect" if a.rect else "NULL"
            if a.gather:
                o("    f.gather = true;")
            o(f"    if ((err = gcl_frame_data_{way}(&f, {a.name}, {a.size}, {rect}, {a.blocking}, &req.{a.name})))"
              "\n        goto out;")
        elif isinstance(a, NewEvent):
            need = "event != NULL"
            if any(isinstance(d, Data) for d in c.args):
                need = "(event || gcl_frame_needs_event(&f))"
            o(f"    if ({need} &&\n        (err = gcl_frame_event(&f, command_queue, {a.command}, &req.event, &req.event_slot)))"
              "\n        goto out;")
        elif isinstance(a, OutScalar):
            o(f"    req.want_{a.name} = {a.name} != NULL;")
        elif a is INFO:
            o("    req.param_value_size = keep ? GCL_INFO_ALL : param_value ? gcl_info_ask(param_name, param_value_size) : 0;\n"
              "    req.want_value = keep || param_value;")


def about(c):
    """What the answer to a query depends on besides its object and name."""
    more = [f"gcl_id({a.name})" if isinstance(a, Handle) else a.name for a in c.args[1:]
            if isinstance(a, (Handle, Scalar)) and a.name not in ("param_name", "input_value_size")]
    return f"gcl_info_about({op_name(c)}, {more[0] if more else '0'})"


def emit_reply(o, c):
    name = f"vocl_{c.name}"
    o(f"    vocl_put_{name[5:]}_req(f.w, &req);")
    names = ", ".join(name for _, name in c.params)
    if c.post:
        o(f"    if (gcl_post_{c.name}({names}) && gcl_frame_may_post(&f)) {{\n        err = gcl_frame_post(&f, {op_name(c)});\n"
          "        goto out;\n    }")
    o(f"    if ((err = gcl_frame_call(&f, {op_name(c)})))\n        goto out;")
    o(f"    vocl_get_{name[5:]}_rep(&f.reply, &rep);")
    o("    if ((err = gcl_frame_result(&f, rep.ret)))\n        goto out;")
    for a in c.args:
        if a is INFO:
            o("    if (keep)\n"
              f"        err = gcl_info_first(&{c.args[0].name}->base, param_name, {about(c)}, rep.size_ret, rep.value,\n"
              "                             param_value_size, param_value, param_value_size_ret);\n"
              "    else\n"
              "        err = gcl_info_answer(param_name, rep.size_ret, rep.value, param_value_size,\n"
              "                              param_value, param_value_size_ret);")
        elif isinstance(a, OutScalar):
            o(f"    if ({a.name})\n        *{a.name} = rep.{a.name};")
        elif isinstance(a, Data) and a.out:
            o(f"    err = gcl_frame_data_reply(&f, rep.{a.name});")
    if c.learn:
        o(f"    gcl_learn_{c.name}({names});")


def stub_call(o, c):
    event = any(isinstance(a, NewEvent) for a in c.args)
    o(f"\nstatic {c.ret} CL_API_CALL gcl_{c.name}({params_text(c)})\n{{")
    o("    struct gcl_frame f;")
    o(f"    struct vocl_{c.name}_req req = {{0}};\n    struct vocl_{c.name}_rep rep;\n    cl_int err;\n")
    if NEW_COMMAND in c.args:
        o("    cl_mutable_command_khr made = NULL;")
    if any(isinstance(a, SvmPointer) for a in c.args):
        o("    struct gcl_svm_place at;")
    emit_checks(o, c)
    for a in c.args:
        if isinstance(a, Data):
            mem = next(h.name for h in c.args if isinstance(h, Handle) and h.ctype == "cl_mem")
            o(f"    if (!gcl_mem_host_may({mem}, {'CL_MAP_READ' if a.out else 'CL_MAP_WRITE'}))\n"
              "        return CL_INVALID_OPERATION;")
    for a in c.args:
        if isinstance(a, Data) and a.rect:
            missing = " || ".join(f"!{n}" for n in a.needs)
            o(f"    if ({missing})\n        return CL_INVALID_VALUE;")
            o(f"    struct gcl_rect rect = {a.rect};")
    if c.local:
        first = c.args[0].name
        o(f"    if ({c.local}({first}, param_name, param_value_size, param_value, param_value_size_ret, &err)) {{"
          "\n        gcl_count(GCL_N_LOCAL_ANSWERS, 1);\n        return err;\n    }")
    if INFO in c.args:
        o("    bool keep = gcl_info_constant(param_name);\n"
          f"    if (keep && gcl_info_kept(&{c.args[0].name}->base, param_name, {about(c)}, param_value_size,\n"
          "                              param_value, param_value_size_ret, &err)) {\n"
          "        gcl_count(GCL_N_KEPT_ANSWERS, 1);\n        return err;\n    }")
    if c.direct:
        o(f"    if (gcl_direct_{c.name}({', '.join(name for _, name in c.params)})) {{\n"
          "        gcl_count(GCL_N_LOCAL_ANSWERS, 1);\n        return CL_SUCCESS;\n    }")
    if c.stream:
        o(f"    if (gcl_stream_{c.name}({', '.join(name for _, name in c.params)}, &err))\n        return err;")
    o("    if ((err = gcl_frame_begin(&f)))\n        return err;")
    if c.enqueues:
        o("    f.queue = command_queue;")
    emit_request(o, c)
    emit_reply(o, c)
    o("out:")
    if NEW_COMMAND in c.args:
        o("    gcl_command_recorded(made, err, mutable_handle);")
    o(f"    return gcl_frame_end(&f, err, {'event' if event else 'NULL'});\n}}")


def stub_older(o, c):
    """The same function with the parameters that it had in earlier versions."""
    params = ", ".join(decl for decl, _ in c.older_params)
    args = ["NULL" if isinstance(a, CommandProperties) and a.added else name
            for a in c.args for _, name in a.params]
    o(f"\nstatic {c.ret} CL_API_CALL gcl_{c.name}_older({params})\n{{")
    o(f"    return gcl_{c.name}({', '.join(args)});\n}}")


def function_table(o, calls):
    o("\nconst struct gcl_function gcl_extension_functions[] = {")
    for c in calls:
        fn = f"(void *)gcl_{c.alias or c.name}"
        older = f"(void *)gcl_{c.name}_older" if c.older_params else "NULL"
        o(f'    {{"{c.name}", {fn}, {older}}},')
    o("};\n\nconst size_t gcl_num_extension_functions ="
      "\n    sizeof(gcl_extension_functions) / sizeof(gcl_extension_functions[0]);")


def extension_table(o, extensions):
    o("\nconst char *const gcl_extensions[] = {")
    for e in sorted(extensions, key=lambda e: e.name):
        if e.verdict != FILTERED:
            o(f'    "{e.name}",')
    o("};\n\nconst size_t gcl_num_extensions = sizeof(gcl_extensions) / sizeof(gcl_extensions[0]);")


# Extensions' functions for which cl_khr_icd's table has a place.
IN_DISPATCH = ("clCreateSubDevicesEXT", "clRetainDeviceEXT", "clReleaseDeviceEXT",
               "clGetKernelSubGroupInfoKHR")


def stubs(calls, extension_calls, extensions):
    o = Out("The guest's stubs.").include("count.h", "frame.h", "info.h", "info_cache.h", "memory.h", "object.h", "event.h", "image.h",
                                          "extension.h", "mutable_command.h", "post.h", "stubs.h", "svm.h", "calls.h")
    for c in [*calls, *extension_calls]:
        if c.alias:
            continue
        elif c.name.startswith(("clRetain", "clRelease")):
            stub_count(o, c)
        elif c.guest:
            stub_call(o, c)
            if c.older_params:
                stub_older(o, c)
    o("\nconst cl_icd_dispatch gcl_dispatch = {")
    for c in [*calls, *extension_calls]:
        if not c.ext or c.name in IN_DISPATCH:
            o(f"    .{c.name} = gcl_{c.alias or c.name},")
    o("};")
    function_table(o, extension_calls)
    extension_table(o, extensions)
    return o.text()


# icd.c has these already: a loader asks for them.
EXPORTED = ("clGetExtensionFunctionAddress", "clGetPlatformInfo")


def entries(calls):
    """The API's functions for an i386 program that is linked with the guest's
    library as it is, for want of a loader: each jumps to where the table says."""
    o = Out("The API's functions, for programs without a loader.").include("stubs.h")
    o("\nstatic void __attribute__((used)) entries(void)\n{")
    for c in calls:
        if c.name not in EXPORTED:
            o(f'    __asm__ volatile(".globl {c.name}\\n.type {c.name}, @function\\n{c.name}: jmp *%c0"\n'
              f'                     : : "i"(&gcl_dispatch.{c.name}));')
    o("}")
    return o.text()


def header(calls, extension_calls):
    o = Out("The entry points that the guest writes by hand.")
    o("#ifndef GCL_STUBS_H\n#define GCL_STUBS_H\n").include("<stdbool.h>", "<CL/cl_icd.h>", "extension_types.h")
    o("\n/* May this call go without an answer? (post.h) */")
    for c in [*calls, *extension_calls]:
        if c.post and c.guest:
            o(f"bool gcl_post_{c.name}({params_text(c)});")
    o("\n/* Has it been done without a word to the helper? (direct.h) */")
    for c in calls:
        if c.direct:
            o(f"bool gcl_direct_{c.name}({params_text(c)});")
    o("\n/* Has it been done in several smaller ones? *err is then the result. (stream.h) */")
    for c in calls:
        if c.stream:
            o(f"bool gcl_stream_{c.name}({params_text(c)}, cl_int *err);")
    o("\n/* The runtime has accepted this call. */")
    for c in [*calls, *extension_calls]:
        if c.learn:
            o(f"void gcl_learn_{c.name}({params_text(c)});")
    o("\n/* What every handle points at first (cl_khr_icd). */\nextern const cl_icd_dispatch gcl_dispatch;\n")
    for c in calls:
        if not c.guest:
            o(f"__typeof__({c.name}) gcl_{c.name};")
    for c in extension_calls:
        if not c.guest and not c.alias:
            o(f"{c.ret} CL_API_CALL gcl_{c.name}({params_text(c)});")
    o("\n#endif")
    return o.text()

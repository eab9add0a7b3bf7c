# SPDX-License-Identifier: MIT
"""The helper's handlers, its table of them, and the table of native entry points."""

from emit import Out, params_text
from gen_codec import op_name
from model import (Array, BytesIn, CommandProperties, Data, EXTENSION_HANDLES, Handle, Handles, INFO,
                   NEW_COMMAND, NewEvent, OutScalar, SYNC_POINTS, Scalar, Sizes, String, SvmPointer)


def declare(o, c):
    """Locals for whatever a native call takes by pointer or handle."""
    for a in c.args:
        if isinstance(a, Handle):
            o(f"    {a.ctype} {a.name} = NULL;")
        elif isinstance(a, Sizes):
            o(f"    const size_t *{a.name};")
        elif isinstance(a, Handles):
            o(f"    const {a.ctype} *{a.name};")
        elif isinstance(a, Array):
            o(f"    const {a.ctype} *{a.name};")
        elif a is SYNC_POINTS:
            o(f"    const cl_sync_point_khr *{a.name};")
        elif a is NEW_COMMAND:
            o("    cl_mutable_command_khr made = NULL;")
        elif isinstance(a, OutScalar):
            o(f"    {a.ctype} {a.name} = 0;")
        elif isinstance(a, SvmPointer):
            o(f"    void *{a.name} = NULL;")
        elif isinstance(a, String):
            o(f"    const char *{a.name} = NULL;")
        elif isinstance(a, Data):
            o(f"    struct hcl_data {a.name} = {{.out = {str(a.out).lower()}}};")
        elif isinstance(a, NewEvent):
            o("    cl_event event = NULL;")


def resolve(o, c):
    for a in c.args:
        if isinstance(a, Handle):
            opt = f"q.{a.name} && " if a.optional else ""
            o(f"    if ({opt}!({a.name} = hcl_object(c->w, q.{a.name}, HCL_{a.suffix.upper()}))) {{\n"
              f"        p.ret = {a.error};\n        goto out;\n    }}")
        elif isinstance(a, Sizes):
            count = a.count if a.count.isdigit() else f"q.{a.count}"
            o(f"    if (!hcl_sizes(c, q.{a.name}, {count}, {a.max_count}, &{a.name}))\n        return;")
            if a.count.isdigit(): # a count of the caller's may be 0, and the runtime judges it
                o(f"    if (!{a.name}) {{\n        p.ret = CL_INVALID_VALUE;\n        goto out;\n    }}")
        elif isinstance(a, Handles):
            o(f"    if (!({a.name} = hcl_objects(c, q.{a.name}, HCL_{a.suffix.upper()})) && q.{a.name}.count) {{\n"
              f"        p.ret = {a.error};\n        goto out;\n    }}")
        elif isinstance(a, Array):
            o(f"    if (!hcl_ulongs(c, q.{a.name}, q.{a.of}.count, &{a.name}))\n        return;")
        elif a is SYNC_POINTS:
            o(f"    if (!hcl_sync_points(c, q.{a.name}, &{a.name}))\n        return;")
        elif isinstance(a, CommandProperties):
            o("    if (!hcl_properties_ok(c, q.properties))\n        return;")
            o("    if (!hcl_command_properties_known(q.properties)) {\n"
              "        p.ret = CL_INVALID_VALUE;\n        goto out;\n    }")
        elif isinstance(a, BytesIn):
            size = a.size if a.size.isdigit() else f"q.{a.size}"
            o(f"    if (q.{a.name}.data && q.{a.name}.len != {size}) {{\n        hcl_malformed(c);\n        return;\n    }}")
            some = "" if a.size.isdigit() else f" && {size}"
            o(f"    if (!q.{a.name}.data{some}) {{\n        p.ret = CL_INVALID_VALUE;\n        goto out;\n    }}")
        elif isinstance(a, SvmPointer):
            o(f"    if ((p.ret = hcl_record_svm(c, q.command_buffer, q.{a.name}, q.{a.name}_offset, q.{a.size}, &{a.name})))"
              "\n        goto out;")
        elif isinstance(a, String):
            o(f"    if (q.{a.name}.data && !({a.name} = vocl_bytes_text(q.{a.name}))) {{\n"
              "        hcl_malformed(c);\n        return;\n    }")
        elif isinstance(a, Data):
            begin = "hcl_data_gather" if a.gather else "hcl_data_begin"
            o(f"    if ((p.ret = {begin}(c, &q.{a.name}, {a.host_size}, {str(a.out).lower()}, &{a.name})))\n"
              "        goto out;")


def native_args(c, older=False, here=False):
    """here: the call is to block."""
    out = []
    for a in c.args:
        if isinstance(a, CommandProperties):
            out += [] if older and a.added else ["q.properties.v"]
        elif a is NEW_COMMAND:
            out.append("q.mutable_handle ? &made : NULL")
        elif a is SYNC_POINTS:
            out += [f"q.{a.name}.count", a.name]
        elif isinstance(a, Data):
            out.append(f"{a.name}.ptr")
        elif isinstance(a, Handles):
            out += [f"q.{a.name}.count", a.name]
        elif isinstance(a, BytesIn):
            out.append(f"q.{a.name}.data")
        elif isinstance(a, OutScalar):
            out.append(f"q.want_{a.name} ? &{a.name} : NULL")
        elif isinstance(a, NewEvent):
            out.append("&event" if not here and any(isinstance(d, Data) for d in c.args)
                       else "q.event ? &event : NULL")
        elif isinstance(a, Scalar):
            out.append(("CL_TRUE" if here else "CL_FALSE") if blocking(c) == a.name else f"q.{a.name}")
        elif a is INFO:
            out += ["size", "value", "&n"]
        else:
            out.append(a.name)
    return ", ".join(out)


def blocking(c):
    return next((a.blocking for a in c.args if isinstance(a, Data)), None)


def functions_of(c):
    """Where the extension's functions of the first object's platform are."""
    first = c.args[0]
    of_list = isinstance(first, Handles)
    kind = f"HCL_{first.suffix.upper()}"
    if first.ctype in EXTENSION_HANDLES:
        return f"hcl_ext_made(c->w, q.{first.name}, {kind})"
    return f"hcl_ext_of(c->w, {first.name}{'[0]' if of_list else ''})"


def native_call(o, c, args, older_args=None, indent="    "):
    """Call the native function; earlier versions of an extension's have fewer parameters."""
    where = "x->" if c.ext else "c->w->cl."
    if older_args:
        o(f"{indent}if (!{where}{c.name})\n{indent}    p.ret = {where}{c.name}_older({older_args});\n"
          f"{indent}else")
        indent += "    "
    o(f"{indent}p.ret = {where}{c.name}({args});")


def block_here(o, c, data):
    """A blocking transfer, on the thread that decodes where that may block."""
    queue, mem = (a.name for a in c.args if isinstance(a, Handle))
    waits = next(a.name for a in c.args if isinstance(a, Handles))
    gathered = f"!{data.name}.gathered && " if data.gather else ""
    o(f"    if (q.{data.blocking} && {gathered}hcl_block_begin(c, {queue}, {mem}, {waits}, q.{waits}.count)) {{")
    native_call(o, c, native_args(c, here=True), indent="        ")
    o("        hcl_block_end(c);")
    o(f"        hcl_transferred(c, p.ret, event, q.event, q.event_slot, &{data.name});\n        return;\n    }}")


def handler(o, c):
    name = f"vocl_{c.name}"
    data = next((a for a in c.args if isinstance(a, Data)), None)
    event = any(isinstance(a, NewEvent) for a in c.args)
    o(f"\nstatic void hcl_{c.name}(struct hcl_call *c)\n{{")
    o(f"    struct {name}_req q;\n    struct {name}_rep p = {{0}};")
    declare(o, c)
    if c.ext:
        o("    const struct hcl_ext_functions *x;")
    o(f"\n    vocl_get_{name[5:]}_req(&c->body, &q);\n    if (!hcl_call_ok(c))\n        return;")
    missing = f"!c->w->cl.{c.name}"
    if c.ext:
        resolve(o, c)
        missing = f"!x->{c.name}" + (f" && !x->{c.name}_older" if c.older_params else "")
        o(f"    x = {functions_of(c)};")
    o(f"    if ({missing}) {{\n        p.ret = CL_INVALID_OPERATION;\n        goto out;\n    }}")
    if not c.ext:
        resolve(o, c)
    if INFO in c.args:
        fixed = native_args(c).replace("size, value, &n", "%s")
        o("    size_t n = 0, size = 0;\n    void *value = NULL;")
        o("    if (hcl_info_is_handle(q.param_name)) {\n        p.ret = CL_INVALID_VALUE;\n        goto out;\n    }")
        if c.by_room:
            o("    if (q.want_value)\n        n = hcl_info_most(q.param_value_size);\n    else")
        native_call(o, c, fixed % '0, NULL, &n', indent="        " if c.by_room else "    ")
        o("    if (p.ret != CL_SUCCESS || (p.ret = hcl_info_room(c, n, q.param_value_size, q.want_value, &size, &value)))"
          "\n        goto out;")
        o("    if (value)")
        native_call(o, c, native_args(c), indent="        ")
        if c.edit:
            o(f"    if (value && p.ret == CL_SUCCESS)\n        {c.edit}(c->w, {c.args[0].name}, q.param_name, value, n);")
        o("    p.size_ret = n;\n    if (value && p.ret == CL_SUCCESS)\n"
          "        p.value = (struct vocl_bytes){value, n < size ? n : size};")
    else:
        if data:
            block_here(o, c, data)
        if data and data.gather:
            o(f"    if ({data.name}.gathered)\n"
              f"        p.ret = hcl_gather(c, command_queue, buffer, q.offset, &{data.name}, "
              "q.event_wait_list.count, event_wait_list, &event);\n    else")
        native_call(o, c, native_args(c), native_args(c, older=True) if c.older_params else None,
                    indent="        " if data and data.gather else "    ")
    for a in c.args:
        if isinstance(a, OutScalar):
            o(f"    p.{a.name} = {a.name};")
    o("out:")
    if NEW_COMMAND in c.args:
        kernel = next((a.name for a in c.args if isinstance(a, Handle) and a.ctype == "cl_kernel"), "NULL")
        o(f"    p.ret = hcl_recorded(c, p.ret, q.command_buffer, q.mutable_handle, made, {kernel});")
    if data:
        o(f"    hcl_enqueued_data(c, p.ret, event, q.event, q.event_slot, &{data.name}, q.{data.blocking});\n}}")
        return
    if event:
        o("    p.ret = hcl_enqueued(c, p.ret, event, q.event, q.event_slot);")
    o(f"    vocl_put_{name[5:]}_rep(&c->reply, &p);\n    hcl_reply(c);\n}}")


def handlers(calls, control):
    o = Out("The helper's handlers.").include("handlers.h", "block.h", "call.h", "worker.h", "objects.h", "data.h",
                                              "extension.h", "gather.h", "image.h", "platform.h", "calls.h")
    for c in calls:
        if c.op is not None and c.host:
            handler(o, c)
    o("\nconst hcl_handler hcl_handlers[256] = {")
    for c in [*calls, *control]:
        if c.op is not None:
            o(f"    [{op_name(c)}] = hcl_{c.name},")
    o("};")
    return o.text()


def header(calls, control):
    o = Out("The table of handlers, and those that are written by hand.")
    o("#ifndef HCL_HANDLERS_H\n#define HCL_HANDLERS_H\n\nstruct hcl_call;\n")
    o("/* Carries out one call and answers it, or sees to it that it is answered. */")
    o("typedef void (*hcl_handler)(struct hcl_call *c);\n")
    o("/* By op; NULL where there is none. */\nextern const hcl_handler hcl_handlers[256];\n")
    for c in [*calls, *control]:
        if c.op is not None and not c.host:
            o(f"void hcl_{c.name}(struct hcl_call *c);")
    o("\n#endif")
    return o.text()


def native(calls):
    o = Out("The native runtime's entry points, looked up by name.").include("<dlfcn.h>", "native.h")
    o("\nvoid hcl_native_resolve(cl_icd_dispatch *cl, void *lib)\n{")
    for c in calls:
        o(f"    *(void **)&cl->{c.name} = dlsym(lib, \"{c.name}\");")
    o("}")
    return o.text()


def members(c):
    """The pointers to one function: as it is, and as it was in earlier versions."""
    yield c.name, params_text(c)
    if c.older_params:
        yield f"{c.name}_older", ", ".join(decl for decl, _ in c.older_params)


def extension_header(calls):
    o = Out("The functions of extensions that a platform may have.")
    o("#ifndef HCL_EXT_FUNCTIONS_H\n#define HCL_EXT_FUNCTIONS_H\n")
    o.include("<stdbool.h>", "<stddef.h>").include("extension_types.h")
    o("\nstruct hcl_ext_functions {")
    for c in calls:
        if not c.alias:
            for name, params in members(c):
                o(f"    {c.ret}(CL_API_CALL *{name})({params});")
    o("};\n\n/* The names of all of them, and of other names of core calls. */")
    o("extern const char *const hcl_ext_names[];\nextern const size_t hcl_num_ext_names;\n")
    o("/* Fill the table. older: commands of command buffers have no properties, as before 0.9.5. */")
    o("void hcl_ext_resolve(struct hcl_ext_functions *x, void *(*find)(void *opaque, const char *name),\n"
      "                     void *opaque, bool older);\n\n#endif")
    return o.text()


def extension_source(calls):
    o = Out("The functions of extensions, looked up by name.").include("ext_functions.h")
    o("\nconst char *const hcl_ext_names[] = {")
    for c in calls:
        o(f'    "{c.name}",')
    o("};\n\nconst size_t hcl_num_ext_names = sizeof(hcl_ext_names) / sizeof(hcl_ext_names[0]);")
    o("\nvoid hcl_ext_resolve(struct hcl_ext_functions *x, void *(*find)(void *opaque, const char *name),\n"
      "                     void *opaque, bool older)\n{")
    for c in calls:
        if c.alias:
            continue
        if c.older_params:
            o(f'    *(void **)(older ? (void *)&x->{c.name}_older : (void *)&x->{c.name}) =\n'
              f'        find(opaque, "{c.name}");')
        else:
            o(f'    *(void **)&x->{c.name} = find(opaque, "{c.name}");')
    o("}")
    return o.text()

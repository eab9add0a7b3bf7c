# SPDX-License-Identifier: MIT
"""calls.h and calls.c: op numbers, the bodies' structures, their encoders and decoders."""

from emit import Out


def bodies(call, is_message=False):
    """(struct name, fields) of everything that a call sends. A reply starts
    with the call's status; a message has no reply."""
    if call.op is None:
        return []
    name = f"vocl_{call.name}" if not call.name.startswith("VOCL") else call.name.lower()
    out = [(f"{name}_req", call.request_fields)]
    if not is_message and call.cls == "call":
        out.append((f"{name}_rep", ["ret", *call.reply_fields]))
    return out


def op_name(call):
    return f"VOCL_OP_{call.name}" if call.name.startswith("cl") else \
        call.name.replace("VOCL_", "VOCL_OP_", 1)


def struct_members(fields):
    return "\n".join("    int64_t ret; /* the call's cl_int */" if f == "ret"
                     else f"    {f.ctype} {f.name};" for f in fields) or "    char nothing;"


def header(calls, control, messages, fragment_op):
    o = Out("The numbers and bodies of every call.")
    o("#ifndef VOCL_CALLS_H\n#define VOCL_CALLS_H\n").include("wire.h")
    o("\nenum vocl_op {\n    VOCL_OP_PAD = 0, /* the unused end of the ring */")
    for c in [*calls, *control]:
        if c.op is not None:
            o(f"    {op_name(c)} = {c.op},")
    o(f"    VOCL_OP_FRAGMENT = {fragment_op}, /* a piece of a larger body */\n}};")
    o("\n/* On the message ring, host to guest. */\nenum vocl_msg {")
    for m in messages:
        o(f"    {m.name} = {m.op},")
    o("};\n\n/* The name of an op for messages, or NULL. */\nconst char *vocl_op_name(unsigned op);")
    for name, fields in all_bodies(calls, control, messages):
        o(f"\nstruct {name} {{\n{struct_members(fields)}\n}};")
        o(f"void vocl_put_{name[5:]}(struct vocl_writer *w, const struct {name} *b);")
        o(f"void vocl_get_{name[5:]}(struct vocl_reader *r, struct {name} *b);")
    o("\n#endif")
    return o.text()


def all_bodies(calls, control, messages):
    for c in [*calls, *control]:
        yield from bodies(c)
    for m in messages:
        yield from bodies(m, is_message=True)


def source(calls, control, messages):
    o = Out("Encoders and decoders of every call.").include("calls.h")
    o("\nconst char *vocl_op_name(unsigned op)\n{\n    switch (op) {")
    for c in [*calls, *control]:
        if c.op is not None:
            o(f'    case {op_name(c)}:\n        return "{c.name}";')
    o("    default:\n        return 0;\n    }\n}")
    for name, fields in all_bodies(calls, control, messages):
        o(f"\nvoid vocl_put_{name[5:]}(struct vocl_writer *w, const struct {name} *b)\n{{")
        for f in fields:
            o("    vocl_put_u64(w, (uint64_t)b->ret);" if f == "ret"
              else f"    vocl_put_{f.kind}(w, b->{f.name});")
        if not fields:
            o("    (void)w;\n    (void)b;")
        o(f"}}\n\nvoid vocl_get_{name[5:]}(struct vocl_reader *r, struct {name} *b)\n{{")
        for f in fields:
            o("    b->ret = (int64_t)vocl_get_u64(r);" if f == "ret"
              else f"    b->{f.name} = vocl_get_{f.kind}(r);")
        if not fields:
            o("    (void)r;\n    b->nothing = 0;")
        o("}")
    return o.text()


def golden(calls, control, messages):
    """One line per number, for the test that a number never changes."""
    lines = [f"op {c.op} {c.name}" for c in [*calls, *control] if c.op is not None]
    lines += [f"msg {m.op} {m.name}" for m in messages]
    return "\n".join(lines) + "\n"

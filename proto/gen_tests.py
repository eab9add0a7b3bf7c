# SPDX-License-Identifier: MIT
"""wire_calls.c, for round trip, truncation and corruption of every body; and
fuzz_bodies.c, from which the fuzzers make bodies up."""

from emit import Out
from gen_codec import all_bodies

# What to put into field number i.
FILL = {"u64": "0x0123456789abcdefu + {i}",
        "bytes": '(struct vocl_bytes){{"bytes-{i}", 7}}',
        "words": "(struct vocl_words){{words, 1 + {i} % 3}}",
        "blobs": "(struct vocl_blobs){{.list = blobs, .count = 1 + {i} % 2}}",
        "payload": '(struct vocl_payload){{VOCL_PAYLOAD_INLINE, 5, 0, {i}, "hello"}}'}

# The memory that a decoded field points to: where a wrong bound shows.
TOUCH = {"bytes": "    wire_check_touch(b.{f}.data, b.{f}.len);",
         "words": "    wire_check_touch(b.{f}.v, b.{f}.count * 8);",
         "blobs": "    wire_check_blobs(&b.{f});",
         "payload": "    if (b.{f}.data)\n        wire_check_touch(b.{f}.data, b.{f}.len);"}


def encode(o, name, fields):
    o(f"\nstatic void encode_{name}(struct vocl_writer *w)\n{{\n    struct {name} b = {{0}};")
    for i, f in enumerate(fields):
        o("    b.ret = -5;" if f == "ret" else f"    b.{f.name} = {FILL[f.kind].format(i=i)};")
    o(f"    vocl_put_{name[5:]}(w, &b);\n}}")


def recode(o, name, fields):
    named = [f for f in fields if f != "ret"]
    o(f"\nstatic void recode_{name}(struct vocl_reader *r, struct vocl_writer *w)\n{{")
    o(f"    struct {name} b;\n    vocl_get_{name[5:]}(r, &b);")
    for f in named:
        if f.kind in TOUCH:
            o(TOUCH[f.kind].format(f=f.name))
    o(f"    vocl_put_{name[5:]}(w, &b);")
    for f in named:
        if f.kind == "blobs":
            o(f"    wire_check_blobs_done(&b.{f.name});")
    o("}")


def tests(calls, control, messages):
    bodies = list(all_bodies(calls, control, messages))
    o = Out("Wire tests of every call.").include("calls.h", "wire_check.h")
    o("\nstatic const uint64_t words[3] = {1, 2, 3};")
    o('static const struct vocl_bytes blobs[2] = {{"one", 3}, {NULL, 0}};')
    for name, fields in bodies:
        encode(o, name, fields)
        recode(o, name, fields)
    o("\nconst struct wire_check_body wire_check_bodies[] = {")
    for name, _ in bodies:
        o(f'    {{"{name[5:]}", encode_{name}, recode_{name}}},')
    o("};\n\nconst size_t wire_check_num_bodies ="
      "\n    sizeof(wire_check_bodies) / sizeof(wire_check_bodies[0]);")
    return o.text()


KIND = {"u64": "FUZZ_U64", "bytes": "FUZZ_BYTES", "words": "FUZZ_WORDS", "blobs": "FUZZ_BLOBS",
        "payload": "FUZZ_PAYLOAD"}


def fuzz_fields(o, name, fields):
    """The fields of one body, for a fuzzer that makes up values for them."""
    o(f"static const struct fuzz_field {name}[] = {{")
    for f in fields:
        o('    {FUZZ_U64, "ret"},' if f == "ret" else f'    {{{KIND[f.kind]}, "{f.name}"}},')
    o("    {FUZZ_END, 0},\n};")


def fuzz(calls, control):
    """fuzz_bodies.c: every request and its reply as a list of named fields."""
    sent = [c for c in [*calls, *control] if c.op is not None]
    o = Out("What every request and reply is made of, for the fuzzers.").include("fuzz_body.h")
    o()
    for c in sent:
        fuzz_fields(o, f"{c.name}_request", c.request_fields)
        fuzz_fields(o, f"{c.name}_reply", ["ret", *c.reply_fields])
    o("\nconst struct fuzz_call fuzz_calls[] = {")
    for c in sent:
        o(f'    {{{c.op}, "{c.name}", {c.name}_request, {c.name}_reply}},')
    o("};\n\nconst unsigned fuzz_num_calls = sizeof(fuzz_calls) / sizeof(fuzz_calls[0]);")
    return o.text()

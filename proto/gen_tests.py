# SPDX-License-Identifier: MIT
"""test_wire_calls.c: for every body, round trip, truncation and corruption."""

from emit import Out
from gen_codec import all_bodies

FILL = {"u64": "0x0123456789abcdefu + %d", "bytes": '(struct vocl_bytes){"bytes-%d", 7}',
        "words": "(struct vocl_words){words, 1 + %d %% 3}",
        "blobs": "(struct vocl_blobs){.list = blobs, .count = 1 + %d %% 2}",
        "payload": "(struct vocl_payload){VOCL_PAYLOAD_INLINE, 5, 0, %d, \"hello\"}"}


def tests(calls, control, messages):
    o = Out("Wire tests of every call.").include("<setjmp.h>", "<stdarg.h>", "<stddef.h>", "<cmocka.h>",
                                                 "<string.h>", "calls.h", "wire_check.h")
    o("\nstatic const uint64_t words[3] = {1, 2, 3};")
    o('static const struct vocl_bytes blobs[2] = {{"one", 3}, {NULL, 0}};')
    names = []
    for name, fields in all_bodies(calls, control, messages):
        names.append(name)
        o(f"\nstatic void encode_{name}(struct vocl_writer *w)\n{{\n    struct {name} b = {{0}};")
        for i, f in enumerate(fields):
            o(f"    b.{'ret' if f == 'ret' else f.name} = "
              f"{'-5' if f == 'ret' else FILL[f.kind] % i};")
        o(f"    vocl_put_{name[5:]}(w, &b);\n}}")
        o(f"\nstatic void recode_{name}(struct vocl_reader *r, struct vocl_writer *w)\n{{")
        o(f"    struct {name} b;\n    vocl_get_{name[5:]}(r, &b);\n    wire_check_touch(&b, sizeof(b));")
        copies = [f"    wire_check_blobs(&b.{f.name});" for f in fields if f != "ret" and f.kind == "blobs"]
        o("\n".join([*copies, f"    if (w)\n        vocl_put_{name[5:]}(w, &b);"]))
        o("".join(f"    wire_check_blobs_done(&b.{f.name});\n" for f in fields
                  if f != "ret" and f.kind == "blobs") + "}")
        o(f"\nstatic void test_{name}(void **state)\n{{\n    (void)state;")
        o(f"    wire_check(encode_{name}, recode_{name});\n}}")
    o("\nint main(void)\n{\n    (void)words;\n    (void)blobs;\n    const struct CMUnitTest tests[] = {")
    for name in names:
        o(f"        cmocka_unit_test(test_{name}),")
    o("    };\n    return cmocka_run_group_tests_name(\"wire\", tests, NULL, NULL);\n}")
    return o.text()

# SPDX-License-Identifier: MIT
"""docs/coverage.md: what crosses, from the description itself."""


def hooks(c):
    by_hand = [side for side, generated in (("guest", c.guest), ("host", c.host)) if not generated]
    if c.op is None:
        by_hand = [] if c.guest or c.alias else ["guest"]
    return ", ".join(by_hand) or "-"


def class_of(c):
    return "post or call" if c.post else c.cls


def core_table(calls):
    lines = ["| call | since | class | hook | remark |",
             "|---|---|---|---|---|"]
    for c in sorted(calls, key=lambda c: c.name):
        lines.append(f"| {c.name} | {c.ver} | {class_of(c)} | {hooks(c)} | {c.note} |")
    return lines


def extension_table(extensions):
    lines = ["| extension | | |",
             "|---|---|---|"]
    for e in sorted(extensions, key=lambda e: e.name):
        lines.append(f"| {e.name} | {e.verdict} | {e.why} |")
    return lines


def function_table(calls):
    lines = ["| function | extension | class | hook | remark |",
             "|---|---|---|---|---|"]
    for c in sorted(calls, key=lambda c: (c.ext, c.name)):
        lines.append(f"| {c.name} | {c.ext} | {class_of(c)} | {hooks(c)} | {c.note} |")
    return lines


def coverage(calls, extension_calls, extensions):
    return "\n".join([
        "# Coverage",
        "",
        "Generated from `proto/calls.py` and `proto/extensions.py` by "
        "`python3 proto/generate.py coverage docs/coverage.md`; a test compares the two.",
        "",
        "## Core calls",
        "",
        f"All {len(calls)} core calls of OpenCL 1.0-3.0 are carried. On a device without a feature "
        "they return what its runtime does.",
        "",
        "- class: **local** is answered in the guest, **post** crosses without an answer, "
        "**call** waits for one. **post or call**: posted where no error is left for the "
        "runtime to find (`guest-icd/post.h`).",
        "- hook: the sides that are written by hand; `-` means generated.",
        "",
        *core_table(calls),
        "",
        "## Extensions",
        "",
        "A guest is shown those of the runtime's extensions that are *passed through* (they are "
        "language features, queries and flags) or *carried* (they have functions, and those cross, "
        "too). The others are filtered, and so is one that is not in this table.",
        "",
        *extension_table(extensions),
        "",
        "## Functions of extensions",
        "",
        "`clGetExtensionFunctionAddressForPlatform` returns those that the platform's runtime has.",
        "",
        *function_table(extension_calls),
    ]) + "\n"

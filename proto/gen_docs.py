# SPDX-License-Identifier: MIT
"""docs/coverage.md: what crosses, from the description itself."""


def hooks(c):
    by_hand = [side for side, generated in (("guest", c.guest), ("host", c.host)) if not generated]
    if c.op is None:
        by_hand = [] if c.guest else ["guest"]
    return ", ".join(by_hand) or "-"


def coverage(calls):
    carried = sum(c.carried for c in calls)
    lines = ["# Coverage",
             "",
             "Generated from `proto/calls.py` by `python3 proto/generate.py coverage docs/coverage.md`; "
             "a test compares the two. "
             f"{carried} of the {len(calls)} core calls of OpenCL 1.0-3.0 are carried.",
             "",
             "- class: **local** is answered in the guest, **post** crosses without an answer, "
             "**call** waits for one.",
             "- hook: the sides that are written by hand; `-` means generated.",
             "- A call that is not carried returns the error given, as the specification has it for a "
             "device that does not support the feature.",
             "",
             "| call | since | class | hook | carried | remark |",
             "|---|---|---|---|---|---|"]
    for c in sorted(calls, key=lambda c: c.name):
        what = "yes" if c.carried else f"no: {'NULL' if c.ret not in ('cl_int', 'void') else ''}" \
            f"{', ' if c.ret not in ('cl_int', 'void') else ''}{c.err}"
        if c.ret == "void" and not c.carried:
            what = "no: does nothing"
        lines.append(f"| {c.name} | {c.ver} | {c.cls if c.carried else '-'} | "
                     f"{hooks(c) if c.carried else '-'} | {what} | {c.note} |")
    return "\n".join(lines) + "\n"

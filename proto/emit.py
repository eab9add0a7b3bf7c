# SPDX-License-Identifier: MIT
"""Small helpers that the gen_*.py files share: a file of C, indented lines."""


class Out:
    def __init__(self, purpose, licence="MIT"):
        self.lines = [f"/* SPDX-License-Identifier: {licence} */",
                      f"/* {purpose} Generated from proto/calls.py: edit that. */"]

    def __call__(self, text=""):
        self.lines.extend(text.split("\n"))
        return self

    def include(self, *names):
        for n in names:
            self(f"#include {n}" if n.startswith("<") else f'#include "{n}"')
        return self

    def text(self):
        return "\n".join(self.lines) + "\n"


def params_text(call):
    return ", ".join(decl for decl, _ in call.params) or "void"

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write one generated file: generate.py WHAT OUTPUT."""

import sys

import gen_codec
import gen_docs
import gen_guest
import gen_host
import gen_tests
from calls import CALLS, CONTROL, FRAGMENT_OP, MESSAGES
from extensions import EXTENSIONS, EXTENSION_CALLS, EXTENSION_CONTROL

ALL = [*CALLS, *EXTENSION_CALLS]
CONTROL = [*CONTROL, *EXTENSION_CONTROL]

OUTPUTS = {
    "codec-header": lambda: gen_codec.header(ALL, CONTROL, MESSAGES, FRAGMENT_OP),
    "codec-source": lambda: gen_codec.source(ALL, CONTROL, MESSAGES),
    "golden": lambda: gen_codec.golden(ALL, CONTROL, MESSAGES),
    "guest-entries": lambda: gen_guest.entries(CALLS),
    "guest-header": lambda: gen_guest.header(CALLS, EXTENSION_CALLS),
    "guest-stubs": lambda: gen_guest.stubs(CALLS, EXTENSION_CALLS, EXTENSIONS),
    "host-header": lambda: gen_host.header(ALL, CONTROL),
    "host-handlers": lambda: gen_host.handlers(ALL, CONTROL),
    "host-native": lambda: gen_host.native(CALLS),
    "host-extensions-header": lambda: gen_host.extension_header(EXTENSION_CALLS),
    "host-extensions-source": lambda: gen_host.extension_source(EXTENSION_CALLS),
    "tests": lambda: gen_tests.tests(ALL, CONTROL, MESSAGES),
    "fuzz": lambda: gen_tests.fuzz(ALL, CONTROL),
    "coverage": lambda: gen_docs.coverage(CALLS, EXTENSION_CALLS, EXTENSIONS),
}


def check():
    ops = [c.op for c in [*ALL, *CONTROL] if c.op is not None] + [FRAGMENT_OP]
    if len(ops) != len(set(ops)) or not all(0 < op < 256 for op in ops):
        sys.exit("calls.py: op numbers must be unique and in 1..255")
    if len(EXTENSION_CALLS) > 128:
        sys.exit("extensions.py: more functions than GCL_MAX_FUNCTIONS (guest-icd/object.h)")


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in OUTPUTS:
        sys.exit(f"usage: generate.py {{{'|'.join(OUTPUTS)}}} OUTPUT")
    check()
    with open(sys.argv[2], "w", encoding="utf-8") as f:
        f.write(OUTPUTS[sys.argv[1]]())


if __name__ == "__main__":
    main()

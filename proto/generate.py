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

OUTPUTS = {
    "codec-header": lambda: gen_codec.header(CALLS, CONTROL, MESSAGES, FRAGMENT_OP),
    "codec-source": lambda: gen_codec.source(CALLS, CONTROL, MESSAGES),
    "golden": lambda: gen_codec.golden(CALLS, CONTROL, MESSAGES),
    "guest-entries": lambda: gen_guest.entries(CALLS),
    "guest-header": lambda: gen_guest.header(CALLS),
    "guest-stubs": lambda: gen_guest.stubs(CALLS),
    "host-header": lambda: gen_host.header(CALLS, CONTROL),
    "host-handlers": lambda: gen_host.handlers(CALLS, CONTROL),
    "host-native": lambda: gen_host.native(CALLS),
    "tests": lambda: gen_tests.tests(CALLS, CONTROL, MESSAGES),
    "fuzz": lambda: gen_tests.fuzz(CALLS, CONTROL),
    "coverage": lambda: gen_docs.coverage(CALLS),
}


def check():
    ops = [c.op for c in [*CALLS, *CONTROL] if c.op is not None] + [FRAGMENT_OP]
    if len(ops) != len(set(ops)) or not all(0 < op < 256 for op in ops):
        sys.exit("calls.py: op numbers must be unique and in 1..255")


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in OUTPUTS:
        sys.exit(f"usage: generate.py {{{'|'.join(OUTPUTS)}}} OUTPUT")
    check()
    with open(sys.argv[2], "w", encoding="utf-8") as f:
        f.write(OUTPUTS[sys.argv[1]]())


if __name__ == "__main__":
    main()

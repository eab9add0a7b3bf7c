#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Is a committed file what the generator would write now?

compare_generated.py GENERATE.PY WHAT FILE

The file is either for readers (docs/coverage.md) or a memory of numbers that
must never change (tests/golden/ops.txt)."""

import difflib
import os
import subprocess
import sys
import tempfile


def generated(generate, what):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out")
        subprocess.run([sys.executable, "-B", generate, what, path], check=True)
        with open(path, encoding="utf-8") as f:
            return f.read().splitlines()


def main():
    generate, what, path = sys.argv[1:]
    new = generated(generate, what)
    with open(path, encoding="utf-8") as f:
        old = f.read().splitlines()
    if new == old:
        return 0
    print("\n".join(difflib.unified_diff(old, new, path, "generated now", lineterm="", n=0)))
    if what == "golden" and set(old) - set(new):
        print("\nA number on the wire has changed or is gone. Numbers are append-only and never "
              "reused: give the call its old number back, and a new call a new one.")
        return 1
    top = os.path.dirname(os.path.dirname(os.path.abspath(generate)))
    print(f"\nThe file is out of date. To update it, from the top of the source:\n"
          f"    python3 -B proto/generate.py {what} {os.path.relpath(path, top)}")
    return 1


if __name__ == "__main__":
    sys.exit(main())

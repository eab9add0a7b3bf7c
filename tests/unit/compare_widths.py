#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does a 32-bit guest write the same bytes? compare_widths.py PROGRAM [PROGRAM32]"""

import subprocess
import sys


def main():
    if len(sys.argv) < 3:
        print("skipped: the compiler links no 32-bit programs (gcc-multilib)")
        return 77
    wide, narrow = (subprocess.run([p], check=True, stdout=subprocess.PIPE, text=True).stdout
                    for p in sys.argv[1:])
    if not wide or len(wide.splitlines()) < 100:
        print("too few bodies: there is nothing to compare")
        return 1
    for a, b in zip(wide.splitlines(), narrow.splitlines()):
        if a != b:
            print(f"64 bits: {a}\n32 bits: {b}")
            return 1
    print(f"ok {len(wide.splitlines())} bodies are the same")
    return 0 if wide == narrow else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run one end-to-end program.

run.py native|remote|compare|widths --vocl VOCL --cache FOLDER PROGRAM [ARGUMENT...]

native    on the host's own runtime: shows that the program tests OpenCL
remote    the same binary through `vocl run`
compare   both; what they print must be the same, line by line
widths    PROGRAM is natively compared with the 32-bit ARGUMENT through `vocl run`

The runtime's kernel caches are kept apart in FOLDER, so that neither run is
helped by the other."""

import argparse
import difflib
import os
import subprocess
import sys


def environment(mode, cache):
    env = dict(os.environ, POCL_CACHE_DIR=os.path.join(cache, mode))
    for name in ("VOCL_SOCKET", "VOCL_DEBUG", "OCL_ICD_FILENAMES", "OCL_ICD_VENDORS"):
        env.pop(name, None)
    # In a sanitizer's build: the runtime, and a program that leaks on purpose.
    env.setdefault("ASAN_OPTIONS", "detect_leaks=0")
    env["VOCL_DISABLE"] = "1" if mode == "native" else "0"
    return env


def run(mode, args, **kw):
    command = args.program if mode == "native" else [args.vocl, "run", "--", *args.program]
    return subprocess.run(command, env=environment(mode, args.cache), stdin=subprocess.DEVNULL, **kw)


# PoCL 3.1 crashes natively now and then where threads or sub-devices come and go.
# That is not what is tested here; through us, once must do.
NATIVE_TRIES = 3
SKIPPED = 77  # the program cannot be run on this runtime, and says why


def run_native(args, **kw):
    for _ in range(NATIVE_TRIES):
        done = run("native", args, **kw)
        if done.returncode in (0, SKIPPED):
            break
    return done


def compare(args):
    native = run_native(args, stdout=subprocess.PIPE, text=True)
    if args.mode == "widths":
        if len(args.program) < 2:
            print("skipped: the compiler links no 32-bit programs (gcc-multilib)")
            return SKIPPED
        args.program = args.program[1:]
    remote = run("remote", args, stdout=subprocess.PIPE, text=True)
    if native.returncode or remote.returncode:
        print(f"exit status: native {native.returncode}, remote {remote.returncode}")
        print(remote.stdout)
        return 1
    if not native.stdout:
        print("the program prints nothing: there is nothing to compare")
        return 1
    if native.stdout == remote.stdout:
        print(f"ok {len(native.stdout.splitlines())} lines are the same")
        return 0
    print("\n".join(difflib.unified_diff(native.stdout.splitlines(), remote.stdout.splitlines(),
                                         "native", "remote", lineterm="", n=0)))
    return 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=("native", "remote", "compare", "widths"))
    parser.add_argument("--vocl", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("program", nargs="+")
    args = parser.parse_args()
    if args.mode in ("compare", "widths"):
        return compare(args)
    return (run_native(args) if args.mode == "native" else run("remote", args)).returncode


if __name__ == "__main__":
    sys.exit(main())

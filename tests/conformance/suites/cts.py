# SPDX-License-Identifier: MIT
"""Khronos' OpenCL-CTS: a folder of its programs, test_api and so on.

`test_api --list` lists the cases of a program, one a line after a tab. Named on
the command line, one case runs. The exit status tells success from failure;
what was skipped, only the text says:

    pipe_info skipped (requires at least Device version 2.0, ...)
    half_array test not supported
    SKIPPED 55 of 55 tests."""

import os
import re

from outcome import FAIL, PASS, SKIP, Case

from . import base

# Those programs that take the word small_images, which saves hours.
SMALL_IMAGES = ("test_cl_copy_images", "test_cl_fill_images", "test_cl_get_info",
                "test_cl_read_write_images", "test_image_streams", "test_kernel_image_methods",
                "test_samplerless_reads")


class Cts(base.Suite):
    name = "cts"

    def cases(self):
        return [case for path in base.programs(self.folder())
                if os.path.basename(path).startswith("test_")
                for case in self.cases_of(path)]

    def cases_of(self, path):
        program = os.path.basename(path)
        short = not self.options.full
        words = ("small_images",) if short and program in SMALL_IMAGES else ()
        env = {"CL_WIMPY_MODE": "1"} if short else {}
        listed = base.output_of([path, "--list"], cwd="/")
        names = re.findall(r"^\t(\S+)$", listed, re.M)
        return [Case(self.name, program[len("test_"):], name, (path, name, *words), env)
                for name in names or [""]]

    def verdict(self, case, ran):
        if ran.status:
            return FAIL
        skipped = rf"^{re.escape(case.name)} (skipped \(|test not supported|test currently not)"
        if re.search(skipped, ran.output, re.M) or re.search(r"^SKIPPED \d+ of \d+", ran.output, re.M):
            return SKIP
        # A program that ends early with status 0 has not passed.
        return PASS if re.search(r"^PASSED ", ran.output, re.M) else FAIL

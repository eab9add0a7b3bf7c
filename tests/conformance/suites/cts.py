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

# Programs that take the word small_images, which saves hours.
SMALL_IMAGES = ("test_cl_copy_images", "test_cl_fill_images", "test_cl_get_info",
                "test_cl_read_write_images", "test_image_streams", "test_kernel_image_methods",
                "test_samplerless_reads")
# Without an amount of memory this one takes all that there is.
ALLOCATIONS = ("single", "5%")
# This one looks for its binaries in the working folder, into which it also writes.
BINARIES = "spirv_bin"


class Cts(base.Suite):
    name = "cts"

    def cases(self):
        return [case for path in base.programs(self.folder())
                if os.path.basename(path).startswith("test_")
                for case in self.cases_of(path)]

    def cases_of(self, path):
        program = os.path.basename(path)
        words = self.words_for(path, program)
        env = {} if self.options.full else {"CL_WIMPY_MODE": "1"}
        listed = base.output_of([path, "--list"], cwd="/")
        names = re.findall(r"^\t(\S+)$", listed, re.M)
        program = program[len("test_"):]
        return [Case(self.name, program, name, (path, name, *words), env) for name in names] or \
            [Case(self.name, program, "", (path, *words), env)]

    def words_for(self, path, program):
        """What a program wants to hear besides the case."""
        if program == "test_compiler":
            folder = os.path.dirname(os.path.realpath(path))
            return ("--spirv-binaries-path", os.path.join(folder, BINARIES))
        if self.options.full:
            return ()
        if program == "test_allocations":
            return ALLOCATIONS
        return ("small_images",) if program in SMALL_IMAGES else ()

    def verdict(self, case, ran):
        if ran.status:
            return FAIL
        if skip_line(case, ran.output):
            return SKIP
        # A program that ends early with status 0 has not passed.
        return PASS if re.search(r"^PASSED ", ran.output, re.M) else FAIL

    def reason(self, case, ran):
        """What it says first of an error tells more than its last line, which is FAILED."""
        errors = re.findall(r"^.*\b(?:ERROR|error)\b.*$", ran.output, re.M)
        skipped = skip_line(case, ran.output)
        if skipped and not ran.status:
            return skipped[:base.LINE_LIMIT]
        return errors[0].strip()[:base.LINE_LIMIT] if errors else super().reason(case, ran)


def skip_line(case, output):
    """The line that says that a case was skipped, or nothing."""
    name = re.escape(case.name)
    match = re.search(rf"(?:\b{name} (?:skipped \(|test not supported|test currently not)"
                      r"|^SKIPPED \d+ of \d+).*$", output, re.M)
    return match[0] if match else ""

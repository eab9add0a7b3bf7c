# SPDX-License-Identifier: MIT
"""A folder of tests for pytest, PyOpenCL's: each test of pytest is a case.

The names of PyOpenCL's tests have the device in them, and its address in
memory: pytest_case.py gives them names that are the same in every process and on
either side, lists them, and selects one."""

import os
import re
import sys

from outcome import FAIL, PASS, SKIP, Case

from . import base

PLUGINS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../plugins")
PASSED = 0


class Pytest(base.Suite):
    name = "pytest"

    def python(self):
        return self.options.python or sys.executable

    def command(self, *more):
        return (self.python(), "-B", "-m", "pytest", "-q", "-p", "pytest_case",
                "-p", "no:cacheprovider", *more)

    def env(self, **more):
        return {"PYTHONPATH": PLUGINS, **more}

    def cases(self):
        env = dict(os.environ, VOCL_DISABLE="1", **self.env(VOCL_TEST_LIST="1"))
        command = self.command("--collect-only", f"--rootdir={self.folder()}", self.folder())
        listed = base.output_of(command, cwd=self.folder(), env=env)
        return [self.case(name) for name in re.findall(r"^case: (.*)$", listed, re.M)]

    def case(self, name):
        file, _, test = name.partition("::")
        command = self.command("-rA", f"--rootdir={self.folder()}",
                               os.path.join(self.folder(), file))
        program = os.path.splitext(file)[0].replace("/", ".")
        return Case(self.name, program, test, command, self.env(VOCL_TEST_CASE=name),
                    self.folder())

    def verdict(self, case, ran):
        if ran.status != PASSED:
            return FAIL
        return PASS if re.search(r"\b[1-9]\d* (passed|xpassed)", ran.output) else SKIP

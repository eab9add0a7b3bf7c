# SPDX-License-Identifier: MIT
"""piglit's OpenCL tests, as Debian packages them. `piglit print-cmd quick_cl`
lists them with the command that runs each:

    program@execute@builtin@char@abs ::: ../lib/.../cl-program-tester /usr/lib/.../abs.cl

the program relative to piglit's own folder. A test prints its result, and that
of each part that it names, as JSON:

    PIGLIT: {"subtest": {"CL_DEVICE_NAME" : "pass"}}
    PIGLIT: {"result": "pass" }"""

import json
import os
import re
import shlex
import shutil
import subprocess

from outcome import CRASH, FAIL, PASS, SKIP, Case

from . import base

PROFILE = "quick_cl"
# "warn" has run and does not find what it wants to see.
STATUS = {"pass": PASS, "skip": SKIP, "crash": CRASH}


def status(word):
    return STATUS.get(word, FAIL)


def messages(output):
    for text in re.findall(r"^PIGLIT: (\{.*\})\s*$", output, re.M):
        try:
            yield json.loads(text)
        except ValueError:
            pass  # the program died in the middle of it


class Piglit(base.Suite):
    name = "piglit"

    def cases(self):
        piglit = self.where or shutil.which("piglit")
        if not piglit:
            raise base.Missing("piglit is not installed")
        here = os.path.dirname(os.path.realpath(piglit))
        return [self.case(line, here)
                for line in base.output_of([piglit, "print-cmd", PROFILE]).splitlines()
                if " ::: " in line]

    def case(self, line, here):
        name, _, command = line.partition(" ::: ")
        group, _, rest = name.partition("@")
        if group == "program" and "@" in rest:
            group, _, rest = rest.partition("@")
        program, *arguments = shlex.split(command)
        path = os.path.normpath(os.path.join(here, program))
        return Case(self.name, group, rest.replace("@", "/"), (path, *arguments))

    def verdict(self, case, ran):
        results = [m["result"] for m in messages(ran.output) if "result" in m]
        return status(results[-1]) if results else FAIL

    def parts(self, output):
        return {name: status(word) for m in messages(output)
                for name, word in m.get("subtest", {}).items()}

    def version(self):
        done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "piglit"],
                              capture_output=True, text=True, check=False)
        return f"piglit {done.stdout}" if not done.returncode else ""

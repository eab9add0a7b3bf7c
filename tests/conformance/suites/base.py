# SPDX-License-Identifier: MIT
"""What a suite is."""

import os
import subprocess

from outcome import FAIL, PASS, SKIP

# To list a program's cases, which may load an OpenCL runtime.
LIST_LIMIT_S = 120
# Of what a program says, in a list for people.
LINE_LIMIT = 200
# The exit status of a test that cannot run here, by the convention of automake.
SKIPPED = 77


class Error(Exception):
    """The suite cannot be run: it is not there, or does not list its cases."""


class Missing(Error):
    """It is not installed, which on some machines is all right."""


class Suite:
    """A kind of test programs. `where` is what the user gave after its name: a
    folder mostly; `options` are the runner's."""

    name = None

    def __init__(self, where, options):
        self.where = os.path.abspath(where) if where else None
        self.options = options

    def cases(self):
        """Every case, in order."""
        raise NotImplementedError

    def verdict(self, case, ran):
        """PASS, SKIP or FAIL of a program that has ended by itself."""
        if ran.status == SKIPPED:
            return SKIP
        return FAIL if ran.status else PASS

    def reason(self, case, ran):
        """One line on why a case did not pass."""
        return f"exit status {ran.status}: {last_line(ran.output)}"

    def parts(self, output):
        """{name: status} of what a program tests in one go and tells apart."""
        return {}

    def version(self):
        """What was tested, in a few words, or nothing."""
        return ""

    def folder(self):
        if not self.where or not os.path.isdir(self.where):
            raise Error(f"{self.name} wants a folder: {self.name}=FOLDER")
        return self.where


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:LINE_LIMIT] if lines else ""


def programs(folder):
    """The paths of the programs in a folder, by name."""
    paths = (os.path.join(folder, name) for name in sorted(os.listdir(folder)))
    return [p for p in paths if os.path.isfile(p) and os.access(p, os.X_OK)]


def output_of(command, **kw):
    """What a command prints; suites.Error if it cannot be run or fails."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, errors="replace",
                              timeout=LIST_LIMIT_S, **kw)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise Error(str(e)) from None
    if done.returncode:
        raise Error(f"{command[0]}: exit status {done.returncode}: {done.stderr[-500:]}")
    return done.stdout

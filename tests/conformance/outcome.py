# SPDX-License-Identifier: MIT
"""What a case is, and how one can end."""

import dataclasses

PASS, SKIP, FAIL, CRASH, TIMEOUT = "pass", "skip", "fail", "crash", "timeout"

# Which end is worse than which: a program that fails natively is no measure of
# us, however it fails.
RANK = {PASS: 2, SKIP: 1, FAIL: 0, CRASH: 0, TIMEOUT: 0}

# A shell's way, and `vocl run`'s, to say that a program ended by signal n: 128 + n.
SHELL_SIGNAL = 128
LAST_SIGNAL = 64


@dataclasses.dataclass(frozen=True)
class Case:
    """One test: the smallest thing that its program can be told to run alone."""
    suite: str
    program: str
    name: str  # empty: the whole program is the case
    command: tuple
    env: dict = dataclasses.field(default_factory=dict, compare=False)
    cwd: str = None  # None: an empty folder made for it

    @property
    def id(self):
        return "/".join(part for part in (self.suite, self.program, self.name) if part)


@dataclasses.dataclass
class Ran:
    """What a process did: its exit status (128 + n after signal n) and what it printed."""
    status: int
    output: str
    seconds: float
    timed_out: bool = False


@dataclasses.dataclass
class Outcome:
    """How a case ended, and how the parts ended that the program itself names."""
    status: str
    why: str = ""
    seconds: float = 0
    parts: dict = dataclasses.field(default_factory=dict)


def signal_of(status):
    """The signal that ended a process, or 0."""
    if status < 0:
        return -status
    number = status - SHELL_SIGNAL
    return number if 0 < number <= LAST_SIGNAL else 0


def judge(suite, case, ran):
    """The outcome of a case. The suite reads what a program says that has ended by itself."""
    parts = suite.parts(ran.output)
    if ran.timed_out:
        return Outcome(TIMEOUT, f"not done after {ran.seconds:.0f} s", ran.seconds, parts)
    if signal_of(ran.status):
        return Outcome(CRASH, f"signal {signal_of(ran.status)}", ran.seconds, parts)
    status = suite.verdict(case, ran)
    why = "" if status == PASS else suite.reason(case, ran)
    return Outcome(status, why, ran.seconds, parts)

# SPDX-License-Identifier: MIT
"""Where a case runs: on this machine as it is, through `vocl run`, or in a VM.

A side is a class with run(case, log, limit) -> Ran, which leaves what the case
prints in the file `log` and ends it after limit seconds, and stop(), which any
thread may call: it ends what runs."""

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time

from outcome import Ran

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../vm"))
import guests  # noqa: E402

# What is read of a case's output: verdicts stand at its end, and a program that
# fails in a loop prints without end.
OUTPUT_LIMIT = 1 << 20
# Between asking processes to end, so that `vocl run` can tidy up, and ending them.
GRACE_S = 3
# For a guest to answer beyond the limit that it keeps itself.
GUEST_GRACE_S = 60
# What timeout(1) exits with; it is killed itself if it has to kill.
TIMEOUT_STATUS = (124, 128 + signal.SIGKILL)
# A machine on which no VM boots need not try for every case.
BOOTS_FAILED_LIMIT = 3
# What would change which OpenCL a program finds.
OURS = re.compile(r"VOCL_\w+|OCL_ICD_\w+")


class Error(Exception):
    """The side itself does not work: no case can be judged."""


def base_env(cache, disable):
    """The environment of a side: its own kernel cache, and with our library or without."""
    env = {k: v for k, v in os.environ.items() if not OURS.fullmatch(k)}
    return dict(env, POCL_CACHE_DIR=cache, VOCL_DISABLE="1" if disable else "0")


def read_tail(path):
    with open(path, "rb") as f:
        f.seek(max(0, os.path.getsize(path) - OUTPUT_LIMIT))
        return f.read().decode(errors="replace")


class Local:
    """A process group on this machine for each case."""

    def __init__(self, env, scratch, prefix=()):
        self.env, self.scratch, self.prefix = env, scratch, list(prefix)
        self.process = None
        self.lock = threading.Lock()
        self.stopped = False

    def run(self, case, log, limit):
        with tempfile.TemporaryDirectory(dir=self.scratch, ignore_cleanup_errors=True) as folder, \
                open(log, "ab") as out:
            begun = time.monotonic()
            process = self.start(case, case.cwd or folder, out)
            timed_out = False
            try:
                process.wait(limit)
            except subprocess.TimeoutExpired:
                timed_out = True
            self.end_group(process)
            seconds = time.monotonic() - begun
        self.check()
        return Ran(process.returncode, read_tail(log), seconds, timed_out)

    def check(self):
        """What stop() has ended says nothing about a case."""
        if self.stopped:
            raise Error("stopped")

    def start(self, case, cwd, out):
        with self.lock:
            self.check()
            self.process = subprocess.Popen(
                [*self.prefix, *case.command], cwd=cwd, env={**self.env, **case.env},
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
            return self.process

    def end_group(self, process):
        """End whatever is left of a case; the program too if it still runs."""
        if process.poll() is None:
            signal_group(process, signal.SIGTERM)
            try:
                process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                pass
        signal_group(process, signal.SIGKILL)
        process.wait()

    def stop(self):
        with self.lock:
            self.stopped = True
            if self.process and self.process.poll() is None:
                signal_group(self.process, signal.SIGTERM)


def signal_group(process, number):
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass


class Vm:
    """One guest in which cases run one after the other, since a boot costs seconds.

    A guest that does not come back from a case is replaced, and the case has
    taken too long or, if the guest has ended, has crashed."""

    def __init__(self, command, env, guest_env, log):
        self.command, self.env, self.guest_env, self.log = command, env, guest_env, log
        self.guest = None
        self.failed_boots = 0
        self.stopped = False

    def boot(self):
        while not self.guest:
            if self.stopped:
                raise Error("stopped")
            with open(self.log, "ab") as log:
                try:
                    self.guest = guests.Guest(self.command, log, env=self.env)
                    self.failed_boots = 0
                except (AssertionError, OSError) as e:
                    self.failed_boots += 1
                    if self.failed_boots == BOOTS_FAILED_LIMIT:
                        raise Error(f"no VM boots: {e}\n{read_tail(self.log)[-2000:]}") from None

    def script(self, case, limit):
        env = " ".join(shlex.quote(f"{k}={v}") for k, v in {**self.guest_env, **case.env}.items())
        folder = f"cd {shlex.quote(case.cwd)}" if case.cwd else 'cd "$d"'
        return (f"d=$(mktemp -d); {folder} || exit 1\n"
                f"env {env} timeout -k {GRACE_S} {limit:g} {shlex.join(case.command)}"
                f' >"$d.log" 2>&1\n'
                f's=$?; tail -c {OUTPUT_LIMIT} "$d.log"; rm -rf "$d" "$d.log"; exit $s')

    def run(self, case, log, limit):
        self.boot()
        begun = time.monotonic()
        try:
            status, output = self.guest.run(self.script(case, limit), limit + GUEST_GRACE_S)
            timed_out = status in TIMEOUT_STATUS and time.monotonic() - begun >= limit
        except (AssertionError, OSError) as e:
            timed_out = time.monotonic() - begun > limit
            status, output = 128 + signal.SIGKILL, f"{e}"
            self.guest.destroy()
            self.guest = None
            if self.stopped:
                raise Error("stopped") from None
        with open(log, "a", encoding="utf-8") as f:
            f.write(output)
        return Ran(status, output, time.monotonic() - begun, timed_out)

    def stop(self):
        self.stopped = True
        if self.guest:
            self.guest.destroy()

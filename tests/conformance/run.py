#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run OpenCL test programs natively and through us, and compare case by case.

A case that passes natively and does not pass through us is lost: a defect of
ours. The exit status is 0 if nothing is lost but what docs/known-losses.md
explains, 1 if something is, 2 if the cases could not be run, 77 if a suite is not
installed, and 130 after ^C, which prints what was found until then."""

import argparse
import json
import os
import queue
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

import known
import report
import sides
from compare import LOST, SLOWER, compare
from outcome import Outcome, judge
from pattern import select
from suites import SUITES, base

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
LOST_STATUS, ERROR_STATUS, INTERRUPTED_STATUS = 1, 2, 130
# How often the main thread looks whether it was interrupted.
LOOK_S = 0.2


def arguments(argv):
    p = argparse.ArgumentParser(
        usage="%(prog)s [OPTION...] SUITE[=WHERE]...", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""suites:
  cts=FOLDER     programs of Khronos' OpenCL-CTS, by the cases that they list
  piglit         the OpenCL tests of an installed piglit (or piglit=PROGRAM)
  pocl=FOLDER    the tests of a build of PoCL, as CTest lists them
  pytest=FOLDER  PyOpenCL's tests, or others that pytest runs
  plain=FOLDER   any programs: each is one case, 0 is passed, 77 skipped

A case is called SUITE/PROGRAM/CASE, and a GLOB has * and ? for parts of that.""")
    p.add_argument("suites", nargs="+", metavar="SUITE[=WHERE]")
    p.add_argument("--vocl", default=os.path.join(SOURCE, "build/vocl"), metavar="PATH")
    p.add_argument("--via", choices=("run", "vm", "uml"), default="run",
                   help="`vocl run` (default), or a VM of QEMU or user-mode Linux")
    p.add_argument("--vocl-args", default="", metavar="WORDS",
                   help="more options for `vocl run` or `vocl vm`")
    p.add_argument("--only", action="append", default=[], metavar="GLOB", help="repeatable")
    p.add_argument("--skip", action="append", default=[], metavar="GLOB", help="repeatable")
    p.add_argument("--list", action="store_true", help="print the cases' names and end")
    p.add_argument("--timeout", type=float, default=120, metavar="SECONDS",
                   help="for one case on one side (120), or on the remote one "
                        f"{SLOWER} times what it took natively, should that be more")
    p.add_argument("--jobs", type=int, default=1, metavar="N", help="cases at the same time (1)")
    p.add_argument("--env", action="append", default=[], metavar="NAME=VALUE",
                   help="for both sides; repeatable, as the next two")
    p.add_argument("--native-env", action="append", default=[], metavar="NAME=VALUE")
    p.add_argument("--remote-env", action="append", default=[], metavar="NAME=VALUE")
    p.add_argument("--full", action="store_true",
                   help="CTS: not in wimpy mode and not with small images")
    p.add_argument("--python", metavar="PATH", help="the Python that has pytest and PyOpenCL")
    p.add_argument("--repeat-lost", type=int, default=0, metavar="N",
                   help="run a lost case up to N times again on both sides: lost is what stays so")
    p.add_argument("--native-results", metavar="FILE",
                   help="take native results from what --save wrote, as far as it has them")
    p.add_argument("--save", metavar="FILE", help="write the results of both sides, as JSON")
    p.add_argument("--known", default=os.path.join(SOURCE, "docs/known-losses.md"), metavar="FILE")
    p.add_argument("--logs", metavar="DIR",
                   help="keep there what each case prints, in CASE.native and CASE.here")
    p.add_argument("--scratch", metavar="DIR",
                   help="where the kernel caches are, kept for the next run (a temporary folder)")
    p.add_argument("--junit", metavar="FILE", help="write JUnit's XML")
    p.add_argument("--markdown", action="store_true",
                   help="print the table for docs/conformance.md")
    args = p.parse_args(argv)
    args.vocl = os.path.abspath(args.vocl)
    for pair in args.env + args.native_env + args.remote_env:
        if "=" not in pair:
            p.error(f"not NAME=VALUE: {pair}")
    return args


def pairs(words):
    return dict(word.split("=", 1) for word in words)


def open_suites(args):
    suites = {}
    for word in args.suites:
        name, _, where = word.partition("=")
        if name not in SUITES:
            raise base.Error(f"no suite '{name}': there are {' '.join(SUITES)}")
        suites.setdefault(name, []).append(SUITES[name](where, args))
    return [s for same in suites.values() for s in same]


class Runner:
    """Takes cases from a queue, as many at a time as there are jobs; each job has
    sides of its own."""

    def __init__(self, args, scratch):
        self.args = args
        self.scratch = scratch
        self.logs = os.path.abspath(args.logs) if args.logs else os.path.join(scratch, "logs")
        self.native_results = {}
        self.found = {}
        self.error = None
        self.sides = []
        self.lock = threading.Lock()
        for folder in ("work", "cache/native", "cache/here"):
            os.makedirs(os.path.join(scratch, folder), exist_ok=True)

    def env(self, side):
        args = self.args
        own = args.native_env if side == "native" else args.remote_env
        base_env = sides.base_env(os.path.join(self.scratch, "cache", side), side == "native")
        return {**base_env, **pairs(args.env + own)}

    def native_side(self):
        return sides.Local(self.env("native"), self.work())

    def remote_side(self, job):
        args = self.args
        if args.via == "run":
            prefix = [args.vocl, "run", *shlex.split(args.vocl_args), "--"]
            return sides.Local(self.env("here"), self.work(), prefix)
        kind = ["--uml"] if args.via == "uml" else []
        return sides.Vm([args.vocl, "vm", *kind, *shlex.split(args.vocl_args)], self.env("here"),
                        pairs(args.env + args.remote_env),
                        os.path.join(self.scratch, f"vm{job}.log"))

    def work(self):
        return os.path.join(self.scratch, "work")

    def log_of(self, case, side):
        return os.path.join(self.logs, *(re.sub(r"[^\w.+-]", "_", part) or "_"
                                         for part in case.id.split("/"))) + f".{side}"

    def run_case(self, suite, case, native, remote):
        def on(side, name):
            def run(case, limit):
                log = self.log_of(case, name)
                os.makedirs(os.path.dirname(log), exist_ok=True)
                if os.path.exists(log):
                    os.replace(log, f"{log}.before")
                return judge(suite, case, side.run(case, log, limit))
            return run

        return compare(case, on(native, "native"), on(remote, "here"),
                       self.native_results.get(case.id), self.args.repeat_lost, self.args.timeout)

    def job(self, number, waiting, progress):
        native, remote = self.native_side(), self.remote_side(number)
        with self.lock:
            self.sides += [native, remote]
        try:
            while not self.error:
                suite, case = waiting.get_nowait()
                found = self.run_case(suite, case, native, remote)
                with self.lock:
                    self.found[case.id] = found
                    progress(self.found.values(), case)
        except queue.Empty:
            pass
        except (sides.Error, OSError) as e:
            self.error = self.error or e
        finally:
            remote.stop()

    def run(self, cases, progress):
        """Comparisons in the order of the cases; fewer after ^C or self.error."""
        waiting = queue.SimpleQueue()
        for suite_and_case in cases:
            waiting.put(suite_and_case)
        jobs = [threading.Thread(target=self.job, args=(n, waiting, progress))
                for n in range(max(1, self.args.jobs))]
        for job in jobs:
            job.start()
        try:
            for job in jobs:
                while job.is_alive():
                    job.join(LOOK_S)
        except KeyboardInterrupt as e:
            self.error = e
            self.stop()
            for job in jobs:
                job.join()
        return [self.found[case.id] for _, case in cases if case.id in self.found]

    def stop(self):
        with self.lock:
            running = list(self.sides)
        for side in running:
            side.stop()


def progress_on(stream, count):
    """A line that is written over, if a person is looking."""
    def nothing(_found, _case):
        pass

    def show(found, case):
        lost = sum(c.kind == LOST for c in found)
        text = f"[{len(found)}/{count}] {lost} lost  {case.id}"
        stream.write("\r\033[K" + ("" if len(found) == count else text[:100]))
        stream.flush()

    return show if stream.isatty() else nothing


def load_results(path):
    with open(path, encoding="utf-8") as f:
        saved = json.load(f)
    return {name: Outcome(**sides_of["native"]) for name, sides_of in saved["cases"].items()}


def save_results(path, comparisons):
    cases = {c.case.id: {"native": vars(c.native), "here": vars(c.remote), "kind": c.kind,
                         "note": c.note} for c in comparisons}
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"cases": cases}, f, indent=1)


def facts(suites, args, env):
    """What was tested, with what: for the table that is printed for others."""
    found = [s.version() for s in suites if s.version()]
    if shutil.which("clinfo"):
        text = subprocess.run(["clinfo", "--raw"], env=env, capture_output=True, text=True,
                              check=False).stdout
        for name in ("CL_PLATFORM_VERSION", "CL_DEVICE_NAME"):
            found += re.findall(rf"{name}\s+(.+)", text)[:1]
    found.append(f"virtio-ocl {commit()}".strip())
    return found + [{"run": "`vocl run`", "vm": "`vocl vm`", "uml": "`vocl vm --uml`"}[args.via]]


def commit():
    return subprocess.run(["git", "-C", SOURCE, "describe", "--always", "--dirty"],
                          capture_output=True, text=True, check=False).stdout.strip()


def conclude(args, suites, runner, comparisons, entries):
    """Print and write what was found; the exit status."""
    untrue = known.explain(entries, comparisons)
    print(report.people(comparisons, untrue))
    if args.junit:
        report.junit(comparisons, args.junit, runner.log_of)
    if args.save:
        save_results(args.save, comparisons)
    if args.markdown:
        print(report.markdown(comparisons, facts(suites, args, runner.env("native"))))
    unexplained = sum(c.unexplained for c in comparisons)
    print(report.summary(comparisons, unexplained))
    if isinstance(runner.error, KeyboardInterrupt):
        return INTERRUPTED_STATUS
    if runner.error:
        raise runner.error
    return LOST_STATUS if unexplained else 0


def run(args):
    suites = open_suites(args)
    cases = [(s, c) for s in suites for c in select(s.cases(), args.only, args.skip)]
    if not cases:
        raise base.Error("there is no such case")
    if args.list:
        print("\n".join(c.id for _, c in cases))
        return 0
    if not os.access(args.vocl, os.X_OK):
        raise base.Error(f"no program {args.vocl}: build first, or name it by --vocl")
    entries = known.load(args.known)
    scratch = os.path.abspath(args.scratch) if args.scratch else tempfile.mkdtemp("-conformance")
    try:
        runner = Runner(args, scratch)
        if args.native_results:
            runner.native_results = load_results(args.native_results)
        comparisons = runner.run(cases, progress_on(sys.stderr, len(cases)))
        return conclude(args, suites, runner, comparisons, entries)
    finally:
        if not args.scratch:
            shutil.rmtree(scratch, ignore_errors=True)


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    args = arguments(sys.argv[1:])
    try:
        return run(args)
    except base.Missing as e:
        print(f"conformance: {e}")
        return base.SKIPPED
    except (base.Error, sides.Error, known.Error, OSError, json.JSONDecodeError) as e:
        print(f"conformance: {e}", file=sys.stderr)
        return ERROR_STATUS


if __name__ == "__main__":
    sys.exit(main())

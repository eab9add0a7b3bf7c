#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""vocl bench: what it prints, that it notices wrong data, and how it ends.

bench.py --vocl VOCL --helper HELPER --probe PROBE --corrupt MODULE --cache FOLDER [--guest qemu|uml]
    [TEST...]

No figure is looked at beyond that it is there: this is not a test of speed."""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ARGS = None
SECONDS = 300  # for what takes a few on an idle machine
# What exists only in a VM, and what is of one side.
NOT_HERE = {"floor.vm_kick"}


def environment(**more):
    env = dict(os.environ, XDG_CACHE_HOME=ARGS.cache, **more)
    for name in ("VOCL_SOCKET", "VOCL_DISABLE", "OCL_ICD_FILENAMES", "OCL_ICD_VENDORS"):
        env.pop(name, None)
    env.setdefault("ASAN_OPTIONS", "detect_leaks=0")
    return env


def bench(*arguments, **more):
    return subprocess.run([ARGS.vocl, "bench", *arguments], env=environment(**more),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=SECONDS, check=False)


class Base(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="vocl-test-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def assert_done(self, r):
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)

    def json(self, *arguments):
        """What a run writes as JSON, and prints."""
        r = bench(*arguments, "--json", self.path("out.json"))
        self.assert_done(r)
        with open(self.path("out.json"), encoding="utf-8") as f:
            return json.load(f), r.stdout

    def assert_values(self, m, rounds):
        with self.subTest(measurement=m["name"]):
            self.assertIn(m["better"], ("less", "more"))
            self.assertIn(m["unit"], ("us", "ms", "s", "/s", "GB/s", "MiB"))
            for side in ("native", "remote"):
                self.assertEqual(len(m[side]["values"]), rounds)
                self.assertGreater(m[side]["values"][0], 0)
                self.assertGreater(m[side]["median"], 0)
            ratio = m["ratio"]
            self.assertGreater(ratio["min"], 0)
            self.assertTrue(ratio["min"] <= ratio["low"] <= ratio["median"] <= ratio["high"]
                            <= ratio["max"])
            native, remote = m["native"]["median"], m["remote"]["median"]
            self.assertAlmostEqual(m["difference"], remote - native, delta=1e-6 * (native + remote))


class Figures(Base):
    def test_the_whole_in_short(self):
        listed = [line.split()[0] for line in bench("--list", "--smoke").stdout.splitlines()]
        self.assertGreater(len(listed), 40)
        found, text = self.json("--smoke")
        self.assertEqual((found["format"], found["rounds"], found["via"]), (1, 1, "vocl run"))
        self.assertRegex(found["date"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertGreater(found["machine"]["processors"], 0)
        self.assertGreater(found["machine"]["memory_mib"], 0)
        for key in ("platform", "version", "device", "driver", "system"):
            self.assertTrue(found["native"][key])
            self.assertEqual(found["native"][key], found["remote"][key])
        measured = {m["name"] for m in found["measurements"]}
        for name in set(listed) - NOT_HERE:
            self.assertTrue(any(m == name or m.startswith(name + ".") for m in measured), name)
        for name in ("clients.2.rate", "open.platform", "memory.pss", "memory.worker_pss"):
            self.assertIn(name, measured)
        for m in found["measurements"]:
            self.assertRegex(text, rf"(?m)^  {re.escape(m['name'])} +{m['unit']} ")
            if m["name"] != "memory.worker_pss":
                self.assert_values(m, 1)

    def test_rounds_and_patterns(self):
        found, _ = self.json("--smoke", "--rounds", "3", "--only", "call.*", "--only", "read.4K")
        self.assertEqual([m["name"] for m in found["measurements"]],
                         ["call.null", "call.null_asleep", "call.finish", "read.4K"])
        for m in found["measurements"]:
            self.assert_values(m, 3)
            self.assertNotIn(None, m["native"]["values"])

    def test_what_takes_long_is_in_every_second_round(self):
        found, _ = self.json("--smoke", "--rounds", "3", "--only", "clients")
        for m in found["measurements"]:
            self.assert_values(m, 3)
            self.assertEqual([v is None for v in m["remote"]["values"]], [False, True, False])

    def test_memory_alone(self):
        found, _ = self.json("--smoke", "--only", "memory")
        measured = {m["name"]: m["remote"]["median"] for m in found["measurements"]}
        self.assertAlmostEqual(measured["memory.program_pss"] + measured["memory.worker_pss"],
                               measured["memory.pss"], 3)

    def test_json_on_standard_output(self):
        r = bench("--smoke", "--only", "call.null", "--format", "json")
        self.assert_done(r)
        self.assertEqual([m["name"] for m in json.loads(r.stdout)["measurements"]], ["call.null"])

    def test_a_whole_program(self):
        found, _ = self.json("--rounds", "3", "--app", "clinfo -l && echo done")
        (app,) = found["measurements"]
        self.assertEqual((app["name"], app["unit"]), ("app", "s"))
        self.assert_values(app, 3)

    def test_a_helper_that_runs_already(self):
        sock = self.path("helper.sock")
        with subprocess.Popen([ARGS.helper, "--listen", sock], stdin=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, env=environment()) as helper:
            try:
                end = time.monotonic() + SECONDS
                while not os.path.exists(sock):
                    self.assertLess(time.monotonic(), end)
                    time.sleep(0.01)
                found, _ = self.json("--smoke", "--only", "read.4K", "--only", "memory", "--via",
                                     "socket", sock)
            finally:
                helper.terminate()
        self.assertEqual(found["via"], "a socket")
        self.assertIn("memory.pss", [m["name"] for m in found["measurements"]])

    def test_a_chart(self):
        r = bench("--smoke", "--only", "call.*", "--plot", self.path("chart.svg"))
        if not shutil.which("gnuplot"):
            self.assertEqual(r.returncode, 125)
            self.assertIn("install the package gnuplot-nox", r.stderr)
            return
        self.assert_done(r)
        with open(self.path("chart.svg"), encoding="utf-8") as f:
            chart = f.read()
        self.assertIn("<svg", chart)
        self.assertIn("call.null_asleep", chart)


class Guest(Base):
    """The remote side in a guest, for which VOCL_TEST_QEMU may name another QEMU."""

    def test_figures(self):
        via = ["--via", "uml"]
        if ARGS.guest == "qemu":
            qemu = os.environ.get("VOCL_TEST_QEMU")
            via = ["--via", "vm", "--accel", "tcg", *(["--qemu", qemu] if qemu else [])]
        wanted = ("floor.futex", "floor.vm_kick", "call.*", "memory", "clients", "write.64K", "host_ptr.1M")
        found, _ = self.json("--smoke", *via, *(a for w in wanted for a in ("--only", w)))
        self.assertNotEqual(found["native"]["system"], found["remote"]["system"])
        self.assertEqual(found["native"]["device"], found["remote"]["device"])
        measured = {m["name"]: m for m in found["measurements"]}
        for name in ("floor.vm_kick", "memory.worker_pss"):
            self.assertGreater(measured.pop(name)["remote"]["median"], 0)
        for name in ("call.null", "write.64K", "host_ptr.1M", "memory.pss", "clients.2.rate"):
            self.assertIn(name, measured)
        for m in measured.values():
            self.assert_values(m, 1)

    def test_a_whole_program(self):
        if ARGS.guest == "qemu":
            self.skipTest("as in user-mode Linux, and slower")
        found, _ = self.json("--via", "uml", "--rounds", "2", "--app", "clinfo -l")
        self.assert_values(found["measurements"][0], 2)


class Verification(Base):
    """One bit that is wrong on the way ends the run."""

    def probe(self, name, call=None, size=4096):
        more = {}
        if call:
            more = {"LD_PRELOAD": ARGS.corrupt, "VOCL_TEST_CORRUPT": call,
                    "VOCL_TEST_CORRUPT_SIZE": str(size)}
        return subprocess.run([ARGS.probe, "--seconds=0.001", name], stdin=subprocess.DEVNULL,
                              env=environment(POCL_CACHE_DIR=os.path.join(ARGS.cache, "native"),
                                              VOCL_DISABLE="1", **more),
                              capture_output=True, text=True, timeout=SECONDS, check=False)

    def assert_noticed(self, name, call, size=4096):
        good = self.probe(name)
        self.assertEqual((good.returncode, "value" in good.stdout), (0, True), good.stdout)
        bad = self.probe(name, call, size)
        self.assertEqual(bad.returncode, 1, bad.stdout)
        self.assertRegex(bad.stdout, r"(?m)^fail \S+ wrong data")

    def test_write(self):
        self.assert_noticed("write.64K", "write")
        self.assert_noticed("first_write.4K", "write")
        self.assert_noticed("write_async.64K", "write")

    def test_read(self):
        self.assert_noticed("read.64K", "read")

    def test_write_of_a_rectangle(self):
        self.assert_noticed("write_rect.64K", "write_rect")

    def test_read_of_a_rectangle(self):
        self.assert_noticed("read_rect.64K", "read_rect")

    def test_read_beside_a_rectangle(self):
        self.assert_noticed("read_rect.4K", "read_gap")

    def test_map(self):
        self.assert_noticed("map.64K", "map")
        self.assert_noticed("map_use.64K", "map")

    def test_memory_of_the_program_s(self):
        self.assert_noticed("host_ptr.64K", "map")
        self.assert_noticed("host_ptr_new.64K", "map")

    def test_four_bytes(self):
        self.assert_noticed("read.4B", "read", 4)

    def test_through_vocl_bench(self):
        r = bench("--smoke", "--only", "read.4K", LD_PRELOAD=ARGS.corrupt, VOCL_TEST_CORRUPT="read",
                  VOCL_TEST_CORRUPT_SIZE="4096")
        self.assertEqual(r.returncode, 125, r.stdout)
        self.assertIn("vocl: native: read.4K wrong data: word ", r.stderr)
        self.assertEqual(r.stdout, "")


class Failures(Base):
    def assert_fails(self, status, message, *arguments):
        r = bench(*arguments)
        self.assertEqual((r.returncode, r.stdout), (status, ""), r.stderr)
        self.assertIn(message, r.stderr)

    def test_no_such_device(self):
        self.assert_fails(125, "no OpenCL device passes --runtime", "--runtime", "no such runtime")

    def test_nothing_that_is_measured(self):
        self.assert_fails(125, "nothing that is measured fits --only", "--only", "nothing")

    def test_mistakes(self):
        for arguments in (("--rounds", "0"), ("--rounds", "101"), ("--max-size", "1T"),
                          ("--seconds", "0"), ("--via", "wire"), ("--via", "socket"),
                          ("--format", "xml"), ("--app", " "), ("unasked",)):
            with self.subTest(arguments=arguments):
                self.assert_fails(2, "--help' tells more", *arguments)

    def test_a_chart_of_no_known_kind(self):
        self.assert_fails(125, "a chart is an .svg or a .png", "--plot", "chart.gif")

    def test_a_program_that_fails(self):
        self.assert_fails(125, "native: app the program ended with exit status 3", "--app",
                          "exit 3")

    def test_no_helper(self):
        self.assert_fails(125, "no helper at", "--via", "socket", self.path("nothing"))

    def start(self):
        """A run in the middle of its measurements, and its processes."""
        run = subprocess.Popen([ARGS.vocl, "bench", "--rounds", "100", "--only", "launch.*"],
                               env=environment(), stdin=subprocess.DEVNULL, text=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(run.stderr.close)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        end = time.monotonic() + SECONDS
        steady = 0
        while True:
            found = descendants(run.pid)
            workers = [p for p, name in found.items() if name == "vocl-worker"]
            probes = [p for p, name in found.items() if name.startswith("vocl-bench")]
            # Others come and go while the devices are looked at.
            steady = steady + 1 if len(workers) == 1 and len(probes) == 2 else 0
            if steady == 10:
                return run, found, workers
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def assert_gone(self, processes):
        end = time.monotonic() + SECONDS
        while any(os.path.exists(f"/proc/{p}") for p in processes):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def test_a_signal_leaves_nothing(self):
        run, processes, _ = self.start()
        run.send_signal(signal.SIGTERM)
        self.assertEqual(run.wait(SECONDS), 128 + signal.SIGTERM)
        self.assert_gone(processes)

    def test_a_worker_that_dies(self):
        run, processes, workers = self.start()
        for w in workers:
            os.kill(w, signal.SIGKILL)
        self.assertEqual(run.wait(SECONDS), 125)
        self.assertRegex(run.stderr.read(), r"vocl: remote: launch\.\w+ \w+")
        self.assert_gone(processes)

    def test_a_measuring_program_that_dies(self):
        run, processes, _ = self.start()
        probe = [p for p, name in processes.items() if name.startswith("vocl-bench")][0]
        os.kill(probe, signal.SIGKILL)
        self.assertEqual(run.wait(SECONDS), 125)
        self.assertRegex(run.stderr.read(), r"vocl: \w+: the measuring program has ended")
        self.assert_gone(processes)


def stat(pid):
    """(name, parent), or ("", 0) of what has gone or waits to be reaped."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            name, rest = re.fullmatch(r"\d+ \((.*)\) (.*)\n", f.read(), re.S).groups()
    except OSError:
        return "", 0
    state, up = rest.split()[:2]
    return ("", 0) if state == "Z" else (name, int(up))


def descendants(pid):
    """{pid: name} of the processes under one."""
    everyone = {int(p): stat(p) for p in os.listdir("/proc") if p.isdigit()}
    found = {}
    level = {pid}
    while level:
        level = {p for p, (name, up) in everyone.items() if up in level}
        found.update({p: everyone[p][0] for p in level})
    return found


def main():
    global ARGS
    parser = argparse.ArgumentParser()
    for name in ("vocl", "helper", "probe", "corrupt", "cache"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--guest")
    ARGS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is counted, against what a program is known to have done.

counters.py --vocl VOCL --helper HELPER --cache FOLDER --program PROGRAM [TEST...]"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ARGS = None
SECONDS = 60


def environment(**more):
    env = dict(os.environ, POCL_CACHE_DIR=os.path.join(ARGS.cache, "remote"), **more)
    for name in ("VOCL_SOCKET", "VOCL_DEBUG", "OCL_ICD_FILENAMES", "OCL_ICD_VENDORS", "VOCL_STATS"):
        if name not in more:
            env.pop(name, None)
    env.setdefault("ASAN_OPTIONS", "detect_leaks=0")
    return env


class Library(unittest.TestCase):
    """VOCL_STATS, from inside the program."""

    def run_program(self, mode, stats="1"):
        r = subprocess.run([ARGS.vocl, "run", "--", ARGS.program, mode], timeout=SECONDS,
                           env=environment(VOCL_STATS=stats), stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, check=False)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        said = dict(re.findall(r"^(\w+) (\d+)$", r.stdout, re.M))
        counted = dict(re.findall(r"^virtio-ocl: stats: (\w+) (\d+)$", r.stderr, re.M))
        return ({k: int(v) for k, v in said.items()}, {k: int(v) for k, v in counted.items()},
                r.stdout, r.stderr)

    def bulk(self, counted, direction):
        return {name: n for name, n in counted.items()
                if name.endswith(f"_{direction}_bytes") and not name.startswith("copied") and n}

    def test_every_byte_is_counted_once(self):
        """By whichever way the library has chosen for this runtime."""
        for mode, not_by in ("inline", "staged"), ("large", "inline"):
            said, counted, _, _ = self.run_program(mode)
            for direction in "write", "read":
                with self.subTest(mode=mode, direction=direction):
                    ways = self.bulk(counted, direction)
                    self.assertEqual(sum(ways.values()), said[direction], ways)
                    self.assertNotIn(f"{not_by}_{direction}_bytes", ways)

    def test_what_is_copied_is_what_was_staged_or_inside_calls(self):
        for mode in "inline", "large", "use":
            _, counted, _, _ = self.run_program(mode)
            for direction in "write", "read":
                self.assertEqual(counted[f"copied_{direction}_bytes"],
                                 counted[f"inline_{direction}_bytes"] +
                                 counted[f"staged_{direction}_bytes"])

    def test_a_shared_buffer_copies_nothing(self):
        said, counted, _, _ = self.run_program("shared")
        self.assertEqual((counted["copied_write_bytes"], counted["copied_read_bytes"]), (0, 0))
        self.assertEqual((self.bulk(counted, "write"), self.bulk(counted, "read")), ({}, {}))
        self.assertGreaterEqual(counted["allocated_bytes"], said["size"])

    def test_callbacks_and_printed_text(self):
        _, counted, out, _ = self.run_program("print")
        self.assertIn("hello\n", out)
        self.assertEqual((counted["callbacks"], counted["print_bytes"]), (1, len("hello\n")))

    def test_records_are_round_trips_or_posts(self):
        """What a program does one by one, it does in so many records."""
        _, counted, _, _ = self.run_program("print")
        records = counted["round_trips"] + counted["posts"]
        self.assertGreater(counted["round_trips"], 5) # platform, device, context, queue, build …
        self.assertGreaterEqual(counted["command_bytes"], 8 * records)
        self.assertGreaterEqual(counted["spins_hit"] + counted["spins_missed"], counted["round_trips"])

    def test_nothing_is_said_unless_asked(self):
        for off in "", "0":
            _, _, _, err = self.run_program("inline", stats=off)
            self.assertEqual(err, "")


def until(condition, what, limit=SECONDS):
    """What condition() returns once that is true."""
    end = time.monotonic() + limit
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {limit} s for {what}")
        time.sleep(0.05)
    return value


class Top(unittest.TestCase):
    """vocl top, which sees no helpers but the test's own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="vocl-test-")
        self.folder = folder.name
        self.addCleanup(folder.cleanup)
        self.env = environment(XDG_RUNTIME_DIR=self.folder)

    def start(self, *command, **more):
        p = subprocess.Popen(command, env=dict(self.env, **more), stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: [f.close() for f in (p.stdout, p.stderr)])
        self.addCleanup(p.wait, SECONDS)
        self.addCleanup(p.terminate)
        return p

    def helper(self, *options):
        self.socket = os.path.join(self.folder, "helper.sock")
        helper = self.start(ARGS.helper, "--listen", self.socket, *options)
        for line in helper.stderr:
            if line == "vocl-helper: ready\n":
                return helper
        raise AssertionError("the helper is not ready")

    def hold(self):
        """A program that has done what it does and sleeps: its process."""
        p = self.start(ARGS.vocl, "run", "--", ARGS.program, "hold")
        for line in p.stdout:
            if line == "holding\n":
                return p
        raise AssertionError(p.stderr.read())

    def top(self, *options, status=0):
        r = subprocess.run([ARGS.vocl, "top", *options], env=self.env, stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=SECONDS, check=False)
        self.assertEqual(r.returncode, status, r.stdout + r.stderr)
        return r.stdout if status == 0 else r.stderr

    def helpers(self, *options):
        """The helpers that this user's `vocl top` shows and that are the test's: root's
        shows those of other tests, too."""
        found = json.loads(self.top("--once", "--json", *options))["helpers"]
        return [h for h in found if options or h["control"].startswith(self.folder)]

    def the_client(self):
        """(socket, client) of the only client there is, as it is from now on: what the
        library counts is shown at the next heartbeat."""
        def look():
            sockets = [s for h in self.helpers() for s in h["sockets"]]
            clients = [(s, c) for s in sockets for c in s["clients"]]
            self.assertEqual(len(clients), 1)
            return clients[0]

        first = look()[1]["host"]["published_ms"]
        return until(lambda: (now := look())[1]["host"]["published_ms"] > first and now, "a heartbeat")

    def test_a_program_that_sleeps_is_shown_with_what_it_has_done(self):
        self.hold()
        socket, client = self.the_client()
        self.assertEqual((socket["serves"], socket["ended"]), ("programs", 0))
        self.assertEqual((client["name"], client["uid"]), ("e2e_counters", os.getuid()))
        with open(f"/proc/{client['pid']}/comm", encoding="ascii") as f:
            self.assertEqual(f.read(), "e2e_counters\n")
        guest, host = client["guest"], client["host"]
        self.assertEqual(guest["inline_write_bytes"] + guest["direct_write_bytes"], 1000)
        self.assertEqual(guest["inline_write_bytes"], host["inline_write_bytes"])
        self.assertEqual((host["contexts"], host["queues"], host["mems"]), (1, 1, 3))
        self.assertEqual(guest["objects"], 5)
        self.assertEqual([host[n] for n in ("malformed", "errors", "late_errors", "events_pending")],
                         [0, 0, 0, 0])
        # What is added and taken away again has not become less than nothing.
        self.assertLess(max([*guest.values(), *host.values()]), 1 << 40)
        # Nothing is under way: both sides have counted the same.
        self.assertEqual(guest["round_trips"], host["calls"])
        self.assertEqual(guest["posts"], host["posts"])
        self.assertEqual(guest["command_bytes"], host["command_bytes"])
        self.assertEqual(sum(client["calls"].values()), host["calls"] + host["posts"])
        self.assertEqual(client["calls"]["clCreateBuffer"], 4)

    def test_the_tables(self):
        self.hold()
        socket, client = self.the_client()
        table = self.top("--once")
        self.assertRegex(table, rf"(?m)^ +{client['pid']} +{os.getuid()} e2e_counters +[\d.]+ ")
        self.assertIn(socket["path"], table)
        details = self.top("--once", "--client", str(client["pid"]))
        self.assertRegex(details, r"(?m)^ +(inline|direct)_write_bytes +1000 ")
        self.assertRegex(details, r"(?m)^ +mems +3$")
        self.assertRegex(details, r"(?m)^ +clCreateBuffer +4")
        self.assertRegex(self.top("--once", "--all"), r"(?m)^ +mems +3$")

    def test_who_has_ended_is_in_the_past(self):
        helper = self.helper()
        for n in 1, 2:
            r = subprocess.run([ARGS.vocl, "run", "--socket", self.socket, "--", ARGS.program, "inline"],
                               env=self.env, stdin=subprocess.DEVNULL, capture_output=True,
                               timeout=SECONDS, check=True, text=True)
            said = dict(re.findall(r"^(\w+) (\d+)$", r.stdout, re.M))
            until(lambda: self.helpers()[0]["sockets"][0]["ended"] == n, "the client to end")
            past = self.helpers()[0]["sockets"][0]["past"]
            for way in "write", "read":
                self.assertEqual(past["guest"][f"inline_{way}_bytes"] +
                                 past["guest"][f"direct_{way}_bytes"], n * int(said[way]))
                self.assertEqual(past["guest"][f"inline_{way}_bytes"],
                                 past["host"][f"inline_{way}_bytes"])
            self.assertEqual(past["host"]["mems"], 0)
        self.assertRegex(self.top("--once"), r"(?m)^ +2 ended, after \d+ calls")
        helper.terminate()
        helper.wait(SECONDS)
        self.assertEqual(self.helpers_or_none(), [])

    def helpers_or_none(self):
        r = subprocess.run([ARGS.vocl, "top", "--once", "--json"], env=self.env, check=False,
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS)
        return [h for h in json.loads(r.stdout)["helpers"] if h["control"].startswith(self.folder)]

    def test_one_helper_by_either_of_its_sockets(self):
        control = os.path.join(self.folder, "ask")
        self.helper("--control", control)
        self.assertEqual(self.helpers_or_none(), []) # it is not where vocl looks
        self.assertEqual(self.helpers("--socket", control)[0]["sockets"][0]["path"], self.socket)
        self.assertIn("not a control socket",
                      self.top("--once", "--socket", self.socket, status=125))
        self.start(ARGS.helper, "--listen", self.socket + "2")
        until(self.helpers_or_none, "the second helper")
        self.assertEqual(self.helpers("--socket", self.socket + "2")[0]["sockets"][0]["path"],
                         self.socket + "2")

    def test_a_helper_that_is_stopped_is_shown_as_that(self):
        helper = self.helper()
        helper.send_signal(signal.SIGSTOP)
        try:
            table = self.top("--once")
        finally:
            helper.send_signal(signal.SIGCONT)
        self.assertRegex(table, r"(?m)^helper at \S+: it does not answer")
        self.assertEqual(len(self.helpers()[0]["sockets"]), 1)

    def test_it_goes_on_until_it_is_told_to_end(self):
        self.helper()
        p = self.start(ARGS.vocl, "top", "--json", "--interval", "0.2")
        for _ in range(3):
            self.assertIn("helpers", json.loads(p.stdout.readline()))
        p.send_signal(signal.SIGINT)
        self.assertEqual(p.wait(SECONDS), 0)

    def test_mistakes_are_said(self):
        nobody = os.path.join(self.folder, "nobody")
        self.assertIn("there is none", self.top("--once", "--socket", nobody, status=125))
        for wrong in (["--interval", "0"], ["--interval", "x"], ["--client", "-1"], ["more"]):
            self.top("--once", *wrong, status=2)
        self.helper()
        self.assertIn("no client has", self.top("--once", "--client", "999999999", status=1))
        self.assertIn("round_trips", self.top("--counters"))


def main():
    global ARGS
    parser = argparse.ArgumentParser()
    for option in "vocl", "helper", "cache", "program":
        parser.add_argument("--" + option, required=True)
    ARGS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


if __name__ == "__main__":
    main()

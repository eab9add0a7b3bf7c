#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is counted, against what a program is known to have done.

counters.py --vocl VOCL --cache FOLDER --program PROGRAM [TEST...]"""

import argparse
import os
import re
import subprocess
import sys
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

    def test_small_data_goes_inside_calls(self):
        said, counted, _, _ = self.run_program("inline")
        self.assertEqual(self.bulk(counted, "write"), {"inline_write_bytes": said["write"]})
        self.assertEqual(self.bulk(counted, "read"), {"inline_read_bytes": said["read"]})

    def test_large_data_is_counted_once(self):
        said, counted, _, _ = self.run_program("large")
        self.assertEqual(sum(self.bulk(counted, "write").values()), said["write"])
        self.assertEqual(sum(self.bulk(counted, "read").values()), said["read"])
        self.assertNotIn("inline_write_bytes", self.bulk(counted, "write"))

    def test_what_is_copied_is_what_was_staged_or_inside_calls(self):
        for mode in "inline", "large":
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
        _, small, _, _ = self.run_program("inline")
        _, large, _, _ = self.run_program("large")
        self.assertGreater(small["round_trips"] + small["posts"], 15)
        # Ten more transfers are at least ten more of one or the other.
        self.assertGreaterEqual(small["round_trips"] + small["posts"],
                                large["round_trips"] + large["posts"] + 10)
        self.assertGreater(small["command_bytes"], 10 * 1000)

    def test_nothing_is_said_unless_asked(self):
        for off in "", "0":
            _, _, _, err = self.run_program("inline", stats=off)
            self.assertEqual(err, "")


def main():
    global ARGS
    parser = argparse.ArgumentParser()
    for option in "vocl", "cache", "program":
        parser.add_argument("--" + option, required=True)
    ARGS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The runner itself, with shell scripts for test programs and for vocl.

usage: test_runner.py [unittest's arguments]"""

import json
import os
import stat
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as xml
from types import SimpleNamespace

import compare
import known
import pattern
import report
from outcome import CRASH, FAIL, PASS, SKIP, TIMEOUT, Case, Outcome, Ran, judge
from suites import cts, piglit, plain, pocl, pytest

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))

# Runs what stands after --, and lets it know on which side it is.
FAKE_VOCL = """#!/bin/sh
echo $$ >"$(dirname "$0")/pid-of-vocl"
while [ "$1" != -- ]; do shift; done
shift
SIDE=here exec "$@"
"""
OPTIONS = SimpleNamespace(full=False, python=None)


def case(name="c", program="p"):
    return Case("plain", program, name, ("true",))


def comparison(kind, name="c", native=PASS, here=PASS, program="p"):
    return compare.Comparison(case(name, program), Outcome(native), Outcome(here), kind)


class Verdicts(unittest.TestCase):
    def verdict(self, suite, output, status=0, name="name"):
        return judge(suite, case(name), Ran(status, output, 1)).status

    def test_a_plain_program_by_its_exit_status(self):
        suite = plain.Plain(None, OPTIONS)
        for status, expected in ((0, PASS), (1, FAIL), (77, SKIP), (255, FAIL), (139, CRASH),
                                 (-11, CRASH)):
            self.assertEqual(self.verdict(suite, "", status), expected, status)

    def test_out_of_time_comes_before_the_signal_that_ended_it(self):
        ran = Ran(137, "", 5, timed_out=True)
        self.assertEqual(judge(plain.Plain(None, OPTIONS), case(), ran).status, TIMEOUT)

    def test_cts(self):
        suite = cts.Cts(None, OPTIONS)
        end = "PASSED sub-test.\nPASSED test.\n"
        self.assertEqual(self.verdict(suite, "name...\nname passed\n" + end), PASS)
        self.assertEqual(self.verdict(suite, "name test not supported\n" + end), SKIP)
        self.assertEqual(self.verdict(
            suite, "name skipped (requires at least Device version 2.0)\n" + end), SKIP)
        self.assertEqual(self.verdict(suite, "SKIPPED 55 of 55 tests.\n"), SKIP)
        self.assertEqual(self.verdict(suite, "name FAILED\nFAILED test.\n", 1), FAIL)
        self.assertEqual(self.verdict(suite, "other test not supported\n" + end), PASS)
        self.assertEqual(self.verdict(suite, "ended early\n"), FAIL)

    def test_why_a_case_of_cts_was_skipped(self):
        ran = Ran(0, "name test not supported\nPASSED test.\n", 1)
        self.assertEqual(judge(cts.Cts(None, OPTIONS), case("name"), ran).why,
                         "name test not supported")

    def test_piglit(self):
        suite = piglit.Piglit(None, OPTIONS)
        for word, status, expected in (("pass", 0, PASS), ("skip", 0, SKIP), ("fail", 1, FAIL),
                                       ("warn", 1, FAIL)):
            line = '# Result:\nPIGLIT: {"result": "%s" }\n' % word
            self.assertEqual(self.verdict(suite, line, status), expected)
        self.assertEqual(self.verdict(suite, "no result\n"), FAIL)
        self.assertEqual(self.verdict(suite, 'PIGLIT: {"result": "pass" }\n', 134), CRASH)

    def test_parts_of_a_case_of_piglit(self):
        output = ('PIGLIT: {"subtest": {"one" : "pass"}}\nPIGLIT: {"subtest": {"two" : "fail"}}\n'
                  'PIGLIT: {"result": "fail" }\nPIGLIT: {broken}\n')
        self.assertEqual(piglit.Piglit(None, OPTIONS).parts(output), {"one": PASS, "two": FAIL})

    def test_pocl_by_the_rules_of_ctest(self):
        suite = pocl.Pocl(None, OPTIONS)
        test = {"name": "regression/x", "command": ["/x", "y"], "properties": [
            {"name": "PASS_REGULAR_EXPRESSION", "value": ["OK"]},
            {"name": "SKIP_RETURN_CODE", "value": 77},
            {"name": "ENVIRONMENT", "value": ["OCL_ICD_VENDORS=/v", "POCL_DEVICES=cpu"]}]}
        c = suite.case(test)
        self.assertEqual(c.id, "pocl/regression/x")
        self.assertEqual(c.env, {"POCL_DEVICES": "cpu"})
        for output, status, expected in (("OK", 0, PASS), ("no", 0, FAIL), ("", 77, SKIP)):
            self.assertEqual(judge(suite, c, Ran(status, output, 1)).status, expected)

    def test_pytest(self):
        suite = pytest.Pytest(None, OPTIONS)
        for text, status, expected in (("1 passed, 2 warnings in 1s", 0, PASS),
                                       ("1 skipped in 1s", 0, SKIP), ("1 failed in 1s", 1, FAIL),
                                       ("1 xfailed in 1s", 0, SKIP), ("1 deselected", 5, FAIL)):
            self.assertEqual(self.verdict(suite, text, status), expected, text)


class Comparing(unittest.TestCase):
    def test_kinds(self):
        for native, here, kind in ((PASS, PASS, compare.PASSED), (PASS, FAIL, compare.LOST),
                                   (PASS, SKIP, compare.LOST), (PASS, CRASH, compare.LOST),
                                   (PASS, TIMEOUT, compare.LOST), (SKIP, FAIL, compare.LOST),
                                   (SKIP, SKIP, compare.SKIPPED), (SKIP, PASS, compare.GAINED),
                                   (FAIL, PASS, compare.GAINED), (FAIL, SKIP, compare.FAILED),
                                   (CRASH, FAIL, compare.FAILED), (FAIL, CRASH, compare.FAILED)):
            with self.subTest(native=native, here=here):
                self.assertEqual(compare.kind_of(Outcome(native), Outcome(here)), kind)

    def test_a_part_that_is_lost_is_a_loss_of_the_case(self):
        native = Outcome(FAIL, parts={"a": PASS, "b": FAIL})
        here = Outcome(FAIL, parts={"b": FAIL})
        self.assertEqual(compare.lost_parts(native, here), ["a"])
        self.assertEqual(compare.kind_of(native, here), compare.LOST)
        self.assertEqual(compare.kind_of(native, native), compare.FAILED)

    def compare(self, native, here, again):
        def side(statuses):
            left = iter(statuses)
            return lambda _case, _limit: Outcome(next(left))

        return compare.compare(case(), side(native), side(here), again=again).kind

    def test_lost_is_what_stays_lost(self):
        self.assertEqual(self.compare([PASS] * 3, [FAIL] * 3, 2), compare.LOST)
        self.assertEqual(self.compare([PASS] * 3, [FAIL, FAIL, PASS], 2), compare.UNSTEADY)
        self.assertEqual(self.compare([PASS, FAIL], [FAIL, FAIL], 2), compare.UNSTEADY)
        self.assertEqual(self.compare([PASS], [FAIL], 0), compare.LOST)

    def test_the_remote_side_has_more_time_where_native_needs_much(self):
        limits = []
        for native in (Outcome(PASS, seconds=1), Outcome(PASS, seconds=9),
                       Outcome(TIMEOUT, seconds=10)):
            compare.compare(case(), None, lambda _case, limit: limits.append(limit) or
                            Outcome(PASS), native=native, limit=10)
        self.assertEqual(limits, [10, 9 * compare.SLOWER, 10])

    def test_what_passes_is_not_run_again(self):
        self.assertEqual(self.compare([PASS], [PASS], 2), compare.PASSED)

    def test_counts(self):
        rows = compare.tally([comparison(compare.PASSED), comparison(compare.LOST, here=CRASH),
                              comparison(compare.FAILED, native=CRASH, here=TIMEOUT),
                              comparison(compare.SKIPPED, program="q", native=SKIP, here=SKIP)])
        self.assertEqual(list(rows), ["plain/p", "plain/q"])
        p = rows["plain/p"]
        self.assertEqual((p["cases"], p[compare.PASSED], p[compare.LOST], p[compare.FAILED]),
                         (3, 1, 1, 1))
        self.assertEqual((p["crash native"], p["crash here"], p["timeout here"]), (1, 1, 1))
        self.assertEqual(compare.total(rows)["cases"], 4)
        for row in rows.values():
            self.assertEqual(sum(row[kind] for kind in compare.KINDS), row["cases"])


class Patterns(unittest.TestCase):
    def test_brackets_are_not_special(self):
        self.assertTrue(pattern.matches("a/b[*]", "a/b[x]"))
        self.assertFalse(pattern.matches("a/b[x]", "a/bx"))
        self.assertTrue(pattern.matches("a/*", "a/b/c"))
        self.assertTrue(pattern.matches("a?", "ab"))
        self.assertFalse(pattern.matches("a", "ab"))

    def test_selection(self):
        cases = [case("one"), case("two")]
        self.assertEqual(pattern.select(cases, [], ["*/one"]), cases[1:])
        self.assertEqual(pattern.select(cases, ["plain/p/o*"], []), cases[:1])


class KnownLosses(unittest.TestCase):
    TEXT = ("# About\nwords\n```\n## `not/this`\n```\n"
            "## `plain/p/a*` and `plain/q`\n\nFor a\nreason.\n")

    def test_entries(self):
        self.assertEqual(known.parse(self.TEXT),
                         [("plain/p/a*", "For a reason."), ("plain/q", "For a reason.")])

    def test_an_entry_without_a_reason_is_refused(self):
        with self.assertRaises(known.Error):
            known.parse("## `a/b`\n\n## `c/d`\n\nwhy\n")

    def test_what_is_explained_and_what_is_no_more_lost(self):
        lost, other = comparison(compare.LOST, "a1", here=FAIL), comparison(compare.LOST, "b")
        untrue = known.explain([("plain/p/a*", "why"), ("plain/p/z", "not run")], [lost, other])
        self.assertEqual((lost.known, lost.unexplained, other.unexplained), ("why", False, True))
        self.assertEqual(untrue, [])
        self.assertEqual(known.explain([("*/c", "why")], [comparison(compare.PASSED)]), ["*/c"])

    def test_ours_can_be_read(self):
        known.load(os.path.join(SOURCE, "docs/known-losses.md"))


class Reports(unittest.TestCase):
    def test_the_table_has_a_sum_if_there_are_several_programs(self):
        one = [comparison(compare.PASSED)]
        self.assertEqual(len(report.lines(one)), 2)
        two = report.lines(one + [comparison(compare.LOST, program="q", here=CRASH)])
        self.assertEqual(two[-1], ["together", "2", "1", "1", "0", "0", "0", "0", "0/1", "0"])

    def test_markdown(self):
        text = report.markdown([comparison(compare.LOST, here=FAIL)], ["x 1"], "2024-01-01")
        self.assertIn("2024-01-01; x 1", text)
        self.assertIn("| plain/p | 1 | 0 | 1 |", text)
        self.assertIn("| `plain/p/c` | native pass, here fail |", text)


class Sessions(unittest.TestCase):
    """The whole runner, on folders of scripts."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        os.mkdir(self.path("programs"))
        self.script("vocl", FAKE_VOCL)
        self.write("known.md", "# Known\n")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as f:
            return f.read()

    def script(self, name, text):
        self.write(name, text)
        os.chmod(self.path(name), stat.S_IRWXU)

    def program(self, name, body):
        self.script(f"programs/{name}", f"#!/bin/sh\n{body}\n")

    def start(self, *more, suite="plain"):
        return subprocess.Popen(
            [sys.executable, "-B", os.path.join(HERE, "run.py"), f"{suite}={self.path('programs')}",
             "--vocl", self.path("vocl"), "--known", self.path("known.md"), "--timeout", "20",
             *more],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run_it(self, *more, **kw):
        process = self.start(*more, **kw)
        output, _ = process.communicate(timeout=60)
        return process.returncode, output

    def row(self, output, name="plain/programs"):
        return next(line.split()[1:] for line in output.splitlines() if line.startswith(name))

    def test_nothing_lost(self):
        self.program("a", "exit 0")
        self.program("b", "exit 1")
        self.program("c", "exit 77")
        status, output = self.run_it()
        self.assertEqual(status, 0, output)
        self.assertEqual(self.row(output), "3 1 0 1 1 0 0 0 0".split())
        self.assertTrue(output.endswith("3 cases, 1 passed both, 0 lost\n"), output)

    def test_one_lost_is_named(self):
        self.program("a", 'test -z "$SIDE"')
        status, output = self.run_it()
        self.assertEqual(status, 1, output)
        self.assertIn("1 lost:\n  plain/programs/a\n      native pass, here fail", output)

    def test_a_known_loss_is_counted_and_forgiven(self):
        self.program("a", 'test -z "$SIDE"')
        self.write("known.md", "## `plain/programs/a`\n\nBecause.\n")
        status, output = self.run_it()
        self.assertEqual(status, 0, output)
        self.assertEqual(self.row(output)[2], "1")
        self.assertIn("known: Because.", output)

    def test_a_crash_costs_one_case(self):
        self.program("a", '[ -z "$SIDE" ] || kill -SEGV $$')
        self.program("b", "exit 0")
        status, output = self.run_it()
        self.assertEqual(status, 1, output)
        self.assertEqual(self.row(output), "2 1 1 0 0 0 0 0/1 0".split())
        self.assertIn("here crash (signal 11)", output)

    def test_a_case_that_hangs_is_ended_with_its_children(self):
        pid = self.path("pid")
        self.program("a", f'[ -z "$SIDE" ] || {{ sleep 1000 & echo $! >{pid}; wait; }}')
        status, output = self.run_it("--timeout", "1")
        self.assertEqual(status, 1, output)
        self.assertEqual(self.row(output)[-1], "0/1")
        child = self.read("pid").strip()
        self.assertFalse(os.path.exists(f"/proc/{child}/fd/0"), "the child runs on")

    def test_each_side_has_its_own_kernel_cache(self):
        self.program("a", f'echo "$POCL_CACHE_DIR $VOCL_DISABLE" >>{self.path("caches")}')
        self.run_it()
        (native, off), (here, on) = (line.split() for line in self.read("caches").splitlines())
        self.assertNotEqual(native, here)
        self.assertEqual((off, on), ("1", "0"))

    def test_native_results_are_not_made_twice(self):
        self.program("a", f'[ -n "$SIDE" ] || echo x >>{self.path("native")}')
        self.run_it("--save", self.path("saved.json"))
        status, output = self.run_it("--native-results", self.path("saved.json"))
        self.assertEqual(status, 0, output)
        self.assertEqual(self.read("native"), "x\n")
        self.assertEqual(json.loads(self.read("saved.json"))["cases"]["plain/programs/a"]["kind"],
                         "passed both")

    def test_what_is_lost_once_is_unsteady(self):
        once = self.path("once")
        self.program("a", f'[ -z "$SIDE" ] || [ -e {once} ] || {{ : >{once}; exit 1; }}')
        status, output = self.run_it("--repeat-lost", "2")
        self.assertEqual(status, 0, output)
        self.assertIn("unsteady here: run again, pass", output)

    def test_several_at_a_time_stay_in_order(self):
        for name in "abcd":
            self.program(name, 'test -z "$SIDE"')
        _, output = self.run_it("--jobs", "4")
        names = [line.split("/")[-1] for line in output.splitlines() if line.startswith("  plain/")]
        self.assertEqual(names, list("abcd"))

    def test_logs_and_junit(self):
        self.program("a", r'printf "out $SIDE \001\n"; test -z "$SIDE"')
        self.program("b", "exit 0")
        self.run_it("--logs", self.path("logs"), "--junit", self.path("junit.xml"))
        self.assertEqual(self.read("logs/plain/programs/a.here"), "out here \x01\n")
        suite = xml.parse(self.path("junit.xml")).getroot().find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("2", "1"))
        self.assertEqual(suite.find("testcase/failure").text, "out here ?\n")

    def test_an_interrupt_prints_what_there_is(self):
        self.program("a", "exit 0")
        self.program("b", f'[ -z "$SIDE" ] || {{ : >{self.path("begun")}; sleep 1000; }}')
        process = self.start()
        end = time.monotonic() + 30
        while not os.path.exists(self.path("begun")) and time.monotonic() < end:
            time.sleep(0.05)
        process.terminate()
        output, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130, output)
        self.assertEqual(self.row(output), "1 1 0 0 0 0 0 0 0".split())

    def test_a_program_of_cts_is_run_case_by_case(self):
        self.program("test_x", 'case $1 in --list) printf "\\tone\\n\\ttwo\\n" ;;\n'
                               'one) echo "PASSED test." ;;\n'
                               'two) echo "two test not supported"; echo "PASSED test." ;; esac')
        status, output = self.run_it(suite="cts")
        self.assertEqual(status, 0, output)
        self.assertEqual(self.row(output, "cts/x")[:5], "2 1 0 0 1".split())

    def test_in_a_guest(self):
        """The guest's shell is one of this machine here."""
        self.program("a", "exit 0")
        self.program("b", '[ -z "$SIDE" ] || sleep 1000')
        self.program("c", "printf '\\377'; exit 77")
        self.program("d", '[ -z "$SIDE" ] || kill -ABRT $$')
        status, output = self.run_it("--via", "vm", "--timeout", "2")
        self.assertEqual(status, 1, output)
        self.assertEqual(self.row(output), "4 1 2 0 1 0 0 0/1 0/1".split())

    def test_a_guest_that_ends_costs_one_case(self):
        self.program("a", f'[ -z "$SIDE" ] || kill -KILL $(cat {self.path("pid-of-vocl")})')
        self.program("b", "exit 0")
        status, output = self.run_it("--via", "vm")
        self.assertEqual(status, 1, output)
        self.assertEqual(self.row(output), "2 1 1 0 0 0 0 0/1 0".split())

    def test_no_guest_is_an_error(self):
        self.program("a", "exit 0")
        self.script("vocl", "#!/bin/sh\necho no kernel >&2\nexit 1\n")
        status, output = self.run_it("--via", "vm")
        self.assertEqual(status, 2, output)
        self.assertIn("no kernel", output)

    def test_a_suite_that_is_not_installed_is_skipped(self):
        done = subprocess.run([sys.executable, "-B", os.path.join(HERE, "run.py"), "piglit"],
                              env=dict(os.environ, PATH=self.path("nothing")), timeout=60,
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout),
                         (77, "conformance: piglit is not installed\n"))

    def test_a_suite_that_is_not_there(self):
        os.rmdir(self.path("programs"))
        self.assertEqual(self.run_it()[0], 2)
        os.mkdir(self.path("programs"))
        status, output = self.run_it()
        self.assertEqual((status, "no such case" in output), (2, True), output)


if __name__ == "__main__":
    unittest.main()

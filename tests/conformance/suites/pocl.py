# SPDX-License-Identifier: MIT
"""PoCL's own test programs: the folder of a build of PoCL, in which CTest knows
each test's command, its environment and the words that say that it has passed."""

import json
import re

from outcome import FAIL, PASS, SKIP, Case

from . import base

# What CTest would set so that the tests find the PoCL that was built with them.
# They shall find the host's.
LEFT_OUT = re.compile(r"OCL_ICD_\w+|POCL_BUILDING|POCL_CACHE_DIR|LD_LIBRARY_PATH")


def properties(test):
    return {p["name"]: p["value"] for p in test.get("properties", ())}


def environment(values):
    pairs = (v.partition("=")[::2] for v in values)
    return {name: value for name, value in pairs if not LEFT_OUT.fullmatch(name)}


class Pocl(base.Suite):
    name = "pocl"

    def __init__(self, where, options):
        super().__init__(where, options)
        self.rules = {}

    def cases(self):
        listed = base.output_of(["ctest", "--show-only=json-v1"], cwd=self.folder())
        return [self.case(test) for test in json.loads(listed)["tests"] if test.get("command")]

    def case(self, test):
        rules = properties(test)
        group, _, name = test["name"].rpartition("/")
        case = Case(self.name, group.replace("/", "-") or "tests", name, tuple(test["command"]),
                    environment(rules.get("ENVIRONMENT", ())), rules.get("WORKING_DIRECTORY"))
        self.rules[case.id] = rules
        return case

    def verdict(self, case, ran):
        rules = self.rules[case.id]
        if ran.status == int(rules.get("SKIP_RETURN_CODE", base.SKIPPED)) or \
                any_matches(rules.get("SKIP_REGULAR_EXPRESSION"), ran.output):
            return SKIP
        if any_matches(rules.get("FAIL_REGULAR_EXPRESSION"), ran.output):
            return FAIL
        if rules.get("PASS_REGULAR_EXPRESSION"):
            good = any_matches(rules["PASS_REGULAR_EXPRESSION"], ran.output)
        else:
            good = ran.status == 0
        return PASS if good != bool(rules.get("WILL_FAIL")) else FAIL


def any_matches(patterns, text):
    return any(re.search(p, text) for p in patterns or ())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the documentation says is there.

usage: test_docs.py SOURCE BUILD [unittest's arguments]"""

import glob
import os
import re
import subprocess
import sys
import unittest

SOURCE = os.path.abspath(sys.argv.pop(1))
BUILD = os.path.abspath(sys.argv.pop(1))

CODE_FOLDERS = ("proto", "guest-icd", "host-helper", "qemu-virtio-ocl", "tools")
FOLDERS = CODE_FOLDERS + ("tests", "docs")


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def pages():
    names = ["README.md"] + sorted(glob.glob("docs/*.md", root_dir=SOURCE))
    return {name: read(os.path.join(SOURCE, name)) for name in names}


def code():
    """The text of every source file, and of what is generated from them."""
    text = []
    for top in (SOURCE, BUILD):
        for folder in CODE_FOLDERS:
            for where, _, files in os.walk(os.path.join(top, folder)):
                text += [read(os.path.join(where, name)) for name in files
                         if name.endswith((".c", ".h", ".py")) or "." not in name and top == SOURCE]
    return "\n".join(text)


def quoted(text):
    """What stands between backquotes, outside of blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.S))


def anchors(text):
    text = re.sub(r"```.*?```", "", text, flags=re.S)
    titles = re.findall(r"^#+ (.*)$", text, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", t.lower()).strip().replace(" ", "-") for t in titles}


def options(*command):
    help_text = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", help_text))


class Documentation(unittest.TestCase):
    def test_links_lead_somewhere(self):
        for page, text in pages().items():
            for target in re.findall(r"\]\(([^)\s]+)\)", text):
                if "://" in target:
                    continue
                path, _, anchor = target.partition("#")
                file = os.path.normpath(os.path.join(SOURCE, os.path.dirname(page), path)) \
                    if path else os.path.join(SOURCE, page)
                with self.subTest(page=page, link=target):
                    self.assertTrue(os.path.exists(file))
                    if anchor:
                        self.assertIn(anchor, anchors(read(file)))

    def test_files_that_are_named_exist(self):
        for page, text in pages().items():
            for word in quoted(text):
                if not re.fullmatch(r"(%s)/[\w.*\[\]/-]*" % "|".join(FOLDERS), word) or "NAME" in word:
                    continue
                # Of two folders with one name, the build's has what is generated.
                with self.subTest(page=page, file=word):
                    self.assertTrue(glob.glob(os.path.join(SOURCE, word)) or
                                    glob.glob(os.path.join(BUILD, word)))

    def test_names_that_are_quoted_are_the_code_s(self):
        text = code()
        known = set(re.findall(r"\w+", text))
        name = re.compile(r"\b(?:gcl|hcl|vocl)_\w*[a-zA-Z]|\b(?:GCL|HCL|VOCL|VIRTIO_OCL)_\w*[A-Z]")
        for page, page_text in pages().items():
            for word in quoted(page_text):
                for n in name.findall(word):
                    if "NAME" in n:
                        continue
                    with self.subTest(page=page, name=n):
                        self.assertIn(n, known)

    def test_every_environment_variable_is_described(self):
        described = pages()["docs/configuration.md"]
        for folder in ("guest-icd", "host-helper", "tools", "proto"):
            for file in glob.glob(os.path.join(SOURCE, folder, "*.c")):
                for name in re.findall(r'getenv\("(\w+)"\)', read(file)):
                    with self.subTest(file=os.path.basename(file), variable=name):
                        self.assertIn(f"`{name}`", described)

    def test_every_counter_is_counted(self):
        text = code()
        lists = re.findall(r"define VOCL_(GUEST|HOST)_COUNTER_LIST\(X\)(.*?)\n\n",
                           read(os.path.join(SOURCE, "proto/counters.h")), flags=re.S)
        self.assertEqual([side for side, _ in lists], ["GUEST", "HOST"])
        for side, counters in lists:
            # Native objects are counted by their type's number.
            for name in re.findall(r"X\(\d+, (\w+),", counters.partition("native objects")[0]):
                with self.subTest(counter=name):
                    self.assertIn(f"{side[0]}CL_N_{name}", text)

    def check_options(self, page, *command):
        described = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", pages()[page]))
        missing = options(*command) - described
        self.assertFalse(missing, f"not in {page}: {' '.join(sorted(missing))}")

    def test_the_helper_s_options_are_described(self):
        self.check_options("docs/configuration.md",
                           os.path.join(BUILD, "host-helper/vocl-helper"), "--help")

    def test_the_options_of_vocl_run_are_described(self):
        self.check_options("docs/configuration.md", os.path.join(BUILD, "vocl"), "run", "--help")

    def test_the_options_of_vocl_bench_are_described(self):
        self.check_options("docs/benchmarking.md", os.path.join(BUILD, "vocl"), "bench", "--help")

    @unittest.skipUnless(os.path.exists(os.path.join(BUILD, "tools/vocl-bench-probe")),
                         "built without an OpenCL loader")
    def test_every_measurement_is_described(self):
        text = pages()["docs/benchmarking.md"]
        listed = subprocess.run([os.path.join(BUILD, "vocl"), "bench", "--list"], check=True,
                                capture_output=True, text=True, timeout=30).stdout
        names = {re.sub(r"\.\d+[KMG]$", ".SIZE", line.split()[0]) for line in listed.splitlines()}
        self.assertGreater(len(names), 20)
        for name in names:
            with self.subTest(measurement=name):
                self.assertRegex(text, rf"`{re.escape(name)}\b")

    def test_the_options_of_vocl_top_are_described(self):
        self.check_options("docs/configuration.md", os.path.join(BUILD, "vocl"), "top", "--help")

    def test_the_options_of_vocl_vm_are_described(self):
        described = pages()["docs/vm.md"]
        for option in options(os.path.join(BUILD, "vocl"), "vm", "--help"):
            if option in ("--help", "--usage", "--version", "--quiet", "--verbose"):
                continue
            with self.subTest(option=option):
                self.assertIn(option, described)

    def test_options_that_are_described_exist(self):
        text = pages()["docs/configuration.md"]
        helper = text.split("## vocl-helper")[1].split("\n## ")[0]
        known = options(os.path.join(BUILD, "host-helper/vocl-helper"), "--help")
        for option in re.findall(r"^\| .*?(?=\|)", helper, flags=re.M):
            for name in re.findall(r"--[a-z][a-z-]*", option):
                with self.subTest(option=name):
                    self.assertIn(name, known)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: MIT
"""docs/known-losses.md: a heading names cases, the text below says why they are lost.

    ## `suite/program/case`

    Why it cannot pass, in two lines.

A pattern may have * and ?. Nothing else is read: text before the first such
heading, blocks of code and headings without a pattern are for people."""

import re

from compare import LOST
from pattern import matches

HEADING = re.compile(r"#+ +(.*)")


class Error(Exception):
    pass


def parse(text):
    """[(pattern, why)] in order. An entry that says no reason is an error."""
    entries, below = [], None
    for line in re.sub(r"```.*?```", "", text, flags=re.S).splitlines():
        heading = HEADING.match(line)
        if heading:
            below = []
            for pattern in re.findall(r"`([^`]+)`", heading[1]):
                entries.append((pattern, below))
        elif below is not None and line.strip():
            below.append(line.strip())
    for pattern, why in entries:
        if not why:
            raise Error(f"no reason is given for `{pattern}`")
    return [(pattern, " ".join(why)) for pattern, why in entries]


def load(path):
    with open(path, encoding="utf-8") as f:
        return parse(f.read())


def explain(entries, comparisons):
    """Enter the reasons into what is lost. Returns the patterns of those entries
    whose cases were run and of which none is lost: they have become untrue."""
    untrue = []
    for pattern, why in entries:
        met = [c for c in comparisons if matches(pattern, c.case.id)]
        lost = [c for c in met if c.kind == LOST]
        for c in lost:
            c.known = c.known or why
        if met and not lost:
            untrue.append(pattern)
    return untrue

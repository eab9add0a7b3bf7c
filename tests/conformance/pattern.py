# SPDX-License-Identifier: MIT
"""Patterns of case names: * and ? alone are special, since names have brackets."""

import re


def matches(pattern, name):
    text = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(text, name, re.S) is not None


def select(cases, only, skip):
    return [c for c in cases
            if (not only or any(matches(p, c.id) for p in only))
            and not any(matches(p, c.id) for p in skip)]

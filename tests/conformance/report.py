# SPDX-License-Identifier: MIT
"""What was found, for people and for machines."""

import datetime
import os
import re
import xml.etree.ElementTree as xml

from compare import (FAILED, GAINED, KINDS, LOST, PASSED, SKIPPED, UNSTEADY, difference, tally,
                     total)
from outcome import CRASH, TIMEOUT

TITLES = ("", "cases", "passed both", "lost here", "failed both", "skipped both", "gained",
          "unsteady", "crashed", "timed out")
# Of a lost case's output, in JUnit's file.
TAIL = 4000
# What XML cannot hold.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def cells(name, row):
    def sides(what):
        native, here = row[f"{what} native"], row[f"{what} here"]
        return f"{native}/{here}" if native or here else "0"
    return [name, *(str(row[key]) for key in ("cases", *KINDS)), sides(CRASH), sides(TIMEOUT)]


def lines(comparisons):
    """The table's: titles, a line for each program, and their sum if there are several."""
    rows = tally(comparisons)
    body = [cells(name, row) for name, row in rows.items()]
    if len(rows) > 1:
        body.append(cells("together", total(rows)))
    return [list(TITLES), *body]


def table(comparisons):
    rows = lines(comparisons)
    widths = [max(len(row[i]) for row in rows) for i in range(len(TITLES))]
    return "\n".join("  ".join([row[0].ljust(widths[0])] +
                               [c.rjust(w) for c, w in zip(row[1:], widths[1:])])
                     for row in rows) + "\ncrashed, timed out: natively/here"


def of_kind(comparisons, *kinds):
    return [c for c in comparisons if c.kind in kinds]


def ended_badly(comparisons, kind):
    """Of those cases the ones that crashed or hung on either side: they say something
    about the runtime, or about us, that a count does not."""
    return [c for c in of_kind(comparisons, kind)
            if {c.native.status, c.remote.status} & {CRASH, TIMEOUT}]


def listing(title, comparisons):
    if not comparisons:
        return ""
    text = f"\n{len(comparisons)} {title}:\n"
    for c in comparisons:
        text += f"  {c.case.id}\n      {difference(c)}\n"
        if c.known:
            text += f"      known: {c.known}\n"
    return text


def people(comparisons, untrue=()):
    """The table and the lists below it."""
    text = table(comparisons) + "\n"
    text += listing("lost", [c for c in comparisons if c.unexplained])
    text += listing("lost, for a reason that is known",
                    [c for c in of_kind(comparisons, LOST) if c.known])
    text += listing("unsteady", of_kind(comparisons, UNSTEADY))
    text += listing("gained", of_kind(comparisons, GAINED))
    text += listing("failed both by a crash or for want of time",
                    ended_badly(comparisons, FAILED))
    if untrue:
        text += "\nknown losses that are none, or no more:\n"
        text += "".join(f"  {pattern}\n" for pattern in untrue)
    return text


def markdown(comparisons, facts, date=None):
    """For docs/conformance.md."""
    date = date or datetime.date.today().isoformat()
    rows = lines(comparisons)
    text = f"{date}; " + "; ".join(facts) + "\n\n" if facts else f"{date}\n\n"
    for number, row in enumerate(rows):
        text += "| " + " | ".join(row) + " |\n"
        if number == 0:
            text += "|---|" + "--:|" * (len(row) - 1) + "\n"
    lost = of_kind(comparisons, LOST)
    if lost:
        text += "\n| lost | |\n|---|---|\n"
        text += "".join(f"| `{c.case.id}` | {(c.known or difference(c)).replace('|', ' ')} |\n"
                        for c in lost)
    return text


def junit(comparisons, path, log_of):
    """One testsuite for each program. A lost case is a failure; what is known to
    be lost, fails natively or was skipped is skipped."""
    top = xml.Element("testsuites")
    suites = {}
    for c in comparisons:
        name = f"{c.case.suite}.{c.case.program}"
        if name not in suites:
            suites[name] = xml.SubElement(top, "testsuite", name=name)
        case = xml.SubElement(suites[name], "testcase", classname=name, name=c.case.name or name,
                              time=f"{c.remote.seconds:.3f}")
        add_result(case, c, log_of)
    for suite in suites.values():
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(len(suite.findall("testcase/failure"))))
        suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    xml.ElementTree(top).write(path, encoding="utf-8", xml_declaration=True)


def add_result(element, c, log_of):
    if c.unexplained:
        failure = xml.SubElement(element, "failure", type=f"lost, {c.remote.status}",
                                 message=clean(difference(c)))
        failure.text = clean(tail(log_of(c.case, "here")))
    elif c.kind == LOST:
        xml.SubElement(element, "skipped", message=clean(f"known loss: {c.known}"))
    elif c.kind in (FAILED, SKIPPED, UNSTEADY):
        xml.SubElement(element, "skipped", message=clean(f"{c.kind}: {difference(c)}"))


def clean(text):
    return NOT_XML.sub("?", text)


def tail(path):
    if not os.path.exists(path):
        return ""
    with open(path, "rb") as f:
        f.seek(max(0, os.path.getsize(path) - TAIL))
        return f.read().decode(errors="replace")


def summary(comparisons, unexplained):
    """The last line."""
    passed = len(of_kind(comparisons, PASSED))
    known = len(of_kind(comparisons, LOST)) - unexplained
    return (f"{len(comparisons)} cases, {passed} passed both, {unexplained} lost"
            + (f", {known} more for a reason that is known" if known else ""))

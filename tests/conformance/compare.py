# SPDX-License-Identifier: MIT
"""Native against remote: what kind of difference a case is, and the counts."""

import dataclasses

from outcome import CRASH, PASS, RANK, SKIP, TIMEOUT, Case, Outcome

PASSED, LOST, FAILED, SKIPPED, GAINED, UNSTEADY = (
    "passed both", "lost", "failed both", "skipped both", "gained", "unsteady")
KINDS = (PASSED, LOST, FAILED, SKIPPED, GAINED, UNSTEADY)

# What a case may take longer through us before its time is up: not being as fast
# as native is no loss. VMs without KVM compute slowly.
SLOWER = 3


@dataclasses.dataclass
class Comparison:
    case: Case
    native: Outcome
    remote: Outcome
    kind: str
    note: str = ""  # what running it again has shown
    known: str = ""  # why it cannot pass, of docs/known-losses.md

    @property
    def unexplained(self):
        return self.kind == LOST and not self.known


def lost_parts(native, remote):
    """The names of a case's parts that ended worse through us than natively."""
    return [name for name, status in native.parts.items()
            if RANK[remote.parts.get(name, CRASH)] < RANK[status]]


def kind_of(native, remote):
    """Lost is what ends worse than natively, also if only a part of the case does."""
    if RANK[remote.status] < RANK[native.status] or lost_parts(native, remote):
        return LOST
    if native.status == PASS:
        return PASSED
    if remote.status == PASS:
        return GAINED
    return SKIPPED if native.status == remote.status == SKIP else FAILED


def difference(comparison):
    """One line on what the two sides did."""
    c = comparison
    text = f"native {c.native.status}, here {c.remote.status}"
    why = c.remote.why or c.native.why
    parts = lost_parts(c.native, c.remote)
    if parts and c.native.status == c.remote.status:
        text += f", of its parts lost: {', '.join(parts)}"
    elif why:
        text += f" ({why})"
    return text + (f"; {c.note}" if c.note else "")


def compare(case, run_native, run_remote, native=None, again=0, limit=0):
    """Run a case on both sides, by run(case, limit); what is lost, up to `again` times more.

    It stays lost only if every run shows it: a case that does not always pass
    natively, or not always fails through us, is unsteady."""
    native = native or run_native(case, limit)
    # What has no end natively need not be waited for longer.
    remote_limit = limit if native.status == TIMEOUT else max(limit, SLOWER * native.seconds)
    remote = run_remote(case, remote_limit)
    kind, note = kind_of(native, remote), ""
    for _ in range(again if kind == LOST else 0):
        second_native, second_remote = run_native(case, limit), run_remote(case, remote_limit)
        if kind_of(native, second_native) == LOST:
            kind, note = UNSTEADY, f"natively unsteady: run again, {second_native.status}"
            break
        if kind_of(native, second_remote) != LOST:
            kind, note = UNSTEADY, f"unsteady here: run again, {second_remote.status}"
            break
    return Comparison(case, native, remote, kind, note)


def tally(comparisons):
    """{name of a program: {kind or what is counted besides: number}}, in order."""
    rows = {}
    for c in comparisons:
        name = f"{c.case.suite}/{c.case.program}"
        row = rows.setdefault(name, dict.fromkeys(
            ("cases", *KINDS, "crash native", "crash here", "timeout native", "timeout here"), 0))
        row["cases"] += 1
        row[c.kind] += 1
        for status in (CRASH, TIMEOUT):
            row[f"{status} native"] += c.native.status == status
            row[f"{status} here"] += c.remote.status == status
    return rows


def total(rows):
    sums = {}
    for row in rows.values():
        for key, value in row.items():
            sums[key] = sums.get(key, 0) + value
    return sums

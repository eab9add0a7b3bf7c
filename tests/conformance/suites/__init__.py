# SPDX-License-Identifier: MIT
"""The kinds of test programs that the runner knows. base.py has their interface."""

from . import cts, piglit, plain, pocl, pytest

SUITES = {s.name: s for s in (cts.Cts, piglit.Piglit, plain.Plain, pocl.Pocl, pytest.Pytest)}

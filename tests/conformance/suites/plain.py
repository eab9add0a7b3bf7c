# SPDX-License-Identifier: MIT
"""Any folder of programs: each is one case, which passes if it exits with 0 and
is skipped if it exits with 77."""

import os

from outcome import Case

from . import base


class Plain(base.Suite):
    name = "plain"

    def cases(self):
        return [Case(self.name, os.path.basename(self.folder()), os.path.basename(path), (path,))
                for path in base.programs(self.folder())]

# SPDX-License-Identifier: MIT
"""A plugin of pytest that knows its tests by names without device and address.

VOCL_TEST_LIST=1  print "case: NAME" for each test
VOCL_TEST_CASE=   run only the test of this name"""

import os
import re


def plain_name(item):
    """FILE::TEST[PARAMETERS], the OpenCL device and whatever has an address left out."""
    name = re.sub(r"<(?:[^<>]|<[^<>]*>)*>", "<>", item.nodeid)
    return re.sub(r"0x[0-9a-f]{6,}", "0x", name)


def pytest_collection_modifyitems(config, items):
    names, count = {}, {}
    for item in items:
        name = plain_name(item)
        count[name] = count.get(name, 0) + 1
        names[item] = name if count[name] == 1 else f"{name}#{count[name]}"
    if os.environ.get("VOCL_TEST_LIST"):
        for name in names.values():
            print(f"case: {name}")
    wanted = os.environ.get("VOCL_TEST_CASE")
    if wanted:
        config.hook.pytest_deselected(items=[i for i in items if names[i] != wanted])
        items[:] = [i for i in items if names[i] == wanted]

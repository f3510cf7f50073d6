# SPDX-License-Identifier: EUPL-1.2
"""Judges deploy/. Run by tests/run, stage deploy, with the Python of tests/lib/requirements.txt.

    python tests/deploy/check.py NAME        one check: units, container, compose, live, chart, observe, texts
    python tests/deploy/check.py breaking    breaks deploy/ in many ways and sees that the checks notice each

Exit code 1 when something is wrong, with one line per problem.
"""

import sys

import breaking
import chart
import compose
import container
import live
import observe
import texts
import units
from common import ROOT

CHECKS = {module.__name__: module.check for module in (units, container, compose, live, chart, observe, texts, breaking)}


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in CHECKS:
        print(__doc__)
        return 2
    problems = CHECKS[sys.argv[1]](ROOT / "deploy")
    for problem in problems:
        print(f"error: {problem}")
    return 1 if problems else 0


sys.exit(main())

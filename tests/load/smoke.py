#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Every load driver of the cluster once, with small numbers, in one cluster: that they work, not how fast anything is.

    tests/load/smoke.py

A stage of tests/run calls it. A figure counts as missed only beyond ten times its target; items lost, a part that ends
badly and a finding of `eakte reconcile` count as they are. The measuring commands are the drivers themselves.

Needs target/debug/eakte and the examples (cargo build --workspace --bins --examples), tesseract, poppler-utils.
"""
import argparse
import sys
import time

import annahme
import arbeiter
import hop
import lib
import posten
import speicher
import tag

SETTINGS = "Everything the drivers ask of PostgreSQL together"
LESS = {speicher: {"messages": 800}}


def main():
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    figures = lib.Zahlen("All load drivers", True, SETTINGS)
    # All together in a minute and a half: the slowest gets still less than its own --smoke.
    small = lambda driver: lib.settle(argparse.Namespace(smoke=True, **LESS.get(driver, {})), driver.NUMBERS)
    hop.bare(figures, small(hop))
    city = lib.Stadt(posten.DATABASE + hop.DATABASE, hop.ENV)
    with city:
        for driver in (posten, hop, annahme, arbeiter, speicher, tag):
            began = time.monotonic()
            print(f"{driver.__name__}:", file=sys.stderr)
            driver.measure(city, figures, small(driver))
            print(f"  {driver.__name__} took {time.monotonic() - began:.1f} s", file=sys.stderr)
    lib.end(figures, city)


if __name__ == "__main__":
    main()

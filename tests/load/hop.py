#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""What a hop costs: from the commit that makes a job ready until a worker has it in hand, over RabbitMQ.

    tests/load/hop.py [--parallel 64] [--seconds 10] [--smoke]

A process with one service task is deployed into a running cluster; services/platform-testkit/examples/hop.rs starts it and
is the worker, with the parts our workers use. The clock starts at the time PostgreSQL notes for the commit of the job's
row (taken before it is synced) and ends when the worker's function is called; both read the clock of this machine. Three
loads: as fast as it goes, half of that, ten per second. Target at half load and at rest: median < 5 ms, 99 % < 25 ms.
Beside it the bare hop without engine and database: published until consumed (examples/bus.rs, a broker of its own).

Needs target/release/eakte and the examples (cargo build --release --workspace --bins --examples).
"""
import time

import lib
import load

NUMBERS = {"parallel": (64, 16, "processes under way at once"), "seconds": (10, 1, "time of each run")}
DATABASE = "\ntrack_commit_timestamp = on\n"
ENV = {"EAKTE_WORKER__WEITERE": "messung.hop.v1"}
SETTINGS = "PostgreSQL of deploy/postgresql.conf with track_commit_timestamp=on, RabbitMQ of deploy/cluster, one worker"
COMMITS = """SELECT instanz, min((extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1e6)::bigint)
  FROM geschaeftsgang_verlauf WHERE instanz IN (SELECT id FROM geschaeftsgang_instanz WHERE process = 'messung_hop') GROUP BY instanz"""
PROCESS = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:eakte="urn:eakte:bpmn:1" id="messung" targetNamespace="urn:eakte:messung">
<process id="messung_hop" name="Messung" isExecutable="true">
<startEvent id="Anfang"><outgoing>f1</outgoing></startEvent>
<serviceTask id="Auftrag" name="Auftrag" implementation="messung.hop.v1" eakte:eingabe="{text: text}" eakte:ergebnis="ergebnis" eakte:versuche="3">
<incoming>f1</incoming><outgoing>f2</outgoing></serviceTask>
<endEvent id="Ende"><incoming>f2</incoming></endEvent>
<sequenceFlow id="f1" sourceRef="Anfang" targetRef="Auftrag"/><sequenceFlow id="f2" sourceRef="Auftrag" targetRef="Ende"/>
</process></definitions>
"""


def drift():
    return time.time() - time.monotonic()


def measure(city, figures, options):
    file = city.folder / "messung_hop.bpmn"
    file.write_text(PROCESS)
    city.command("workflow", "deploy", str(file), env=city.core)
    url = city.secret("hop", city.broker.url())
    clock = drift()
    runs = lib.example("hop", url, options.parallel, options.seconds)
    if abs(drift() - clock) > 0.001:
        city.problems.append(f"the clock of this machine was moved by {(drift() - clock) * 1000:.1f} ms while it was read")
    ready = {instance: int(at) for instance, at in city.rows(COMMITS)}
    for name, words, targets in (("full", f"{options.parallel} under way", (None, None)), ("half", "half load", (5, 25)),
                                 ("idle", "ten per second", (5, 25))):
        jobs = runs[name]["jobs"]
        hops = [(at - ready[instance]) / 1e6 for instance, at in jobs]
        figures.add(f"jobs per second, {words}", runs[name]["per_second"], "/s")
        figures.add(f"job ready → worker has it, {words}, median of {len(hops)}", load.median_ms(hops), "ms", at_most=targets[0])
        figures.add(f"job ready → worker has it, {words}, 99 %", load.percentile_ms(hops, 0.99), "ms", at_most=targets[1])
        figures.add(f"job ready → worker has it, {words}, slowest", max(hops) * 1000, "ms")


def bare(figures, options):
    """Without engine and database."""
    report = lib.example("bus", 8, max(1, int(options.seconds / 2)))
    for name, words in (("full", "8 senders without a pause"), ("half", "half load"), ("fifty_per_second", "fifty per second")):
        figures.add(f"bare: published per second, {words}", report[name]["per_second"], "/s")
        for part, word in (("median", "median"), ("p99", "99 %")):
            figures.add(f"bare: published → consumed, {words}, {word}", report[name]["hop_ms"][part], "ms")


if __name__ == "__main__":
    lib.drive(__doc__, "A hop over RabbitMQ", NUMBERS, SETTINGS, measure, (DATABASE, ENV), bare)

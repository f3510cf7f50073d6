#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Memory of each service over very many messages through the real path.

    tests/load/speicher.py [--messages 1000000] [--clients 4] [--smoke]

Invoices go from the HTTP API to the approver's desk, the cheapest real path that wakes every service but one; one of
fifty is also certified and ordered through the API, which wakes the hand-over. A message is one that the broker has
confirmed to a service (eakte_bus_published_total): a command, a job or a result; how many an item makes is printed. At each
5 % the resident memory of every process is read, its children apart. Flat: the line through the last half rises by less
than 5 % or less than 10 MB. Database, broker and store are shown, not judged: they may use what they were given.

Handing in keeps pace: never more than `ahead` items without a task. A million messages take about an hour on two cores.
Needs target/release/eakte.
"""
import itertools
import statistics
import sys
import time

import lib
import lib_menschen
import lib_post

NUMBERS = {"messages": (1_000_000, 5_000, "messages on the broker"), "clients": (4, 4, "client systems at once"),
           "ahead": (400, 100, "items that may be without a task")}
SETTINGS = "PostgreSQL of deploy/postgresql.conf, RabbitMQ and S3 of deploy/cluster"
SAMPLES, FLAT_SHARE, FLAT_MB, APPROVED = 20, 0.05, 10, 50


def memory(city):
    """MB of each part, and of the children of each."""
    found = {}
    for name, pid in city.parts():
        found[name] = lib.resident_mb(pid)
        children = [p for p in lib.tree(pid) if p != pid]
        if children and name in lib.cluster.CORE + lib.cluster.WORKERS:
            found[f"{name}, children"] = sum(map(lib.resident_mb, children))
    return found


def growth(values):
    """MB by which the straight line through the last half rises (least squares)."""
    last = values[len(values) // 2:]
    if len(last) < 2:
        return 0
    return statistics.linear_regression(range(len(last)), last).slope * (len(last) - 1)


def recorded(city):
    """Invoices whose facts are in the record so far; the same commit puts them on a desk."""
    values = city.metrics(city.service("akten")).items()
    return sum(v for (name, labels), v in values if name == "eakte_jobs_done_total" and "akten.erfassen.v1" in labels and '"ok"' in labels)


def feed(city, count, options, numbers):
    """Hands in this many and lets the rest of the path follow."""
    lib_post.hand_in(city, itertools.islice(numbers, count), options.clients)


def measure(city, figures, options):
    numbers = lib_post.invoices("SPEICHER")
    people = lib_menschen.Amt(city)
    first = sum(city.published().values())
    messages = lambda: sum(city.published().values()) - first
    before, began_with = city.desked(), recorded(city)
    samples, items, approved, began = [], 0, 0, time.monotonic()
    while True:
        done = messages()
        if done >= options.messages * len(samples) / SAMPLES:
            samples.append((done, memory(city)))
            print(f"  {done:,.0f} messages, {items:,} items, {items / (time.monotonic() - began + 0.001):.0f}/s, "
                  f"{sum(v for n, v in samples[-1][1].items() if n in lib.cluster.CORE + lib.cluster.WORKERS):.0f} MB", file=sys.stderr)
            if done >= options.messages:
                break
        step = max(20, min(options.ahead, options.messages // SAMPLES // 10))
        feed(city, step, options, numbers)
        items += step
        approved += people.approve(max(1, step // APPROVED))
        # Who is too far ahead waits. Asked of a counter: to count tasks would cost more the longer this runs.
        lib.cluster.wait("the items before", 600, lambda: recorded(city) - began_with >= items - options.ahead)
    city.until_desked(before + items)
    total = messages()
    figures.add("messages confirmed by the broker", total, "")
    figures.add("of them per item", total / items, "")
    figures.add("items on a desk", items, "")
    figures.add("of them certified and ordered", approved, "")
    figures.add("items per second", items / (time.monotonic() - began), "/s")
    for name in samples[-1][1]:
        values = [at.get(name, 0) for _, at in samples]
        rise, half = growth(values), values[len(values) // 2:]
        judged = name.split(",")[0] in lib.cluster.CORE + lib.cluster.WORKERS
        limit = max(FLAT_MB, FLAT_SHARE * statistics.mean(half)) if judged else None
        figures.add(f"{name}: first {values[0]:.0f}, half {half[0]:.0f}, last {values[-1]:.0f} MB; rise over the last half",
                    rise, "MB", at_most=limit)


if __name__ == "__main__":
    lib.drive(__doc__, "Memory over messages", NUMBERS, SETTINGS, measure)

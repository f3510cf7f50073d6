#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Acknowledgement of uploads while many items wait, and that nothing is missing when they are done.

    tests/load/annahme.py [--items 20000] [--rate 50] [--seconds 60] [--smoke]

The workers are stopped, as in an outage of their machine. Invoices are handed in without a pause until `items` wait, then
at a steady `rate` for `seconds`: each has its moment, and its time counts from then. Target: 99 % within 100 ms. Then the
workers start, everything is worked off, and every item must be a task. Beside it the bare parts of an acknowledgement on
the same disk: a file of the size of an invoice written and synced, one row committed.

Takes about a quarter of an hour on two cores. Needs target/release/eakte.
"""
import os
import time

import lib
import lib_post
import load

NUMBERS = {"items": (20_000, 80, "items that wait"), "rate": (50, 25, "uploads per second"),
           "seconds": (60, 2, "time of the steady run"), "clients": (4, 4, "client systems at once")}
SETTINGS = "PostgreSQL of deploy/postgresql.conf, RabbitMQ and S3 of deploy/cluster, workers stopped"
WORKERS = ["erkennung", "rechnung", "einordnung", "uebergabe"]


def bare_file(city, count=200):
    """Seconds to write and sync a file of an invoice's size with its folder, in the folder of the cluster."""
    body, times = next(lib_post.invoices("NACKT", 1)).body, []
    folder = os.open(city.folder, os.O_RDONLY)
    for n in range(count):
        began = time.monotonic()
        with open(city.folder / f"nackt-{n}", "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        os.fsync(folder)
        times.append(time.monotonic() - began)
    os.close(folder)
    return times


def bare_commit(city):
    """Milliseconds for a commit of one row, after pgbench, one client."""
    database, script = city.database, city.database.data / "nackt.sql"
    database.sql("CREATE TABLE nackt (n BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text TEXT NOT NULL)")
    script.write_text("INSERT INTO nackt (text) VALUES (repeat('x', 500));\n")
    text = database.run("pgbench", "-n", "-M", "prepared", "-c", "1", "-T", "2", "-f", str(script), "-h", "127.0.0.1",
                        "-p", str(database.port), "-U", "postgres", "postgres")
    database.sql("DROP TABLE nackt")
    return float(next(line.split("=")[1].split()[0] for line in text.splitlines() if line.startswith("latency average")))


def measure(city, figures, options):
    before, _ = city.waiting()
    file, commit = bare_file(city), bare_commit(city)
    lib_post.hand_in(city, lib_post.invoices("ANNAHMEWARM", 10), options.clients)
    city.until_tasks(before + 10, 120)
    city.pause(WORKERS)
    full = lib_post.hand_in(city, lib_post.invoices("WARTET", options.items), options.clients)
    city.until_jobs(options.items)
    steady = lib_post.hand_in(city, lib_post.invoices("RATE", int(options.rate * options.seconds)), 4 * options.clients, options.rate)
    waiting = city.number("SELECT count(*) FROM geschaeftsgang_auftrag")
    resident = {name: lib.resident_mb(pid) for name, pid in city.parts()}
    began = time.time()
    city.resume(WORKERS)
    total = before + 10 + full.count + steady.count
    last = city.until_tasks(total, 300 + total, every=1)
    tasks, _ = city.waiting()
    add = figures.add
    add("bare: a file written and synced, median", load.median_ms(file), "ms")
    add("bare: a file written and synced, 99 %", load.percentile_ms(file, 0.99), "ms")
    add("bare: one row committed, mean", commit, "ms")
    add(f"handed in while workers were stopped, {options.clients} clients without a pause", full.rate(), "/s")
    add("acknowledgement in that run, 99 %", load.percentile_ms(full.times, 0.99), "ms")
    add(f"acknowledgement at {options.rate}/s while {waiting:.0f} items wait, median", load.median_ms(steady.times), "ms")
    add(f"acknowledgement at {options.rate}/s while {waiting:.0f} items wait, 99 %", load.percentile_ms(steady.times, 0.99), "ms", at_most=100)
    for name in ("portal", "eingang", "geschaeftsgang"):
        add(f"resident while they wait, {name}", resident[name], "MB")
    add("worked off after the workers' start", (total - before - 10) / (last - began), "/s")
    add("items without a task at the end", total - tasks, "", at_most=0)
    if waiting < options.items:
        city.problems.append(f"only {waiting:.0f} items waited")


if __name__ == "__main__":
    lib.drive(__doc__, "Acknowledgement while items wait", NUMBERS, SETTINGS, measure)

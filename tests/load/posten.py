#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""XRechnung accepted until the approver's task waits, through the whole cluster, beside the bare database.

    tests/load/posten.py [--items 1000] [--clients 4] [--smoke]

The invoices are handed in over the HTTP API, as fast as the clients go; an item is done when its task is there. What the
run committed is read back from PostgreSQL's own log (logical decoding): every transaction with every changed row. The
bare driver (services/platform-testkit/examples/nackt.rs) commits the same transactions with the same rows again, into a
copy of the database taken before the run, on the same server, with prepared statements and as many connections as the
services had, without anything else. Target: at least 60 % of its rate.

EAKTE_STATEMENTS=1 counts each statement of the run by pg_stat_statements and prints those that take the longest; a run
with it is a little slower.

Needs target/release/eakte and the examples (cargo build --release --workspace --bins --examples).
"""
import json
import os
import re
import sys
import time

import lib
import lib_post
import load

NUMBERS = {"items": (1000, 40, "invoices of the measured run"), "clients": (4, 4, "client systems at once")}
DATABASE = "\nwal_level = logical\nmax_replication_slots = 4\n"
STATEMENTS = bool(os.environ.get("EAKTE_STATEMENTS"))
if STATEMENTS:
    DATABASE += "shared_preload_libraries = 'pg_stat_statements'\n"
TOP = """SELECT calls, total_exec_time, regexp_replace(left(query, 150), '\\s+', ' ', 'g') FROM pg_stat_statements
  ORDER BY total_exec_time DESC LIMIT 40"""
SETTINGS = "PostgreSQL of deploy/postgresql.conf with wal_level=logical, RabbitMQ and S3 of deploy/cluster"
FIELD = re.compile(r"""(\w+|"[^"]+")\[([^\]]+)\]:(null|unchanged-toast-datum|'(?:[^']|'')*'|[^\s]+)""")
CHANGE = re.compile(r"table public\.(\S+): (INSERT|UPDATE|DELETE): (.*)", re.DOTALL)
KEYS = """SELECT c.conrelid::regclass, a.attname FROM pg_constraint c JOIN pg_attribute a
  ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) WHERE c.contype = 'p' AND c.connamespace = 'public'::regnamespace"""
PARENTS = """SELECT c.conrelid::regclass, a.attname, c.confrelid::regclass FROM pg_constraint c JOIN pg_attribute a
  ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace"""


class Log:
    """Transactions of the database's own log, as work for the bare driver."""

    def __init__(self, city):
        self.keys, self.parents = {}, {}
        for table, column in city.rows(KEYS):
            self.keys.setdefault(table, set()).add(column)
        for table, column, parent in city.rows(PARENTS):
            self.parents.setdefault(table, []).append((column, parent))
        self.statements, self.transactions = {}, []
        self.kinds, self.bytes = {"INSERT": 0, "UPDATE": 0, "DELETE": 0}, 0
        # The transaction that touched a row last; who touches it next waits for it.
        self.last = {}

    def statement(self, text):
        return self.statements.setdefault(text, len(self.statements))

    def read(self, lines):
        # A change may hold line ends; a line of the log begins with its kind.
        ops, after = [], set()
        for line in lines:
            if line.startswith("BEGIN"):
                ops, after = [], set()
            elif line.startswith("COMMIT"):
                if ops:
                    self.transactions.append({"after": sorted(after - {len(self.transactions)}), "ops": packed(ops)})
            elif match := CHANGE.match(line):
                ops.append(self.change(after, *match.groups()))
            else:
                sys.exit(f"a line of the log is not understood: {line[:200]}")

    def change(self, after, table, kind, rest):
        self.bytes += len(rest)
        self.kinds[kind] += 1
        old, _, new = rest.rpartition(" new-tuple: ")
        if old:
            sys.exit(f"a key of {table} changes: {old[:100]}")
        values = {name.strip('"'): (typ, text) for name, typ, text in FIELD.findall(new)}
        values = {n: (t, plain(v)) for n, (t, v) in values.items() if v != "unchanged-toast-datum"}
        key = {n for n in self.keys.get(table, ()) if n in values}
        if kind != "INSERT" and key != self.keys.get(table):
            sys.exit(f"{table} has no key: {rest[:200]}")
        # Own row, and the rows it refers to.
        touched = [(table, *sorted(values[n][1] for n in key))]
        touched += [(parent, values[c][1]) for c, parent in self.parents.get(table, ()) if c in values]
        for n, row in enumerate(touched):
            if row in self.last:
                after.add(self.last[row])
            if n == 0:
                self.last[row] = len(self.transactions)
        return self.bound(table, kind, values, key)

    def bound(self, table, kind, values, key):
        """Statement with its row; many rows of one kind go out together, as ours do."""
        names = sorted(key) if kind == "DELETE" else sorted(values)
        cell = {n: f"v.c{i}::{values[n][0]}" for i, n in enumerate(names)}
        rows = f"unnest({', '.join(f'${i + 1}::text[]' for i in range(len(names)))}) AS v({', '.join(f'c{i}' for i in range(len(names)))})"
        same = " AND ".join(f't."{n}" = {cell[n]}' for n in sorted(key))
        if kind == "INSERT":
            columns = ", ".join(f'"{n}"' for n in names)
            text = f"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {', '.join(cell.values())} FROM {rows}"
        elif kind == "UPDATE":
            sets = ", ".join(f'"{n}" = {cell[n]}' for n in names if n not in key)
            text = f"UPDATE {table} t SET {sets} FROM {rows} WHERE {same}"
        else:
            text = f"DELETE FROM {table} t USING {rows} WHERE {same}"
        identity = (table, *(values[n][1] for n in sorted(key)))
        return self.statement(text), identity, [values[n][1] for n in names]

    def write(self, file):
        with file.open("w") as out:
            out.write(json.dumps({"statements": list(self.statements)}) + "\n")
            out.writelines(json.dumps(t) + "\n" for t in self.transactions)


def packed(ops):
    """Neighbours of one statement become one; never two changes of one row."""
    groups = []
    for statement, identity, row in ops:
        if groups and groups[-1][0] == statement and identity not in groups[-1][1]:
            groups[-1][1].add(identity)
            groups[-1][2].append(row)
        else:
            groups.append((statement, {identity}, [row]))
    return [[statement, [list(column) for column in zip(*rows)]] for statement, _, rows in groups]


def plain(text):
    if text == "null":
        return None
    return text[1:-1].replace("''", "'") if text.startswith("'") else text


def prepare(city):
    """Copies the database as it is now and begins to keep its log."""
    database, place = city.database, city.database.data / "vorher.sql"
    city.database.sql("SELECT 1 FROM pg_create_logical_replication_slot('nackt', 'test_decoding')", "eakte")
    database.run("pg_dump", "-h", "127.0.0.1", "-p", str(database.port), "-U", "postgres", "-f", str(place), "eakte")
    # What was committed while the copy was made is in both: the log begins after it.
    city.database.sql("SELECT count(*) FROM pg_logical_slot_get_changes('nackt', NULL, NULL)", "eakte")
    return place


def bare(city, place, log, connections):
    """The same transactions on a copy, by the bare driver."""
    database = city.database
    database.sql("CREATE DATABASE nackt")
    database.run("psql", "-h", "127.0.0.1", "-p", str(database.port), "-U", "postgres", "-d", "nackt", "-q",
                 "-v", "ON_ERROR_STOP=1", "-f", str(place))
    database.sql("VACUUM ANALYZE", "nackt")
    file = city.folder / "nackt.jsonl"
    log.write(file)
    # The url holds a password: it goes in by a file, as with the services.
    url = city.secret("nackt", database.url("postgres", database.password).replace("/eakte", "/nackt"))
    cpu = city.cpu()["postgresql"]
    result = lib.example("nackt", url, file, connections)
    return {**result, "cpu": city.cpu()["postgresql"] - cpu}


def measure(city, figures, options):
    count = options.items
    lib_post.check_invoices(lib_post.invoices("PROBE", 3), load.EAKTE)
    before, _ = city.waiting()
    warm = lib_post.hand_in(city, lib_post.invoices("POSTENWARM", 20), options.clients)
    city.until_tasks(before + warm.count, 120)
    settle(city, options)
    place = prepare(city)
    if STATEMENTS:
        city.database.sql("CREATE EXTENSION pg_stat_statements", "eakte")
    statistics, cpu, published = city.statistics(), city.cpu(), sum(city.published().values())
    (before, _), busy = city.waiting(), lib.busy_cores()
    done = lib_post.hand_in(city, lib_post.invoices("POSTEN", count), options.clients)
    last = city.until_tasks(before + count, 120 + count / 2)
    busy = busy()
    own = count / (last - done.began)
    settle(city, options)
    after, used, sent = city.statistics(), city.cpu(), sum(city.published().values())
    connections = city.connections()
    if STATEMENTS:
        print("\ncalls and ms per item, statement")
        for calls, took, *text in city.rows(TOP):
            print(f"{float(calls) / count:8.2f} {float(took) / count:8.3f}  {'|'.join(text)}")
    log = Log(city)
    # COPY keeps one line per row of the log: line ends inside are written as \n.
    text = city.database.run("psql", "-h", "127.0.0.1", "-p", str(city.database.port), "-U", "postgres", "-d", "eakte", "-qAtc",
                             "COPY (SELECT data FROM pg_logical_slot_get_changes('nackt', NULL, NULL, 'skip-empty-xacts', '1')) TO STDOUT")
    city.database.sql("SELECT pg_drop_replication_slot('nackt')", "eakte")
    log.read(unescaped(line) for line in text.splitlines())
    # Alone on the machine, as far as this machine allows: the services stay up and idle.
    result = bare(city, place, log, connections)
    bare_rate = count / result["seconds"]

    add = figures.add
    add(f"XRechnung accepted → task waiting, {count} at once", own, "/s")
    add(f"bare database: the same commits and rows, {connections} connections", bare_rate, "/s")
    figures.ratio("of the bare database", own / bare_rate, at_least=0.6)
    add(f"handed in, {options.clients} clients without a pause", done.rate(), "/s")
    add("acknowledgement, median", load.median_ms(done.times), "ms")
    add("acknowledgement, 99 %", load.percentile_ms(done.times, 0.99), "ms")
    add("commits that write, per item", len(log.transactions) / count, "")
    for kind, words in (("INSERT", "inserted"), ("UPDATE", "updated"), ("DELETE", "deleted")):
        add(f"rows {words}, per item", log.kinds[kind] / count, "")
    add("text of the rows, per item", log.bytes / count / 1024, "KB")
    add("bare commit, median", result["commit_ms_median"], "ms")
    add("bare commit, 99 %", result["commit_ms_p99"], "ms")
    add("messages on the broker, per item", (sent - published) / count, "")
    add("cores of this machine busy in the mean, with the clients", busy, "")
    figures.cpu(cpu, used, count)
    add("CPU of postgresql per item in the bare run", result["cpu"] / count * 1000, "ms")
    written = sum(log.kinds.values())
    if result["rows"] != written:
        city.problems.append(f"the bare driver wrote {result['rows']} rows, the run {written}")
    if not options.smoke:
        check(city, figures, statistics, after, log, count)


def check(city, figures, before, after, log, count):
    """The log and PostgreSQL's own counters must say the same; they count also what the services do without items."""
    figures.add("commits with those that only read (xact_commit), per item", (after["commits"] - before["commits"]) / count, "")
    for kind, name in (("INSERT", "n_tup_ins"), ("UPDATE", "n_tup_upd"), ("DELETE", "n_tup_del")):
        counted = after[name] - before[name]
        if abs(log.kinds[kind] - counted) > 0.02 * counted + 20:
            city.problems.append(f"{name} says {counted:.0f}, the log {log.kinds[kind]}")


def settle(city, options):
    """Until no message waits, and the counters of idle connections have arrived (PostgreSQL sends them after 10 s)."""
    until = time.monotonic() + 60
    while city.number("SELECT count(*) FROM platform_outbox WHERE sent IS NULL") and time.monotonic() < until:
        time.sleep(0.1)
    if not options.smoke:
        time.sleep(11)


def unescaped(line):
    """A line of COPY."""
    marks = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "b": "\b", "f": "\f", "v": "\v"}
    return re.sub(r"\\(.)", lambda m: marks.get(m[1], m[1]), line)


if __name__ == "__main__":
    lib.drive(__doc__, "Items and the bare database", NUMBERS, SETTINGS, measure, (DATABASE,))

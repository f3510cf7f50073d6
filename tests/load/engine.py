#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Measures the process engine beside the bare machine parts and two peers, all in one run.

    tests/load/engine.py [--instances 4000] [--parallel 128] [--seconds 3] [--finished 1000000 --waiting 100000]

Interpreter alone (ten script tasks in a line, fork and join of five) beside the bare FEEL evaluator; three user tasks
on SQLite and PostgreSQL beside a bare driver that issues the same statements, rows and commits; SpiffWorkflow and bpmn-engine
on the same models; the files of the parse set deployed or refused. Builds what it needs; peers are installed under
$EAKTE_CACHE/peers. Needs Debian's postgresql.
Exit code 1 when a figure misses its target.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import load
import models

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("EAKTE_CACHE") or pathlib.Path.home() / ".cache/eakte") / "peers"
TARGET = load.ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug/examples"
SPIFF = "SpiffWorkflow==3.2.0"
SHARED = pathlib.Path(os.environ.get("EAKTE_SHARED") or load.ROOT.parent / "shared")


def build():
    subprocess.run(["cargo", "build", "--workspace", "--examples"], cwd=load.ROOT, check=True)


def peers(folder, seconds):
    """Figures of the two peers; installs them once."""
    python = CACHE / "python/bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", CACHE / "python"], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", SPIFF], check=True)
    node = CACHE / "node"
    node.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "bpmn-engine.mjs"):
        shutil.copy(HERE / "peers" / name, node / name)
    if not (node / "node_modules/bpmn-engine").exists():
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=node, check=True)
    run = lambda *command: json.loads(subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, text=True, check=True).stdout)
    return (run(python, HERE / "peers/spiff.py", folder, seconds), run("node", node / "bpmn-engine.mjs", folder, seconds))


class Postgres:
    """A server of its own in a temporary folder, synced as in production."""

    def __enter__(self):
        bins = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
        if not bins:
            sys.exit("PostgreSQL is not installed (Debian package postgresql)")
        self.bin, self.folder = bins[-1], pathlib.Path(tempfile.mkdtemp(prefix="eakte-pg-"))
        self.user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.user:
            shutil.chown(self.folder, "postgres")
        self.call("initdb", "-D", self.folder / "db", "-A", "trust", "-U", "eakte", "--locale=C.UTF-8", "-E", "UTF8")
        with open(self.folder / "db/postgresql.conf", "a") as settings:
            settings.write((load.ROOT / "deploy/postgresql.conf").read_text())
        options = f"-k {self.folder} -c listen_addresses='' -c max_connections=100"
        self.call("pg_ctl", "-D", self.folder / "db", "-l", self.folder / "log", "-w", "-o", options, "start")
        for name in ("eins", "zwei", "drei", "vier"):
            self.call("createdb", "-h", self.folder, "-U", "eakte", name)
        return "postgres://eakte@" + str(self.folder).replace("/", "%2F") + "/postgres"

    def call(self, program, *arguments):
        subprocess.run([*self.user, self.bin / program, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, cwd="/")

    def __exit__(self, *_):
        self.call("pg_ctl", "-D", self.folder / "db", "-m", "fast", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


def durable(target, instances, parallel, *bestand):
    command = [TARGET / "dauerhaft", target, str(instances), str(parallel), *map(str, bestand)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def three_tasks(figures, name, places, options, targets):
    """Three user tasks on empty databases, the middle one of as many runs; `targets` are lower limits by figure."""
    bestand = (options.finished, options.waiting) if options.finished + options.waiting else ()
    runs = [durable(place, options.instances, options.parallel) for place in places[1:]]
    last = durable(places[0], options.instances, options.parallel, *bestand)
    many = sorted([*runs, last], key=lambda run: run["instances_per_s"])[len(runs) // 2]
    add = lambda key, words, unit, factor=1, **limit: figures.add(f"{name}: {words}", many[key] * factor, unit, **limit)
    add("instances_per_s", "three user tasks", "/s", at_least=targets.get("instances_per_s", lambda m: None)(many))
    add("share_of_bare", "of a bare driver with the same statements, rows and commits", "%", 100, at_least=targets.get("share", lambda m: None)(many))
    add("one_commit_each_per_s", "with one commit per step", "/s")
    add("statements", "statements per instance", "")
    add("commits", "commits per instance", "")
    add("complete_ms_median", f"task completion, median, {options.parallel} at once", "ms")
    add("complete_ms_p99", "task completion, 99 %", "ms")
    add("half_load_per_s", "half load", "/s")
    add("half_load_ms_median", "task completion at half load, median", "ms")
    add("half_load_ms_p99", "task completion at half load, 99 %", "ms", at_most=50)
    if bestand:
        old = last["bestand"]
        words = f"{options.finished:,} finished and {options.waiting:,} waiting"
        rates = old["per_s_by_tenth"]
        if rates:
            figures.add(f"{name}: first tenth of the finished", rates[0], "/s")
            figures.add(f"{name}: last tenth of the finished", rates[-1], "/s", at_least=rates[0] * 0.8)
        figures.add(f"{name}: state rows per waiting instance", old["bytes_per_waiting"], "bytes", at_most=2048)
        figures.add(f"{name}: task list with {words}, median", old["task_list_ms_median"], "ms")
        figures.add(f"{name}: task list, slowest of 50", old["task_list_ms_p99"], "ms", at_most=20)


def parse_set(figures, folder):
    """Every file of the parse set, deployed or refused by the durable engine; nothing without the shared data."""
    files = SHARED / "conformance/bpmn/parse"
    if not files.exists():
        return print(f"  parse set: not there ({files})")
    (folder / "parse").mkdir()
    run = subprocess.run([TARGET / "einspielen", folder / "parse", files], stdout=subprocess.PIPE, text=True, check=True)
    done = json.loads(run.stdout)
    words = f"parse set, {done['deployed']} files deployed and {done['refused']} refused"
    figures.add(f"{words}, median", done["ms_median"], "ms")
    figures.add(f"parse set, slowest ({done['slowest']})", done["ms_slowest"], "ms", at_most=20)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instances", type=int, default=4000)
    parser.add_argument("--parallel", type=int, default=128)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--finished", type=int, default=0, help="finished instances to fill the tables with")
    parser.add_argument("--waiting", type=int, default=0, help="waiting instances to fill the tables with")
    options = parser.parse_args()
    build()
    figures = load.Figures()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        models.write(folder)
        own = json.loads(subprocess.run([TARGET / "tempo", folder, str(options.seconds)], stdout=subprocess.PIPE, text=True, check=True).stdout)
        for model, words in (("line", "ten script tasks in a line"), ("fork", "fork and join of five")):
            bare = own[f"bare_feel_{model}"]
            figures.add(f"bare FEEL evaluator, {words}", bare, "/s")
            figures.add(f"interpreter, {words}", own[model], "/s", at_least=min(20_000, bare / 2))
        parse_set(figures, folder)
        spiff, node = peers(folder, options.seconds)
        sqlite = [folder / f"sqlite{n}" for n in range(3)]
        for peer, measured in (("SpiffWorkflow", spiff), ("bpmn-engine", node)):
            for key, words in (("line", "line"), ("fork", "fork"), ("three_tasks_sqlite", "three user tasks on SQLite")):
                figures.add(f"{peer}, {words}", measured[key], "/s")
        better = max(spiff["three_tasks_sqlite"], node["three_tasks_sqlite"])
        for place in sqlite:
            place.mkdir()
        places = [f"sqlite:{place}" for place in sqlite]
        three_tasks(figures, "SQLite", places, options, {"instances_per_s": lambda _: 10 * better})
        with Postgres() as url:
            limits = {"instances_per_s": lambda m: 2 * m["one_commit_each_per_s"], "share": lambda _: 60}
            three_tasks(figures, "PostgreSQL", [f"postgres:{url}"], options, limits)
    figures.print()
    if figures.missed():
        sys.exit(f"missed: {', '.join(figures.missed())}")


if __name__ == "__main__":
    main()

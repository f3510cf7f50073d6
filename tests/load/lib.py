# SPDX-License-Identifier: EUPL-1.2
"""What the load drivers of the cluster share: the city (deploy/lib/cluster.py, not a copy of it), its measures, the end.

Every driver prints its figures against the targets with machine, versions and settings, and ends with `eakte reconcile`:
exit code 1 when a target is missed, a part ends badly or reconcile finds anything. `--smoke` runs with small numbers and
counts a figure as missed only beyond a multiple of its target: it shows that a driver works, it measures nothing.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import load

sys.path.insert(0, str(load.ROOT / "deploy/lib"))
import cluster  # noqa: E402

CACHE = pathlib.Path(os.environ.get("EAKTE_CACHE") or pathlib.Path.home() / ".cache/eakte")
EXAMPLES = pathlib.Path(load.EAKTE).parent / "examples"
SMOKE_SLACK = 10
RELEASE = load.ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release/eakte"
OPEN = "SELECT count(*), coalesce(max(seit), 0) FROM geschaeftsgang_aufgabe WHERE erledigt IS NULL"
TICK = os.sysconf("SC_CLK_TCK")


class Stadt(cluster.Cluster):
    """The processes of deploy/cluster with the database settings of deploy/postgresql.conf, for a measurement.

    `extra` - further lines for postgresql.conf; `env` - settings of all services. One client (`token`) hands in as a
    client system does: over HTTP, with an idempotency key, its journal synced before sending and after each answer."""

    def __init__(self, extra="", env=None):
        os.chdir(load.ROOT)  # cluster.py reads the repository from where it stands
        versitygw = CACHE / "tools/bin/versitygw"
        for program, how in ((pathlib.Path(load.EAKTE), "cargo build --release --workspace --bins --examples"), (versitygw, "deploy/cluster")):
            if not program.is_file():
                sys.exit(f"{program} is missing: {how}")
        folder = pathlib.Path(tempfile.mkdtemp(prefix="eakte-last-", dir=os.environ.get("EAKTE_LOAD_DIR")))
        folder.chmod(0o755)
        super().__init__(os.path.abspath(load.EAKTE), str(versitygw), folder, f"127.0.0.1:{cluster.free_port()}")
        with open(self.database.data / "db/postgresql.conf", "a") as settings:
            settings.write((load.ROOT / "deploy/postgresql.conf").read_text() + extra)
        self.problems, self.more, self.password = [], env or {}, None

    def __enter__(self):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        os.environ.update(self.more)  # Part.spawn hands the environment on
        os.environ.setdefault("EAKTE_LOG__FILTER", "warn,sqlx=warn,lopdf=error,hayro=error,lapin=off")
        try:
            began = time.monotonic()
            self.start()
            print(f"  {len(self.services)} services, RabbitMQ, PostgreSQL, S3 after {time.monotonic() - began:.1f} s", file=sys.stderr)
            self.ledger = cluster.Ledger(self.folder / "ledger.jsonl")
            self.token = self.command("account", "token", "cli", "--days", "1", env=self.core).stdout.strip()
            self.host = self.listen
        except BaseException:
            self.stop()
            print(f"logs: {self.folder}", file=sys.stderr)
            raise
        return self

    def __exit__(self, kind, error, _):
        """Reconciles, unless something went wrong before; stops everything; keeps the logs of a run with problems."""
        if kind is None:
            began = time.monotonic()
            self.problems += cluster.reconcile(self, self.ledger)
            print(f"  reconcile took {time.monotonic() - began:.1f} s", file=sys.stderr)
        else:
            self.problems.append(f"{kind.__name__}: {error}")
        self.problems += [f"{name} ends with {code}" for name, code in self.stop().items()]
        for name in self.more:
            os.environ.pop(name, None)
        if self.problems:
            print("\n".join([*self.problems[:50], f"logs: {self.folder}"]), file=sys.stderr)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
        return False

    def service(self, name):
        return next(s for s in self.services if s.name == name)

    def another(self, name):
        """One more process of a worker, with a folder of its own; not started."""
        old = self.service(name)
        folder = self.folder / f"{name}-{len(self.services)}"
        folder.mkdir()
        env = {k: v for k, v in old.env.items() if k not in ("EAKTE_DATA", "EAKTE_BETRIEB__LISTEN")}
        new = cluster.Service(name, folder, self.eakte, env)
        self.services.append(new)
        return new

    def pause(self, names):
        """Ends these services as an operator would; what is in hand is finished."""
        for name in names:
            code = self.service(name).stop()
            if code not in (0, None):
                self.problems.append(f"{name} ends with {code}")

    def resume(self, names):
        for name in names:
            self.service(name).launch()
        for name in names:
            self.service(name).wait()

    # Asking.

    def rows(self, text):
        """Rows of a question to the database, as lists of text."""
        return [line.split("|") for line in self.database.sql(text, "eakte").splitlines()]

    def number(self, text):
        return float(self.rows(text)[0][0])

    def waiting(self):
        """Open tasks of people, and when the newest began (seconds since 1970)."""
        count, newest = self.rows(OPEN)[0]
        return int(count), int(newest) / 1e6

    def until_tasks(self, count, limit, every=0.5):
        """Waits for this number of open tasks; when the last one began (seconds since 1970)."""
        until = time.monotonic() + limit
        while True:
            now, newest = self.waiting()
            if now >= count:
                return newest
            self.alive()
            if time.monotonic() > until:
                raise TimeoutError(f"only {now} of {count} tasks after {limit:.0f} s; {self.incidents()}")
            time.sleep(every)

    def desked(self):
        """Documents that reached a desk so far: each had a task, done by now or not."""
        return int(self.number("SELECT count(DISTINCT dokument) FROM geschaeftsgang_aufgabe"))

    def until_desked(self, count, limit=600):
        until = time.monotonic() + limit
        while (now := self.desked()) < count:
            self.alive()
            if time.monotonic() > until:
                raise TimeoutError(f"only {now} of {count} documents on a desk after {limit} s; {self.incidents()}")
            time.sleep(0.5)

    def until_jobs(self, count, limit=300):
        """Waits until this many jobs stand ready or out: everything handed in has reached the engine."""
        cluster.wait(f"{count} jobs", limit, lambda: self.number("SELECT count(*) FROM geschaeftsgang_auftrag") >= count)

    def incidents(self):
        rows = self.rows("SELECT typ, ursache, count(*) FROM geschaeftsgang_auftrag WHERE stand = 'stoerung' GROUP BY 1, 2 LIMIT 5")
        return "; ".join(" ".join(row) for row in rows) or "no incidents"

    def alive(self):
        for part in [*self.services, *self.servers()]:
            if part.process and part.process.poll() not in (None, 0):
                raise ChildProcessError(f"{part.name} ends with {part.process.returncode}, see {part.log}")

    def metrics(self, service):
        """Values of /metrics: {(name, label text): value}; none while the service is away."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{service.ops}/metrics", timeout=10) as answer:
                lines = answer.read().decode().splitlines()
        except OSError:
            return {}
        found = (re.match(r"(\w+)(?:\{(.*)\})? (\S+)", line) for line in lines if not line.startswith("#"))
        return {(m[1], m[2] or ""): float(m[3]) for m in found if m}

    def published(self):
        """Messages the broker has confirmed to each process so far."""
        return {s.ops: sum(v for (name, _), v in self.metrics(s).items() if name == "eakte_bus_published_total")
                for s in self.services}

    def statistics(self):
        """Commits (with those that only read) and changed rows of the database so far."""
        self.database.sql("SELECT pg_stat_force_next_flush()", "eakte")
        commits = self.number("SELECT xact_commit FROM pg_stat_database WHERE datname = 'eakte'")
        names = ("n_tup_ins", "n_tup_upd", "n_tup_del")
        rows = self.rows(f"SELECT {', '.join(f'coalesce(sum({n}), 0)' for n in names)} FROM pg_stat_user_tables")[0]
        return {"commits": commits, **{n: float(v) for n, v in zip(names, rows)}}

    def connections(self):
        """Connections of the services to the database, now."""
        return int(self.number("SELECT count(*) FROM pg_stat_activity WHERE usename LIKE 'eakte_%'"))

    def parts(self):
        """Name and process of each part; a second process of a name gets a number."""
        named, seen = [], {}
        for part in [*self.services, *self.servers()]:
            seen[part.name] = seen.get(part.name, 0) + 1
            if part.process and part.process.poll() is None:
                named.append((part.name if seen[part.name] == 1 else f"{part.name} {seen[part.name]}", part.process.pid))
        return named

    def cpu(self):
        """Seconds of CPU each part has used, with its children, also those that have ended."""
        return {name: sum(cpu_seconds(pid) for pid in tree(pid)) for name, pid in self.parts()}


def tree(pid):
    """A process and all below it, as far as they live."""
    pids, found = [pid], []
    while pids:
        pid = pids.pop()
        try:
            tasks = os.listdir(f"/proc/{pid}/task")
            found.append(pid)
            for task in tasks:
                pids += map(int, open(f"/proc/{pid}/task/{task}/children").read().split())
        except OSError:
            continue
    return found


def cpu_seconds(pid):
    try:
        fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15])) / TICK  # own and of children that were waited for


def busy_cores():
    """Begins to count; calling the answer gives how many cores of the machine were busy since, in the mean."""
    def busy():
        fields = list(map(int, open("/proc/stat").readline().split()[1:9]))
        return (sum(fields) - fields[3] - fields[4]) / TICK

    before, began = busy(), time.monotonic()
    return lambda: (busy() - before) / (time.monotonic() - began)


def resident_mb(pid):
    """Memory of one process in MB, shared pages included."""
    try:
        return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read())[1]) / 1024
    except (OSError, TypeError):
        return 0


class Zahlen(load.Figures):
    """Figures with the settings they were measured with."""

    def __init__(self, title, smoke, settings):
        super().__init__(slack=SMOKE_SLACK if smoke else 1)
        self.title, self.smoke, self.settings = title, smoke, settings

    def ratio(self, name, value, at_least):
        self.add(name, value * 100, "%", at_least=at_least * 100)

    def cpu(self, before, after, items, what="item"):
        """Where the time of the machine went, per item."""
        for name in after:
            self.add(f"CPU of {name} per {what}", (after[name] - before.get(name, 0)) / items * 1000, "ms")

    def print(self):
        super().print()
        note = " Small numbers: nothing here is a measurement." if self.smoke else ""
        print(f"\n{self.title}. {versions()}. {self.settings}. Each service a process of its own, every commit synced.{note}")


def versions():
    def first(*command):
        try:
            done = subprocess.run(command, capture_output=True, text=True)
        except OSError:
            return "?"
        found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
        return found[0] if found else "?"

    postgres = cluster.newest("usr/lib/postgresql/*/bin", "postgres") / "postgres"
    rabbit = re.search(r"rabbitmq_server-([\d.]+)", str(cluster.newest("usr/lib/rabbitmq/lib/*/sbin", "rabbitmq-server")))
    file = CACHE / "tools/bin/versitygw.version"
    gateway = file.read_text().strip() if file.exists() else "?"
    return f"PostgreSQL {first(postgres, '--version')}, RabbitMQ {rabbit[1] if rabbit else '?'}, versitygw {gateway}, Python {sys.version.split()[0]}"


def example(name, *arguments):
    """A program of services/platform-testkit/examples; its JSON."""
    program = EXAMPLES / name
    if not program.is_file():
        sys.exit(f"{program} is missing: cargo build --workspace --examples")
    done = subprocess.run([program, *map(str, arguments)], stdout=subprocess.PIPE, text=True, cwd=load.ROOT)
    if done.returncode:
        sys.exit(f"{name} ends with {done.returncode}")
    return json.loads(done.stdout)


def arguments(doc, **numbers):
    """The command line of a driver: a number per option, `--smoke` takes the second of each pair."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="small numbers, generous targets")
    for name, (full, small, words) in numbers.items():
        parser.add_argument(f"--{name}", type=type(full), help=f"{words} (default {full}, smoke {small})")
    chosen = parser.parse_args()
    return settle(chosen, numbers)


def settle(chosen, numbers):
    for name, (full, small, _) in numbers.items():
        if getattr(chosen, name, None) is None:
            setattr(chosen, name, small if chosen.smoke else full)
    return chosen


def drive(doc, title, numbers, settings, measure, city=(), before=None):
    """One driver as a command: its options, `before` without a cluster, `measure` in one, figures and exit code.
    `settings` may depend on the options; `city` is what the cluster needs beyond its own settings."""
    options = arguments(doc, **numbers)
    if not options.smoke and "EAKTE_BIN" not in os.environ:
        # What is measured is what a city runs: a release build. The smoke run takes what is there.
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "EAKTE_BIN": str(RELEASE)})
    figures = Zahlen(title, options.smoke, settings(options) if callable(settings) else settings)
    if before:
        before(figures, options)
    world = Stadt(*city)
    with world:
        measure(world, figures, options)
    end(figures, world)


def end(figures, city):
    """Prints and leaves with the exit code of the run."""
    figures.print()
    missed = figures.missed()
    if missed:
        print(f"missed: {', '.join(missed)}", file=sys.stderr)
    if city.problems:
        print(f"{len(city.problems)} problems, the first: {city.problems[0]}", file=sys.stderr)
    sys.exit(1 if missed or city.problems else 0)

#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Measures what the README promises, on the real binary, and prints the figures with the machine.

    tests/load/load.py start                       time until ready, memory when idle
    tests/load/load.py invoices [--items 2000]     XRechnung through the whole path, acknowledgements
    tests/load/load.py pages [--documents 100000]  lists, tasks and search on a full database
    tests/load/load.py all                         these three
    tests/load/load.py smoke                       the same with small numbers (a stage of tests/run)
    tests/load/load.py build                       build from an empty cache (about 8 minutes)

Needs target/debug/eakte (or $EAKTE_BIN). Exit code 1 when a figure misses its target.
Times are taken by the client on the same machine, so they include the loopback and the client's own work.
"""
import argparse
import hashlib
import html
import http.client
import json
import os
import pathlib
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
EAKTE = os.environ.get("EAKTE_BIN") or str(ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug/eakte")
PROFILE = {"debug": "dev"}.get(pathlib.Path(EAKTE).parent.name, pathlib.Path(EAKTE).parent.name)
INVOICE = ROOT / "tests/corpus/demo/04-rechnung-xrechnung-ubl.xml"
SEARCHES = ["rechnung", "bescheid", "widerspruch grundsteuer", '"stadt musterstadt"', "bau*", "tiefbau -straße",
            "Az:66*", "gebühr", "antrag auf", "vertrag 2026"]


class Figures:
    """Measured values against their targets, printed as one table.

    `slack` - a figure counts as missed only beyond this multiple of its target: a busy machine is no defect, a figure
    that is off by a factor is one. The measuring commands ask for the targets themselves.
    """

    def __init__(self, slack=1):
        self.rows, self.slack = [], slack

    def add(self, name, value, unit, at_most=None, at_least=None):
        good = (at_most is None or value <= at_most * self.slack) and (at_least is None or value * self.slack >= at_least)
        target = f"≤ {at_most:g}" if at_most is not None else f"≥ {at_least:g}" if at_least is not None else "–"
        self.rows.append((name, f"{value:.1f} {unit}", f"{target} {unit}" if target != "–" else "–", good))
        print(f"  {name}: {value:.1f} {unit}", file=sys.stderr, flush=True)

    def missed(self):
        return [name for name, _, _, good in self.rows if not good]

    def print(self):
        print(f"\n{machine()}\n")
        head = ("Figure", "measured", "target", "")
        rows = [head, *((n, v, t, "" if good else "MISSED") for n, v, t, good in self.rows)]
        widths = [max(len(row[i]) for row in rows) for i in range(4)]
        for row in rows:
            print(f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]}".rstrip())


def machine():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = int(open("/proc/meminfo").readline().split()[1]) / 1024 / 1024
    system = next(line.split("=")[1].strip().strip('"') for line in open("/etc/os-release") if line.startswith("PRETTY_NAME"))
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    return f"Machine: {os.cpu_count()} cores, {cpu}, {memory:.0f} GiB, {system}, rustc {rustc}, profile {PROFILE}, load {os.getloadavg()[0]:.1f}"


class Server:
    """`eakte serve --demo` on a data directory of its own."""

    def __init__(self, data):
        self.data = data
        began = time.monotonic()
        self.log = open(data / "server.log", "w")
        self.process = subprocess.Popen(
            [EAKTE, "serve", "--demo", "--data", str(data), "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=self.log, text=True, cwd=ROOT,
        )
        line = self.process.stdout.readline()
        if not line.startswith("Bereit: "):
            sys.exit(f"eakte serve says: {line!r}\n{(data / 'server.log').read_text()[-2000:]}")
        self.host = urllib.parse.urlsplit(line.removeprefix("Bereit: ").strip()).netloc
        while Client(self).get("/ready")[0] != 200:
            time.sleep(0.005)
            if time.monotonic() - began > 30:
                sys.exit("eakte serve is not ready after 30 s")
        self.ready_after = time.monotonic() - began

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()

    def token(self):
        command = [EAKTE, "account", "token", "cli", "--days", "1", "--data", str(self.data)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def resident_mb(self):
        """Resident memory of the process and its children in MB; shared pages count once per process."""
        pids, total = [self.process.pid], 0
        while pids:
            pid = pids.pop()
            try:
                status = open(f"/proc/{pid}/status").read()
                for task in os.listdir(f"/proc/{pid}/task"):
                    pids += map(int, open(f"/proc/{pid}/task/{task}/children").read().split())
            except FileNotFoundError:
                continue
            total += int(re.search(r"VmRSS:\s+(\d+)", status)[1])
        return total / 1024


class Client:
    """One kept connection with one person's session."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection(server.host, timeout=60)
        self.headers = {}

    def call(self, method, path, body=None, headers=None):
        self.connection.request(method, path, body, {**self.headers, **(headers or {})})
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, answer.headers, text

    def get(self, path):
        status, _, body = self.call("GET", path)
        return status, body.decode(errors="replace")

    def login(self, kennung):
        _, headers, body = self.call("GET", "/anmelden")
        cookies = {}
        self.keep(cookies, headers)
        csrf = html.unescape(re.search(r'name="csrf" value="([^"]+)"', body.decode())[1])
        form = urllib.parse.urlencode({"csrf": csrf, "kennung": kennung, "weiter": "/"})
        status, headers, _ = self.call(
            "POST", "/anmelden/demo", form, {"content-type": "application/x-www-form-urlencoded"})
        if status != 303:
            sys.exit(f"login as {kennung}: {status}")
        self.keep(cookies, headers)
        return self

    def keep(self, cookies, headers):
        for cookie in headers.get_all("set-cookie", []):
            name, value = cookie.split(";")[0].split("=", 1)
            cookies[name] = value
        self.headers["cookie"] = "; ".join(f"{n}={v}" for n, v in cookies.items())


def median_ms(seconds):
    return statistics.median(seconds) * 1000


def percentile_ms(seconds, part):
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * part))] * 1000


def measure_start(figures, scratch, runs=5):
    times = []
    for run in range(runs):
        data = scratch / f"start-{run}"
        data.mkdir()
        with Server(data) as server:
            times.append(server.ready_after)
            if run == runs - 1:
                time.sleep(5)
                figures.add("resident when idle, all services", server.resident_mb(), "MB", at_most=100)
    figures.add(f"ready after start, empty data, worst of {runs}", max(times), "s", at_most=1)
    with Server(data) as server:
        figures.add("ready after start, existing data", server.ready_after, "s", at_most=1)


def hand_in(server, token, bodies, clients, journal, rate=None):
    """Posts all bodies over `clients` connections; the times of the acknowledgements in seconds.

    `rate` - items per second: each has its moment, and its time counts from then, so that a slow answer is not hidden
    by the next request's waiting for it. None: as fast as the connections take them.
    The journal is what `eakte reconcile --journal` compares with: one line per acknowledged item."""
    waiting, lock, times, errors = list(enumerate(bodies))[::-1], threading.Lock(), [], []
    start = time.monotonic()

    def work():
        client = Client(server)
        client.headers = {"authorization": f"Bearer {token}", "content-type": "application/xml"}
        while True:
            with lock:
                if not waiting:
                    return
                number, body = waiting.pop()
            sha256 = hashlib.sha256(body).hexdigest()
            path = f"/api/v1/intake?channel=upload&name=last-{number}.xml"
            began = time.monotonic()
            if rate:
                moment = start + number / rate
                time.sleep(max(0, moment - began))
                began = moment
            status, _, answer = client.call("POST", path, body, {"idempotency-key": f"load:{sha256}"})
            took = time.monotonic() - began
            with lock:
                times.append(took)
                if status not in (200, 201, 202):
                    errors.append(f"{status} {answer[:200]!r}")
                    continue
                journal.write(json.dumps({"sha256": sha256, "receipt": json.loads(answer)["receipt"]}) + "\n")

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        sys.exit(f"{len(errors)} of {len(bodies)} items were not taken, first: {errors[0]}")
    return times


def invoices(count, label):
    """`count` different invoices of one seller: only the number differs."""
    template = INVOICE.read_text()
    return [re.sub(r"<cbc:ID>[^<]+</cbc:ID>", f"<cbc:ID>{label}-{n:06}</cbc:ID>", template, count=1).encode() for n in range(count)]


def open_tasks(server):
    """Number of open tasks and the moment the newest began (µs), read beside the server."""
    database = sqlite3.connect(f"file:{server.data / 'eakte.db'}?mode=ro", uri=True, timeout=30)
    try:
        return database.execute("SELECT count(*), coalesce(max(seit), 0) FROM geschaeftsgang_aufgabe WHERE erledigt IS NULL").fetchone()
    finally:
        database.close()


def through(server, token, bodies, clients, rate=None):
    """Hands all in (see `hand_in`) and waits for their tasks: seconds from the first request to the last task, acknowledgements."""
    before, _ = open_tasks(server)
    began = time.time()
    with open(server.data / "journal.jsonl", "a") as journal:
        times = hand_in(server, token, bodies, clients, journal, rate)
    limit = time.monotonic() + 60 + len(bodies) / 5
    while True:
        count, newest = open_tasks(server)
        if count - before >= len(bodies):
            return newest / 1e6 - began, times
        if time.monotonic() > limit:
            sys.exit(f"only {count - before} of {len(bodies)} invoices reached a task")
        time.sleep(0.25)


def measure_invoices(figures, scratch, items, clients, at_least):
    """Throughput with everything handed in at once; acknowledgements at a steady rate of `at_least` items a second."""
    data = scratch / "invoices"
    data.mkdir()
    with Server(data) as server:
        token = server.token()
        through(server, token, invoices(20, "WARM"), clients)
        seconds, times = through(server, token, invoices(items, "LAST"), clients)
        figures.add(f"XRechnung through the path, {items} items at once", items / seconds, "/s", at_least=at_least)
        figures.add(f"upload acknowledgement, median, {clients} clients without a pause", median_ms(times), "ms")
        seconds, times = through(server, token, invoices(items, "RATE"), 2 * clients, rate=at_least)
        figures.add(f"XRechnung through the path, handed in at {at_least}/s", items / seconds, "/s", at_least=0.95 * at_least)
        figures.add("upload acknowledgement, median at that load", median_ms(times), "ms", at_most=20)
        figures.add("upload acknowledgement, 95 %", percentile_ms(times, 0.95), "ms")
        figures.add("resident after that load", server.resident_mb(), "MB")
    report = subprocess.run(
        [EAKTE, "reconcile", "--data", str(data), "--journal", str(data / "journal.jsonl"), "--json"],
        capture_output=True, text=True)
    if report.returncode != 0:
        sys.exit(f"reconcile after the load: {report.stdout} {report.stderr}")
    wrong = {k: v for k, v in json.loads(report.stdout).items() if k in ("missing", "duplicate", "altered", "orphan", "unaudited") and v}
    if wrong:
        sys.exit(f"reconcile after the load: {wrong}")


def timed(client, path, times):
    """Median and 95 % of `times` requests, after one that fills caches."""
    taken = []
    for _ in range(times + 1):
        began = time.monotonic()
        status, _ = client.get(path)
        taken.append(time.monotonic() - began)
        if status != 200:
            sys.exit(f"{status} for {path}")
    return taken[1:]


def measure_pages(figures, scratch, documents, repeat):
    data = scratch / "pages"
    data.mkdir()
    began = time.monotonic()
    subprocess.run([EAKTE, "demo-seed", str(documents), "--data", str(data)], check=True, stdout=subprocess.DEVNULL)
    figures.add(f"seeding {documents} documents", time.monotonic() - began, "s")
    with Server(data) as server:
        figures.add(f"ready after start, {documents} documents", server.ready_after, "s", at_most=1)
        through(server, server.token(), invoices(100, "SEITE"), 4)
        clerk = Client(server).login("feststellung")
        list_page = "/aufgaben/rechnungen"
        _, text = clerk.get(list_page)
        task = re.search(r'href="(/aufgaben/[0-9a-f-]{36})"', text)
        if not task:
            sys.exit("the list of invoices shows no task")
        overview = Client(server).login("poststelle")
        for name, client, path in [
            ("overview", overview, "/"), ("task list", clerk, list_page), ("task page", clerk, task[1]),
            ("list of Sendungen", overview, "/sendungen"), ("list of Akten", clerk, "/akten"),
        ]:
            taken = timed(client, path, repeat)
            figures.add(f"{name}, median", median_ms(taken), "ms", at_most=20)
            figures.add(f"{name}, 95 %", percentile_ms(taken, 0.95), "ms")
        worst = []
        for query in SEARCHES:
            path = "/suche?" + urllib.parse.urlencode({"q": query})
            taken = timed(clerk, path, max(3, repeat // 10))
            worst.append((median_ms(taken), query))
            print(f"    search {query}: {worst[-1][0]:.1f} ms", file=sys.stderr)
        figures.add(f"search, slowest of {len(SEARCHES)} queries ({max(worst)[1]}), median", max(worst)[0], "ms", at_most=100)


def measure_build(figures, scratch):
    """A build from an empty target folder; downloads are not part of it."""
    subprocess.run(["cargo", "fetch", "--locked"], cwd=ROOT, check=True)
    target = scratch / "target"
    began = time.monotonic()
    subprocess.run(["cargo", "build", "--locked", "-p", "service-eakte", "-p", "service-ocr-engine"], cwd=ROOT, check=True,
                   env={**os.environ, "CARGO_TARGET_DIR": str(target)})
    figures.add("build from an empty cache", (time.monotonic() - began) / 60, "min", at_most=8)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["start", "invoices", "pages", "all", "smoke", "build"])
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=4)
    options = parser.parse_args()
    figures = Figures(slack=5 if options.what == "smoke" else 1)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="eakte-load-", dir=os.environ.get("EAKTE_LOAD_DIR")))
    try:
        if options.what == "build":
            measure_build(figures, scratch)
        if options.what in ("start", "all"):
            measure_start(figures, scratch)
        if options.what in ("invoices", "all"):
            measure_invoices(figures, scratch, options.items, options.clients, at_least=50)
        if options.what in ("pages", "all"):
            measure_pages(figures, scratch, options.documents, repeat=200)
        if options.what == "smoke":
            measure_start(figures, scratch, runs=2)
            # A short run pays for its start; the promise is measured by `invoices`.
            measure_invoices(figures, scratch, 200, options.clients, at_least=25)
            measure_pages(figures, scratch, 2_000, repeat=20)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    figures.print()
    if figures.missed():
        sys.exit(f"missed: {', '.join(figures.missed())}")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: EUPL-1.2
"""Runs the E-Akte with all its servers on one machine, each part as a process of its own. See deploy/cluster.

usage: cluster.py EAKTE VERSITYGW [--check [--rounds N] [--seed S]]
"""
import argparse
import hashlib
import http.client
import json
import os
import pathlib
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

from feed import KINDS, Item, Progress, Server, table
from sammler import Sammler

# Each service is a process of `eakte run`. Core services own tables and have a role of the database each.
CORE = ["akten", "geschaeftsgang", "eingang", "portal"]
WORKERS = ["uebergabe", "erkennung", "rechnung", "einordnung"]
# Who asks whom (services/ruf): the callers of each.
CALLED = {"akten": {"geschaeftsgang", "eingang", "portal"}, "geschaeftsgang": {"eingang", "portal", "uebergabe"},
          "eingang": {"portal"}}
PATIENCE = 180
# Seconds in the long profile: from a part's start to the next acknowledgement, and a service's start.
EFFECT, START = 15, 3


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def newest(pattern, program):
    """Where Debian puts the programs of a server; its wrappers change user and folder."""
    found = [p for p in pathlib.Path("/").glob(pattern) if (p / program).is_file()]
    if not found:
        sys.exit(f"{program} fehlt.")
    return max(found)


def wait(what, limit, ready):
    until = time.monotonic() + limit
    while not ready():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} ist nach {limit} s nicht bereit")
        time.sleep(0.05)


def listens(port):
    with socket.socket() as s:
        s.settimeout(0.5)
        return s.connect_ex(("127.0.0.1", port)) == 0


class Part:
    """A process with its own group, its log, and a way to start it again."""

    def __init__(self, name, folder):
        self.name, self.log, self.process = name, folder / f"{name}.log", None

    def spawn(self, command, env=None, cwd=None):
        log = self.log.open("ab")
        self.process = subprocess.Popen(
            command, env={**os.environ, **(env or {})}, cwd=cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True)

    def signal(self, number):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, limit=35):
        self.signal(self.farewell())
        try:
            return self.process.wait(limit) if self.process else 0
        except subprocess.TimeoutExpired:
            self.kill()
            return -9

    def farewell(self):
        return signal.SIGTERM


class Postgres(Part):
    def __init__(self, folder):
        super().__init__("postgresql", folder)
        self.port, self.data = free_port(), folder / "postgresql"
        self.bin = newest("usr/lib/postgresql/*/bin", "initdb")
        # It refuses to run as root; Debian's package brings a user for it.
        self.user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self.password = secrets.token_urlsafe(24)
        self.data.mkdir()
        if self.user:
            shutil.chown(self.data, "postgres")
        word = self.data.parent / "postgresql.wort"
        word.write_text(self.password)
        word.chmod(0o644)
        self.run("initdb", "-D", str(self.data / "db"), "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={word}",
                 "--locale=C.UTF-8", "-E", "UTF8")
        word.unlink()

    def run(self, program, *args, **more):
        env = {**os.environ, "PGPASSWORD": self.password, **more}
        done = subprocess.run([*self.user, str(self.bin / program), *args], env=env, cwd="/", capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{program}: {done.stderr}{done.stdout}")
        return done.stdout

    def start(self):
        self.once()
        wait(self.name, 60, self.up)

    def once(self):
        self.spawn([*self.user, str(self.bin / "postgres"), "-D", str(self.data / "db"), "-c", f"port={self.port}",
                    "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.data}"], cwd="/")

    def up(self):
        # Sessions of a server that was killed hold its memory for a moment; the next one refuses until they are gone.
        if self.process.poll() is not None:
            time.sleep(0.5)
            self.once()
        return listens(self.port)

    def farewell(self):
        return signal.SIGINT

    def sql(self, text, database="postgres"):
        return self.run("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database,
                        "-v", "ON_ERROR_STOP=1", "-qAtc", text)

    def url(self, role, password):
        return f"postgres://{role}:{password}@127.0.0.1:{self.port}/eakte"


class Broker(Part):
    def __init__(self, folder):
        super().__init__("rabbitmq", folder)
        self.port, self.home = free_port(), folder / "rabbitmq"
        self.bin = newest("usr/lib/rabbitmq/lib/*/sbin", "rabbitmq-server")
        self.password = secrets.token_urlsafe(24)
        self.home.mkdir()
        (self.home / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\nlog.file.level = warning\ndisk_free_limit.absolute = 50MB\n"
            "raft.wal_max_size_bytes = 64000000\n")
        (self.home / "plugins").write_text("[].")
        self.env = {
            "HOME": str(self.home), "RABBITMQ_NODENAME": f"eakte{os.getpid()}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1", "RABBITMQ_DIST_PORT": str(free_port()),
            "ERL_EPMD_PORT": str(free_port()), "ERL_EPMD_ADDRESS": "127.0.0.1", "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(self.home / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.home / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.home / "db"), "RABBITMQ_LOG_BASE": str(self.home / "log"),
            "RABBITMQ_PID_FILE": str(self.home / "pid"), "RUNNING_UNDER_SYSTEMD": "1",
        }
        # Erlang's own name service, apart from the node: it would else outlive us.
        self.names = Part("epmd", folder)
        self.names.spawn(["epmd", "-port", self.env["ERL_EPMD_PORT"], "-address", "127.0.0.1"])

    def ctl(self, *args):
        return subprocess.run([str(self.bin / "rabbitmqctl"), *args], env={**os.environ, **self.env}, capture_output=True)

    def start(self):
        self.spawn([str(self.bin / "rabbitmq-server")], env=self.env, cwd=self.home)
        wait(self.name, 90, lambda: listens(self.port))

    def add_user(self):
        wait(self.name, 60, lambda: self.ctl("add_user", "eakte", self.password).returncode == 0)
        self.ctl("set_permissions", "eakte", ".*", ".*", ".*")
        self.ctl("delete_user", "guest")

    def stop(self, limit=35):
        code = super().stop(limit)
        self.names.stop(5)
        return code

    def url(self):
        return f"amqp://eakte:{self.password}@127.0.0.1:{self.port}/%2f"


class Store(Part):
    def __init__(self, folder, program):
        super().__init__("s3", folder)
        self.port, self.data, self.program = free_port(), folder / "s3", program
        self.key, self.secret = "EAKTECLUSTER", secrets.token_urlsafe(30)
        for name in ("daten", "versionen"):
            (self.data / name).mkdir(parents=True)

    def start(self):
        self.spawn([self.program, "--quiet", "--port", f"127.0.0.1:{self.port}", "--region", "eu-1", "posix",
                    "--versioning-dir", str(self.data / "versionen"), str(self.data / "daten")],
                   env={"ROOT_ACCESS_KEY": self.key, "ROOT_SECRET_KEY": self.secret})
        wait(self.name, 30, lambda: listens(self.port))


class Service(Part):
    """One process of `eakte run`."""

    def __init__(self, name, folder, eakte, env):
        super().__init__(name, folder)
        self.eakte, self.ops = eakte, free_port()
        self.seen = 0
        self.env = {**env, "EAKTE_DATA": str(folder / f"daten-{name}"), "EAKTE_BETRIEB__LISTEN": f"127.0.0.1:{self.ops}"}

    def start(self):
        self.launch()
        self.wait()

    def launch(self):
        self.spawn([self.eakte, "run", self.name], env=self.env)

    def wait(self):
        wait(self.name, 90, self.ready)
        # "Bereit" comes when calls and pages are answered; /ready already tells of database and store before.
        wait(self.name, 30, lambda: f"Bereit: {self.name}" in self.log.read_text(errors="replace")[self.seen:])
        self.seen = self.log.stat().st_size

    def ready(self):
        if self.process.poll() is not None:
            raise ChildProcessError(f"{self.name} endet mit {self.process.returncode}, siehe {self.log}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ops}/ready", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False


class Cluster:
    def __init__(self, eakte, versitygw, folder, listen, env=None):
        self.eakte, self.folder, self.more = eakte, folder, env or {}
        self.database, self.broker, self.store = Postgres(folder), Broker(folder), Store(folder, versitygw)
        self.listen = listen
        self.services = []
        self.words = {}

    def secret(self, name, text):
        file = self.folder / f"{name}.geheim"
        file.write_text(text)
        file.chmod(0o600)
        return str(file)

    def servers(self):
        return [self.database, self.broker, self.store]

    def start(self):
        for part in self.servers():
            part.start()
        self.broker.add_user()
        self.database.sql("CREATE DATABASE eakte")
        shared = {
            "EAKTE_BUS__URL_DATEI": self.secret("bus", self.broker.url()),
            "EAKTE_S3__ENDPOINT": f"http://127.0.0.1:{self.store.port}", "EAKTE_S3__REGION": "eu-1",
            "EAKTE_S3__ZUGANG": self.store.key, "EAKTE_S3__GEHEIMNIS_DATEI": self.secret("s3", self.store.secret),
            "EAKTE_LOG__FILTER": os.environ.get("EAKTE_LOG__FILTER", "info,sqlx=warn,lopdf=error,hayro=error,lapin=off"),
        }
        owner = self.secret("migration", self.database.url("postgres", self.database.password))
        self.command("migrate", env={**shared, "EAKTE_DB__MIGRATION_URL_DATEI": owner})
        ports = {name: free_port() for name in CALLED}
        for name in [*CORE, *WORKERS]:
            env = {**shared, **self.more}
            if name in CORE:
                env["EAKTE_DB__URL_DATEI"] = self.role(name)
            if name in ports:
                env["EAKTE_RUF__LISTEN"] = f"127.0.0.1:{ports[name]}"
            for other, port in ports.items():
                if name in CALLED[other]:
                    env[f"EAKTE_RUF__{other.upper()}"] = f"http://127.0.0.1:{port}"
            if name == "portal":
                env["EAKTE_LISTEN"] = self.listen
            self.services.append(Service(name, self.folder, self.eakte, env))
        # All at once: nobody has to be there before anybody else.
        for service in self.services:
            service.launch()
        for service in self.services:
            service.wait()
        # Commands of operators see the journal of the hand-over.
        self.core = {**shared, "EAKTE_DB__URL_DATEI": self.role("betrieb"),
                     "EAKTE_DATA": str(self.folder / "daten-uebergabe")}
        self.url = f"http://{self.listen}"

    def role(self, name):
        password = secrets.token_urlsafe(24)
        self.database.sql(f"ALTER ROLE eakte_{name} PASSWORD '{password}'")
        return self.secret(f"db-{name}", self.database.url(f"eakte_{name}", password))

    def command(self, *args, env, text=None):
        done = subprocess.run([self.eakte, *args], env={**os.environ, **env}, input=text, capture_output=True, text=True)
        if done.returncode and args[0] != "reconcile":
            sys.exit(f"eakte {' '.join(args)}: {done.stderr}{done.stdout}")
        return done

    def stop(self):
        codes = {part.name: part.stop() for part in [*reversed(self.services), *self.servers()]}
        return {name: code for name, code in codes.items() if code not in (0, None)}


class Patient(Server):
    """A client that tries again when the other side is away, as every client has to."""

    def call(self, method, path, body=None, headers=()):
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return super().call(method, path, body, headers)
            except urllib.error.HTTPError as error:
                if error.code not in (429, 502, 503, 504) or time.monotonic() > until:
                    raise
            except (OSError, TimeoutError, ValueError):
                if time.monotonic() > until:
                    raise
            time.sleep(0.3)


class Strict(Patient):
    """Notes each error a client sees that is more than "not now, come again": R30 (reliability.md) allows no other."""

    def __init__(self, url, token):
        super().__init__(url, token)
        self.away, self.later, self.wrong = False, 0, []

    def call(self, method, path, body=None, headers=()):
        until = time.monotonic() + PATIENCE
        while True:
            away = self.away
            try:
                return Server.call(self, method, path, body, headers)
            except urllib.error.HTTPError as error:
                if error.code == 503 and error.headers.get("retry-after"):
                    self.later += 1
                else:
                    self.wrong.append(f"{method} {path}: {error.code} {error.read()[:300]!r}")
            except (OSError, http.client.HTTPException) as error:
                # Nobody listens while the portal itself is started again. A request that it had read is answered.
                reason = getattr(error, "reason", error)
                if (away or self.away) and isinstance(reason, (ConnectionRefusedError, ConnectionResetError)) and not \
                        isinstance(reason, http.client.RemoteDisconnected):
                    self.later += 1
                else:
                    self.wrong.append(f"{method} {path}: {error!r}")
            if time.monotonic() > until:
                raise TimeoutError(f"{method} {path} geht seit {PATIENCE} s nicht")
            time.sleep(0.2)


class Reader(threading.Thread):
    """Looks at the list of tasks and of post all the time."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.halt, self.looks = server, threading.Event(), 0

    def run(self):
        while not self.halt.is_set():
            for path in ("/tasks?limit=20", "/documents?limit=20"):
                self.server.call("GET", path)
                self.looks += 1
            time.sleep(0.05)


def roll_each_once(cluster, token, ledger):
    """R30: every service gets SIGTERM under load, one after the other, as an update does: it ends by itself within
    30 s, and no client sees more than a request to come again."""
    text = pathlib.Path("tests/corpus/demo/04-rechnung-xrechnung-ubl.xml").read_bytes()
    server, problems = Strict(cluster.url, token), []
    letter = pathlib.Path("tests/corpus/demo/02-brief-schief.jpg").read_bytes()
    # Letters keep the recognition at work: a stop must not take a page for a bad one.
    senders = [Sender(1000, server, ledger, text), Sender(1001, server, ledger, letter, "jpg", 1.5)]
    reader = Reader(server)
    for thread in [*senders, reader]:
        thread.start()
    for service in cluster.services:
        time.sleep(0.5)
        server.away = service.name == "portal"
        begun = time.monotonic()
        # The service alone, as systemd does with KillMode=mixed: its sandboxed children may finish their page.
        service.process.terminate()
        try:
            code = service.process.wait(30)
        except subprocess.TimeoutExpired:
            code = "nicht nach 30 s"
        drained = time.monotonic() - begun
        if code != 0:
            problems.append(f"{service.name} endet nach SIGTERM mit {code}")
            service.kill()
        service.start()
        back = time.monotonic()
        server.away = False
        print(f"  {service.name:<12} beendet sich in {drained:4.1f} s, ist nach {back - begun:4.1f} s wieder da", flush=True)
    for thread in [*senders, reader]:
        thread.halt.set()
    for thread in [*senders, reader]:
        thread.join(PATIENCE)
    receipts = [r for s in senders for r in s.receipts]
    for receipt in receipts:
        wait(f"Sendung {receipt}", 120, lambda r=receipt: server.state(r)["state"] != "accepted")
        state = server.state(receipt)["state"]
        if state != "waiting":
            problems.append(f"Sendung {receipt} ist {state}")
    print(f"  {len(receipts)} Quittungen, {reader.looks} Blicke, {server.later}-mal „später noch einmal“, "
          f"{len(server.wrong)} andere Fehler")
    return problems + server.wrong[:10] + [s.error for s in senders if s.error]


def kill_each_once(cluster, server, items):
    """While the post is on its way every part dies once and is started again as a supervisor would."""
    victims = [*cluster.services, *cluster.servers()]
    # RabbitMQ 3.10 writes its list of quorum queues behind by up to a second; one killed in it hangs for ever.
    time.sleep(2)
    for n, item in enumerate(items):
        item.began = time.monotonic()
        item.receipt = server.send(item.file)
        for victim in victims[n::len(items)]:
            begun = time.monotonic()
            victim.kill()
            time.sleep(0.5)
            victim.start()
            print(f"  {victim.name:<12} getötet, nach {time.monotonic() - begun:4.1f} s wieder da", flush=True)


def settle(server, items):
    progress, until = Progress(sys.stdout.isatty()), time.monotonic() + PATIENCE
    while any(not item.settled() for item in items) and time.monotonic() < until:
        for item in items:
            if not item.settled():
                item.state = server.state(item.receipt)
                if item.settled():
                    item.ended = time.monotonic()
        progress(items)
        time.sleep(0.1)


class Ledger:
    """What was sent and what was acknowledged, on the disk before anything follows from it (reliability.md §4)."""

    def __init__(self, file):
        self.file, self.out, self.lock = file, file.open("a"), threading.Lock()

    def note(self, **line):
        with self.lock:
            self.out.write(json.dumps(line) + "\n")
            self.out.flush()
            os.fsync(self.out.fileno())


def marked(data, mark):
    """The same item with bytes of its own: a comment in the XML or in the JPEG."""
    if data.startswith(b"\xff\xd8"):
        return data[:2] + b"\xff\xfe" + (len(mark) + 2).to_bytes(2, "big") + mark.encode() + data[2:]
    return data + f"\n<!-- {mark} -->\n".encode()


class Sender(threading.Thread):
    """Hands in invoices of its own, one after the other, until it is told to stop; a repeat has the same key."""

    def __init__(self, number, server, ledger, text, name="xml", pause=0.15):
        super().__init__(daemon=True)
        self.number, self.server, self.ledger, self.text = number, server, ledger, text
        self.name, self.pause = name, pause
        self.receipts, self.acknowledged, self.halt, self.error = [], time.monotonic(), threading.Event(), None

    def run(self):
        n = 0
        try:
            while not self.halt.is_set():
                n += 1
                body = marked(self.text, f"{self.number}/{n}")
                key, digest = f"ledger-{os.getpid()}-{self.number}-{n}", hashlib.sha256(body).hexdigest()
                self.ledger.note(channel="upload", key=key, sha256=digest)
                headers = (("idempotency-key", key), ("content-type", "application/octet-stream"))
                receipt = self.server.call("POST", f"/intake?channel=upload&name=r{n}.{self.name}", body, headers)["receipt"]
                self.ledger.note(channel="upload", key=key, sha256=digest, receipt=receipt)
                self.receipts.append(receipt)
                self.acknowledged = time.monotonic()
                time.sleep(self.pause)
        except Exception as error:  # whatever it is, the run has failed and says why
            self.error = f"Absender {self.number}: {error}"


def kill_loop(cluster, server, rounds, seed, ledger):
    """Kills a random part again and again under load: services 140 of 200 rounds, database 30, broker 15, S3 15."""
    text = pathlib.Path("tests/corpus/demo/04-rechnung-xrechnung-ubl.xml").read_bytes()
    chance, senders = random.Random(seed), [Sender(n, server, ledger, text) for n in range(2)]
    for sender in senders:
        sender.start()
    slowest, done = {}, {}
    for number in range(rounds):
        time.sleep(chance.uniform(0.2, 2.0))
        victim = chance.choices([chance.choice(cluster.services), *cluster.servers()], [140, 30, 15, 15])[0]
        victim.kill()
        time.sleep(chance.uniform(0, 1.0))
        begun = time.monotonic()
        victim.start()
        back = time.monotonic()
        wait("die Annahme", 60, lambda: min(s.acknowledged for s in senders) > back or any(s.error for s in senders))
        before = slowest.get(victim.name, (0, 0))
        slowest[victim.name] = max(before[0], time.monotonic() - back), max(before[1], back - begun)
        done[victim.name] = done.get(victim.name, 0) + 1
        if (number + 1) % 10 == 0:
            print(f"  {number + 1} Runden, {sum(len(s.receipts) for s in senders)} Quittungen", flush=True)
    for sender in senders:
        sender.halt.set()
    for sender in senders:
        sender.join(PATIENCE)
    print("  Teil          Runden   Start höchstens   danach angenommen nach höchstens")
    for name, (effect, start) in sorted(slowest.items()):
        print(f"  {name:<14}{done[name]:>6}{start:>14.1f} s{effect:>25.1f} s")
    receipts, begun = [r for s in senders for r in s.receipts], time.monotonic()
    for receipt in receipts:
        wait(f"Sendung {receipt}", 600, lambda r=receipt: server.state(r)["state"] != "accepted")
    print(f"  {len(receipts)} Sendungen, {time.monotonic() - begun:.1f} s nach dem letzten Ausfall alle bearbeitet")
    late = [f"{name}: erst {effect:.1f} s nach dem Start ist wieder etwas angenommen" for name, (effect, _) in slowest.items() if effect > EFFECT]
    slow = [f"{s.name}: bereit erst nach {slowest[s.name][1]:.1f} s" for s in cluster.services if slowest.get(s.name, (0, 0))[1] > START]
    return [s.error for s in senders if s.error] + late + slow


def follow(sammler, server):
    """A letter's trace leads through the processes that had it in their hands, and nothing of it hangs loose."""
    letter = marked(pathlib.Path("tests/corpus/demo/02-brief-schief.jpg").read_bytes(), "Spur")
    headers = (("idempotency-key", "spur"), ("content-type", "application/octet-stream"))
    receipt = server.call("POST", "/intake?channel=scan&name=spur.jpg", letter, headers)["receipt"]
    wait(f"Sendung {receipt}", 120, lambda: server.state(receipt)["state"] != "accepted")
    through = {"eingang", "geschaeftsgang", "akten", "erkennung", "einordnung"}
    try:
        # Spans leave every few seconds.
        wait("Spur", 20, lambda: through <= sammler.services(receipt) and not sammler.loose(receipt))
    except TimeoutError:
        return [f"Die Spur der Sendung {receipt} führt nur durch {sorted(sammler.services(receipt))}, lose: {sammler.loose(receipt)}"]
    print(f"Spur eines Briefs: {len(sammler.traces[receipt])} Abschnitte aus {len(sammler.services(receipt))} Prozessen")
    return []


def check(cluster, server, items, ledger, sammler):
    print("Jeder Teil wird einmal hart beendet, während die Post unterwegs ist:")
    kill_each_once(cluster, server, items)
    settle(server, items)
    print("R30: Jeder Dienst wird einmal ordentlich beendet und neu gestartet, während Post kommt:")
    problems = roll_each_once(cluster, server.token, ledger) + follow(sammler, server)
    left = [item for item in items if item.error or not item.settled()]
    # How it stands now, after each service was started again: late or lost is a difference.
    now = {item.file: server.state(item.receipt) for item in left}
    return problems + [f"nicht fertig nach {PATIENCE} s: {i.file.name} ({i.receipt}), {i.state.get('progress') or 'in Arbeit'}; "
                       f"jetzt {now[i.file]['state']}, {now[i.file].get('progress') or 'nichts mehr zu tun'}" for i in left]


def arguments():
    parser = argparse.ArgumentParser(usage="deploy/cluster [--check [--rounds N] [--seed S]]")
    parser.add_argument("eakte", help=argparse.SUPPRESS)
    parser.add_argument("versitygw", help=argparse.SUPPRESS)
    parser.add_argument("--check", action="store_true", help="beendet jeden Teil einmal, vergleicht, hört auf")
    parser.add_argument("--rounds", type=int, default=0, help="danach so viele Ausfälle zufälliger Teile unter Last")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000, help="wiederholt dieselben Ausfälle")
    return parser.parse_args()


def reconcile(cluster, ledger):
    journal = ["--journal", str(ledger.file)] if ledger else []
    done = cluster.command("reconcile", "--json", *journal, env=cluster.core)
    if not done.stdout:
        return [f"Der Abgleich ging nicht: {done.stderr}"]
    report = json.loads(done.stdout)
    print(f"\nAbgleich: fehlend {report['missing']}, doppelt {report['duplicate']}, verändert {report['altered']}, "
          f"verwaist {report['orphan']}, ohne Protokoll {report['unaudited']}")
    return report["details"]


def show(cluster):
    """For a person at the keyboard."""
    password = secrets.token_urlsafe(12)
    cluster.command("account", "samples", env=cluster.core, text=f"{password}\n")
    print(f"\nÖffnen Sie {cluster.url}. Anmelden, zum Beispiel als huber (alle Kennungen stehen in")
    print(f"workflows/tabellen/organisation.json); das Passwort ist für alle: {password}")
    for service in cluster.services:
        print(f"  {service.name:<12} http://127.0.0.1:{service.ops}/metrics   Protokoll {service.log}")
    print("Beenden: Strg-C.", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()


def main():
    asked = arguments()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="eakte-cluster-"))
    folder.chmod(0o755)
    own = f"127.0.0.1:{free_port()}" if asked.check else "127.0.0.1:8080"
    organisation = json.loads(pathlib.Path("workflows/tabellen/organisation.json").read_text())
    groups = {g["name"]: g["titel"] for g in organisation["gruppen"]}
    post = [f for f in sorted(pathlib.Path("tests/corpus/demo").iterdir()) if f.suffix.lower() in KINDS]
    items, problems, ledger = [Item(f) for f in post], [], None
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sammler = Sammler() if asked.check else None
    traced = {"EAKTE_TRACE__URL": sammler.url} if sammler else {}
    cluster = Cluster(os.path.abspath(asked.eakte), asked.versitygw, folder, os.environ.get("EAKTE_LISTEN", own), traced)
    try:
        begun = time.monotonic()
        cluster.start()
        print(f"{len(cluster.services)} Prozesse, RabbitMQ, PostgreSQL und S3 laufen nach {time.monotonic() - begun:.1f} s.")
        token = cluster.command("account", "token", "cli", "--days", "1", env=cluster.core).stdout.strip()
        server = Patient(cluster.url, token)
        if asked.check:
            ledger = Ledger(folder / "ledger.jsonl")
            problems += check(cluster, server, items, ledger, sammler)
        else:
            for item in items:
                item.began = time.monotonic()
                item.receipt = server.send(item.file)
            settle(server, items)
        table(items, groups)
        if asked.rounds:
            print(f"\n{asked.rounds} Ausfälle unter Last, --seed {asked.seed}:", flush=True)
            ledger = ledger or Ledger(folder / "ledger.jsonl")
            problems += kill_loop(cluster, server, asked.rounds, asked.seed, ledger)
        problems += reconcile(cluster, ledger)
        if not asked.check:
            show(cluster)
    except (TimeoutError, ChildProcessError, OSError) as error:
        problems.append(str(error))
    except KeyboardInterrupt:
        pass
    finally:
        problems += [f"{name} endet mit {code}" for name, code in cluster.stop().items()]
    if problems and asked.check:
        print("\n".join(["", *problems, f"Protokolle: {folder}"]))
        sys.exit(1)
    shutil.rmtree(folder, ignore_errors=True)
    if asked.check:
        print("Alles gestoppt. Nichts fehlt, nichts ist doppelt, nichts verändert.")


if __name__ == "__main__":
    main()

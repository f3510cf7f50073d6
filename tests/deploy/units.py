# SPDX-License-Identifier: EUPL-1.2
"""The systemd units: laid by `install` into an empty root, verified by systemd itself, hardened, and still allowing the
parsers' children everything their own lock consists of."""

import configparser
import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from itertools import chain
from pathlib import Path

from common import CALLERS, CORE, ROOT, WORKERS, program, run, ran

# Of 10. What is left over: the network, and that there is no image of its own as root.
EXPOSURE = 2.0
FORMS = {
    "serve": (["serve"], ["eakte-serve.service"]),
    "run": (["run"], ["eakte.target", "eakte-migrate.service", *(f"eakte@{s}.service" for s in (*CORE, *WORKERS))]),
    "run tls": (["run", "tls"], [f"eakte@{s}.service" for s in (*CORE, *WORKERS)]),
}
NIGHT = ["eakte-reconcile.service", "eakte-reconcile.timer", "eakte-backup.service", "eakte-backup.timer"]
# How the lock itself comes to be (services/sandbox/src/lock.rs); the rest is the list of allowed calls.
LOCK = {"seccomp", "prctl", "setrlimit", "prlimit64", "landlock_create_ruleset", "landlock_add_rule",
        "landlock_restrict_self"}


def check(deploy):
    problems = []
    for form, (arguments, units) in FORMS.items():
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            problems += lay(deploy, root, arguments)
            if problems:
                return problems
            for unit in [*units, *NIGHT]:
                problems += [f"{form}: {p}" for p in judge(root, unit)]
            problems += [f"{form}: {p}" for p in chain(order(root), user_and_folders(root))]
            if form != "serve":
                problems += [f"{form}: {p}" for p in secrets(root, form)]
            if problems:
                return problems
    return problems + newer_systemd(deploy) + sandbox(deploy)


def lay(deploy, root, arguments):
    """Runs `install` as of this machine's systemd; beside it lie the targets and a program in the root."""
    targets = root / "usr/lib/systemd/system"
    targets.mkdir(parents=True)
    for target in Path("/lib/systemd/system").glob("*.target"):
        shutil.copy(target, targets, follow_symlinks=True)
    (root / "lib").symlink_to("usr/lib")
    program = root / "usr/local/bin/eakte"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    environment = {**os.environ, "DESTDIR": str(root), "EAKTE_SYSTEMD": version()}
    return ran(deploy / "systemd/install", *arguments, env=environment)


def version():
    return re.match(r"systemd (\d+)", run("systemd-analyze", "--version")[1])[1]


def judge(root, unit):
    # Its own words for a unit without a fault are none, and exit code 0.
    code, said = run("systemd-analyze", "verify", f"--root={root}", "--recursive-errors=yes", unit)
    said = [line for line in said.splitlines() if "eakte" in line or "Unknown" in line]
    problems = [f"{unit}: {line}" for line in said] or ([f"{unit}: verify ended with {code}"] if code else [])
    if unit.endswith(".service"):
        _, table = run("systemd-analyze", "security", "--offline=true", "--no-pager", f"--root={root}", unit)
        found = re.search(r"exposure level for \S+: ([0-9.]+)", table)
        if not found:
            problems.append(f"{unit}: no exposure level: {table.strip()[-300:]}")
        elif float(found[1]) > EXPOSURE:
            problems.append(f"{unit}: exposure {found[1]} is over {EXPOSURE}")
    return problems


def unit_lines(root, unit):
    """The lines of a unit with its drop-ins, in systemd's order, as (key, value)."""
    units = root / "etc/systemd/system"
    name, kind = unit.rsplit(".", 1)
    template = re.sub(r"@.*", "@", name)
    files = [units / unit] if (units / unit).exists() else [units / f"{template}.{kind}"]
    for folder in (f"{template.split('-')[0]}-.{kind}.d", f"{template}.{kind}.d", f"{unit}.d"):
        files += sorted((units / folder).glob("*.conf")) if "-" in folder or "@" in folder else []
    return [tuple(line.split("=", 1)) for file in files for line in file.read_text().splitlines()
            if "=" in line and not line.startswith("#")]


def order(root):
    """No service waits for another at start, each is started again for ever, and one death is not the unit's."""
    problems = []
    for file in (root / "etc/systemd/system").glob("*.service"):
        lines = unit_lines(root, file.name)
        text = dict(lines)
        for key in ("After", "Requires", "BindsTo", "Before", "Requisite"):
            if key in text:
                problems.append(f"{file.name}: {key}={text[key]}: no order between services")
        if text.get("Type") == "exec":
            wanted = {"Restart": "always", "StartLimitIntervalSec": "0", "KillMode": "mixed", "OOMPolicy": "continue"}
            problems += [f"{file.name}: {k} must be {v}, is {text.get(k)}" for k, v in wanted.items() if text.get(k) != v]
            if int(re.sub(r"\D", "", text.get("TimeoutStopSec", "0"))) <= 30:
                problems.append(f"{file.name}: TimeoutStopSec leaves no time for 30 s of drain")
    return problems


def user_and_folders(root):
    """What systemd-sysusers and systemd-tmpfiles make of our files; only root may give folders to others."""
    if os.geteuid() != 0:
        return []
    problems = ran("systemd-sysusers", f"--root={root}", "eakte.conf")
    problems += ran("systemd-tmpfiles", f"--root={root}", "--create", "eakte.conf")
    passwd = (root / "etc/passwd").read_text() if (root / "etc/passwd").exists() else ""
    user = re.search(r"^eakte:[^:]*:(\d+):\d+:[^:]*:/var/lib/eakte:/usr/sbin/nologin$", passwd, re.M)
    if not user:
        return problems + [f"no user eakte without a shell: {passwd}"]
    for folder, mode, owner in (("etc/eakte/geheimnisse", 0o700, 0), ("var/backups/eakte", 0o700, int(user[1]))):
        found = (root / folder).stat()
        if (found.st_mode & 0o777, found.st_uid) != (mode, owner):
            problems.append(f"{folder}: mode {found.st_mode & 0o777:o}, owner {found.st_uid}")
    return problems


def secrets(root, form):
    """Who gets which secret: the core the database, the callers certificates (only over TLS), workers neither."""
    problems = []
    for service in (*CORE, *WORKERS):
        lines = unit_lines(root, f"eakte@{service}.service")
        environment = " ".join(value for key, value in lines if key == "Environment")
        for variable, may in (("EAKTE_DB__URL_DATEI", service in CORE),
                              ("EAKTE_RUF__SCHLUESSEL_DATEI", service in CALLERS and form == "run tls")):
            if (variable in environment) != may:
                problems.append(f"eakte@{service}: {variable} {'is missing' if may else 'must not be there'}")
        if ("LoadCredential", "g:/etc/eakte/geheimnisse/%i") not in lines:
            problems.append(f"eakte@{service}: no LoadCredential of its own folder")
        listen = (root / f"etc/eakte/{service}.env").read_text()
        if "EAKTE_BETRIEB__LISTEN=127.0.0.1:" not in listen:
            problems.append(f"{service}.env: no operators' address")
    ports = [line for file in (root / "etc/eakte").glob("*.env") for line in file.read_text().split()]
    ports = [line.split(":")[-1] for line in ports]
    if len(ports) != len(set(ports)):
        problems.append(f"two services listen at one port: {sorted(ports)}")
    return problems


def newer_systemd(deploy):
    """The growing pauses are laid from systemd 254 on, and never before: 252 would complain about each reload."""
    problems = []
    for number, wanted in (("252", False), ("254", True), ("257.9", True)):
        with tempfile.TemporaryDirectory() as root:
            problems += ran(deploy / "systemd/install", "run", env={**os.environ, "DESTDIR": root, "EAKTE_SYSTEMD": number})
            laid = list(Path(root).rglob("*neustart.conf"))
            if bool(laid) != wanted:
                problems.append(f"systemd {number}: neustart.conf {'missing' if wanted else 'laid'}")
            for file in laid:
                parser = configparser.ConfigParser()
                parser.read(file)
                if sorted(parser["Service"]) != ["restartmaxdelaysec", "restartsteps"]:
                    problems.append(f"{file.name}: {dict(parser['Service'])}")
    return problems


def sandbox(deploy):
    """Every system call that the parsers' lock needs or leaves to them is allowed by the unit around it, and the children
    really lock themselves under it."""
    source = (ROOT / "services/sandbox/src/seccomp.rs").read_text()
    needed = set(re.findall(r"libc::SYS_(\w+)", source)) | LOCK
    if len(needed) < 60:
        return [f"only {len(needed)} system calls found in seccomp.rs"]
    allowed = set()
    for value in re.findall(r"^SystemCallFilter=(.+)$", (deploy / "systemd/haertung.conf").read_text(), re.M):
        calls = set().union(*(expand(word) for word in value.lstrip("~").split()))
        allowed = allowed - calls if value.startswith("~") else allowed | calls
    if missing := sorted(needed - allowed):
        return [f"haertung.conf forbids what the sandbox needs: {', '.join(missing)}"]
    return [problem for child in ([program(), "child"], [program().with_name("eakte-ocr")])
            for problem in locks(allowed, child)]


def locks(allowed, child):
    """A child without work locks itself and ends with 0; without the calls of the lock it must end with 70."""
    problems = []
    for calls, wanted in ((allowed, 0), (allowed - {"seccomp"}, 70)):
        script = Path(__file__).with_name("seccomp.py")
        environment = {"EAKTE_SANDBOX": "{}", "PATH": os.environ["PATH"]}
        code, said = run(sys.executable, script, ",".join(calls), *child, env=environment, stdin=subprocess.DEVNULL)
        if code != wanted:
            problems.append(f"{child[0].name} under the unit's filter ended with {code}, must be {wanted}: {said.strip()}")
    return problems


@lru_cache
def expand(word):
    """The system calls that a name or a @group of systemd stands for."""
    if not word.startswith("@"):
        return frozenset({word})
    _, text = run("systemd-analyze", "syscall-filter", word)
    lines = [line.strip() for line in text.splitlines()[1:]]
    return frozenset().union(*(expand(w) for w in lines if w and not w.startswith("#")))

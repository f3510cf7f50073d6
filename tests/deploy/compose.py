# SPDX-License-Identifier: EUPL-1.2
"""compose.yaml: judged by the loader that docker compose itself uses, then by our rules, on files that `vorbereiten`
really made. What its scripts say to PostgreSQL, RabbitMQ and the store is in live.py."""

import base64
import hashlib
import json
import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from common import CALLED, CALLERS, CORE, TOOLS, WORKERS, job_types, run, ran

OURS = (*CORE, *WORKERS, "migrate", "betrieb")
# What `vorbereiten` made, by its text: it starts a hundred programs.
MADE, KEPT = {}, tempfile.TemporaryDirectory()


def check(deploy):
    with prepared(deploy) as (work, secrets, problems):
        if problems:
            return problems
        project, problems = load(work)
        if project is None:
            return problems
        return problems + rules(project, secrets) + certificates(secrets) + broker(secrets)


@contextmanager
def prepared(deploy):
    """A copy of deploy/compose in which `vorbereiten` ran twice; its folder of secrets; what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        # A path that the database's user may enter, too.
        os.chmod(folder, 0o755)
        work = Path(folder) / "compose"
        shutil.copytree(deploy / "compose", work, ignore=shutil.ignore_patterns("geheimnisse", "scan", "uebergabe", "sicherung", ".env"))
        shutil.copy(deploy / "postgresql.conf", folder)
        secrets = work / "geheimnisse"
        script = (work / "vorbereiten").read_bytes()
        if script in MADE:
            shutil.copytree(MADE[script], secrets)
            yield work, secrets, []
            return
        problems = ran(work / "vorbereiten") or again(work, secrets)
        if not problems:
            MADE[script] = Path(KEPT.name) / f"{os.getpid()}-{len(MADE)}"
            shutil.copytree(secrets, MADE[script])
        yield work, secrets, problems


def again(work, secrets):
    """A second run changes nothing: passwords in use must not be made anew."""
    before = {file.name: file.read_bytes() for file in secrets.iterdir()}
    problems = ran(work / "vorbereiten")
    changed = [name for name, bytes in before.items() if (secrets / name).read_bytes() != bytes]
    return problems + [f"vorbereiten made {name} anew" for name in changed if name != "ca.srl"]


def load(work):
    """The project as docker compose reads it, with the values of .env.example and none of this machine's."""
    values = dict(line.split("=", 1) for line in (work / ".env.example").read_text().splitlines()
                  if "=" in line and not line.startswith("#"))
    command = [TOOLS / "compose-spec", "compose.yaml"]
    code, output = run(*command, cwd=work, env={"PATH": os.environ["PATH"], **values})
    if code:
        return None, [f"compose: {output.strip()}"]
    project = json.loads(output)
    text = (work / "compose.yaml").read_text()
    return project, [f".env.example: nobody asks for {name}" for name in values if f"${{{name}" not in text]


def rules(project, secrets):
    problems, networks = [], project["networks"]
    services = project["services"]
    if set(services) != {*OURS, "postgres", "rabbitmq", "s3"}:
        problems.append(f"services: {sorted(services)}")
    for name, service in services.items():
        def wrong(what):
            problems.append(f"{name}: {what}")

        if not service.get("read_only"):
            wrong("its root can be written")
        if service.get("cap_drop") != ["ALL"] or service.get("cap_add"):
            wrong("keeps capabilities")
        if service.get("security_opt") != ["no-new-privileges:true"] or service.get("privileged"):
            wrong("may gain privileges")
        if not re.search(r":v?\d", service["image"]):
            wrong(f"image {service['image']} names no version")
        environment = service.get("environment") or {}
        for variable in environment:
            # The address of a collector holds no password.
            if re.search(r"PASSWORD$|SECRET$|__URL$", variable) and variable != "EAKTE_TRACE__URL":
                wrong(f"{variable}: a secret in the environment")
        wanted = {s["source"] for s in service.get("secrets", [])}
        problems += [f"{name}: no file for the secret {s}" for s in wanted if not (secrets / s).exists()]
        for other in (*CORE, *WORKERS, "betrieb"):
            if other != name and not (name == "migrate" and other == "betrieb") and any(s.startswith(f"{other}-") for s in wanted):
                wrong(f"has secrets of {other}")
        problems += [f"{name}: needs {d} at start" for d in service.get("depends_on", {}) if name in (*CORE, *WORKERS)]
        at = set(service.get("networks", {}))
        if ("datenbank" in at) != (name in (*CORE, "migrate", "betrieb", "postgres")):
            wrong("stands in the database's network, or a service with tables does not")
        if ("vorn" in at) != (name == "portal") or (service.get("ports") and name != "portal"):
            wrong("is open to the outside, or the portal is not")
        if ("EAKTE_DB__URL_DATEI" in environment) != (name in (*CORE, "betrieb")):
            wrong("knows the database, or a service with tables does not")
        if ("EAKTE_RUF__SCHLUESSEL_DATEI" in environment) != (name in CALLERS):
            wrong("calls others, or a caller lacks its key")
        if ("EAKTE_RUF__LISTEN" in environment) != (name in CALLED):
            wrong("takes calls, or a called service does not")
        if name in (*CORE, *WORKERS) and service.get("command") != ["run", name]:
            wrong(f"runs {service.get('command')}")
        if name not in ("migrate", "betrieb") and not service.get("healthcheck", {}).get("test"):
            wrong("no healthcheck")
    problems += [f"network {n} leads outside" for n, net in networks.items()
                 if n not in ("vorn", "hinaus") and not net.get("internal")]
    # Webhooks leave from here, and the command that tries one.
    out = {name for name, service in services.items() if "hinaus" in (service.get("networks") or {})}
    problems += [f"{name} reaches the outside" for name in sorted(out - {"geschaeftsgang", "betrieb"})]
    if any(p["host_ip"] != "127.0.0.1" for p in services["portal"]["ports"]):
        problems.append("the portal listens for everybody: a TLS proxy must stand in front")
    # Debian 12's pg_dump, which is in our image, reads servers up to 15.
    if not re.fullmatch(r"postgres:15(\.\d+)?", services["postgres"]["image"]):
        problems.append(f"{services['postgres']['image']}: pg_dump of the image is of version 15")
    unused = set(project["secrets"]) - {s["source"] for x in services.values() for s in x.get("secrets", [])}
    return problems + [f"secret {name} is nobody's" for name in sorted(unused)]


def certificates(secrets):
    """Signed by our authority, in the service's own name, for both directions only where both are needed."""
    problems = []
    for file in sorted(secrets.glob("*-pem")):
        name = file.name.removesuffix("-pem").removesuffix("-ruf")
        purposes = ["sslserver", "sslclient"] if file.name.endswith("-ruf-pem") else ["sslserver"]
        for purpose in purposes:
            code, said = run("openssl", "verify", "-x509_strict", "-purpose", purpose, "-verify_hostname", name,
                             "-CAfile", secrets / "ca", file)
            if code:
                problems.append(f"{file.name} for {purpose}: {said.strip()}")
        key = run("openssl", "pkey", "-in", secrets / file.name.replace("-pem", "-key"), "-pubout")[1]
        if run("openssl", "x509", "-in", file, "-noout", "-pubkey")[1] != key:
            problems.append(f"{file.name} does not belong to its key")
    return problems


def broker(secrets):
    """Users with the passwords of their addresses; who may read which queue is told by the job types of the program."""
    problems = []
    definitions = json.loads((secrets / "rabbitmq-definitions").read_text())
    for user in definitions["users"]:
        salted = base64.b64decode(user["password_hash"])
        address = (secrets / f"{user['name']}-bus-url").read_text()
        name, password = re.match(r"amqps://([^:]+):([^@]+)@", address).groups()
        if name != user["name"] or salted[4:] != hashlib.sha256(salted[:4] + password.encode()).digest():
            problems.append(f"broker user {user['name']}: another password than in its address")
    types = job_types()
    for rule in definitions["permissions"]:
        user = rule["user"]
        if user == "geschaeftsgang":
            continue
        if rule["configure"] != "^$":
            problems.append(f"{user} may change queues")
        for owner, names in types.items():
            for name in [n for job in names for n in (job, f"{job}.eilig")]:
                may = re.search(rule["read"], name) is not None
                if may != (owner == user):
                    problems.append(f"{user} {'may' if may else 'may not'} read {name}")
        if re.search(rule["write"], "eakte") is None or re.search(rule["write"], "eakte.tot"):
            problems.append(f"{user} writes: {rule['write']}")
    if {u["name"] for u in definitions["users"]} != {*CORE, *WORKERS, "betrieb"}:
        problems.append("a service has no user at the broker")
    return problems

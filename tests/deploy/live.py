# SPDX-License-Identifier: EUPL-1.2
"""What deploy/compose says to PostgreSQL, RabbitMQ and the store, said to real ones of this machine, each on ports of
its own and gone at the end."""

import hashlib
import os
import re
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from common import CORE, TOOLS, knows, program, run, ran
from compose import load, prepared


def check(deploy):
    return tables_check(deploy) + broker_check(deploy)


def tables_check(deploy):
    return on_project(tables, deploy)


def broker_check(deploy):
    return on_project(broker, deploy)


def on_project(part, deploy):
    with prepared(deploy) as (work, secrets, problems):
        project, wrong = (None, problems) if problems else load(work)
        try:
            return wrong or part(work, secrets, project)
        except NotStarted as error:
            return [str(error)]


class NotStarted(Exception):
    """A server that did not come up, with its own words."""


def tables(work, secrets, project):
    """rollen.sh on a database of its own, then `eakte migrate` as compose runs it, twice: each role enters with its
    password and does what it may, the bucket has object lock."""
    with database(work) as port, store(work, secrets, project) as s3:
        problems = ran("bash", work / "rollen.sh", env={**port, "EAKTE_ROLLEN": str(secrets / "rollen")}, cwd="/")
        problems += ran("psql", "-qc", "create role nobody login", env={**port, "PGDATABASE": "eakte"}, cwd="/")
        roles = {"migration": secrets / "migration-url",
                 **{s: secrets / f"{s}-db-url" for s in (*CORE, "betrieb")}}
        urls = {role: file.read_text().strip().replace("@postgres:5432", f"@127.0.0.1:{port['PGPORT']}")
                for role, file in roles.items()}
        for role, url in urls.items():
            code, said = run("psql", url, "-Atc", "select rolsuper or rolcreaterole or rolcreatedb or rolbypassrls "
                             "from pg_roles where rolname = current_user", cwd="/")
            if code or said.strip() != "f":
                problems.append(f"{role}: has power over others, or does not enter: {said.strip()}")
            makes, said = run("psql", url, "-qc", "create table probe_x (a int); drop table probe_x", cwd="/")
            if (makes == 0) != (role == "migration"):
                problems.append(f"{role}: makes tables, or the migration does not: {said.strip()}")
            if run("psql", re.sub(r":[^:@/]+@", ":falsch@", url), "-Atc", "select 1", cwd="/")[0] == 0:
                problems.append(f"{role}: a wrong password is taken")
        _, enters = run("psql", "-Atc", "select has_database_privilege('nobody', 'eakte', 'CONNECT, TEMPORARY')", env=port,
                        cwd="/")
        if enters.strip() != "f":
            problems.append(f"somebody without a right enters the database: {enters.strip()}")
        if problems or not knows("migrate"):
            return problems
        variables = project["services"]["migrate"]["environment"]
        (work / "adresse").write_text(urls["migration"])
        here = {"PATH": os.environ["PATH"], **variables, "EAKTE_DATA": str(work / "daten"),
                "EAKTE_DB__MIGRATION_URL_DATEI": str(work / "adresse"), "EAKTE_S3__ENDPOINT": s3,
                "EAKTE_S3__GEHEIMNIS_DATEI": str(secrets / "s3"), "EAKTE_S3__CA_DATEI": str(secrets / "ca"),
                "EAKTE_BUS__URL_DATEI": str(secrets / "betrieb-bus-url"), "EAKTE_BUS__CA_DATEI": str(secrets / "ca")}
        problems += ran(program(), "migrate", env=here) or ran(program(), "migrate", env=here)
        return problems or rights(urls) + locked(secrets, s3)


def rights(urls):
    """Own tables, and nobody else's; the audit trail grows and never changes."""
    problems, seen = [], set()
    question = "select tablename, {} from pg_tables where schemaname = 'public'".format(", ".join(
        f"has_table_privilege('eakte_{role}', tablename, 'SELECT, INSERT, UPDATE, DELETE')" for role in CORE))
    _, rows = run("psql", urls["migration"], "-Atc", question, cwd="/")
    for table, *may in (row.split("|") for row in rows.split()):
        owner = table.split("_")[0]
        if owner in CORE:
            seen.add(table)
            problems += [f"{role} {'may' if right == 't' else 'may not'} touch {table}"
                         for role, right in zip(CORE, may) if (right == "t") != (role == owner)]
    if len(seen) < 10:
        problems.append(f"only these tables: {sorted(seen)}")
    if run("psql", urls["akten"], "-qc", "delete from platform_audit", cwd="/")[0] == 0:
        problems.append("akten removes from the audit trail")
    return problems


def locked(secrets, s3):
    """The bucket that `eakte migrate` made keeps versions and takes locks."""
    empty = hashlib.sha256(b"").hexdigest()
    password = (secrets / "s3").read_text().strip()
    problems = []
    for question, wanted in (("object-lock", "<ObjectLockEnabled>Enabled<"), ("versioning", "<Status>Enabled<")):
        _, said = run("curl", "-s", "--cacert", secrets / "ca", "--user", f"eakte:{password}", "--aws-sigv4",
                      "aws:amz:us-east-1:s3", "-H", f"x-amz-content-sha256: {empty}", f"{s3}/eakte?{question}=",
                      env={**os.environ, "no_proxy": "localhost"})
        if wanted not in said:
            problems.append(f"the bucket has no {question}: {said.strip()[-300:]}")
    return problems


@contextmanager
def database(work):
    """A server with our settings, as compose.yaml starts it; the environment psql needs to be its superuser."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    if not binaries:
        raise NotStarted("no PostgreSQL server is installed")
    folder = work.parent / "db"
    folder.mkdir()
    # initdb refuses root.
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_postgres:
        shutil.chown(folder, "postgres")
    tool = lambda name: [*as_postgres, str(binaries[-1] / name)]
    data, port = folder / "data", free_port()
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c hba_file={data}/pg_hba.conf " \
              f"-c config_file={work.parent}/postgresql.conf -c data_directory={data} -c ident_file={data}/pg_ident.conf"
    here = {**os.environ, "PGHOST": str(folder), "PGPORT": str(port), "PGUSER": "postgres"}
    wrong = ran(*tool("initdb"), "-D", data, "-U", "postgres", "--auth-local=trust", "--auth-host=scram-sha-256", cwd="/")
    wrong = wrong or ran(*tool("pg_ctl"), "-D", data, "-o", options, "-l", folder / "log", "-w", "start", cwd="/")
    if wrong:
        raise NotStarted(f"{wrong[0]} {tail(folder / 'log') if (folder / 'log').exists() else ''}")
    try:
        if wrong := ran("psql", "-qc", "create database eakte", env=here, cwd="/"):
            raise NotStarted(wrong[0])
        yield here
    finally:
        run(*tool("pg_ctl"), "-D", data, "-m", "immediate", "stop", cwd="/")


@contextmanager
def store(work, secrets, project):
    """The store as compose.yaml starts it, over TLS; its address."""
    port, data = free_port(), work.parent / "speicher"
    script = project["services"]["s3"]["command"][0].replace("$$", "$")
    for old, new in (("/speicher", str(data)), ("/usr/local/bin/versitygw", str(TOOLS / "versitygw")),
                     ("/run/secrets/s3.pem", str(secrets / "s3-pem")), ("/run/secrets/s3.key", str(secrets / "s3-key")),
                     ("/run/secrets/s3", str(secrets / "s3")), (":7070", f"127.0.0.1:{port}")):
        script = script.replace(old, new)
    log = (work.parent / "s3.log").open("w")
    server = subprocess.Popen(["sh", "-c", script], stdout=log, stderr=log)
    health = ["curl", "-sf", "--cacert", secrets / "ca", f"https://localhost:{port}/health"]
    try:
        here = {**os.environ, "no_proxy": "localhost"}
        if wrong := until(server, lambda: run(*health, env=here)[0] == 0, 15):
            raise NotStarted(f"the store {wrong}: {tail(work.parent / 's3.log')}")
        yield f"https://localhost:{port}"
    finally:
        server.kill()
        server.wait()


def broker(work, secrets, project):
    """A node with compose's rabbitmq.conf, plugins and the users of `vorbereiten`: TLS only, each with its own password,
    nobody as guest."""
    programs = sorted(Path("/usr/lib/rabbitmq/lib").glob("*/sbin"))
    if not programs:
        return ["no RabbitMQ server is installed"]
    folder = work.parent / "mq"
    folder.mkdir()
    port, metrics = free_port(), free_port()
    conf = (work / "rabbitmq.conf").read_text()
    for old, new in (("/run/secrets/ca", secrets / "ca"), ("/run/secrets/rabbitmq.pem", secrets / "rabbitmq-pem"),
                     ("/run/secrets/rabbitmq.key", secrets / "rabbitmq-key"),
                     ("/run/secrets/definitions.json", folder / "definitions.json"),
                     ("= 5671", f"= 127.0.0.1:{port}")):
        if old not in conf:
            return [f"rabbitmq.conf: no {old}"]
        conf = conf.replace(old, str(new))
    (folder / "rabbitmq.conf").write_text(f"{conf}\nprometheus.tcp.port = {metrics}\nprometheus.tcp.ip = 127.0.0.1\n")
    # The importer takes a file by its ending.
    shutil.copy(secrets / "rabbitmq-definitions", folder / "definitions.json")
    shutil.copy(work / "enabled_plugins", folder / "enabled_plugins")
    epmd = free_port()
    here = {"PATH": os.environ["PATH"], "HOME": str(folder), "RABBITMQ_NODENAME": f"eakte{os.getpid()}@localhost",
            "RABBITMQ_DIST_PORT": str(free_port()), "ERL_EPMD_PORT": str(epmd), "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null", "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"), "RABBITMQ_MNESIA_BASE": str(folder / "db"),
            "RABBITMQ_LOG_BASE": str(folder / "log"), "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RUNNING_UNDER_SYSTEMD": "1"}
    log = (folder / "ausgabe").open("w")
    names = subprocess.Popen(["epmd", "-port", str(epmd), "-address", "127.0.0.1"], env=here, stdout=log, stderr=log)
    node = subprocess.Popen([programs[-1] / "rabbitmq-server"], env=here, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        ctl = lambda *words: run(programs[-1] / "rabbitmqctl", "--quiet", *words, env=here)
        if wrong := until(node, lambda: answers(port, secrets), 60):
            return [f"the broker {wrong}: {tail(folder / 'ausgabe')}"]
        ctl("await_startup")
        problems = []
        _, listeners = ctl("eval", "[io:format(\"~p ~p~n\", [element(3, L), element(6, L)]) || "
                           "L <- rabbit_networking:active_listeners()].")
        if "amqp " in listeners or "'amqp/ssl'" not in listeners or "'http/prometheus'" not in listeners:
            problems.append(f"the broker listens otherwise than by TLS alone: {listeners}")
        passwords = {}
        for file in secrets.glob("*-bus-url"):
            name, password = re.match(r"amqps://([^:]+):([^@]+)@", file.read_text()).groups()
            passwords[name] = password
        check = " ".join(f'{{<<"{n}">>,<<"{p}">>}},' for n, p in passwords.items()).rstrip(",")
        code, said = ctl("eval", f"[{{U, element(1, rabbit_access_control:check_user_pass_login(U, P))}} || "
                         f"{{U, P}} <- [{check}, {{<<\"portal\">>, <<\"falsch\">>}}, {{<<\"guest\">>, <<\"guest\">>}}]].")
        logins = re.findall(r'\{<<"(\w+)">>,(\w+)\}', said)
        wanted = [(name, "ok") for name in passwords] + [("portal", "refused"), ("guest", "refused")]
        if logins != wanted:
            problems.append(f"logins: {logins}, must be {wanted}: {said[-400:] if not logins else ''}")
        _, rights = ctl("list_permissions", "-p", "eakte")
        if "erkennung\t^$\t" not in rights:
            problems.append(f"permissions: {rights}")
        return problems
    finally:
        node.kill()
        names.kill()
        node.wait()
        names.wait()


def answers(port, secrets):
    """A TLS handshake by name and authority, as our services do it."""
    return run("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "rabbitmq", "-verify_hostname",
               "rabbitmq", "-CAfile", secrets / "ca", "-verify_return_error", "-brief", stdin=subprocess.DEVNULL)[0] == 0


def until(process, true, seconds):
    """None when `true` came true in time, else what happened instead."""
    end = time.monotonic() + seconds
    while not true():
        if process.poll() is not None:
            return f"ended with {process.returncode}"
        if time.monotonic() > end:
            return f"does not answer within {seconds} s"
        time.sleep(0.2)
    return None


def tail(file):
    return "\n".join(file.read_text(errors="replace").strip().splitlines()[-15:])


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]

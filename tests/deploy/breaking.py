# SPDX-License-Identifier: EUPL-1.2
"""No check that cannot fail: each line breaks a copy of deploy/ in one place and names the check that must notice, and a
word of what it must say."""

import os
import shutil
import tempfile
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import chart
import compose
import container
import live
import observe
import texts
import units

BREAKS = [
    # check, file, what stands there, what comes in its place, word of the complaint
    (units.check, "systemd/eakte@.service", "Type=exec", "Typ=exec", "Unknown key"),
    (units.check, "systemd/eakte@.service", "/usr/local/bin/eakte", "/usr/bin/eakte", "not executable"),
    (units.check, "systemd/eakte@.service", "StartLimitIntervalSec=0", "After=postgresql.service", "no order"),
    (units.check, "systemd/haertung.conf", "ProtectSystem=strict\n", "CapabilityBoundingSet=CAP_SYS_ADMIN CAP_SYS_PTRACE\n",
     "exposure"),
    (units.check, "systemd/haertung.conf", "SystemCallFilter=seccomp landlock", "SystemCallFilter=landlock", "seccomp"),
    (units.check, "systemd/haertung.conf", "@privileged @keyring", "@privileged @resources", "setrlimit"),
    (units.check, "systemd/install", "for service in eingang geschaeftsgang akten portal; do",
     "for service in eingang geschaeftsgang akten portal rechnung; do", "must not be there"),
    (units.check, "systemd/install", "-ge 254", "-ge 250", "RestartSteps"),
    (units.check, "systemd/eakte.tmpfiles", "0700 root root", "0755 root root", "geheimnisse: mode 755"),
    (units.check, "systemd/eakte-backup.timer", "00:30:00", "24:70:00", "eakte-backup.timer"),
    (container.check, "container/Containerfile", "USER 10001:10001", "USER root", "USER"),
    (container.check, "container/Containerfile", "debian:12-slim", "debian:latest", "DL3007"),
    (container.check, "container/Containerfile", "COPY . .", "ADD . .", "ADD"),
    (container.check, "container/Containerfile", " tesseract-ocr-osd", "", "osd"),
    (container.check, "container/gesund", "[[ $status == 200 ]]", "true", "503"),
    (compose.check, "compose/compose.yaml", "read_only: true", "read_onley: true", "read_onley"),
    (compose.check, "compose/compose.yaml", "networks: [bus, speicher]", "networks: [bus, speicher, datenbank]",
     "database's network"),
    (compose.check, "compose/compose.yaml", "volumes: [\"akten:/var", "volumes: [\"aktn:/var", "aktn"),
    (compose.check, "compose/compose.yaml", "datenbank: { internal: true }", "datenbank:", "leads outside"),
    (compose.check, "compose/compose.yaml", "{ source: akten-db-url, target: db-url }",
     "{ source: portal-db-url, target: db-url }", "secrets of portal"),
    (compose.check, "compose/compose.yaml", "ports: [\"127.0.0.1:", "ports: [\"0.0.0.0:", "TLS proxy"),
    (compose.check, "compose/compose.yaml", "postgres:15", "postgres", "no version"),
    (compose.check, "compose/vorbereiten", "\"^${name}[.]\"", "\".*\"", "may read"),
    (compose.check, "compose/vorbereiten", "serverAuth,clientAuth", "serverAuth", "sslclient"),
    (compose.check, "compose/vorbereiten", "if [[ -e $1 ]]; then cat >/dev/null; else", "if true; then", "anew"),
    (chart.check, "helm/eakte/templates/dienste.yaml", "revisionHistoryLimit", "revisionHistoryLimits", "revisionHistoryLimits"),
    (chart.check, "helm/eakte/templates/_helpers.tpl", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false",
     "readOnlyRootFilesystem"),
    (chart.check, "helm/eakte/templates/netz.yaml", "if or $wesen.kern (eq $dienst \"migration\")", "if true", "reaches the database"),
    (chart.check, "helm/eakte/templates/_helpers.tpl", "[rechnung.pruefen.v1]", "[rechnung.pruefen.v2]", "scaled by"),
    (chart.check, "helm/eakte/templates/skalierung.yaml", "cooldownPeriod", "coolDownPeriod", "coolDownPeriod"),
    (chart.check, "helm/eakte/templates/beobachtung.yaml", "endpoints:", "endpoint:", "endpoint"),
    (chart.check, "helm/eakte/templates/dienste.yaml", "path: /ready", "path: /health", "readinessProbe"),
    (chart.check, "helm/eakte/values.schema.json", "\"not\": {\"const\": \"latest\"}", "\"minLength\": 0", "image.tag=latest"),
    (observe.check, "observe/alerts.yaml", "eakte_outbox_oldest_seconds) > 300", "eakte_outbox_oldest_seconds) > 3000",
     "EakteAusgangStaut"),
    (observe.check, "observe/alerts.yaml", "        for: 2m\n", "", "EakteDienstWeg"),
    (observe.check, "observe/alerts.yaml", "max(eakte_incidents)", "max(eakte_incident)", "eakte_incident"),
    (observe.check, "observe/alerts.yaml", "absent(up", "absnt(up", "absnt"),
    (observe.check, "observe/grafana.json", "eakte_tasks_open", "eakte_tasks_opened", "eakte_tasks_opened"),
    (observe.check, "observe/grafana.json", "sum by (service, status)", "sum by (dienst, code)", "code"),
    (observe.check, "observe/metriken.txt", "eakte_blob_calls_total{op,result}", "eakte_blob_calls_total{op}", "result"),
    (texts.check, "runbook.md", "## EakteSiegelAlt:", "## EakteSiegelNeu:", "EakteSiegelAlt"),
    (texts.check, "runbook.md", "systemctl restart eakte@geschaeftsgang\n", "systemctl restart eakte@gang\n", "gang"),
    (texts.check, "runbook.md", "eakte audit verify --json", "eakte audit prove --json", "audit prove"),
    (texts.check, "runbook.md", "--reason", "--grund", "--grund"),
    (texts.check, "systemd/eakte-serve.service", "eakte serve --config", "eakte serve --conf", "--conf"),
    (texts.check, "groesse.md", "4,2 TB", "1,2 TB", "Ablage je Jahr"),
    (texts.check, "groesse.md", "**85** (R)", "**850** (R)", "850"),
    (texts.check, "systemd/eakte@.service", "EAKTE_S3__GEHEIMNIS_DATEI", "EAKTE_S3__GEHEIMNIS", "no setting"),
    (texts.check, "systemd/eakte.toml.example", "sperre_tage", "sperre_jahre", "s3.sperre_jahre"),
    (texts.check, "compose/rollen.sh", "set -euo pipefail", "# postgres://eakte:geheim123@db/eakte", "password"),
    (texts.check, "README.md", "groesse.md", "gross.md", "groesse.md"),
]


# Starts servers: a minute more.
LONG = [
    (live.tables_check, "compose/rollen.sh", "LOGIN PASSWORD", "LOGIN CREATEDB PASSWORD", "power over others"),
    (live.tables_check, "compose/rollen.sh", "REVOKE CONNECT, TEMPORARY", "REVOKE TEMPORARY", "without a right"),
    (live.tables_check, "compose/rollen.sh", "ALTER DATABASE eakte OWNER TO eakte_migration;", "", "migration"),
    (live.tables_check, "postgresql.conf", "shared_buffers", "shared_bufers", "shared_bufers"),
    (live.tables_check, "compose/compose.yaml", "--health /health", "", "does not answer"),
    (live.tables_check, "compose/compose.yaml", "--versioning-dir /speicher/versionen", "", "versioning"),
    (live.broker_check, "compose/rabbitmq.conf", "listeners.tcp = none\n", "", "TLS alone"),
    (live.broker_check, "compose/vorbereiten", "{ bytes \"$salt\"; printf '%s' \"$2\"; }", "printf '%s' \"$2\"", "logins"),
]


def check(deploy):
    breaks = BREAKS + (LONG if os.environ.get("EAKTE_LONG") == "1" else [])
    with ProcessPoolExecutor(2) as pool:
        return [problem for problem in pool.map(broken, repeat(deploy), breaks, chunksize=6) if problem]


def broken(deploy, one):
    """What is wrong with the check that should have noticed this break; None when it did."""
    judge, name, old, new, word = one
    what = f"{judge.__module__}: {name}: „{old.strip()}“ → „{new.strip()}“"
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "deploy"
        shutil.copytree(deploy, copy, ignore=shutil.ignore_patterns("bilder", "geheimnisse"))
        text = (copy / name).read_text()
        if old not in text:
            return f"{what}: nothing to break"
        (copy / name).write_text(text.replace(old, new))
        complaints = judge(copy)
        if any(word in complaint for complaint in complaints):
            return None
        return f"{what}: not noticed; the check said {complaints[:3]}"

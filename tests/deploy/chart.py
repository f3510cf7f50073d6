# SPDX-License-Identifier: EUPL-1.2
"""The Helm chart: rendered by helm in every form it can take, judged by Kubernetes' own schemas (strict) and those of the
operators it may speak to, then by our rules."""

import re
import tempfile
from itertools import chain
from pathlib import Path

import yaml

from common import CACHE, CALLED, CALLERS, CORE, ROOT, TOOLS, WORKERS, job_types, run, ran

SCHEMAS = CACHE / "tools/kubernetes"
FULL = ["ca=eakte-ca", "ingress.aktiv=true", "ingress.className=nginx", "serviceMonitor.aktiv=true",
        "serviceMonitor.labels.release=prometheus", "dienste.eingang.scan=eakte-scan", "image.pullSecrets={a}",
        "umgebung.EAKTE_TRACE__URL=http://otel:4318/v1/traces", "umgebung.EAKTE_WEBHOOK__ERLAUBT=hub.example",
        "dienste.geschaeftsgang.volume=eakte-webhook", "netz.vorn[0].namespaceSelector.matchLabels.a=b",
        "netz.beobachtung[0].namespaceSelector.matchLabels.a=b", "netz.datenbank.peers[0].ipBlock.cidr=10.0.0.0/8",
        "priorityClassName=hoch", "nodeSelector.a=b", "tolerations[0].operator=Exists", "betrieb.sicherung.aktiv=true",
        "betrieb.sicherung.volume=eakte-sicherung"]
FORMS = {"as it is": [], "everything, hpa": ["skalierung.art=hpa", *FULL], "keda": ["skalierung.art=keda"],
         "least": ["netz.aktiv=false", "migration.aktiv=false", f"image.digest=sha256:{'0' * 64}"]}
# What the values' schema must refuse, and by what word one knows it.
REFUSED = {"image.tag=latest": "/image/tag", "umgebung.EAKTE_DB__URL=postgres://a:b@c/d": "EAKTE_DB__URL",
           "umgebung.FREMD=x": "FREMD", "dienste.portal.replica=3": "replica", "dienste.eingang.replicas=2": "replicas",
           "skalierung.art=manchmal": "skalierung", "betrieb.sicherung.aktiv=true": "sicherung", "dienste.portal.secret=": "secret"}
KINDS = {"Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy", "ConfigMap", "Job", "Ingress", "ServiceMonitor",
         "HorizontalPodAutoscaler", "ScaledObject", "CronJob"}

RUNS = ("migration", "abgleich", "sicherung")


def check(deploy):
    chart = deploy / "helm/eakte"
    problems = ran(TOOLS / "helm", "lint", "--strict", "--quiet", chart)
    seen = set()
    for form, values in FORMS.items():
        code, text = run(TOOLS / "helm", "template", "stadt", chart, "--namespace", "post", *sets(values))
        if code:
            problems.append(f"{form}: {text.strip()}")
            continue
        objects = [o for o in yaml.safe_load_all(text) if o]
        seen |= {o["kind"] for o in objects}
        problems += [f"{form}: {p}" for p in chain(valid(text), rules(objects, form))]
        if problems:
            return problems
    if seen != KINDS:
        problems.append(f"no form has {KINDS - seen}, or nobody knows {seen - KINDS}")
    for value, word in REFUSED.items():
        code, said = run(TOOLS / "helm", "template", "stadt", chart, "--set", value)
        if code == 0 or word not in said:
            problems.append(f"the schema of the values takes {value}: {said[-300:] if code else ''}")
    return problems + versions(chart)


def sets(values):
    return [word for value in values for word in ("--set", value)]


def valid(text):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        template = f"{SCHEMAS}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
        code, said = run(TOOLS / "kubeconform", "-strict", "-schema-location", template, file.name)
        lines = [line.split(" - ", 1)[-1] for line in said.strip().splitlines()]
        return lines or ([f"kubeconform ended with {code}"] if code else [])


def rules(objects, form):
    def named(kind, name=""):
        return [o for o in objects if o["kind"] == kind and o["metadata"]["name"] == f"stadt-{name}"] or [None]

    problems = []
    for service in (*CORE, *WORKERS):
        deployment = named("Deployment", service)[0]
        if deployment is None or not named("Service", service)[0] or not named("PodDisruptionBudget", service)[0]:
            problems.append(f"{service}: no Deployment, Service or PodDisruptionBudget")
            continue
        pod = deployment["spec"]["template"]["spec"]
        problems += [f"{service}: {p}" for p in chain(strict(pod), probes(pod), knows(service, pod))]
        if pod["terminationGracePeriodSeconds"] <= 30:
            problems.append(f"{service}: no time for 30 s of drain")
        scaler = named("HorizontalPodAutoscaler", service)[0] or named("ScaledObject", service)[0]
        if ("replicas" in deployment["spec"]) == (scaler is not None):
            problems.append(f"{service}: scaled by two, or by nobody")
        problems += [f"{service}: {p}" for p in scaled(service, scaler)]
        budget = named("PodDisruptionBudget", service)[0]["spec"]["selector"]
        if not all(item in deployment["spec"]["template"]["metadata"]["labels"].items()
                   for item in budget["matchLabels"].items()):
            problems.append(f"{service}: its disruption budget means other pods")
    if job := named("Job", "migration")[0]:
        problems += [f"migration: {p}" for p in strict(job["spec"]["template"]["spec"])]
        if "pre-upgrade" not in job["metadata"]["annotations"]["helm.sh/hook"]:
            problems.append("the migration does not run before an upgrade")
    for job in (o for o in objects if o["kind"] == "CronJob"):
        problems += [f"{job['metadata']['name']}: {p}" for p in strict(job["spec"]["jobTemplate"]["spec"]["template"]["spec"])]
    if "least" not in form:
        problems += network(objects)
    return problems + secrets(objects)


def strict(pod):
    wanted = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    problems = [f"pod: {k} is not {v}" for k, v in wanted.items() if pod["securityContext"].get(k) != v]
    if pod.get("automountServiceAccountToken") is not False:
        problems.append("has a token for the API server")
    for container in pod["containers"]:
        wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
                  "privileged": False}
        got = container.get("securityContext", {})
        problems += [f"{k} is not {v}" for k, v in wanted.items() if got.get(k) != v]
        resources = container.get("resources", {})
        if "memory" not in resources.get("limits", {}) or "cpu" not in resources.get("requests", {}):
            problems.append("no bound on memory, or no share of the processor")
    return problems


def probes(pod):
    paths = {p: pod["containers"][0].get(p, {}).get("httpGet") for p in ("startupProbe", "livenessProbe", "readinessProbe")}
    wanted = {p: {"path": "/ready" if p == "readinessProbe" else "/health", "port": "betrieb"} for p in paths}
    return [f"{p} asks {paths[p]}" for p in paths if paths[p] != wanted[p]]


def knows(service, pod):
    """Which secrets a pod gets: the core the database, the callers a certificate, workers neither."""
    keys = {item["path"] for v in pod["volumes"] for item in v.get("secret", {}).get("items", [])} - {"ca.crt"}
    wanted = {"bus-url", "s3", *(["db-url"] if service in CORE else [])}
    problems = [f"secrets {sorted(keys)}, must be {sorted(wanted)}"] if keys != wanted else []
    variables = {e["name"] for e in pod["containers"][0]["env"]}
    for variable, may in (("EAKTE_DB__URL_DATEI", service in CORE), ("EAKTE_RUF__SCHLUESSEL_DATEI", service in CALLERS),
                          ("EAKTE_RUF__LISTEN", service in CALLED)):
        if (variable in variables) != may:
            problems.append(f"{variable} {'is missing' if may else 'must not be there'}")
    return problems


def scaled(service, scaler):
    if scaler is None:
        return []
    if scaler["kind"] == "ScaledObject":
        asked = {t["metadata"]["query"] for t in scaler["spec"]["triggers"]}
        types = {re.search(r'eakte_job_oldest_seconds\{type="([^"]+)"', q)[1] for q in asked}
    else:
        metrics = [m["external"]["metric"] for m in scaler["spec"]["metrics"]]
        types = {m["selector"]["matchLabels"]["type"] for m in metrics if m["name"] == "eakte_job_oldest_seconds"}
    known = job_types()[service]
    return [f"scaled by {sorted(types)}, its jobs are {sorted(known)}"] if types != known else []


def network(objects):
    """Nothing by default; the database only for who owns tables; every pod chosen by its own policy."""
    policies = {o["metadata"]["name"].removeprefix("stadt-"): o["spec"] for o in objects if o["kind"] == "NetworkPolicy"}
    problems = []
    nothing = policies.pop("nichts", {})
    if nothing.get("ingress") or nothing.get("egress") or set(nothing.get("policyTypes", [])) != {"Ingress", "Egress"}:
        problems.append("no policy that forbids everything first")
    if set(policies) != {*CORE, *WORKERS, *RUNS}:
        problems.append(f"policies for {sorted(policies)}")
    for name, policy in policies.items():
        out = {p["port"] for rule in policy["egress"] for p in rule["ports"]}
        into = {p["port"] for rule in policy.get("ingress", []) for p in rule["ports"]}
        for port, may, what in ((5432, name in (*CORE, *RUNS), "reaches the database"),
                                (5671, name != "migration", "reaches the broker"),
                                (7400, name in CALLERS, "calls other services")):
            if (port in out) != may:
                problems.append(f"{name} {what}" if not may else f"{name}: never {what}")
        if any(not rule.get("ports") for rule in policy["egress"]):
            problems.append(f"{name} may go anywhere")
        if (8080 in into) != (name == "portal") or (7400 in into) != (name in CALLED):
            problems.append(f"{name} takes calls at {sorted(into)}")
        if policy["podSelector"]["matchLabels"]["app.kubernetes.io/component"] != name:
            problems.append(f"the policy of {name} chooses other pods")
    return problems


def secrets(objects):
    """The chart makes no Secret and writes none into an environment."""
    problems = ["makes a Secret"] if any(o["kind"] == "Secret" for o in objects) else []
    for o in objects:
        for container in o.get("spec", {}).get("template", {}).get("spec", {}).get("containers", []):
            problems += [f"{o['metadata']['name']}: {e['name']} from a Secret in the environment: it must be a file"
                         for e in container.get("env", []) if "valueFrom" in e]
    return problems


def versions(chart):
    version = re.search(r'^version = "(.+)"', (ROOT / "Cargo.toml").read_text(), re.M)[1]
    facts = yaml.safe_load((chart / "Chart.yaml").read_text())
    return [] if facts["appVersion"] == version else [f"appVersion {facts['appVersion']} is not {version}"]

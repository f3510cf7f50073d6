# SPDX-License-Identifier: EUPL-1.2
"""Alerts, dashboard and the list of metrics: PromQL by promtool, each alert fires and stays silent in its tests, nobody
names a metric or a label that the services do not have."""

import json
import re
import tempfile
from pathlib import Path

import yaml

from common import run, ran

KINDS = ("gauge", "counter", "histogram")
# What Prometheus itself adds.
SURROUND = {"job", "instance", "dienst", "le", "namespace", "alertname", "alertstate"}
FOREIGN = {"up", "ALERTS"}


def check(deploy):
    folder = deploy / "observe"
    problems = ran("promtool", "check", "config", folder / "prometheus.yaml")
    problems += ran("promtool", "check", "rules", folder / "alerts.yaml")
    if problems:
        return problems
    metrics, wrong = listed(folder / "metriken.txt")
    alerts = {r["alert"]: r for g in yaml.safe_load((folder / "alerts.yaml").read_text())["groups"] for r in g["rules"]}
    problems += wrong
    used = set()
    for alert, rule in alerts.items():
        problems += [f"{alert}: {p}" for p in known(rule["expr"], metrics, used)]
        if rule["labels"].get("severity") not in ("critical", "warning") or not rule["annotations"].get("summary"):
            problems.append(f"{alert}: no severity or no summary")
        # A label that the expression does not carry shows as nothing.
        for label in re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]):
            inside = set().union(*(metrics[m][1] for m in names(rule["expr"]) if m in metrics), SURROUND)
            if label not in inside:
                problems.append(f"{alert}: its text names the label {label}")
    problems += dashboard(folder / "grafana.json", metrics, used)
    problems += [f"metriken.txt: {m} is looked at by nobody" for m in sorted(set(metrics) - used)]
    return problems or tests(folder, set(alerts))


def listed(file):
    """{name: (kind, labels)}"""
    metrics, problems = {}, []
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        found = re.fullmatch(r"([a-z_]+)(?:\{([a-z_,]+)\})? (\w+) (.{10,})", line)
        if not found or found[3] not in KINDS or found[1] in metrics:
            problems.append(f"metriken.txt:{number}: {line}")
            continue
        if (found[3] == "counter") != found[1].endswith("_total"):
            problems.append(f"metriken.txt:{number}: a counter ends with _total, nothing else does")
        metrics[found[1]] = (found[3], set((found[2] or "").split(",")) - {""})
    return metrics, problems


def names(expression):
    """Metric names of an expression; parts of a histogram by its name."""
    text = re.sub(r'"[^"]*"', '""', expression)
    # Labels after `by` and in braces are no metrics.
    text = re.sub(r"\b(by|without|on|ignoring)\s*\([^)]*\)", "", text)
    text = re.sub(r"\{[^}]*\}", "{}", text)
    found = re.findall(r"\b([a-zA-Z_]\w*)\b(?!\s*\()", text)
    words = {"and", "or", "unless", "by", "offset", "bool", "s", "m", "h", "d", "e9", "e6"}
    return {re.sub(r"_(bucket|sum|count)$", "", n) for n in found if n not in words and not re.fullmatch(r"\d\w*", n)}


def known(expression, metrics, used):
    found = names(re.sub(r"\[[^\]]*\]", "", expression))
    used |= found & set(metrics)
    problems = [f"no metric {m}" for m in found - set(metrics) - FOREIGN]
    for name, selector in re.findall(r"(\w+)\{([^}]*)\}", expression):
        name = re.sub(r"_(bucket|sum|count)$", "", name)
        labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector))
        allowed = (metrics[name][1] if name in metrics else set()) | SURROUND
        problems += [f"{name} has no label {label}" for label in labels - allowed]
    inside = set().union(*(metrics[m][1] for m in found if m in metrics), SURROUND)
    for labels in re.findall(r"\bby\s*\(([^)]*)\)", expression):
        problems += [f"no label {label} to sum by" for label in set(re.split(r"[,\s]+", labels)) - inside]
    if "_bucket" in expression and not all(metrics[m][0] == "histogram" for m in found if m in metrics):
        problems.append("buckets of what is no histogram")
    return problems


def tests(folder, alerts):
    """promtool runs them; here: every alert has one in which it fires and one in which it must not."""
    problems = ran("promtool", "test", "rules", folder / "alerts.test.yaml")
    fires, silent = set(), set()
    for test in yaml.safe_load((folder / "alerts.test.yaml").read_text())["tests"]:
        fires |= {t["alertname"] for t in test.get("alert_rule_test", []) if t.get("exp_alerts")}
        for t in test.get("promql_expr_test", []):
            found = re.fullmatch(r'count_over_time\(ALERTS\{alertname="(\w+)",alertstate="firing"\}\[75m\]\)', t["expr"])
            if found and not t.get("exp_samples") and t["eval_time"] == "75m":
                silent.add(found[1])
    problems += [f"{a}: no test in which it fires" for a in sorted(alerts - fires)]
    problems += [f"{a}: no test in which it stays silent" for a in sorted(alerts - silent)]
    return problems + [f"alerts.test.yaml: {a} is no alert" for a in sorted((fires | silent) - alerts)]


def dashboard(file, metrics, used):
    board = json.loads(file.read_text())
    panels = [p for p in board["panels"] if p["type"] != "row"]
    problems, rules = [], []
    for panel in panels:
        if not panel.get("targets") or not panel.get("title"):
            problems.append(f"dashboard: a panel without title or figures: {panel.get('title')}")
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "5m")
            problems += [f"dashboard „{panel['title']}“: {p}" for p in known(expression, metrics, used)]
            rules.append({"record": f"tafel:{len(rules)}", "expr": expression})
    if len({p["id"] for p in board["panels"]}) != len(board["panels"]):
        problems.append("dashboard: two panels with one id")
    if len(panels) < 10:
        problems.append(f"dashboard: only {len(panels)} panels")
    # Grafana's expressions are PromQL too.
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as rule_file:
        yaml.safe_dump({"groups": [{"name": "tafel", "rules": rules}]}, rule_file)
        rule_file.flush()
        code, said = run("promtool", "check", "rules", rule_file.name)
        return problems + ([f"dashboard: {said.strip()}"] if code else [])

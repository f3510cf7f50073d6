# SPDX-License-Identifier: EUPL-1.2
"""Runbook, sizing table, settings and secrets: what is written fits what is there."""

import re
import tomllib

import yaml

from common import CORE, ROOT, WORKERS, knows, program, run, settings

PARTS = ("**Bedeutet:**", "**Ursachen:**", "**Tun:**", "**Erledigt, wenn:**")
# Variables that are no settings: the command line's own, those of scripts, of the compose file and of secrets.
OTHER = {"EAKTE_DATA", "EAKTE_LISTEN", "EAKTE_SYSTEMD", "EAKTE_ROLLEN", "EAKTE_S3_SECRET"}

# `eakte` as a command with up to two words and the rest of its line; not as a database, virtual host or release.
COMMAND = (r"(?<![\w/@.-])(?<!-p )(?<!install )(?<!database )(?:/usr/local/bin/)?"
           r"eakte ([a-z]+)(?: ([a-z]+))?([^`\n]*)")


def check(deploy):
    return (runbook(deploy) + commands(deploy) + sizes(deploy) + variables(deploy) + nothing_secret(deploy)
            + readme(deploy))


def runbook(deploy):
    rules = yaml.safe_load((deploy / "observe/alerts.yaml").read_text())["groups"]
    alerts = {r["alert"] for g in rules for r in g["rules"]}
    text = (deploy / "runbook.md").read_text()
    chapters = dict(re.findall(r"^## (Eakte\w+): .+\n((?:(?!^#{1,2} ).*\n)*)", text, re.M))
    problems = [f"runbook: no chapter for {a}" for a in sorted(alerts - set(chapters))]
    problems += [f"runbook: the chapter {c} is for no alert" for c in sorted(set(chapters) - alerts)]
    for alert, body in chapters.items():
        at = [body.find(part) for part in PARTS]
        if -1 in at or at != sorted(at):
            problems.append(f"runbook: {alert} lacks {PARTS[at.index(-1)] if -1 in at else 'the usual order'}")
        elif "```\n" not in body[at[2]:at[3]] and "Portal, " not in body[at[2]:at[3]]:
            problems.append(f"runbook: {alert} names no command")
    # Services and alerts it names exist.
    for service in re.findall(r"eakte@([a-z]+)\b", text):
        if service not in (*CORE, *WORKERS):
            problems.append(f"runbook: no service {service}")
    problems += [f"runbook: no alert {a}" for a in set(re.findall(r"\bEakte[A-Z]\w+", text)) - alerts]
    for unit in set(re.findall(r"\beakte-(?:serve|migrate|reconcile|backup)(?:\.\w+)?", text)):
        if not (deploy / "systemd" / (unit if "." in unit else f"{unit}.service")).exists():
            problems.append(f"runbook: no unit {unit}")
    metrics = set(re.findall(r"^([a-z_]+)", (deploy / "observe/metriken.txt").read_text(), re.M))
    named = set(re.findall(r"\beakte_[a-z_]+", text + (deploy / "groesse.md").read_text()))
    # Roles and names in the database.
    named -= {"eakte_betrieb", "eakte_migration", "eakte_alt", *(f"eakte_{service}" for service in CORE)}
    return problems + [f"runbook or sizing table: no metric {m}" for m in sorted(named - metrics)]


def commands(deploy):
    """Every `eakte …` that deploy/ tells people or starts is a command of the program, with the options it has."""
    if not program().exists():
        return [f"{program()} is not built"]
    lines = {file: file.read_text() for file in (deploy / "runbook.md", deploy / "README.md", deploy / "groesse.md",
                                                 *(deploy / "systemd").glob("*.service"))}
    # compose and the chart name the words after `eakte` as a list, the runbook those of the service `betrieb`.
    words = [f"eakte {w.replace(',', ' ')}" for w in re.findall(r"command: \[((?:run|migrate|reconcile).*)\]",
                                                              (deploy / "compose/compose.yaml").read_text())]
    words += [f"eakte {' '.join(w)}" for w in re.findall(r"--rm(?: -T)? betrieb ([a-z]+)((?: [a-z-]+)*)",
                                                        lines[deploy / "runbook.md"])]
    found = {(m[1], m[2] or "", m[3]) for text in [*lines.values(), *words] for m in re.finditer(COMMAND, text)}
    problems = []
    for first, second, rest in sorted(found):
        if not knows(first):
            continue
        code, said = run(program(), first, *([second] if second else []), "--help")
        if code:
            problems.append(f"no command: eakte {first} {second}")
            continue
        options = set(re.findall(r"(?<=\s)--?[a-z][a-z-]*", re.split(r"[|>;&]", rest)[0]))
        problems += [f"eakte {first} {second} has no {o}" for o in options if not re.search(rf"(?<![\w-]){o}\b", said)]
    return problems


def sizes(deploy):
    """The three cities follow from the formulas; figures that claim to be measured stand in README.md."""
    text, readme = (deploy / "groesse.md").read_text(), (ROOT / "README.md").read_text()
    problems = [] if "**gerechnet, nicht gemessen**" in text else ["groesse.md does not say that it is calculated"]
    measured = re.findall(r"\*\*([\d.,]+)\*\* \(R\)", text)
    if len(measured) != text.count("(R)") - 1:
        problems.append("groesse.md: a mark (R) without its figure")
    for figure in measured:
        english = figure.replace(".", "\0").replace(",", ".").replace("\0", ",")
        if not re.search(rf"(?<![\d.,]){re.escape(english)}(?![\d,]|\.\d)", readme):
            problems.append(f"groesse.md: {figure} is not in README.md")
    seconds, hours, days, pages_per_item = (int(re.search(p, text)[1]) for p in (
        r"`s` = (\d+)", r"`h` = (\d+)", r"(\d+) Tage", r"(\d+) Seiten je Sendung"))
    rows = {key: [german(cell) for cell in cells.split("|")[:3]]
            for key, cells in re.findall(r"^\| ([^|]+?) \| (.+?) \|$", text.split("## Drei Städte")[1], re.M) if key in
            ("Seiten am Tag", "Kerne Texterkennung", "Ablage je Jahr", "Datenbank je Jahr")}
    for n, pages in enumerate(rows["Seiten am Tag"]):
        cores = -(-pages * seconds // (3600 * hours * 0.7))
        blobs, base = pages * days * 0.25e6 * 2.2, pages / pages_per_item * days * 60e3
        for key, wanted, slack in (("Kerne Texterkennung", cores, 0), ("Ablage je Jahr", blobs, 0.05),
                                   ("Datenbank je Jahr", base, 0.1)):
            if abs(rows[key][n] - wanted) > slack * wanted:
                problems.append(f"groesse.md: {key}, column {n + 1} must be {wanted:.3g}")
    return problems


def german(cell):
    number, unit = re.match(r"\s*([\d.,]+)\s*(\w*)", cell).groups()
    value = float(number.replace(".", "").replace(",", "."))
    return value * {"TB": 1e12, "GB": 1e9, "MB": 1e6}.get(unit, 1)


def variables(deploy):
    """Every EAKTE_… that deploy/ sets, and every key of the example file, is a setting of the program."""
    known, problems = settings(), []
    inside = set()
    for line in (deploy / "compose/compose.yaml").read_text().splitlines():
        inside |= set(re.findall(r"\$\{(EAKTE_\w+)", line))
    for file in sorted(f for part in ("systemd", "container", "compose", "helm") for f in (deploy / part).rglob("*")):
        if not file.is_file() or "geheimnisse" in file.parts:
            continue
        for name in set(re.findall(r"\bEAKTE_[A-Z0-9_]*[A-Z0-9]\b", file.read_text())) - OTHER - inside:
            key = name.removeprefix("EAKTE_").lower().replace("__", ".")
            # What the schema of the values forbids, by name.
            if file.name == "values.schema.json" or key == "ruf":
                continue
            if key not in known:
                problems.append(f"{file.relative_to(deploy)}: {name} is no setting")
    example = tomllib.loads((deploy / "systemd/eakte.toml.example").read_text())
    for section, value in example.items():
        keys = {f"{section}.{key}" for key in value} if isinstance(value, dict) else {section}
        problems += [f"eakte.toml.example: {key} is no setting" for key in sorted(keys - known)]
    return problems


def nothing_secret(deploy):
    """No key, no password, no host of a registry in any file of deploy/."""
    problems = []
    for file in sorted(deploy.rglob("*")):
        if not file.is_file() or "geheimnisse" in file.parts or file.suffix == ".png":
            continue
        text = file.read_text()
        for what, pattern in (("a private key", r"BEGIN [A-Z ]*PRIVATE KEY"),
                              ("a password in an address", r"\w://\w+:(?!password|kennwort|%s)[^\s@/:'\"{}$]{3,}@"),
                              ("a registry's host", r"\b(?:docker|quay|ghcr|gcr)\.io\b|\bregistry\.\w+\.\w+"),
                              ("a package registry's host", r"pypi\.org|npmjs|crates\.io|golang\.org|debian\.org")):
            if found := re.search(pattern, text):
                problems.append(f"{file.relative_to(deploy)}: {what}: {found[0][:40]}")
    return problems


def readme(deploy):
    """deploy/README.md names every part, and says of each whether it is executed here or only linted."""
    text, problems = (deploy / "README.md").read_text(), []
    for part in sorted(deploy.iterdir()):
        if part.name != "README.md" and part.name[0] != "." and not re.search(rf"[`/]{part.name}\b", text):
            problems.append(f"README.md does not name {part.name}")
    table = re.search(r"^\| Part \|.+\n(?:\|.*\n)+", text, re.M)
    rows = table[0].splitlines()[2:] if table else []
    if len(rows) < 8 or any("executed" not in row and "linted" not in row for row in rows):
        problems.append("README.md: the table of what is executed and what linted is missing or has holes")
    return problems

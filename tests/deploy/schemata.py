# SPDX-License-Identifier: EUPL-1.2
"""Writes the JSON Schemas that kubeconform judges with into one folder, so that it needs no network.

    python schemata.py OUT CRD…

* Kubernetes' own kinds come from the package kubernetes-validate, strict: unknown fields are errors. Each kind becomes
  one file with just the definitions it needs (the package's common file costs seconds per kind).
* CRD… are CustomResourceDefinition files (YAML) of other projects; their schemas are made strict here.
"""

import json
import re
import sys
from importlib.resources import files
from pathlib import Path

import yaml

KUBERNETES = "1.37.0"
REF = re.compile(r"(?:/api/_definitions\.json)?#/\$defs/(.+)")


def references(node):
    """Names of all definitions a schema refers to; rewrites the references to the schema's own `$defs`."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            name = REF.fullmatch(node["$ref"])[1]
            node["$ref"] = f"#/$defs/{name}"
            yield name
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def own_kinds(out):
    folder = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{KUBERNETES}-local-strict"
    common = json.loads((folder / "_definitions.json").read_text())["$defs"]
    needs = {name: set(references(schema)) for name, schema in common.items()}
    for file in folder.iterdir():
        schema = json.loads(file.read_text())
        if file.name == "_definitions.json" or "x-kubernetes-group-version-kind" not in schema:
            continue
        schema.pop("$id", None)
        wanted, waiting = set(), set(references(schema))
        while waiting:
            wanted |= waiting
            waiting = set().union(*(needs[name] for name in waiting)) - wanted
        schema["$defs"] = {name: common[name] for name in sorted(wanted)}
        (out / file.name).write_text(json.dumps(schema))


def strict(node):
    """Refuses what the schema does not name, as the API server's strict field validation does."""
    if isinstance(node, dict):
        open_ended = node.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in node
        if "properties" in node and not open_ended:
            node["additionalProperties"] = False
        if node.pop("x-kubernetes-int-or-string", False):
            node.pop("type", None)
            node["anyOf"] = [{"type": "integer"}, {"type": "string"}]
        for value in node.values():
            strict(value)
    elif isinstance(node, list):
        for value in node:
            strict(value)


def custom_kind(out, file):
    crd = yaml.safe_load(file.read_text())["spec"]
    for version in crd["versions"]:
        schema = version["schema"]["openAPIV3Schema"]
        schema["properties"]["metadata"] = {"type": "object"}
        strict(schema)
        name = f"{crd['names']['kind']}-{crd['group'].split('.')[0]}-{version['name']}.json".lower()
        (out / name).write_text(json.dumps(schema))


def main():
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    own_kinds(out)
    for file in sys.argv[2:]:
        custom_kind(out, Path(file))
    print(f"{sum(1 for _ in out.iterdir())} schemas in {out}")


main()

# SPDX-License-Identifier: EUPL-1.2
"""CycloneDX 1.6 bill of materials of the binary `eakte`, written and then judged by the published schema.

usage: sbom.py OUT.json

Source of truth is `cargo metadata`: what the binary links (normal and build dependencies for Linux,
no test dependencies), with licences and the checksums of Cargo.lock; and VENDOR.toml for the web files of
others that the binary carries. The file holds no time and no
random number: same lock file, same bytes.
"""
import json
import pathlib
import subprocess
import sys
import tomllib
import uuid

ROOT = "service-eakte"
VENDOR = "services/portal/web/vendor/VENDOR.toml"
VENDOR_USER = "service-portal"
TARGET = "x86_64-unknown-linux-gnu"


def metadata():
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", TARGET]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def linked(meta):
    """The packages reachable from ROOT, as {id: [ids it depends on]}."""
    nodes = {node["id"]: node for node in meta["resolve"]["nodes"]}
    root = next(p["id"] for p in meta["packages"] if p["name"] == ROOT)
    graph, waiting = {}, [root]
    while waiting:
        package = waiting.pop()
        if package in graph:
            continue
        graph[package] = sorted(
            dep["pkg"] for dep in nodes[package]["deps"] if any(kind["kind"] != "dev" for kind in dep["dep_kinds"])
        )
        waiting += graph[package]
    return root, graph


def component(package, checksums):
    name, version = package["name"], package["version"]
    own = package["source"] is None
    entry = {
        "type": "application" if name == ROOT else "library",
        "bom-ref": package["id"],
        "name": name,
        "version": version,
        "purl": f"pkg:cargo/{name}@{version}",
    }
    if package["license"]:
        entry["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if package["description"]:
        entry["description"] = " ".join(package["description"].split())
    if package["repository"]:
        entry["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    if not own:
        entry["hashes"] = [{"alg": "SHA-256", "content": checksums[name, version]}]
    return entry


def web_files():
    """One component per npm package whose files the binary carries."""
    found = {}
    for file in tomllib.loads(pathlib.Path(VENDOR).read_text())["file"]:
        name, version, licence = file["name"], file["version"], file["licence"]
        # One package may hold files under different licences (code and fonts).
        ref = f"pkg:npm/{name.replace('@', '%40')}@{version}#{licence}"
        entry = found.setdefault(ref, {
            "type": "library", "bom-ref": ref, "name": name, "version": version, "purl": ref.split("#")[0],
            "licenses": [{"expression": licence}], "components": [],
        })
        entry["components"].append({
            "type": "file", "bom-ref": f"{ref}/{file['path']}", "name": file["path"],
            "hashes": [{"alg": "SHA-256", "content": file["sha256"]}],
        })
    return found


def bill(meta):
    lock = tomllib.loads(pathlib.Path("Cargo.lock").read_text())
    checksums = {(p["name"], p["version"]): p["checksum"] for p in lock["package"] if "checksum" in p}
    root, graph = linked(meta)
    packages = {p["id"]: p for p in meta["packages"] if p["id"] in graph}
    # The ids of our own crates are paths of this machine: name and version instead.
    names = {i: f"pkg:cargo/{p['name']}@{p['version']}" for i, p in packages.items()}
    components = {i: component(p, checksums) | {"bom-ref": names[i]} for i, p in packages.items()}
    vendored = web_files()
    user = next(i for i, p in packages.items() if p["name"] == VENDOR_USER)
    edges = {names[i]: [names[d] for d in deps] for i, deps in graph.items()}
    edges[names[user]] += sorted(vendored)
    body = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": components.pop(root)},
        "components": sorted([*components.values(), *vendored.values()], key=lambda c: c["bom-ref"]),
        "dependencies": [{"ref": ref, "dependsOn": edges[ref]} for ref in sorted(edges)],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(body, sort_keys=True))
    return body | {"serialNumber": f"urn:uuid:{serial}"}


def judge(text):
    """Errors of the CycloneDX JSON schema (strict: unknown keys are errors), or None."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)


def main():
    out = pathlib.Path(sys.argv[1])
    text = json.dumps(bill(metadata()), indent=1, ensure_ascii=False) + "\n"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text)
    if error := judge(text):
        sys.exit(f"{out}: not valid: {error}")
    bare = [c["name"] for c in json.loads(text)["components"] if "licenses" not in c]
    if bare:
        sys.exit(f"{out}: no licence: {', '.join(bare)}")
    print(f"{out}: {len(json.loads(text)['components'])} components, valid CycloneDX 1.6")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: EUPL-1.2
"""What the checks of deploy/ share. A check is a function of the folder `deploy` that returns what is wrong, in words."""

import os
import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("EAKTE_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "eakte")
TOOLS = CACHE / "tools" / "bin"

CORE = ("portal", "eingang", "geschaeftsgang", "akten")
WORKERS = ("erkennung", "rechnung", "einordnung", "uebergabe")
# Who takes part in calls between services: the core, and the hand-over, which reports what the finance system said.
CALLERS = (*CORE, "uebergabe")
CALLED = ("eingang", "geschaeftsgang", "akten")


def run(*command, **options):
    """Exit code and everything a command printed; 127 when there is no such program."""
    if shutil.which(str(command[0])) is None:
        return 127, f"{command[0]} is missing"
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=120, **options)
    return done.returncode, done.stdout + done.stderr


def ran(*command, **options):
    """Problems of a command that must be silent about faults: its output when it failed, else none."""
    code, output = run(*command, **options)
    return [f"{Path(str(command[0])).name} ended with {code}:\n{output.strip()}"] if code else []


@lru_cache
def settings():
    """Every key of the program's default file, as `section.key`."""
    known, section = set(), ""
    for line in (ROOT / "services/platform/src/default.toml").read_text().splitlines():
        if found := re.fullmatch(r"\[([a-z0-9_.]+)\]", line.strip()):
            section = found[1] + "."
        elif found := re.match(r"([a-z0-9_]+)\s*=", line):
            known.add(section + found[1])
    return known


@lru_cache
def job_types():
    """Every job type the program names, by the service it is for: {"erkennung": {"erkennung.seiten.v1", …}, …}."""
    types = {}
    for folder in ("schemas", "services"):
        for file in (ROOT / folder).rglob("*.rs"):
            for name in re.findall(r'"([a-z]+\.[a-z_]+\.v\d+)"', file.read_text()):
                types.setdefault(name.split(".")[0], set()).add(name)
    return types


# Commands that the split into processes brings (issue 4): none of them yet is no fault; once there, they must fit.
COMING = ()


def program():
    """The program that was built: `eakte`."""
    return Path(os.environ.get("EAKTE_BIN") or Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "debug/eakte")


def knows(command):
    """Is this command there? One that must be, counts as there."""
    return command not in COMING or run(program(), command, "--help")[0] == 0

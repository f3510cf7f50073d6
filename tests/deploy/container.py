# SPDX-License-Identifier: EUPL-1.2
"""The container file: hadolint, rules that hadolint does not know, and `gesund` run against a real HTTP server."""

import http.server
import os
import re
import sys
import threading
from pathlib import Path

from common import ROOT, run


def check(deploy):
    file = deploy / "container/Containerfile"
    # hadolint lies beside the Python it was installed with.
    code, output = run(Path(sys.executable).with_name("hadolint"), "--no-color", "--failure-threshold", "style", file)
    problems = output.strip().splitlines() or ([f"hadolint ended with {code}"] if code else [])
    return problems + rules(file) + health(deploy)


def instructions(file):
    """(instruction, its text) of the file, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", file.read_text(), flags=re.M).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


def rules(file):
    lines = instructions(file)
    starts = [n for n, (word, _) in enumerate(lines) if word == "FROM"]
    last = lines[starts[-1]:]
    problems = []
    if len(starts) < 2:
        problems.append("one stage: the tool chain would be in the image")
    for n in starts:
        image = lines[n][1].split()[0]
        if not re.fullmatch(r"[a-z]+:[a-z0-9.-]*\d[a-z0-9.-]*", image):
            problems.append(f"FROM {image}: a name of the official images with a version")
    problems += [f"ADD {text}: COPY does no more than one reads" for word, text in lines if word == "ADD"]
    user = [text for word, text in last if word == "USER"]
    if not user or not re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user[-1]):
        problems.append(f"USER must be a number that is not root's: {user}")
    for word in ("HEALTHCHECK", "STOPSIGNAL", "ENTRYPOINT", "EXPOSE", "VOLUME", "LABEL"):
        if word not in dict(last):
            problems.append(f"no {word}")
    if not dict(last).get("ENTRYPOINT", "").startswith("["):
        problems.append("ENTRYPOINT must be a list: a shell would keep SIGTERM")
    text = " ".join(t for _, t in last)
    for package in needed_packages():
        if package not in text:
            problems.append(f"the image lacks {package}")
    version = re.search(r'^version = "(.+)"', (ROOT / "Cargo.toml").read_text(), re.M)[1]
    if f'image.version="{version}"' not in text:
        problems.append(f"the label says another version than {version}")
    rust = re.search(r'^rust-version = "(.+)"', (ROOT / "Cargo.toml").read_text(), re.M)[1]
    if not lines[starts[0]][1].startswith(f"rust:{rust}-"):
        problems.append(f"built with another Rust than {rust}")
    if any(word == "ENV" and re.search(r"PASSWORD|SECRET|GEHEIMNIS|_URL=", t) for word, t in lines):
        problems.append("a secret in ENV stays in the image")
    return problems


def needed_packages():
    """Languages and libraries of the text engine: the run-time half of what deploy/lib/packages.sh installs."""
    listed = (ROOT / "deploy/lib/packages.sh").read_text()
    return [*re.findall(r"tesseract-ocr-\w+", listed), "libtesseract5", "liblept5", "ca-certificates", "postgresql-client"]


def health(deploy):
    """`gesund` says 0 for 200, and 1 for another status and for nobody there."""
    answer = [200]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response({"/health": answer[0], "/ready": 503}.get(self.path, 404))
            self.end_headers()
            self.wfile.write(b'{"bus": "weg"}')

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {**os.environ, "EAKTE_BETRIEB__LISTEN": f"0.0.0.0:{server.server_port}"}
    problems = []
    code, output = run(deploy / "container/gesund", "/ready", env=environment)
    if (code, output) != (1, '{"bus": "weg"}'):
        problems.append(f"gesund /ready ended with {code} and said {output}")
    for status, wanted in ((200, 0), (503, 1), (None, 1)):
        answer[0] = status
        if status is None:
            server.shutdown()
            server.server_close()
        code, output = run(deploy / "container/gesund", env=environment)
        if code != wanted or (output and status):
            problems.append(f"gesund ended with {code} for {status or 'nobody'}: {output.strip()}")
    return problems

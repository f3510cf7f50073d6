# SPDX-License-Identifier: EUPL-1.2
"""Hands the files of a folder to a running demo, shows their progress and ends with a table.

usage: EAKTE_TOKEN=… feed.py URL FOLDER

Exit code 1 when an item did not settle within its time or was not taken.
Uses the REST API only, as any other client would.
"""
import hashlib
import json
import os
import pathlib
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

LIMIT_SECONDS = 120
STATES = {
    "accepted": "in Arbeit",
    "filed": "abgelegt",
    "waiting": "wartet auf",
    "clearing": "in Klärung",
    "quarantined": "Quarantäne",
    "refused": "abgewiesen",
}
ROLES = {"Geschaeftsstelle": "Geschäftsstelle"}
KINDS = {".xml", ".pdf", ".eml", ".jpg", ".jpeg", ".png", ".tif", ".tiff"}


class Server:
    def __init__(self, url, token):
        self.url, self.token = url, token

    def call(self, method, path, body=None, headers=()):
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data=body, method=method)
        for name, value in (("authorization", f"Bearer {self.token}"), *headers):
            request.add_header(name, value)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def send(self, file):
        data = file.read_bytes()
        query = urllib.parse.urlencode({"channel": "mail" if file.suffix == ".eml" else "scan", "name": file.name})
        # The key of the tour's own button: whoever presses it later adds nothing twice.
        key = f"demo:{hashlib.sha256(data).hexdigest()}"
        headers = (("idempotency-key", key), ("content-type", "application/octet-stream"))
        return self.call("POST", f"/intake?{query}", data, headers)["receipt"]

    def state(self, receipt):
        return self.call("GET", f"/intake/{receipt}")


class Item:
    def __init__(self, file):
        self.file, self.receipt, self.state, self.error = file, None, {}, None
        self.began = self.ended = None

    def settled(self):
        return self.error is not None or self.state.get("state", "accepted") != "accepted"

    def seconds(self):
        return (self.ended or time.monotonic()) - self.began


def detail(error):
    """The server's own German sentence, if it gave one."""
    try:
        return json.load(error).get("detail") or str(error)
    except ValueError:
        return str(error)


def feed(server, items, show):
    for item in items:
        item.began = time.monotonic()
        try:
            item.receipt = server.send(item.file)
        except urllib.error.HTTPError as error:
            item.error, item.ended = detail(error), time.monotonic()
    limit = time.monotonic() + LIMIT_SECONDS
    while any(not item.settled() for item in items) and time.monotonic() < limit:
        for item in items:
            if item.settled():
                continue
            item.state = server.state(item.receipt)
            if item.settled():
                item.ended = time.monotonic()
        show(items)
        time.sleep(0.1)


class Progress:
    """One line per item on a terminal, redrawn; elsewhere one line when an item is settled."""

    def __init__(self, terminal):
        self.terminal, self.drawn, self.told = terminal, 0, set()

    def __call__(self, items):
        if self.terminal:
            if self.drawn:
                print(f"\x1b[{self.drawn}A", end="")
            for item in items:
                words = item.state.get("progress") or STATES[item.state.get("state", "accepted")]
                print(f"\x1b[2K  {item.file.name:<38.38} {item.seconds():6.1f} s  {words}")
            self.drawn = len(items)
        else:
            for item in items:
                if item.settled() and item.file not in self.told:
                    self.told.add(item.file)
                    print(f"  {item.file.name:<38.38} {item.seconds():6.1f} s  erledigt", flush=True)


def where(state, groups):
    """One entry per document or waiting task, in words: task and group, or the Akte."""
    places = [
        f"{groups.get(task['group'], task['group'] or 'eine Person')}" for task in state.get("waiting_for", [])
    ]
    filed = sorted({d["akte"] for d in state["documents"] if d["state"] == "filed" and d.get("akte")})
    words = STATES[state["state"]]
    if places:
        counts = {place: places.count(place) for place in places}
        words += " " + ", ".join(f"{n} × {place}" if n > 1 else place for place, n in counts.items())
    if filed:
        words += " · " if places else " in "
        words += "Akte " + ", ".join(filed)
    if state.get("reason"):
        words += f" ({state['reason']['text']})"
    return words


def table(items, groups):
    rows = []
    for item in items:
        if item.error:
            rows.append((item.file.name, "–", f"nicht angenommen: {item.error}", item.seconds()))
            continue
        types = [(d.get("doc_type") or "offen").capitalize() for d in item.state.get("documents", [])]
        counts = {t: types.count(t) for t in types}
        kinds = ", ".join(f"{n} × {t}" if n > 1 else t for t, n in counts.items()) or "–"
        rows.append((item.file.name, kinds, where(item.state, groups), item.seconds()))
    widths = [max(len(row[i]) for row in [*rows, ("Datei", "Dokumentart", "Wohin")]) for i in range(3)]
    head = "  ".join(name.ljust(width) for name, width in zip(("Datei", "Dokumentart", "Wohin"), widths))
    print(f"\n{head}  Sekunden\n{'─' * (len(head) + 10)}")
    for *cells, seconds in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths)), f" {seconds:8.1f}".replace(".", ","))


def logins(persons):
    """One person per role; the login page shows a button for each, no password is asked."""
    print("\nAnmelden ohne Passwort, ein Knopf je Rolle:")
    seen = set()
    for person in persons:
        for role in person["rollen"]:
            if role not in seen:
                seen.add(role)
                print(f"  {ROLES.get(role, role):<18} {person['name']} ({person['kennung']})")


def main():
    url, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    organisation = json.loads(pathlib.Path("workflows/tabellen/organisation.json").read_text())
    groups = {g["name"]: g["titel"] for g in organisation["gruppen"]}
    items = [Item(f) for f in sorted(folder.iterdir()) if f.is_file() and f.suffix.lower() in KINDS]
    if not items:
        sys.exit(f"Im Ordner {folder} liegt keine Beispielpost.")
    print(f"{len(items)} Sendungen werden eingereicht:")
    feed(Server(url, os.environ["EAKTE_TOKEN"]), items, Progress(sys.stdout.isatty()))
    table(items, groups)
    logins(organisation["personen"])
    print(f"\nAdresse: {url}")
    failed = [item.file.name for item in items if item.error or not item.settled()]
    if failed:
        sys.exit(f"Nicht fertig geworden: {', '.join(failed)}")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: EUPL-1.2
"""People of the city who work with it: they log in, look at lists, open a task, decide.

Pages are the portal's own, as a browser gets them; the decision itself goes over the API with the person's session."""
import http.client
import json
import re
import secrets
import time
import urllib.parse

# Sample persons (workflows/tabellen/organisation.json) by what they do here, and their share of 500.
ROLES = {
    "poststelle": (["poststelle"], 0.08), "feststellung": (["feststellung", "planung", "schulamt", "kaemmerei"], 0.28),
    "anordnung": (["anordnung", "leitung.planung", "leitung.schulamt", "leitung.kaemmerei"], 0.14),
    "sonst": (["sachbearbeitung", "rechtsamt", "ordnungsamt", "sozialamt", "bauordnung", "sachgebiet"], 0.5),
}
LISTS = {"poststelle": "/aufgaben/scanpruefung", "feststellung": "/aufgaben/rechnungen", "anordnung": "/aufgaben/rechnungen",
         "sonst": "/aufgaben/post"}
TASK = re.compile(r'href="(/aufgaben/([0-9a-f-]{36}))"')
COPIES = """
INSERT INTO platform_person (id, kennung, name, amt, passwort, aktiv, tageshinweise)
  SELECT gen_random_uuid(), kennung || '.' || n, name || ' ' || n, amt, passwort, 1, 0
  FROM platform_person, generate_series(1, {count}) n WHERE kennung = '{kennung}';
INSERT INTO platform_subjekt (person, subjekt)
  SELECT neu.id, CASE s.subjekt WHEN 'person:' || alt.id THEN 'person:' || neu.id ELSE s.subjekt END
  FROM platform_person alt JOIN platform_person neu ON neu.kennung LIKE alt.kennung || '.%' AND neu.kennung ~ '[.][0-9]+$'
  JOIN platform_subjekt s ON s.person = alt.id WHERE alt.kennung = '{kennung}';
INSERT INTO platform_wirksam (person, subjekt, fuer, von, bis, process)
  SELECT neu.id, CASE w.subjekt WHEN 'person:' || alt.id THEN 'person:' || neu.id ELSE w.subjekt END, neu.id, w.von, w.bis, w.process
  FROM platform_person alt JOIN platform_person neu ON neu.kennung LIKE alt.kennung || '.%' AND neu.kennung ~ '[.][0-9]+$'
  JOIN platform_wirksam w ON w.person = alt.id AND w.fuer = alt.id WHERE alt.kennung = '{kennung}';
"""


def samples(city):
    """Enters the sample persons, once per city; the password of all of them."""
    if not city.password:
        city.password = secrets.token_urlsafe(12)
        city.command("account", "samples", env=city.core, text=f"{city.password}\n")
    return city.password


def settle_in(city, count):
    """So many people with accounts of their own: the sample persons, copied with groups and password in the database (each
    with a hash that costs the same to check). [(name to log in, role)], and the password."""
    password, people, copies = samples(city), [], {}
    for role, (names, share) in ROLES.items():
        for n in range(round(count * share) if role != "sonst" else count - len(people)):
            name = names[n % len(names)]
            copies[name] = copies.get(name, 0) + 1
            people.append((f"{name}.{copies[name]}", role))
    for name, each in copies.items():
        city.database.sql(COPIES.format(count=each, kennung=name), "eakte")
    return people, password


class Answer(RuntimeError):
    """An answer that is not the page, with its status."""

    def __init__(self, status, text):
        super().__init__(f"{status} {text}")
        self.status = status


class Mensch:
    """One person with a browser: a session and a kept connection. With `token`: a client system that acts for the person."""

    def __init__(self, city, name, role="sonst", token=None):
        self.city, self.name, self.role, self.csrf = city, name, role, None
        self.headers = {"authorization": f"Bearer {token}"} if token else {}
        self.connection = None

    def call(self, method, path, body=None, headers=None):
        for again in (True, False):
            try:
                self.connection = self.connection or http.client.HTTPConnection(self.city.host, timeout=120)
                self.connection.request(method, path, body, {**self.headers, **(headers or {})})
                answer = self.connection.getresponse()
                return answer.status, answer.headers, answer.read()
            except (OSError, http.client.HTTPException):
                # An idle connection that the other side has closed; a second time it is an error.
                self.connection = None
                if not again:
                    raise

    def login(self, password):
        """Seconds until the first page; the password is checked for real (argon2id)."""
        began = time.monotonic()
        _, headers, body = self.call("GET", "/anmelden")
        cookies = self.cookies({}, headers)
        csrf = re.search(r'name="csrf" value="([^"]+)"', body.decode())[1]
        form = urllib.parse.urlencode({"csrf": csrf, "kennung": self.name, "passwort": password, "weiter": "/"})
        status, headers, body = self.call("POST", "/anmelden", form, {"content-type": "application/x-www-form-urlencoded"})
        if status != 303:
            raise Answer(status, f"for the login of {self.name}")
        self.cookies(cookies, headers)
        self.page("/")
        return time.monotonic() - began

    def cookies(self, kept, headers):
        for cookie in headers.get_all("set-cookie", []):
            name, value = cookie.split(";")[0].split("=", 1)
            kept[name] = value
        self.headers["cookie"] = "; ".join(f"{n}={v}" for n, v in kept.items())
        return kept

    def page(self, path):
        """Text of a page, and its seconds."""
        began = time.monotonic()
        status, _, body = self.call("GET", path)
        took, text = time.monotonic() - began, body.decode(errors="replace")
        if status != 200:
            raise Answer(status, f"for {path} ({self.name})")
        csrf = re.search(r'name="csrf" value="([^"]+)"', text)
        self.csrf = csrf[1] if csrf else self.csrf
        return text, took

    def api(self, method, path, value=None, **headers):
        headers = {name.replace("_", "-"): text for name, text in headers.items()}
        if method != "GET":
            headers |= {"content-type": "application/json", "x-csrf-token": self.csrf or ""}
        status, _, body = self.call(method, "/api/v1" + path, json.dumps(value) if value is not None else None, headers)
        return status, json.loads(body) if body else None

    def decide(self, task):
        """Decides a task in the usual way: what was done; None when somebody was faster or there is nothing to do."""
        status, detail = self.api("GET", f"/tasks/{task}")
        if status not in (200, 403, 404):
            raise Answer(status, f"for task {task} ({self.name})")
        if status != 200 or detail["blocked"] or detail["task"]["done"]:
            return None
        values = usual(detail["task"])
        if values is None:
            return None
        body = {"values": values, "content_sha256": detail["content_sha256"]}
        # A repeat of the same decision has the same key.
        status, answer = self.api("POST", f"/tasks/{task}/complete", body, if_match=f'"{detail["task"]["version"]}"',
                                  idempotency_key=f"last:{task}:{self.name}")
        if status == 204:
            return values["entscheidung"]
        if status in (403, 404, 409, 412):
            return None
        raise Answer(status, f"when {self.name} decides {detail['task']['element']}: {answer}")


def usual(task):
    """What most people answer; None: this driver leaves it to others."""
    facts = task["facts"]
    account = [{"sachkonto": "0961000", "kostenstelle": "66100", "betrag": facts.get("betrag")}]
    title = task["title"][:120]
    return {
        "feststellung": {"entscheidung": "freigeben", "kontierung": account},
        "anordnung": {"entscheidung": "anordnen", "kontierung": account},
        "zuordnung": {"entscheidung": "bestaetigen", "dokumentart": "schreiben", "titel": title, "amt": "66", "einheit": "66.10",
                      "akte_titel": "Schreiben", "vorgang_titel": title},
        "dublette": {"entscheidung": "keine"},
    }.get(task["form"])


class Amt:
    """Clerks who certify and order invoices through the API, for drivers that need no faces."""

    def __init__(self, city):
        samples(city)
        token = lambda name: city.command("account", "token", name, "--days", "1", env=city.core).stdout.strip()
        self.clerks = [Mensch(city, name, role, token(name)) for role in ("feststellung", "anordnung") for name in ROLES[role][0]]

    def approve(self, count):
        """Certifies so many invoices, and orders what is certified; how many were ordered."""
        done = {"freigeben": 0, "anordnen": 0}
        for clerk in self.clerks:
            if clerk.role == "feststellung" and done["freigeben"] >= count:
                continue
            status, answer = clerk.api("GET", f"/tasks?limit={max(1, min(count, 100))}")
            if status != 200:
                raise Answer(status, f"for the tasks of {clerk.name}")
            for task in answer["tasks"]:
                if clerk.role == "feststellung" and done["freigeben"] >= count:
                    break
                decided = clerk.decide(task["id"])
                if decided:
                    done[decided] = done.get(decided, 0) + 1
        return done["anordnen"]

# SPDX-License-Identifier: EUPL-1.2
"""Post of an invented city, made while it is sent: XRechnung invoices, each different and valid, and scanned letters.

The invoices come from the writer of the sample post (tests/corpus/generator) with data of their own. A scan is a PDF of
bitonal pages, 300 dpi, clean and straight: lines of text that poppler rendered once, put together anew for every page."""
import datetime
import hashlib
import http.client
import itertools
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import zlib

import load

sys.path.insert(0, str(load.ROOT / "tests/corpus"))
from generator import rechnungen  # noqa: E402
from generator.pruefziffern import leitweg  # noqa: E402

PATIENCE = 60
OFFICES = [("66", "66001", "Tiefbauamt"), ("61", "61001", "Stadtplanungsamt"), ("40", "40001", "Schulamt"),
           ("20", "20001", "Stadtkämmerei")]
TRADES = ["Tiefbau", "Planungsbüro", "Schreinerei", "Elektro", "Gebäudereinigung", "Gartenbau", "Bürobedarf", "Vermessung"]
NAMES = ["Abele", "Brodt", "Czerny", "Dörflinger", "Enderle", "Fehrenbach", "Gutmann", "Hölzle", "Imhof", "Jehle"]
SERVICES = [("Aushub einschließlich Abfuhr", "MTQ"), ("Wartung der Anlage", "HUR"), ("Lieferung frei Haus", "H87"),
            ("Reinigung der Flächen", "MTK"), ("Leitungsgraben herstellen", "MTR"), ("Anfahrt und Rüstzeit", "LS")]
WORDS = """der die das Antrag Bescheid Widerspruch Grundstück Straße Gebühr Frist Anlage Unterlagen Verfahren Genehmigung
Stellungnahme Prüfung Ausbau Gehweg Beleuchtung Verkehr Schule Haushalt Zuwendung Vertrag Rechnung Leistung Termin
bitten bestätigen beantragen übersenden erhalten geprüft vereinbart vollständig rechtzeitig entsprechend gemäß aufgrund
wir Sie uns Ihre unsere dieses Schreiben vom mit und oder für über nach bis zum im Jahr Monat Woche Eigentümer Anwohner
Stadtverwaltung Bürgerbüro Ortsverwaltung Gemeinderat Ausschuss Sitzung Beschluss Satzung Bebauungsplan Baulast""".split()


class Post:
    """One item on its way in; `zugang` - the day it reached the city, when that is not today."""

    def __init__(self, name, body, channel, pages=0, zugang=None, skonto=None):
        self.name, self.body, self.channel, self.pages = name, body, channel, pages
        self.zugang, self.skonto, self.receipt, self.sent, self.took = zugang, skonto, None, None, None

    def path(self):
        query = {"channel": self.channel, "name": self.name}
        if self.zugang:
            query["zugang"] = self.zugang.isoformat()
        return "/api/v1/intake?" + urllib.parse.urlencode(query)


def invoice(label, number, chance, today, waited=0, days=None):
    """One XRechnung. `waited` - days since it reached the city; Skonto ends `days` after that, as its terms say."""
    firm = chance.randrange(40)
    office, fine, title = OFFICES[firm % len(OFFICES)]
    name = f"{TRADES[firm % len(TRADES)]} {NAMES[firm % len(NAMES)]} GmbH"
    zugang = today - datetime.timedelta(days=waited)
    written = zugang - datetime.timedelta(days=chance.randrange(1, 4))
    positions = [(text, str(chance.randrange(1, 400)), unit, f"{chance.randrange(300, 30_000) / 100:.2f}")
                 for text, unit in chance.sample(SERVICES, chance.randrange(1, 5))]
    days = days or chance.choice([7, 10, 14])
    mail = f"rechnung@firma{firm}.example"
    data = rechnungen.rechnung(
        f"{label}-{number:07}", written.isoformat(), (written + datetime.timedelta(days=30)).isoformat(),
        leitweg("08999000", fine), title, name, f"Industriestraße {firm + 1}", f"{78900 + firm}", "Rebach", NAMES[firm % len(NAMES)],
        f"+49 7997 620-{firm}", mail, f"{31177400 + firm}", ("79999992", f"{5510000 + firm}"), "Volksbank Rebland",
        f"Leistung {label} {number}", f"{office}.10-{number % 90 + 1}/26",
        ((written - datetime.timedelta(days=30)).isoformat(), (written - datetime.timedelta(days=2)).isoformat()),
        positions, skonto=(days, "2.00"))
    return Post(f"{label}-{number:07}.xml", rechnungen.ubl(data).encode(), "upload",
                zugang=zugang if waited else None, skonto=zugang + datetime.timedelta(days=days))


def invoices(label, count=None, seed=1):
    """Invoices one after the other; without `count` for ever."""
    chance, today = random.Random(f"{label}/{seed}"), datetime.date.today()
    numbers = range(count) if count is not None else itertools.count()
    return (invoice(label, n, chance, today) for n in numbers)


class Scanner:
    """Letters as a scan station delivers them. `lines` - of text on a page: 28 as on a usual letter."""

    WIDTH, HEIGHT, BAND, LINES = 2480, 3508, 54, 64

    def __init__(self, seed=1, sheets=6, lines=28):
        self.chance, self.row, self.lines = random.Random(seed), self.WIDTH // 8, lines
        self.blank = bytes(self.row * self.BAND)
        self.bands = [band for sheet in self.render(sheets) for band in sheet]
        self.foot = bytes(self.row * (self.HEIGHT - self.BAND * self.LINES))

    def sentence(self):
        words = [self.chance.choice(WORDS) for _ in range(11)]
        text = " ".join(words)[:82]
        return text[0].upper() + text[1:] + "."

    def render(self, sheets):
        """Bands of lines of text: a PDF of ours, made pixels by pdftoppm."""
        pages = []
        for _ in range(sheets):
            lines = []
            for n in range(self.LINES):
                y = (self.HEIGHT - self.BAND * n - 40) * 72 / 300
                text = self.sentence().replace("\\", "").replace("(", "").replace(")", "")
                lines.append(f"1 0 0 1 60 {y:.2f} Tm ({text}) Tj")
            pages.append(f"BT /F1 10 Tf {' '.join(lines)} ET".encode("cp1252"))
        font = "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >> >> >>"
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder)
            (place / "a.pdf").write_bytes(pdf([(font, text, "") for text in pages]))
            try:
                subprocess.run(["pdftoppm", "-r", "300", "-mono", "a.pdf", "a"], cwd=folder, check=True)
            except FileNotFoundError:
                sys.exit("pdftoppm is not installed (Debian package poppler-utils)")
            return [self.cut(file.read_bytes()) for file in sorted(place.glob("a-*.pbm"))]

    def cut(self, image):
        magic, width, height, bits = image.split(maxsplit=2)[0], *image.split(maxsplit=3)[1:3], image.split(b"\n", 2)[2]
        if (magic, int(width), int(height)) != (b"P4", self.WIDTH, self.HEIGHT):
            sys.exit(f"pdftoppm made {magic} of {width} × {height}")
        size = self.row * self.BAND
        return [bits[n * size:(n + 1) * size] for n in range(self.LINES)]

    def page(self):
        """One page, black where a bit is set."""
        lines = [self.blank] * 6
        for n in range(self.lines):
            lines += [self.chance.choice(self.bands)] + [self.blank] * (n % 5 == 4)
        lines = (lines + [self.blank] * self.LINES)[:self.LINES]
        return b"".join(lines) + self.foot

    def letter(self, name, pages):
        size = f"/Width {self.WIDTH} /Height {self.HEIGHT}"
        images = []
        for _ in range(pages):
            data = zlib.compress(self.page(), 1)
            image = (f"<< /Type /XObject /Subtype /Image {size} /ColorSpace /DeviceGray /BitsPerComponent 1 /Decode [1 0] "
                     f"/Filter /FlateDecode /Length {len(data)} >>\nstream\n").encode() + data + b"\nendstream"
            images.append(("/Resources << /XObject << /Bild IMAGE >> >>", b"q 595.2 0 0 841.92 0 0 cm /Bild Do Q", image))
        return Post(name, pdf(images), "scan", pages)


def pdf(pages):
    """A PDF of pages (resources, content, image); `IMAGE` in the resources names the page's image."""
    objects, kids = [b"<< /Type /Catalog /Pages 2 0 R >>", b""], []
    for resources, content, image in pages:
        if image:
            objects.append(image)
            resources = resources.replace("IMAGE", f"{len(objects)} 0 R")
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595.2 841.92] {resources} /Contents {len(objects)} 0 R >>"
        objects.append(page.encode())
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, text in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


class Client:
    """One kept connection of a client system, which tries again with the same key when the other side is away."""

    def __init__(self, city):
        self.city, self.connection, self.repeats = city, None, 0

    def send(self, post):
        """Hands in; notes it in the journal before and after. Seconds until the acknowledgement."""
        digest = hashlib.sha256(post.body).hexdigest()
        key = f"last:{digest}"
        self.city.ledger.note(channel=post.channel, key=key, sha256=digest)
        began = time.monotonic()
        status, body = self.patiently(post, key, began)
        post.sent, post.took = began, time.monotonic() - began
        if status != 202:
            raise RuntimeError(f"{post.name}: {status} {body[:300]!r}")
        post.receipt = json.loads(body)["receipt"]
        self.city.ledger.note(channel=post.channel, key=key, sha256=digest, receipt=post.receipt)
        return post.took

    def patiently(self, post, key, began):
        headers = {"authorization": f"Bearer {self.city.token}", "idempotency-key": key, "content-type": "application/octet-stream"}
        while True:
            try:
                self.connection = self.connection or http.client.HTTPConnection(self.city.host, timeout=60)
                self.connection.request("POST", post.path(), post.body, headers)
                answer = self.connection.getresponse()
                body = answer.read()
                if answer.status not in (429, 502, 503, 504) or time.monotonic() - began > PATIENCE:
                    return answer.status, body
            except (OSError, http.client.HTTPException):
                self.connection = None
                if time.monotonic() - began > PATIENCE:
                    raise
            self.repeats += 1
            time.sleep(0.3)


class HandedIn:
    """What a run of `hand_in` gave: times of acknowledgement in seconds, repeats, when it began and ended."""

    def __init__(self):
        self.times, self.repeats, self.began, self.ended, self.count = [], 0, time.time(), None, 0

    def rate(self):
        return self.count / (self.ended - self.began)


def hand_in(city, posts, clients=4, rate=None, moments=None, keep=None):
    """Hands in everything over `clients` connections.

    `rate` - items per second, or `moments` - seconds from now for each: each has its moment, and its time counts from
    then, so that a slow answer is not hidden by the next one's waiting. Neither: as fast as the connections take them.
    `keep` is told of each item that was taken."""
    posts, lock, failed, done = enumerate(posts), threading.Lock(), [], HandedIn()
    start = time.monotonic()

    def work():
        client = Client(city)
        try:
            while not failed:
                with lock:
                    number, post = next(posts, (None, None))
                if post is None:
                    break
                late = 0
                if rate or moments:
                    due = start + (moments[number] if moments else number / rate)
                    time.sleep(max(0, due - time.monotonic()))
                    late = max(0, time.monotonic() - due)
                took = client.send(post) + late
                with lock:
                    done.times.append(took)
                    done.count += 1
                    if keep:
                        keep(post)
        except Exception as error:  # whatever it is, the run has failed and says why
            failed.append(error)
        with lock:
            done.repeats += client.repeats

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.ended = time.time()
    if failed:
        raise failed[0]
    return done


def check_invoices(posts, eakte):
    """Says no when an invoice of ours is none: the program's own check of EN 16931 and XRechnung."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for post in posts:
            files.append(pathlib.Path(folder) / post.name)
            files[-1].write_bytes(post.body)
        done = subprocess.run([eakte, "invoice", "check", *map(str, files)], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"the driver makes bad invoices: {done.stdout}{done.stderr}")

# SPDX-License-Identifier: EUPL-1.2
"""A realistic day of Karlsruhe, from 7 to 11: 30,000 scanned pages, 1,000 invoices, three times as many at the end of the
month, 500 people logged in who work, and a restart of the text recognition at 9:00.

    tests/load/karlsruhe-tag [--zeitraffer 12] [--anteil 0.4] [--seiten 30000] [--rechnungen 1000] [--monatsende 3]
                             [--menschen 500] [--smoke]

Time-lapse N: the four hours pass in 4/N. The rates stay those of the day, so a run carries one Nth of the items and every
second is as busy as in the real day; people keep their own pace. What N changes: a peak lasts one Nth as long, so where
more comes than the machine can do, the backlog it builds is N times smaller than that of the real day.
`anteil`: which share of the pages this machine gets. Without it, what its cores can do: bare tesseract is measured first,
and text recognition gets 60 % of the cores. Invoices and people are always the whole city's. 1 = everything.

Prints scan-to-desk, the task page, and the invoices nobody had opened at 11:00 although their Skonto ends that day (by the
dates in the invoices). Journal, fsynced before each hand-in and after each acknowledgement; `eakte reconcile` at the end.
"""
import datetime
import heapq
import random
import sys
import threading
import time

import arbeiter
import lib
import lib_menschen
import lib_post
import load

NUMBERS = {
    "zeitraffer": (12.0, 720.0, "how many times faster the clock of the day goes"),
    "anteil": (0.0, 0.0, "share of the pages; 0: what this machine can do"), "seiten": (30_000, 30_000, "pages of the day"),
    "rechnungen": (1_000, 1_000, "invoices of the day"), "monatsende": (3.0, 3.0, "times as many invoices"),
    "menschen": (500, 24, "people logged in"), "lines": (28, 4, "lines of text on a page"),
    "tempo": (1.0, 20.0, "times faster than people are"),
}
SETTINGS = "PostgreSQL of deploy/postgresql.conf, RabbitMQ and S3 of deploy/cluster"
BEGIN, END, RESTART = 7, 11, 9
# What comes per half hour: the scan station warms up and ends with the late post; invoices of the night come first.
SCANS = [0.5, 1.2, 1.5, 1.3, 1.2, 1.0, 0.8, 0.5]
INVOICES = [2.5, 0.8, 0.8, 0.9, 0.9, 0.8, 0.7, 0.6]
PAGES = [1, 1, 2, 2, 2, 3, 4, 4, 6, 15]  # 4 in the mean
OCR_SHARE = 0.6
# Minutes between two looks at the list, and whether the person then works on a task.
PACE = {"poststelle": (3, True), "feststellung": (10, True), "anordnung": (8, True), "sonst": (15, False)}
PEOPLE_AT_ONCE = 12


def moments(count, curve, length, chance):
    """Seconds at which so many items come, after the curve."""
    part = length / len(curve)
    halves = chance.choices(range(len(curve)), curve, k=count)
    return sorted((half + chance.random()) * part for half in halves)


class Tag:
    """The clock of the day, and what happened."""

    def __init__(self, options):
        self.options, self.chance = options, random.Random(11)
        self.length = (END - BEGIN) * 3600 / options.zeitraffer
        self.posts, self.lock = [], threading.Lock()
        self.began = self.wall = None
        self.lists, self.pages, self.opened, self.decided, self.problems = [], [], set(), {}, []

    def hour(self, hour):
        """When it is this o'clock, as the machine counts."""
        return self.began + (hour - BEGIN) * 3600 / self.options.zeitraffer

    def keep(self, post):
        post.at = time.time() - post.took
        self.posts.append(post)

    def letters(self, scanner, count):
        for n in range(count):
            yield scanner.letter(f"scan-{n:05}.pdf", self.chance.choice(PAGES))

    def invoices(self, count):
        """Every sixth has waited over a holiday until the last day of its Skonto, every sixth until the day before."""
        today, chance = datetime.date.today(), random.Random(12)
        for n in range(count):
            days = chance.choice([7, 10, 14])
            waited = {0: days, 1: days - 1}.get(n % 6, chance.randrange(0, 3))
            yield lib_post.invoice("TAG", n, chance, today, waited, days)


def people(city, day, persons, until):
    """Everybody at his pace, on a few threads: look at the list, open a task, decide it."""
    chance = random.Random(13)
    minutes = {role: pace * 60 / day.options.tempo for role, (pace, _) in PACE.items()}
    queue = [(time.monotonic() + chance.random() * minutes[p.role], n, p) for n, p in enumerate(persons)]
    heapq.heapify(queue)
    late = []

    def one(person):
        text, took = person.page(lib_menschen.LISTS[person.role])
        day.lists.append(took)
        tasks = lib_menschen.TASK.findall(text)
        if not tasks or not PACE[person.role][1]:
            return
        # The first of the list is the most urgent; colleagues look at the same list.
        path, task = next(((p, t) for p, t in tasks if t not in day.opened), tasks[0])
        day.opened.add(task)
        try:
            _, took = person.page(path)
        except lib_menschen.Answer as answer:
            if answer.status in (403, 404):
                return  # a colleague was faster, and it is no longer theirs to see
            raise
        day.pages.append(took)
        done = person.decide(task)
        with day.lock:
            day.decided[done] = day.decided.get(done, 0) + 1

    def work():
        while True:
            with day.lock:
                if not queue or queue[0][0] > until:
                    return
                due, number, person = heapq.heappop(queue)
            time.sleep(max(0, due - time.monotonic()))
            late.append(max(0, time.monotonic() - due))
            try:
                one(person)
            except Exception as error:  # one person's trouble is a finding, not the end of the day
                day.problems.append(f"{person.name}: {error}")
            with day.lock:
                heapq.heappush(queue, (due + minutes[person.role] * chance.uniform(0.5, 1.5), number, person))

    threads = [threading.Thread(target=work) for _ in range(PEOPLE_AT_ONCE)]
    for thread in threads:
        thread.start()
    return threads, late


def log_in(city, names, password):
    """All of them, a few at a time, as at the beginning of the day."""
    persons, times, errors = iter([lib_menschen.Mensch(city, name, role) for name, role in names]), [], []
    lock, inside = threading.Lock(), []

    def work():
        while True:
            with lock:
                person = next(persons, None)
            if person is None:
                return
            try:
                times.append(person.login(password))
                inside.append(person)
            except Exception as error:
                errors.append(f"{person.name}: {error}")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return inside, times, errors


def hand_in(city, day, posts, times, clients, results):
    """A channel of its own, beside the others."""
    def run():
        try:
            results.append(lib_post.hand_in(city, posts, clients, moments=times, keep=day.keep))
        except Exception as error:
            day.problems.append(f"hand-in: {error}")

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def restart(city):
    """As systemd would: stop, start, ready. Seconds."""
    began = time.monotonic()
    city.pause([arbeiter.OCR])
    city.resume([arbeiter.OCR])
    return time.monotonic() - began


def desks(city):
    """When each item first lay on a desk (seconds since 1970), and its tasks."""
    rows = city.rows("SELECT sendung, min(seit), string_agg(id::text, ' ') FROM geschaeftsgang_aufgabe WHERE sendung IS NOT NULL GROUP BY 1")
    return {sendung: (int(seit) / 1e6, set(tasks.split())) for sendung, seit, tasks in rows}


def clock(city, day):
    """Waits until 11:00, restarts text recognition at 9:00, and says each half hour where the day stands."""
    took = None
    for half in range(1, 2 * (END - BEGIN) + 1):
        hour = BEGIN + half / 2
        time.sleep(max(0, day.hour(hour) - time.monotonic()))
        reached, pages = desks(city), sum(p.pages for p in day.posts)
        waiting = sum(p.pages for p in list(day.posts) if p.receipt not in reached)
        print(f"  {int(hour)}:{30 * (half % 2):02} o'clock: {len(day.posts)} items with {pages} pages came, {waiting} pages are "
              f"not on a desk, {sum(v for k, v in day.decided.items() if k)} tasks decided", file=sys.stderr)
        if hour == RESTART:
            took = restart(city)
    return took, reached


def report(figures, day, reached, at_end):
    """Scan-to-desk and Skonto."""
    add, factor = figures.add, day.options.zeitraffer
    for kind, chosen in (("scan", [p for p in day.posts if p.pages]), ("invoice", [p for p in day.posts if not p.pages])):
        took = [reached[p.receipt][0] - p.at for p in chosen if p.receipt in reached]
        if took:
            add(f"{kind} to desk, median of {len(took)}", load.median_ms(took) / 1000, "s")
            add(f"{kind} to desk, 95 %", load.percentile_ms(took, 0.95) / 1000, "s")
    open_pages = sum(p.pages for p in day.posts if p.pages and p.receipt not in at_end)
    add("pages not on a desk at 11:00", open_pages, "")
    last = max((at for at, _ in reached.values()), default=day.wall)
    add("last item on a desk after 11:00", max(0, last - day.wall - day.length), "s")
    add("items that never reached a desk", sum(p.receipt not in reached for p in day.posts), "", at_most=0)
    today = datetime.date.today()
    for ahead in range(2):
        date = today + datetime.timedelta(days=ahead)
        chosen = [p for p in day.posts if p.skonto == date]
        unseen = sum(not (reached.get(p.receipt, (0, set()))[1] & day.opened) for p in chosen)
        word = "today" if ahead == 0 else "tomorrow"
        # Nobody can see in a compressed morning what takes people a whole one: only the full clock is judged.
        judged = 0 if ahead == 0 and factor == 1 else None
        add(f"invoices whose Skonto ends {word} ({date}), of {len(chosen)} unseen at 11:00", unseen, "", at_most=judged)
    share = open_pages / max(1, sum(p.pages for p in day.posts))
    if share > 0.02:
        print(f"THE MACHINE DOES NOT KEEP UP: at 11:00 {share:.0%} of the pages had not reached a desk.", file=sys.stderr)


def measure(city, figures, options):
    day, add = Tag(options), figures.add
    scanner = lib_post.Scanner(lines=options.lines)
    alone, together = arbeiter.bare(city, scanner, 2 if options.smoke else 12)
    rate = options.seiten / ((END - BEGIN) * 3600)
    anteil = options.anteil or min(1, OCR_SHARE * together / rate)
    add("bare tesseract, two processes at once", together, "pages/s")
    add("the city's pages in the mean", rate, "pages/s")
    add("share of the pages in this run", anteil * 100, "%")
    add("cores that text recognition of the whole city needs, at 70 %", rate / alone / 0.7, "")

    persons, password = lib_menschen.settle_in(city, options.menschen)
    cpu = city.cpu()
    inside, times, errors = log_in(city, persons, password)
    day.problems += errors
    add("people logged in", len(inside), "", at_least=options.menschen)
    add("login with first page, median", load.median_ms(times), "ms")
    add("login with first page, 95 %", load.percentile_ms(times, 0.95), "ms")
    add("CPU of the portal per login (argon2)", (city.cpu()["portal"] - cpu["portal"]) / len(times) * 1000, "ms")

    scans = round(options.seiten * anteil / options.zeitraffer / 4)
    bills = round(options.rechnungen * options.monatsende / options.zeitraffer)
    busy, results = lib.busy_cores(), []
    day.began, day.wall = time.monotonic() + 0.5, time.time() + 0.5
    channels = [hand_in(city, day, day.letters(scanner, scans), moments(scans, SCANS, day.length, day.chance), 3, results),
                hand_in(city, day, day.invoices(bills), moments(bills, INVOICES, day.length, day.chance), 2, results)]
    threads, late = people(city, day, inside, day.began + day.length)
    restarted, at_end = clock(city, day)
    busy = busy()
    for thread in [*channels, *threads]:
        thread.join()
    acknowledged = [t for r in results for t in r.times]
    until = time.monotonic() + 600 + 20 * sum(p.pages for p in day.posts)
    while any(p.receipt not in (reached := desks(city)) for p in day.posts) and time.monotonic() < until:
        city.alive()
        time.sleep(1)
    reached = desks(city)
    add("items handed in", len(day.posts), "")
    add("pages handed in", sum(p.pages for p in day.posts), "")
    add("acknowledgement, 99 %", load.percentile_ms(acknowledged, 0.99), "ms", at_most=100)
    report(figures, day, reached, at_end)
    add("restart of text recognition at 9:00 until ready", restarted, "s")
    for words, taken in (("task list", day.lists), ("task page", day.pages)):
        if taken:
            add(f"{words}, median of {len(taken)}", load.median_ms(taken), "ms")
            add(f"{words}, 95 %", load.percentile_ms(taken, 0.95), "ms")
    add("tasks decided by people", sum(v for k, v in day.decided.items() if k), "")
    add("people came late to their own click, 95 %", load.percentile_ms(late, 0.95) if late else 0, "ms")
    add("cores of this machine busy in the mean, with this driver", busy, "")
    city.problems += day.problems[:20]


def main():
    def settings(o):
        return f"{SETTINGS}; time-lapse {o.zeitraffer:g}, pace of people × {o.tempo:g}"

    lib.drive(__doc__, "A day of Karlsruhe", NUMBERS, settings, measure)

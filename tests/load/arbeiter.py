#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""What a second worker process gives for work that OCR bounds, on cores shared with broker, database and store.

    tests/load/arbeiter.py [--letters 24] [--pages 3] [--smoke]

Scanned letters are accepted and wait; then one `eakte run erkennung` takes them, then, with as many new letters, two.
Each process works on one job at a time (worker.parallel = 1, a core each): with the default, one process alone already
uses every core and a second could give nothing. Pages per minute count from the start of the workers until the last
letter lies on a desk. Target: two give at least 1.6 times. Beside it bare tesseract on the same pages, one and two
processes: more than that no program can give on this machine.

Needs target/release/eakte, tesseract and poppler-utils.
"""
import os
import subprocess
import time

import lib
import lib_post

NUMBERS = {"letters": (24, 4, "letters per run"), "pages": (3, 1, "pages per letter"), "lines": (28, 6, "lines of text on a page")}
SETTINGS = "worker.parallel = 1 in each erkennung, other services as in deploy/cluster; pages of 300 dpi, bitonal, straight"
OCR = "erkennung"


def run(city, scanner, label, letters, pages, workers):
    """Pages per second with this many workers, which start when all letters wait; their start counts. The others are up."""
    before, _ = city.waiting()
    posts = (scanner.letter(f"{label}-{n}.pdf", pages) for n in range(letters))
    lib_post.hand_in(city, posts, clients=2)
    city.until_jobs(letters)
    began = time.time()
    for worker in workers:
        worker.launch()
    for worker in workers:
        worker.wait()
    ready = time.time()
    last = city.until_tasks(before + letters, 120 + letters * pages * 20)
    for worker in workers:
        code = worker.stop()
        if code not in (0, None):
            city.problems.append(f"{worker.name} ends with {code}")
    return letters * pages / (last - began), ready - began


def bare(city, scanner, count):
    """Pages per second of tesseract alone, one and two processes at once; each page of its own."""
    files = []
    for n in range(count):
        files.append(city.folder / f"nackt-{n}.pbm")
        files[-1].write_bytes(f"P4\n{scanner.WIDTH} {scanner.HEIGHT}\n".encode() + scanner.page())
    env = {**os.environ, "OMP_THREAD_LIMIT": "1"}

    def read(at_once):
        began, queue, running = time.monotonic(), list(files), []
        while queue or running:
            running = [p for p in running if p.poll() is None]
            while queue and len(running) < at_once:
                command = ["tesseract", str(queue.pop()), "-", "-l", "deu", "--dpi", "300"]
                running.append(subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            time.sleep(0.01)
        return count / (time.monotonic() - began)

    return read(1), read(2)


def measure(city, figures, options):
    scanner = lib_post.Scanner(lines=options.lines)
    first = city.service(OCR)
    city.pause([OCR])
    for worker in (first, second := city.another(OCR)):
        worker.env["EAKTE_WORKER__PARALLEL"] = "1"
    alone, together = bare(city, scanner, 4 if options.smoke else 12)
    # A worker's first job pays for its children and the model.
    run(city, scanner, "WARM", 2, 1, [first])
    cpu = city.cpu()
    one, _ = run(city, scanner, "EINS", options.letters, options.pages, [first])
    two, start = run(city, scanner, "ZWEI", options.letters, options.pages, [first, second])
    used = city.cpu()
    add = figures.add
    add("bare tesseract, one process", alone * 60, "pages/min")
    add("bare tesseract, two processes", together * 60, "pages/min")
    add("bare tesseract, two against one", together / alone, "times")
    add(f"one worker, {options.letters} letters of {options.pages} pages", one * 60, "pages/min")
    add("two workers, as many again", two * 60, "pages/min")
    add("two workers against one", two / one, "times", at_least=1.6)
    add("of what bare tesseract gives with two", two / together * 100, "%")
    add("start of two workers until ready", start, "s")
    first.env.pop("EAKTE_WORKER__PARALLEL")
    city.resume([OCR])
    rest = {name: used[name] - cpu.get(name, 0) for name in used if not name.startswith(OCR)}
    add("CPU of everything but OCR, per page", sum(rest.values()) / (2 * options.letters * options.pages) * 1000, "ms")


if __name__ == "__main__":
    lib.drive(__doc__, "A second worker", NUMBERS, SETTINGS, measure)

# SPDX-License-Identifier: EUPL-1.2
"""Letters after DIN 5008 form B and private letters, on any sheet."""

from .blatt import wrap

LINKS, RECHTS = 25, 190
ZEILE = 5.0


def behoerde(blatt, brief, face="sans"):
    """Office letter: letterhead, sender line, address field, information block, subject, text, footer."""
    kopf = brief["kopf"]
    blatt.text(LINKS, 22, kopf[0], face + "-b", 17)
    for n, zeile in enumerate(kopf[1:]):
        blatt.text(LINKS, 28 + n * 5, zeile, face, 10)
    blatt.line(LINKS, 34, RECHTS, 34, 0.4)
    blatt.text(LINKS, 48.5, brief["absenderzeile"], face, 7.5)
    for n, zeile in enumerate(brief["anschrift"]):
        blatt.text(LINKS, 56 + n * ZEILE, zeile, face, 11)
    for n, (name, wert) in enumerate(brief["block"]):
        blatt.text(125, 52 + n * ZEILE, name, face, 9.5)
        blatt.text(157, 52 + n * ZEILE, wert, face, 9.5)
    y = 103
    for zeile in wrap(brief["betreff"], RECHTS - LINKS, face + "-b", 11.5):
        blatt.text(LINKS, y, zeile, face + "-b", 11.5)
        y += ZEILE
    y = absaetze(blatt, brief, y + 5, face)
    fuss(blatt, brief.get("fuss", []), face)
    return y


def privat(blatt, brief, face="serif"):
    """Letter of a person: own address above, place and date right, no form."""
    for n, zeile in enumerate(brief["absender"]):
        blatt.text(LINKS, 25 + n * ZEILE, zeile, face, 12)
    for n, zeile in enumerate(brief["anschrift"]):
        blatt.text(LINKS, 58 + n * ZEILE, zeile, face, 12)
    blatt.text(RECHTS, 90, brief["ort_datum"], face, 12, "r")
    y = 103
    for zeile in wrap(brief["betreff"], RECHTS - LINKS, face + "-b", 12):
        blatt.text(LINKS, y, zeile, face + "-b", 12)
        y += ZEILE
    if brief.get("zeichen"):
        blatt.text(LINKS, y + 1, brief["zeichen"], face, 12)
        y += ZEILE + 1
    return absaetze(blatt, brief, y + 5, face, 12)


def absaetze(blatt, brief, y, face, size=11, start=0):
    """Paragraphs, table and greeting; a form feed in a paragraph goes to the next sheet by `seiten`."""
    gap = ZEILE if size <= 11 else 5.4
    for absatz in brief["text"][start:]:
        if isinstance(absatz, list):
            for links, rechts in absatz:
                blatt.text(LINKS + 5, y, links, face, size)
                blatt.text(RECHTS - 20, y, rechts, face, size, "r")
                y += gap + 0.6
            y += gap * 0.6
            continue
        bold = absatz.startswith("**")
        for zeile in wrap(absatz.strip("*"), RECHTS - LINKS, face + ("-b" if bold else ""), size):
            blatt.text(LINKS, y, zeile, face + ("-b" if bold else ""), size)
            y += gap
        y += gap * (0.1 if bold else 0.7)
    if brief.get("gruss"):
        blatt.text(LINKS, y, brief["gruss"], face, size)
        y += gap
        for zeile in brief.get("auftrag", []):
            blatt.text(LINKS, y, zeile, face, size)
            y += gap
        unterschrift(blatt, LINKS + 2, y + 5, brief["name"])
        y += 14
        blatt.text(LINKS, y, brief["name"], face, size)
        y += gap * 1.5
    for zeile in brief.get("anlagen", []):
        blatt.text(LINKS, y, zeile, face, size - 1)
        y += gap
    return y


def unterschrift(blatt, x, y, name):
    """A pen stroke whose form follows from the name; unreadable on purpose."""
    seed = sum(i * ord(c) for i, c in enumerate(name, 3))
    punkte = []
    for i in range(16):
        seed = seed * 1103515245 + 12345 & 0x7FFFFFFF
        hoch = (seed >> 16) % 100 / 100
        weit = 6.5 if i < 3 else 3.2
        punkte.append((x + i * 2.3 + (-1.4 if i % 3 == 2 else 0.6), y + (weit * (hoch + 0.4) if i % 2 else -weit * hoch) / 2))
    blatt.curve(punkte)


def fuss(blatt, spalten, face):
    if not spalten:
        return
    blatt.line(LINKS, 270, RECHTS, 270, 0.2)
    for n, spalte in enumerate(spalten):
        for m, zeile in enumerate(spalte):
            blatt.text(LINKS + n * 56, 274.5 + m * 3.7, zeile, face, 8)

# SPDX-License-Identifier: EUPL-1.2
"""Writes tests/corpus/demo: sample post of an invented city, with the facts expected from each file.

Run in a virtual environment outside the repository (see README.md):
    python tests/corpus/make_demo.py
The same versions of the packages give the same bytes.
"""

import json
import pathlib
from email.message import EmailMessage
from email.policy import SMTP

from PIL import ImageCms

from generator import kaputt, texte
from generator.blatt import Bild, Pdf
from generator.brief import absaetze, behoerde, privat
from generator.rechnungen import EN16931, KELLERMANN, LEUCHTWERK, PAPIER, SEEGER, cii, ubl
from generator.rechnungsbild import zeichnen, zugferd
from generator.scan import bitonal, grey, jpeg, pdf_g4, stamp
from generator.trennblatt import code128, qr

ZIEL = pathlib.Path(__file__).parent / "demo"
EINGANG = [("STADT MUSTERSTADT", 4.2), ("Eingegangen", 3.6), ("20. Nov. 2026", 5.0)]


def stapel():
    """Duplex batch of 7 sheets: three letters behind separator sheets, all backs but one are blank."""
    brief1 = Bild(300)
    privat(brief1, texte.STRASSE)
    stamp(brief1.image, EINGANG, brief1.px(128), brief1.px(30), 4, 60)
    seiten2 = [Bild(300) for _ in range(3)]
    erste = {**texte.WIDERSPRUCH, "gruss": None, "anlagen": []}
    privat(seiten2[0], erste)
    absaetze(seiten2[1], {"text": texte.WIDERSPRUCH["text2"]}, 28, "serif", 12)
    absaetze(seiten2[2], {**texte.WIDERSPRUCH, "text": texte.WIDERSPRUCH["text3"]}, 28, "serif", 12)
    brief3 = Bild(300)
    behoerde(brief3, texte.ZUWENDUNG)
    stamp(brief3.image, EINGANG, brief3.px(130), brief3.px(8), -3, 60)
    leer = Bild(300).image
    folge = [
        qr("EAKTE:TRENNBLATT;zugang=2026-11-20;amt=66", ["Zugang 20.11.2026", "Amt 66 · Tiefbauamt"]), leer,
        brief1.image, leer,
        qr("EAKTE:TRENNBLATT;amt=20;art=widerspruch", ["Widerspruch", "Amt 20 · Stadtkämmerei"]), leer,
        seiten2[0].image, seiten2[1].image, seiten2[2].image, leer,
        code128("EAKTE-TRENNBLATT", ["Neues Schreiben"]), leer,
        brief3.image, leer,
    ]
    schiefen = [0.3, 0.2, -0.4, 0.1, 0.0, 0.2, 0.5, -0.5, -0.2, 0.1, 0.3, 0.0, 0.25, 0.1]
    return pdf_g4([bitonal(bild, 100 + n, skew) for n, (bild, skew) in enumerate(zip(folge, schiefen))], 300, "Stapel 2026-11-20")


def schief():
    blatt = Bild(300)
    privat(blatt, texte.SCHIEF, "sans")
    return jpeg(grey(blatt.image, 200, skew=2.4, noise=2.0), 300, 32)


def bescheid():
    blatt = Pdf("Gebührenbescheid 43.2-691.17/88", "Landratsamt Sonnental")
    behoerde(blatt, texte.GEBUEHR)
    blatt.next_page()
    return blatt.bytes()


def rechnung_pdf(r):
    blatt = Pdf(f"Rechnung {r['nummer']}", r["firma"])
    zeichnen(blatt, r, farbe="#1d4f73")
    blatt.next_page()
    return blatt.bytes()


def srgb():
    """sRGB profile without its day of creation."""
    icc = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    icc[24:36] = bytes([7, 234, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0])
    return bytes(icc)


def papier():
    """The invoice of a craftsman on paper, scanned in colour."""
    blatt = Bild(250, "RGB")
    zeichnen(blatt, PAPIER, "serif", farbe=(120, 60, 20))
    stamp(blatt.image, EINGANG, blatt.px(138), blatt.px(6), 3, (170, 30, 40))
    return jpeg(grey(blatt.image, 700, skew=-0.6, noise=2.0), 250, 34)


def skizze():
    """A sketch of the place, drawn by hand and photographed."""
    blatt = Bild(150)
    blatt.text(25, 30, "Lageskizze Lindenstraße, Leuchten 12 bis 16", "serif-i", 18)
    blatt.curve([(20, 120), (70, 117), (120, 122), (190, 118)], 60, 0.9)
    blatt.curve([(20, 150), (70, 148), (120, 153), (190, 149)], 60, 0.9)
    blatt.text(88, 138, "Lindenstraße", "serif-i", 16)
    for n in range(5):
        x = 35 + n * 34
        blatt.curve([(x - 3, 112), (x, 109), (x + 3, 112), (x, 115), (x - 3, 112)], 40, 0.7)
        blatt.text(x, 105, str(12 + n), "serif-i", 15, "c")
    blatt.curve([(116, 106), (121, 111), (126, 116)], 20, 1.0)
    blatt.curve([(126, 106), (121, 111), (116, 116)], 20, 1.0)
    blatt.text(132, 96, "Schadstelle Kabel", "serif-i", 15)
    blatt.curve([(131, 97), (127, 100), (124, 104)], 40, 0.6)
    blatt.text(25, 200, "halbseitige Sperrung, rund 25 m", "serif-i", 15)
    blatt.text(25, 210, "O. Tammen, 19.11.2026", "serif-i", 15)
    return jpeg(grey(blatt.image, 800, skew=1.1, noise=2.5, ground=236), 150, 40)


def mail():
    brief = Pdf("Ausfall der Straßenbeleuchtung", "Energie Rebland GmbH")
    behoerde(brief, texte.ANLAGE)
    brief.next_page()
    post = EmailMessage(policy=SMTP)
    post["From"] = "Ove Tammen <ove.tammen@energie-rebland.example>"
    post["To"] = "Poststelle <post@musterstadt.example>"
    post["Subject"] = "Ausfall der Straßenbeleuchtung in der Lindenstraße, Ihr Zeichen 66.30-8/26"
    post["Date"] = "Thu, 19 Nov 2026 16:42:10 +0100"
    post["Message-ID"] = "<20261119164210.1183@energie-rebland.example>"
    post.set_content(
        "Guten Tag,\n\nim Anhang erhalten Sie unser Schreiben zum Ausfall der Leuchten 12 bis 16 in der Lindenstraße und eine\n"
        "Lageskizze. Weil es dort abends sehr dunkel ist, bitten wir um eine rasche Antwort.\n\n"
        "Viele Grüße\n\nOve Tammen\nEnergie Rebland GmbH, Netzbetrieb\nTelefon 07999 55-180\n", cte="quoted-printable")
    post.add_attachment(brief.bytes(), "application", "pdf", filename="Schreiben Lindenstraße.pdf")
    post.add_attachment(skizze(), "image", "jpeg", filename="Lageskizze.jpg")
    post.set_boundary("=_musterstadt_20261119")
    return post.as_bytes()


def fakten_rechnung(r, mit_leitweg=True):
    f = {"doc_type": "rechnung", "sender": r["firma"], "recipient": "Stadt Musterstadt", "date": r["datum"], "aktenzeichen": r["zeichen"],
         "iban": r["iban"], "amount": str(r["brutto"]), "net": str(r["netto"]), "vat": str(r["steuer"]), "invoice_number": r["nummer"],
         "due_date": r["faellig"], "subject": f"Rechnung {r['nummer']}"}
    return {**f, "leitweg": r["leitweg"]} if mit_leitweg else f


def erwartet():
    """Facts per file; pages are counted as in the message `Zerlegt`."""
    def brief(seiten, leer=0, **felder):
        return {"seiten": seiten, "leer": leer, "felder": felder}

    def eins(art, seiten, felder, **mehr):
        return {"dokumente": [{"art": art, "seiten": seiten, "leer": 0, "felder": felder}], "seiten": seiten, "leer": 0, "trennblaetter": 0, **mehr}

    musterstadt = {"recipient": "Stadt Musterstadt"}
    stapel_ = [
        {"art": "scan", "blatt": {"amt": "66", "zugang": "2026-11-20"}, **brief(
            1, 1, doc_type="sonstiges", sender="Annelie Finnberg", date="2026-11-17", subject=texte.STRASSE["betreff"], **musterstadt)},
        {"art": "scan", "blatt": {"amt": "20", "dokumentart": "widerspruch"}, **brief(
            3, 1, doc_type="widerspruch", sender="Joris Wendelin", date="2026-11-12", aktenzeichen="20.20-4471/26", amount="1386.40",
            subject=texte.WIDERSPRUCH["betreff"], **musterstadt)},
        {"art": "scan", "blatt": {}, **brief(
            1, 1, doc_type="bescheid", sender="Regierungspräsidium Neckarfurt", date="2026-11-13", aktenzeichen="44-3955.10/226",
            amount="184500.00", subject=texte.ZUWENDUNG["betreff"], **musterstadt)},
    ]
    xml = {"art": "rechnung_xml", "seiten": 0}
    return {
        "01-stapel-duplex.pdf": {"dokumente": stapel_, "seiten": 14, "leer": 6, "trennblaetter": 3, "zugang": "2026-11-20"},
        "02-brief-schief.jpg": eins("scan", 1, {
            "doc_type": "sonstiges", "sender": "Bürgerverein Rebhang e. V.", "date": "2026-11-16", "aktenzeichen": "61.20-14/26",
            "subject": texte.SCHIEF["betreff"], **musterstadt}, schiefe=2.4),
        "03-bescheid.pdf": eins("digital", 1, {
            "doc_type": "bescheid", "sender": "Landratsamt Sonnental", "date": "2026-11-18", "aktenzeichen": "66.10-112/26",
            "kassenzeichen": "8804.117.0026.3", "iban": texte.IBAN_LANDKREIS, "amount": "1240.00", "due_date": "2026-12-21",
            "subject": texte.GEBUEHR["betreff"], **musterstadt}),
        "04-rechnung-xrechnung-ubl.xml": eins(**xml, felder=fakten_rechnung(KELLERMANN), skonto=["14", "2.00"]),
        "05-rechnung-xrechnung-cii.xml": eins(**xml, felder=fakten_rechnung(SEEGER), skonto=["10", "1.50"]),
        "06-rechnung-zugferd.pdf": eins("rechnung_pdf", 1, fakten_rechnung(LEUCHTWERK)),
        "07-rechnung-papier.jpg": eins("scan", 1, fakten_rechnung(PAPIER)),
        "08-mail-mit-anhaengen.eml": {"dokumente": [
            {"art": "nachricht", "seiten": 0, "leer": 0, "felder": {"doc_type": "sonstiges", "sender": "ove.tammen@energie-rebland.example"}},
            {"art": "digital", "name": "Schreiben Lindenstraße.pdf", **brief(
                1, doc_type="sonstiges", sender="Energie Rebland GmbH", date="2026-11-19", aktenzeichen="66.30-8/26",
                subject=texte.ANLAGE["betreff"], **musterstadt)},
            {"art": "scan", "name": "Lageskizze.jpg", "seiten": 1, "leer": 0, "felder": {}},
        ], "seiten": 2, "leer": 0, "trennblaetter": 0, "zugang": "2026-11-19"},
        "09-dublette.xml": eins(**xml, felder=fakten_rechnung(KELLERMANN), dublette_von="04-rechnung-xrechnung-ubl.xml"),
        "bad/empty.pdf": {"grund": "format-rejected"},
        "bad/truncated.pdf": {"grund": ["clearing", "quarantine", "format-rejected"]},
        "bad/encrypted.pdf": {"grund": "clearing", "kennwort": "geheim"},
        "bad/unknown.bin": {"grund": "clearing"},
        "bad/huge-image.png": {"grund": ["quarantine", "clearing", "format-rejected"]},
        "bad/text-as.pdf": {"grund": "format-rejected"},
    }


def main():
    (ZIEL / "bad").mkdir(parents=True, exist_ok=True)
    bescheid_ = bescheid()
    dateien = {
        "01-stapel-duplex.pdf": stapel(),
        "02-brief-schief.jpg": schief(),
        "03-bescheid.pdf": bescheid_,
        "04-rechnung-xrechnung-ubl.xml": ubl(KELLERMANN).encode(),
        "05-rechnung-xrechnung-cii.xml": cii(SEEGER).encode(),
        "06-rechnung-zugferd.pdf": zugferd(rechnung_pdf(LEUCHTWERK), cii(LEUCHTWERK, EN16931), LEUCHTWERK, srgb()),
        "07-rechnung-papier.jpg": papier(),
        "08-mail-mit-anhaengen.eml": mail(),
        "09-dublette.xml": ubl(KELLERMANN, "Kopie für Ihre Unterlagen: " + KELLERMANN["betreff"]).encode(),
        **{"bad/" + name: inhalt for name, inhalt in kaputt.dateien(bescheid_).items()},
        "erwartet.json": (json.dumps(erwartet(), ensure_ascii=False, indent=1) + "\n").encode(),
    }
    for name, inhalt in dateien.items():
        (ZIEL / name).write_bytes(inhalt)
        print(f"{len(inhalt):9} {name}")
    print(f"{sum(map(len, dateien.values())):9} bytes in all")


if __name__ == "__main__":
    main()

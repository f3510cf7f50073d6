# SPDX-License-Identifier: EUPL-1.2
"""The visible invoice, and the PDF that carries its data (Factur-X 1.0, profile EN 16931)."""

import io

import pikepdf

from .pruefziffern import groups
from .rechnungen import EINHEIT

LINKS, RECHTS = 25, 190


def euro(value):
    """`1.234,50`."""
    return f"{value:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")


def menge(value):
    return f"{value.normalize():f}".replace(".", ",")


def tag(iso):
    return ".".join(reversed(iso.split("-")))


def zeichnen(blatt, r, face="sans", farbe=None):
    """Draws an invoice on one sheet."""
    blatt.text(LINKS, 22, r["firma"], face + "-b", 17, ink=farbe)
    blatt.text(LINKS, 28, f"{r['strasse']} · {r['plz']} {r['ort']} · Telefon {r['telefon']}", face, 9)
    blatt.line(LINKS, 32, RECHTS, 32, 0.6, ink=farbe)
    blatt.text(LINKS, 48.5, f"{r['firma']} · {r['strasse']} · {r['plz']} {r['ort']}", face, 7.5)
    for n, zeile in enumerate(["Stadt Musterstadt", r["amt"], "Marktplatz 1", "78900 Musterstadt"]):
        blatt.text(LINKS, 56 + n * 5, zeile, face, 11)
    block = [("Rechnungsnummer:", r["nummer"]), ("Rechnungsdatum:", tag(r["datum"])), ("Ihr Zeichen:", r["zeichen"]),
             ("Leitweg-ID:", r["leitweg"]), ("Ansprechpartner:", r["kontakt"])]
    for n, (name, wert) in enumerate(block):
        blatt.text(122, 54 + n * 5.2, name, face, 9.5)
        blatt.text(155, 54 + n * 5.2, wert, face, 9.5)
    blatt.text(LINKS, 97, f"Rechnung {r['nummer']}", face + "-b", 15, ink=farbe)
    blatt.text(LINKS, 104, r["betreff"], face, 11)
    blatt.text(LINKS, 110, f"Leistungszeitraum: {tag(r['leistung'][0])} bis {tag(r['leistung'][1])}", face, 10)
    y = 120
    for x, titel, wo in [(LINKS, "Pos.", "l"), (36, "Bezeichnung", "l"), (133, "Menge", "r"), (164, "Einzelpreis", "r"), (RECHTS, "Gesamt EUR", "r")]:
        blatt.text(x, y, titel, face + "-b", 9.5, wo)
    blatt.line(LINKS, y + 2, RECHTS, y + 2, 0.3)
    for n, (text, anzahl, einheit, preis, summe) in enumerate(r["zeilen"], 1):
        y += 7
        blatt.text(LINKS, y, str(n), face, 10)
        blatt.text(36, y, text, face, 10)
        blatt.text(133, y, f"{menge(anzahl)} {EINHEIT[einheit]}", face, 10, "r")
        blatt.text(164, y, euro(preis), face, 10, "r")
        blatt.text(RECHTS, y, euro(summe), face, 10, "r")
    blatt.line(LINKS, y + 3, RECHTS, y + 3, 0.3)
    for text, wert, stil in [("Nettobetrag", r["netto"], face), ("zzgl. 19 % USt.", r["steuer"], face), ("Rechnungsbetrag", r["brutto"], face + "-b")]:
        y += 8
        blatt.text(120, y, text, stil, 10.5)
        blatt.text(RECHTS, y, euro(wert), stil, 10.5, "r")
    y += 13
    if r["skonto"]:
        tage, prozent = r["skonto"]
        blatt.text(LINKS, y, f"Bei Zahlung innerhalb von {tage} Tagen gewähren wir {prozent.replace('.', ',')} % Skonto.", face, 10.5)
        y += 5.5
    blatt.text(LINKS, y, f"Bitte überweisen Sie den Betrag bis zum {tag(r['faellig'])} ohne Abzug auf das unten genannte Konto.", face, 10.5)
    if r["hinweis"]:
        blatt.text(LINKS, y + 5.5, r["hinweis"], face, 10.5)
    blatt.line(LINKS, 268, RECHTS, 268, 0.3)
    for n, zeile in enumerate([r["firma"], f"{r['strasse']}, {r['plz']} {r['ort']}", r["mail"]]):
        blatt.text(LINKS, 273 + n * 4, zeile, face, 8.5)
    for n, zeile in enumerate([r["bank"], "IBAN " + groups(r["iban"]), "USt-IdNr. " + r["ust"]]):
        blatt.text(122, 273 + n * 4, zeile, face, 8.5)


XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" pdfaid:part="3" pdfaid:conformance="B"/>
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt><rdf:li xml:lang="x-default">{titel}</rdf:li></rdf:Alt></dc:title><dc:creator><rdf:Seq><rdf:li>{firma}</rdf:li></rdf:Seq></dc:creator></rdf:Description>
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreateDate="2026-11-18T09:00:00+01:00" xmp:ModifyDate="2026-11-18T09:00:00+01:00" xmp:CreatorTool="make_demo.py"/>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"><pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema><pdfaSchema:namespaceURI>urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>{felder}</rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
<rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#" fx:DocumentType="INVOICE" fx:DocumentFileName="factur-x.xml" fx:Version="1.0" fx:ConformanceLevel="EN 16931"/>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
FELD = ('<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{}</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType>'
        "<pdfaProperty:category>external</pdfaProperty:category><pdfaProperty:description>{}</pdfaProperty:description></rdf:li>")
FELDER = [("DocumentFileName", "name of the embedded XML invoice file"), ("DocumentType", "INVOICE"),
          ("Version", "version of the Factur-X data"), ("ConformanceLevel", "conformance level of the Factur-X data")]


def zugferd(pdf, xml, r, icc):
    """Puts the XML into the PDF as its alternative, with PDF/A-3 metadata."""
    document = pikepdf.open(io.BytesIO(pdf))
    stream = pikepdf.Stream(document, xml.encode())
    stream.Type, stream.Subtype = pikepdf.Name.EmbeddedFile, pikepdf.Name("/text/xml")
    stream.Params = pikepdf.Dictionary(ModDate="D:20261118090000+01'00'", Size=len(xml.encode()))
    spec = document.make_indirect(pikepdf.Dictionary(
        Type=pikepdf.Name.Filespec, F="factur-x.xml", UF="factur-x.xml", Desc="Factur-X Rechnung",
        AFRelationship=pikepdf.Name.Alternative, EF=pikepdf.Dictionary(F=stream, UF=stream)))
    root = document.Root
    root.AF = pikepdf.Array([spec])
    root.Names = pikepdf.Dictionary(EmbeddedFiles=pikepdf.Dictionary(Names=pikepdf.Array([pikepdf.String("factur-x.xml"), spec])))
    root.PageMode = pikepdf.Name.UseNone
    profile = pikepdf.Stream(document, icc)
    profile.N = 3
    root.OutputIntents = pikepdf.Array([pikepdf.Dictionary(
        Type=pikepdf.Name.OutputIntent, S=pikepdf.Name.GTS_PDFA1, OutputConditionIdentifier="sRGB", Info="sRGB", DestOutputProfile=profile)])
    felder = "".join(FELD.format(*f) for f in FELDER)
    titel = f"Rechnung {r['nummer']}"
    meta = pikepdf.Stream(document, XMP.format(titel=titel, firma=r["firma"], felder=felder).encode())
    meta.Type, meta.Subtype = pikepdf.Name.Metadata, pikepdf.Name.XML
    root.Metadata = meta
    info = document.docinfo
    info["/CreationDate"] = info["/ModDate"] = "D:20261118090000+01'00'"
    for key in ("/Keywords", "/Subject", "/Producer", "/Trapped"):
        if key in info:
            del info[key]
    out = io.BytesIO()
    document.save(out, deterministic_id=True, min_version="1.7", object_stream_mode=pikepdf.ObjectStreamMode.disable,
                  compress_streams=True, fix_metadata_version=False)
    return out.getvalue()

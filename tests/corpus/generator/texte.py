# SPDX-License-Identifier: EUPL-1.2
"""Letters of the demo: all persons, firms, numbers and accounts are invented."""

from .pruefziffern import groups, iban

STADT = "Stadt Musterstadt"
IBAN_LANDKREIS = iban("79999990", "4400118")
IBAN_FINNBERG = iban("79999991", "733019250")

STRASSE = {
    "absender": ["Annelie Finnberg", "Lindenstraße 21", "78900 Musterstadt"],
    "anschrift": [STADT, "Tiefbauamt", "Marktplatz 1", "78900 Musterstadt"],
    "ort_datum": "Musterstadt, den 17. November 2026",
    "betreff": "Schlagloch und lose Platten vor dem Haus Lindenstraße 21",
    "text": [
        "Sehr geehrte Damen und Herren,",
        "vor unserem Haus hat sich in der Fahrbahn ein Schlagloch gebildet, das seit dem Starkregen Anfang November immer größer "
        "wird. Es ist inzwischen etwa 60 cm breit und so tief, dass Radfahrende auf den Gehweg ausweichen.",
        "Auf dem Gehweg selbst sind drei Platten lose. Meine Nachbarin ist dort am Sonntag gestürzt und hat sich am Handgelenk "
        "verletzt. Weil die Straßenlaterne an dieser Stelle ausgefallen ist, sieht man die Kante bei Dunkelheit nicht.",
        "Ich bitte Sie, die Stelle kurzfristig abzusichern und mir mitzuteilen, wann die Reparatur geplant ist. Fotos kann ich "
        "Ihnen gern per E-Mail schicken. Tagsüber erreichen Sie mich unter 07999 / 41 88 03.",
    ],
    "gruss": "Mit freundlichen Grüßen", "name": "Annelie Finnberg",
}

WIDERSPRUCH = {
    "absender": ["Joris Wendelin", "Am Rebhang 7", "78900 Musterstadt"],
    "anschrift": [STADT, "Stadtkämmerei – Steuern", "Marktplatz 1", "78900 Musterstadt"],
    "ort_datum": "Musterstadt, den 12. November 2026",
    "betreff": "Widerspruch gegen den Grundsteuerbescheid vom 26.10.2026",
    "zeichen": "Ihr Zeichen: 20.20-4471/26",
    "text": [
        "Sehr geehrte Frau Kovac,",
        "gegen den oben genannten Bescheid, der mir am 29.10.2026 zugegangen ist, lege ich hiermit Widerspruch ein.",
        "Der Bescheid setzt die Grundsteuer für das Grundstück Am Rebhang 7 auf 1.386,40 Euro fest. Dabei ist ein Messbetrag "
        "zugrunde gelegt, den das Finanzamt mit Schreiben vom 02.09.2026 bereits aufgehoben hat. Der geänderte Messbescheid "
        "liegt diesem Schreiben in Kopie bei.",
        "Außerdem wurde das Nebengebäude als Wohnfläche gerechnet. Es handelt sich um einen unbeheizten Geräteschuppen von rund "
        "18 Quadratmetern, der weder Wasseranschluss noch Fenster hat. Bei der Ortsbesichtigung durch Ihr Haus im Mai 2025 ist "
        "das im Protokoll so festgehalten worden.",
        "Zur Berechnung weise ich auf Folgendes hin: Nach dem geänderten Messbescheid ergibt sich bei dem gültigen Hebesatz von "
        "410 v. H. ein Jahresbetrag, der um fast ein Drittel unter dem festgesetzten Betrag liegt. Die Vorauszahlungen für die "
        "ersten drei Quartale sind damit bereits zu hoch gewesen.",
        "Hinzu kommt, dass die Grundstücksgröße im Bescheid mit 912 Quadratmetern angegeben ist. Im Liegenschaftskataster sind "
        "nach der Abtretung des Randstreifens für den Radweg nur noch 874 Quadratmeter eingetragen. Die Abtretung ist im "
        "Grundbuch seit dem 11.03.2026 vollzogen; den Vertrag hat Ihr Liegenschaftsamt selbst mit mir geschlossen.",
    ],
    "text2": [
        "– Seite 2 –",
        "Zum zeitlichen Ablauf fasse ich zusammen: Am 14.04.2026 habe ich die geänderte Fläche dem Finanzamt gemeldet. Am "
        "02.09.2026 hat das Finanzamt den alten Messbetrag aufgehoben und einen neuen festgesetzt. Mit Schreiben vom 09.09.2026 "
        "habe ich diesen Bescheid an Ihre Dienststelle weitergeleitet. Eine Antwort habe ich bis heute nicht erhalten.",
        "Am 05.10.2026 habe ich telefonisch nachgefragt. Mir wurde zugesagt, dass der geänderte Messbetrag bei der nächsten "
        "Festsetzung berücksichtigt wird. Der nun vorliegende Bescheid geht darauf mit keinem Wort ein.",
        "Zum Nebengebäude füge ich zwei Fotos bei. Auf dem ersten ist zu sehen, dass der Boden aus gestampftem Lehm besteht. "
        "Das zweite zeigt die Rückwand, die nur aus Latten gefertigt ist. Eine Nutzung zu Wohnzwecken ist dort weder möglich "
        "noch jemals erfolgt. Auch die Baubeschreibung von 1974 bezeichnet das Gebäude als Schuppen.",
        "Ich beantrage, den Bescheid aufzuheben und die Steuer auf der Grundlage des geänderten Messbescheids neu festzusetzen. "
        "Bis zur Entscheidung beantrage ich die Aussetzung der Vollziehung für den Teilbetrag, der den geänderten Messbescheid "
        "übersteigt. Den unstreitigen Teil zahle ich weiterhin pünktlich zu den Fälligkeiten.",
        "Sollten Sie dem Widerspruch nicht abhelfen, bitte ich um Abgabe an die Widerspruchsbehörde und um eine kurze Mitteilung "
        "darüber. Eine Überzahlung bitte ich auf das Konto zu erstatten, von dem auch die Lastschriften eingezogen werden.",
        "Sofern Sie weitere Nachweise benötigen, etwa eine Bestätigung des Vermessungsamts, reiche ich diese gern nach. Ich bin "
        "auch mit einer erneuten Besichtigung einverstanden; werktags ab 16 Uhr bin ich zu Hause.",
    ],
    "text3": [
        "– Seite 3 –",
        "Für ein Gespräch stehe ich gern zur Verfügung. Bitte bestätigen Sie mir den Eingang dieses Schreibens.",
    ],
    "gruss": "Hochachtungsvoll", "name": "Joris Wendelin",
    "anlagen": ["Anlagen: geänderter Messbescheid, Lageplan, zwei Fotos"],
}

ZUWENDUNG = {
    "kopf": ["Regierungspräsidium Neckarfurt", "Abteilung 4 · Mobilität, Verkehr, Straßen"],
    "absenderzeile": "Regierungspräsidium Neckarfurt · Schlossplatz 4 · 70999 Neckarfurt",
    "anschrift": [STADT, "Tiefbauamt", "Marktplatz 1", "78900 Musterstadt"],
    "block": [("Datum:", "13.11.2026"), ("Bearbeitet von:", "Leona Amsel"), ("Durchwahl:", "07999 904-4217"),
              ("Aktenzeichen:", "44-3955.10/226"), ("Ihr Antrag vom:", "04.05.2026")],
    "betreff": "Zuwendungsbescheid nach dem Landesgesetz zur Förderung kommunaler Verkehrswege; Ausbau des Radwegs Rebhang – Bahnhof",
    "text": [
        "Sehr geehrte Damen und Herren,",
        "auf Ihren Antrag bewilligen wir Ihnen für das oben genannte Vorhaben eine Zuwendung als Anteilfinanzierung in Höhe von "
        "184.500,00 Euro. Die zuwendungsfähigen Kosten betragen 246.000,00 Euro, der Fördersatz liegt bei 75 v. H.",
        "Der Bewilligungszeitraum beginnt mit der Bekanntgabe dieses Bescheids und endet am 31.12.2028. Die Mittel rufen Sie mit "
        "dem beigefügten Vordruck ab, frühestens jedoch zwei Monate vor ihrer Verwendung.",
        "Der Verwendungsnachweis ist uns spätestens sechs Monate nach Fertigstellung vorzulegen. Änderungen der Planung sind vor "
        "ihrer Ausführung mit uns abzustimmen.",
        "**Rechtsbehelfsbelehrung",
        "Gegen diesen Bescheid kann innerhalb eines Monats nach Bekanntgabe Klage beim Verwaltungsgericht Neckarfurt erhoben "
        "werden.",
    ],
    "gruss": "Mit freundlichen Grüßen", "auftrag": ["Im Auftrag"], "name": "Leona Amsel", "anlagen": ["Anlage: Vordruck Mittelabruf"],
    "fuss": [["Schlossplatz 4", "70999 Neckarfurt"], ["Telefon 07999 904-0", "poststelle@rpn.example"], ["Mo–Do 9–15 Uhr", "Fr 9–12 Uhr"]],
}

SCHIEF = {
    "absender": ["Bürgerverein Rebhang e. V.", "Vorsitz: Matthis Oberländer", "Am Rebhang 30", "78900 Musterstadt"],
    "anschrift": [STADT, "Stadtplanungsamt", "Marktplatz 1", "78900 Musterstadt"],
    "ort_datum": "Musterstadt, 16.11.2026",
    "betreff": "Stellungnahme zum Entwurf des Bebauungsplans „Am Wasserturm“",
    "zeichen": "Ihr Zeichen: 61.20-14/26",
    "text": [
        "Sehr geehrte Frau Heckmann,",
        "zu dem öffentlich ausgelegten Entwurf nehmen wir fristgerecht Stellung. Der Verein begrüßt, dass am Wasserturm "
        "bezahlbare Wohnungen entstehen sollen.",
        "Die geplante Zufahrt über den Rebhang halten wir jedoch für ungeeignet. Die Straße ist an der engsten Stelle nur 4,20 m "
        "breit und dient rund 180 Kindern als Schulweg. Wir schlagen vor, das Gebiet von der Bahnhofstraße aus zu erschließen.",
        "Außerdem bitten wir, die beiden Linden an der Einfahrt in die Pflanzbindung aufzunehmen. Sie prägen das Ortsbild und "
        "spenden im Sommer Schatten für die Haltestelle.",
        "Über eine Einladung zum Erörterungstermin freuen wir uns.",
    ],
    "gruss": "Mit freundlichen Grüßen", "name": "Matthis Oberländer",
}

GEBUEHR = {
    "kopf": ["Landratsamt Sonnental", "Amt für Umwelt und Wasser"],
    "absenderzeile": "Landratsamt Sonnental · Kreisstraße 12 · 78950 Sonnental",
    "anschrift": [STADT, "Tiefbauamt", "Marktplatz 1", "78900 Musterstadt"],
    "block": [("Ihr Zeichen:", "66.10-112/26"), ("Aktenzeichen:", "43.2-691.17/88"), ("Kassenzeichen:", "8804.117.0026.3"),
              ("Auskunft erteilt:", "Cornelius Rabe"), ("Telefon:", "07998 300-412"), ("Datum:", "18. November 2026")],
    "betreff": "Gebührenbescheid für die wasserrechtliche Erlaubnis „Durchlass Rebhang“",
    "text": [
        "Sehr geehrte Damen und Herren,",
        "für die wasserrechtliche Erlaubnis vom 09.11.2026 zum Bau eines Durchlasses am Rebhang ergeht folgender Bescheid:",
        "Die Gebühr wird auf 1.240,00 Euro festgesetzt. Sie setzt sich wie folgt zusammen:",
        [("Grundgebühr nach Nr. 4.2 der Gebührenordnung", "980,00 €"), ("Ortsbesichtigung, 4 Stunden", "236,00 €"),
         ("Zustellung und Auslagen", "24,00 €")],
        "Bitte überweisen Sie den Betrag unter Angabe des Kassenzeichens bis zum 21.12.2026 auf das unten genannte Konto.",
        "**Rechtsbehelfsbelehrung",
        "Gegen diesen Bescheid kann innerhalb eines Monats nach Bekanntgabe Widerspruch erhoben werden. Der Widerspruch ist beim "
        "Landratsamt Sonnental, Kreisstraße 12, 78950 Sonnental einzulegen.",
    ],
    "gruss": "Mit freundlichen Grüßen", "auftrag": ["Im Auftrag"], "name": "Cornelius Rabe",
    "fuss": [["Kreisstraße 12", "78950 Sonnental"], ["Telefon 07998 300-0", "post@lra-sonnental.example"],
             ["Kreiskasse Sonnental", "IBAN " + groups(IBAN_LANDKREIS)]],
}

ANLAGE = {
    "kopf": ["Energie Rebland GmbH", "Netzbetrieb Musterstadt"],
    "absenderzeile": "Energie Rebland GmbH · Gaswerkstraße 5 · 78900 Musterstadt",
    "anschrift": [STADT, "Tiefbauamt", "Frau Demirel", "Marktplatz 1", "78900 Musterstadt"],
    "block": [("Ihr Zeichen:", "66.30-8/26"), ("Unser Zeichen:", "NB-2026-1183"), ("Ansprechpartner:", "Ove Tammen"),
              ("Telefon:", "07999 55-180"), ("Datum:", "19.11.2026")],
    "betreff": "Ausfall der Straßenbeleuchtung in der Lindenstraße",
    "text": [
        "Sehr geehrte Frau Demirel,",
        "die Leuchten 12 bis 16 in der Lindenstraße sind seit dem 14.11.2026 außer Betrieb. Ursache ist ein Kabelschaden, der bei "
        "den Bauarbeiten am Gehweg entstanden ist. Die Lage der Schadstelle entnehmen Sie der beigefügten Skizze.",
        "Unsere Monteure können den Schaden in der 48. Kalenderwoche beheben. Dafür benötigen wir eine verkehrsrechtliche "
        "Anordnung für eine halbseitige Sperrung auf etwa 25 Metern. Wir bitten um Ihre Zustimmung bis zum 24.11.2026.",
    ],
    "gruss": "Mit freundlichen Grüßen", "name": "Ove Tammen", "anlagen": ["Anlage: Lageskizze"],
    "fuss": [["Energie Rebland GmbH", "Gaswerkstraße 5"], ["Amtsgericht Musterstadt", "HRB 70411"], ["Geschäftsführung", "Dr. Wiebke Arend"]],
}

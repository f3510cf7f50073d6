// SPDX-License-Identifier: EUPL-1.2
//! Six letters with layouts of their own, written for this project: nothing here looks like the corpus.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use nachrichten::{
    einordnung::Feld,
    erkennung::{SeitenText, Trennblatt, Wort},
};
use service_einordnung::vorschlagen;

fn felder(text: &str) -> BTreeMap<String, Feld> {
    vorschlagen(text, None, None, None, "2026-11-20".parse().unwrap()).felder
}

/// Every field named must have this value; `-` means: the field must not be proposed.
#[track_caller]
fn expect(text: &str, facts: &[(&str, &str)]) {
    let found = felder(text);
    let mut wrong = Vec::new();
    for (name, want) in facts {
        let got = found.get(*name).map_or("-", |f| f.wert.as_str());
        if got != *want {
            wrong.push(format!("{name}: want {want}, got {got} ({:?})", found.get(*name).map(|f| &f.grund)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(
        found
            .values()
            .all(|f| (0.5..=1.0).contains(&f.sicherheit) && !f.grund.is_empty() && f.seite.is_none_or(|s| s == 1))
    );
}

/// DIN 5008 with a reference line in columns instead of an information block; the city's own sign is "Ihr Zeichen".
#[test]
fn reference_line_in_columns() {
    let text = "\
Landratsamt Sonnental
Amt für Umwelt und Wasser

Landratsamt Sonnental | Postfach 12 20 | 78901 Sonnental

Stadt Musterstadt
Stadtplanungsamt
Marktplatz 3
78900 Musterstadt


Ihr Zeichen      Ihre Nachricht vom      Unser Zeichen      Datum
61.26-14/26      02.11.2026              43.2-691.17        18.11.2026


Bebauungsplan „Am Wasserturm“ – Stellungnahme der unteren Wasserbehörde

Sehr geehrte Frau Lindqvist,

zu Ihrem Schreiben vom 02.11.2026 teilen wir mit, dass gegen den Entwurf keine Bedenken bestehen.

Mit freundlichen Grüßen
gez. Harder
";
    expect(
        text,
        &[
            ("sender", "Landratsamt Sonnental"),
            ("recipient", "Stadt Musterstadt"),
            ("aktenzeichen", "61.26-14/26"),
            ("date", "2026-11-18"),
            ("subject", "Bebauungsplan „Am Wasserturm“ – Stellungnahme der unteren Wasserbehörde"),
            ("doc_type", "sonstiges"),
            ("amount", "-"),
            ("iban", "-"),
            ("invoice_number", "-"),
        ],
    );
}

/// A craftsman's invoice with address left and data right, Skonto before the net term, totals in other words.
#[test]
fn craftsman_invoice_with_two_columns() {
    let text = "\
        Holzbau Wetterstein GmbH & Co. KG

Holzbau Wetterstein GmbH & Co. KG, Sägeweg 8, 87654 Bergheim

Stadt Musterstadt                      Rechnungs-Nr.:    2026-0815
Hochbauamt                             Rechnungsdatum:   05.11.2026
Marktplatz 1                           Ihr Zeichen:      65.3-77/26
78900 Musterstadt                      Kunden-Nr.:       10422

Schlussrechnung Dachstuhl Grundschule Nord

Guten Tag,

Pos   Leistung                          Menge    Preis       Summe
1     Dachstuhl abbinden und richten     1 psch   12.400,00   12.400,00
2     Lattung                            300 m²   9,50        2.850,00

Summe netto                                                  15.250,00 €
19,00 % MwSt.                                                 2.897,50 €
Gesamtbetrag                                                 18.147,50 €

Bei Zahlung bis zum 19.11.2026 gewähren wir 2 % Skonto. Zahlbar ohne Abzug bis spätestens 05.12.2026.

Bankverbindung: DE02 1203 0000 0000 2020 51
";
    expect(
        text,
        &[
            ("doc_type", "rechnung"),
            ("sender", "Holzbau Wetterstein GmbH & Co. KG"),
            ("recipient", "Stadt Musterstadt"),
            ("invoice_number", "2026-0815"),
            ("date", "2026-11-05"),
            ("aktenzeichen", "65.3-77/26"),
            ("net", "15250.00"),
            ("vat", "2897.50"),
            ("amount", "18147.50"),
            ("due_date", "2026-12-05"),
            ("iban", "DE02120300000000202051"),
            ("subject", "Schlussrechnung Dachstuhl Grundschule Nord"),
        ],
    );
}

/// A private objection without subject line: the text must decide.
#[test]
fn private_letter_without_subject() {
    let text = "\
Mirjam Achterberg
Finkenschlag 12 b
78900 Musterstadt

Stadt Musterstadt
- Steueramt -
Marktplatz 1
78900 Musterstadt

Musterstadt, 9. Nov. 2026

Sehr geehrte Damen und Herren,

hiermit lege ich gegen den Bescheid über die Hundesteuer vom 26.10.2026 (Kassenzeichen 5.0200.118834.7)
Widerspruch ein. Mein Hund ist im August verstorben. Den bereits bezahlten Betrag bitte ich zu erstatten.

Mit freundlichem Gruß
Mirjam Achterberg
";
    expect(
        text,
        &[
            ("doc_type", "widerspruch"),
            ("sender", "Mirjam Achterberg"),
            ("recipient", "Stadt Musterstadt"),
            ("date", "2026-11-09"),
            ("kassenzeichen", "5.0200.118834.7"),
            ("subject", "-"),
            ("amount", "-"),
        ],
    );
}

/// A decree of another authority: subject with `Betreff:`, sum in words around, file number behind `Az.:`.
#[test]
fn grant_decision() {
    let text = "\
Regierungspräsidium Neckarfurt
Abteilung 2

Regierungspräsidium Neckarfurt · Schlossplatz 4 · 70001 Neckarfurt

Stadt Musterstadt
Schulamt
Marktplatz 1
78900 Musterstadt

Neckarfurt, den 03.11.2026
Az.: 23-2240.5/118

Betreff: Zuwendungsbescheid für die Sanierung der
Grundschule Nord

Sehr geehrte Damen und Herren,

auf Ihren Antrag vom 14.05.2026 wird Ihnen eine Zuwendung als Anteilfinanzierung in Höhe von 340.000,00 EUR
bewilligt. Der Bewilligungszeitraum endet am 31.12.2027.

Rechtsbehelfsbelehrung
Gegen diesen Bescheid kann innerhalb eines Monats Klage erhoben werden.

Mit freundlichen Grüßen
Im Auftrag
Kornelius Wagenbach
";
    expect(
        text,
        &[
            ("doc_type", "bescheid"),
            ("sender", "Regierungspräsidium Neckarfurt"),
            ("recipient", "Stadt Musterstadt"),
            ("date", "2026-11-03"),
            ("aktenzeichen", "23-2240.5/118"),
            ("amount", "340000.00"),
            ("subject", "Zuwendungsbescheid für die Sanierung der Grundschule Nord"),
        ],
    );
}

/// A building application as a form with labels; no salutation, no address field.
#[test]
fn building_form() {
    let text = "\
An die Baurechtsbehörde der Stadt Musterstadt, Marktplatz 1, 78900 Musterstadt
Eingangsvermerk
Antrag auf Baugenehmigung im vereinfachten Verfahren
Antragsteller: Bogdan Petrescu, Lerchenweg 4, 78900 Musterstadt
Baugrundstück: Gemarkung Musterstadt, Flurstück 1422/3
Entwurfsverfasserin: Dipl.-Ing. Rita Overbeck
Bezeichnung des Vorhabens: Anbau eines Wintergartens
Baukosten: 48.500,00 EUR
Antragsdatum: 12.11.2026
Unterschrift
";
    expect(
        text,
        &[
            ("doc_type", "bauantrag"),
            ("sender", "Bogdan Petrescu"),
            ("recipient", "Stadt Musterstadt"),
            ("date", "2026-11-12"),
            ("amount", "48500.00"),
            ("subject", "Antrag auf Baugenehmigung im vereinfachten Verfahren"),
        ],
    );
}

/// A mail body: no letterhead at all; the address of the mail is the sender only when the text names none.
#[test]
fn plain_mail() {
    let text = "Hallo,\n\nauf dem Gehweg vor Haus 17 in der Lindenstraße fehlt seit Montag eine Platte. Mein Sohn ist gestern gestürzt.\n\
                Können Sie das richten?\n\nViele Grüße\n\nF. Aydin\n";
    let found = vorschlagen(text, None, None, Some("f.aydin@example.org"), "2026-11-20".parse().unwrap()).felder;
    assert_eq!(found["sender"].wert, "f.aydin@example.org");
    assert_eq!(found["sender"].grund, "Absenderadresse der E-Mail");
    assert_eq!(found["doc_type"].wert, "sonstiges");
    let names: Vec<_> = found.keys().map(String::as_str).collect();
    assert_eq!(names, ["doc_type", "sender"]);
}

#[test]
fn separator_sheet_wins() {
    let blatt = Trennblatt {
        dokumentart: Some("Rechnung".into()),
        aktenzeichen: Some("66.10-1/26".into()),
        ..Trennblatt::default()
    };
    let text =
        "Widerspruch gegen Ihren Bescheid\nAz.: 1-2/26\nSehr geehrte Damen und Herren,\nich lege Widerspruch ein.";
    let found = vorschlagen(text, None, Some(&blatt), None, "2026-11-20".parse().unwrap()).felder;
    for (name, wert) in [("doc_type", "rechnung"), ("aktenzeichen", "66.10-1/26")] {
        assert_eq!((found[name].wert.as_str(), found[name].sicherheit), (wert, 1.0));
        assert_eq!(found[name].grund, "steht auf dem Trennblatt");
    }
}

fn wort(text: &str, x: i32, y: i32, zeile: u32, sicherheit: f32) -> Wort {
    Wort { text: text.into(), kasten: [x, y, x + 20 * text.len() as i32, y + 40], sicherheit, zeile }
}

#[test]
fn boxes_cover_the_words_and_unclear_print_is_doubted() {
    let page = |sicherheit| SeitenText {
        woerter: vec![
            wort("Frau", 200, 300, 0, 0.9),
            wort("Datum:", 1500, 300, 0, 0.9),
            wort("4.", 1700, 300, 0, sicherheit),
            wort("November", 1760, 300, 0, sicherheit),
            wort("2026", 1950, 300, 0, sicherheit),
            wort("Ida", 200, 360, 1, 0.9),
            wort("Wolf", 300, 360, 1, 0.9),
        ],
        ..SeitenText::default()
    };
    let zugang = "2026-11-20".parse().unwrap();
    let clear = vorschlagen("", Some(&[page(0.9)]), None, None, zugang).felder;
    assert_eq!(clear["date"].wert, "2026-11-04");
    assert_eq!((clear["date"].seite, clear["date"].kasten), (Some(1), Some([1700, 300, 2030, 340])));
    let unclear = vorschlagen("", Some(&[page(0.3)]), None, None, zugang).felder;
    assert!(unclear["date"].sicherheit < clear["date"].sicherheit - 0.1);
    assert!(unclear["date"].grund.ends_with("aber undeutlich gedruckt"));
}

#[test]
fn hostile_text_gives_a_proposal_in_time() {
    let start = std::time::Instant::now();
    for text in ["", "\u{c}\u{c}", "\0\u{feff}\u{202e}", "ä", "IBAN DE", "DE8", "99.99.9999", "Rechnung Nr. ", "Datum:"]
    {
        felder(text);
    }
    felder(&"DE".repeat(500_000));
    felder(&"1.000.000,00 EUR ".repeat(50_000));
    felder(&"12345 Ä\n".repeat(100_000));
    felder(&"Sehr geehrte\n".repeat(50_000));
    assert!(start.elapsed().as_secs() < 20, "took {:?}", start.elapsed());
}

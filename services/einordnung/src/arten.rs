// SPDX-License-Identifier: EUPL-1.2
//! Evidence for document types, as data. A row is a phrase, where it counts, and how much.
//!
//! Rows come from the forms themselves: required parts of an invoice (§ 14 UStG), of an administrative act with its
//! instruction on legal remedies (§§ 37, 39 VwVfG, § 58 VwGO), of a hearing (§ 28 VwVfG, § 55 OWiG), of an objection
//! (§ 70 VwGO), of a building application (LBO forms) and of public notices (§ 3 BauGB).
//! New evidence is a new row; weights: 9 = names the type, 5 = only this type has it, 1 to 3 = fits this type well.

/// Where a phrase counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ort {
    /// Subject or title line starts with it.
    Titel,
    /// Subject or title contains it.
    Betreff,
    /// One of the first ten lines contains it.
    Kopf,
    /// Anywhere.
    Text,
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Beleg {
    /// Document type as in the contract.
    pub art: &'static str,
    /// Where the phrase counts.
    pub ort: Ort,
    /// Lower case, blanks single; found at the start of a word.
    pub wort: &'static str,
    /// Points.
    pub gewicht: i32,
}

const fn b(art: &'static str, ort: Ort, wort: &'static str, gewicht: i32) -> Beleg {
    Beleg { art, ort, wort, gewicht }
}

use Ort::{Betreff, Kopf, Text, Titel};

/// All evidence.
pub static BELEGE: &[Beleg] = &[
    b("rechnung", Titel, "rechnung", 6),
    b("rechnung", Titel, "abschlagsrechnung", 9),
    b("rechnung", Titel, "schlussrechnung", 9),
    b("rechnung", Titel, "teilrechnung", 9),
    b("rechnung", Titel, "gutschrift", 6),
    b("rechnung", Titel, "honorarrechnung", 9),
    b("rechnung", Betreff, "rechnung nr", 4),
    b("rechnung", Betreff, "rechnungs", 2),
    b("rechnung", Text, "rechnungsnummer", 3),
    b("rechnung", Text, "rechnungs-nr", 3),
    b("rechnung", Text, "rechnungsnr", 3),
    b("rechnung", Text, "rechnung nr", 3),
    b("rechnung", Text, "rechnungsdatum", 3),
    b("rechnung", Text, "rechnungsbetrag", 3),
    b("rechnung", Text, "bruttobetrag", 1),
    b("rechnung", Text, "nettobetrag", 2),
    b("rechnung", Text, "zwischensumme", 1),
    b("rechnung", Text, "mwst", 1),
    b("rechnung", Text, "mehrwertsteuer", 1),
    b("rechnung", Text, "umsatzsteuer", 1),
    b("rechnung", Text, "leistungszeitraum", 2),
    b("rechnung", Text, "zahlbar", 1),
    b("rechnung", Text, "einzelpreis", 1),
    b("bescheid", Titel, "bescheid", 7),
    b("bescheid", Titel, "gebührenbescheid", 8),
    b("bescheid", Titel, "kostenbescheid", 8),
    b("bescheid", Titel, "festsetzungsbescheid", 8),
    b("bescheid", Titel, "zuwendungsbescheid", 8),
    b("bescheid", Titel, "widerspruchsbescheid", 14),
    b("bescheid", Titel, "leistungsbescheid", 8),
    b("bescheid", Titel, "baugenehmigung", 7),
    b("bescheid", Titel, "verkehrsrechtliche anordnung", 5),
    b("bescheid", Betreff, "bescheid", 2),
    b("bescheid", Text, "rechtsbehelfsbelehrung", 6),
    b("bescheid", Text, "gegen diesen bescheid", 5),
    b("bescheid", Text, "ergeht folgender bescheid", 5),
    b("bescheid", Text, "erlasse ich folgenden", 4),
    b("bescheid", Text, "festgesetzt", 1),
    b("bescheid", Text, "bewilligt", 1),
    b("bescheid", Text, "klage erhoben werden", 3),
    b("bescheid", Text, "widerspruch erhoben werden", 3),
    b("widerspruch", Titel, "widerspruch", 9),
    b("widerspruch", Titel, "einspruch", 8),
    b("widerspruch", Betreff, "widerspruch gegen", 5),
    b("widerspruch", Betreff, "einspruch gegen", 5),
    b("widerspruch", Text, "lege ich", 2),
    b("widerspruch", Text, "legen wir", 2),
    b("widerspruch", Text, "widerspruch ein", 4),
    b("widerspruch", Text, "einspruch ein", 4),
    b("widerspruch", Text, "lege ich widerspruch", 6),
    b("widerspruch", Text, "lege ich hiermit widerspruch", 6),
    b("widerspruch", Text, "legen wir widerspruch", 6),
    b("widerspruch", Text, "lege ich einspruch", 6),
    b("widerspruch", Text, "legen wir einspruch", 6),
    b("widerspruch", Text, "erhebe ich widerspruch", 6),
    b("widerspruch", Text, "erheben wir widerspruch", 6),
    b("widerspruch", Text, "aussetzung der vollziehung", 2),
    b("widerspruch", Text, "den bescheid aufzuheben", 2),
    b("bauantrag", Titel, "bauantrag", 9),
    b("bauantrag", Titel, "antrag auf baugenehmigung", 9),
    b("bauantrag", Titel, "antrag auf erteilung einer baugenehmigung", 9),
    b("bauantrag", Titel, "bauvoranfrage", 8),
    b("bauantrag", Betreff, "bauantrag", 2),
    b("bauantrag", Text, "beantrage ich die erteilung einer baugenehmigung", 4),
    b("bauantrag", Text, "bauherr", 2),
    b("bauantrag", Text, "entwurfsverfasser", 3),
    b("bauantrag", Text, "bauvorlagen", 2),
    b("bauantrag", Text, "gemarkung", 1),
    b("bauantrag", Text, "bruttorauminhalt", 2),
    b("bauantrag", Text, "umbauter raum", 2),
    b("bauantrag", Text, "herstellungskosten", 1),
    b("anhoerung", Titel, "anhörung", 9),
    b("anhoerung", Titel, "anhoerung", 9),
    b("anhoerung", Betreff, "anhörung", 6),
    b("anhoerung", Text, "ihnen wird vorgeworfen", 4),
    b("anhoerung", Text, "wird ihnen zur last gelegt", 4),
    b("anhoerung", Text, "gelegenheit, sich zu", 3),
    b("anhoerung", Text, "gelegenheit zur stellungnahme", 2),
    b("anhoerung", Text, "gelegenheit zur äußerung", 3),
    b("anhoerung", Text, "§ 55 des gesetzes über ordnungswidrigkeiten", 3),
    b("anhoerung", Text, "§ 55 owig", 3),
    b("anhoerung", Text, "§ 28 vwvfg", 4),
    b("anhoerung", Text, "§ 28 lvwvfg", 4),
    b("anhoerung", Text, "zur sache zu äußern", 2),
    b("anhoerung", Text, "beabsichtige", 1),
    b("bekanntmachung", Titel, "bekanntmachung", 9),
    b("bekanntmachung", Titel, "öffentliche bekanntmachung", 9),
    b("bekanntmachung", Titel, "amtliche bekanntmachung", 9),
    b("bekanntmachung", Titel, "öffentliche zustellung", 8),
    b("bekanntmachung", Betreff, "bekanntmachung", 4),
    b("bekanntmachung", Kopf, "amtsblatt", 4),
    b("bekanntmachung", Kopf, "bekanntmachung", 3),
    b("bekanntmachung", Text, "öffentlich bekannt gemacht", 4),
    b("bekanntmachung", Text, "öffentlich auszulegen", 2),
    b("bekanntmachung", Text, "öffentlich ausgelegt", 2),
    b("bekanntmachung", Text, "zu jedermanns einsicht", 2),
    b("bekanntmachung", Text, "wird hiermit bekannt gemacht", 4),
];

// SPDX-License-Identifier: EUPL-1.2
//! Pieces that several pages show: document, findings, course, one page of a document.

use nachrichten::{
    Tag, Timestamp,
    aufgaben::Schritt,
    dokumente::Dokument,
    erkennung::{Befund, Stufe},
    rechnung::RechnungsFakten,
};

use crate::{format, rahmen::Ctx, state::Options};

/// Label and value of a fact list.
pub type Fakt = (&'static str, String);

/// A finding: word and colour together.
pub struct BefundSicht {
    pub art: &'static str,
    pub wort: &'static str,
    pub text: String,
}

/// Findings in the order Fehler, Warnung, Hinweis.
pub fn befunde(list: &[Befund]) -> Vec<BefundSicht> {
    let mut sorted: Vec<_> = list.iter().collect();
    sorted.sort_by_key(|b| std::cmp::Reverse(b.stufe));
    sorted
        .into_iter()
        .map(|b| {
            let (art, wort) = match b.stufe {
                Stufe::Fehler => ("danger", "Fehler"),
                Stufe::Warnung => ("warning", "Warnung"),
                Stufe::Hinweis => ("info", "Hinweis"),
            };
            BefundSicht { art, wort, text: b.text.clone() }
        })
        .collect()
}

/// A step of the course.
pub struct SchrittSicht {
    pub zeit: String,
    pub name: String,
    pub ereignis: String,
    pub person: String,
    pub text: String,
}

/// Newest last, as it happened. Steps the machine took in between are left out when `nur_personen`.
pub fn verlauf(list: &[Schritt], nur_personen: bool) -> Vec<SchrittSicht> {
    let told = |i: usize, s: &Schritt| {
        // Gateways and flows have no name; a step that was reached is told once it is done.
        let named = !s.name.is_empty() && s.name != s.element;
        let again = s.ereignis == "erreicht" && list.iter().skip(i + 1).any(|later| later.element == s.element);
        s.person.is_some() || s.text.is_some() || (named && !again && !nur_personen)
    };
    // The process itself begins and ends; its steps are reached and done.
    let process = list.first().filter(|s| s.ereignis == "erreicht" && s.person.is_none()).map(|s| s.element.as_str());
    list.iter()
        .enumerate()
        .filter(|(i, s)| told(*i, s))
        .map(|(_, s)| s)
        .map(|s| SchrittSicht {
            zeit: format::zeitpunkt(s.zeit),
            name: if s.name.is_empty() { s.element.clone() } else { s.name.clone() },
            ereignis: match s.ereignis.as_str() {
                "erreicht" if process == Some(&s.element) => "begonnen".to_owned(),
                "erledigt" if process == Some(&s.element) => "beendet".to_owned(),
                "ausgeloest" => "ausgelöst".to_owned(),
                other => other.to_owned(),
            },
            person: s.person.clone().unwrap_or_default(),
            text: entscheidung(s.text.as_deref().unwrap_or_default()),
        })
        .collect()
}

/// Decisions are words of the process, in ASCII; here they get their umlauts.
const ENTSCHEIDUNGEN: &[(&str, &str)] = &[
    ("abschliessen", "abschließen"),
    ("bestaetigen", "bestätigen"),
    ("geklaert", "geklärt"),
    ("kuerzen", "kürzen"),
    ("rueckfragen", "rückfragen"),
    ("zurueckgeben", "zurückgeben"),
    ("zurueckweisen", "zurückweisen"),
    ("zurueckziehen", "zurückziehen"),
];

fn entscheidung(text: &str) -> String {
    let (word, rest) = text.split_once(':').map_or((text, ""), |(word, _)| (word, &text[word.len()..]));
    // "i. V. für Kim Beispiel · kuerzen"
    let (before, word) = word.rsplit_once("· ").map_or(("", word), |(b, w)| (&word[..b.len() + "· ".len()], w));
    let shown = ENTSCHEIDUNGEN.iter().find(|(ascii, _)| *ascii == word).map_or(word, |(_, german)| german);
    format!("{before}{shown}{rest}")
}

/// Downloadable form of a document.
pub struct FassungSicht {
    pub href: String,
    pub label: &'static str,
    pub typ: String,
    pub groesse: String,
}

/// What kind of file it is, in words.
fn dateiart(media_type: &str) -> &'static str {
    match media_type.split(';').next().unwrap_or_default().trim() {
        "application/pdf" => "PDF",
        "application/xml" | "text/xml" => "XML",
        "text/html" => "Webseite",
        "text/plain" => "Text",
        "message/rfc822" => "E-Mail",
        t if t.starts_with("image/") => "Bild",
        _ => "Datei",
    }
}

/// A proposal with its reason.
pub struct VorschlagSicht {
    pub label: &'static str,
    pub wert: String,
    pub sicherheit: String,
    pub grund: String,
}

/// A document as pages show it.
pub struct DokSicht {
    pub id: String,
    pub titel: String,
    pub art: String,
    pub stand: &'static str,
    pub stand_art: &'static str,
    pub fakten: Vec<Fakt>,
    pub daten: Vec<Fakt>,
    pub befunde: Vec<BefundSicht>,
    pub skonto: Vec<String>,
    pub annahme: String,
    pub fassungen: Vec<FassungSicht>,
    pub vorschlaege: Vec<VorschlagSicht>,
    pub akte: Option<(String, String)>,
    pub sendung: String,
}

/// Word and badge for a document's state.
pub fn stand_wort(stand: &str) -> (&'static str, &'static str) {
    match stand {
        "abgelegt" => ("abgelegt", "success"),
        "quarantaene" => ("in Quarantäne", "danger"),
        _ => ("im Eingang", "info"),
    }
}

/// German name of a rendition.
pub fn fassung_name(name: &str) -> &'static str {
    match name {
        "original" => "Original",
        "pdfa" => "Durchsuchbares PDF/A",
        "text" => "Text",
        "invoice-html" => "Lesbare Rechnung",
        "protokoll" => "Protokoll der Entscheidungen",
        "woerter" => "Wörter mit Ort",
        _ => "Weitere Fassung",
    }
}

pub fn dokument(d: &Dokument, options: &Options, heute: Tag) -> DokSicht {
    let (stand, stand_art) = stand_wort(&d.stand);
    let mut daten = vec![("Zugang", d.zugang.deutsch()), ("Erfassung", format::zeitpunkt(d.erfasst))];
    daten.push(("Freigabe", d.freigabe.map_or_else(|| "noch nicht".to_owned(), Tag::deutsch)));
    let fakten = d.fakten.as_ref().map(|f| rechnung(f, heute)).unwrap_or_default();
    DokSicht {
        id: d.id.to_string(),
        titel: d.titel.clone(),
        art: d.dokumentart.as_deref().map_or_else(|| "noch offen".to_owned(), |a| options.dokumentart_name(a)),
        stand,
        stand_art,
        fakten,
        daten,
        befunde: befunde(&d.befunde),
        skonto: d.fakten.as_ref().map(|f| skonto(f, heute)).unwrap_or_default(),
        annahme: d.fakten.as_ref().and_then(|f| f.faellig_annahme.clone()).unwrap_or_default(),
        fassungen: d
            .renditionen
            .iter()
            .map(|r| FassungSicht {
                href: format!("/dokumente/{}/fassungen/{}", d.id, r.name),
                label: fassung_name(&r.name),
                typ: dateiart(&r.media_type).to_owned(),
                groesse: format::groesse(r.size),
            })
            .collect(),
        vorschlaege: vorschlaege(d, options),
        akte: d.ablage.as_ref().map(|a| {
            let text = format!(
                "{} {} › {} {} › {}",
                a.einheit, a.einheit_titel, a.aktenzeichen, a.akte_titel, a.vorgang_titel
            );
            (format!("/akten/{}", a.akte), text)
        }),
        sendung: d.sendung.to_string(),
    }
}

fn rechnung(f: &RechnungsFakten, heute: Tag) -> Vec<Fakt> {
    let w = f.waehrung.as_deref();
    let money = |v: &Option<String>| v.as_deref().map(|t| format::betrag_text(t, w));
    let due = |tag: Tag| {
        let f = format::frist(tag, heute);
        if f.wort.is_empty() { f.tag } else { format!("{} ({})", f.tag, f.wort) }
    };
    let rows = [
        ("Lieferant", f.lieferant.clone()),
        ("Rechnungsnummer", f.nummer.clone()),
        ("Rechnungsdatum", f.datum.map(Tag::deutsch)),
        ("Zahlbetrag", money(&f.zahlbetrag).or_else(|| money(&f.brutto))),
        ("Netto", money(&f.netto)),
        ("Umsatzsteuer", money(&f.steuer)),
        ("Fällig", f.faellig.map(due)),
        ("IBAN", f.iban.as_deref().map(iban)),
        ("Bestellnummer", f.bestellnummer.clone()),
        ("Leitweg-ID", f.leitweg_id.clone()),
        ("Empfänger", f.empfaenger.clone()),
    ];
    rows.into_iter().filter_map(|(l, v)| Some((l, v.filter(|v| !v.is_empty())?))).collect()
}

/// In groups of four.
pub fn iban(text: &str) -> String {
    let chars: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    chars.chunks(4).map(|c| c.iter().collect::<String>()).collect::<Vec<_>>().join("\u{a0}")
}

fn skonto(f: &RechnungsFakten, heute: Tag) -> Vec<String> {
    f.skonto
        .iter()
        .filter(|s| s.bis >= heute)
        .map(|s| {
            let frist = format::frist(s.bis, heute);
            let wann = if frist.wort.is_empty() { String::new() } else { format!(" ({})", frist.wort) };
            let prozent = s.prozent.trim_end_matches('0').trim_end_matches('.').replace('.', ",");
            let spart = format::betrag_text(&s.ersparnis, f.waehrung.as_deref());
            format!("Skonto {prozent} % endet am {}{wann}. Zahlung bis dahin spart {spart}.", frist.tag)
        })
        .collect()
}

fn vorschlaege(d: &Dokument, options: &Options) -> Vec<VorschlagSicht> {
    let names = [
        ("doc_type", "Dokumentart"),
        ("sender", "Absender"),
        ("recipient", "Empfänger"),
        ("date", "Datum"),
        ("subject", "Betreff"),
        ("aktenzeichen", "Aktenzeichen"),
        ("kassenzeichen", "Kassenzeichen"),
        ("invoice_number", "Rechnungsnummer"),
        ("amount", "Betrag"),
        ("net", "Netto"),
        ("vat", "Umsatzsteuer"),
        ("due_date", "Fällig"),
        ("iban", "IBAN"),
    ];
    let Some(v) = &d.vorschlag else { return Vec::new() };
    names
        .into_iter()
        .filter_map(|(key, label)| {
            let feld = v.felder.get(key).filter(|f| !f.wert.is_empty())?;
            let wert = match key {
                "doc_type" => options.dokumentart_name(&feld.wert),
                "date" | "due_date" => format::parse_tag(&feld.wert).map_or_else(|| feld.wert.clone(), Tag::deutsch),
                "amount" | "net" | "vat" => format::betrag_text(&feld.wert, None),
                "iban" => iban(&feld.wert),
                _ => feld.wert.clone(),
            };
            let percent = (feld.sicherheit.clamp(0.0, 1.0) * 100.0).round() as u32;
            Some(VorschlagSicht { label, wert, sicherheit: format!("{percent} %"), grund: feld.grund.clone() })
        })
        .collect()
}

/// One page of a document beside its facts.
pub struct Blatt {
    pub dokument: String,
    pub n: usize,
    pub von: usize,
    /// The image's own size keeps the page from jumping while it loads.
    pub groesse: Option<(u32, u32)>,
    pub leer: bool,
    pub text: String,
    pub seiten: Vec<SeitenLink>,
    /// Address of the page this is shown on; `?seite=` is added.
    pub basis: String,
}

pub struct SeitenLink {
    pub n: usize,
    pub label: String,
    pub aktuell: bool,
}

impl Blatt {
    pub fn vorige(&self) -> Option<usize> {
        (self.n > 1).then(|| self.n - 1)
    }
    pub fn naechste(&self) -> Option<usize> {
        (self.n < self.von).then_some(self.n + 1)
    }
}

/// Page `n` (1-based, brought into range) of the document; None when it has no pages and no text.
pub async fn blatt(ctx: &Ctx, d: &Dokument, n: usize, basis: &str) -> Option<Blatt> {
    let texts = texte(ctx, d).await;
    let von = d.seiten.len().max(texts.len());
    if von == 0 {
        return None;
    }
    let n = n.clamp(1, von);
    let seite = d.seiten.get(n - 1);
    // A long document lists the pages around the current one, the first and the last.
    let near = |i: usize| i == 1 || i == von || i.abs_diff(n) <= 12;
    let seiten = (1..=von)
        .filter(|i| near(*i))
        .map(|i| {
            let leer = d.seiten.get(i - 1).is_some_and(|s| s.leer);
            SeitenLink { n: i, label: if leer { format!("{i} (leer)") } else { i.to_string() }, aktuell: i == n }
        })
        .collect();
    Some(Blatt {
        dokument: d.id.to_string(),
        n,
        von,
        groesse: seite.filter(|s| d.stand != "quarantaene" && s.breite > 0).map(|s| (s.breite, s.hoehe)),
        leer: seite.is_some_and(|s| s.leer),
        text: texts.get(n - 1).cloned().unwrap_or_default(),
        seiten,
        basis: basis.to_owned(),
    })
}

/// The recognised text, one entry per page; empty when there is none.
async fn texte(ctx: &Ctx, d: &Dokument) -> Vec<String> {
    if !d.renditionen.iter().any(|r| r.name == "text") {
        return Vec::new();
    }
    match ctx.app.dokumente.rendition(&ctx.ich.actor, d.id, "text").await {
        Ok(inhalt) => {
            let text = String::from_utf8_lossy(&inhalt.bytes);
            text.trim_end_matches('\u{c}').split('\u{c}').map(|t| t.trim().to_owned()).collect()
        }
        Err(f) => {
            tracing::warn!(dokument = %d.id, "text of a document is not readable: {}", f.detail);
            Vec::new()
        }
    }
}

/// "seit 23.11.2026, 10:42 Uhr".
pub fn seit(t: Timestamp) -> String {
    format::zeitpunkt(t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_read_as_german() {
        for (raw, shown) in [
            ("kuerzen: Position 3 fehlt", "kürzen: Position 3 fehlt"),
            ("i. V. für Kim Beispiel · zurueckgeben: Menge: 3", "i. V. für Kim Beispiel · zurückgeben: Menge: 3"),
            ("anordnen", "anordnen"),
            ("Beleg 19 vom 24.11.2026", "Beleg 19 vom 24.11.2026"),
            ("", ""),
        ] {
            assert_eq!(entscheidung(raw), shown);
        }
    }
}

// SPDX-License-Identifier: EUPL-1.2
//! Parts of German compounds, from a list of words a city's post is made of; the Aktenplan's own words join it.

use std::collections::HashSet;

/// Base words of municipal post, in one line per field.
pub(super) const BAUSTEINE: &str = "
Amt Abteilung Behörde Dezernat Referat Stelle Kasse Stadt Gemeinde Kreis Land Bund Bezirk Ort Bürger Meister Rat Rathaus Ausschuss Verwaltung
Akte Antrag Bescheid Bescheinigung Beschluss Vorlage Vertrag Vereinbarung Genehmigung Erlaubnis Anzeige Anfrage Auskunft Ausweis Urkunde
Rechnung Mahnung Forderung Zahlung Gebühr Beitrag Steuer Abgabe Kosten Betrag Konto Haushalt Mittel Zuschuss Förderung Spende Lohn Gehalt
Brief Post Schreiben Mitteilung Meldung Einladung Protokoll Niederschrift Bericht Gutachten Plan Planung Karte Liste Nachweis Unterlagen
Bau Hoch Tief Hochbau Tiefbau Neubau Umbau Abbruch Sanierung Erneuerung Unterhaltung Instandhaltung Reparatur Wartung Arbeit Leistung Lieferung Auftrag
Vergabe Ausschreibung Angebot Bieter Bestellung Abnahme Aufmaß Gewähr Mangel Schaden Versicherung Haftung
Straße Weg Platz Brücke Tunnel Kanal Wasser Abwasser Gas Strom Fern Wärme Licht Beleuchtung Leitung Anlage Verkehr Park Garten Grün Fläche Spiel
Grund Boden Grundstück Gebäude Haus Wohnung Wohn Miete Pacht Eigentum Kauf Verkauf Erbbau Recht Nachbar Lärm Schutz Brand Feuer Wehr Rettung
Schule Kind Kinder Tages Stätte Garten Jugend Sozial Hilfe Pflege Gesundheit Sport Halle Bad Kultur Musik Museum Theater Bücherei Bibliothek
Friedhof Grab Bestattung Abfall Müll Reinigung Straßenreinigung Winter Dienst Umwelt Natur Klima Energie Wald Tier Hund Katze Jagd Fischerei
Gewerbe Gaststätte Markt Wirtschaft Tourismus Fremd Ordnung Sicherheit Melde Pass Wahl Stand Ehe Geburt Sterbe Namen Ausländer Aufenthalt
Personal Stellen Ausbildung Fortbildung Reise Dienstreise Fahrt Fahrzeug Kraftfahrzeug Führer Schein Zulassung Halter Bußgeld Verwarnung
Daten Informatik Technik Netz Gerät Software Hardware Büro Material Möbel Druck Papier Telefon Einheit System Prüfung Kontrolle Aufsicht
Grundsteuer Gewerbesteuer Hundesteuer Vergnügung Zweit Erschließung Ausbau Anschluss Antragsteller Widerspruch Klage Verfahren Frist Termin
Sitzung Tagesordnung Satzung Verordnung Gesetz Entwurf Stellungnahme Beteiligung Öffentlichkeit Denkmal Stadtplanung Entwicklung Vermessung Kataster";

/// Words that end or begin like a base word but are none.
const KEINE: &[&str] = &[
    "gesamt",
    "insgesamt",
    "allesamt",
    "beamt",
    "samt",
    "bestand",
    "zustand",
    "verstand",
    "abstand",
    "umstand",
    "gegenstand",
    "vorstand",
];

/// Letters between the parts of a compound.
const FUGEN: &[&str] = &["", "s", "es", "n", "en", "er", "e"];
const KURZ: usize = 3;
const TIEFE: usize = 4;

/// Stems of the parts of a folded word; empty when it is no compound of known words.
pub(super) fn split(word: &str, stem: &dyn Fn(&str) -> String, known: &HashSet<String>) -> Vec<String> {
    let mut parts = Vec::new();
    if word.bytes().all(|b| b.is_ascii_lowercase()) && (6..=48).contains(&word.len()) {
        collect(word, stem, known, TIEFE, &mut parts);
    }
    parts.sort();
    parts.dedup();
    parts
}

/// Adds the parts of `word`; true when the word is wholly made of known ones.
fn collect(
    word: &str,
    stem: &dyn Fn(&str) -> String,
    known: &HashSet<String>,
    depth: usize,
    parts: &mut Vec<String>,
) -> bool {
    if depth == 0 || word.len() < 2 * KURZ || KEINE.contains(&stem(word).as_str()) || KEINE.contains(&word) {
        return false;
    }
    let mut whole = false;
    for at in KURZ..=word.len() - KURZ {
        let (head, tail) = word.split_at(at);
        let tail_stem = stem(tail);
        let tail_known = known.contains(&tail_stem);
        let Some(head) = head_of(head, stem, known, depth, tail_known) else {
            continue;
        };
        let (text, stem_of_head, head_known) = head;
        let tail_whole = tail_known || (head_known && collect(tail, stem, known, depth - 1, parts));
        // A known end behind a longer unknown beginning (Musterbau-amt is too weak, Muster-rechnung is not).
        let strong_tail = tail_known && tail.len() > 4 && text.len() > KURZ;
        let strong_head = head_known && text.len() > 4 && tail.len() > 4;
        if (head_known && tail_whole) || strong_tail || strong_head {
            if tail_known || (head_known && tail.len() > KURZ) {
                parts.push(tail_stem);
            }
            parts.push(stem_of_head);
            collect(text, stem, known, depth - 1, parts);
            if tail_known {
                collect(tail, stem, known, depth - 1, parts);
            }
        }
        whole |= head_known && tail_whole;
    }
    whole
}

/// The beginning without its linking letters: (text, stem, known).
fn head_of<'a>(
    head: &'a str,
    stem: &dyn Fn(&str) -> String,
    known: &HashSet<String>,
    depth: usize,
    tail_known: bool,
) -> Option<(&'a str, String, bool)> {
    let mut own = Vec::new();
    for fuge in FUGEN {
        let Some(text) = head.strip_suffix(fuge).filter(|t| t.len() >= KURZ) else {
            continue;
        };
        let text_stem = stem(text);
        if known.contains(&text_stem) {
            return Some((text, text_stem, true));
        }
        if tail_known && collect(text, stem, known, depth - 1, &mut own) {
            return Some((text, text_stem, true));
        }
    }
    tail_known.then(|| {
        let text = head.strip_suffix('s').filter(|t| t.len() > KURZ).unwrap_or(head);
        (text, stem(text), false)
    })
}

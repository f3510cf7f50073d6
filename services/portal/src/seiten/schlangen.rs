// SPDX-License-Identifier: EUPL-1.2
//! Queues and workers on the operators' page: a line per type of job.

use nachrichten::{
    Timestamp, akten, betrieb::Schlange, einordnung, erkennung, hinweise, rechnung, uebergabe, wiedervorlage,
};

use crate::format;

/// What people call a type of job; types of a city's own workers keep their names.
const NAMEN: [(&str, &str); 18] = [
    (erkennung::ZERLEGEN, "Sendung zerlegen"),
    (erkennung::SEITEN, "Seiten erkennen"),
    (erkennung::ZUSAMMENSETZEN, "Durchsuchbares PDF bauen"),
    (einordnung::VORSCHLAGEN, "Einordnung vorschlagen"),
    (rechnung::PRUEFEN, "Rechnung prüfen"),
    (wiedervorlage::EINTRAGEN, "Wiedervorlage eintragen"),
    (akten::ANLEGEN, "Dokument anlegen"),
    (akten::ERFASSEN, "Dokument erfassen"),
    (akten::ABLEGEN, "Dokument ablegen"),
    ("akten.vorlage_ablegen.v1", "Vorlage ablegen"),
    (akten::KORB, "Korb wechseln"),
    (akten::LAUFPROTOKOLL, "Laufprotokoll schreiben"),
    (akten::ZDA, "Zu den Akten schreiben"),
    (hinweise::SAMMELN, "Hinweise sammeln"),
    (hinweise::SOFORT, "Hinweis senden"),
    (uebergabe::BUCHEN, "Buchung übergeben"),
    (uebergabe::STORNIEREN, "Buchung stornieren"),
    (uebergabe::MAIL, "E-Mail übergeben"),
];

pub fn auftrag_name(typ: &str) -> String {
    NAMEN.iter().find(|(t, _)| *t == typ).map_or_else(|| typ.to_owned(), |(_, name)| (*name).to_owned())
}

pub struct Zeile {
    pub name: String,
    pub typ: String,
    /// Badge and word about the workers.
    pub farbe: &'static str,
    pub arbeiter: String,
    pub bereit: String,
    pub unterwegs: String,
    pub gestoert: String,
    pub warnt: bool,
    pub seit: String,
    /// Nothing to do, and somebody who would do it.
    pub ruht: bool,
}

pub fn zeile(s: Schlange, now: Timestamp) -> Zeile {
    let (farbe, arbeiter) = match s.arbeiter {
        None => ("warning", "unbekannt".to_owned()),
        Some(0) => ("danger", "keiner".to_owned()),
        Some(n) => ("success", n.to_string()),
    };
    let bereit = s.bereit + s.angehalten;
    let ruht = bereit + s.unterwegs + s.gestoert == 0 && s.arbeiter.is_some_and(|n| n > 0);
    let name = auftrag_name(&s.typ);
    Zeile {
        typ: if name == s.typ { String::new() } else { s.typ },
        name,
        farbe,
        arbeiter,
        bereit: bereit.to_string(),
        unterwegs: s.unterwegs.to_string(),
        gestoert: s.gestoert.to_string(),
        warnt: s.gestoert > 0,
        seit: s.seit.map_or_else(|| "–".to_owned(), |t| format::dauer((now.0 - t.0).max(0))),
        ruht,
    }
}

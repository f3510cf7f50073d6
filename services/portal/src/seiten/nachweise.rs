// SPDX-License-Identifier: EUPL-1.2
//! On the operators' page: what shows that the city could prove and restore what it holds.

use nachrichten::{Timestamp, betrieb::Nachweise};

use crate::format;

/// A backup a day, with two hours of grace.
const SICHERUNG: i64 = 26 * 3600 * 1_000_000;
/// Seals are made every minute.
const SIEGEL: i64 = 10 * 60 * 1_000_000;

/// One line: what, how it is, and the badge when somebody should look.
#[derive(Debug, PartialEq)]
pub struct Nachweis {
    pub name: &'static str,
    pub text: String,
    /// Colour and word.
    pub warnung: Option<(&'static str, &'static str)>,
}

pub fn zeilen(n: &Nachweise, now: Timestamp) -> Vec<Nachweis> {
    let older = |at: Timestamp, than: i64| now.0 - at.0 > than;
    let sicherung = match n.sicherung {
        None => Nachweis {
            name: "Letzte Sicherung",
            text: "noch keine mit „eakte backup“".to_owned(),
            warnung: Some(("warning", "fehlt")),
        },
        Some((at, blobs)) => Nachweis {
            name: "Letzte Sicherung",
            text: format!("{}, {}", format::zeitpunkt(at), format::anzahl_von(blobs, "Dokument", "Dokumente")),
            warnung: older(at, SICHERUNG).then_some(("danger", "älter als ein Tag")),
        },
    };
    let abgleich = match n.abgleich {
        None => Nachweis {
            name: "Letzter Abgleich",
            text: "noch keiner mit „eakte reconcile“".to_owned(),
            warnung: Some(("warning", "fehlt")),
        },
        Some((at, 0)) => Nachweis {
            name: "Letzter Abgleich",
            text: format!("{}, kein Befund", format::zeitpunkt(at)),
            warnung: older(at, SICHERUNG).then_some(("warning", "älter als ein Tag")),
        },
        Some((at, befunde)) => Nachweis {
            name: "Letzter Abgleich",
            text: format!("{}, {}", format::zeitpunkt(at), format::anzahl_von(befunde, "Befund", "Befunde")),
            warnung: Some(("danger", "Befund")),
        },
    };
    let siegel = match n.unversiegelt {
        None => Nachweis { name: "Protokoll", text: "alle Einträge versiegelt".to_owned(), warnung: None },
        Some(at) => Nachweis {
            name: "Protokoll",
            text: format!("versiegelt bis {}", format::zeitpunkt(at)),
            warnung: older(at, SIEGEL).then_some(("danger", "Siegel fehlt")),
        },
    };
    let einfach = |name, text| Nachweis { name, text, warnung: None };
    vec![
        sicherung,
        abgleich,
        siegel,
        einfach("Datenbank", format::groesse(n.datenbank)),
        einfach("Fassung des Programms", env!("CARGO_PKG_VERSION").to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600 * 1_000_000;

    #[test]
    fn what_is_old_or_missing_is_marked() {
        let now = Timestamp(1_800_000_000_000_000);
        let ago = |hours: i64| Timestamp(now.0 - hours * HOUR);
        let good = Nachweise {
            sicherung: Some((ago(8), 1204)),
            abgleich: Some((ago(7), 0)),
            unversiegelt: Some(Timestamp(now.0 - 30_000_000)),
            datenbank: 3_400_000_000,
        };
        let lines = zeilen(&good, now);
        assert!(lines.iter().all(|z| z.warnung.is_none()), "{lines:?}");
        assert!(lines[0].text.ends_with("1.204 Dokumente") && lines[3].text == "3,4 GB", "{lines:?}");
        let bad = Nachweise {
            sicherung: Some((ago(27), 1)),
            abgleich: Some((ago(1), 2)),
            unversiegelt: Some(ago(1)),
            datenbank: 0,
        };
        let words: Vec<_> = zeilen(&bad, now).into_iter().filter_map(|z| z.warnung).collect();
        assert_eq!(words, [("danger", "älter als ein Tag"), ("danger", "Befund"), ("danger", "Siegel fehlt")]);
        let none = Nachweise { sicherung: None, abgleich: None, unversiegelt: None, datenbank: 0 };
        assert_eq!(zeilen(&none, now).iter().filter(|z| z.warnung == Some(("warning", "fehlt"))).count(), 2);
    }
}

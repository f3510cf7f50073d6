// SPDX-License-Identifier: EUPL-1.2
//! What a cell must look like, one kind of column after the other. Pure; the answer is the value as it is stored, or
//! German sentences that say what to do.

use service_platform::{
    konten::is_mail,
    organisation::{JE_AMT, ROLLEN, STADTWEIT},
};

use super::tabellen::Feld;

/// The value of a cell that is not empty. References are checked later, when all rows are known.
pub fn feld(feld: Feld, text: &str) -> Result<String, String> {
    match feld {
        Feld::Nummer => plain(text, 12, ".", "Eine Nummer besteht aus höchstens 12 Buchstaben, Ziffern und Punkten"),
        Feld::Kennzeichen => plain(
            text,
            30,
            ".",
            "Ein Kennzeichen besteht aus höchstens 30 Buchstaben, Ziffern und Punkten, zum Beispiel 66.10",
        ),
        Feld::Kennung => plain(
            text,
            64,
            ".-_",
            "Eine Kennung besteht aus höchstens 64 Buchstaben ohne Umlaute, Ziffern, Punkten und Strichen",
        ),
        Feld::Gruppe => {
            let name = ascii(text);
            match name.starts_with(|c: char| c.is_ascii_uppercase()) {
                true => plain(&name, 64, "-.", "Ein Gruppenname besteht aus Buchstaben, Ziffern und Bindestrichen"),
                false => Err("Ein Gruppenname beginnt mit einem Großbuchstaben.".to_owned()),
            }
        }
        Feld::Text | Feld::Verweis(_) => Ok(text.to_owned()),
        Feld::LeitwegId => match rechnung::leitweg::parse(text) {
            Some(id) if id.check_fits => Ok(text.to_owned()),
            Some(_) => {
                Err("Die Prüfziffer passt nicht zur Leitweg-ID. Vergleichen Sie sie mit Ihrer Unterlage.".to_owned())
            }
            None => Err("Das ist keine Leitweg-ID. Schreiben Sie sie so: 08999000-66001-83.".to_owned()),
        },
        Feld::Zahl => match text.parse::<u32>() {
            Ok(n @ 1..=100) => Ok(n.to_string()),
            _ => Err("Schreiben Sie eine ganze Zahl von 1 bis 100.".to_owned()),
        },
        Feld::Aussonderung => match text {
            "A" | "B" | "V" => Ok(text.to_owned()),
            _ => Err("Schreiben Sie A (archivieren), B (bewerten) oder V (vernichten).".to_owned()),
        },
        Feld::Tag => day(text).ok_or_else(|| "Das ist kein Tag. Schreiben Sie ihn so: 2026-12-31.".to_owned()),
        Feld::Mail => match is_mail(text) {
            true => Ok(text.to_owned()),
            false => Err("Das ist keine E-Mail-Adresse. Schreiben Sie sie so: vorname.name@stadt.de.".to_owned()),
        },
        Feld::Verzeichnisname => match text.chars().count() <= 256 && !text.contains(char::is_whitespace) {
            true => Ok(text.to_owned()),
            false => Err("Ein Anmeldename hat höchstens 256 Zeichen und keine Leerzeichen.".to_owned()),
        },
        Feld::Gruppen => Ok(list(text).join(",")),
        Feld::Rollen => {
            let roles = list(text);
            match roles.iter().find(|r| !ROLLEN.contains(&r.as_str())) {
                None => Ok(roles.join(",")),
                Some(wrong) => Err(format!("Die Rolle „{wrong}“ gibt es nicht. Rollen: {}.", ROLLEN.join(", "))),
            }
        }
    }
}

fn plain(text: &str, most: usize, more: &str, rule: &str) -> Result<String, String> {
    let good = text.len() <= most && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c));
    if good { Ok(text.to_owned()) } else { Err(format!("{rule}.")) }
}

/// Names of groups and roles are written without umlauts; people may write them with.
fn ascii(text: &str) -> String {
    let pairs = [("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("Ä", "Ae"), ("Ö", "Oe"), ("Ü", "Ue"), ("ß", "ss")];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// The entries of a list, sorted, each once.
pub fn list(text: &str) -> Vec<String> {
    let mut names: Vec<String> = text.split([',', '|']).map(|n| ascii(n.trim())).filter(|n| !n.is_empty()).collect();
    names.sort();
    names.dedup();
    names
}

fn day(text: &str) -> Option<String> {
    if let Ok(day) = text.parse::<nachrichten::Tag>() {
        return Some(day.to_string());
    }
    let parts: Vec<&str> = text.split('.').collect();
    let [d, m, y] = parts[..] else { return None };
    format!("{y:0>4}-{m:0>2}-{d:0>2}").parse::<nachrichten::Tag>().ok().map(|day| day.to_string())
}

/// Whether a group is there: one of the city, one of an office, or one of its own.
pub fn is_group(name: &str, is_amt: impl Fn(&str) -> bool, is_own: impl Fn(&str) -> bool) -> bool {
    let of_office = name.split_once('-').is_some_and(|(art, amt)| JE_AMT.iter().any(|(a, _)| *a == art) && is_amt(amt));
    STADTWEIT.iter().any(|(n, _)| *n == name) || of_office || is_own(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_taken_as_people_write_them_and_refused_with_what_to_do() {
        let good = [
            (Feld::Nummer, "66.1", "66.1"),
            (Feld::LeitwegId, "08999000-66001-83", "08999000-66001-83"),
            (Feld::Tag, "31.12.2026", "2026-12-31"),
            (Feld::Tag, "2026-12-31", "2026-12-31"),
            (Feld::Rollen, "Geschäftsstelle, Betrieb,Betrieb", "Betrieb,Geschaeftsstelle"),
            (Feld::Gruppen, "Klärung", "Klaerung"),
            (Feld::Gruppe, "Wahlbüro", "Wahlbuero"),
            (Feld::Zahl, "010", "10"),
        ];
        for (kind, text, stored) in good {
            assert_eq!(feld(kind, text).as_deref(), Ok(stored), "{text}");
        }
        let bad = [
            (Feld::Nummer, "6 6", "Nummer"),
            (Feld::Nummer, "66;1", "Nummer"),
            (Feld::Kennung, "jürgen", "Umlaute"),
            (Feld::LeitwegId, "08999000-66001-84", "Prüfziffer"),
            (Feld::LeitwegId, "66001", "keine Leitweg-ID"),
            (Feld::Zahl, "0", "1 bis 100"),
            (Feld::Zahl, "zehn", "1 bis 100"),
            (Feld::Aussonderung, "X", "bewerten"),
            (Feld::Tag, "31.2.2026", "kein Tag"),
            (Feld::Tag, "1.2", "kein Tag"),
            (Feld::Mail, "a b@c.de", "keine E-Mail-Adresse"),
            (Feld::Verzeichnisname, "a b", "Leerzeichen"),
            (Feld::Rollen, "König", "Die Rolle „Koenig“ gibt es nicht"),
            (Feld::Gruppe, "wahl", "Großbuchstaben"),
        ];
        for (kind, text, part) in bad {
            let said = feld(kind, text).err().unwrap_or_default();
            assert!(said.contains(part) && said.ends_with('.'), "{text}: {said}");
        }
    }

    #[test]
    fn a_group_is_one_of_the_city_of_an_office_or_its_own() {
        let is = |name| is_group(name, |amt| amt == "66", |own| own == "Wahlbuero");
        assert!(is("Poststelle") && is("Feststellung-66") && is("Wahlbuero"));
        assert!(!is("Feststellung-67") && !is("Irgendwas-66") && !is(""));
    }
}

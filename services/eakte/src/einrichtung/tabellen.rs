// SPDX-License-Identifier: EUPL-1.2
//! The files of an import: which columns each has, what may stand in them, and an example. Templates, checks and the
//! handbook follow from this one table.

use service_platform::organisation::pflege::Art;

/// Where the rows of a file go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Was {
    /// Tables of the platform.
    Organisation(Art),
    /// The Aktenplan.
    Einheit,
}

/// What may stand in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feld {
    /// Number of an office: letters, digits and dots, at most 12.
    Nummer,
    /// Name of an account or post: letters, digits, `.`, `-`, `_`, at most 64.
    Kennung,
    /// Name of a group: a letter first, then letters, digits and `-`.
    Gruppe,
    /// Any text of a line.
    Text,
    LeitwegId,
    /// Unit of the Aktenplan.
    Kennzeichen,
    /// Whole number from 1 to 100.
    Zahl,
    /// `A` (keep), `B` (offer to the archive), `V` (destroy).
    Aussonderung,
    /// `2026-12-31` or `31.12.2026`.
    Tag,
    Mail,
    /// Login in the directory; whatever the directory allows, without spaces.
    Verzeichnisname,
    /// Groups, comma between.
    Gruppen,
    /// Roles, comma between.
    Rollen,
    /// Key of another row.
    Verweis(Was),
}

#[derive(Clone, Copy, Debug)]
pub struct Spalte {
    pub name: &'static str,
    pub feld: Feld,
    pub pflicht: bool,
    pub erklaerung: &'static str,
    pub beispiel: &'static str,
}

/// One file; its first column is the key.
#[derive(Clone, Copy, Debug)]
pub struct Tabelle {
    pub datei: &'static str,
    pub was: Was,
    /// `Amt`, as it stands in messages.
    pub einzahl: &'static str,
    pub spalten: &'static [Spalte],
}

impl Tabelle {
    pub fn spalte(&self, index: usize) -> &'static str {
        self.spalten.get(index).map_or("", |s| s.name)
    }
}

const fn must(name: &'static str, feld: Feld, beispiel: &'static str, erklaerung: &'static str) -> Spalte {
    Spalte { name, feld, pflicht: true, erklaerung, beispiel }
}

const fn may(name: &'static str, feld: Feld, beispiel: &'static str, erklaerung: &'static str) -> Spalte {
    Spalte { name, feld, pflicht: false, erklaerung, beispiel }
}

const AMT: Was = Was::Organisation(Art::Amt);
const STELLE: Was = Was::Organisation(Art::Stelle);
const GRUPPEN: &str = "Gruppen, mit Komma getrennt. Jedes Amt hat Sachbearbeitung-, Sachgebiet-, Feststellung-, Anordnung-, Amtsleitung- und Mitzeichnung- mit seiner Nummer";
const ROLLEN: &str = "Rollen, mit Komma getrennt. Sie sagen, was jemand im Portal sieht";

/// The files in the order in which they are written: each refers only to those before it, or to itself.
pub const TABELLEN: &[Tabelle] = &[
    Tabelle {
        datei: "gruppen.csv",
        was: Was::Organisation(Art::Gruppe),
        einzahl: "Gruppe",
        spalten: &[
            must(
                "name",
                Feld::Gruppe,
                "Wahlbuero",
                "Name der Gruppe. Ist es eine vorhandene, bekommt sie nur einen anderen Titel",
            ),
            must("titel", Feld::Text, "Wahlbüro", "Wie die Gruppe auf den Seiten heißt"),
        ],
    },
    Tabelle {
        datei: "gremien.csv",
        was: Was::Organisation(Art::Gremium),
        einzahl: "Gremium",
        spalten: &[
            must("name", Feld::Text, "Bauausschuss", "Name des Gremiums"),
            must("rang", Feld::Zahl, "3", "Stelle in der Auswahl, 1 steht oben"),
        ],
    },
    Tabelle {
        datei: "aemter.csv",
        was: AMT,
        einzahl: "Amt",
        spalten: &[
            must("nummer", Feld::Nummer, "66", "Nummer des Amts, wie im Gliederungsplan"),
            must("name", Feld::Text, "Tiefbauamt", "Name des Amts"),
            may("uebergeordnet", Feld::Verweis(AMT), "", "Nummer des Amts oder Dezernats darüber"),
        ],
    },
    Tabelle {
        datei: "aktenplan.csv",
        was: Was::Einheit,
        einzahl: "Aktenplaneinheit",
        spalten: &[
            must("kennzeichen", Feld::Kennzeichen, "66.10", "Kennzeichen der Einheit"),
            must("titel", Feld::Text, "Straßenbau", "Was hier abgelegt wird"),
            must("amt", Feld::Verweis(AMT), "66", "Nummer des Amts, das hier Akten führt"),
            may("aufbewahrung", Feld::Zahl, "10", "Jahre der Aufbewahrung; leer: noch nicht festgelegt"),
            may("aussonderung", Feld::Aussonderung, "B", "A archivieren, B bewerten, V vernichten; leer: B"),
            may("gueltig_bis", Feld::Tag, "", "letzter Tag, an dem hier neue Akten entstehen; leer: ohne Ende"),
        ],
    },
    Tabelle {
        datei: "stellen.csv",
        was: STELLE,
        einzahl: "Stelle",
        spalten: &[
            must("kennung", Feld::Kennung, "66-LTG", "Kennung der Stelle, wie im Stellenplan"),
            must("bezeichnung", Feld::Text, "Leitung Tiefbauamt", "Bezeichnung der Stelle"),
            must("amt", Feld::Verweis(AMT), "66", "Nummer des Amts"),
            may("uebergeordnet", Feld::Verweis(STELLE), "", "Kennung der vorgesetzten Stelle"),
            may("gruppen", Feld::Gruppen, "Amtsleitung-66,Mitzeichnung-66", GRUPPEN),
            may("rollen", Feld::Rollen, "Amtsleitung", ROLLEN),
        ],
    },
    Tabelle {
        datei: "personen.csv",
        was: Was::Organisation(Art::Person),
        einzahl: "Person",
        spalten: &[
            must(
                "kennung",
                Feld::Kennung,
                "ayla.demirel",
                "Kennung in der E-Akte; sie bleibt, auch wenn der Name wechselt",
            ),
            must("name", Feld::Text, "Ayla Demirel", "Vor- und Nachname"),
            must("amt", Feld::Verweis(AMT), "66", "Nummer des Amts"),
            may(
                "stelle",
                Feld::Verweis(STELLE),
                "66-LTG",
                "Kennung der Stelle; die Person bekommt deren Gruppen und Rollen",
            ),
            may("verzeichnisname", Feld::Verzeichnisname, "demirela", "Anmeldename im Verzeichnis der Stadt (OIDC)"),
            may("e_mail", Feld::Mail, "ayla.demirel@stadt.example", "Adresse für Hinweise"),
            may("gruppen", Feld::Gruppen, "Feststellung-66", "weitere Gruppen, über die der Stelle hinaus"),
            may("rollen", Feld::Rollen, "Feststellung", "weitere Rollen, über die der Stelle hinaus"),
        ],
    },
    Tabelle {
        datei: "leitweg.csv",
        was: Was::Organisation(Art::Leitweg),
        einzahl: "Leitweg-ID",
        spalten: &[
            must("leitweg_id", Feld::LeitwegId, "08999000-66001-83", "vollständige Leitweg-ID mit Prüfziffer"),
            must("amt", Feld::Verweis(AMT), "66", "Nummer des Amts, das Rechnungen mit ihr prüft"),
            may(
                "einheit",
                Feld::Verweis(Was::Einheit),
                "66.10",
                "Kennzeichen der Einheit für diese Rechnungen; leer: die erste des Amts",
            ),
            may("bezeichnung", Feld::Text, "Tiefbauamt, Straßenbau", "wofür Lieferanten sie verwenden"),
        ],
    },
];

/// The file of this name.
pub fn von_datei(name: &str) -> Option<&'static Tabelle> {
    TABELLEN.iter().find(|t| t.datei.eq_ignore_ascii_case(name))
}

/// The file of this kind of row.
pub fn von(was: Was) -> Option<&'static Tabelle> {
    TABELLEN.iter().find(|t| t.was == was)
}

/// A template: the header, then lines that explain each column, and an example. Lines with `#` are not read.
pub fn vorlage(tabelle: &Tabelle) -> String {
    let line = |cell: fn(&Spalte) -> &'static str| {
        let quoted = |text: &str| if text.contains([';', ',', '"']) { format!("\"{text}\"") } else { text.to_owned() };
        tabelle.spalten.iter().map(|s| quoted(cell(s))).collect::<Vec<_>>().join(";")
    };
    let mut text = format!("\u{feff}{}\r\n", line(|s| s.name));
    text.push_str("# Zeilen mit # am Anfang werden nicht gelesen. Schreiben Sie Ihre Zeilen ohne # darunter.\r\n");
    for s in tabelle.spalten {
        let must = if s.pflicht { "nötig" } else { "kann leer bleiben" };
        text.push_str(&format!("# {} ({must}): {}.\r\n", s.name, s.erklaerung));
    }
    text.push_str(&format!("#Beispiel: {}\r\n", line(|s| s.beispiel)));
    text
}

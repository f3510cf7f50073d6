// SPDX-License-Identifier: EUPL-1.2
//! From the bytes of a CSV file to rows in the order of its table's columns. UTF-8 with or without a mark, else
//! Windows-1252, as Excel writes it; `;` or `,`. What is wrong is said with line and column, and everything at once.

use super::tabellen::Tabelle;

/// Largest file in bytes.
pub const DATEI_MAX: usize = 10 << 20;
/// Longest cell in characters.
pub const ZELLE_MAX: usize = 500;
/// Findings that are told; after them it is better to mend first.
pub const MAENGEL_MAX: usize = 200;
/// Signs with which a cell becomes a formula when somebody opens the file in a spreadsheet.
const FORMEL: [char; 4] = ['=', '+', '-', '@'];

/// Something that is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mangel {
    pub datei: String,
    pub zeile: Option<u64>,
    pub spalte: String,
    /// German sentences.
    pub text: String,
}

impl std::fmt::Display for Mangel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.datei)?;
        if let Some(zeile) = self.zeile {
            write!(f, ", Zeile {zeile}")?;
        }
        if !self.spalte.is_empty() {
            write!(f, ", Spalte „{}“", self.spalte)?;
        }
        write!(f, ": {}", self.text)
    }
}

/// A row: where it stands, and its cells in the order of the table's columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zeile {
    pub nr: u64,
    pub zellen: Vec<String>,
}

/// A file to read: its name without folder, its bytes.
#[derive(Clone, Debug)]
pub struct Datei {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// The rows of a file; findings go to `maengel`, a row with one is left out.
pub fn lesen(tabelle: &Tabelle, bytes: &[u8], maengel: &mut Vec<Mangel>) -> Vec<Zeile> {
    let mut say = |zeile: Option<u64>, spalte: &str, text: String| {
        maengel.push(Mangel { datei: tabelle.datei.to_owned(), zeile, spalte: spalte.to_owned(), text });
    };
    let text = match decode(bytes) {
        Ok(text) => text,
        Err(wrong) => {
            say(None, "", wrong);
            return Vec::new();
        }
    };
    // Excel may write its separator into a first line of its own.
    let (skipped, text) = match text.split_once('\n') {
        Some((first, rest)) if first.trim().starts_with("sep=") => (1, rest),
        _ => (0, text.as_str()),
    };
    let head = text.lines().find(|l| !l.trim().is_empty() && !l.starts_with('#')).unwrap_or_default();
    let delimiter = if head.matches(';').count() >= head.matches(',').count() { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    // Of each column of the table: where it stands in the file.
    let mut order: Option<Vec<Option<usize>>> = None;
    let mut breite = 0;
    let mut rows = Vec::new();
    for record in reader.records() {
        let Ok(record) = record else {
            say(None, "", "Die Datei ist keine CSV-Datei. Speichern Sie sie als „CSV UTF-8“.".to_owned());
            return Vec::new();
        };
        let nr = skipped + record.position().map_or(0, csv::Position::line);
        if record.iter().all(str::is_empty) {
            continue;
        }
        let Some(order) = &order else {
            breite = record.len();
            order = heading(tabelle, nr, &record, &mut say);
            if order.is_none() {
                return Vec::new();
            }
            continue;
        };
        if record.len() != breite {
            let text = format!(
                "Die Zeile hat {} Felder, die Überschrift {breite}. Prüfen Sie Trennzeichen und Anführungszeichen.",
                record.len()
            );
            say(Some(nr), "", text);
            continue;
        }
        let mut good = true;
        let mut zellen = Vec::with_capacity(order.len());
        for (spalte, at) in tabelle.spalten.iter().zip(order) {
            let cell = at.and_then(|i| record.get(i)).unwrap_or_default();
            if let Some(wrong) = hostile(cell) {
                say(Some(nr), spalte.name, wrong);
                good = false;
            } else if cell.is_empty() && spalte.pflicht {
                say(Some(nr), spalte.name, "Das Feld ist leer. Es muss gefüllt sein.".to_owned());
                good = false;
            }
            zellen.push(cell.to_owned());
        }
        if good {
            rows.push(Zeile { nr, zellen });
        }
    }
    if order.is_none() {
        say(None, "", format!("Die Datei ist leer. Die erste Zeile muss heißen: {}.", columns(tabelle)));
    }
    rows
}

fn columns(tabelle: &Tabelle) -> String {
    tabelle.spalten.iter().map(|s| s.name).collect::<Vec<_>>().join(";")
}

fn decode(bytes: &[u8]) -> Result<String, String> {
    if bytes.len() > DATEI_MAX {
        return Err(format!("Die Datei ist größer als {} MB. Teilen Sie sie auf.", DATEI_MAX >> 20));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("Die Datei ist als „Unicode-Text“ gespeichert. Speichern Sie sie als „CSV UTF-8“.".to_owned());
    }
    if bytes.contains(&0) {
        return Err("Die Datei ist keine Textdatei. Speichern Sie die Tabelle als „CSV UTF-8“.".to_owned());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    Ok(match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    })
}

/// Where each column of the table stands; unknown and doubled ones are findings, as are missing necessary ones.
fn heading(
    tabelle: &Tabelle,
    nr: u64,
    record: &csv::StringRecord,
    say: &mut impl FnMut(Option<u64>, &str, String),
) -> Option<Vec<Option<usize>>> {
    let names: Vec<String> =
        record.iter().map(|c| c.to_lowercase().replace('ü', "ue").replace(['-', ' '], "_")).collect();
    let mut good = true;
    for (i, name) in names.iter().enumerate() {
        let known = tabelle.spalten.iter().any(|s| s.name == name);
        if !known || names[..i].contains(name) {
            let what = if known { "steht zweimal da" } else { "gibt es hier nicht" };
            let shown: String = name.chars().take(40).collect();
            say(Some(nr), "", format!("Die Spalte „{shown}“ {what}. Spalten dieser Datei: {}.", columns(tabelle)));
            good = false;
        }
    }
    let order: Vec<Option<usize>> = tabelle.spalten.iter().map(|s| names.iter().position(|n| n == s.name)).collect();
    for (spalte, at) in tabelle.spalten.iter().zip(&order) {
        if at.is_none() && spalte.pflicht {
            say(
                Some(nr),
                "",
                format!("Die Spalte „{}“ fehlt. Spalten dieser Datei: {}.", spalte.name, columns(tabelle)),
            );
            good = false;
        }
    }
    good.then_some(order)
}

/// What must not stand in any cell.
fn hostile(cell: &str) -> Option<String> {
    if cell.chars().count() > ZELLE_MAX {
        return Some(format!("Das Feld hat mehr als {ZELLE_MAX} Zeichen. Fehlt ein Anführungszeichen?"));
    }
    let unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    if cell.chars().any(unseen) {
        return Some("Das Feld enthält unsichtbare Zeichen oder einen Zeilenumbruch. Schreiben Sie es neu.".to_owned());
    }
    cell.chars().next().filter(|c| FORMEL.contains(c)).map(|c| {
        format!("Das Feld beginnt mit „{c}“. Ein Tabellenprogramm führt es als Formel aus. Entfernen Sie das Zeichen.")
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::einrichtung::tabellen::{TABELLEN, von_datei, vorlage};

    fn read(bytes: &[u8]) -> (Vec<Zeile>, Vec<String>) {
        let mut maengel = Vec::new();
        let rows = lesen(von_datei("aemter.csv").unwrap(), bytes, &mut maengel);
        (rows, maengel.iter().map(Mangel::to_string).collect())
    }

    fn cells(bytes: &[u8]) -> Vec<Vec<String>> {
        let (rows, maengel) = read(bytes);
        assert!(maengel.is_empty(), "{maengel:?}");
        rows.into_iter().map(|r| r.zellen).collect()
    }

    #[test]
    fn files_are_read_as_office_programs_write_them() {
        let expected = vec![vec!["66".to_owned(), "Straßen; Wege".to_owned(), String::new()]];
        let text = "nummer;name;uebergeordnet\r\n66;\"Straßen; Wege\";\r\n\r\n;;\r\n";
        assert_eq!(cells(text.as_bytes()), expected);
        assert_eq!(cells(format!("\u{feff}{text}").as_bytes()), expected);
        assert_eq!(cells(format!("sep=;\r\n{text}").as_bytes()), expected);
        let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(text);
        assert_eq!(cells(&latin), expected);
        assert_eq!(cells("Nummer,Name\n66,\"Straßen; Wege\"\n".as_bytes()), expected);
        assert_eq!(cells("name;Übergeordnet;nummer\nStraßen;20;66\n".as_bytes())[0], ["66", "Straßen", "20"]);
        assert_eq!(cells("# so\nnummer;name\n#66;Tiefbauamt\n".as_bytes()), Vec::<Vec<String>>::new());
    }

    #[test]
    fn a_finding_names_file_line_and_column_and_says_what_to_do() {
        let (rows, said) = read("nummer;name\n66;Tiefbauamt\n67;\n68;=cmd|'/C calc'!A0\n69;a;b\n70;Gut\n".as_bytes());
        assert_eq!(rows.iter().map(|r| r.nr).collect::<Vec<_>>(), [2, 6]);
        assert_eq!(said[0], "aemter.csv, Zeile 3, Spalte „name“: Das Feld ist leer. Es muss gefüllt sein.");
        assert!(said[1].starts_with("aemter.csv, Zeile 4, Spalte „name“: Das Feld beginnt mit „=“."), "{said:?}");
        assert!(said[2].starts_with("aemter.csv, Zeile 5: Die Zeile hat 3 Felder, die Überschrift 2."), "{said:?}");
        for start in ["+49", "-1", "@SUM"] {
            assert_eq!(read(format!("nummer;name\n66;{start}\n").as_bytes()).1.len(), 1, "{start}");
        }
    }

    #[test]
    fn hostile_and_foreign_files_are_refused_whole() {
        let big = vec![b'x'; DATEI_MAX + 1];
        let cases: [(&[u8], &str); 10] = [
            (b"", "Die Datei ist leer"),
            (b"#nur das\n", "Die Datei ist leer"),
            (&big, "größer als 10 MB"),
            (b"\xff\xfen\0u\0", "Unicode-Text"),
            (b"PK\x03\x04\0\0", "keine Textdatei"),
            (b"nummer;titel\n66;x\n", "Die Spalte „titel“ gibt es hier nicht"),
            (b"nummer;name;name\n66;x;y\n", "Die Spalte „name“ steht zweimal da"),
            (b"nummer\n66\n", "Die Spalte „name“ fehlt"),
            ("nummer;name\n66;a\u{202e}b\n".as_bytes(), "unsichtbare Zeichen"),
            (b"nummer;name\n66;\"offen\n67;x\n68;y\n", "unsichtbare Zeichen oder einen Zeilenumbruch"),
        ];
        for (bytes, part) in cases {
            let (rows, said) = read(bytes);
            assert!(rows.is_empty() && said.iter().any(|s| s.contains(part)), "{part}: {said:?}");
        }
        let long = format!("nummer;name\n66;{}\n", "a".repeat(ZELLE_MAX + 1));
        assert!(read(long.as_bytes()).1[0].contains("mehr als 500 Zeichen"));
    }

    #[test]
    fn every_template_is_empty_and_its_example_is_read() {
        for tabelle in TABELLEN {
            let mut maengel = Vec::new();
            assert!(lesen(tabelle, vorlage(tabelle).as_bytes(), &mut maengel).is_empty());
            let filled = vorlage(tabelle).replace("#Beispiel: ", "");
            let rows = lesen(tabelle, filled.as_bytes(), &mut maengel);
            assert!(maengel.is_empty(), "{maengel:?}");
            let example: Vec<&str> = tabelle.spalten.iter().map(|s| s.beispiel).collect();
            assert_eq!(rows[0].zellen, example);
        }
    }
}

// SPDX-License-Identifier: EUPL-1.2
//! The one table of keys: the key card is drawn from it, buttons print their key from it, and a test compares both.

/// A key and what it does.
pub struct Taste {
    /// As `event.key` in lower case; `enter`, `leer`, `esc`, `pfeile` for named keys.
    pub key: &'static str,
    /// As printed on the card.
    pub zeigt: &'static str,
    pub wirkung: &'static str,
}

/// A block of the key card.
pub struct Block {
    pub titel: &'static str,
    pub tasten: &'static [Taste],
}

const fn t(key: &'static str, zeigt: &'static str, wirkung: &'static str) -> Taste {
    Taste { key, zeigt, wirkung }
}

/// Grouped as in the key card.
pub static TASTEN: &[Block] = &[
    Block {
        titel: "Überall",
        tasten: &[
            t("?", "?", "Tastenkarte öffnen"),
            t("s", "S", "Zur Suche"),
            t("j", "J", "Nächster Eintrag"),
            t("k", "K", "Voriger Eintrag"),
            t("enter", "Enter", "Eintrag öffnen, Bestätigung auslösen"),
            t("esc", "Esc", "Dialog schließen, Bestätigung verlassen"),
            t("z", "Z", "Rückgängig"),
        ],
    },
    Block {
        titel: "Seitenbild",
        tasten: &[
            t("pfeile", "Pfeile", "Bild verschieben, in Listen wandern"),
            t("+", "+", "Größer"),
            t("-", "-", "Kleiner"),
            t("0", "0", "Normale Größe"),
            t("b", "B", "Ganze Breite"),
            t("o", "O", "Text dieser Seite"),
            t(",", ",", "Vorige Seite"),
            t(".", ".", "Nächste Seite"),
        ],
    },
    Block {
        titel: "Scanprüfung und Klärung",
        tasten: &[
            t("w", "W", "Bestätigen und weiter"),
            t("x", "X", "Zurückweisen"),
            t("v", "V", "Vertraulich: in den geschlossenen Korb"),
            t("u", "U", "Später: Aufgabe zurücklegen"),
            t("n", "N", "Nochmals versuchen, nicht vertraulich"),
        ],
    },
    Block { titel: "Post und Wiedervorlage", tasten: &[t("v", "V", "Wiedervorlage, verschieben")] },
    Block {
        titel: "Rechnung und Vorlage",
        tasten: &[
            t("f", "F", "Freigeben oder mitzeichnen"),
            t("t", "T", "Gekürzt feststellen"),
            t("q", "Q", "Rückfrage"),
            t("h", "H", "Mit Hinweis mitzeichnen"),
            t("r", "R", "Zurückgeben"),
            t("a", "A", "Ablehnen"),
            t("e", "E", "Zum Formular"),
            t("g", "G", "Aufgabe übernehmen"),
            t("p", "P", "Druckansicht"),
        ],
    },
];

/// Is this key in the table?
pub fn bekannt(key: &str) -> bool {
    TASTEN.iter().flat_map(|b| b.tasten).any(|t| t.key == key)
}

// SPDX-License-Identifier: EUPL-1.2
//! Words of a text and the keys they are found by: one normal form for both databases.
//!
//! `Straße`, `Strasse` and `STRASSE` are one word; so are `Müller`, `Mueller` and `Muller`. A word is found by its
//! stem (German Snowball) and, when it is a compound, by its parts: `Tiefbauamt` by `Amt` and `Tiefbau`.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use rust_stemmers::{Algorithm, Stemmer};

use super::teile;

/// How many words the cache holds before it starts anew.
const CACHE: usize = 100_000;
/// Longer words are cut: they are noise of the recognition or keys, not German.
const HOECHSTENS: usize = 64;

/// A word with its place in the text, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wort<'a> {
    pub start: usize,
    pub end: usize,
    pub text: &'a str,
}

/// The words of a text: runs of letters and digits; soft hyphens and combining marks belong to their word.
pub fn words(text: &str) -> impl Iterator<Item = Wort<'_>> {
    let mut chars = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (start, first) = chars.by_ref().find(|(_, c)| c.is_alphanumeric())?;
        let mut end = start + first.len_utf8();
        while let Some((at, c)) = chars.next_if(|(_, c)| c.is_alphanumeric() || joins(*c)) {
            end = at + c.len_utf8();
        }
        Some(Wort { start, end, text: &text[start..end] })
    })
}

fn joins(c: char) -> bool {
    c == '\u{ad}' || ('\u{300}'..='\u{36f}').contains(&c)
}

/// The normal form of a word: lower-case ASCII, `ß` = `ss`, `ä` = `ae` = `a`, other accents gone.
pub fn fold(word: &str) -> String {
    let mut out = String::with_capacity(word.len() + 4);
    for c in word.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => out.push(c),
            '\u{308}' if out.ends_with(['a', 'o', 'u']) => out.push('e'),
            c if joins(c) => {}
            c => match plain(c) {
                Some(text) => out.push_str(text),
                None if c.is_alphanumeric() => out.push_str(&format!("u{:x}", u32::from(c))),
                None => {}
            },
        }
        if out.len() > HOECHSTENS {
            break;
        }
    }
    contract(&out)
}

fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'ä' | 'æ' => "ae",
        'ö' | 'ø' | 'œ' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ç' | 'ć' | 'č' | 'ĉ' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' | 'ģ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ı' | 'ī' => "i",
        'ł' | 'ľ' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ő' => "o",
        'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ť' | 'ţ' | 'ț' => "t",
        'ù' | 'ú' | 'û' | 'ů' | 'ű' | 'ū' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

/// `ae`, `oe`, `ue` become one letter, so that all three spellings of an umlaut meet; not in `Steuer`, `Bauer`, `quer`.
fn contract(word: &str) -> String {
    let bytes = word.as_bytes();
    let mut out = String::with_capacity(word.len());
    let mut at = 0;
    while at < bytes.len() {
        let c = bytes[at];
        out.push(char::from(c));
        let diphthong = c == b'u' && at > 0 && matches!(bytes[at - 1], b'q' | b'a' | b'e');
        let umlaut = matches!(c, b'a' | b'o' | b'u') && !diphthong && bytes.get(at + 1) == Some(&b'e');
        at += if umlaut { 2 } else { 1 };
    }
    out
}

/// What one word is found by.
#[derive(Debug, PartialEq, Eq)]
pub struct Schluessel {
    /// Normal form, for phrases and prefixes.
    pub wort: String,
    pub stamm: String,
    /// Stems of the parts of a compound.
    pub teile: Vec<String>,
}

/// Makes keys; remembers what it made.
pub struct Worte {
    stemmer: Stemmer,
    /// Stems of the words that compounds are made of.
    bausteine: HashSet<String>,
    cache: Mutex<HashMap<String, Arc<Schluessel>>>,
}

impl Worte {
    /// `eigene` are the city's own terms: titles of the Aktenplan and names of offices.
    pub fn new<'a>(eigene: impl IntoIterator<Item = &'a str>) -> Self {
        let stemmer = Stemmer::create(Algorithm::German);
        let titles = eigene.into_iter().flat_map(words).map(|w| w.text).filter(|w| w.chars().count() >= 4);
        let bausteine = teile::BAUSTEINE
            .split_whitespace()
            .chain(titles)
            .map(|w| stemmer.stem(&fold(w)).into_owned())
            .filter(|stem| stem.len() >= 3 && stem.bytes().all(|b| b.is_ascii_alphabetic()))
            .collect();
        Self { stemmer, bausteine, cache: Mutex::default() }
    }

    /// The keys of a word as it stands in a text.
    pub fn key(&self, word: &str) -> Arc<Schluessel> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = cache.get(word) {
            return known.clone();
        }
        let folded = fold(word);
        let stamm = self.stem(&folded);
        let mut teile = teile::split(&folded, &|part| self.stem(part), &self.bausteine);
        teile.retain(|t| *t != stamm);
        let key = Arc::new(Schluessel { wort: folded, stamm, teile });
        if cache.len() >= CACHE {
            cache.clear();
        }
        cache.insert(word.to_owned(), key.clone());
        key
    }

    /// The stem of a folded word.
    pub fn stem(&self, folded: &str) -> String {
        self.stemmer.stem(folded).into_owned()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn spellings_meet() {
        for group in [
            &["Straße", "STRASSE", "Strasse", "Straßen", "strassen"][..],
            &["Müller", "Mueller", "MÜLLER", "Muller", "Mu\u{308}ller"],
            &["Bäuerin", "Baeuerin"],
            &["Bescheid", "Bescheide", "Bescheides", "Bescheiden"],
            &["Ämter", "Aemter", "Amt", "Amtes"],
            &["Gebühr", "Gebuehren", "Gebühren"],
            &["Ver\u{ad}trag", "Verträge", "Vertrag"],
        ] {
            let worte = Worte::new([]);
            let stems: HashSet<String> = group.iter().map(|w| worte.key(w).stamm.clone()).collect();
            assert_eq!(stems.len(), 1, "{group:?} gives {stems:?}");
        }
    }

    #[test]
    fn different_words_stay_apart() {
        let worte = Worte::new([]);
        for (a, b) in [("Steuer", "Stier"), ("Mauer", "Maus"), ("Haus", "Haut"), ("Rechnung", "Rechner")] {
            assert_ne!(worte.key(a).stamm, worte.key(b).stamm);
        }
    }

    #[test]
    fn compounds_are_found_by_their_parts() {
        let worte = Worte::new(["Tiefbauamt", "Friedhofswesen"]);
        let parts = |w: &str| worte.key(w).teile.clone();
        let stem = |w: &str| worte.key(w).stamm.clone();
        for (word, part) in [
            ("Tiefbauamt", "Amt"),
            ("Tiefbauamt", "Tiefbau"),
            ("Tiefbauamtes", "Bau"),
            ("Ordnungsamt", "Ordnung"),
            ("Gewerbesteuerbescheid", "Bescheid"),
            ("Gewerbesteuerbescheid", "Gewerbesteuer"),
            ("Gewerbesteuerbescheid", "Steuer"),
            ("Straßenbeleuchtung", "Strasse"),
            ("Kanalsanierungsarbeiten", "Kanal"),
            ("Kanalsanierungsarbeiten", "Sanierung"),
            ("Friedhofsgebühren", "Gebühr"),
            ("Hundesteuer", "Hund"),
            ("Baugenehmigungen", "Genehmigung"),
        ] {
            assert!(parts(word).contains(&stem(part)), "{word} has {:?}, not {}", parts(word), stem(part));
        }
        for word in ["insgesamt", "gesamt", "gestern", "Beamte", "Vergangenheit", "Rathaus2026"] {
            assert!(!parts(word).contains(&stem("Amt")), "{word}: {:?}", parts(word));
        }
    }

    #[test]
    fn words_have_their_places() {
        let text = "Az. 66.10, Größe—neu";
        let found: Vec<&str> = words(text).map(|w| w.text).collect();
        assert_eq!(found, ["Az", "66", "10", "Größe", "neu"]);
        for w in words(text) {
            assert_eq!(&text[w.start..w.end], w.text);
        }
    }
}

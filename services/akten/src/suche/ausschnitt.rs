// SPDX-License-Identifier: EUPL-1.2
//! The piece of text around the first hit, made from the stored text, and the page it stands on.

use super::{
    anfrage::Bedingung,
    worte::{Wort, Worte, words},
};

const VORHER: usize = 10;
const INSGESAMT: usize = 36;

/// Pieces with a mark for hits, and the 1-based page of the first hit (`None`: no hit in this text).
pub fn cut(text: &str, conditions: &[Bedingung], worte: &Worte) -> (Vec<(String, bool)>, Option<u32>) {
    let mut before: Vec<Wort<'_>> = Vec::new();
    let mut all = words(text);
    let mut first = None;
    for word in all.by_ref() {
        if hits(text, word, conditions, worte) {
            first = Some(word);
            break;
        }
        if before.len() == VORHER {
            before.remove(0);
        }
        before.push(word);
    }
    let Some(first) = first else {
        let head: Vec<Wort<'_>> = words(text).take(INSGESAMT).collect();
        return (render(text, &head, &[], worte), None);
    };
    let page = text[..first.start].bytes().filter(|b| *b == 0x0c).count() as u32 + 1;
    before.push(first);
    let left = INSGESAMT - before.len();
    before.extend(all.take(left));
    (render(text, &before, conditions, worte), Some(page))
}

fn render(text: &str, words: &[Wort<'_>], conditions: &[Bedingung], worte: &Worte) -> Vec<(String, bool)> {
    let (Some(head), Some(tail)) = (words.first(), words.last()) else {
        return Vec::new();
    };
    let mut pieces = Vec::new();
    let mut plain = String::new();
    if head.start > 0 && !text[..head.start].trim().is_empty() {
        plain.push_str("… ");
    }
    let (mut at, mut marked_until) = (head.start, 0);
    for word in words {
        if let Some(n) = hit_length(text, *word, conditions, worte) {
            marked_until = marked_until.max(end_of(text, *word, n));
        }
        plain.push_str(&flat(&text[at..word.start]));
        if word.start < marked_until {
            if !plain.is_empty() {
                pieces.push((std::mem::take(&mut plain), false));
            }
            pieces.push((word.text.to_owned(), true));
        } else {
            plain.push_str(word.text);
        }
        at = word.end;
    }
    let rest = &text[tail.end..];
    match rest.find(char::is_alphanumeric) {
        Some(_) => plain.push_str(" …"),
        None => plain.push_str(flat(rest).trim_end()),
    }
    if !plain.is_empty() {
        pieces.push((plain, false));
    }
    pieces
}

fn end_of(text: &str, word: Wort<'_>, n: usize) -> usize {
    words(&text[word.start..]).nth(n - 1).map_or(word.end, |w| word.start + w.end)
}

/// Line ends and page ends become blanks.
fn flat(between: &str) -> String {
    let mut out = String::new();
    for c in between.chars() {
        match c {
            c if c.is_whitespace() || c.is_control() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c => out.push(c),
        }
    }
    out
}

fn hits(text: &str, word: Wort<'_>, conditions: &[Bedingung], worte: &Worte) -> bool {
    hit_length(text, word, conditions, worte).is_some()
}

/// How many words, beginning with this one, fulfil a condition.
fn hit_length(text: &str, word: Wort<'_>, conditions: &[Bedingung], worte: &Worte) -> Option<usize> {
    let key = worte.key(word.text);
    conditions
        .iter()
        .filter_map(|condition| match condition {
            Bedingung::Stamm(s) => (key.stamm == *s || key.teile.contains(s)).then_some(1),
            Bedingung::Anfang(a) => key.wort.starts_with(a.as_str()).then_some(1),
            Bedingung::Folge(folge) => {
                let fits = folge.first() == Some(&key.wort)
                    && words(&text[word.start..])
                        .map(|w| worte.key(w.text).wort.clone())
                        .take(folge.len())
                        .eq(folge.iter().cloned());
                fits.then_some(folge.len())
            }
        })
        .max()
}

#[cfg(test)]
mod tests {
    use super::{super::anfrage::Ausdruck, *};

    fn cut_for(text: &str, query: &str) -> (String, Option<u32>) {
        let worte = Worte::new([]);
        let (pieces, page) = cut(text, &Ausdruck::parse(query, &worte).mit, &worte);
        let shown = pieces.iter().map(|(t, hit)| if *hit { format!("[{t}]") } else { t.clone() }).collect();
        (shown, page)
    }

    #[test]
    fn hits_are_marked_with_their_page() {
        let text = "Deckblatt\u{c}Das Tiefbauamt\nantwortet der Straßenmeisterei.";
        assert_eq!(
            cut_for(text, "Amt"),
            ("Deckblatt Das [Tiefbauamt] antwortet der Straßenmeisterei.".into(), Some(2))
        );
        assert_eq!(
            cut_for(text, "\"antwortet der\"").0,
            "Deckblatt Das Tiefbauamt [antwortet] [der] Straßenmeisterei."
        );
        assert_eq!(cut_for(text, "Kanal"), ("Deckblatt Das Tiefbauamt antwortet der Straßenmeisterei.".into(), None));
    }

    #[test]
    fn long_texts_are_cut() {
        let text = format!("{} Kanal {}", "vorher ".repeat(500), "nachher ".repeat(500));
        let (shown, page) = cut_for(&text, "Kanal");
        assert!(shown.starts_with("… vorher") && shown.ends_with("nachher …") && shown.contains("[Kanal]"));
        assert!(shown.split_whitespace().count() <= INSGESAMT + 2);
        assert_eq!(page, Some(1));
    }
}

// SPDX-License-Identifier: EUPL-1.2
//! "Meinten Sie": a spelling near the typed one that hits something this person may see.

use service_platform::{args, db::DbError, statements};

use super::{
    Gestellt,
    anfrage::Ausdruck,
    worte::{Worte, fold},
};

/// Words of the record that are compared, and suggestions that are tried.
const KANDIDATEN: i64 = 5000;
const VERSUCHE: usize = 5;

statements! {
    NAHE = "SELECT wort, form FROM akten_wort WHERE wort >= $1 AND wort < $2 AND length(wort) >= $3 AND length(wort) <= $4 LIMIT $5";
}

/// The query with one word replaced; only spellings that give visible hits, so a suggestion tells nothing foreign.
pub(super) async fn suggest(
    gestellt: &Gestellt<'_>,
    ausdruck: &Ausdruck,
    worte: &Worte,
) -> Result<Option<String>, DbError> {
    for typed in &ausdruck.getippt {
        let word = fold(typed);
        if word.len() < 4 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
            continue;
        }
        let far = if word.len() < 6 { 1 } else { 2 };
        let length = word.len() as i64;
        let from = &word[..1];
        let args = args![from, format!("{from}~"), length - far as i64, length + far as i64, KANDIDATEN];
        let known: Vec<(String, String)> = gestellt.db.all(&NAHE, args).await?;
        let mut near: Vec<(usize, String)> = known
            .into_iter()
            .filter_map(|(w, form)| Some((distance(&word, &w, far)?, form)))
            .filter(|(d, _)| *d > 0)
            .collect();
        near.sort();
        for (_, form) in near.into_iter().take(VERSUCHE) {
            let text = gestellt.anfrage.text.replacen(typed.as_str(), &form, 1);
            if !gestellt.rows(&Ausdruck::parse(&text, worte), 1, 0).await?.is_empty() {
                return Ok(Some(text));
            }
        }
    }
    Ok(None)
}

/// Insertions, deletions, replacements and swaps of neighbours between two ASCII words; `None` above `far`.
fn distance(a: &str, b: &str, far: usize) -> Option<usize> {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = match (i, j) {
                (0, j) => j,
                (i, 0) => i,
                (i, j) => {
                    let change = usize::from(a[i - 1] != b[j - 1]);
                    let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + change);
                    if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                        best = best.min(rows[i - 2][j - 2] + 1);
                    }
                    best
                }
            };
        }
    }
    Some(rows[a.len()][b.len()]).filter(|d| *d <= far)
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn slips_of_the_keyboard_are_near() {
        assert_eq!(distance("kanal", "kanla", 2), Some(1));
        assert_eq!(distance("gebur", "gebuhr", 2), Some(1));
        assert_eq!(distance("strasse", "strase", 2), Some(1));
        assert_eq!(distance("kanal", "strasse", 2), None);
    }
}

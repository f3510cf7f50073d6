// SPDX-License-Identifier: EUPL-1.2
//! Writing the index: a document's text becomes tokens once, here, the same for both databases.

use std::collections::{BTreeMap, BTreeSet};

use nachrichten::DokumentId;
use service_platform::{
    args,
    db::{DbError, Tx},
    statements,
};

use super::worte::{Worte, words};

/// A token every document has, so that "all but" can be asked.
pub const ALLE: &str = "xalle";
/// Keeps phrases from running from one field into the next.
const LUECKE: &str = "xende";
/// Words beyond are not found as phrases; PostgreSQL keeps positions only up to 16,383.
const WORTE: usize = 40_000;
/// Different stems beyond are not found; a limit of PostgreSQL's `tsvector` (1 MiB).
const STAEMME: usize = 50_000;
/// Stored text beyond is not shown in results.
const TEXT: usize = 2_000_000;

statements! {
    ORT = "INSERT INTO akten_ort (objekt) SELECT ort_objekt FROM akten_dokument WHERE id = $1 \
        AND NOT EXISTS (SELECT 1 FROM akten_ort o WHERE o.objekt = akten_dokument.ort_objekt) ON CONFLICT DO NOTHING";
    FACH = "INSERT INTO akten_fach (art, amt) SELECT coalesce(d.dokumentart, ''), coalesce(a.amt, '') FROM akten_dokument d \
        LEFT JOIN akten_akte a ON a.id = d.akte WHERE d.id = $1 \
        AND NOT EXISTS (SELECT 1 FROM akten_fach f WHERE f.art = coalesce(d.dokumentart, '') AND f.amt = coalesce(a.amt, '')) ON CONFLICT DO NOTHING";
    ZEILE = "INSERT INTO akten_suche (ort, fach, tag, dokument) SELECT o.nr, f.nr, CAST(replace(d.zugang, '-', '') AS BIGINT), d.id \
        FROM akten_dokument d LEFT JOIN akten_akte a ON a.id = d.akte JOIN akten_ort o ON o.objekt = d.ort_objekt \
        JOIN akten_fach f ON f.art = coalesce(d.dokumentart, '') AND f.amt = coalesce(a.amt, '') WHERE d.id = $1 \
        ON CONFLICT (dokument) DO UPDATE SET ort = excluded.ort, fach = excluded.fach, tag = excluded.tag RETURNING nr";
    pub VOLLTEXT_WEG = "DELETE FROM akten_volltext WHERE rowid = $1" => "DELETE FROM akten_volltext WHERE nr = $1";
    pub VOLLTEXT = "INSERT INTO akten_volltext (rowid, tokens) VALUES ($1, $2)"
        => "INSERT INTO akten_volltext (nr, tokens) VALUES ($1, to_tsvector('simple', $2))";
    pub TEXT_SETZEN = "INSERT INTO akten_text (dokument, text) VALUES ($1, $2) ON CONFLICT (dokument) DO UPDATE SET text = excluded.text";
    TEXT_LESEN = "SELECT t.text, d.titel, d.name, coalesce(d.aktenzeichen, ''), coalesce(a.titel, ''), coalesce(v.titel, '') \
        FROM akten_dokument d LEFT JOIN akten_text t ON t.dokument = d.id LEFT JOIN akten_akte a ON a.id = d.akte \
        LEFT JOIN akten_vorgang v ON v.id = d.vorgang WHERE d.id = $1";
    pub WOERTER = "INSERT INTO akten_wort (wort, form) SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each($1) WHERE true ON CONFLICT DO NOTHING"
        => "INSERT INTO akten_wort (wort, form) SELECT value->>0, value->>1 FROM json_array_elements($1::json) WHERE true ON CONFLICT DO NOTHING";
}

/// What the full text of a document holds.
pub struct Tokens {
    pub tokens: String,
    /// Folded word and its spelling, sorted, for [`WOERTER`].
    pub woerter: BTreeMap<String, String>,
}

/// Tokens of the fields of one document.
pub fn tokens(worte: &Worte, fields: &[&str]) -> Tokens {
    let mut out = String::with_capacity(fields.iter().map(|f| f.len()).sum::<usize>() * 2);
    let (mut stems, mut woerter) = (BTreeSet::new(), BTreeMap::new());
    let mut count = 0;
    for field in fields {
        let mut previous: Option<(usize, &str)> = None;
        for word in words(field) {
            let key = worte.key(word.text);
            if count < WORTE {
                out.push('w');
                out.push_str(&key.wort);
                out.push(' ');
            }
            count += 1;
            if stems.len() < STAEMME {
                stems.insert(key.stamm.clone());
                stems.extend(key.teile.iter().cloned());
                // A word cut at the end of a line counts as one.
                if let Some((end, head)) = previous
                    && matches!(&field[end..word.start], "-\n" | "-\r\n")
                    && word.text.starts_with(char::is_lowercase)
                {
                    let whole = worte.key(&format!("{head}{}", word.text));
                    stems.insert(whole.stamm.clone());
                    stems.extend(whole.teile.iter().cloned());
                }
            }
            if (4..=30).contains(&key.wort.len())
                && key.wort.bytes().all(|b| b.is_ascii_lowercase())
                && !woerter.contains_key(&key.wort)
            {
                woerter.insert(key.wort.clone(), word.text.to_owned());
            }
            previous = Some((word.end, word.text));
        }
        out.push_str(LUECKE);
        out.push(' ');
    }
    out.push_str(ALLE);
    for stem in stems {
        out.push_str(" s");
        out.push_str(&stem);
    }
    Tokens { tokens: out, woerter }
}

/// Keeps the text for results; cut at a character.
pub fn stored(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT)]
}

/// Brings the small numbers of a document up to date; returns its place in the index.
pub async fn zeile(tx: &mut Tx, dokument: DokumentId) -> Result<i64, DbError> {
    tx.execute(&ORT, args![dokument]).await?;
    tx.execute(&FACH, args![dokument]).await?;
    let (nr,) = tx.one(&ZEILE, args![dokument]).await?;
    Ok(nr)
}

/// Writes a document into the index anew, in the transaction that changed it.
pub async fn write(tx: &mut Tx, worte: &Worte, dokument: DokumentId, text: Option<&str>) -> Result<(), DbError> {
    if let Some(text) = text {
        // PostgreSQL has no NUL in a text.
        tx.execute(&TEXT_SETZEN, args![dokument, stored(text).replace('\0', " ")]).await?;
    }
    let nr = zeile(tx, dokument).await?;
    let fields: Felder = tx.one(&TEXT_LESEN, args![dokument]).await?;
    let text = fields.text.unwrap_or_default();
    let made =
        tokens(worte, &[&fields.titel, &fields.name, &fields.aktenzeichen, &fields.akte, &fields.vorgang, &text]);
    tx.execute(&VOLLTEXT_WEG, args![nr]).await?;
    tx.execute(&VOLLTEXT, args![nr, made.tokens]).await?;
    let woerter: Vec<_> = made.woerter.into_iter().collect();
    tx.execute(&WOERTER, args![serde_json::json!(woerter)]).await?;
    Ok(())
}

struct Felder {
    text: Option<String>,
    titel: String,
    name: String,
    aktenzeichen: String,
    akte: String,
    vorgang: String,
}
service_platform::from_row!(Felder { text, titel, name, aktenzeichen, akte, vorgang });

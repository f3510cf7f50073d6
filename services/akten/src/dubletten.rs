// SPDX-License-Identifier: EUPL-1.2
//! Duplicate check of invoices: same seller, number and amount. A finding, never an act.

use nachrichten::{Betrag, DokumentId, Tag, akten::Dublette, rechnung::RechnungsFakten};
use service_platform::{args, db::Tx, statements};

use crate::{AktenError, lock, suche::worte::fold};

statements! {
    MERKEN = "INSERT INTO akten_rechnung (dokument, nummer, betrag, steuer, name) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (dokument) DO UPDATE SET nummer = excluded.nummer, betrag = excluded.betrag, steuer = excluded.steuer, name = excluded.name";
    VERGESSEN = "DELETE FROM akten_rechnung WHERE dokument = $1";
    GLEICHE = "SELECT d.id, d.zugang, d.stand, d.aktenzeichen FROM akten_rechnung r JOIN akten_dokument d ON d.id = r.dokument \
        WHERE r.nummer = $1 AND r.betrag = $2 AND r.dokument <> $3 AND ((r.steuer = $4 AND $4 <> '') OR (r.name = $5 AND $5 <> '')) \
        ORDER BY d.erfasst, d.id LIMIT 20";
}

/// The key of an invoice; empty parts never match.
#[derive(Debug, PartialEq, Eq)]
pub struct Schluessel {
    pub nummer: String,
    pub betrag: String,
    pub steuer: String,
    pub name: String,
}

/// Letters and digits only, capital; so that `DE 123.456` equals `DE123456`.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// The seller's name without its legal form.
fn name(text: &str) -> String {
    const FORMEN: &[&str] =
        &["gmbh", "mbh", "ag", "kg", "ohg", "gbr", "ug", "co", "e", "k", "ev", "eg", "se", "und", "inh"];
    let words = crate::suche::worte::words(text).map(|w| fold(w.text)).filter(|w| !FORMEN.contains(&w.as_str()));
    words.collect()
}

impl Schluessel {
    /// `None` when number, amount or seller are missing.
    pub fn of(fakten: &RechnungsFakten) -> Option<Self> {
        let betrag: Betrag = fakten.brutto.as_ref().or(fakten.zahlbetrag.as_ref())?.parse().ok()?;
        let key = Self {
            nummer: plain(fakten.nummer.as_deref()?),
            betrag: betrag.normalize().to_string(),
            steuer: plain(fakten.lieferant_steuer.as_deref().unwrap_or_default()),
            name: name(fakten.lieferant.as_deref().unwrap_or_default()),
        };
        let seller = !key.steuer.is_empty() || !key.name.is_empty();
        (seller && !key.nummer.is_empty()).then_some(key)
    }
}

/// Keeps the key of this invoice and finds the others that have it, oldest first.
pub async fn check(tx: &mut Tx, dokument: DokumentId, fakten: &RechnungsFakten) -> Result<Vec<Dublette>, AktenError> {
    let Some(key) = Schluessel::of(fakten) else {
        tx.execute(&VERGESSEN, args![dokument]).await?;
        return Ok(Vec::new());
    };
    lock(tx, &format!("rechnung:{}", key.nummer)).await?;
    tx.execute(&MERKEN, args![dokument, &key.nummer, &key.betrag, &key.steuer, &key.name]).await?;
    let same: Vec<(DokumentId, Tag, String, Option<String>)> =
        tx.all(&GLEICHE, args![key.nummer, key.betrag, dokument, key.steuer, key.name]).await?;
    let nummer = fakten.nummer.as_deref().unwrap_or_default();
    Ok(same
        .into_iter()
        .map(|(dokument, zugang, stand, az)| {
            let ort = match az {
                Some(az) => format!("abgelegt unter {az}"),
                None if stand == "abgelegt" => "abgelegt".to_owned(),
                None => "noch in Bearbeitung".to_owned(),
            };
            let text = format!("Rechnung {nummer} über denselben Betrag kam schon am {}, {ort}.", zugang.deutsch());
            Dublette { dokument, text }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn fakten(nummer: &str, name: &str, steuer: &str, brutto: &str) -> RechnungsFakten {
        let some = |t: &str| (!t.is_empty()).then(|| t.to_owned());
        RechnungsFakten {
            nummer: some(nummer),
            lieferant: some(name),
            lieferant_steuer: some(steuer),
            brutto: some(brutto),
            ..Default::default()
        }
    }

    #[test]
    fn spellings_of_one_invoice_are_one_key() {
        let a = Schluessel::of(&fakten("RE-2026/0815", "Müller Bau GmbH", "DE 123 456 789", "6228.80")).unwrap();
        let b = Schluessel::of(&fakten("re 2026 0815", "Mueller-Bau gmbh", "DE123456789", "6228.8")).unwrap();
        assert_eq!(a, b);
    }

    #[test]
    fn parts_that_are_missing_make_no_key() {
        assert_eq!(Schluessel::of(&fakten("", "A", "DE1", "1.00")), None);
        assert_eq!(Schluessel::of(&fakten("1", "", "", "1.00")), None);
        assert_eq!(Schluessel::of(&fakten("1", "A", "", "")), None);
    }
}

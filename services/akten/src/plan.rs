// SPDX-License-Identifier: EUPL-1.2
//! The Aktenplan row by row, within the transaction of an import ("eakte init import"). A unit is never deleted: closed,
//! its Akten stay and go on, and new ones are opened elsewhere.

use nachrichten::Tag;
use service_platform::{args, db::Tx, from_row, organisation::pflege::Satz, statements};

use crate::{AktenError, seed};

pub use crate::seed::set_grants;

statements! {
    EINHEITEN = "SELECT kennzeichen, titel, amt, aufbewahrung, aussonderung, gueltig_bis FROM akten_einheit ORDER BY kennzeichen";
}

struct Zeile {
    kennzeichen: String,
    titel: String,
    amt: String,
    aufbewahrung: Option<i64>,
    aussonderung: String,
    gueltig_bis: Option<Tag>,
}
from_row!(Zeile { kennzeichen, titel, amt, aufbewahrung, aussonderung, gueltig_bis });

/// Whether new Akten may be opened in a unit that ends on this day (empty: never).
pub fn is_open(gueltig_bis: &str, today: Tag) -> bool {
    gueltig_bis.parse::<Tag>().map_or(gueltig_bis.is_empty(), |day| day >= today)
}

/// Every unit; its columns are title, office, years of retention, `A`/`B`/`V`, last day for new Akten.
pub async fn read(tx: &mut Tx, today: Tag) -> Result<Vec<Satz>, AktenError> {
    let rows: Vec<Zeile> = tx.all(&EINHEITEN, args![]).await?;
    let satz = |z: Zeile| {
        let bis = z.gueltig_bis.map(|t| t.to_string()).unwrap_or_default();
        let years = z.aufbewahrung.map(|y| y.to_string()).unwrap_or_default();
        let aktiv = is_open(&bis, today);
        Satz { schluessel: z.kennzeichen, werte: vec![z.titel, z.amt, years, z.aussonderung, bis], aktiv }
    };
    Ok(rows.into_iter().map(satz).collect())
}

/// Writes one unit as its [`Satz`] says; one that shall not be open and names no last day is closed from today on.
pub async fn write(tx: &mut Tx, satz: &Satz, today: Tag) -> Result<(), AktenError> {
    let text = |i: usize| satz.werte.get(i).cloned().unwrap_or_default();
    if !satz.aktiv && text(4).is_empty() {
        return seed::close(tx, &satz.schluessel, today).await;
    }
    let zeile = seed::Zeile {
        kennzeichen: satz.schluessel.clone(),
        titel: text(0),
        amt: text(1),
        aufbewahrung: text(2).parse().ok(),
        aussonderung: text(3),
        gueltig_bis: text(4).parse().ok(),
    };
    seed::enter(tx, &zeile, today).await
}

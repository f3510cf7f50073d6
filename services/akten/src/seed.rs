// SPDX-License-Identifier: EUPL-1.2
//! Aktenplan and standing grants from `workflows/tabellen/aktenplan.csv` and `organisation.json`.

use nachrichten::{Tag, Timestamp};
use serde::Deserialize;
use service_platform::{
    args,
    db::Tx,
    rechte::{self, Recht},
    statements,
};

use crate::{Akten, AktenError};

/// Source of the grants entered here: the handle to take them back.
const QUELLE: &str = "organisation";

statements! {
    EINHEIT = "INSERT INTO akten_einheit (kennzeichen, titel, amt, aufbewahrung, aussonderung, gueltig_ab, gueltig_bis) VALUES ($1, $2, $3, $4, $5, $6, $7) \
        ON CONFLICT (kennzeichen) DO UPDATE SET gueltig_bis = excluded.gueltig_bis, titel = excluded.titel, amt = excluded.amt, aufbewahrung = excluded.aufbewahrung, aussonderung = excluded.aussonderung";
    ALLE_EINHEITEN = "SELECT kennzeichen, titel, amt FROM akten_einheit ORDER BY kennzeichen";
    SCHLIESSEN = "UPDATE akten_einheit SET gueltig_bis = $2 WHERE kennzeichen = $1 AND gueltig_bis IS NULL";
    AEMTER_LEEREN = "DELETE FROM akten_amt";
    AMT = "INSERT INTO akten_amt (amt, subjekt, recht) VALUES ($1, $2, $3) ON CONFLICT (amt, subjekt) DO NOTHING";
}

/// What was entered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gesetzt {
    /// Units of the Aktenplan.
    pub einheiten: usize,
    /// Standing grants.
    pub rechte: usize,
}

/// The parts of `organisation.json` that grants come from.
#[derive(Debug, Deserialize)]
struct Organisation {
    aemter: Vec<Amt>,
    #[serde(default)]
    gruppen: Vec<Gruppe>,
}

#[derive(Debug, Deserialize)]
struct Amt {
    nummer: String,
}

#[derive(Debug, Deserialize)]
struct Gruppe {
    name: String,
}

/// A line of the Aktenplan; further columns are optional.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Zeile {
    pub kennzeichen: String,
    pub titel: String,
    pub amt: String,
    pub aufbewahrung: Option<i64>,
    pub aussonderung: String,
    /// The last day on which new Akten are opened here.
    pub gueltig_bis: Option<Tag>,
}

/// Reads `Kennzeichen;Titel;Amt[;Aufbewahrung[;Aussonderung[;Gueltig_bis]]]`; cells may stand in quotes.
fn read_plan(csv: &str) -> Result<Vec<Zeile>, AktenError> {
    let mut lines = csv.lines().map(|l| l.trim_start_matches('\u{feff}')).filter(|l| !l.trim().is_empty());
    let head: Vec<String> = cells(lines.next().unwrap_or_default()).iter().map(|c| c.to_lowercase()).collect();
    let column = |name: &str| head.iter().position(|c| c == name);
    let (Some(kennzeichen), Some(titel), Some(amt)) = (column("kennzeichen"), column("titel"), column("amt")) else {
        return Err(AktenError::Message("aktenplan.csv needs Kennzeichen;Titel;Amt".into()));
    };
    lines
        .map(|line| {
            let cells = cells(line);
            let cell = |index: Option<usize>| index.and_then(|i| cells.get(i)).cloned().unwrap_or_default();
            let zeile = Zeile {
                kennzeichen: cell(Some(kennzeichen)),
                titel: cell(Some(titel)),
                amt: cell(Some(amt)),
                aufbewahrung: cell(column("aufbewahrung")).parse().ok(),
                aussonderung: Some(cell(column("aussonderung")))
                    .filter(|a| !a.is_empty())
                    .unwrap_or_else(|| "B".into()),
                gueltig_bis: match cell(column("gueltig_bis")).as_str() {
                    "" => None,
                    day => Some(day.parse().map_err(|_| AktenError::Message(format!("aktenplan.csv: {line}")))?),
                },
            };
            if zeile.kennzeichen.is_empty() || zeile.titel.is_empty() || zeile.amt.is_empty() {
                return Err(AktenError::Message(format!("aktenplan.csv: {line}")));
            }
            Ok(zeile)
        })
        .collect()
}

fn cells(line: &str) -> Vec<String> {
    let (mut out, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ';' if !quoted => out.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    out.push(cell);
    out.into_iter().map(|c| c.trim().to_owned()).collect()
}

/// Groups of an office and what they may do in its units: `Sachbearbeitung-66`, `Feststellung-66`, ...
fn groups_of(gruppen: &[&str], amt: &str) -> Vec<(String, Recht)> {
    let mut groups = vec![(format!("gruppe:Sachbearbeitung-{amt}"), Recht::Bearbeiten)];
    for gruppe in gruppen {
        let recht = match gruppe.strip_suffix(amt).and_then(|g| g.strip_suffix('-')) {
            Some("Anordnung" | "Amtsleitung") => Recht::Zeichnen,
            Some(_) => Recht::Bearbeiten,
            None => continue,
        };
        groups.push((format!("gruppe:{gruppe}"), recht));
    }
    groups
}

/// Grants that do not depend on an office. None names `korb:neu`: what was not looked at yet is nobody's.
const FEST: &[(&str, &str, Recht)] = &[
    ("gruppe:Poststelle", "korb:poststelle", Recht::Bearbeiten),
    ("gruppe:Poststelle", "korb:klaerung", Recht::Bearbeiten),
    ("gruppe:Klaerung", "korb:klaerung", Recht::Bearbeiten),
    ("gruppe:Klaerung", "korb:poststelle", Recht::Bearbeiten),
    ("gruppe:Klaerung", "korb:quarantaene", Recht::Bearbeiten),
    ("gruppe:Vorsortierung", "korb:vorsortierung", Recht::Bearbeiten),
    ("gruppe:Vertraulich", "korb:vertraulich", Recht::Bearbeiten),
    ("rolle:Revision", "mandant", Recht::Sehen),
];

impl Akten {
    /// Enters units, offices and standing grants; again gives the same, and takes back what is no longer there.
    ///
    /// # Errors
    /// [`AktenError::Message`] when a file has not its form.
    pub async fn seed(&self, aktenplan_csv: &str, organisation_json: &str) -> Result<Gesetzt, AktenError> {
        let plan = read_plan(aktenplan_csv)?;
        let organisation: Organisation = serde_json::from_str(organisation_json)
            .map_err(|e| AktenError::Message(format!("organisation.json: {e}")))?;
        let today = self.clock.now().tag();
        let mut tx = self.db.begin().await?;
        for zeile in &plan {
            enter(&mut tx, zeile, today).await?;
        }
        // A unit that the plan has no more is closed: its Akten stay, are seen and go on; new ones are opened elsewhere.
        let known: Vec<(String, String, String)> = tx.all(&ALLE_EINHEITEN, args![]).await?;
        for (kennzeichen, ..) in known.iter().filter(|k| plan.iter().all(|z| z.kennzeichen != k.0)) {
            close(&mut tx, kennzeichen, today).await?;
        }
        let aemter: Vec<&str> = organisation.aemter.iter().map(|a| a.nummer.as_str()).collect();
        let gruppen: Vec<&str> = organisation.gruppen.iter().map(|g| g.name.as_str()).collect();
        let rechte = set_grants(&mut tx, &aemter, &gruppen).await?;
        tx.commit().await?;
        Ok(Gesetzt { einheiten: plan.len(), rechte })
    }
}

pub(crate) async fn enter(tx: &mut Tx, zeile: &Zeile, today: Tag) -> Result<(), AktenError> {
    let values = args![
        &zeile.kennzeichen,
        &zeile.titel,
        &zeile.amt,
        zeile.aufbewahrung,
        &zeile.aussonderung,
        today,
        zeile.gueltig_bis
    ];
    tx.execute(&EINHEIT, values).await?;
    Ok(())
}

/// New Akten are opened elsewhere from today on.
pub(crate) async fn close(tx: &mut Tx, kennzeichen: &str, today: Tag) -> Result<(), AktenError> {
    tx.execute(&SCHLIESSEN, args![kennzeichen, today.plus_tage(-1)]).await?;
    Ok(())
}

/// Makes the standing grants anew: of these offices and groups on every unit of the plan, closed ones too. Returns how many.
pub async fn set_grants(tx: &mut Tx, aemter: &[&str], gruppen: &[&str]) -> Result<usize, AktenError> {
    rechte::revoke(tx, QUELLE).await?;
    tx.execute(&AEMTER_LEEREN, args![]).await?;
    for amt in aemter {
        for (subjekt, recht) in groups_of(gruppen, amt) {
            tx.execute(&AMT, args![*amt, subjekt, recht as i64]).await?;
        }
    }
    let mut rechte = 0;
    let units: Vec<(String, String, String)> = tx.all(&ALLE_EINHEITEN, args![]).await?;
    for (kennzeichen, titel, amt) in &units {
        rechte += grants(tx, kennzeichen, titel, amt, gruppen).await?;
    }
    for (subjekt, objekt, recht) in FEST {
        rechte::grant(tx, subjekt, objekt, *recht, Timestamp(0), QUELLE).await?;
        rechte += 1;
    }
    Ok(rechte)
}

/// The standing grants on one unit; returns how many.
async fn grants(tx: &mut Tx, kennzeichen: &str, titel: &str, amt: &str, gruppen: &[&str]) -> Result<usize, AktenError> {
    let mut groups = groups_of(gruppen, amt);
    if titel.contains("Gemeinderat") {
        groups.push(("gruppe:Geschaeftsstelle".into(), Recht::Bearbeiten));
    }
    for (subjekt, recht) in &groups {
        rechte::grant(tx, subjekt, &format!("einheit:{kennzeichen}"), *recht, Timestamp(0), QUELLE).await?;
    }
    Ok(groups.len())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_plan_is_read() {
        let plan = read_plan(
            "\u{feff}Kennzeichen;Titel;Amt;Aufbewahrung\n66.10;\"Straßen; Wege\";66;10\n\n20.10;Haushalt;20;\n",
        )
        .unwrap();
        assert_eq!(plan.len(), 2);
        assert_eq!((plan[0].titel.as_str(), plan[0].aufbewahrung), ("Straßen; Wege", Some(10)));
        assert_eq!((plan[1].amt.as_str(), plan[1].aufbewahrung, plan[1].aussonderung.as_str()), ("20", None, "B"));
        assert!(read_plan("a;b\n1;2").is_err());
        assert!(read_plan("Kennzeichen;Titel;Amt\n66.10;;66").is_err());
    }
}

// SPDX-License-Identifier: EUPL-1.2
//! What an operator does to one running process; each act needs a reason.

use axum::{
    extract::Path,
    response::{IntoResponse, Redirect},
};
use nachrichten::{InstanceId, Werte, ablaeufe::Eingriff, fehler::Fehler};

use super::id;
use crate::{format, rahmen::Ctx, schutz::Seite, sitzung::Felder};

fn lesen(felder: &Felder) -> Result<Eingriff, Fehler> {
    let fehlt = |text: &str| Fehler::new("E7006", 422, text.to_owned(), "operator form incomplete");
    Ok(match felder.get("art") {
        "anhalten" => Eingriff::Anhalten,
        "fortsetzen" => Eingriff::Fortsetzen,
        "abbrechen" => Eingriff::Abbrechen,
        "schritt_abbrechen" => {
            let schritt = felder.get("schritt").parse().map_err(|_| fehlt("Wählen Sie den Schritt aus, der endet."))?;
            Eingriff::SchrittAbbrechen { schritt }
        }
        "schritt_erledigen" => {
            let schritt =
                felder.get("schritt").parse().map_err(|_| fehlt("Wählen Sie den Schritt aus, der erledigt ist."))?;
            let mut werte = Werte::new();
            if !felder.get("name").is_empty() {
                werte.insert(felder.get("name").to_owned(), format::wert(felder.get("wert")));
            }
            Eingriff::SchrittErledigen { schritt, werte }
        }
        "schritt_starten" => match felder.get("element") {
            "" => return Err(fehlt("Wählen Sie den Schritt aus, der beginnt.")),
            element => Eingriff::SchrittStarten { element: element.to_owned() },
        },
        "variable" => match felder.get("name") {
            "" => return Err(fehlt("Nennen Sie die Variable.")),
            name => Eingriff::VariableSetzen { name: name.to_owned(), wert: format::wert(felder.get("wert")) },
        },
        _ => return Err(fehlt("Wählen Sie aus, was geschehen soll.")),
    })
}

pub async fn eingreifen(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let ablauf: InstanceId = id(&wert)?;
    let eingriff = lesen(&felder)?;
    ctx.app.ablaeufe.eingreifen(&ctx.ich.actor, ablauf, eingriff, felder.get("grund")).await?;
    Ok(Redirect::to(&format!("/ablaeufe/{ablauf}?meldung=eingriff")).into_response())
}

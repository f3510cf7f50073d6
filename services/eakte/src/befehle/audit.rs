// SPDX-License-Identifier: EUPL-1.2
//! `eakte audit verify`.

use super::{Ende, open, runtime};
use crate::{ausgabe, cli::Ort, exit};

pub fn verify(ort: &Ort, json: bool) -> Ende {
    runtime()?.block_on(async {
        let app = open(ort).await?;
        let report = service_platform::audit::verify(&app.db).await.map_err(|error| {
            ausgabe::say(&format!("Das Protokoll ist nicht lesbar: {error}"));
            exit::FAILED
        })?;
        app.stop().await;
        if json {
            ausgabe::json(&report);
        } else {
            ausgabe::line(&format!(
                "{} Einträge in {} Ketten, {} Siegel, {} Brüche",
                report.entries,
                report.chains,
                report.seals,
                report.breaks.len()
            ));
            report.breaks.iter().for_each(|b| ausgabe::line(&format!("  {b}")));
        }
        Ok(if report.breaks.is_empty() { exit::OK } else { exit::FAILED })
    })
}

// SPDX-License-Identifier: EUPL-1.2
//! `eakte init`: the first use of a city. Without a command below it the wizard ([`einrichten`]); then the organisation
//! ([`import`]), separator sheets, and the training Mandant ([`uebung`]).

mod einrichten;
mod import;
mod uebung;

use std::{io::Write as _, path::Path};

use service_portal::trennblatt::{Auswahl, blaetter, pdf};

use super::{Ende, open, runtime, write};
use crate::{
    ausgabe,
    cli::{InitArgs, InitBefehl, Ort, UebungBefehl},
    einrichtung::tabellen::{TABELLEN, vorlage},
    exit,
};

pub use einrichten::STATEMENTS;

pub fn run(args: InitArgs) -> Ende {
    match args.befehl {
        None => einrichten::run(&args),
        Some(InitBefehl::Import { pfade, check, fehlende_schliessen, ort }) => {
            import::run(&pfade, check, fehlende_schliessen, &ort)
        }
        Some(InitBefehl::Vorlagen { dir }) => vorlagen(&dir),
        Some(InitBefehl::Trennblaetter { output, amt, art, aktenzeichen, vertraulich, ort }) => {
            trennblaetter(&Auswahl { amt, dokumentart: art, aktenzeichen, vertraulich }, &output, &ort)
        }
        Some(InitBefehl::Uebung(UebungBefehl::Zuruecksetzen { ja, ort })) => uebung::reset(ja, &ort),
    }
}

fn failed(text: &str) -> u8 {
    ausgabe::say(text);
    exit::FAILED
}

/// Writes each template that is not there.
fn vorlagen(dir: &Path) -> Ende {
    std::fs::create_dir_all(dir)
        .map_err(|e| failed(&format!("Der Ordner {} lässt sich nicht anlegen: {e}", dir.display())))?;
    for tabelle in TABELLEN {
        let path = dir.join(tabelle.datei);
        match std::fs::File::options().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                file.write_all(vorlage(tabelle).as_bytes())
                    .map_err(|e| failed(&format!("{} lässt sich nicht schreiben: {e}", path.display())))?;
                ausgabe::line(&format!("{} geschrieben", path.display()));
            }
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
                ausgabe::line(&format!("{} gibt es schon, sie bleibt", path.display()));
            }
            Err(e) => return Err(failed(&format!("{} lässt sich nicht schreiben: {e}", path.display()))),
        }
    }
    ausgabe::line(&format!(
        "Füllen Sie die Dateien in Ihrem Tabellenprogramm. Danach: eakte init import {} --check",
        dir.display()
    ));
    Ok(exit::OK)
}

fn trennblaetter(auswahl: &Auswahl, output: &Path, ort: &Ort) -> Ende {
    runtime()?.block_on(async {
        let app = open(ort).await?;
        let options = app.portal.clone();
        app.stop().await;
        if let Some(art) = Some(&auswahl.dokumentart).filter(|a| !a.is_empty())
            && !options.dokumentarten.iter().any(|(wert, _)| wert == art)
        {
            let known: Vec<&str> = options.dokumentarten.iter().map(|(w, _)| w.as_str()).collect();
            return Err(failed(&format!(
                "Die Dokumentart „{art}“ gibt es nicht. Dokumentarten: {}.",
                known.join(", ")
            )));
        }
        let sheets = blaetter(&options, auswahl);
        if sheets.is_empty() {
            return Err(failed(&match auswahl.amt.as_str() {
                "" => "Es sind noch keine Ämter eingelesen. Lesen Sie sie ein mit „eakte init import“.".to_owned(),
                amt => format!("Das Amt „{amt}“ gibt es nicht."),
            }));
        }
        let bytes = pdf(&sheets, &options.stadt, options.uebung)
            .map_err(|e| failed(&format!("Die Trennblätter ließen sich nicht erzeugen: {e}")))?;
        write(output, &bytes)?;
        let what =
            if sheets.len() == 1 { "1 Trennblatt".to_owned() } else { format!("{} Trennblätter", sheets.len()) };
        ausgabe::line(&format!("{what} in {}. Drucken Sie die Datei, ohne zu verkleinern.", output.display()));
        Ok(exit::OK)
    })
}

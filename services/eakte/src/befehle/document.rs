// SPDX-License-Identifier: EUPL-1.2
//! `eakte document show|get`.

use nachrichten::{DokumentId, dokumente::Dokumente as _, fehler::Fehler};
use serde_json::json;

use super::{Ende, open, runtime, write};
use crate::{ausgabe, cli::DocumentBefehl, exit};

fn id(text: &str) -> Result<DokumentId, u8> {
    text.parse().map_err(|_| {
        ausgabe::say(&format!("„{text}“ ist keine Dokumentnummer."));
        exit::USAGE
    })
}

fn told(error: Fehler) -> u8 {
    if error.status == 404 {
        ausgabe::say("Dieses Dokument oder diese Fassung gibt es nicht.");
    } else {
        ausgabe::say(&error.text.0);
    }
    exit::FAILED
}

pub fn run(befehl: DocumentBefehl) -> Ende {
    runtime()?.block_on(async {
        match befehl {
            DocumentBefehl::Show { id: text, ort, json } => {
                let id = id(&text)?;
                let app = open(&ort).await?;
                let d = app.akten.get(&app.cli, id).await.map_err(told)?;
                if json {
                    ausgabe::json(&d);
                } else {
                    ausgabe::line(&format!("{}  {}", d.id, d.titel));
                    ausgabe::line(&format!("Art: {}", d.dokumentart.as_deref().unwrap_or("unbekannt")));
                    ausgabe::line(&format!("Zugang: {}  Seiten: {}", d.zugang.deutsch(), d.seiten.len()));
                    let place = d.ablage.map_or_else(
                        || "noch nicht abgelegt".to_owned(),
                        |a| format!("{} › {} › {}", a.aktenzeichen, a.akte_titel, a.vorgang_titel),
                    );
                    ausgabe::line(&format!("Ablage: {place}"));
                    for r in d.renditionen {
                        ausgabe::line(&format!("  {:<14} {:<24} {:>10} Bytes", r.name, r.media_type, r.size));
                    }
                }
                app.stop().await;
            }
            DocumentBefehl::Get { id: text, rendition, output, ort, json } => {
                let id = id(&text)?;
                let app = open(&ort).await?;
                let content = app.akten.rendition(&app.cli, id, &rendition).await.map_err(told)?;
                match &output {
                    Some(file) => write(file, &content.bytes)?,
                    None if !json => ausgabe::bytes(&content.bytes),
                    None => {}
                }
                if json {
                    let hash = nachrichten::BlobHash::of(&content.bytes);
                    ausgabe::json(&json!({
                        "id": id, "rendition": rendition, "media_type": content.media_type,
                        "size": content.bytes.len(), "sha256": hash, "file": output,
                    }));
                }
                app.stop().await;
            }
        }
        Ok(exit::OK)
    })
}

// SPDX-License-Identifier: EUPL-1.2
//! `eakte webhook add|list|test|rotate|remove`: beside a running server too, which hears of it within two seconds.

use nachrichten::fehler::Fehler;
use serde_json::json;
use service_platform::webhook::{Stand, Webhook, bote::Antwort};

use super::{Ende, open, runtime};
use crate::{App, ausgabe, cli::WebhookBefehl, exit};

fn failed(error: Fehler) -> u8 {
    ausgabe::say(&error.text.0);
    exit::FAILED
}

pub fn run(befehl: WebhookBefehl) -> Ende {
    runtime()?.block_on(async {
        let (WebhookBefehl::Add { ort, .. }
        | WebhookBefehl::List { ort, .. }
        | WebhookBefehl::Test { ort, .. }
        | WebhookBefehl::Rotate { ort, .. }
        | WebhookBefehl::Remove { ort, .. }) = &befehl;
        let app = open(ort).await?;
        let done = carry_out(&app, &befehl).await;
        app.stop().await;
        done
    })
}

async fn carry_out(app: &App, befehl: &WebhookBefehl) -> Ende {
    let (hooks, cli) = (&app.webhooks, &app.cli);
    match befehl {
        WebhookBefehl::Add { name, url, typen, json, .. } => {
            let (id, secret) = hooks.anlegen(cli, name, url, typen).await.map_err(failed)?;
            let file = hooks.geheimnisse.datei(id);
            if *json {
                ausgabe::json(&json!({ "id": id, "name": name, "secret": secret, "file": file }));
            } else {
                ausgabe::line(&format!("Webhook „{name}“ eingetragen: {id}"));
                ausgabe::line(&format!("Geheimnis für die Gegenstelle, es erscheint nur jetzt: {secret}"));
                ausgabe::line(&format!("Es liegt hier in {}.", file.display()));
            }
        }
        WebhookBefehl::List { json, .. } => {
            let all = hooks.liste(cli).await.map_err(failed)?;
            if all.is_empty() && !*json {
                ausgabe::line("Kein Webhook eingetragen.");
            }
            for hook in all {
                zeigen(&hook, *json);
            }
        }
        WebhookBefehl::Test { name, json, .. } => {
            let (id, url) = hooks.nach_name(cli, name).await.map_err(failed)?;
            let answer = hooks.probieren(cli, id, &url).await.map_err(failed)?;
            let (taken, text) = match answer {
                Antwort::Genommen => (true, "Die Gegenstelle hat das Ereignis angenommen.".to_owned()),
                Antwort::Weg => (false, "Die Gegenstelle möchte keine Ereignisse mehr (Status 410).".to_owned()),
                Antwort::Fehler(text, _) => (false, text),
            };
            if *json {
                ausgabe::json(&json!({ "name": name, "taken": taken, "text": text }));
            } else {
                ausgabe::line(&text);
            }
            return if taken { Ok(exit::OK) } else { Err(exit::FAILED) };
        }
        WebhookBefehl::Rotate { name, finish, json, .. } => {
            let (id, _) = hooks.nach_name(cli, name).await.map_err(failed)?;
            if *finish {
                hooks.abschliessen(cli, id).await.map_err(failed)?;
                if *json {
                    ausgabe::json(&json!({ "id": id, "name": name, "finished": true }));
                } else {
                    ausgabe::line("Ab jetzt unterschreibt nur noch das neue Geheimnis.");
                }
                return Ok(exit::OK);
            }
            let secret = hooks.wechseln(cli, id).await.map_err(failed)?;
            if *json {
                ausgabe::json(&json!({ "id": id, "name": name, "secret": secret }));
            } else {
                ausgabe::line(&format!("Neues Geheimnis für die Gegenstelle, es erscheint nur jetzt: {secret}"));
                ausgabe::line("Bis die Gegenstelle es kennt, unterschreibt auch das alte.");
                ausgabe::line(&format!("Danach: eakte webhook rotate {name} --finish"));
            }
        }
        WebhookBefehl::Remove { name, json, .. } => {
            let (id, _) = hooks.nach_name(cli, name).await.map_err(failed)?;
            hooks.entfernen(cli, id).await.map_err(failed)?;
            if *json {
                ausgabe::json(&json!({ "id": id, "name": name, "removed": true }));
            } else {
                ausgabe::line(&format!("Webhook „{name}“ entfernt, auch sein Geheimnis und was noch zu senden war."));
            }
        }
    }
    Ok(exit::OK)
}

fn zeigen(hook: &Webhook, json: bool) {
    if json {
        return ausgabe::json(&json!({
            "id": hook.id, "name": hook.name, "url": hook.url, "types": hook.typen, "state": hook.stand.wort(),
            "waiting": hook.wartend, "delivered": hook.zugestellt, "failures": hook.versuche,
            "last_success": hook.letzter_erfolg, "next_try": hook.naechster, "error": hook.fehler,
        }));
    }
    let stand = match hook.stand {
        Stand::Aktiv if hook.versuche > 0 => format!("antwortet nicht, {} Versuche", hook.versuche),
        Stand::Aktiv => "aktiv".to_owned(),
        Stand::Gestoert => "gestört, wartet auf den Betrieb".to_owned(),
        Stand::Abgeschaltet => "abgeschaltet".to_owned(),
    };
    ausgabe::line(&format!(
        "{:<20} {:<44} {stand}; {} warten, {} zugestellt",
        hook.name, hook.url, hook.wartend, hook.zugestellt
    ));
    if let Some(text) = &hook.fehler {
        ausgabe::line(&format!("{:<20} {text}", ""));
    }
}

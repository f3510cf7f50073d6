// SPDX-License-Identifier: EUPL-1.2
//! A task: the document on one side, facts, form and buttons on the other.

use std::borrow::Cow;

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use nachrichten::{
    Betrag, TaskId, Werte,
    aufgaben::{AufgabeSeite, Erledigung},
    dokumente::Dokument,
    fehler::Fehler,
    wiedervorlage::Bezug,
};
use serde_json::Value;

use super::{
    aufgaben::{mahnung, nachbarn},
    beschluss,
    formularseite::zeile_dazu,
    id,
    sichten::{self, Blatt, DokSicht, SchrittSicht},
    wiedervorlagen,
    zahlung::{self, ZahlungSicht},
};
use crate::{
    arten::Art,
    beleg, format,
    formular::{self, FeldSicht, Formular, KnopfSicht, Meldungen, Quellen, als_text, an_pfad},
    rahmen::{Ctx, Rahmen, html},
    schutz::Seite,
    sitzung::Felder,
};

#[derive(Template)]
#[template(path = "aufgabe.html")]
struct AufgabenSeite {
    r: Rahmen,
    id: String,
    version: i64,
    schluessel: String,
    titel: String,
    schritt: String,
    gruppe: String,
    wer: String,
    liste: (&'static str, &'static str),
    stelle: String,
    vorige: Option<String>,
    naechste: Option<String>,
    dok: Option<DokSicht>,
    blatt: Option<Blatt>,
    beleg: String,
    ansichten: Vec<(String, &'static str, bool)>,
    vorlage: Vec<sichten::Fakt>,
    vorlage_text: Vec<String>,
    nichtoeffentlich: bool,
    frist: Option<format::Frist>,
    fassung: String,
    text_titel: &'static str,
    laufweg: bool,
    mahnung: String,
    einleitung: String,
    felder: Vec<FeldSicht>,
    selten: bool,
    anlass: Vec<(&'static str, String)>,
    inhalt: String,
    /// What a process of the city knows; its own form names nothing to look at.
    angaben: Vec<(String, String)>,
    zahlung: Vec<ZahlungSicht>,
    knoepfe: Vec<KnopfSicht>,
    fehler: Meldungen,
    warnung: String,
    sperre: String,
    erledigt: String,
    uebernehmbar: bool,
    meine: bool,
    bestaetigung: Option<Bestaetigung>,
    verlauf: Vec<SchrittSicht>,
    wiedervorlagen: Vec<wiedervorlagen::Zeile>,
    wv_neu: String,
    /// What a Wiedervorlage is about: an address of this site.
    bezug: String,
    ablauf: String,
}

/// The bar in place of the buttons: what will happen, and one button to do it.
struct Bestaetigung {
    name: String,
    label: String,
    text: String,
}

/// What the handler knows beside the task itself.
#[derive(Default)]
struct Zustand {
    entwurf: Option<Werte>,
    fehler: Meldungen,
    warnung: String,
    bestaetigen: Option<String>,
}

/// The task with everything its page and its check need.
struct Geladen {
    seite: AufgabeSeite,
    dokument: Option<Dokument>,
    variablen: Werte,
    form: Cow<'static, Formular>,
    summe: Option<Betrag>,
}

async fn laden(ctx: &Ctx, id: TaskId) -> Result<Geladen, Fehler> {
    let seite = ctx.app.aufgaben.get(&ctx.ich.actor, id).await?;
    let dokument = match seite.aufgabe.dokument {
        Some(d) => ctx.app.dokumente.get(&ctx.ich.actor, d).await.ok(),
        None => None,
    };
    let mut variablen = seite.variablen.clone();
    if let Some(value) = dokument.as_ref().and_then(|d| serde_json::to_value(d).ok()) {
        variablen.insert("_dokument".into(), value);
    }
    variablen.insert("_aufgabe".into(), Value::Object(seite.aufgabe.daten.clone()));
    let form = formular::laden(&seite.aufgabe.formular, &seite.felder);
    let paths = form.felder.iter().flat_map(|f| &f.summe);
    let summe = paths.filter_map(|p| an_pfad(&variablen, p)).find_map(|v| format::parse_betrag(&als_text(v)));
    Ok(Geladen { seite, dokument, variablen, form, summe })
}

pub async fn zeigen(ctx: Ctx, wert: String) -> Seite {
    let g = laden(&ctx, id(&wert)?).await?;
    antwort(&ctx, g, Zustand::default(), StatusCode::OK).await
}

async fn antwort(ctx: &Ctx, g: Geladen, z: Zustand, status: StatusCode) -> Seite {
    let a = &g.seite.aufgabe;
    let art = Art::von(&a.process, &a.element);
    let options = &ctx.app.options;
    let basis = format!("/aufgaben/{}", a.id);
    let (vorige, naechste, stelle) = nachbarn(ctx, a).await?;
    let invoice = match &g.dokument {
        Some(d) if d.renditionen.iter().any(|r| r.name == "invoice-html") => beleg::von(ctx, d).await,
        _ => String::new(),
    };
    let lesbar = !invoice.is_empty() && ctx.query("seite").is_empty() && ctx.query("ansicht") != "seiten";
    let blatt = match &g.dokument {
        Some(d) if !lesbar => sichten::blatt(ctx, d, ctx.query("seite").parse().unwrap_or(1), &basis).await,
        _ => None,
    };
    let has_pages = g.dokument.as_ref().is_some_and(|d| !d.seiten.is_empty());
    let ansichten = if invoice.is_empty() || !has_pages {
        Vec::new()
    } else {
        vec![
            (format!("{basis}?ansicht=lesbar"), "Lesbar", lesbar),
            (format!("{basis}?ansicht=seiten"), "Seitenbilder", !lesbar),
        ]
    };
    let plan = if g.form.felder.iter().any(|f| f.quelle.as_deref() == Some("aktenplan")) {
        ctx.app.dokumente.aktenplan(&ctx.ich.actor).await?
    } else {
        Vec::new()
    };
    let quellen = Quellen { options, aktenplan: &plan, stellen: &[] };
    let entwurf = z.entwurf.as_ref().unwrap_or(&g.seite.entwurf);
    let offen = a.erledigt.is_none() && g.seite.sperre.is_none();
    let (anlass, inhalt) = anlass(&a.daten);
    let bestaetigung =
        z.bestaetigen.as_ref().and_then(|name| g.form.knoepfe.iter().find(|k| k.name == *name)).map(|k| Bestaetigung {
            name: k.name.clone(),
            label: k.label.clone(),
            text: fuellen(&k.bestaetigen, &g, entwurf, k),
        });
    let (mut vorlage, vorlage_text, nichtoeffentlich) = beschluss::sicht(&g.variablen, &a.daten, &ctx.app.options);
    if art == Art::Wiedervorlage {
        vorlage.extend(a.daten.get("grund").map(|grund| ("Grund", als_text(grund))));
    }
    let felder = match offen {
        true => formular::sicht(&g.form, &g.variablen, entwurf, &z.fehler, &quellen, g.summe),
        false => Vec::new(),
    };
    let page = AufgabenSeite {
        id: a.id.to_string(),
        version: a.version,
        schluessel: ctx.app.ids.uuid().to_string(),
        titel: a.titel.clone(),
        schritt: a.name.clone(),
        gruppe: options.gruppe_name(&a.gruppe),
        wer: a.bearbeiter_name.clone().unwrap_or_default(),
        liste: (art.pfad(), art.label()),
        stelle,
        vorige,
        naechste,
        dok: g.dokument.as_ref().map(|d| sichten::dokument(d, options, ctx.heute())),
        blatt,
        beleg: if lesbar { invoice } else { String::new() },
        ansichten,
        vorlage,
        vorlage_text,
        nichtoeffentlich,
        fassung: g.seite.fassung.map(|f| f.to_string()).unwrap_or_default(),
        text_titel: if a.process == "niederschrift" { "Niederschrift" } else { "Beschlussvorschlag" },
        laufweg: g.variablen.get("laufweg").is_some_and(Value::is_array),
        frist: a.faellig.map(|t| format::frist(t, ctx.heute())),
        mahnung: mahnung(ctx, a).filter(|_| a.erledigt.is_none()).unwrap_or_default(),
        einleitung: g.form.einleitung.clone(),
        selten: felder.iter().any(|f| f.selten && zeigen_muss(f)),
        felder,
        anlass,
        inhalt,
        angaben: if formular::kennt(&a.formular) { Vec::new() } else { angaben(&g) },
        zahlung: zahlung::zeilen(&g.seite.variablen),
        knoepfe: if offen { formular::knoepfe(&g.form) } else { Vec::new() },
        fehler: z.fehler,
        warnung: z.warnung,
        sperre: g.seite.sperre.clone().filter(|_| a.erledigt.is_none()).unwrap_or_default(),
        erledigt: a
            .erledigt
            .map(|t| format!("Diese Aufgabe ist seit {} erledigt.", format::zeitpunkt(t)))
            .unwrap_or_default(),
        // Also what somebody else has taken, for their deputy: nothing else is open here then.
        uebernehmbar: offen && a.bearbeiter != Some(ctx.ich.actor.person),
        meine: offen && a.bearbeiter == Some(ctx.ich.actor.person),
        bestaetigung,
        verlauf: sichten::verlauf(&g.seite.verlauf, true),
        wiedervorlagen: wiedervorlagen::zu(ctx, Bezug::Aufgabe(a.id)).await,
        wv_neu: wiedervorlagen::neu_href(Bezug::Aufgabe(a.id)),
        bezug: match art {
            Art::Wiedervorlage => {
                a.daten.get("bezug").map(als_text).map(|b| crate::rahmen::eigene(&b)).unwrap_or_default()
            }
            _ => String::new(),
        },
        ablauf: a.ablauf.to_string(),
        r: ctx.rahmen(&format!("{} · {}", a.titel, art.label()), art.pfad(), art.hilfe()).await?,
    };
    Ok((status, html(&page)).into_response())
}

/// A rare field is folded up only while there is nothing in it that a person typed or has to mend.
fn zeigen_muss(f: &FeldSicht) -> bool {
    let proposed = f.vorschlag == "Vorschlag" || f.vorschlag.starts_with("Vorschlag, ");
    !f.fehler.is_empty() || (!f.wert.is_empty() && !proposed)
}

/// Why this task is here, from its facts: what came back, what was asked, what went wrong; and a file to look at.
fn anlass(daten: &Werte) -> (Vec<(&'static str, String)>, String) {
    let text = |name: &str| daten.get(name).map(als_text).filter(|t| !t.trim().is_empty());
    let labels = [("rueckgabe", "Zurückgegeben"), ("grund", "Grund"), ("kuerzung", "Gekürzt")];
    let amount = text("betrag").map(|b| format::betrag_text(&b, None)).unwrap_or_default();
    let line = |(name, label): (&str, &'static str)| match name {
        "kuerzung" => Some((label, format!("auf {amount}: {}", text(name)?))),
        _ => Some((label, text(name)?)),
    };
    let lines = labels.into_iter().filter_map(line).collect();
    (lines, text("inhalt").unwrap_or_default())
}

/// Plain values of the process, for a person who has to decide on them; those a field shows are left out.
fn angaben(g: &Geladen) -> Vec<(String, String)> {
    let shown = |name: &str| name.starts_with('_') || g.form.felder.iter().any(|f| f.name == name);
    let text = |v: &Value| Some(als_text(v)).filter(|t| !t.trim().is_empty());
    let all = g.variablen.iter().filter(|(name, _)| !shown(name));
    all.filter_map(|(name, v)| Some((name.clone(), text(v)?))).take(50).collect()
}

/// Fills the confirmation sentence with amount, payee and accounts.
fn fuellen(text: &str, g: &Geladen, entwurf: &Werte, knopf: &formular::Knopf) -> String {
    let summe = formular::teilbetrag(knopf, entwurf, g.summe).ok().flatten();
    let facts = g.dokument.as_ref().and_then(|d| d.fakten.as_ref());
    let waehrung = facts.and_then(|f| f.waehrung.as_deref());
    let unknown = || "unbekannt".to_owned();
    let accounts: Vec<String> = entwurf
        .get("kontierung")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|row| row.get("kostenstelle").map(als_text))
        .filter(|k| !k.is_empty())
        .collect();
    let field = |key: &str| an_pfad(&g.variablen, &format!("_dokument.vorschlag.felder.{key}")).map(als_text);
    text.replace("{betrag}", &summe.map_or_else(unknown, |b| format::betrag(b, waehrung)))
        .replace(
            "{lieferant}",
            &facts.and_then(|f| f.lieferant.clone()).or_else(|| field("sender")).unwrap_or_else(unknown),
        )
        .replace(
            "{iban}",
            &facts.and_then(|f| f.iban.clone()).or_else(|| field("iban")).map_or_else(unknown, |i| sichten::iban(&i)),
        )
        .replace(
            "{kostenstellen}",
            &if accounts.is_empty() { "keiner Kostenstelle".to_owned() } else { accounts.join(", ") },
        )
        .replace("{titel}", &g.seite.aufgabe.titel)
}

/// Days in the form that are past or on which the city does not work.
async fn keine_arbeitstage(ctx: &Ctx, form: &Formular, werte: &Werte) -> Result<Meldungen, Fehler> {
    let mut days = Vec::new();
    for (id, tag) in formular::arbeitstage(form, werte) {
        days.push((id, tag, ctx.app.wiedervorlagen.arbeitstag(tag).await?));
    }
    Ok(formular::keine_arbeitstage(days, ctx.heute()))
}

/// `POST /aufgaben/{id}`: a decision, or one more account line.
pub async fn entscheiden(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let g = laden(&ctx, id(&wert)?).await?;
    let (task, actor) = (g.seite.aufgabe.id, &ctx.ich.actor);
    let mut entwurf = formular::lesen(&g.form, &felder);
    if zeile_dazu(&g.form, felder.get("aktion"), &mut entwurf) {
        let anchor = &felder.get("aktion")["zeile-".len()..];
        ctx.app.aufgaben.draft(actor, task, entwurf).await?;
        return Ok(Redirect::to(&format!("/aufgaben/{task}#{anchor}")).into_response());
    }
    if felder.get("aktion") == "zeile" {
        for f in g.form.felder.iter().filter(|f| f.typ == formular::Typ::Kontierung) {
            if let Some(Value::Array(rows)) = entwurf.get_mut(&f.name) {
                rows.push(serde_json::json!({ "sachkonto": "", "kostenstelle": "", "betrag": "" }));
            }
        }
        ctx.app.aufgaben.draft(actor, task, entwurf).await?;
        return Ok(Redirect::to(&format!("/aufgaben/{task}#kontierung")).into_response());
    }
    let Some(knopf) = g.form.knoepfe.iter().find(|k| k.name == felder.get("entscheidung")) else {
        let z =
            Zustand { entwurf: Some(entwurf), warnung: "Wählen Sie einen der Knöpfe.".into(), ..Default::default() };
        return antwort(&ctx, g, z, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let werte = match formular::pruefen(&g.form, knopf, &entwurf, g.summe) {
        Ok(werte) => {
            let days = keine_arbeitstage(&ctx, &g.form, &werte).await?;
            if !days.is_empty() {
                save(&ctx, task, &entwurf).await;
                let z = Zustand { entwurf: Some(entwurf), fehler: days, ..Default::default() };
                return antwort(&ctx, g, z, StatusCode::UNPROCESSABLE_ENTITY).await;
            }
            werte
        }
        Err(fehler) => {
            save(&ctx, task, &entwurf).await;
            let z = Zustand { entwurf: Some(entwurf), fehler, ..Default::default() };
            return antwort(&ctx, g, z, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    // Signed is what was read: other content is shown first, and nothing is asked about it before.
    let gesehen = felder.get("fassung").parse().ok();
    if gesehen.is_some() && gesehen != g.seite.fassung {
        save(&ctx, task, &entwurf).await;
        let warnung = "Das Dokument wurde geändert, seit Sie diese Seite geöffnet haben. Lesen Sie die neue Fassung und zeichnen Sie dann. Ihre Eingaben sind gesichert.";
        let z = Zustand { entwurf: Some(entwurf), warnung: warnung.to_owned(), ..Default::default() };
        return antwort(&ctx, g, z, StatusCode::PRECONDITION_FAILED).await;
    }
    if !knopf.bestaetigen.is_empty() && felder.get("bestaetigt") != knopf.name {
        save(&ctx, task, &entwurf).await;
        let z = Zustand { entwurf: Some(entwurf), bestaetigen: Some(knopf.name.clone()), ..Default::default() };
        return antwort(&ctx, g, z, StatusCode::OK).await;
    }
    let key: String = felder.get("schluessel").chars().take(64).collect();
    let idempotency_key = if key.is_empty() { ctx.app.ids.uuid().to_string() } else { key };
    let version = felder.get("version").parse().unwrap_or(-1);
    let e = Erledigung { version, idempotency_key, werte, fassung: gesehen };
    let (art, list) =
        (Art::von(&g.seite.aufgabe.process, &g.seite.aufgabe.element), nachbarn(&ctx, &g.seite.aufgabe).await?);
    match ctx.app.aufgaben.complete(actor, task, e).await {
        Ok(()) => Ok(next(art, list.1.or(list.0))),
        Err(f) if matches!(f.status, 403 | 409 | 412 | 422) => {
            save(&ctx, task, &entwurf).await;
            let safe = if matches!(f.status, 409 | 412) && !f.text.0.contains("gesichert") {
                " Ihre Eingaben sind gesichert."
            } else {
                ""
            };
            let z = Zustand { entwurf: Some(entwurf), warnung: format!("{}{safe}", f.text), ..Default::default() };
            let status = StatusCode::from_u16(f.status).unwrap_or(StatusCode::CONFLICT);
            // Someone was faster: show what stands there now, with what was typed.
            let now = laden(&ctx, task).await?;
            antwort(&ctx, now, z, status).await
        }
        Err(f) => Err(f.into()),
    }
}

/// The next item comes by itself; after the last one the list.
fn next(art: Art, next: Option<String>) -> Response {
    match next {
        Some(href) => Redirect::to(&format!("{href}?meldung=erledigt&art={}", art.slug())),
        None => Redirect::to(&format!("{}?meldung=erledigt", art.pfad())),
    }
    .into_response()
}

async fn save(ctx: &Ctx, task: TaskId, entwurf: &Werte) {
    if let Err(f) = ctx.app.aufgaben.draft(&ctx.ich.actor, task, entwurf.clone()).await {
        tracing::debug!(aufgabe = %task, "draft not kept: {}", f.detail);
    }
}

/// Saved after 2 s of rest; answers with nothing to show.
pub async fn entwurf(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let task: TaskId = id(&wert)?;
    let seite = ctx.app.aufgaben.get(&ctx.ich.actor, task).await?;
    let form = formular::laden(&seite.aufgabe.formular, &seite.felder);
    ctx.app.aufgaben.draft(&ctx.ich.actor, task, formular::lesen(&form, &felder)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub async fn uebernehmen(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let task: TaskId = id(&wert)?;
    let fassung = ctx.app.aufgaben.claim(&ctx.ich.actor, task, felder.get("version").parse().unwrap_or(-1)).await?;
    Ok(Redirect::to(&format!("/aufgaben/{task}?meldung=uebernommen&aufgabe={task}&fassung={fassung}")).into_response())
}

pub async fn zuruecklegen(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let task: TaskId = id(&wert)?;
    let a = ctx.app.aufgaben.get(&ctx.ich.actor, task).await?.aufgabe;
    let fassung = ctx.app.aufgaben.release(&ctx.ich.actor, task, felder.get("version").parse().unwrap_or(-1)).await?;
    let list = Art::von(&a.process, &a.element).pfad();
    Ok(Redirect::to(&format!("{list}?meldung=zurueckgelegt&aufgabe={task}&fassung={fassung}")).into_response())
}

// SPDX-License-Identifier: EUPL-1.2
//! The demo: a guided tour that ticks itself from real state, a clock to move, another role, a fresh start.

use std::sync::Arc;

use askama::Template;
use axum::response::{IntoResponse, Redirect};
use nachrichten::{ablaeufe::Ablauf, fehler::Fehler, sendungen::{SendungStand, Stand}};

use super::anmelden;
use crate::{
    rahmen::{Ctx, Rahmen, eigene, html},
    schutz::Seite,
    sitzung::{Felder, cookie, cookie_name},
    state::{Demo, rolle_name, rollen_namen},
};

/// What the tour looks at.
#[derive(Default)]
pub struct Lage {
    pub sendungen: Vec<SendungStand>,
    pub rechnungen: Vec<Ablauf>,
    pub vorlagen: Vec<Ablauf>,
    pub abgelegt: u64,
}

/// A step of the tour.
pub struct Schritt {
    pub titel: &'static str,
    pub text: &'static str,
    pub href: &'static str,
    pub link: &'static str,
    pub rolle: &'static str,
    pub fertig: bool,
}

/// Persons who did a step in this course.
fn personen(a: &Ablauf) -> Vec<&str> {
    let mut names: Vec<_> = a.verlauf.iter().filter(|s| s.ereignis == "erledigt").filter_map(|s| s.person.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The steps with their ticks: a pure function of the state.
pub fn schritte(l: &Lage) -> Vec<Schritt> {
    let step = |titel, text, href, link, rolle, fertig| Schritt { titel, text, href, link, rolle, fertig };
    let settled = l.sendungen.iter().any(|s| s.state != Stand::Accepted);
    vec![
        step(
            "Die Post ansehen",
            "Die Beispielpost ist angekommen: ein Scanstapel, ein schiefer Brief, Rechnungen und eine E-Mail.",
            "/sendungen",
            "Zu den Sendungen",
            "",
            !l.sendungen.is_empty() && settled,
        ),
        step(
            "Einen Brief zuordnen",
            "Öffnen Sie eine Aufgabe. Prüfen Sie die Vorschläge und bestätigen Sie mit W.",
            "/aufgaben/scanpruefung",
            "Zur Scanprüfung",
            "Poststelle",
            l.abgelegt > 0,
        ),
        step(
            "Den Brief in der Akte finden",
            "Das Dokument liegt in seiner Akte, mit Original, Text und Verlauf. Die Suche findet jedes Wort.",
            "/akten",
            "Zu den Akten",
            "",
            l.abgelegt > 0,
        ),
        step(
            "Eine Rechnung feststellen",
            "Prüfen Sie Betrag und Kontierung. Bestätigen Sie, dass alles richtig ist.",
            "/aufgaben/rechnungen",
            "Zu den Rechnungen",
            "Feststellung",
            l.rechnungen.iter().any(|a| !personen(a).is_empty()),
        ),
        step(
            "Die Zahlung anordnen",
            "Das macht eine zweite Person. Wer festgestellt hat, sieht hier den Grund der Sperre.",
            "/aufgaben/rechnungen",
            "Zu den Rechnungen",
            "Anordnung",
            l.rechnungen.iter().any(|a| personen(a).len() >= 2),
        ),
        step(
            "Eine Vorlage anlegen",
            "Schreiben Sie einen Beschlussvorschlag und wählen Sie zwei Ämter.",
            "/vorlagen/neu",
            "Neue Vorlage",
            "Sachbearbeitung",
            !l.vorlagen.is_empty(),
        ),
        step(
            "Die Vorlage mitzeichnen",
            "Jedes gewählte Amt zeichnet für sich. Das Bild des Ablaufs zeigt, wo die Vorlage steht.",
            "/aufgaben/vorlagen",
            "Zu den Vorlagen",
            "Amtsleitung",
            l.vorlagen.iter().any(|a| !personen(a).is_empty()),
        ),
        step(
            "Die Vorlage freigeben",
            "Nach Dezernat und Freigabe ist die Vorlage abgelegt.",
            "/aufgaben/vorlagen",
            "Zu den Vorlagen",
            "Geschaeftsstelle",
            l.vorlagen.iter().any(|a| a.stand == "beendet"),
        ),
        step(
            "Eine eigene Datei hochladen",
            "Nehmen Sie ein PDF oder ein Foto eines Briefs.",
            "/sendungen",
            "Datei hochladen",
            "",
            l.sendungen.iter().any(|s| s.kanal == nachrichten::sendungen::Kanal::Upload),
        ),
    ]
}

#[derive(Template)]
#[template(path = "rundgang.html")]
struct RundgangSeite {
    r: Rahmen,
    schritte: Vec<Schritt>,
    fertig: usize,
    rollen: Vec<Rolle>,
}

struct Rolle {
    kennung: String,
    name: String,
    rollen: Vec<String>,
    namen: String,
    ich: bool,
}

impl RundgangSeite {
    /// Role name with umlauts.
    fn rolle<'a>(&self, rolle: &'a str) -> &'a str {
        rolle_name(rolle)
    }

    /// The login for a role of a step; empty when it is the current one or there is none.
    fn wechsel(&self, rolle: &str) -> &str {
        let has = |r: &&Rolle| r.rollen.iter().any(|x| x == rolle);
        if self.rollen.iter().any(|r| r.ich && has(&r)) {
            return "";
        }
        self.rollen.iter().find(has).map_or("", |r| r.kennung.as_str())
    }
}

fn an(ctx: &Ctx) -> Result<Arc<dyn Demo>, Fehler> {
    ctx.app.demo.clone().ok_or_else(Fehler::not_found)
}

pub async fn rundgang(ctx: Ctx) -> Seite {
    let demo = an(&ctx)?;
    // The tour is about the whole house, not about what this role may see.
    let blick = demo.beobachter().await.unwrap_or_else(|| ctx.ich.actor.clone());
    let lage = Lage {
        sendungen: ctx.app.sendungen.list(&blick, 200).await?,
        rechnungen: ctx.app.ablaeufe.list(&blick, "rechnung", 50).await?,
        vorlagen: ctx.app.ablaeufe.list(&blick, "beschlussvorlage", 50).await?,
        abgelegt: ctx.app.dokumente.zaehler(&blick).await?.1,
    };
    let schritte = schritte(&lage);
    let rollen = ctx.app.konten.demo_logins().await?;
    let page = RundgangSeite {
        fertig: schritte.iter().filter(|s| s.fertig).count(),
        schritte,
        rollen: rollen
            .into_iter()
            .map(|d| Rolle { ich: d.kennung == ctx.ich.kennung, kennung: d.kennung, name: d.name, namen: rollen_namen(&d.rollen), rollen: d.rollen })
            .collect(),
        r: ctx.rahmen("Rundgang", "/rundgang", "rundgang").await?,
    };
    Ok(html(&page))
}

/// Moves the clock ahead by hours or days; never back, because nothing in the house goes back.
pub async fn uhr(ctx: Ctx, felder: Felder) -> Seite {
    let demo = an(&ctx)?;
    let seconds: i64 = felder.get("sekunden").parse().unwrap_or(0);
    if !(1..=400 * 86_400).contains(&seconds) {
        return Err(Fehler::new("E7006", 422, "Wählen Sie, wie weit die Uhr vorgehen soll.", "clock step out of range").into());
    }
    demo.advance(seconds).await?;
    Ok(Redirect::to("/rundgang?meldung=uhr").into_response())
}

pub async fn zurueck(ctx: Ctx, felder: Felder) -> Seite {
    let demo = an(&ctx)?;
    if felder.get("sicher") != "ja" {
        return Err(Fehler::new("E7006", 422, "Setzen Sie das Häkchen, damit wirklich alles gelöscht wird.", "reset not confirmed").into());
    }
    demo.reset().await?;
    Ok(Redirect::to("/rundgang?meldung=neu").into_response())
}

pub async fn beispiele(ctx: Ctx) -> Seite {
    let n = an(&ctx)?.feed().await?;
    Ok(Redirect::to(&format!("/rundgang?meldung=beispiele&anzahl={n}")).into_response())
}

/// Changes the person: the old session ends, a new one begins.
pub async fn rolle(ctx: Ctx, felder: Felder) -> Seite {
    an(&ctx)?;
    let token = ctx.app.konten.login_demo(felder.get("kennung")).await?;
    if let Some(old) = cookie(&ctx.headers, cookie_name(&ctx.app)) {
        ctx.app.konten.logout(old).await?;
    }
    Ok(anmelden::enter(&ctx.app, &token, &eigene(felder.get("weiter"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_ticked_at_the_start_and_filing_ticks_its_steps() {
        assert!(schritte(&Lage::default()).iter().all(|s| !s.fertig));
        let filed = schritte(&Lage { abgelegt: 1, ..Lage::default() });
        assert_eq!(filed.iter().filter(|s| s.fertig).map(|s| s.titel).collect::<Vec<_>>(), ["Einen Brief zuordnen", "Den Brief in der Akte finden"]);
    }
}

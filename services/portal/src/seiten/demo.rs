// SPDX-License-Identifier: EUPL-1.2
//! The demo: a guided tour that ticks itself from real state, a clock to move, another role, a fresh start.

use std::sync::Arc;

use askama::Template;
use axum::{
    http::header,
    response::{IntoResponse, Redirect},
};
use nachrichten::{
    ablaeufe::Ablauf,
    fehler::Fehler,
    sendungen::{SendungStand, Stand},
};

use super::anmelden;
use service_platform::konten::DemoLogin;

use crate::{
    App,
    rahmen::{Ctx, Rahmen, eigene, html},
    schutz::Seite,
    sitzung::{Felder, cookie, cookie_name, set_cookie},
    state::{Demo, rollen_namen},
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
    /// Logins that can do it, in this order.
    pub als: &'static [&'static str],
    pub fertig: bool,
}

/// Persons who did a step in this course.
fn personen(a: &Ablauf) -> Vec<&str> {
    let mut names: Vec<_> =
        a.verlauf.iter().filter(|s| s.ereignis == "erledigt").filter_map(|s| s.person.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The steps with their ticks: a pure function of the state.
pub fn schritte(l: &Lage) -> Vec<Schritt> {
    let step = |titel, text, href, link, als, fertig| Schritt { titel, text, href, link, als, fertig };
    let settled = l.sendungen.iter().any(|s| s.state != Stand::Accepted);
    vec![
        step(
            "Die Post ansehen",
            "Die Beispielpost ist angekommen: ein Scanstapel, ein schiefer Brief, Rechnungen und eine E-Mail.",
            "/sendungen",
            "Zu den Sendungen",
            &[],
            !l.sendungen.is_empty() && settled,
        ),
        step(
            "Einen Brief zuordnen",
            "Öffnen Sie eine Aufgabe. Prüfen Sie die Vorschläge und bestätigen Sie mit W.",
            "/aufgaben/scanpruefung",
            "Zur Scanprüfung",
            &["poststelle"],
            l.abgelegt > 0,
        ),
        step(
            "Den Brief in der Akte finden",
            "Das Dokument liegt in seiner Akte, mit Original, Text und Verlauf. Die Suche findet jedes Wort.",
            "/akten",
            "Zu den Akten",
            &[],
            l.abgelegt > 0,
        ),
        step(
            "Eine Rechnung feststellen",
            "Prüfen Sie Betrag und Kontierung. Bestätigen Sie, dass alles richtig ist.",
            "/aufgaben/rechnungen",
            "Zu den Rechnungen",
            &["feststellung"],
            l.rechnungen.iter().any(|a| !personen(a).is_empty()),
        ),
        step(
            "Die Zahlung anordnen",
            "Das macht eine zweite Person. Wer festgestellt hat, sieht hier den Grund der Sperre.",
            "/aufgaben/rechnungen",
            "Zu den Rechnungen",
            &["anordnung"],
            l.rechnungen.iter().any(|a| personen(a).len() >= 2),
        ),
        step(
            "Eine Vorlage anlegen",
            "Schreiben Sie einen Beschlussvorschlag. Wählen Sie die Stadtkämmerei und das Stadtplanungsamt.",
            "/vorlagen/neu",
            "Neue Vorlage",
            &["sachbearbeitung"],
            !l.vorlagen.is_empty(),
        ),
        step(
            "Die Vorlage im Amt freigeben",
            "Die Amtsleitung gibt die Vorlage zur Mitzeichnung frei. Das Bild des Ablaufs zeigt, wo sie steht.",
            "/aufgaben/vorlagen",
            "Zu den Vorlagen",
            &["amtsleitung"],
            l.vorlagen.iter().any(|a| !personen(a).is_empty()),
        ),
        step(
            "Die Vorlage mitzeichnen",
            "Jedes gewählte Amt zeichnet für sich, beide zur gleichen Zeit.",
            "/aufgaben/vorlagen",
            "Zu den Vorlagen",
            &["kaemmerer", "leitung.planung"],
            l.vorlagen.iter().any(|a| personen(a).len() >= 3),
        ),
        step(
            "Die Vorlage freigeben",
            "Nach dem Dezernat gibt die OB frei. Danach ist die Vorlage abgelegt.",
            "/aufgaben/vorlagen",
            "Zu den Vorlagen",
            &["dezernat", "ob"],
            l.vorlagen.iter().any(|a| a.stand == "beendet"),
        ),
        step(
            "Eine eigene Datei hochladen",
            "Nehmen Sie ein PDF oder ein Foto eines Briefs.",
            "/sendungen",
            "Datei hochladen",
            &[],
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

/// A login of the demo as its buttons show it.
pub struct Rolle {
    pub kennung: String,
    pub name: String,
    pub rollen: String,
    pub amt: String,
    pub ich: bool,
    /// The person the demo shows first for a role.
    pub haupt: bool,
}

/// All demo logins: first one per role (the login named like the role, else the first), then the others.
pub fn rollen(app: &App, logins: Vec<DemoLogin>, ich: &str) -> Vec<Rolle> {
    let mut faces: Vec<String> = Vec::new();
    let mut roles: Vec<String> = logins.iter().flat_map(|d| d.rollen.clone()).collect();
    roles.sort();
    roles.dedup();
    for role in roles {
        let named = logins.iter().find(|d| d.kennung == role.to_lowercase());
        if let Some(d) = named.or_else(|| logins.iter().find(|d| d.rollen.contains(&role))) {
            faces.push(d.kennung.clone());
        }
    }
    let mut out: Vec<_> = logins
        .into_iter()
        .map(|d| Rolle {
            haupt: faces.contains(&d.kennung),
            ich: d.kennung == ich,
            rollen: rollen_namen(&d.rollen),
            amt: if d.amt.is_empty() { String::new() } else { app.options.amt_name(&d.amt) },
            kennung: d.kennung,
            name: d.name,
        })
        .collect();
    out.sort_by_key(|r| !r.haupt);
    out
}

impl RundgangSeite {
    fn weitere(&self) -> bool {
        self.rollen.iter().any(|r| !r.haupt)
    }

    /// Who can do this step; empty when it is the person who looks, or when nobody special is needed.
    fn personen(&self, s: &Schritt) -> Vec<&Rolle> {
        let list: Vec<_> = s.als.iter().filter_map(|k| self.rollen.iter().find(|r| r.kennung == *k)).collect();
        if list.len() == 1 && list.iter().any(|r| r.ich) { Vec::new() } else { list }
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
    let logins = ctx.app.konten.demo_logins().await?;
    let page = RundgangSeite {
        fertig: schritte.iter().filter(|s| s.fertig).count(),
        schritte,
        rollen: rollen(&ctx.app, logins, &ctx.ich.kennung),
        r: ctx.rahmen("Rundgang", "/rundgang", "rundgang").await?,
    };
    Ok(html(&page))
}

/// Moves the clock ahead by hours or days; never back, because nothing in the house goes back.
pub async fn uhr(ctx: Ctx, felder: Felder) -> Seite {
    let demo = an(&ctx)?;
    let seconds: i64 = felder.get("sekunden").parse().unwrap_or(0);
    if !(1..=400 * 86_400).contains(&seconds) {
        return Err(Fehler::new(
            "E7006",
            422,
            "Wählen Sie, wie weit die Uhr vorgehen soll.",
            "clock step out of range",
        )
        .into());
    }
    demo.advance(seconds).await?;
    Ok(Redirect::to("/rundgang?meldung=uhr").into_response())
}

pub async fn zurueck(ctx: Ctx, felder: Felder) -> Seite {
    let demo = an(&ctx)?;
    if felder.get("sicher") != "ja" {
        return Err(Fehler::new(
            "E7006",
            422,
            "Setzen Sie das Häkchen, damit wirklich alles gelöscht wird.",
            "reset not confirmed",
        )
        .into());
    }
    demo.reset().await?;
    // The persons are entered anew, so every session ends.
    let gone = set_cookie(&ctx.app, cookie_name(&ctx.app), "", Some(0));
    Ok(([(header::SET_COOKIE, gone)], Redirect::to("/anmelden?weiter=/rundgang&grund=neu")).into_response())
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
        assert_eq!(
            filed.iter().filter(|s| s.fertig).map(|s| s.titel).collect::<Vec<_>>(),
            ["Einen Brief zuordnen", "Den Brief in der Akte finden"]
        );
    }
}

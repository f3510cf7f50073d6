// SPDX-License-Identifier: EUPL-1.2
//! What every page shares: who asks, the frame around the content, navigation with counters, messages.

use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, Uri, request::Parts},
    response::{Html, IntoResponse, Response},
};
use nachrichten::{Tag, Timestamp, aufgaben::Zaehler, fehler::Fehler};
use service_platform::konten::Angemeldet;

use crate::{
    App,
    arten::Art,
    format,
    schutz::{Anfrage, Antwort},
    sitzung::cookie,
    tasten, web,
};

/// A request by a person who is logged in.
#[derive(Clone)]
pub struct Ctx {
    pub app: App,
    pub ich: Angemeldet,
    pub anfrage: String,
    pub headers: HeaderMap,
    pub uri: Uri,
}

impl FromRequestParts<App> for Ctx {
    type Rejection = Antwort;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Antwort> {
        let State(app) = State::<App>::from_request_parts(parts, app).await.unwrap_or_else(|e| match e {});
        let ich = parts.extensions.get::<Angemeldet>().cloned();
        let ich = ich.ok_or_else(|| Fehler::new("E7001", 401, "Melden Sie sich an.", "page without session layer"))?;
        let anfrage = parts.extensions.get::<Anfrage>().map_or_else(String::new, |a| a.0.clone());
        Ok(Self { app, ich, anfrage, headers: parts.headers.clone(), uri: parts.uri.clone() })
    }
}

/// An entry of the main navigation.
#[derive(Clone, Debug)]
pub struct NavPunkt {
    pub href: String,
    pub label: &'static str,
    pub zahl: Option<String>,
    pub aktuell: bool,
    pub warnt: bool,
}

/// A short message on top of the page.
#[derive(Clone, Debug, Default)]
pub struct Meldung {
    /// KERN alert kind: `success`, `info`, `warning`, `danger`.
    pub art: &'static str,
    pub text: String,
    /// Address and version for "Rückgängig" of a reversible act.
    pub rueckgaengig: Option<(String, i64)>,
}

/// Clock line of the demo.
#[derive(Clone, Debug)]
pub struct DemoUhr {
    pub jetzt: String,
    pub versatz: String,
}

/// Data of `rahmen.html`.
pub struct Rahmen {
    pub stadt: String,
    pub titel: String,
    pub web: &'static str,
    /// `light`, `dark` or empty: as the system.
    pub anzeige: String,
    pub einzeltasten: bool,
    pub name: String,
    pub rollen: String,
    /// Whom this person stands in for now, as one line.
    pub vertretung: String,
    pub csrf: String,
    pub nav: Vec<NavPunkt>,
    pub meldung: Option<Meldung>,
    pub anfrage: String,
    pub hilfe: &'static str,
    pub stand: String,
    pub demo: Option<DemoUhr>,
    /// The training Mandant: said on every page, also in print.
    pub uebung: bool,
    pub pfad: String,
    pub tasten: &'static [tasten::Block],
}

impl Rahmen {
    /// The frame for someone who is not logged in.
    pub fn offen(app: &App, headers: &HeaderMap, titel: &str, anfrage: &str, csrf: &str) -> Self {
        Self {
            stadt: app.options.stadt.clone(),
            titel: titel.to_owned(),
            web: web::BASIS.as_str(),
            anzeige: anzeige(headers),
            einzeltasten: cookie(headers, "eakte_tasten") != Some("aus"),
            name: String::new(),
            rollen: String::new(),
            vertretung: String::new(),
            csrf: csrf.to_owned(),
            nav: Vec::new(),
            meldung: None,
            anfrage: anfrage.to_owned(),
            hilfe: "anmelden",
            stand: format::uhrzeit(app.uhr.now()),
            demo: None,
            uebung: app.options.uebung,
            pfad: "/".to_owned(),
            tasten: tasten::TASTEN,
        }
    }
}

fn anzeige(headers: &HeaderMap) -> String {
    match cookie(headers, "eakte_anzeige") {
        Some(a @ ("light" | "dark")) => a.to_owned(),
        _ => String::new(),
    }
}

impl Ctx {
    pub fn jetzt(&self) -> Timestamp {
        self.app.uhr.now()
    }
    pub fn heute(&self) -> Tag {
        self.jetzt().tag()
    }
    /// Value of a query parameter; empty when absent.
    pub fn query(&self, name: &str) -> String {
        let pairs = crate::sitzung::decode(self.uri.query().unwrap_or_default().as_bytes());
        pairs.into_iter().find(|(n, _)| n == name).map_or_else(String::new, |(_, v)| v)
    }
    /// All values of a query parameter.
    pub fn query_all(&self, name: &str) -> Vec<String> {
        let pairs = crate::sitzung::decode(self.uri.query().unwrap_or_default().as_bytes());
        pairs.into_iter().filter(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v).collect()
    }

    pub async fn zaehler(&self) -> Result<Vec<Zaehler>, Fehler> {
        self.app.aufgaben.zaehler(&self.ich.actor).await
    }

    /// The frame of a page. `nav` is the address of the navigation entry that is current, `hilfe` its handbook page.
    pub async fn rahmen(&self, titel: &str, nav: &str, hilfe: &'static str) -> Result<Rahmen, Fehler> {
        let zaehler = self.zaehler().await?;
        Ok(self.rahmen_mit(titel, nav, hilfe, &zaehler).await)
    }

    /// What the head says about today: whom this person stands in for, and who does for them.
    async fn vertretung(&self) -> String {
        let (me, heute) = (self.ich.actor.person, self.heute());
        let list = self.app.vertretungen.of(me).await.unwrap_or_default();
        let (mut fuer, mut durch): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
        for v in list.iter().filter(|v| v.von <= heute) {
            if v.person == me { durch.push(&v.vertreter_name) } else { fuer.push(&v.person_name) }
        }
        let mut words = Vec::new();
        for (word, mut names) in [("für", fuer), ("durch", durch)] {
            names.sort_unstable();
            names.dedup();
            if !names.is_empty() {
                words.push(format!("{word} {}", names.join(", ")));
            }
        }
        words.join(", ")
    }

    /// The same with counters that are already there.
    pub async fn rahmen_mit(&self, titel: &str, nav: &str, hilfe: &'static str, zaehler: &[Zaehler]) -> Rahmen {
        let mut r = Rahmen::offen(&self.app, &self.headers, titel, &self.anfrage, &self.ich.csrf);
        r.nav = self.nav(nav, zaehler).await;
        r.name = self.ich.actor.name.clone();
        r.rollen = crate::state::rollen_namen(&self.ich.rollen);
        r.vertretung = self.vertretung().await;
        r.meldung = self.meldung(zaehler);
        r.hilfe = hilfe;
        r.pfad = self.uri.path_and_query().map_or_else(|| "/".to_owned(), |p| p.as_str().to_owned());
        r.demo = self.app.demo.as_ref().map(|d| demo_uhr(d.as_ref()));
        r
    }

    /// Only what the role may do, with the open items of this person.
    pub async fn nav(&self, aktuell: &str, zaehler: &[Zaehler]) -> Vec<NavPunkt> {
        let punkt = |href: &str, label, zahl, warnt| NavPunkt {
            href: href.to_owned(),
            label,
            zahl,
            aktuell: aktuell == href,
            warnt,
        };
        let darf = |rollen: &[&str]| rollen.iter().any(|r| self.ich.hat_rolle(r));
        let mut nav = vec![punkt("/", "Übersicht", None, false)];
        for art in Art::ALLE {
            let offen: u64 = zaehler.iter().filter(|z| art.meint(&z.process, &z.element)).map(|z| z.offen).sum();
            if offen > 0 || darf(art.rollen()) {
                let late = zaehler.iter().any(|z| art.meint(&z.process, &z.element) && z.ueberfaellig > 0);
                nav.push(punkt(art.pfad(), art.label(), Some(format::anzahl(offen)), late));
            }
        }
        nav.push(punkt("/suche", "Suche", None, false));
        nav.push(punkt("/akten", "Akten", None, false));
        nav.push(punkt("/sendungen", "Sendungen", None, false));
        if darf(&["Betrieb"]) {
            let stoerungen = self.app.betrieb.offen(&self.ich.actor).await.unwrap_or(0);
            nav.push(punkt(
                "/betrieb",
                "Betrieb",
                Some(stoerungen).filter(|n| *n > 0).map(|n| n.to_string()),
                stoerungen > 0,
            ));
        }
        if darf(&["Revision"]) {
            nav.push(punkt("/betrieb/protokoll", "Protokoll", None, false));
        }
        if self.app.demo.is_some() {
            nav.push(punkt("/rundgang", "Rundgang", None, false));
        }
        nav
    }

    /// The message named by `?meldung=`; the address carries a word, never a text.
    fn meldung(&self, zaehler: &[Zaehler]) -> Option<Meldung> {
        let gut = |text: String| Some(Meldung { art: "success", text, rueckgaengig: None });
        let undo = |path: &str| {
            let version = self.query("fassung").parse().ok()?;
            let id: nachrichten::TaskId = self.query("aufgabe").parse().ok()?;
            Some((format!("/aufgaben/{id}/{path}"), version))
        };
        match self.query("meldung").as_str() {
            "erledigt" => {
                let art = Art::von_pfad(self.uri.path()).or_else(|| Art::von_slug(&self.query("art")));
                let rest = art.map(|a| {
                    (a, zaehler.iter().filter(|z| a.meint(&z.process, &z.element)).map(|z| z.offen).sum::<u64>())
                });
                gut(match rest {
                    Some((a, 0)) => format!("Erledigt. Es wartet keine {} mehr auf Sie.", a.einzahl()),
                    Some((a, 1)) => format!("Erledigt. Noch 1 {}.", a.einzahl()),
                    Some((a, n)) => format!("Erledigt. Noch {} {}.", format::anzahl(n), a.mehrzahl()),
                    None => "Erledigt.".to_owned(),
                })
            }
            "uebernommen" => Some(Meldung {
                art: "success",
                text: "Die Aufgabe gehört jetzt Ihnen.".to_owned(),
                rueckgaengig: undo("zuruecklegen"),
            }),
            "zurueckgelegt" => Some(Meldung {
                art: "info",
                text: "Die Aufgabe liegt wieder in der Gruppe.".to_owned(),
                rueckgaengig: undo("uebernehmen"),
            }),
            "weitergegeben" => gut("Die Aufgabe ist weitergegeben. Der Grund steht im Verlauf.".to_owned()),
            "gemeldet" => gut("Die Meldung ist angekommen. Sie steht mit Ihrem Namen im Verlauf.".to_owned()),
            "verlegt" => gut("Die Frist ist verlegt. Der Grund steht im Verlauf.".to_owned()),
            "wiedervorlage" => gut("Vorgemerkt. Die Sache wird an dem Tag wieder vorgelegt.".to_owned()),
            "wiedervorlage-neu" => gut("Die Wiedervorlage ist geändert.".to_owned()),
            "wiedervorlage-ab" => gut("Die Wiedervorlage ist abgesagt. Der Grund steht bei der Sache.".to_owned()),
            "einstellungen" => gut("Gespeichert.".to_owned()),
            "zugang" => gut("Der Zugang ist geändert. Der Grund steht im Protokoll.".to_owned()),
            "vorlage" => gut("Die Vorlage ist angelegt. Die Ämter sehen sie in ihren Aufgaben.".to_owned()),
            "umlauf" => gut("Der Umlauf ist gestartet. Die erste Stelle sieht ihn in ihren Aufgaben.".to_owned()),
            "laufweg" => gut("Der Laufweg ist geändert. Der Grund steht im Verlauf.".to_owned()),
            "zurueckgezogen" => gut("Zurückgezogen. Offene Aufgaben sind weg, der Verlauf bleibt.".to_owned()),
            "zda" => gut("Zu den Akten geschrieben. Es steht im Protokoll der Akte.".to_owned()),
            "geoeffnet" => gut("Wieder geöffnet. Der Grund steht im Protokoll der Akte.".to_owned()),
            "fassung" => gut("Die neue Fassung ist gespeichert. Frühere Zeichnungen sind ungültig.".to_owned()),
            "zugewiesen" => gut(match self.query("anzahl").as_str() {
                "1" => "1 Störung ist zugewiesen. Der Grund steht im Protokoll.".to_owned(),
                n => format!(
                    "{} Störungen sind zugewiesen. Der Grund steht im Protokoll.",
                    n.parse::<u32>().unwrap_or(0)
                ),
            }),
            "nachricht-einreihen" => {
                gut("Die Nachricht ist wieder eingereiht. Der Grund steht im Protokoll.".to_owned())
            }
            "nachricht-verwerfen" => gut("Die Nachricht ist verworfen. Der Grund steht im Protokoll.".to_owned()),
            "webhook-erneut" => {
                gut("Der Webhook wird sofort wieder versucht. Der Grund steht im Protokoll.".to_owned())
            }
            "webhook-auslassen" => gut("Das Ereignis ist ausgelassen. Der Grund steht im Protokoll.".to_owned()),
            "vertretung" => gut("Die Vertretung ist eingetragen.".to_owned()),
            "vertretung-ende" => gut("Die Vertretung ist beendet.".to_owned()),
            "eingriff" => gut("Der Eingriff ist ausgeführt. Der Grund steht im Protokoll.".to_owned()),
            "gestartet" => gut("Der Ablauf ist gestartet. Sie sehen hier, wo er steht.".to_owned()),
            "vorgeschlagen" => gut("Der Vorschlag ist eingereicht. Er steht unter Betrieb.".to_owned()),
            "veroeffentlicht" => gut("Die neue Fassung ist veröffentlicht. Neue Abläufe beginnen mit ihr.".to_owned()),
            "vorschlag-zurueckgezogen" => {
                gut("Der Vorschlag ist zurückgezogen. Der Grund steht im Protokoll.".to_owned())
            }
            "beispiel" => gut("Die Beispiele sind gespeichert.".to_owned()),
            "umgezogen" => match self.query("anzahl").as_str() {
                "1" => gut("1 Ablauf läuft jetzt auf der neuen Fassung.".to_owned()),
                n => gut(format!("{} Abläufe laufen jetzt auf der neuen Fassung.", n.parse::<u32>().unwrap_or(0))),
            },
            "uhr" => gut("Die Uhr der Vorführung ist vorgestellt.".to_owned()),
            "neu" => gut("Alles steht wieder am Anfang.".to_owned()),
            "beispiele" => {
                gut(format!("{} Beispiele sind eingeliefert.", self.query("anzahl").parse::<u32>().unwrap_or(0)))
            }
            "doppelt" => Some(Meldung {
                art: "warning",
                text: "Diese Datei war schon da. Es gilt die erste Quittung.".to_owned(),
                rueckgaengig: None,
            }),
            "angenommen" => gut("Die Sendung ist angenommen. Sie sehen hier, wie weit sie ist.".to_owned()),
            _ => None,
        }
    }
}

fn demo_uhr(d: &dyn crate::state::Demo) -> DemoUhr {
    let offset = d.offset_seconds();
    let (days, hours) = (offset / 86_400, offset % 86_400 / 3_600);
    let versatz = match (days, hours) {
        (0, 0) => String::new(),
        (0, h) => format!("{h} Stunden vorgestellt"),
        (1, _) => "1 Tag vorgestellt".to_owned(),
        (d, _) => format!("{d} Tage vorgestellt"),
    };
    DemoUhr { jetzt: format::zeitpunkt(d.now()), versatz }
}

/// Renders a template.
pub fn html(template: &impl askama::Template) -> Response {
    match template.render() {
        Ok(text) => Html(text).into_response(),
        Err(e) => {
            Antwort(Fehler::new("E9002", 500, "Die Seite lässt sich nicht anzeigen.", e.to_string())).into_response()
        }
    }
}

/// Percent-encodes a value for a query.
pub fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, b| {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'/') {
            out.push(b as char);
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
        out
    })
}

/// An address of our own: begins with one slash and stays on this site; else the start page.
pub fn eigene(pfad: &str) -> String {
    let ok = pfad.starts_with('/')
        && !pfad.starts_with("//")
        && !pfad.contains('\\')
        && pfad.bytes().all(|b| (0x21..0x7f).contains(&b));
    if ok { pfad.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_on_this_site() {
        assert_eq!(eigene("/aufgaben/rechnungen?seite=2"), "/aufgaben/rechnungen?seite=2");
        for foreign in ["//boese.example", "https://boese.example", "/\\boese.example", "", "/a\r\nb"] {
            assert_eq!(eigene(foreign), "/", "{foreign:?}");
        }
    }
}

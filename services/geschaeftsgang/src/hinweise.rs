// SPDX-License-Identifier: EUPL-1.2
//! Notices by mail: one per person and morning, and one at once for Skonto and legal terms.
//!
//! A mail says how many tasks of which kind wait, what is due, and where to look: never a subject, an amount or a
//! citizen's name. Both jobs are worked on here, where the tasks are; sending is drawn in `tageshinweise.bpmn` and
//! `soforthinweis.bpmn`, each mail as a job (`uebergabe.mail.v1`) with its own tries and incident.
//!
//! Once: a person's morning is a row (`geschaeftsgang_hinweis`) written with the answer that holds the mail; a repeated
//! job gets that answer again. A mail at once is a process started under a key.

use std::collections::BTreeMap;

use nachrichten::{
    MessageId, PersonId, Tag, TaskId, Timestamp, Werte,
    hinweise::{Gesammelt, SAMMELN, SOFORT, Sammeln, Sofort, SofortErgebnis},
    job::{Job, JobError},
    uebergabe::Mail,
};
use serde_json::json;
use service_platform::{
    args, outbox,
    worker::{JobHandler, job},
};

use crate::{
    Geschaeftsgang, Inner,
    fahrt::{Fahrt, FahrtFehler},
    sql,
};

/// Name of these jobs in the inbox.
const CONSUMER: &str = "geschaeftsgang.hinweis";
/// The process that sends mails at once.
const PROZESS: &str = "soforthinweis";
/// Characters of a reason in a mail.
const GRUND_MAX: usize = 200;
/// Days a morning is remembered.
const GEDAECHTNIS_TAGE: i32 = 14;

impl Geschaeftsgang {
    /// The jobs of processes that this service does itself.
    pub fn jobs(&self) -> Vec<JobHandler> {
        let (sammeln, sofort) = (self.clone(), self.clone());
        vec![
            crate::wiedervorlage::job(self.clone()),
            job(SAMMELN, move |context, _: Sammeln| {
                let service = sammeln.clone();
                async move { service.inner.sammeln(&context.job).await.map_err(again) }
            }),
            job(SOFORT, move |context, message: Sofort| {
                let service = sofort.clone();
                async move { service.inner.sofort(&context.job, &message).await.map_err(again) }
            }),
        ]
    }
}

/// The database is away, or another engine was in the way: the job comes again.
pub(crate) fn again(error: FahrtFehler) -> JobError {
    match error {
        FahrtFehler::NoProcess(name) => JobError::Bug { detail: format!("Den Ablauf „{name}“ gibt es nicht.") },
        FahrtFehler::Db(error) if error.is_away() || error.is_again() => JobError::Away { cause: error.to_string() },
        other => JobError::Retry { after: std::time::Duration::from_secs(5), cause: other.to_string() },
    }
}

/// Open tasks of one kind: name, element, in whose place (empty: one's own), 0 overdue, 1 due today, 2 later, how many.
type Stand = (String, String, String, u64, u64);

impl Inner {
    /// The mails of this morning.
    async fn sammeln(&self, job: &Job) -> Result<Gesammelt, FahrtFehler> {
        let now = self.now();
        let heute = now.tag();
        let mut mails = Vec::new();
        if self.options.deploy.kalender.ist_arbeitstag(heute) {
            let persons: Vec<(PersonId, String, String)> = self.db.all(&sql::HINWEIS_PERSONEN, args![]).await?;
            for (person, name, address) in persons {
                let stand: Vec<Stand> = self.db.all(&sql::HINWEIS_STAND, args![person, now, heute]).await?;
                if !stand.is_empty() {
                    mails.push((person, self.morgen(&name, address, &stand)));
                }
            }
        }
        let mut tx = self.db.begin().await?;
        if !outbox::take(&mut tx, CONSUMER, MessageId(job.id.0), now).await? {
            let answer = outbox::answered(&mut tx, CONSUMER, MessageId(job.id.0)).await?;
            return Ok(answer.map(serde_json::from_value).transpose()?.unwrap_or_default());
        }
        tx.execute(&sql::HINWEIS_ALT, args![heute.plus_tage(-GEDAECHTNIS_TAGE)]).await?;
        let mut gesammelt = Gesammelt::default();
        for (person, mail) in mails {
            if tx.execute(&sql::HINWEIS_NEHMEN, args![heute, person]).await? == 1 {
                gesammelt.mails.push(mail);
            }
        }
        outbox::answer(&mut tx, CONSUMER, MessageId(job.id.0), &serde_json::to_value(&gesammelt)?).await?;
        tx.commit().await?;
        tracing::info!(mails = gesammelt.mails.len(), tag = %heute, "notices of the morning");
        Ok(gesammelt)
    }

    fn morgen(&self, name: &str, address: String, stand: &[Stand]) -> Mail {
        let adresse = &self.options.adresse;
        let count = |fits: &dyn Fn(&Stand) -> bool| stand.iter().filter(|s| fits(s)).map(|s| s.4).sum::<u64>();
        let (all, late, today) = (count(&|_| true), count(&|s| s.3 == 0), count(&|s| s.3 == 1));
        let due = faellig(late, today).map(|w| format!(", {w}")).unwrap_or_default();
        let mut text = format!("Guten Morgen, {name},\n\nin der E-Akte {}.\n", wartet(all));
        for (fuer, lines) in nach_person(stand) {
            if !fuer.is_empty() {
                text.push_str(&format!("\nIn Vertretung für {fuer}:\n"));
            }
            text.push('\n');
            for line in lines {
                text.push_str(&format!("  {line}\n"));
            }
        }
        text.push_str(&format!(
            "\nIhre Aufgaben: {adresse}/\n\nDiese Nachricht nennt keine Inhalte. Abbestellen: {adresse}/einstellungen\n"
        ));
        Mail { an: vec![address], betreff: format!("E-Akte: {}{due}", aufgaben(all)), text }
    }

    /// Who may do the open tasks of these elements is told at once.
    async fn sofort(&self, job: &Job, message: &Sofort) -> Result<SofortErgebnis, FahrtFehler> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let mut fahrt = Fahrt::new(self, &mut tx, now);
        let open: Vec<(TaskId, String, String, Option<Tag>)> =
            fahrt.tx().all(&sql::HINWEIS_AUFGABEN, args![job.instance]).await?;
        let meant = open.into_iter().filter(|(_, element, ..)| message.aufgaben_von.contains(element));
        let tasks: Vec<TaskId> = meant.map(|(id, ..)| id).collect();
        let key = format!("hinweis:{}", job.idempotency_key);
        let mails = sofort_fuer(self, &mut fahrt, &tasks, &message.grund, &key, now).await?;
        fahrt.finish().await?;
        tx.commit().await?;
        self.auftraege.notify_one();
        Ok(SofortErgebnis { mails })
    }
}

/// Starts the sending, once per key; returns the number of mails.
///
/// # Errors
/// [`FahrtFehler::NoProcess`] when `soforthinweis` is not deployed.
pub(crate) async fn sofort_fuer(
    inner: &Inner,
    fahrt: &mut Fahrt<'_>,
    tasks: &[TaskId],
    grund: &str,
    schluessel: &str,
    now: Timestamp,
) -> Result<u32, FahrtFehler> {
    // One mail per address, whatever the number of tasks.
    let mut an: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    for task in tasks {
        let row: Option<(String, Option<Tag>)> = fahrt.tx().optional(&sql::HINWEIS_AUFGABE, args![*task]).await?;
        let Some((name, due)) = row else { continue };
        let who: Vec<(String, String, String)> = fahrt.tx().all(&sql::HINWEIS_EMPFAENGER, args![*task, now]).await?;
        for (person, address, fuer) in who {
            let due = due.map(|t| format!(", fällig am {}", t.deutsch())).unwrap_or_default();
            let place = if fuer.is_empty() { String::new() } else { format!(" (in Vertretung für {fuer})") };
            let line = format!("  {name}{due}{place}\n  {}/aufgaben/{task}\n", inner.options.adresse);
            an.entry(address).or_insert_with(|| (person, Vec::new())).1.push(line);
        }
    }
    let grund = ohne_inhalt(grund);
    let mails: Vec<Mail> = an
        .into_iter()
        .map(|(address, (person, lines))| Mail {
            an: vec![address],
            betreff: "E-Akte: Eine Frist läuft ab".to_owned(),
            text: format!(
                "Guten Tag, {person},\n\n{grund}\n\n{}\nDiese Nachricht nennt keine Inhalte. Sie kommt nur bei Skonto und gesetzlichen Fristen.\n",
                lines.join("\n")
            ),
        })
        .collect();
    if mails.is_empty() {
        tracing::warn!(schluessel, "a term ends, and nobody who could do it has an address");
        return Ok(0);
    }
    let count = u32::try_from(mails.len()).unwrap_or(u32::MAX);
    let mut werte = Werte::new();
    werte.insert("mails".to_owned(), json!(mails));
    fahrt.start(PROZESS, werte, schluessel).await?;
    Ok(count)
}

/// The reason of a mail. A number in it that is neither a day nor a small count (an amount, a document number, a file
/// reference) would be content: then the mail says only that a term ends.
fn ohne_inhalt(grund: &str) -> String {
    let grund: String = grund.chars().filter(|c| !c.is_control()).take(GRUND_MAX).collect();
    let grund = mit_deutschen_tagen(&grund);
    let harmless = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let day = word.split('.').map(str::len).eq([2, 2, 4]) && word.chars().all(|c| c.is_ascii_digit() || c == '.');
        digits == 0 || day || (digits <= 2 && word.chars().all(|c| c.is_ascii_digit()))
    };
    if grund.split_whitespace().all(harmless) {
        return grund;
    }
    tracing::error!("the reason of a notice holds a number that is no day; it was not sent");
    "Eine Frist läuft ab.".to_owned()
}

/// FEEL writes days as `2026-11-25`; people read `25.11.2026`.
fn mit_deutschen_tagen(text: &str) -> String {
    let word = |w: &str| {
        let end = w.trim_end_matches(|c: char| !c.is_ascii_digit());
        match end.parse::<Tag>() {
            Ok(tag) => w.replacen(end, &tag.deutsch(), 1),
            Err(_) => w.to_owned(),
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Lines per person in whose place it is, one's own first.
fn nach_person(stand: &[Stand]) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, BTreeMap<String, [u64; 3]>)> = Vec::new();
    for (name, element, fuer, when, n) in stand {
        if groups.last().is_none_or(|(f, _)| f != fuer) {
            groups.push((fuer.clone(), BTreeMap::new()));
        }
        let Some((_, kinds)) = groups.last_mut() else { continue };
        let kind = if name.is_empty() { element } else { name };
        let counts = kinds.entry(kind.clone()).or_default();
        if let Some(slot) = counts.get_mut(*when as usize) {
            *slot += n;
        }
    }
    let line = |(kind, [late, today, later]): (String, [u64; 3])| {
        let due = faellig(late, today).map(|w| format!(" ({w})")).unwrap_or_default();
        format!("{kind}: {}{due}", late + today + later)
    };
    groups.into_iter().map(|(fuer, kinds)| (fuer, kinds.into_iter().map(line).collect())).collect()
}

fn faellig(late: u64, today: u64) -> Option<String> {
    let late = (late > 0).then(|| format!("{late} überfällig"));
    let today = (today > 0).then(|| format!("{today} heute fällig"));
    let words: Vec<String> = late.into_iter().chain(today).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

fn aufgaben(n: u64) -> String {
    if n == 1 { "1 offene Aufgabe".to_owned() } else { format!("{n} offene Aufgaben") }
}

fn wartet(n: u64) -> String {
    if n == 1 { "wartet 1 Aufgabe auf Sie".to_owned() } else { format!("warten {n} Aufgaben auf Sie") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_when_and_nothing_of_what() {
        for (grund, sent) in [
            (
                "Skonto endet am 2026-11-25. Die Hälfte der Frist ist vorbei.",
                "Skonto endet am 25.11.2026. Die Hälfte der Frist ist vorbei.",
            ),
            ("Heute endet eine gesetzliche Frist.", "Heute endet eine gesetzliche Frist."),
            ("In 3 Tagen endet das Skonto.", "In 3 Tagen endet das Skonto."),
        ] {
            assert_eq!(ohne_inhalt(grund), sent);
        }
        for grund in [
            "Beleg 1900004711 ist am 2026-12-20 fällig.",
            "Es geht um 1.190,00 €.",
            "Akte 66.10-2026/0001 wartet.",
            "Rechnung RE-0815 wartet.",
        ] {
            assert_eq!(ohne_inhalt(grund), "Eine Frist läuft ab.", "{grund}");
        }
    }
}

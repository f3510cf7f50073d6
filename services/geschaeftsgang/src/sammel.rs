// SPDX-License-Identifier: EUPL-1.2
//! What people ask for at the same time shares one transaction: read once, stepped one after the other, written once.
//!
//! Requests queue up while a transaction runs; the next one takes all that wait. Nobody is answered before the commit.
//! A request that is refused leaves its neighbours alone; when the database refuses the whole, each is tried by itself.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use engine::Rejected;
use nachrichten::{InstanceId, PersonId, TaskId, fehler::Fehler};
use service_platform::{
    args,
    db::{Args, Commit, DbError, insistently},
    failpoint,
    trace::Span,
};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{
    Geschaeftsgang, Inner,
    ablaeufe::Anstoss,
    abschluss::{Abschluss, Lage},
    aufgaben::{away, step_failed},
    fahrt::{Fahrt, FahrtFehler},
    sql, trace,
};

/// What somebody asks for.
pub(crate) enum Bitte {
    Start(Box<Anstoss>),
    Abschluss(Box<Abschluss>),
}

/// Why a request has no effect.
#[derive(Debug)]
pub(crate) enum Abgelehnt {
    /// The task changed since the page was made, or the person may not: whoever asked looks closer.
    Aufgabe,
    /// Not the content that counts.
    Fassung,
    Fehler(Fehler),
}

/// The instance that was started, or whose task is done, and the tasks this opened in it.
type Antwort = Result<(InstanceId, Vec<TaskId>), Abgelehnt>;

/// A request and where its answer goes.
type Wartend = (Bitte, oneshot::Sender<Antwort>);

/// Requests that wait.
pub(crate) struct Sammler {
    queue: Mutex<Schlange>,
    side_by_side: usize,
    /// While one commit is on its way to the disk the next transaction runs, and the one after that waits: so those
    /// who come meanwhile share it, however slow the disk is.
    unterwegs: Arc<Semaphore>,
}

#[derive(Default)]
struct Schlange {
    waiting: VecDeque<Wartend>,
    /// Transactions that run.
    driving: usize,
}

impl Sammler {
    /// `side_by_side` transactions at once.
    pub fn new(side_by_side: usize) -> Self {
        Self { queue: Mutex::default(), side_by_side, unterwegs: Arc::new(Semaphore::new(side_by_side + 1)) }
    }

    /// Lets requests wait; true when the caller has to start a drive.
    fn queue(&self, bitten: impl IntoIterator<Item = Wartend>) -> bool {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.waiting.extend(bitten);
        let free = queue.driving < self.side_by_side;
        queue.driving += usize::from(free);
        free
    }
}

impl Geschaeftsgang {
    /// Carries out one request together with those that wait beside it.
    pub(crate) async fn bitte(&self, bitte: Bitte) -> Antwort {
        let (sender, answer) = oneshot::channel();
        if self.inner.sammler.queue([(bitte, sender)]) {
            go(self.inner.clone());
        }
        answer.await.unwrap_or_else(|_| Err(Abgelehnt::Fehler(away("the request was dropped"))))
    }
}

/// A task of its own: somebody who goes away takes nobody's request along.
fn go(inner: Arc<Inner>) {
    tokio::spawn(drive(inner));
}

/// The place of a drive. One that ends by a panic answers its own batch with an error and leaves the place to the next.
struct Platz(Option<Arc<Inner>>);

impl Drop for Platz {
    fn drop(&mut self) {
        let Some(inner) = self.0.take().filter(|_| std::thread::panicking()) else { return };
        let waiting = {
            let mut queue = inner.sammler.queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.driving -= 1;
            queue.waiting.len()
        };
        tracing::error!(waiting, "a step of a process broke off");
        // Nobody new; those who wait go on.
        if inner.sammler.queue([]) {
            go(inner);
        }
    }
}

async fn drive(inner: Arc<Inner>) {
    let mut platz = Platz(Some(inner.clone()));
    loop {
        let permit = inner.sammler.unterwegs.clone().acquire_owned().await;
        // Those who were answered together ask again together: the others of them before the drive.
        tokio::task::yield_now().await;
        let batch: Vec<_> = {
            let mut queue = inner.sammler.queue.lock().unwrap_or_else(PoisonError::into_inner);
            let count = queue.waiting.len().min(inner.options.together.max(1));
            if count == 0 {
                queue.driving -= 1;
                platz.0 = None;
                return;
            }
            queue.waiting.drain(..count).collect()
        };
        let (bitten, senders): (Vec<Bitte>, Vec<_>) = batch.into_iter().unzip();
        let ridden = ride(&inner, &bitten).await;
        // The next ones need the database, these need the disk: neither waits for the other.
        tokio::spawn(settle(inner.clone(), bitten, senders, ridden, permit));
    }
}

/// What a transaction came to, before its commit lasts.
struct Gefahren {
    /// None for a request that must wait for a neighbour's commit.
    answers: Vec<Option<Antwort>>,
    commit: Commit,
    jobs: bool,
    timers: bool,
    /// What the trace tells of it, once it is true.
    spans: Vec<Span<'static>>,
}

/// Answers everybody once their transaction is on the disk.
async fn settle(
    inner: Arc<Inner>,
    bitten: Vec<Bitte>,
    senders: Vec<oneshot::Sender<Antwort>>,
    ridden: Result<Gefahren, FahrtFehler>,
    permit: Result<OwnedSemaphorePermit, AcquireError>,
) {
    let answers = match lasting(&inner, ridden).await {
        Ok(answers) => answers,
        Err(error) if bitten.len() == 1 && !error.is_again() => vec![Some(Err(refused(error)))],
        Err(error) => {
            tracing::warn!(%error, requests = bitten.len(), "requests failed together, trying each by itself");
            let mut answers = Vec::new();
            for bitte in &bitten {
                answers.push(alone(&inner, bitte).await);
            }
            answers
        }
    };
    drop(permit);
    let mut again = Vec::new();
    for ((bitte, sender), answer) in bitten.into_iter().zip(senders).zip(answers) {
        match answer {
            Some(answer) => drop(sender.send(answer)),
            None => again.push((bitte, sender)),
        }
    }
    if !again.is_empty() && inner.sammler.queue(again) {
        go(inner);
    }
}

/// One request in a transaction of its own.
async fn alone(inner: &Inner, bitte: &Bitte) -> Option<Antwort> {
    let ridden = insistently(FahrtFehler::is_again, || async {
        let ridden = ride(inner, std::slice::from_ref(bitte)).await;
        lasting(inner, ridden).await
    });
    match ridden.await {
        Ok(mut answers) => answers.pop().flatten(),
        Err(error) => Some(Err(refused(error))),
    }
}

/// The answers, when the commit lasts.
async fn lasting(inner: &Inner, ridden: Result<Gefahren, FahrtFehler>) -> Result<Vec<Option<Antwort>>, FahrtFehler> {
    let ridden = ridden?;
    ridden.commit.lasting().await?;
    failpoint("ablauf::akt::after");
    ridden.spans.into_iter().for_each(Span::note);
    if ridden.jobs {
        inner.auftraege.notify_one();
    }
    if ridden.timers {
        inner.fristen.notify_one();
    }
    Ok(ridden.answers)
}

/// The database said no to a single request.
fn refused(error: FahrtFehler) -> Abgelehnt {
    let says = |e: &DbError, word| e.message().is_some_and(|m| m.contains(word));
    match error {
        FahrtFehler::Db(error) if says(&error, "four-eyes") => Abgelehnt::Aufgabe,
        FahrtFehler::Db(error) if says(&error, "stale-content") => Abgelehnt::Fassung,
        FahrtFehler::Rejected(Rejected::NotOpen | Rejected::Ended) => Abgelehnt::Aufgabe,
        FahrtFehler::Rejected(reason @ Rejected::TooLarge(_)) => {
            Abgelehnt::Fehler(Fehler::new("E3019", 413, reason.to_string(), "values too large"))
        }
        FahrtFehler::Db(error) => Abgelehnt::Fehler(away(error)),
        FahrtFehler::NoProcess(name) => {
            let text = format!("Den Ablauf „{name}“ gibt es nicht.");
            Abgelehnt::Fehler(Fehler::new("E3006", 404, text, "no such process"))
        }
        error => Abgelehnt::Fehler(step_failed(error)),
    }
}

/// How the tasks stand. Locks are taken in the order instance, task, audit chain, as everywhere.
async fn lagen(fahrt: &mut Fahrt<'_>, tasks: Vec<Args>) -> Result<HashMap<(TaskId, PersonId), Lage>, FahrtFehler> {
    if tasks.is_empty() {
        return Ok(HashMap::new());
    }
    fahrt.preload(&sql::INSTANZEN_OF_AUFGABEN, tasks.iter().map(|t| t[..1].to_vec()).collect()).await?;
    let lagen: Vec<Lage> = fahrt.tx().all_of(&sql::AUFGABEN_LOAD, tasks).await?;
    fahrt.expect().await?;
    Ok(lagen.into_iter().map(|l| ((l.zeile.id, l.person), l)).collect())
}

/// All requests in one transaction.
async fn ride(inner: &Inner, bitten: &[Bitte]) -> Result<Gefahren, FahrtFehler> {
    let now = inner.now();
    let mut tx = inner.db.begin().await?;
    let (mut keys, mut tasks) = (Vec::new(), Vec::new());
    for bitte in bitten {
        match bitte {
            Bitte::Start(a) => keys.push(args![&a.schluessel]),
            Bitte::Abschluss(a) => tasks.push(args![a.aufgabe, a.actor.person, &a.schluessel, now]),
        }
    }
    let started: Vec<(String, InstanceId)> = tx.all_of(&sql::INSTANZEN_OF_KEY, keys).await?;
    let mut started: HashMap<String, InstanceId> = started.into_iter().collect();
    let mut fahrt = Fahrt::new(inner, &mut tx, now);
    let lagen = lagen(&mut fahrt, tasks).await?;
    let mut touched = HashSet::new();
    let (mut answers, mut spans) = (Vec::new(), Vec::new());
    for bitte in bitten {
        answers.push(match bitte {
            Bitte::Start(anstoss) => match started.get(&anstoss.schluessel) {
                Some(id) => Some(Ok((*id, Vec::new()))),
                None => {
                    let id = anstoss.carry_out(&mut fahrt).await?;
                    started.insert(anstoss.schluessel.clone(), id);
                    Some(Ok((id, fahrt.opened(id))))
                }
            },
            Bitte::Abschluss(abschluss) => match lagen.get(&(abschluss.aufgabe, abschluss.actor.person)) {
                // What was read does not know of a neighbour's step.
                Some(lage) if !touched.insert(lage.zeile.instanz) => None,
                Some(lage) => {
                    let done = abschluss.carry_out(&mut fahrt, lage).await?;
                    if done.is_ok() {
                        spans.extend(trace::task(fahrt.wurzel(lage.zeile.instanz), &lage.zeile));
                    }
                    Some(done.map(|id| (id, fahrt.opened(id))))
                }
                None => Some(Err(Abgelehnt::Aufgabe)),
            },
        });
    }
    let (jobs, timers) = fahrt.finish().await?;
    failpoint("ablauf::akt::before");
    Ok(Gefahren { answers, commit: tx.commit_ahead().await?, jobs, timers, spans })
}

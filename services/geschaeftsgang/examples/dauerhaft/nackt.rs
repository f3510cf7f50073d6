// SPDX-License-Identifier: EUPL-1.2
//! The bare driver: sends what a run sent, statement by statement and commit by commit, to an empty database.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Instant,
};

use service_platform::db::{
    Args, Db, DbError, FromRow, Row, Sql,
    mitschrift::{Satz, Was},
};

use crate::{Failed, each};

/// A row that nobody looks at.
struct Egal;

impl FromRow for Egal {
    fn from_row(_: &Row) -> Result<Self, DbError> {
        Ok(Self)
    }
}

/// Instances per second without us: transactions one after the other as they were committed, none waiting for the disk
/// of the one before, reads beside them.
pub(crate) async fn run(db: &Db, kept: Vec<Satz>, instances: u64, parallel: usize) -> Result<f64, Failed> {
    let (mut open, mut commits, mut reads) = (HashMap::<u64, Vec<Was>>::new(), Vec::new(), Vec::new());
    for satz in kept {
        match satz.was {
            Was::Read(sql, args) if satz.tx == 0 => reads.push((sql, args)),
            Was::Commit => commits.push(open.remove(&satz.tx).unwrap_or_default()),
            was => open.entry(satz.tx).or_default().push(was),
        }
    }
    let began = Instant::now();
    let (writes, read) = tokio::join!(write(db, commits), read(db.clone(), reads, parallel));
    writes?;
    read?;
    Ok(instances as f64 / began.elapsed().as_secs_f64())
}

async fn write(db: &Db, commits: Vec<Vec<Was>>) -> Result<(), DbError> {
    let mut pending = VecDeque::new();
    for commit in commits {
        let mut tx = db.begin().await?;
        for was in commit {
            match was {
                Was::Write(sql, args) => drop(tx.execute(&sql, args).await?),
                Was::Read(sql, args) => drop(tx.all::<Egal>(&sql, args).await?),
                Was::Commit => {}
            }
        }
        pending.push_back(tx.commit_ahead().await?);
        if pending.len() > 4
            && let Some(oldest) = pending.pop_front()
        {
            oldest.lasting().await?;
        }
    }
    for commit in pending {
        commit.lasting().await?;
    }
    Ok(())
}

async fn read(db: Db, reads: Vec<(Sql, Args)>, parallel: usize) -> Result<(), Failed> {
    let (count, reads) = (reads.len() as u64, Arc::new(Mutex::new(reads)));
    each(count, parallel, move |_| {
        let (db, reads) = (db.clone(), reads.clone());
        async move {
            let next = reads.lock().ok().and_then(|mut r| r.pop());
            match next {
                Some((sql, args)) => db.all::<Egal>(&sql, args).await.map(drop).map_err(|e| e.to_string()),
                None => Ok(()),
            }
        }
    })
    .await
}

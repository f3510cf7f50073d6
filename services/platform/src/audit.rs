// SPDX-License-Identifier: EUPL-1.2
//! The audit trail: written in the transaction of the effect, one hash chain per instance, Akte or Sendung.
//!
//! `hash = SHA-256(previous hash ‖ canonical entry)`; `seq` is gapless within its chain. Every minute a seal row
//! chains all changed heads (Merkle root). [`verify`] reads everything back and names each break, missing chains
//! and cut tails included. Personal data stands in the entries by reference (person id), never as content.

use std::collections::BTreeMap;

use nachrichten::{Actor, BlobHash, Timestamp};
use serde_json::{Value, json};

use crate::{
    args,
    db::{Args, Db, DbError, Tx},
    from_row, statements, viele,
};

statements! {
    HEAD = "SELECT seq, hash FROM platform_audit_head WHERE chain = $1"
        => "SELECT seq, hash FROM platform_audit_head WHERE chain = $1 FOR UPDATE";
    UNSEALED = "SELECT chain, seq, hash FROM platform_audit_head WHERE sealed = 0 ORDER BY chain LIMIT 10000";
    MARK_SEALED = "UPDATE platform_audit_head SET sealed = 1 WHERE chain = $1 AND seq = $2";
    UNSEALED_SINCE = "SELECT min(changed) FROM platform_audit_head WHERE sealed = 0";
    LAST_SEAL = "SELECT number, hash FROM platform_audit_seal ORDER BY number DESC LIMIT 1";
    SEAL = "INSERT INTO platform_audit_seal (number, at, heads, root, hash) VALUES ($1, $2, $3, $4, $5)";
    ENTRIES = "SELECT chain, seq, at, actor, act, object, data, hash FROM platform_audit WHERE (chain, seq) > ($1, $2) ORDER BY chain, seq LIMIT 5000";
    HEADS = "SELECT chain, seq, hash FROM platform_audit_head ORDER BY chain";
    SEALS = "SELECT number, heads, root, hash FROM platform_audit_seal ORDER BY number";
    OF_OBJECT = "SELECT chain, seq, at, actor, act, object, data, hash FROM platform_audit WHERE object = $1 ORDER BY at, chain, seq LIMIT 1000";
}

viele! {
    INSERT: platform_audit (chain text, seq int, at int, actor text, act text, object text, data text, hash text) = "";
    BUMP (last_wins): platform_audit_head (chain text, seq int, hash text, changed int, sealed int)
        = "ON CONFLICT (chain) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, changed = excluded.changed, sealed = 0";
    HEADS_OF: platform_audit_head (chain text) = "SELECT h.chain, h.seq, h.hash FROM platform_audit_head h WHERE h.chain IN (SELECT r.chain FROM " + rows + ") ORDER BY h.chain" + lock "h";
}

/// One entry to write. `object` names what was touched, e.g. `dokument:<id>`.
pub struct Entry<'a> {
    pub chain: &'a str,
    pub at: Timestamp,
    pub actor: &'a str,
    pub act: &'a str,
    pub object: &'a str,
    pub data: Value,
}

/// A stored entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    pub chain: String,
    pub seq: i64,
    pub at: Timestamp,
    pub actor: String,
    pub act: String,
    pub object: String,
    pub data: String,
    pub hash: String,
}
from_row!(Stored { chain, seq, at, actor, act, object, data, hash });

/// How an actor stands in the trail: by id, so that a name can be forgotten.
pub fn person(actor: &Actor) -> String {
    format!("person:{}", actor.person)
}

/// The end of a chain: what the next entry follows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ende {
    seq: i64,
    hash: String,
}

/// Appends one entry; the chain's head row is read and locked once in a transaction.
pub async fn append(tx: &mut Tx, entry: Entry<'_>) -> Result<(), DbError> {
    let Entry { chain, at, actor, act, object, data } = entry;
    let ende = match tx.ends.get(chain) {
        Some(ende) => ende.clone(),
        None => {
            let head: Option<(i64, String)> = tx.optional(&HEAD, args![chain]).await?;
            head.map_or_else(Ende::default, |(seq, hash)| Ende { seq, hash })
        }
    };
    let (seq, data) = (ende.seq + 1, data.to_string());
    let hash = chain_hash(&ende.hash, chain, seq, at, actor, act, object, &data);
    tx.later(&INSERT, args![chain, seq, at, actor, act, object, data, hash.as_str()]).await?;
    tx.later(&BUMP, args![chain, seq, hash.as_str(), at, 0i64]).await?;
    tx.ends.insert(chain.to_owned(), Ende { seq, hash });
    Ok(())
}

/// Reads and locks the ends of many chains that will be written, in one statement.
pub async fn expect(tx: &mut Tx, chains: &[String]) -> Result<(), DbError> {
    let rows: Vec<Args> = chains.iter().filter(|c| !tx.ends.contains_key(*c)).map(|c| args![c]).collect();
    let heads: Vec<(String, i64, String)> = tx.all_of(&HEADS_OF, rows).await?;
    tx.ends.extend(heads.into_iter().map(|(chain, seq, hash)| (chain, Ende { seq, hash })));
    Ok(())
}

/// Nobody wrote to this chain yet: what it belongs to did not exist before this transaction.
pub fn begins(tx: &mut Tx, chain: &str) {
    tx.ends.insert(chain.to_owned(), Ende::default());
}

#[allow(clippy::too_many_arguments)] // the fields of one row, in their canonical order
fn chain_hash(
    previous: &str,
    chain: &str,
    seq: i64,
    at: Timestamp,
    actor: &str,
    act: &str,
    object: &str,
    data: &str,
) -> String {
    let canonical = json!([previous, chain, seq, at.0, actor, act, object, data]).to_string();
    BlobHash::of(canonical.as_bytes()).to_string()
}

/// When the oldest entry was written that no seal covers yet; none when all are covered.
pub async fn unsealed_since(db: &Db) -> Result<Option<Timestamp>, DbError> {
    let (since,): (Option<Timestamp>,) = db.one(&UNSEALED_SINCE, args![]).await?;
    Ok(since)
}

/// Seals all heads that changed since the last seal; returns how many.
pub async fn seal(db: &Db, now: Timestamp) -> Result<usize, DbError> {
    let mut tx = db.begin().await?;
    let heads: Vec<(String, i64, String)> = tx.all(&UNSEALED, args![]).await?;
    if heads.is_empty() {
        return Ok(0);
    }
    let last: Option<(i64, String)> = tx.optional(&LAST_SEAL, args![]).await?;
    let (number, previous) = last.map_or((1, String::new()), |(n, hash)| (n + 1, hash));
    for (chain, seq, _) in &heads {
        tx.execute(&MARK_SEALED, args![chain, *seq]).await?;
    }
    let root = merkle(&heads);
    let listed = serde_json::to_string(&heads).map_err(|e| DbError::Decode(e.to_string()))?;
    let hash = seal_hash(&previous, number, &root);
    tx.execute(&SEAL, args![number, now, listed, root, hash]).await?;
    tx.commit().await?;
    Ok(heads.len())
}

fn seal_hash(previous: &str, number: i64, root: &str) -> String {
    BlobHash::of(json!([previous, number, root]).to_string().as_bytes()).to_string()
}

/// Merkle root over the heads; leaves and inner nodes are told apart by a prefix (RFC 6962).
fn merkle(heads: &[(String, i64, String)]) -> String {
    let mut level: Vec<[u8; 32]> =
        heads.iter().map(|head| BlobHash::of(format!("\0{}", json!([head.0, head.1, head.2])).as_bytes()).0).collect();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [a, b] => BlobHash::of(&[&[1u8][..], a, b].concat()).0,
                rest => rest[0],
            })
            .collect();
    }
    level.first().map_or_else(String::new, |root| BlobHash(*root).to_string())
}

/// What `eakte audit verify` prints.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Report {
    pub entries: u64,
    pub chains: u64,
    pub seals: u64,
    /// English, one line per break: chain, sequence number and what does not fit.
    pub breaks: Vec<String>,
}

/// Checks every chain and every seal; nothing is changed. Others may write meanwhile: a chain ends somewhere between
/// its head before and its head afterwards.
pub async fn verify(db: &Db) -> Result<Report, DbError> {
    let mut report = Report::default();
    let before: Vec<(String, i64, String)> = db.all(&HEADS, args![]).await?;
    let before: BTreeMap<String, i64> = before.into_iter().map(|(chain, seq, _)| (chain, seq)).collect();
    let mut at_seq: BTreeMap<String, (i64, String)> = BTreeMap::new();
    let mut sealed: BTreeMap<(String, i64), Option<String>> = BTreeMap::new();
    let seals: Vec<(i64, String, String, String)> = db.all(&SEALS, args![]).await?;
    let mut previous = String::new();
    for (index, (number, listed, root, hash)) in seals.iter().enumerate() {
        report.seals += 1;
        let heads: Vec<(String, i64, String)> = serde_json::from_str(listed).unwrap_or_default();
        if *number != index as i64 + 1 || merkle(&heads) != *root || seal_hash(&previous, *number, root) != *hash {
            report.breaks.push(format!("seal {number}: does not verify"));
        }
        previous.clone_from(hash);
        for (chain, seq, hash) in heads {
            sealed.insert((chain, seq), Some(hash));
        }
    }
    let (mut chain, mut seq) = (String::new(), 0i64);
    loop {
        let entries: Vec<Stored> = db.all(&ENTRIES, args![&chain, seq]).await?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            report.entries += 1;
            let (last_seq, last_hash) = at_seq.get(&entry.chain).cloned().unwrap_or_default();
            if entry.seq != last_seq + 1 {
                report.breaks.push(format!("chain {}: {} follows {last_seq}", entry.chain, entry.seq));
            }
            let expected = chain_hash(
                &last_hash,
                &entry.chain,
                entry.seq,
                entry.at,
                &entry.actor,
                &entry.act,
                &entry.object,
                &entry.data,
            );
            if expected != entry.hash {
                report.breaks.push(format!("chain {} seq {}: hash does not verify", entry.chain, entry.seq));
            }
            if let Some(known) = sealed.get_mut(&(entry.chain.clone(), entry.seq)).and_then(Option::take)
                && known != entry.hash
            {
                report.breaks.push(format!("chain {} seq {}: differs from its seal", entry.chain, entry.seq));
            }
            (chain, seq) = (entry.chain.clone(), entry.seq);
            at_seq.insert(entry.chain, (entry.seq, entry.hash));
        }
    }
    for ((chain, seq), left) in &sealed {
        if left.is_some() {
            report.breaks.push(format!("chain {chain} seq {seq}: sealed but missing"));
        }
    }
    let heads: Vec<(String, i64, String)> = db.all(&HEADS, args![]).await?;
    for (chain, seq, hash) in &heads {
        let (first, end) = (before.get(chain).copied().unwrap_or(0), at_seq.remove(chain));
        let last = end.as_ref().map_or(0, |(seq, _)| *seq);
        let grew = first < *seq && (first..*seq).contains(&last);
        if !grew && end != Some((*seq, hash.clone())) {
            report.breaks.push(format!("chain {chain}: head says {seq}, the trail does not end there but at {last}"));
        }
    }
    report.chains = heads.len() as u64;
    report.breaks.extend(at_seq.keys().map(|chain| format!("chain {chain}: no head")));
    Ok(report)
}

/// The entries about one object, oldest first.
pub async fn of_object(db: &Db, object: &str) -> Result<Vec<Stored>, DbError> {
    db.all(&OF_OBJECT, args![object]).await
}

// SPDX-License-Identifier: EUPL-1.2
//! What a signature is bound to: the content that was signed, by its SHA-256.
//!
//! A task with `eakte:zeichnung` signs the instance's document (`dokument`, the bytes of its original) or a variable
//! (its JSON text with sorted names). The hash travels with the page as expected content. The database refuses a
//! signature of another content, and marks earlier ones void when the content changes (see the triggers); this module
//! tells the tables what counts now and writes each void signature into its Verlauf and the audit trail.

use engine::{Command, ElementInstanceId, State, TaskSpec};
use nachrichten::{Actor, BlobHash, DokumentId, InstanceId, PersonId, TaskId, Timestamp, Werte, fehler::Fehler};
use serde_json::{Value, json};
use service_platform::{
    args, audit,
    db::{DbError, Tx},
    from_row, rechte, statements,
};

use crate::{
    Inner,
    aufgaben::{Zeile, away, uhrzeit},
    fahrt::{Fahrt, FahrtFehler},
};

/// The message of `akten`: a document has new bytes. Key is the document, `fassung` their hash.
pub const DOKUMENT_GEAENDERT: &str = "Dokument geändert";
/// What `eakte:zeichnung` calls the instance's document.
const DOKUMENT: &str = "dokument";
/// Variable with the numbers of the positions whose signature a change does not concern.
const GILT_WEITER: &str = "gilt_weiter";

statements! {
    GEGENSTAND_INSERT = "INSERT INTO geschaeftsgang_gegenstand (aufgabe, objekt) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    GEGENSTAND = "SELECT objekt FROM geschaeftsgang_gegenstand WHERE aufgabe = $1";
    FASSUNG = "SELECT hash FROM geschaeftsgang_fassung WHERE objekt = $1";
    FASSUNG_ZUERST = "INSERT INTO geschaeftsgang_fassung (objekt, hash, seit) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    FASSUNG_NEU = "UPDATE geschaeftsgang_fassung SET hash = $2, seit = $3 WHERE objekt = $1 AND hash <> $2";
    GEZEICHNET = "SELECT g.aufgabe, a.daten FROM geschaeftsgang_gegenstand g JOIN geschaeftsgang_zeichnung z ON z.aufgabe = g.aufgabe JOIN geschaeftsgang_aufgabe a ON a.id = g.aufgabe \
        WHERE g.objekt = $1 AND NOT EXISTS (SELECT 1 FROM geschaeftsgang_ungueltig u WHERE u.aufgabe = g.aufgabe)";
    GILT_WEITER_INSERT = "INSERT INTO geschaeftsgang_gilt_weiter (aufgabe, hash) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    NEU_UNGUELTIG = "SELECT u.aufgabe, z.instanz, z.element, a.element_instanz, z.person, p.name FROM geschaeftsgang_gegenstand g JOIN geschaeftsgang_ungueltig u ON u.aufgabe = g.aufgabe \
        JOIN geschaeftsgang_zeichnung z ON z.aufgabe = g.aufgabe JOIN geschaeftsgang_aufgabe a ON a.id = g.aufgabe JOIN platform_person p ON p.id = z.person \
        WHERE g.objekt = $1 AND u.hash = $2 AND u.seit = $3 ORDER BY z.at, u.aufgabe";
    GEFRAGTE = "SELECT k.subjekt FROM geschaeftsgang_kandidat k JOIN geschaeftsgang_gegenstand g ON g.aufgabe = k.aufgabe WHERE k.aufgabe = $1 ORDER BY k.subjekt";
    GEAENDERT_SEIT = "SELECT f.seit FROM geschaeftsgang_gegenstand g JOIN geschaeftsgang_fassung f ON f.objekt = g.objekt WHERE g.aufgabe = $1 AND f.seit >= $2";
    WARTENDE = "SELECT instanz, abo FROM geschaeftsgang_abo WHERE art = 'message' AND name = $1 AND schluessel = $2 ORDER BY instanz, abo";
    ABO_WEG = "DELETE FROM geschaeftsgang_abo WHERE instanz = $1 AND abo = $2";
}

/// A signature that has just become void.
struct Ungueltig {
    aufgabe: TaskId,
    instanz: InstanceId,
    element: String,
    element_instanz: u64,
    person: PersonId,
    name: String,
}
from_row!(Ungueltig { aufgabe, instanz, element, element_instanz, person, name });

/// Hash of a value: its JSON text, names sorted.
pub(crate) fn inhalt(value: &Value) -> BlobHash {
    fn write(value: &Value, out: &mut String) {
        match value {
            Value::Object(map) => {
                let mut names: Vec<&String> = map.keys().collect();
                names.sort();
                out.push('{');
                for name in names {
                    out.push_str(&Value::from(name.as_str()).to_string());
                    out.push(':');
                    write(&map[name], out);
                    out.push(',');
                }
                out.push('}');
            }
            Value::Array(items) => {
                out.push('[');
                for item in items {
                    write(item, out);
                    out.push(',');
                }
                out.push(']');
            }
            other => out.push_str(&other.to_string()),
        }
    }
    let mut text = String::new();
    write(value, &mut text);
    BlobHash::of(text.as_bytes())
}

/// Object and variable of a signed variable: `ablauf:<id>/<name>`.
fn variable(objekt: &str) -> Option<&str> {
    objekt.strip_prefix("ablauf:").and_then(|rest| rest.split_once('/')).map(|(_, name)| name)
}

/// `dokument:<id>`.
fn dokument(objekt: &str) -> Option<DokumentId> {
    objekt.strip_prefix("dokument:").and_then(|id| id.parse().ok())
}

/// Why a signature was refused.
pub(crate) fn veraltet(genannt: bool) -> Fehler {
    if genannt {
        let text = "Das Dokument wurde geändert, seit Sie diese Seite geöffnet haben. Lesen Sie die neue Fassung und zeichnen Sie dann. Ihre Eingaben sind gesichert.";
        Fehler::new("E3020", 412, text, "signature of an earlier content")
    } else {
        let text = "Zu dieser Zeichnung fehlt die Fassung, die Sie gelesen haben. Laden Sie die Seite neu und zeichnen Sie dann.";
        Fehler::new("E3020", 422, text, "signature without content hash")
    }
}

impl Inner {
    /// What completing this task signs now; None for tasks that are no signature.
    pub(crate) async fn fassung(&self, actor: &Actor, z: &Zeile, state: &State) -> Result<Option<BlobHash>, Fehler> {
        let objekt: Option<(String,)> = self.db.optional(&GEGENSTAND, args![z.id]).await.map_err(away)?;
        let Some((objekt,)) = objekt else { return Ok(None) };
        if let Some(name) = variable(&objekt) {
            return Ok(Some(inhalt(&state.variables().remove(name).unwrap_or_default())));
        }
        // The record keeper knows first; its message may still be on the way.
        if let (Some(id), Some(dokumente)) = (dokument(&objekt), self.dokumente.get())
            && let Ok(d) = dokumente.get(actor, id).await
        {
            return Ok(Some(d.sha256));
        }
        let known: Option<(BlobHash,)> = self.db.optional(&FASSUNG, args![&objekt]).await.map_err(away)?;
        Ok(known.map(|(hash,)| hash))
    }

    /// Why a task is gone that nobody did.
    pub(crate) async fn zurueckgenommen(&self, z: &Zeile, am: Timestamp) -> Result<Fehler, DbError> {
        let changed: Option<(Timestamp,)> = self.db.optional(&GEAENDERT_SEIT, args![z.id, z.seit]).await?;
        Ok(match changed {
            Some((seit,)) if seit <= am => {
                let text = format!(
                    "Das Dokument wurde am {} geändert. Diese Aufgabe gibt es nicht mehr. Sie werden mit der neuen Fassung neu gefragt.",
                    uhrzeit(seit)
                );
                Fehler::new("E3020", 409, text, "content changed, the task comes again")
            }
            _ => {
                let text = format!(
                    "Diese Aufgabe wurde am {} zurückgenommen, weil der Ablauf anders weiterging.",
                    uhrzeit(am)
                );
                Fehler::new("E3001", 409, text, "task is withdrawn")
            }
        })
    }

    /// Before the transaction: is what the person saw still what the record keeper has? What changes after this look is
    /// made void by the message that follows.
    pub(crate) async fn noch_aktuell(&self, actor: &Actor, z: &Zeile, gesehen: Option<BlobHash>) -> Result<(), Fehler> {
        let (Some(gesehen), Some(_)) = (gesehen, z.dokument) else { return Ok(()) };
        let objekt: Option<(String,)> = self.db.optional(&GEGENSTAND, args![z.id]).await.map_err(away)?;
        let id = objekt.as_ref().and_then(|(o,)| dokument(o));
        if let (Some(id), Some(dokumente)) = (id, self.dokumente.get()) {
            let jetzt = dokumente.get(actor, id).await?.sha256;
            if jetzt != gesehen {
                return Err(veraltet(true));
            }
        }
        Ok(())
    }
}

/// Who was asked for a signature still sees the process when the question is withdrawn: why, and that it comes again.
pub(crate) async fn bleibt_sichtbar(tx: &mut Tx, id: InstanceId, task: TaskId) -> Result<(), DbError> {
    let asked: Vec<(String,)> = tx.all(&GEFRAGTE, args![task]).await?;
    for (subjekt,) in asked {
        let objekt = format!("ablauf:{id}");
        rechte::grant(tx, &subjekt, &objekt, rechte::Recht::Sehen, Timestamp(0), "gefragt").await?;
    }
    Ok(())
}

/// A signing task appears: what it is bound to, and what of that counts now.
pub(crate) async fn merken(
    fahrt: &mut Fahrt<'_>,
    id: InstanceId,
    task: TaskId,
    spec: &TaskSpec,
) -> Result<(), FahrtFehler> {
    let Some(signs) = spec.signs.as_deref() else { return Ok(()) };
    let variables = fahrt.variablen(id);
    let dokument = fahrt.load(id).await?.dokument;
    let objekt = match (signs, dokument) {
        (DOKUMENT, Some(dokument)) => format!("dokument:{dokument}"),
        // A process about no document signs what it was started with.
        (DOKUMENT, None) => format!("ablauf:{id}/umlauf"),
        (name, _) => format!("ablauf:{id}/{name}"),
    };
    fahrt.tx().execute(&GEGENSTAND_INSERT, args![task, &objekt]).await?;
    if variable(&objekt).is_some() {
        return variable_gilt(fahrt, id, &objekt, &variables).await;
    }
    let hash = variables.get("umlauf").and_then(|u| u.get("fassung")).and_then(Value::as_str);
    if let Some(hash) = hash.and_then(|h| h.parse::<BlobHash>().ok()) {
        let now = fahrt.jetzt();
        fahrt.tx().execute(&FASSUNG_ZUERST, args![&objekt, hash, now]).await?;
    }
    Ok(())
}

/// A person signs: the content that counts is what the instance holds in this very transaction.
pub(crate) async fn vor_zeichnung(fahrt: &mut Fahrt<'_>, id: InstanceId, task: TaskId) -> Result<(), FahrtFehler> {
    let objekt: Option<(String,)> = fahrt.tx().optional(&GEGENSTAND, args![task]).await?;
    let Some((objekt,)) = objekt.filter(|(o,)| variable(o).is_some()) else { return Ok(()) };
    let variables = fahrt.variablen(id);
    variable_gilt(fahrt, id, &objekt, &variables).await
}

async fn variable_gilt(
    fahrt: &mut Fahrt<'_>,
    id: InstanceId,
    objekt: &str,
    variables: &Werte,
) -> Result<(), FahrtFehler> {
    let (hash, now) = (inhalt(variable(objekt).and_then(|n| variables.get(n)).unwrap_or(&Value::Null)), fahrt.jetzt());
    let tx = fahrt.tx();
    if tx.execute(&FASSUNG_ZUERST, args![objekt, hash, now]).await? == 1 {
        return Ok(());
    }
    let kept: Vec<u64> =
        variables.get(GILT_WEITER).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_u64).collect();
    if !kept.is_empty() {
        keep(tx, objekt, hash, &kept).await?;
    }
    gilt(fahrt, objekt, hash, Some(id)).await.map(drop)
}

/// The signatures of these positions count for the new content too.
async fn keep(tx: &mut Tx, objekt: &str, hash: BlobHash, positions: &[u64]) -> Result<(), DbError> {
    let signed: Vec<(TaskId, Value)> = tx.all(&GEZEICHNET, args![objekt]).await?;
    for (task, daten) in signed {
        if daten.get("position").and_then(Value::as_u64).is_some_and(|nr| positions.contains(&nr)) {
            tx.execute(&GILT_WEITER_INSERT, args![task, hash]).await?;
        }
    }
    Ok(())
}

/// This content counts from now on; each signature that is void by it gets its line. False: it counted already.
async fn gilt(
    fahrt: &mut Fahrt<'_>,
    objekt: &str,
    hash: BlobHash,
    hier: Option<InstanceId>,
) -> Result<bool, FahrtFehler> {
    let now = fahrt.jetzt();
    if fahrt.tx().execute(&FASSUNG_NEU, args![objekt, hash, now]).await? == 0 {
        return Ok(false);
    }
    let void: Vec<Ungueltig> = fahrt.tx().all(&NEU_UNGUELTIG, args![objekt, hash, now]).await?;
    for u in void {
        if hier != Some(u.instanz) {
            fahrt.load(u.instanz).await?;
        }
        let text = format!("Zeichnung von {} ungültig: Dokument geändert am {}", u.name, uhrzeit(now));
        let element = (u.element.as_str(), ElementInstanceId(u.element_instanz));
        fahrt.note(u.instanz, element, "ungültig", Some(text), None).await?;
        let (chain, object) = (format!("ablauf:{}", u.instanz), format!("aufgabe:{}", u.aufgabe));
        let entry = audit::Entry {
            chain: &chain,
            at: now,
            actor: "dienst:geschaeftsgang",
            act: "zeichnung ungültig",
            object: &object,
            data: json!({ "element": u.element, "person": u.person, "fassung": hash }),
        };
        audit::append(fahrt.tx(), entry).await?;
    }
    Ok(true)
}

/// A document has new bytes: signatures of the old ones are void, and every process that signs it is told.
pub(crate) async fn geaendert(fahrt: &mut Fahrt<'_>, key: &str, werte: &Werte) -> Result<(), FahrtFehler> {
    let hash = werte.get("fassung").and_then(Value::as_str).and_then(|h| h.parse::<BlobHash>().ok());
    let Some(hash) = hash else {
        tracing::error!("a changed document without its hash");
        return Ok(());
    };
    gilt(fahrt, &format!("dokument:{key}"), hash, None).await?;
    let waiting: Vec<(InstanceId, i64)> = fahrt.tx().all(&WARTENDE, args![DOKUMENT_GEAENDERT, key]).await?;
    for (id, abo) in waiting {
        fahrt.load(id).await?;
        let known = fahrt.variablen(id);
        let known = known.get("umlauf").and_then(|u| u.get("fassung")).and_then(Value::as_str);
        if known.is_some_and(|k| k == hash.to_string()) {
            // Started with this content: nothing to ask again.
            continue;
        }
        fahrt.tx().execute(&ABO_WEG, args![id, abo]).await?;
        fahrt.command(id, Command::Message { subscription: abo as u64, variables: werte.clone() }).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_value_knows_its_content_and_not_its_order() {
        let a = json!({ "titel": "a", "text": ["b", { "x": 1, "y": null }] });
        let b: Value = serde_json::from_str(r#"{"text":["b",{"y":null,"x":1}],"titel":"a"}"#).unwrap_or_default();
        assert_eq!(inhalt(&a), inhalt(&b));
        for other in
            [json!({ "titel": "a", "text": ["b"] }), json!({ "titel": "a\"" }), json!(["a"]), json!("a"), json!(null)]
        {
            assert_ne!(inhalt(&a), inhalt(&other));
        }
        assert_ne!(inhalt(&json!(["a", "b"])), inhalt(&json!(["a,b"])));
    }

    #[test]
    fn objects_say_what_they_are() {
        assert_eq!(variable("ablauf:1/vorlage"), Some("vorlage"));
        assert_eq!(variable("dokument:018f2c00-0000-7000-8000-000000000001"), None);
        assert!(dokument("dokument:018f2c00-0000-7000-8000-000000000001").is_some());
    }
}

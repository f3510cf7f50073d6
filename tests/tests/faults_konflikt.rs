// SPDX-License-Identifier: EUPL-1.2
//! R21: a fifth of all transactions on PostgreSQL fails by a serialisation failure, a deadlock or a lock time-out. Each is
//! tried again as a whole, with a limit; no audit chain has a gap and nothing happens twice.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use gemein::{
    haus::{GEDULD, Haus},
    kanal, probe, proben, program,
};
use nachrichten::sendungen::{Kanal, Stand};
use serde_json::json;
use service_platform::db::{Db, Sql};

/// Each transaction of the engine writes to the history, each of the others to the audit trail: there chance strikes.
/// Its numbers come from a sequence, which no rollback takes back.
const STRIKES: &str = "
CREATE SEQUENCE probe_r21; CREATE SEQUENCE probe_r21_treffer;
CREATE FUNCTION probe_r21() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE chance text := md5(nextval('probe_r21') || '/SEED');
BEGIN
  IF ('x' || substr(chance, 1, 7))::bit(28)::int % 100 < 20 THEN
    PERFORM nextval('probe_r21_treffer');
    RAISE EXCEPTION 'injected by R21'
      USING ERRCODE = (ARRAY['40001', '40P01', '55P03'])[1 + ('x' || substr(chance, 9, 7))::bit(28)::int % 3];
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER probe_r21 AFTER INSERT ON platform_audit FOR EACH STATEMENT EXECUTE FUNCTION probe_r21();
CREATE TRIGGER probe_r21 AFTER INSERT ON geschaeftsgang_verlauf FOR EACH STATEMENT EXECUTE FUNCTION probe_r21();
";

#[tokio::test(flavor = "multi_thread")]
async fn r21_conflicts_are_tried_again_and_no_chain_has_a_gap() {
    let mut leer = Haus::leer().await;
    let Some(server) = leer.on_postgres().await else { return };
    let haus = leer.bezogen(program()).await;
    let seed = std::env::var("EAKTE_SEED").unwrap_or_else(|_| "21".into());
    println!("EAKTE_SEED={seed}");
    let owner = Db::postgres_as(&server.url, None, 2).await.unwrap();
    let text: &'static str = STRIKES.replace("SEED", &seed).leak();
    owner.run_alone(&Sql { sqlite: text, postgres: text }).await.unwrap();

    let more = if std::env::var_os("EAKTE_LONG").is_some() { 300 } else { 15 };
    let mut receipts = Vec::new();
    // A sender repeats what was refused for now, with the same key.
    let hand_in = async |kanal: Kanal, name: &str, bytes: Vec<u8>| {
        let from = std::time::Instant::now();
        loop {
            match haus.gib(kanal, name, bytes.clone(), None).await {
                Ok(id) => return id,
                Err(error) => assert!(error.status == 503 && from.elapsed() < GEDULD, "{error:?}"),
            }
        }
    };
    for name in proben() {
        receipts.push(hand_in(kanal(&name), &name, probe(&name)).await);
    }
    for n in 0..more {
        let bytes = [probe("04-rechnung-xrechnung-ubl.xml"), format!("\n<!-- R21 {n} -->\n").into_bytes()].concat();
        receipts.push(hand_in(Kanal::Upload, "r.xml", bytes).await);
    }
    for id in &receipts {
        let stand = haus.ruht(*id).await;
        assert_eq!(stand.state, Stand::Waiting, "{stand:?}");
    }
    // A person's step, too.
    let poststelle = haus.person("poststelle").await;
    for n in 0..5 {
        let stand = haus.bringe(Kanal::Scan, "brief.pdf", gemein::brief(&format!("R21 {n}")), None).await;
        let task = haus.aufgabe(&poststelle, stand.documents[0].id, "ZuordnungBestaetigen").await;
        let einheit = &task.variablen["zustaendigkeit"]["einheit"];
        let werte = json!({ "entscheidung": "bestaetigen", "dokumentart": "stellungnahme", "titel": "Stellungnahme",
            "amt": "61", "einheit": einheit, "akte_titel": "Bebauungsplan", "vorgang_titel": "Beteiligung" });
        haus.erledige(&poststelle, &task, werte).await;
    }
    haus.ist_sauber().await;
    let (tried, hit) = (
        haus_zahl(&owner, "SELECT last_value FROM probe_r21").await,
        haus_zahl(&owner, "SELECT last_value FROM probe_r21_treffer").await,
    );
    println!("R21: {hit} of {tried} statements failed on purpose");
    assert!(tried > 100 && hit * 100 > tried * 12, "chance did not strike: {hit} of {tried}");
    let stoerungen =
        gemein::haus::sql("SELECT typ, coalesce(ursache, '') FROM geschaeftsgang_auftrag WHERE stand = 'stoerung'");
    let stoerungen: Vec<(String, String)> = owner.all(&stoerungen, Vec::new()).await.unwrap();
    assert_eq!(stoerungen, [], "incidents");
    assert_eq!(
        haus.zahl("SELECT coalesce(max(failures), 0) FROM geschaeftsgang_auftrag").await,
        0,
        "no job lost a try"
    );
    // The trail by hand, beside `reconcile`: every chain counts 1, 2, 3, ...
    let gaps = "SELECT count(*) FROM (SELECT chain FROM platform_audit GROUP BY chain HAVING max(seq) <> count(*) OR min(seq) <> 1) g";
    assert_eq!(haus.zahl(gaps).await, 0);
    let twice = "SELECT count(*) FROM (SELECT instanz, element_instanz FROM geschaeftsgang_verlauf WHERE ereignis = 'erledigt' AND innen = 0 AND element_instanz <> 0 GROUP BY 1, 2 HAVING count(*) > 1) d";
    assert_eq!(haus.zahl(twice).await, 0, "an element was done twice");
}

async fn haus_zahl(db: &Db, text: &'static str) -> i64 {
    let (n,): (i64,) = db.one(&gemein::haus::sql(text), Vec::new()).await.unwrap();
    n
}

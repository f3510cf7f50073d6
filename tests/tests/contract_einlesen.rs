// SPDX-License-Identifier: EUPL-1.2
//! The import of an organisation on both databases: one transaction, only differences, everything audited, and on
//! PostgreSQL with no more rights than the operators' role has.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use service_eakte::einrichtung::{
    abgleich::{Abbruch, Bericht, Weise, einlesen},
    lesen::Datei,
    zustaendigkeit,
};
use service_platform::{
    args, audit,
    db::{Db, FromRow, Sql},
    mandant, organisation,
    uhr::{Clock as _, CountingIds},
};
use service_platform_testkit::{fixed, postgres, sqlite};

fn files(list: &[(&str, &str)]) -> Vec<Datei> {
    list.iter().map(|(name, text)| Datei { name: (*name).to_owned(), bytes: text.as_bytes().to_vec() }).collect()
}

async fn rows<R: FromRow>(db: &Db, text: &'static str) -> Vec<R> {
    db.all(&Sql { sqlite: text, postgres: text }, args![]).await.unwrap()
}

struct Welt<'a> {
    db: &'a Db,
    ids: &'a CountingIds,
    at: nachrichten::Timestamp,
}

impl Welt<'_> {
    async fn read(&self, list: &[(&str, &str)], weise: &Weise) -> Result<Bericht, Abbruch> {
        einlesen(self.db, (self.at, self.ids), "person:probe", &files(list), weise).await
    }
}

const AEMTER: &str = "nummer;name\n10;Hauptamt\n66;Tiefbauamt\n";
const PLAN: &str = "kennzeichen;titel;amt;aufbewahrung\n10.1;Post;10;5\n66.1;Wege;66;\n";
const STELLEN: &str = "kennung;bezeichnung;amt;uebergeordnet;gruppen;rollen\nL;Leitung;66;;Amtsleitung-66;Amtsleitung\nS;Sachbearbeitung;66;L;Feststellung-66;Feststellung\n";
const PERSONEN: &str = "kennung;name;amt;stelle;verzeichnisname;e_mail;rollen\n\
    chef;Ada Lovelace;66;L;ada;ada@stadt.example;Betrieb\n\
    kollege;Carl Gauß;66;S;carl;carl@stadt.example;\n";
const ALLE: [(&str, &str); 4] =
    [("aemter.csv", AEMTER), ("aktenplan.csv", PLAN), ("stellen.csv", STELLEN), ("personen.csv", PERSONEN)];

async fn contract(db: &Db, setup: &Db) {
    let (clock, ids) = fixed();
    let welt = Welt { db, ids: ids.as_ref(), at: clock.now() };
    let weise = Weise::default();
    let mut tx = setup.begin().await.unwrap();
    mandant::set_up(&mut tx, welt.at, "person:probe").await.unwrap();
    tx.commit().await.unwrap();

    // Wrong in the last file: nothing of the first ones stays.
    let wrong = [("aemter.csv", AEMTER), ("personen.csv", "kennung;name;amt\nx;X;99\n")];
    let error = welt.read(&wrong, &weise).await.unwrap_err();
    assert!(matches!(error, Abbruch::Maengel(m) if m.len() == 1 && m[0].zeile == Some(2)), "one finding");
    let checked = welt.read(&ALLE, &Weise { nur_pruefen: true, ..Weise::default() }).await.unwrap();
    assert_eq!(rows::<(i64,)>(db, "SELECT count(*) FROM platform_amt").await, [(0,)]);

    let first = welt.read(&ALLE, &weise).await.unwrap();
    assert_eq!(first, checked, "the check tells what will be");
    assert_eq!(first.tabellen.iter().map(|z| z.neu.len()).collect::<Vec<_>>(), [2, 2, 2, 2]);
    assert_eq!(first.rechte, 2);
    let own = organisation::own(db).await.unwrap().unwrap();
    assert_eq!(own.aemter.len(), 2);
    assert_eq!(own.gruppen["Feststellung-66"], "Sachliche und rechnerische Richtigkeit, Tiefbauamt");
    let effective = rows::<(String,)>(
        db,
        "SELECT w.subjekt FROM platform_wirksam w JOIN platform_person p ON p.id = w.person WHERE p.kennung = 'kollege' AND w.subjekt NOT LIKE 'person:%' ORDER BY w.subjekt",
    );
    assert_eq!(effective.await, [("gruppe:Feststellung-66".to_owned(),), ("rolle:Feststellung".to_owned(),)]);
    let grants =
        "SELECT count(*) FROM platform_recht WHERE objekt = 'einheit:66.1' AND subjekt = 'gruppe:Feststellung-66'";
    assert_eq!(rows::<(i64,)>(db, grants).await, [(1,)]);
    assert!(zustaendigkeit::of_city(db).await.unwrap().unwrap().contains("Trennblatt nennt Amt 66"));

    // Again: only the entry of the import itself.
    let entries = || rows::<(i64,)>(db, "SELECT count(*) FROM platform_audit");
    let before = entries().await[0].0;
    let again = welt.read(&ALLE, &weise).await.unwrap();
    assert!(
        again.tabellen.iter().all(|z| z.neu.is_empty() && z.geaendert.is_empty() && z.unveraendert == 2),
        "{again:?}"
    );
    assert_eq!((again.rechte, entries().await[0].0), (0, before + 1));

    // Another Stelle gives other rights; two persons swap their directory names; a Stelle changes for whoever has it.
    let swapped = PERSONEN.replace(";ada;", ";x;").replace(";carl;", ";ada;").replace(";x;", ";carl;");
    let moved = welt.read(&[("personen.csv", &swapped)], &weise).await.unwrap();
    assert_eq!(
        moved.tabellen[0].geaendert.iter().map(|(k, c)| (k.as_str(), c.clone())).collect::<Vec<_>>(),
        [("chef", vec!["verzeichnisname"]), ("kollege", vec!["verzeichnisname"])]
    );
    let stellen = STELLEN.replace("Feststellung-66;Feststellung", "Anordnung-66;Anordnung");
    assert_eq!(welt.read(&[("stellen.csv", &stellen)], &weise).await.unwrap().rechte, 1);
    let has = "SELECT count(*) FROM platform_wirksam w JOIN platform_person p ON p.id = w.person WHERE p.kennung = 'kollege' AND w.subjekt IN ('gruppe:Anordnung-66', 'rolle:Anordnung')";
    assert_eq!(rows::<(i64,)>(db, has).await, [(2,)]);

    // Who is no longer in the file stays, until it is closed on purpose; then nothing of their rights is left.
    let only = swapped.lines().take(2).collect::<Vec<_>>().join("\n");
    let left = welt.read(&[("personen.csv", &only)], &weise).await.unwrap();
    assert_eq!(left.tabellen[0].fehlend, ["kollege"]);
    let close = Weise { fehlende_schliessen: true, ..Weise::default() };
    let closed = welt.read(&[("personen.csv", &only)], &close).await.unwrap();
    assert_eq!((closed.tabellen[0].geschlossen.as_slice(), closed.rechte), (&["kollege".to_owned()][..], 1));
    assert_eq!(rows::<(i64,)>(db, has).await, [(0,)]);
    let back = welt.read(&[("personen.csv", &swapped)], &weise).await.unwrap();
    assert_eq!(back.tabellen[0].geaendert.last().unwrap(), &("kollege".to_owned(), Vec::<&str>::new()), "there again");
    assert_eq!(rows::<(i64,)>(db, has).await, [(2,)]);
    // Nobody closes the last operator.
    let none = "kennung;name;amt\nneu;Neu;66\n";
    assert!(welt.read(&[("personen.csv", none)], &close).await.is_err());
    assert_eq!(rows::<(i64,)>(db, "SELECT count(*) FROM platform_person WHERE kennung = 'neu'").await, [(0,)]);

    let report = audit::verify(setup).await.unwrap();
    assert!(report.breaks.is_empty() && report.entries > 0, "{report:?}");
    // No name of a person stands in the trail.
    let named = "SELECT count(*) FROM platform_audit WHERE data LIKE '%Lovelace%' OR data LIKE '%ada@%'";
    assert_eq!(rows::<(i64,)>(db, named).await, [(0,)]);
}

#[tokio::test]
async fn an_organisation_is_read_on_sqlite() {
    let t = sqlite().await;
    t.db.migrate(&service_akten::MIGRATIONS).await.unwrap();
    contract(&t.db, &t.db).await;
}

#[tokio::test]
async fn an_organisation_is_read_on_postgresql() {
    let Some(t) = postgres().await else { return };
    for migrations in service_eakte::ports::MIGRATIONS {
        t.db.migrate(&migrations).await.unwrap();
    }
    t.db.give_roles().await.unwrap();
    let operators = Db::postgres_as(&t.url, Some("eakte_betrieb"), 4).await.unwrap();
    contract(&operators, &t.db).await;
    operators.close().await;
}

/// The mark lies in the database, and what empties one asks it there.
#[tokio::test]
async fn only_a_training_database_can_be_emptied() {
    let Some(t) = postgres().await else { return };
    for migrations in service_eakte::ports::MIGRATIONS {
        t.db.migrate(&migrations).await.unwrap();
    }
    assert!(t.db.empty_training().await.is_err(), "no mark");
    assert_eq!(rows::<(i64,)>(&t.db, "SELECT count(*) FROM platform_person").await, [(0,)]);
    mandant::admit(&t.db, true).await.unwrap();
    assert!(matches!(mandant::admit(&t.db, false).await, Err(mandant::MandantFehler::IsTraining)));
    t.db.empty_training().await.unwrap();
    for migrations in service_eakte::ports::MIGRATIONS {
        t.db.migrate(&migrations).await.unwrap();
    }
    let (clock, _) = fixed();
    let mut tx = t.db.begin().await.unwrap();
    mandant::set_up(&mut tx, clock.now(), "person:probe").await.unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(mandant::admit(&t.db, true).await, Err(mandant::MandantFehler::IsNotTraining)));
    assert!(t.db.empty_training().await.is_err(), "the real one");
}

// SPDX-License-Identifier: EUPL-1.2
//! Measures lists and search on a large record: `cargo run -p service-akten --example messung -- 100000 [FOLDER]`.
//! With a folder the record is kept and used again. Prints the median and the worst of each call.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{path::PathBuf, sync::Arc, time::Instant};

use nachrichten::{
    Actor,
    dokumente::Dokumente,
    suche::{Anfrage, Suche},
};
use service_akten::Akten;
use service_platform::{
    args,
    blobs::{Blobs, DirectoryBlobs},
    db::Db,
    konten::{Konten, NeuePerson},
    rechte::{self, Recht},
    statements,
    uhr::{Clock, Ids, SystemClock, SystemIds},
};

statements! {
    EINIGE = "SELECT objekt FROM akten_dokument WHERE ort_objekt LIKE 'korb:%' ORDER BY erfasst LIMIT $1";
    ANALYSE = "ANALYZE";
}

macro_rules! measure {
    ($name:expr, $runs:expr, $call:expr) => {{
        let mut times = Vec::new();
        let mut size = 0u64;
        for _ in 0..$runs {
            let begin = Instant::now();
            size = u64::try_from($call).unwrap();
            times.push(begin.elapsed().as_secs_f64() * 1000.0);
        }
        times.sort_by(f64::total_cmp);
        println!(
            "  {:<44} median {:>7.2} ms   worst {:>7.2} ms   ({size})",
            $name,
            times[times.len() / 2],
            times[times.len() - 1]
        );
    }};
}

#[tokio::main]
async fn main() {
    let mut words = std::env::args().skip(1);
    let n: usize = words.next().and_then(|n| n.parse().ok()).unwrap_or(10_000);
    let temporary = tempfile::tempdir().unwrap();
    let folder = words.next().map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    std::fs::create_dir_all(&folder).unwrap();
    let db = match std::env::var("EAKTE_PG_URL") {
        Ok(url) => Db::postgres(&url).await.unwrap(),
        Err(_) => Db::sqlite(&folder.join("eakte.db")).await.unwrap(),
    };
    db.migrate(&service_platform::MIGRATIONS).await.unwrap();
    db.migrate(&service_akten::MIGRATIONS).await.unwrap();
    let blobs: Arc<dyn Blobs> = Arc::new(DirectoryBlobs::open(&folder, "messung").unwrap());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let ids: Arc<dyn Ids> = Arc::new(SystemIds);
    let tables = concat!(env!("CARGO_MANIFEST_DIR"), "/../../workflows/tabellen");
    let read = |name: &str| std::fs::read_to_string(format!("{tables}/{name}")).unwrap();
    let akten = Akten::new(db.clone(), blobs, clock.clone(), ids.clone());
    akten.seed(&read("aktenplan.csv"), &read("organisation.json")).await.unwrap();

    let konten = Konten::new(db.clone(), clock.clone(), ids);
    let person = async |kennung: &str, rollen: &[&str], gruppen: &[&str]| {
        let strings = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
        let p = NeuePerson {
            kennung: kennung.into(),
            name: kennung.into(),
            amt: String::new(),
            rollen: strings(rollen),
            gruppen: strings(gruppen),
        };
        Actor { person: konten.enter(&p, None).await.unwrap(), name: kennung.into() }
    };
    let revision = person("revision", &["Revision"], &[]).await;
    let there = akten.zaehler(&revision).await.unwrap().0 as usize;
    if there < n {
        let begin = Instant::now();
        akten.seed_many(n - there).await.unwrap();
        let seconds = begin.elapsed().as_secs_f64();
        println!("{} documents seeded in {seconds:.1} s ({:.0}/s)", n - there, (n - there) as f64 / seconds);
        db.execute(&ANALYSE, args![]).await.unwrap();
    }
    let some: Vec<(String,)> = db.all(&EINIGE, args![1000]).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    for (i, (objekt,)) in some.iter().enumerate() {
        let gruppe = if i < 5 { "gruppe:Wenige" } else { "gruppe:Viele" };
        rechte::grant(&mut tx, gruppe, objekt, Recht::Sehen, nachrichten::Timestamp(0), "messung").await.unwrap();
    }
    tx.commit().await.unwrap();

    let persons = [
        ("Revision (everything)", revision),
        ("Tiefbauamt (three units)", person("tiefbau", &[], &["Sachbearbeitung-66"]).await),
        ("Poststelle (basket)", person("poststelle", &[], &["Poststelle"]).await),
        ("one with five documents", person("wenige", &[], &["Wenige"]).await),
        ("one with 995 open tasks", person("viele", &[], &["Viele"]).await),
        ("one without rights", person("niemand", &[], &[]).await),
    ];
    for (name, actor) in &persons {
        println!("{name}");
        measure!("list, first page of 50", 15, akten.list(actor, 50, None).await.unwrap().0.len());
        let mut nach = None;
        for _ in 0..10 {
            nach = akten.list(actor, 50, nach.as_deref()).await.unwrap().1;
            if nach.is_none() {
                break;
            }
        }
        measure!("list, page 11", 15, akten.list(actor, 50, nach.as_deref()).await.unwrap().0.len());
        measure!("counts", 15, akten.zaehler(actor).await.unwrap().0);
        measure!("Akten, first page of 50", 15, akten.akten(actor, 50, None).await.unwrap().0.len());
        if let Some(first) = akten.list(actor, 1, None).await.unwrap().0.first() {
            measure!("document", 15, akten.get(actor, first.id).await.unwrap().renditionen.len());
        }
        for text in [
            "Müller",
            "Amt",
            "Widerspruch Gebühr",
            "\"Straßensperrung bis zum\"",
            "Kanal -Schulstraße",
            "Az:66.10*",
            "Tiefbuaamt",
            "",
        ] {
            let anfrage = Anfrage { text: text.into(), limit: 20, ..Default::default() };
            measure!(format!("search {text}"), 7, akten.suche(actor, &anfrage).await.unwrap().gesamt);
        }
    }
}

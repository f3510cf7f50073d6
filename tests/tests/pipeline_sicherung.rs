// SPDX-License-Identifier: EUPL-1.2
//! The restore drill: a backup made while post is on its way is put back into an empty place, and the city goes on there.
//! With `EAKTE_PORTS=server` over PostgreSQL and S3.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing)]

mod gemein;

use std::path::Path;

use gemein::{
    haus::{Haus, sql},
    kanal, probe, proben, program,
};
use nachrichten::sendungen::Stand;
use service_eakte::sicherung::{self, Quelle, Ziel};
use service_platform::{args, db::Sql, uhr::Clock as _};

/// Backs up this house as the command does.
async fn sichere(haus: &Haus, ziel: &Path) -> String {
    let postgres = haus.settings.db.address().unwrap();
    let quelle = Quelle {
        db: &haus.app.db,
        blobs: haus.app.blobs.as_ref(),
        journal: &haus.app.pfade.journal,
        mandant: &haus.settings.mandant,
        postgres: postgres.as_deref(),
    };
    let made = sicherung::create(&quelle, ziel, haus.app.clock.now()).await.unwrap();
    println!("{made:?}");
    made.stand
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_under_load_goes_on_in_an_empty_place() {
    let haus = Haus::neu().await;
    // The moved clock belongs to the data, as the demo's does.
    const MOVED: Sql = sql("INSERT INTO platform_einstellung (name, wert) VALUES ('uhr_versatz', $1)");
    haus.app.db.execute(&MOVED, args![haus.app.clock.offset().to_string()]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut receipts = Vec::new();
    for name in proben() {
        receipts.push((haus.gib(kanal(&name), &name, probe(&name), None).await.unwrap(), name));
    }
    // Nothing has come to rest.
    let first = sichere(&haus, folder.path()).await;
    for (id, _) in &receipts {
        haus.ruht(*id).await;
    }
    let offset = haus.app.clock.offset();
    haus.app.clock.set_offset(offset + 1_000_000);
    let second = sichere(&haus, folder.path()).await;
    assert_eq!(sicherung::staende(folder.path()).unwrap(), [first.clone(), second.clone()]);
    for stand in [&first, &second] {
        let checked = sicherung::verify(folder.path(), stand).await.unwrap();
        assert_eq!(checked.befunde, Vec::<String>::new(), "{stand}");
    }
    drop(haus);

    for stand in [first, second] {
        let leer = Haus::leer().await;
        let (settings, blobs) = (leer.settings.clone(), leer.blobs());
        let postgres = leer.owner.clone();
        let journal = service_eakte::arbeiter::pfade(leer.data.path(), &settings).journal;
        let ziel =
            Ziel { data: leer.data.path(), blobs: blobs.as_ref(), journal: &journal, postgres: postgres.as_deref() };
        let done = sicherung::restore(folder.path(), &stand, &ziel).await.unwrap();
        assert_eq!(done.befunde, Vec::<String>::new());
        let twice = sicherung::restore(folder.path(), &stand, &ziel).await.unwrap_err().to_string();
        assert!(twice.contains("liegen schon") || twice.contains("liegt schon"), "{twice}");
        let haus = leer.bezogen(program()).await;
        for (id, name) in &receipts {
            assert_eq!(haus.ruht(*id).await.state, Stand::Waiting, "{name} from {stand}");
        }
        haus.ist_sauber().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_backup_is_found_and_not_put_back() {
    let haus = Haus::neu().await;
    let folder = tempfile::tempdir().unwrap();
    let name = "04-rechnung-xrechnung-ubl.xml";
    let id = haus.gib(kanal(name), name, probe(name), None).await.unwrap();
    haus.ruht(id).await;
    let stand = sichere(&haus, folder.path()).await;
    let state = folder.path().join("stand").join(&stand);
    let hash = nachrichten::BlobHash::of(&probe(name)).to_string();
    let blob = folder.path().join("blobs").join(&haus.settings.mandant).join(&hash[..2]).join(&hash);
    let database = std::fs::read_dir(&state).unwrap().map(|e| e.unwrap().path());
    let database = database.into_iter().find(|p| p.file_stem().is_some_and(|s| s == "datenbank")).unwrap();
    for file in [blob, database, state.join("blobs.txt")] {
        let whole = std::fs::read(&file).unwrap();
        let mut damaged = whole.clone();
        damaged[whole.len() / 2] ^= 1;
        std::fs::write(&file, damaged).unwrap();
        let found = sicherung::verify(folder.path(), &stand).await.unwrap().befunde;
        assert_eq!(found.len(), 1, "{}: {found:?}", file.display());
        println!("{found:?}");
        let leer = Haus::leer().await;
        let (settings, blobs) = (leer.settings.clone(), leer.blobs());
        let journal = service_eakte::arbeiter::pfade(leer.data.path(), &settings).journal;
        let ziel =
            Ziel { data: leer.data.path(), blobs: blobs.as_ref(), journal: &journal, postgres: leer.owner.as_deref() };
        let refused = sicherung::restore(folder.path(), &stand, &ziel).await.unwrap();
        assert_eq!(refused.befunde, found, "the same finding, and nothing put back");
        assert!(blobs.list().await.unwrap().is_empty());
        std::fs::write(&file, whole).unwrap();
    }
    std::fs::remove_file(state.join("manifest.json")).unwrap();
    assert!(sicherung::staende(folder.path()).unwrap().is_empty(), "half a backup is none");
}

/// Whoever restores into the wrong city by mistake changes nothing there, the journal of the hand-over least of all.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_use_is_refused_before_anything_is_written() {
    let haus = Haus::neu().await;
    let folder = tempfile::tempdir().unwrap();
    let name = "04-rechnung-xrechnung-ubl.xml";
    let id = haus.gib(kanal(name), name, probe(name), None).await.unwrap();
    haus.ruht(id).await;
    let journal = haus.app.pfade.journal.clone();
    let note = journal.join("offen/probe.json");
    std::fs::create_dir_all(note.parent().unwrap()).unwrap();
    std::fs::write(&note, "alt").unwrap();
    let stand = sichere(&haus, folder.path()).await;
    std::fs::write(&note, "neu").unwrap();

    // Only the journal is in use.
    let leer = Haus::leer().await;
    let blobs = leer.blobs();
    let ziel =
        Ziel { data: leer.data.path(), blobs: blobs.as_ref(), journal: &journal, postgres: leer.owner.as_deref() };
    let refused = sicherung::restore(folder.path(), &stand, &ziel).await.unwrap_err().to_string();
    assert!(refused.contains("liegt schon ein Journal"), "{refused}");
    assert_eq!(std::fs::read_to_string(&note).unwrap(), "neu");
    assert!(blobs.list().await.unwrap().is_empty());

    // Only the database is.
    let data = haus.data.path();
    let empty = leer.data.path().join("journal");
    let postgres = haus.settings.db.address().unwrap();
    let ziel = Ziel { data, blobs: blobs.as_ref(), journal: &empty, postgres: postgres.as_deref() };
    let refused = sicherung::restore(folder.path(), &stand, &ziel).await.unwrap_err().to_string();
    assert!(refused.contains("liegen schon"), "{refused}");
    assert!(!empty.exists() && blobs.list().await.unwrap().is_empty());
}

// SPDX-License-Identifier: EUPL-1.2
//! How long it takes until a process file is deployed or refused, with analyser and commit: `einspielen DIR FOLDER`
//! deploys every `.bpmn` and `.xml` below FOLDER once into an empty SQLite database in DIR, and says on stdout in JSON how many
//! were deployed (those that are only drawn too) or refused, and the times in milliseconds.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use service_geschaeftsgang::{Geschaeftsgang, Herkunft, MIGRATIONS, Options};
use service_platform::{
    bus::InProcessBus,
    db::Db,
    uhr::{SystemClock, SystemIds},
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let (dir, folder) = (arguments.next().ok_or("DIR")?, arguments.next().ok_or("FOLDER")?);
    let db = Db::sqlite(&dir.join("einspielen.db")).await?;
    for migrations in [service_platform::MIGRATIONS, MIGRATIONS] {
        db.migrate(&migrations).await?;
    }
    let (bus, clock) = (Arc::new(InProcessBus::default()), Arc::new(SystemClock::default()));
    let engine = Geschaeftsgang::new(db, bus, clock, Arc::new(SystemIds), Options::default()).await?;
    let mut files = Vec::new();
    collect(&folder, &mut files)?;
    files.sort();
    let (mut deployed, mut refused, mut times) = (0u64, 0u64, Vec::new());
    for file in files {
        let bytes = std::fs::read(&file)?;
        let began = Instant::now();
        // Files in another encoding are refused before, by the same test as in the portal.
        let done = match String::from_utf8(bytes) {
            Ok(xml) => engine.deploy(&xml, Herkunft::Stadt).await.is_ok(),
            Err(_) => false,
        };
        times.push((began.elapsed().as_secs_f64() * 1000.0, file));
        *if done { &mut deployed } else { &mut refused } += 1;
    }
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (slowest, file) = times.last().ok_or("no files")?;
    let report = serde_json::json!({
        "files": times.len(), "deployed": deployed, "refused": refused,
        "ms_median": times[times.len() / 2].0, "ms_slowest": slowest, "slowest": file.file_name().and_then(|n| n.to_str()),
    });
    writeln!(std::io::stdout(), "{report}")?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "bpmn" || e == "xml") {
            files.push(path);
        }
    }
    Ok(())
}

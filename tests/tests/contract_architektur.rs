// SPDX-License-Identifier: EUPL-1.2
//! The rules of the house that no compiler knows: which crate may know which, what lies at the top,
//! headers, file lengths, and that each error code has its page.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// A workspace member: its folder below the root, its package name, and `(dependency, kind)` per dependency.
struct Member {
    folder: String,
    name: String,
    dependencies: Vec<(String, String)>,
}

fn members() -> Vec<Member> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let out = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let metadata: Value = serde_json::from_slice(&out.stdout).unwrap();
    let text = |v: &Value| v.as_str().unwrap_or("normal").to_owned();
    let member = |package: &Value| {
        let folder = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap();
        Member {
            folder: folder.strip_prefix(root()).unwrap().to_str().unwrap().to_owned(),
            name: text(&package["name"]),
            dependencies: package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .map(|d| (text(&d["name"]), text(&d["kind"])))
                .collect(),
        }
    };
    metadata["packages"].as_array().unwrap().iter().map(member).collect()
}

/// What every service may lean on; none of them holds a domain of its own.
const HELPERS: [&str; 5] =
    ["services/platform", "services/platform-testkit", "services/ruf", "services/sandbox", "services/ocr-engine"];
const TESTKIT: &str = "service-platform-testkit";

/// `schemas ← workflows ← services/platform ← services/* ← services/eakte ← tests`.
fn layer(folder: &str) -> u8 {
    match folder {
        "tests" => 5,
        "services/eakte" => 4,
        f if HELPERS.contains(&f) => 2,
        f if f.starts_with("services/") => 3,
        f if f.starts_with("workflows/") => 1,
        f if f.starts_with("schemas/") => 0,
        other => panic!("{other} is no place for a crate"),
    }
}

#[test]
fn dependencies_run_one_way() {
    let members = members();
    assert!(members.len() >= 14, "only {} members found", members.len());
    let layers: BTreeMap<&str, u8> = members.iter().map(|m| (m.name.as_str(), layer(&m.folder))).collect();
    let mut wrong = Vec::new();
    for member in &members {
        let from = layers[member.name.as_str()];
        for (dependency, kind) in &member.dependencies {
            let Some(&to) = layers.get(dependency.as_str()) else {
                continue;
            };
            // Pure crates and helpers may build on each other; cargo itself refuses a circle.
            let sideways = to == from && matches!(from, 0 | 2);
            if to >= from && !sideways {
                wrong.push(format!("{} -> {dependency}", member.name));
            }
            if dependency == TESTKIT && kind != "dev" {
                wrong.push(format!("{} -> {dependency} outside tests", member.name));
            }
        }
    }
    assert!(wrong.is_empty(), "edges that must not be: {wrong:#?}");
}

#[test]
fn packages_are_named_by_their_folder() {
    for member in members() {
        let expected = match member.folder.split_once('/') {
            Some(("services", name)) => format!("service-{name}"),
            Some((_, name)) => name.to_owned(),
            None => member.folder.clone(),
        };
        assert_eq!(member.name, expected, "package in {}", member.folder);
    }
}

#[test]
fn schemas_and_workflows_do_no_io() {
    const WORLD: [&str; 6] = ["tokio", "sqlx", "axum", "ureq", "getrandom", "tempfile"];
    const CALLS: [&str; 7] =
        ["std::fs", "std::net", "std::process", "SystemTime::now", "Instant::now", "Timestamp::now", "now_v7("];
    for member in members().iter().filter(|m| layer(&m.folder) < 2) {
        for (dependency, kind) in &member.dependencies {
            assert!(kind == "dev" || !WORLD.contains(&dependency.as_str()), "{} depends on {dependency}", member.name);
        }
        for file in sources().iter().filter(|f| f.starts_with(format!("{}/src", member.folder))) {
            let text = read(file);
            // What stands behind the first test module is not shipped.
            let shipped = text.split("#[cfg(test)]").next().unwrap();
            for call in CALLS {
                assert!(!shipped.contains(call), "{} uses {call}", file.display());
            }
        }
    }
}

/// A dependency nobody names costs build time and is one more thing to trust.
#[test]
fn every_dependency_is_used() {
    let sources = sources();
    let mut unused = Vec::new();
    for member in members().iter().filter(|m| m.folder != "tests") {
        let text: String = sources.iter().filter(|f| f.starts_with(&member.folder)).map(|f| read(f)).collect();
        for (dependency, _) in &member.dependencies {
            let name = dependency.replace('-', "_");
            let used = text.match_indices(&name).any(|(at, _)| {
                let before = text[..at].chars().next_back();
                let after = text[at + name.len()..].chars().next();
                before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
                    && after.is_none_or(|c| matches!(c, ':' | ';' | '!' | ' '))
            });
            if !used {
                unused.push(format!("{} in {}", dependency, member.folder));
            }
        }
    }
    assert!(unused.is_empty(), "never named: {unused:#?}");
}

#[test]
fn nothing_else_stands_at_the_top() {
    const FOLDERS: [&str; 6] = ["LICENSES", "deploy", "schemas", "services", "tests", "workflows"];
    const FILES: [&str; 7] =
        ["Cargo.lock", "Cargo.toml", "LICENSE", "README.md", "SECURITY.md", "deny.toml", "publiccode.yml"];
    // Left behind by a build or a run, ignored by git.
    const LEFT_BEHIND: [&str; 2] = ["target", "eakte-data"];
    for entry in fs::read_dir(root()).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let known = if entry.path().is_dir() { FOLDERS.as_slice() } else { FILES.as_slice() };
        assert!(
            name.starts_with('.') || known.contains(&name.as_str()) || LEFT_BEHIND.contains(&name.as_str()),
            "{name} does not belong at the top"
        );
    }
}

/// Codes are written as `"E2001"` and explained in `schemas/fehler/E2001.md`.
#[test]
fn every_error_code_has_its_page() {
    let mut used: BTreeMap<String, PathBuf> = BTreeMap::new();
    for file in sources().into_iter().filter(|f| f.components().any(|c| c.as_os_str() == "src")) {
        for code in codes(&read(&file)) {
            used.entry(code).or_insert_with(|| file.clone());
        }
    }
    assert!(used.len() >= 20, "only {} codes found", used.len());
    let pages: BTreeMap<String, PathBuf> = walk(&root().join("schemas/fehler"))
        .into_iter()
        .filter(|p| p.extension().is_some_and(|e| e == "md"))
        .map(|p| (p.file_stem().unwrap().to_str().unwrap().to_owned(), p))
        .filter(|(stem, _)| codes(&format!("\"{stem}\"")).len() == 1)
        .collect();
    let without: Vec<_> = used.iter().filter(|(code, _)| !pages.contains_key(*code)).collect();
    assert!(without.is_empty(), "codes without a page: {without:#?}");
    let left: Vec<_> = pages.keys().filter(|code| !used.contains_key(*code)).collect();
    assert!(left.is_empty(), "pages nobody refers to: {left:?}");
    for (code, page) in pages {
        let text = fs::read_to_string(&page).unwrap();
        assert!(text.contains(&code), "{} does not name its code", page.display());
        assert!(text.len() > 200, "{} explains nothing", page.display());
    }
}

/// All `"E0000"` of a source text.
fn codes(text: &str) -> BTreeSet<String> {
    let bytes = text.as_bytes();
    bytes
        .windows(7)
        .filter(|w| w[0] == b'"' && w[1] == b'E' && w[6] == b'"' && w[2..6].iter().all(u8::is_ascii_digit))
        .map(|w| String::from_utf8_lossy(&w[1..6]).into_owned())
        .collect()
}

#[test]
fn every_source_file_names_its_licence() {
    const KINDS: [&str; 21] = [
        "rs", "py", "sh", "mjs", "js", "css", "html", "sql", "toml", "yml", "bpmn", "dmn", "svg", "yaml", "service",
        "target", "timer", "conf", "tpl", "example", "go",
    ];
    const SCRIPTS: [&str; 9] = [
        "tests/run",
        "deploy/demo",
        "deploy/cluster",
        ".ci/run",
        "deploy/compose/vorbereiten",
        "deploy/container/Containerfile",
        "deploy/container/gesund",
        "deploy/observe/metriken.txt",
        "deploy/systemd/install",
    ];
    let line = concat!("SPDX-License-", "Identifier: EUPL-1.2");
    let mut files: Vec<PathBuf> = tree()
        .into_iter()
        .filter(|f| f.extension().is_some_and(|e| KINDS.contains(&e.to_str().unwrap_or(""))))
        .collect();
    files.extend(SCRIPTS.iter().map(PathBuf::from));
    files.extend(["Cargo.toml", "deny.toml", "publiccode.yml"].map(PathBuf::from));
    let bare: Vec<_> = files.iter().filter(|f| !read(f).lines().take(4).any(|l| l.contains(line))).collect();
    assert!(bare.is_empty(), "no licence line: {bare:#?}");
}

#[test]
fn nothing_is_left_for_later() {
    let words = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[ig", "nore"),
    ];
    let scripts = ["py", "sh", "mjs", "js", "html", "sql"];
    for file in tree() {
        if file.extension().is_none_or(|e| e != "rs" && !scripts.contains(&e.to_str().unwrap_or(""))) {
            continue;
        }
        for (number, line) in read(&file).lines().enumerate() {
            for word in words {
                let found = line.match_indices(word).any(|(at, _)| {
                    let after = line[at + word.len()..].chars().next();
                    line[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric())
                        && (!word.ends_with(char::is_alphabetic) || after.is_none_or(|c| !c.is_alphanumeric()))
                });
                assert!(!found, "{}:{}: {word}", file.display(), number + 1);
            }
        }
    }
}

#[test]
fn files_can_be_read_in_one_sitting() {
    let long: Vec<_> = sources().into_iter().map(|f| (read(&f).lines().count(), f)).filter(|(n, _)| *n > 600).collect();
    assert!(long.is_empty(), "more than 600 lines: {long:#?}");
}

#[test]
fn publiccode_names_this_version() {
    let version = env!("CARGO_PKG_VERSION");
    assert!(read(Path::new("publiccode.yml")).contains(&format!("\nsoftwareVersion: {version}\n")));
    assert_eq!(read(Path::new("LICENSE")), read(Path::new("LICENSES/EUPL-1.2.txt")));
}

fn read(file: &Path) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

/// Rust files of all members, relative to the root.
fn sources() -> Vec<PathBuf> {
    tree().into_iter().filter(|f| f.extension().is_some_and(|e| e == "rs")).collect()
}

/// Files below the project's folders, relative to the root; without what others wrote and what tools put there.
fn tree() -> Vec<PathBuf> {
    let root = root();
    ["deploy", "schemas", "services", "tests", "workflows"]
        .iter()
        .flat_map(|folder| walk(&root.join(folder)))
        .map(|file| file.strip_prefix(&root).unwrap().to_path_buf())
        .filter(|file| !file.starts_with("tests/corpus/demo"))
        .collect()
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    const SKIPPED: [&str; 3] = ["vendor", "node_modules", "__pycache__"];
    let mut files = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for path in entries.map(|e| e.unwrap().path()) {
            if !path.is_dir() {
                files.push(path);
            } else if !SKIPPED.iter().any(|s| path.ends_with(s)) {
                waiting.push(path);
            }
        }
    }
    files.sort();
    files
}

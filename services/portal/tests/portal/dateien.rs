// SPDX-License-Identifier: EUPL-1.2
//! The files the portal ships: vendored ones unmodified, templates free of inline style and script.

use std::{collections::BTreeSet, fs, path::Path};

use nachrichten::BlobHash;

use crate::{browser::Browser, gemein::Fake};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, out: &mut Vec<String>, base: &Path) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            files(&entry.path(), out, base);
        } else {
            out.push(entry.path().strip_prefix(base).unwrap().to_string_lossy().into_owned());
        }
    }
}

#[test]
fn vendored_files_are_the_published_ones() {
    let folder = root().join("web/vendor");
    let table: toml::Table = fs::read_to_string(folder.join("VENDOR.toml")).unwrap().parse().unwrap();
    let listed = table["file"].as_array().unwrap();
    for f in listed {
        let path = f["path"].as_str().unwrap();
        let bytes = fs::read(folder.join(path)).unwrap();
        assert_eq!(BlobHash::of(&bytes).to_string(), f["sha256"].as_str().unwrap(), "{path}");
        for key in ["name", "version", "source", "licence"] {
            assert!(f[key].as_str().is_some_and(|v| !v.is_empty()), "{path}: {key}");
        }
        assert!(!f["source"].as_str().unwrap().contains("://"), "{path}: package name, not host");
    }
    let mut there = Vec::new();
    files(&folder, &mut there, &folder);
    assert_eq!(there.len(), listed.len() + 1, "every file is listed: {there:?}");
}

fn templates() -> Vec<(String, String)> {
    let folder = root().join("templates");
    let mut names = Vec::new();
    files(&folder, &mut names, &folder);
    names.into_iter().map(|n| (n.clone(), fs::read_to_string(folder.join(n)).unwrap())).collect()
}

#[test]
fn templates_have_no_inline_style_script_or_handler() {
    for (name, text) in templates() {
        let low = text.to_lowercase();
        for forbidden in [" style=", "<style", "hx-on", "hx-vals", "javascript:", "js:"] {
            assert!(!low.contains(forbidden), "{name}: {forbidden}");
        }
        for event in ["onclick", "onchange", "onsubmit", "onload", "onerror", "oninput", "onfocus", "onkeydown"] {
            assert!(!low.contains(event), "{name}: {event}");
        }
        for script in low.split("<script").skip(1) {
            assert!(
                script.trim_start().starts_with("src=") && script.split('>').nth(1).unwrap().starts_with("</script"),
                "{name}: inline script"
            );
        }
        for bad in ["leider", "Bitte ", "bitte "] {
            assert!(!text.contains(bad), "{name}: word {bad}");
        }
    }
}

#[test]
fn every_key_on_a_button_is_on_the_card_and_the_other_way_round() {
    let mut used: BTreeSet<String> = BTreeSet::new();
    for (name, text) in templates() {
        for key in text
            .split("data-taste=\"")
            .skip(1)
            .map(|t| t.split('"').next().unwrap())
            .filter(|k| !k.contains("{%") && !k.contains("{{"))
        {
            assert!(service_portal::tasten::bekannt(key), "{name}: key {key} is not in the table");
            used.insert(key.to_owned());
        }
    }
    used.extend(service_portal::formular::alle().values().flat_map(|f| &f.knoepfe).map(|k| k.taste.clone()));
    // In an {% if %} of the task page, and keys the browser or lists handle themselves.
    used.extend(["u", "g", "enter", "pfeile", "esc"].map(str::to_owned));
    for key in service_portal::tasten::TASTEN.iter().flat_map(|b| b.tasten) {
        assert!(used.contains(key.key), "key {} is on the card but nowhere else", key.key);
    }
}

#[test]
fn the_layout_uses_only_tokens_that_kern_has() {
    let kern = fs::read_to_string(root().join("web/vendor/kern.min.css")).unwrap();
    let own = fs::read_to_string(root().join("web/app.css")).unwrap();
    for token in
        own.split("--kern-").skip(1).map(|t| t.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap())
    {
        assert!(kern.contains(&format!("--kern-{token}:")), "--kern-{token} does not exist");
    }
    let screen = own.split("@media print").next().unwrap();
    assert!(
        !screen.contains('#')
            || screen
                .split('#')
                .skip(1)
                .all(|t| !t.starts_with(|c: char| c.is_ascii_digit()) && t.starts_with("fehlerliste")),
        "own colours"
    );
}

#[tokio::test]
async fn web_files_are_cached_for_ever_and_pages_stay_small() {
    let fake = Fake::neu();
    let b = Browser::als(&fake, "feststellung");
    let page = b.get("/aufgaben/00000000-0000-0005-0000-000000000002").await;
    assert!(page.bytes.len() < 150_000, "{} bytes", page.bytes.len());
    let text = page.text();
    let links: Vec<&str> = text.split('"').filter(|t| t.starts_with("/web/")).collect();
    assert!(links.len() >= 5);
    for link in links {
        let file = b.get(link).await;
        assert_eq!(
            (file.status.as_u16(), file.header("cache-control")),
            (200, "public, max-age=31536000, immutable"),
            "{link}"
        );
    }
    let old = b.get("/web/0123456789abcdef/app.css").await;
    assert_eq!(old.header("cache-control"), "no-store", "another version is not kept");
    for outside in
        ["/web/0123456789abcdef/../Cargo.toml", "/web/0123456789abcdef/vendor/VENDOR.toml", "/web/x/nichts.css"]
    {
        assert_eq!(b.get(outside).await.status, 404, "{outside}");
    }
}

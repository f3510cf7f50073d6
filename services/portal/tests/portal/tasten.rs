// SPDX-License-Identifier: EUPL-1.2
//! No page has a key twice: the frame's, the page's own and those of the form's buttons.

use std::{collections::BTreeMap, fs, path::Path};

/// The keys a template prints, those of the templates it includes with them. Alternatives of one button are one each.
fn keys(dir: &Path, name: &str) -> Vec<String> {
    let text = fs::read_to_string(dir.join(name)).unwrap();
    let mut found = Vec::new();
    for part in text.split("data-taste=\"").skip(1) {
        let value = part.split('"').next().unwrap();
        match value {
            // The buttons of a form; they come from its file.
            "{{ k.taste }}" => {}
            v if v.starts_with("{%") => {
                let words = v.split(['}', '{']).filter(|w| !w.is_empty() && !w.starts_with('%'));
                found.extend(words.map(str::to_owned));
            }
            v => found.push(v.to_owned()),
        }
    }
    for part in text.split("{% include \"").skip(1) {
        found.extend(keys(dir, part.split('"').next().unwrap()));
    }
    found
}

fn assert_single(page: &str, all: &[String]) {
    let mut seen = BTreeMap::new();
    for key in all {
        *seen.entry(key.as_str()).or_insert(0) += 1;
        assert!(service_portal::tasten::bekannt(key), "{page}: key {key} is not on the card");
    }
    // The frame draws the pages' keys; a page and its confirmation are never there together.
    let double: Vec<_> = seen.into_iter().filter(|(_, n)| *n > 1).collect();
    assert!(double.is_empty(), "{page} has keys twice: {double:?}");
}

#[test]
fn no_page_and_no_form_has_a_key_twice() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let frame = keys(&dir, "rahmen.html");
    assert!(frame.contains(&"s".to_owned()), "the frame's keys are not found: {frame:?}");
    let names = fs::read_dir(&dir).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap());
    let pages: Vec<String> =
        names.filter(|n| n.ends_with(".html") && !n.starts_with("teil_") && n != "rahmen.html").collect();
    assert!(pages.len() > 20, "only {} pages", pages.len());
    for page in &pages {
        let mut all = keys(&dir, page);
        all.extend(frame.clone());
        assert_single(page, &all);
    }
    let task = keys(&dir, "aufgabe.html");
    assert!(["e", "g", "u", "p"].iter().all(|k| task.iter().any(|t| t == k)), "{task:?}");
    for (name, form) in service_portal::formular::alle() {
        let mut all: Vec<String> = form.knoepfe.iter().map(|k| k.taste.clone()).collect();
        all.extend(task.clone());
        all.extend(frame.clone());
        assert_single(name, &all);
    }
}

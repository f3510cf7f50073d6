#![allow(clippy::unwrap_used, clippy::print_stdout)]
use nachrichten::erkennung::{SeitenText, Wort};
use std::collections::BTreeMap;
#[test]
fn ocr() {
    let names = ["doc_type", "sender", "recipient", "date", "aktenzeichen", "kassenzeichen", "iban", "amount", "net", "vat", "invoice_number", "due_date", "subject"];
    let mut t: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for mode in ["tsv", "txt"] {
    t.clear();
    for line in std::fs::read_to_string("/work/shared/corpus/scan/manifest.jsonl").unwrap().lines() {
        let e: serde_json::Value = serde_json::from_str(line).unwrap();
        let f = e["file"].as_str().unwrap();
        let Some(stem) = f.strip_prefix("img/").and_then(|f| f.rsplit_once('.')).map(|f| f.0) else { continue };
        let Ok(tsv) = std::fs::read_to_string(format!("/tmp/ocr/{stem}.tsv")) else { continue };
        let txt = std::fs::read_to_string(format!("/tmp/ocr/{stem}.txt")).unwrap_or_default();
        let mut p = SeitenText::default();
        let (mut key, mut z) = (String::new(), 0);
        for row in tsv.lines().skip(1) {
            let c: Vec<&str> = row.split('\t').collect();
            if c.len() >= 12 && c[0] == "1" { p.breite = c[8].parse().unwrap(); p.hoehe = c[9].parse().unwrap(); p.drehung = ((360 - e["rotation"].as_i64().unwrap()) % 360) as u16; p.schiefe = 0.0; }
            if c.len() < 12 || c[0] != "5" { continue }
            let k = c[1..5].join(",");
            if k != key { key = k; z += 1; }
            let n: Vec<i32> = c[6..10].iter().map(|v| v.parse().unwrap()).collect();
            p.woerter.push(Wort { text: c[11].into(), kasten: [n[0], n[1], n[0] + n[2], n[1] + n[3]], sicherheit: c[10].parse::<f32>().unwrap() / 100.0, zeile: z });
        }
        let pages = [p];
        let words = (mode == "tsv").then_some(&pages[..]);
        let found = service_einordnung::vorschlagen(&txt, words, None, None, "2026-11-20".parse().unwrap()).felder;
        for n in names {
            let want = e[n].as_str().map(|v| if ["amount", "net", "vat"].contains(&n) { v.replace('.', "").replace(',', ".") } else { v.to_owned() });
            let got = found.get(n).map(|f| f.wert.clone());
            let c = t.entry(n).or_default();
            match (&want, &got) { (None, None) => {}, (Some(a), Some(b)) if a == b => c[0] += 1, (Some(_), None) => c[2] += 1, _ => c[1] += 1 }
            if want != got { println!("{mode} {f} {n}: want {want:?} got {:?}", found.get(n).map(|f| (&f.wert, f.sicherheit, &f.grund))); }
        }
    }
    println!("{mode} {t:#?}");
    println!("{mode} {:?}", (0..3).map(|i| t.values().map(|c| c[i]).sum::<usize>()).collect::<Vec<_>>());
    }
}

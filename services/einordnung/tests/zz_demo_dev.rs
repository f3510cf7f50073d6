#![allow(clippy::unwrap_used, clippy::print_stdout)]
use nachrichten::erkennung::{SeitenText, Wort};
fn page(stem: &str) -> Option<SeitenText> {
    let tsv = std::fs::read_to_string(format!("/tmp/dem/{stem}.tsv")).ok()?;
    let mut p = SeitenText::default();
    let (mut key, mut z) = (String::new(), 0);
    for row in tsv.lines().skip(1) {
        let c: Vec<&str> = row.split('\t').collect();
        if c.len() >= 12 && c[0] == "1" { p.breite = c[8].parse().unwrap(); p.hoehe = c[9].parse().unwrap(); }
        if c.len() < 12 || c[0] != "5" { continue }
        let k = c[1..5].join(",");
        if k != key { key = k; z += 1; }
        let n: Vec<i32> = c[6..10].iter().map(|v| v.parse().unwrap()).collect();
        p.woerter.push(Wort { text: c[11].into(), kasten: [n[0], n[1], n[0] + n[2], n[1] + n[3]], sicherheit: c[10].parse::<f32>().unwrap() / 100.0, zeile: z });
    }
    Some(p)
}
#[test]
fn demo() {
    let e: serde_json::Value = serde_json::from_str(&std::fs::read_to_string("/work/main/tests/corpus/demo/erwartet.json").unwrap()).unwrap();
    for (stem, file, doc) in [("01a", "01-stapel-duplex.pdf", 0), ("01b", "01-stapel-duplex.pdf", 1), ("01c", "01-stapel-duplex.pdf", 2), ("02", "02-brief-schief.jpg", 0), ("07", "07-rechnung-papier.jpg", 0), ("08c", "08-mail-mit-anhaengen.eml", 2), ("03", "03-bescheid.pdf", 0), ("03l", "03-bescheid.pdf", 0), ("06", "06-rechnung-zugferd.pdf", 0), ("06l", "06-rechnung-zugferd.pdf", 0), ("08b", "08-mail-mit-anhaengen.eml", 1), ("08bl", "08-mail-mit-anhaengen.eml", 1)] {
        let mut pages: Vec<_> = (0..3).map_while(|n| page(&format!("{stem}.{n}"))).collect();
        if stem == "02" { pages[0].schiefe = 2.4; }
        let txt = std::fs::read_to_string(format!("/tmp/dem/{stem}.txt")).unwrap_or_default();
        let w = (!pages.is_empty()).then_some(&pages[..]);
        let found = service_einordnung::vorschlagen(&txt, w, None, None, "2026-11-20".parse().unwrap()).felder;
        println!("== {stem}");
        let want = &e[file]["dokumente"][doc]["felder"];
        for n in ["doc_type", "sender", "recipient", "date", "aktenzeichen", "kassenzeichen", "iban", "amount", "net", "vat", "invoice_number", "due_date", "subject"] {
            let w = want[n].as_str().map(str::to_owned);
            let g = found.get(n).map(|f| f.wert.clone());
            if w != g { println!("   {n}: want {w:?} got {:?}", found.get(n).map(|f| (&f.wert, f.sicherheit, &f.grund))); }
        }
    }
}

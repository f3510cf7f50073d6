// SPDX-License-Identifier: EUPL-1.2
//! The decision table `zustaendigkeit` of a city with an organisation of its own: it follows from Ämter, Aktenplan and
//! Leitweg-IDs, is made at each import and deployed at each start, until the city changes it (what a city deployed is
//! never replaced). Inputs and outputs are those of the shipped table, so every process works with either.

use std::collections::BTreeSet;

use service_platform::{
    args,
    db::{Db, DbError},
    mandant,
    organisation::{Amt, Leitweg},
    statements,
};

use crate::vorrat;

statements! {
    GESPEICHERT = "SELECT wert FROM platform_einstellung WHERE name = 'zustaendigkeit'";
}

/// The file of the table.
pub const TABELLE: &str = "zustaendigkeit.dmn";

/// An open unit of the Aktenplan.
#[derive(Clone, Debug)]
pub struct Einheit {
    pub kennzeichen: String,
    pub titel: String,
    pub amt: String,
}

/// The table of this city; none when the sample organisation holds.
pub async fn of_city(db: &Db) -> Result<Option<String>, DbError> {
    if !mandant::has_own_organisation(db).await? {
        return Ok(None);
    }
    let row: Option<(String,)> = db.optional(&GESPEICHERT, args![]).await?;
    Ok(Some(row.map_or_else(|| dmn(&[], &[], &[]), |(wert,)| wert)))
}

/// FEEL text.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The unit that an Aktenzeichen begins with: `66.10-23/26` gives `66.10`.
const EINHEIT_VON: &str =
    r#"if contains(aktenzeichen, "-") then substring before(aktenzeichen, "-") else aktenzeichen"#;

/// Conditions and answer of a row; empty condition: any.
#[derive(Default)]
struct Regel {
    blatt: String,
    art: String,
    leitweg: String,
    aktenzeichen: String,
    antwort: [String; 7],
    notiz: String,
}

/// The table as DMN.
pub fn dmn(aemter: &[Amt], einheiten: &[Einheit], leitwege: &[Leitweg]) -> String {
    let of = |amt: &str| einheiten.iter().filter(|e| e.amt == amt).collect::<Vec<_>>();
    let first = |amt: &str| einheiten.iter().find(|e| e.amt == amt);
    let invoice = || quoted("rechnung");
    let answer = |amt: &Amt, gruppe: String, einheit: &Einheit, akte: &str, grund: &str| {
        [&amt.nummer, &amt.name, &gruppe, &einheit.kennzeichen, &einheit.titel, akte, grund].map(quoted)
    };
    let checks = |amt: &Amt| format!("Feststellung-{}", amt.nummer);
    let invoices = |amt: &Amt| format!("Rechnungen {}", amt.name);
    let mut rows = Vec::new();
    for l in leitwege {
        let Some(amt) = aemter.iter().find(|a| a.nummer == l.amt) else { continue };
        let einheit = einheiten.iter().find(|e| e.kennzeichen == l.einheit).or_else(|| first(&l.amt));
        let Some(einheit) = einheit else { continue };
        let grund = format!("Leitweg-ID gehört zu Amt {}", amt.nummer);
        rows.push(Regel {
            art: invoice(),
            leitweg: quoted(&l.id),
            antwort: answer(amt, checks(amt), einheit, &invoices(amt), &grund),
            notiz: format!("Leitweg-ID: {}", amt.name),
            ..Regel::default()
        });
    }
    let offices: Vec<(&Amt, Vec<&Einheit>)> =
        aemter.iter().map(|a| (a, of(&a.nummer))).filter(|(_, units)| !units.is_empty()).collect();
    for art in ["rechnung", ""] {
        let is_invoice = !art.is_empty();
        let gruppe = |amt: &Amt| if is_invoice { checks(amt) } else { "Poststelle".to_owned() };
        for (amt, units) in &offices {
            // One row for all units of an office: a row each would make a table that nobody reads.
            let titles: Vec<String> =
                units.iter().map(|e| format!("{}: {}", quoted(&e.kennzeichen), quoted(&e.titel))).collect();
            let title = format!("get value({{{}}}, {EINHEIT_VON})", titles.join(", "));
            let akte = if is_invoice { quoted(&invoices(amt)) } else { title.clone() };
            rows.push(Regel {
                art: if is_invoice { invoice() } else { String::new() },
                aktenzeichen: units.iter().map(|e| quoted(&e.kennzeichen)).collect::<Vec<_>>().join(", "),
                antwort: [
                    quoted(&amt.nummer),
                    quoted(&amt.name),
                    quoted(&gruppe(amt)),
                    EINHEIT_VON.to_owned(),
                    title,
                    akte,
                    quoted("Aktenzeichen nennt die Einheit"),
                ],
                notiz: format!("Aktenzeichen: {}", amt.name),
                ..Regel::default()
            });
        }
        for (amt, units) in &offices {
            let akte = if is_invoice { invoices(amt) } else { units[0].titel.clone() };
            let grund = format!("Trennblatt nennt Amt {}", amt.nummer);
            rows.push(Regel {
                blatt: quoted(&amt.nummer),
                art: if is_invoice { invoice() } else { String::new() },
                antwort: answer(amt, gruppe(amt), units[0], &akte, &grund),
                notiz: format!("Trennblatt: {}", amt.name),
                ..Regel::default()
            });
        }
        // What says nothing goes to whoever sorts; filed for now where the first office keeps its papers.
        let sorts = if is_invoice { "Vorsortierung" } else { "Poststelle" };
        let (grund, notiz) = ("kein Hinweis auf ein Amt", format!("Alles Übrige: {sorts}"));
        let antwort = match offices.first() {
            Some((amt, units)) => answer(amt, sorts.to_owned(), units[0], "Nicht zugeordnete Post", grund),
            None => ["null", "null", &quoted(sorts), "null", "null", "null", &quoted(grund)].map(str::to_owned),
        };
        rows.push(Regel {
            art: if is_invoice { invoice() } else { String::new() },
            antwort,
            notiz,
            ..Regel::default()
        });
    }
    render(&rows)
}

/// Head and tail are the shipped table's; two of its columns ask for more than there.
fn render(rows: &[Regel]) -> String {
    let shipped = vorrat::TABELLEN.iter().find(|(name, _)| *name == TABELLE).map_or("", |(_, xml)| xml);
    let (head, rest) = shipped.split_once("<rule ").unwrap_or((shipped, ""));
    let tail = rest.rsplit_once("</rule>").map_or("", |(_, tail)| tail);
    let head = head
        .replace(">substring(substring after(leitweg, \"-\"), 1, 2)<", ">leitweg<")
        .replace("Amt in der Leitweg-ID", "Leitweg-ID")
        .replace("Aktenzeichen beginnt mit", "Einheit im Aktenzeichen");
    let head = replaced(&head, "<inputExpression id=\"ausdruck_aktenzeichen\" typeRef=\"string\"><text>", EINHEIT_VON);
    let head = replaced(
        &head,
        "<description>",
        "Zuständigkeit der Ämter, aus Gliederungsplan, Aktenplan und Leitweg-IDs der Stadt.",
    );
    let mut xml = head;
    for (n, row) in rows.iter().enumerate() {
        let n = n + 1;
        let any = "-".to_owned();
        let inputs = [&row.blatt, &row.art, &row.leitweg, &row.aktenzeichen, &any, &any];
        xml.push_str(&format!("<rule id=\"regel_{n:02}\">\n"));
        for (i, cell) in inputs.iter().enumerate() {
            let cell = if cell.is_empty() { "-" } else { cell.as_str() };
            xml.push_str(&format!(
                "        <inputEntry id=\"r{n:02}_e{}\"><text>{}</text></inputEntry>\n",
                i + 1,
                escaped(cell)
            ));
        }
        for (i, cell) in row.antwort.iter().enumerate() {
            xml.push_str(&format!(
                "        <outputEntry id=\"r{n:02}_a{}\"><text>{}</text></outputEntry>\n",
                i + 1,
                escaped(cell)
            ));
        }
        xml.push_str(&format!(
            "        <annotationEntry><text>{}</text></annotationEntry>\n      </rule>\n      ",
            escaped(&row.notiz)
        ));
    }
    format!("{}{}", xml.trim_end(), tail)
}

/// The text behind the first `start`, up to the next tag, replaced.
fn replaced(xml: &str, start: &str, by: &str) -> String {
    match xml.split_once(start) {
        Some((before, rest)) => {
            let end = rest.find('<').unwrap_or(0);
            format!("{before}{start}{}{}", escaped(by), &rest[end..])
        }
        None => xml.to_owned(),
    }
}

/// Groups of a certain office that the shipped processes and other tables name: file, group, office.
pub fn offices_named() -> BTreeSet<(String, String, String)> {
    let mut found = BTreeSet::new();
    let files = vorrat::TABELLEN.iter().chain(vorrat::ABLAEUFE).filter(|(name, _)| *name != TABELLE);
    for (file, xml) in files {
        for word in xml.replace("&quot;", "\"").split('"') {
            let Some((art, amt)) = word.split_once('-') else { continue };
            let office = !amt.is_empty() && amt.bytes().all(|b| b.is_ascii_digit());
            if office && service_platform::organisation::JE_AMT.iter().any(|(a, _)| *a == art) {
                found.insert(((*file).to_owned(), word.to_owned(), amt.to_owned()));
            }
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use engine::{Decisions as _, Tables};
    use serde_json::{Value, json};

    use super::*;

    fn ask(xml: &str, input: Value) -> Value {
        let table = Tables::parse(xml).unwrap();
        let input = serde_json::from_value(input).unwrap();
        table.evaluate("zustaendigkeit", &input, "2026-11-23T07:00:00Z".parse().unwrap()).unwrap()
    }

    #[test]
    fn the_table_of_a_city_follows_from_its_organisation() {
        let amt = |nummer: &str, name: &str| Amt { nummer: nummer.into(), name: name.into() };
        let unit =
            |k: &str, titel: &str, amt: &str| Einheit { kennzeichen: k.into(), titel: titel.into(), amt: amt.into() };
        let aemter = [amt("1", "Amt für \"Zentrales\" & mehr"), amt("7", "Bauhof"), amt("9", "Ohne Plan")];
        let units = [unit("1.1", "Post", "1"), unit("7.1", "Wege", "7"), unit("7.2", "Brücken <neu>", "7")];
        let leitwege = [
            Leitweg { id: "08999000-7-11".into(), amt: "7".into(), einheit: "7.2".into() },
            Leitweg { id: "08999000-1-11".into(), amt: "1".into(), einheit: String::new() },
        ];
        let xml = dmn(&aemter, &units, &leitwege);
        let got = ask(&xml, json!({ "doc_type": "rechnung", "leitweg": "08999000-7-11" }));
        assert_eq!(
            got,
            json!({ "amt": "7", "amt_name": "Bauhof", "gruppe": "Feststellung-7", "einheit": "7.2",
            "einheit_titel": "Brücken <neu>", "akte_titel": "Rechnungen Bauhof", "grund": "Leitweg-ID gehört zu Amt 7" })
        );
        for (input, amt, gruppe, einheit) in [
            (json!({ "doc_type": "rechnung", "leitweg": "08999000-1-11" }), "1", "Feststellung-1", "1.1"),
            (json!({ "doc_type": "rechnung", "leitweg": "08999000-2-11" }), "1", "Vorsortierung", "1.1"),
            (json!({ "doc_type": "rechnung", "aktenzeichen": "7.2-3/26" }), "7", "Feststellung-7", "7.2"),
            (json!({ "doc_type": "rechnung", "blatt_amt": "7" }), "7", "Feststellung-7", "7.1"),
            (json!({ "doc_type": "antrag", "aktenzeichen": "7.2-3/26" }), "7", "Poststelle", "7.2"),
            (json!({ "doc_type": "antrag", "aktenzeichen": "7.2" }), "7", "Poststelle", "7.2"),
            (json!({ "doc_type": "antrag", "aktenzeichen": "7.20-1" }), "1", "Poststelle", "1.1"),
            (json!({ "blatt_amt": "7" }), "7", "Poststelle", "7.1"),
            (json!({ "blatt_amt": "9" }), "1", "Poststelle", "1.1"),
            (json!({}), "1", "Poststelle", "1.1"),
        ] {
            let got = ask(&xml, input.clone());
            assert_eq!([&got["amt"], &got["gruppe"], &got["einheit"]], [amt, gruppe, einheit], "{input}");
        }
        assert_eq!(ask(&xml, json!({ "aktenzeichen": "7.2-3/26" }))["einheit_titel"], "Brücken <neu>");
        let empty = dmn(&[], &[], &[]);
        assert_eq!(ask(&empty, json!({ "doc_type": "rechnung" }))["gruppe"], "Vorsortierung");
        assert_eq!(ask(&empty, json!({}))["gruppe"], "Poststelle");
    }

    #[test]
    fn what_the_shipped_files_ask_of_certain_offices_is_known() {
        let named = offices_named();
        assert!(
            named.iter().any(|(file, group, amt)| file == "anordnung.dmn" && group == "Anordnung-20" && amt == "20")
        );
        assert!(named.iter().any(|(file, ..)| file == "beschlussvorlage.bpmn"), "{named:?}");
    }
}

// SPDX-License-Identifier: EUPL-1.2
//! Documents and the search on top of the data in memory.

use async_trait::async_trait;
use nachrichten::{
    Actor, AkteId, BlobHash, DokumentId, SendungId, VorgangId,
    dokumente::{
        AkteSeite, AkteZeile, DerSendung, Dokument, DokumentZeile, Dokumente, Einheit, Inhalt, NeueFassung, Schluss,
    },
    fehler::Fehler,
    suche::{Anfrage, Ergebnis, Facette, Suche, Treffer},
};

use super::{Fake, daten};

/// A page image: white paper with grey lines.
fn bild(n: u32) -> Vec<u8> {
    let mut img = image::GrayImage::from_pixel(620, 877, image::Luma([252]));
    for y in 0..877u32 {
        for x in 60..560u32 {
            let line = (y / 22) % 2 == 0 && (120..800).contains(&y) && x < 560 - (y * 7 + n * 31) % 180;
            let head = (40..90).contains(&y) && x < 260;
            if line && y % 22 < 9 || head {
                img.put_pixel(x, y, image::Luma([if head { 120 } else { 190 }]));
            }
        }
    }
    let mut out = std::io::Cursor::new(Vec::new());
    img.write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

const BELEG: &str = "<!DOCTYPE html><html lang=\"de\"><head><title>x</title></head><body><main class=\"rechnung\"><h1>Rechnung 2026-0815</h1><section><h2>Verkäufer</h2><p>Musterbau GmbH<br/>Beispielweg 1<br/>76133 Musterstadt</p></section>\
<table><thead><tr><th scope=\"col\">Pos.</th><th scope=\"col\">Leistung</th><th scope=\"col\">Menge</th><th scope=\"col\">Betrag</th></tr></thead><tbody><tr><td>1</td><td>Pflasterarbeiten Radweg</td><td>10 m²</td><td>1.000,00 €</td></tr></tbody></table>\
<dl><dt>Netto</dt><dd>1.000,00 €</dd><dt>Umsatzsteuer 19 %</dt><dd>190,00 €</dd><dt>Zahlbetrag</dt><dd>1.190,00 €</dd></dl><script>alert(1)</script></main></body></html>";

#[async_trait]
impl Dokumente for Fake {
    async fn get(&self, _: &Actor, id: DokumentId) -> Result<Dokument, Fehler> {
        self.welt.lock().unwrap().dokumente.iter().find(|d| d.id == id).cloned().ok_or_else(Fehler::not_found)
    }
    async fn rendition(&self, actor: &Actor, id: DokumentId, name: &str) -> Result<Inhalt, Fehler> {
        let d = Dokumente::get(self, actor, id).await?;
        let r = d.renditionen.iter().find(|r| r.name == name).ok_or_else(Fehler::not_found)?;
        let bytes = match name {
            "text" => b"Sehr geehrte Damen und Herren,\n\nwir bitten um Ausbau des Radwegs.\n<script>alert(1)</script>\x0c\x0cSeite drei\x0cSeite vier".to_vec(),
            "invoice-html" => BELEG.as_bytes().to_vec(),
            _ => b"%PDF-1.7 erfunden".to_vec(),
        };
        Ok(Inhalt { bytes, media_type: r.media_type.clone(), name: "Übersicht \"1\"/x.pdf".into() })
    }
    async fn neue_fassung(&self, actor: &Actor, id: DokumentId, neu: NeueFassung) -> Result<BlobHash, Fehler> {
        let d = Dokumente::get(self, actor, id).await?;
        if d.sha256 != neu.bisher {
            return Err(Fehler::new("E2006", 412, "Das Dokument hat inzwischen eine andere Fassung.", "stale"));
        }
        if neu.grund.is_empty() {
            return Err(Fehler::new("E2006", 422, "Schreiben Sie dazu, was sich geändert hat.", "no reason"));
        }
        self.welt.lock().unwrap().protokoll.push(format!("fassung {} {} {}", neu.name, neu.bytes.len(), neu.grund));
        Ok(BlobHash::of(&neu.bytes))
    }
    async fn page_image(&self, actor: &Actor, id: DokumentId, index: u32) -> Result<Inhalt, Fehler> {
        let d = Dokumente::get(self, actor, id).await?;
        d.seiten.get(index as usize).ok_or_else(Fehler::not_found)?;
        Ok(Inhalt { bytes: bild(index), media_type: "image/png".into(), name: "seite.png".into() })
    }
    async fn list(
        &self,
        _: &Actor,
        limit: u32,
        nach: Option<&str>,
    ) -> Result<(Vec<DokumentZeile>, Option<String>), Fehler> {
        let w = self.welt.lock().unwrap();
        let from: usize = nach.and_then(|n| n.parse().ok()).unwrap_or(0);
        let page: Vec<_> = w.dokumente.iter().skip(from).take(limit as usize).map(daten::zeile).collect();
        let next = (from + page.len() < w.dokumente.len()).then(|| (from + page.len()).to_string());
        Ok((page, next))
    }
    async fn of_sendung(&self, _: &Actor, s: SendungId) -> Result<DerSendung, Fehler> {
        let w = self.welt.lock().unwrap();
        let dokumente = w.dokumente.iter().filter(|d| d.sendung == s).map(daten::zeile).collect();
        Ok(DerSendung { dokumente, offen: Some(true) })
    }
    async fn of_sendungen(&self, _: &Actor, _: &[SendungId]) -> Result<Vec<DerSendung>, Fehler> {
        Err(Fehler::not_found())
    }
    async fn sichtbar(&self, _: &Actor, _: &[DokumentId]) -> Result<Vec<DokumentId>, Fehler> {
        Err(Fehler::not_found())
    }
    async fn schluss(&self, _: &Actor, _: AkteId, _: Option<VorgangId>, _: &Schluss) -> Result<(), Fehler> {
        Err(Fehler::not_found())
    }
    async fn akte(&self, _: &Actor, id: AkteId) -> Result<AkteSeite, Fehler> {
        self.welt.lock().unwrap().akten.iter().find(|a| a.id == id).cloned().ok_or_else(Fehler::not_found)
    }
    async fn akten(&self, _: &Actor, _: u32, _: Option<&str>) -> Result<(Vec<AkteZeile>, Option<String>), Fehler> {
        Ok((self.welt.lock().unwrap().akten.iter().map(daten::akte_zeile).collect(), None))
    }
    async fn aktenplan(&self, _: &Actor) -> Result<Vec<Einheit>, Fehler> {
        let e = |k: &str, t: &str, a: &str| Einheit { kennzeichen: k.into(), titel: t.into(), amt: a.into() };
        Ok(vec![
            e("10.20", "Organisation", "10"),
            e("20.30", "Haushalt", "20"),
            e("61.20", "Bauleitplanung", "61"),
            e("66.10", "Straßenbau", "66"),
        ])
    }
    async fn zaehler(&self, _: &Actor) -> Result<(u64, u64), Fehler> {
        let w = self.welt.lock().unwrap();
        Ok((w.dokumente.len() as u64, w.dokumente.iter().filter(|d| d.ablage.is_some()).count() as u64))
    }
}

#[async_trait]
impl Suche for Fake {
    async fn suche(&self, _: &Actor, a: &Anfrage) -> Result<Ergebnis, Fehler> {
        let w = self.welt.lock().unwrap();
        let text = a.text.to_lowercase();
        let hits: Vec<_> = w
            .dokumente
            .iter()
            .filter(|d| d.titel.to_lowercase().contains(&text))
            .map(|d| Treffer {
                dokument: daten::zeile(d),
                ausschnitt: vec![
                    ("… Arbeiten am ".into(), false),
                    ("Radweg".into(), true),
                    (" <b>Kriegsstraße</b> …".into(), false),
                ],
                seite: Some(1),
            })
            .collect();
        let f = |w: &str, anzahl| Facette { wert: w.into(), anzahl };
        let meinten = (hits.is_empty()).then(|| "Radweg".to_owned());
        Ok(Ergebnis {
            gesamt: hits.len() as u64,
            arten: vec![f("rechnung", 2), f("schreiben", 2)],
            aemter: vec![f("66", 4)],
            meinten,
            treffer: hits,
        })
    }
}

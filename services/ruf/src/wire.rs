// SPDX-License-Identifier: EUPL-1.2
//! What travels: a JSON text, and behind it at most one piece of raw bytes.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use hyper::{
    HeaderMap,
    body::{Body, Bytes, Incoming, SizeHint},
    header::HeaderValue,
};
use nachrichten::{
    AkteId, BlobHash, DokumentId, InstanceId, JobId, PersonId, SendungId, Tag, TaskId, VorgangId, Werte,
    ablaeufe::Eingriff,
    aufgaben::Erledigung,
    betrieb::{Behandlung, TotbriefAkt},
    dokumente::{Inhalt, NeueFassung},
    fassungen::Beispiel,
    fehler::Fehler,
    laufweg::LaufwegAenderung,
    sendungen::{Einlieferung, Kanal},
    wiedervorlage::Bezug,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{Limits, texts};
use service_platform::with_causes;

/// Marks what one of us wrote; its value is the version of this wire.
pub(crate) const MARK: &str = "ruf";
/// How many bytes of the body are JSON.
pub(crate) const JSON: &str = "ruf-json";
/// Milliseconds that the caller waits.
pub(crate) const WAITS: &str = "ruf-frist-ms";

/// A call or an answer.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    pub json: Vec<u8>,
    pub bytes: Option<Vec<u8>>,
}

#[derive(Serialize)]
enum Said<'a, T> {
    #[serde(rename = "ok")]
    Ok(&'a T),
    #[serde(rename = "fehler")]
    Fehler(&'a Fehler),
}

#[derive(Deserialize)]
enum Heard<T> {
    #[serde(rename = "ok")]
    Ok(T),
    #[serde(rename = "fehler")]
    Fehler(Fehler),
}

impl Frame {
    pub fn ok<T: Serialize>(value: &T) -> Result<Self, Fehler> {
        let json = serde_json::to_vec(&Said::Ok(value)).map_err(|e| texts::unreadable(&e))?;
        Ok(Self { json, bytes: None })
    }

    pub fn ok_with(inhalt: Inhalt) -> Result<Self, Fehler> {
        let Inhalt { bytes, media_type, name } = inhalt;
        Ok(Self { bytes: Some(bytes), ..Self::ok(&(media_type, name))? })
    }

    pub fn fehler(fehler: &Fehler) -> Self {
        let json = serde_json::to_vec(&Said::<()>::Fehler(fehler));
        Self { json: json.unwrap_or_default(), bytes: None }
    }

    /// What the service said. `Err` = this is no answer of a service.
    pub fn open<T: DeserializeOwned>(self) -> Result<Result<T, Fehler>, serde_json::Error> {
        Ok(match serde_json::from_slice(&self.json)? {
            Heard::Ok(value) => Ok(value),
            Heard::Fehler(fehler) => Err(fehler),
        })
    }

    pub fn open_with(mut self) -> Result<Result<Inhalt, Fehler>, serde_json::Error> {
        let bytes = self.bytes.take();
        let said: Result<(String, String), Fehler> = self.open()?;
        Ok(match (said, bytes) {
            (Ok((media_type, name)), Some(bytes)) => Ok(Inhalt { bytes, media_type, name }),
            (Ok(_), None) => return Err(serde::de::Error::custom("no bytes behind the answer")),
            (Err(fehler), _) => Err(fehler),
        })
    }
}

/// One argument of a method: how the client writes it and what the server lends to the service.
pub(crate) trait Arg<'a>: Sized {
    type Wire: Serialize;
    type Owned: DeserializeOwned + Send + Sync;
    fn wire(self, bytes: &mut Option<Vec<u8>>) -> Self::Wire;
    fn lend(owned: &'a Self::Owned, bytes: &mut Option<Vec<u8>>) -> Result<Self, Fehler>;
}

impl<'a, T: ?Sized + ToOwned + Serialize> Arg<'a> for &'a T
where
    T::Owned: DeserializeOwned + Send + Sync,
{
    type Wire = Self;
    type Owned = T::Owned;
    fn wire(self, _: &mut Option<Vec<u8>>) -> Self {
        self
    }
    fn lend(owned: &'a T::Owned, _: &mut Option<Vec<u8>>) -> Result<Self, Fehler> {
        Ok(std::borrow::Borrow::borrow(owned))
    }
}

impl<'a> Arg<'a> for Option<&'a str> {
    type Wire = Self;
    type Owned = Option<String>;
    fn wire(self, _: &mut Option<Vec<u8>>) -> Self {
        self
    }
    fn lend(owned: &'a Option<String>, _: &mut Option<Vec<u8>>) -> Result<Self, Fehler> {
        Ok(owned.as_deref())
    }
}

macro_rules! by_value {
    ($($ty:ty)+) => { $(
        impl<'a> Arg<'a> for $ty {
            type Wire = Self;
            type Owned = Self;
            fn wire(self, _: &mut Option<Vec<u8>>) -> Self { self }
            fn lend(owned: &'a Self, _: &mut Option<Vec<u8>>) -> Result<Self, Fehler> { Ok(owned.clone()) }
        }
    )+ };
}
by_value! {
    bool i64 u32 Uuid Tag Werte BlobHash Bezug Eingriff Erledigung LaufwegAenderung Vec<Beispiel> Behandlung TotbriefAkt
    AkteId DokumentId InstanceId JobId PersonId SendungId TaskId Option<PersonId> Option<VorgangId>
}

/// Its fields but for the bytes. Whoever adds a field is led here by the compiler.
impl<'a> Arg<'a> for Einlieferung {
    type Wire = Self::Owned;
    type Owned = (Kanal, String, String, Option<Tag>, bool);
    fn wire(self, rest: &mut Option<Vec<u8>>) -> Self::Wire {
        let Self { kanal, name, bytes, idempotency_key, zugang, vertraulich } = self;
        *rest = Some(bytes);
        (kanal, name, idempotency_key, zugang, vertraulich)
    }
    fn lend(owned: &'a Self::Owned, rest: &mut Option<Vec<u8>>) -> Result<Self, Fehler> {
        let (kanal, name, idempotency_key, zugang, vertraulich) = owned.clone();
        let bytes = rest.take().ok_or_else(|| texts::unreadable(&"no bytes behind the call"))?;
        Ok(Self { kanal, name, bytes, idempotency_key, zugang, vertraulich })
    }
}

impl<'a> Arg<'a> for NeueFassung {
    type Wire = Self::Owned;
    type Owned = (BlobHash, String, String);
    fn wire(self, rest: &mut Option<Vec<u8>>) -> Self::Wire {
        let Self { bisher, name, bytes, grund } = self;
        *rest = Some(bytes);
        (bisher, name, grund)
    }
    fn lend(owned: &'a Self::Owned, rest: &mut Option<Vec<u8>>) -> Result<Self, Fehler> {
        let (bisher, name, grund) = owned.clone();
        let bytes = rest.take().ok_or_else(|| texts::unreadable(&"no bytes behind the call"))?;
        Ok(Self { bisher, name, bytes, grund })
    }
}

/// A body that goes out: the JSON and what is behind it, not copied together.
#[derive(Clone, Debug)]
pub(crate) struct Parts([Option<Bytes>; 2]);

impl Parts {
    /// The body, and what its headers say about it.
    pub fn of(frame: Frame) -> (Self, HeaderMap) {
        let mut headers = HeaderMap::new();
        headers.insert(hyper::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(MARK, HeaderValue::from_static("1"));
        if let Some(_bytes) = &frame.bytes {
            headers.insert(JSON, HeaderValue::from(frame.json.len()));
            headers.insert(hyper::header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        }
        (Self([Some(frame.json.into()), frame.bytes.map(Bytes::from)]), headers)
    }

    /// Bytes of JSON and bytes behind it.
    pub fn sizes(&self) -> [u64; 2] {
        [0, 1].map(|n: usize| self.0[n].as_ref().map_or(0, |b| b.len() as u64))
    }
}

impl Body for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Infallible>>> {
        let next = self.0.iter_mut().find_map(|part| part.take_if(|p| !p.is_empty()));
        Poll::Ready(next.map(|bytes| Ok(hyper::body::Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.sizes() == [0, 0]
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.sizes().iter().sum())
    }
}

/// Why a body was not read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// English, with the sizes.
    TooLarge(String),
    /// It says about itself what cannot be.
    Wrong(&'static str),
    /// The line broke, or no byte came for too long.
    Cut(String),
}

/// Reads a body that came in; never more than the limits allow.
pub(crate) async fn read(headers: &HeaderMap, mut body: Incoming, limits: &Limits) -> Result<Frame, Unread> {
    let total = body.size_hint().exact().ok_or(Unread::Wrong("a body without a length"))?;
    let marked = headers.get(JSON);
    let json = match marked {
        Some(value) => value.to_str().ok().and_then(|v| v.parse().ok()).filter(|n| *n <= total),
        None => Some(total),
    };
    let json: u64 = json.ok_or(Unread::Wrong("a length of JSON that cannot be"))?;
    for (what, size, limit) in [("JSON", json, limits.json), ("bytes", total - json, limits.bytes)] {
        if size > limit {
            return Err(Unread::TooLarge(format!("{size} B of {what}, at most {limit} B")));
        }
    }
    let (json, rest) = (json as usize, (total - json) as usize);
    let mut frame = Frame { json: Vec::with_capacity(json), bytes: marked.map(|_| Vec::with_capacity(rest)) };
    while let Some(next) = next(&mut body, limits.stall).await? {
        let Ok(mut data) = next.into_data() else { continue };
        let head = data.split_to(data.len().min(json - frame.json.len()));
        frame.json.extend_from_slice(&head);
        if let Some(bytes) = &mut frame.bytes {
            bytes.extend_from_slice(&data);
        }
    }
    Ok(frame)
}

async fn next(body: &mut Incoming, stall: Duration) -> Result<Option<hyper::body::Frame<Bytes>>, Unread> {
    let next = std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx));
    match tokio::time::timeout(stall, next).await {
        Ok(None) => Ok(None),
        Ok(Some(Ok(frame))) => Ok(Some(frame)),
        Ok(Some(Err(error))) => Err(Unread::Cut(with_causes(&error))),
        Err(_) => Err(Unread::Cut(format!("no byte for {} s", stall.as_secs_f32()))),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fmt::Debug;

    use nachrichten::{
        dokumente::Schluss,
        fassungen::BeispielOrt,
        laufweg::Ort,
        uebergabe::{Aufnahme, Rueckmeldung},
        wiedervorlage::{Angaben, Wiedervorlage},
    };
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// As the client writes it and the server lends it to the service.
    macro_rules! travels {
        ($ty:ty, $value:expr) => {{
            let (mut bytes, value): (_, $ty) = (None, $value);
            let seen = format!("{value:?}");
            let json = serde_json::to_vec(&(Arg::wire(value, &mut bytes),)).unwrap();
            let (owned,): (<$ty as Arg>::Owned,) = serde_json::from_slice(&json).unwrap();
            assert_eq!(format!("{:?}", <$ty as Arg>::lend(&owned, &mut bytes).unwrap()), seen);
        }};
    }

    fn comes_back<T: Serialize + DeserializeOwned + Debug>(value: T) {
        let answer = Frame::ok(&value).unwrap();
        assert_eq!(format!("{:?}", answer.open::<T>().unwrap().unwrap()), format!("{value:?}"));
    }

    #[test]
    fn every_kind_of_argument_travels() {
        let id = Uuid::from_u128(0xe4e4);
        let tag: Tag = "2026-11-23".parse().unwrap();
        for bezug in [
            Bezug::Dokument(DokumentId(id)),
            Bezug::Akte(AkteId(id)),
            Bezug::Vorgang(AkteId(id), VorgangId(Uuid::from_u128(2))),
            Bezug::Aufgabe(TaskId(id)),
        ] {
            travels!(Bezug, bezug);
        }
        let werte: Werte =
            serde_json::from_value(json!({ "betrag": "1.10", "n": null, "tief": [{ "ä": 1 }] })).unwrap();
        for eingriff in [
            Eingriff::Anhalten,
            Eingriff::Fortsetzen,
            Eingriff::SchrittAbbrechen { schritt: u64::MAX },
            Eingriff::SchrittErledigen { schritt: 1, werte: werte.clone() },
            Eingriff::SchrittStarten { element: "A".into() },
            Eingriff::VariableSetzen { name: "x".into(), wert: json!([1.5, true]) },
            Eingriff::Abbrechen,
        ] {
            travels!(Eingriff, eingriff);
        }
        for ort in [Ort::Neben(1), Ort::Nach(2), Ort::Ende] {
            let (gruppe, person) = (Some("G".to_owned()), Some(PersonId(id)));
            travels!(
                LaufwegAenderung,
                LaufwegAenderung::Einfuegen { ort, name: "n".into(), gruppe, person, verfuegung: "v".into() }
            );
            travels!(LaufwegAenderung, LaufwegAenderung::Verschieben { nr: 1, ort });
        }
        travels!(LaufwegAenderung, LaufwegAenderung::Entfernen { nr: 1 });
        for schluss in [Schluss::Zda, Schluss::WiederOeffnen { grund: "neue Post".into() }] {
            travels!(&Schluss, &schluss);
        }
        for ort in [BeispielOrt::Version("anordnung.dmn".into(), 3), BeispielOrt::Vorschlag(id)] {
            travels!(&BeispielOrt, &ort);
        }
        let text = || "x".to_owned();
        for meldung in [
            Rueckmeldung::Quittung { buchung: text(), beleg: text(), datum: tag },
            Rueckmeldung::Ablehnung { buchung: text(), grund: text(), datum: tag },
            Rueckmeldung::Zahlung { beleg: text(), betrag: "-1.00".into(), datum: tag },
            Rueckmeldung::Storno { beleg: text(), storno_beleg: text(), grund: text(), datum: tag },
        ] {
            travels!(&Rueckmeldung, &meldung);
        }
        travels!(&Angaben, &Angaben { datum: tag, grund: text(), an: text() });
        travels!(Option<VorgangId>, None);
        travels!(Option<VorgangId>, Some(VorgangId(id)));
        travels!(Option<&str>, None);
        travels!(Option<&str>, Some(""));
        travels!(&[TaskId], &[TaskId(id), TaskId(Uuid::nil())]);
        travels!(i64, i64::MIN);
    }

    #[test]
    fn every_own_kind_of_answer_comes_back() {
        for aufnahme in [Aufnahme::Genommen, Aufnahme::Schon, Aufnahme::Niemand, Aufnahme::Mehrdeutig] {
            comes_back(aufnahme);
        }
        let id = Uuid::from_u128(5);
        comes_back(Wiedervorlage {
            id,
            bezug: Bezug::Vorgang(AkteId(id), VorgangId(id)),
            titel: "Radweg".into(),
            datum: "2026-11-23".parse().unwrap(),
            grund: "Antwort".into(),
            an: "gruppe:Poststelle".into(),
            an_name: None,
            von: PersonId(id),
            von_name: "Kim".into(),
            angelegt: nachrichten::Timestamp(1),
            stand: "offen".into(),
            geaendert: nachrichten::Timestamp(-1),
            ablauf: InstanceId(id),
            aufgabe: Some(TaskId(id)),
        });
        comes_back(());
        comes_back(Some(InstanceId(id)));
        comes_back(None::<InstanceId>);
        comes_back((u64::MAX, 0u64));
        let error = Fehler::new("E2006", 412, "Ü", "stale");
        let heard = Frame::fehler(&error).open::<()>().unwrap();
        assert_eq!(heard, Err(error));
        assert!(Frame { json: b"{}".to_vec(), bytes: None }.open::<()>().is_err());
        assert!(Frame::ok(&("a", "b")).unwrap().open_with().is_err(), "bytes were promised");
    }

    proptest! {
        #[test]
        fn files_travel_whole(
            name in ".*",
            bytes in proptest::collection::vec(any::<u8>(), 0..2_000),
            key in ".*",
            vertraulich: bool,
        ) {
            let zugang = vertraulich.then(|| "2026-11-23".parse().unwrap());
            for kanal in [Kanal::Scan, Kanal::Mail, Kanal::Upload] {
                let (name, bytes, idempotency_key) = (name.clone(), bytes.clone(), key.clone());
                travels!(Einlieferung, Einlieferung { kanal, name, bytes, idempotency_key, zugang, vertraulich });
            }
            let bisher = BlobHash::of(&bytes);
            travels!(NeueFassung, NeueFassung { bisher, name: name.clone(), bytes: bytes.clone(), grund: key.clone() });
            let inhalt = Inhalt { bytes, media_type: key, name };
            let seen = format!("{inhalt:?}");
            let back = Frame::ok_with(inhalt).unwrap().open_with().unwrap().unwrap();
            prop_assert_eq!(format!("{:?}", back), seen);
        }
    }
}

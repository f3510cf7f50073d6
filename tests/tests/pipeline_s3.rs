// SPDX-License-Identifier: EUPL-1.2
//! The application with its documents on an S3 server: filed there and nowhere else, and a server that is away costs
//! time, never a document.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use gemein::{haus::Haus, kanal, probe, proben, program};
use nachrichten::{
    BlobHash,
    sendungen::{Kanal, Stand},
};
use service_platform::{
    blobs::{Blobs as _, S3Blobs},
    uhr::SystemClock,
};
use service_platform_testkit::{proxy::Fault, s3::s3};

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_post_lies_in_the_bucket_and_nowhere_else() {
    let Some(s3) = s3().await else { return };
    let mut mandant = String::new();
    let haus = Haus::eingestellt(program(), |settings| {
        settings.s3 = s3.settings.clone();
        mandant.clone_from(&settings.mandant);
    })
    .await;
    let mut receipts = Vec::new();
    for name in proben() {
        receipts.push((haus.gib(kanal(&name), &name, probe(&name), None).await.unwrap(), name));
    }
    for (id, name) in &receipts {
        assert_eq!(haus.ruht(*id).await.state, Stand::Waiting, "{name}");
    }
    haus.ist_sauber().await;
    // Another client of the same bucket finds every original whole.
    let bucket = S3Blobs::open(&s3.settings, &mandant, Arc::new(SystemClock::default())).unwrap();
    for (_, name) in &receipts {
        let bytes = probe(name);
        assert_eq!(bucket.get(BlobHash::of(&bytes)).await.unwrap(), bytes, "{name}");
    }
    assert!(!haus.data.path().join("blobs").exists(), "nothing beside the bucket");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_refuses_receipts_and_loses_nothing() {
    let Some(s3) = s3().await else { return };
    let (proxy, through) = s3.proxied().await;
    proxy.set(Fault::Reset, "");
    let from = Instant::now();
    let haus = Haus::eingestellt(program(), |settings| settings.s3 = through).await;
    println!("started without a store after {:.1?}", from.elapsed());
    let name = "04-rechnung-xrechnung-ubl.xml";
    let refused = haus.gib(Kanal::Upload, name, probe(name), None).await.unwrap_err();
    assert_eq!((refused.code.0, refused.status), ("E1900", 503), "{refused:?}");

    proxy.heal();
    let from = Instant::now();
    let id = loop {
        match haus.gib(Kanal::Upload, name, probe(name), None).await {
            Ok(id) => break id,
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
        assert!(from.elapsed() < Duration::from_secs(15), "still refused 15 s after the store came back");
    };
    println!("accepted again after {:.1?}", from.elapsed());
    // Gone once more in the middle of the work.
    proxy.set(Fault::Reset, "");
    tokio::time::sleep(Duration::from_secs(3)).await;
    proxy.heal();
    let stand = haus.ruht(id).await;
    assert_eq!(stand.state, Stand::Waiting, "{stand:?}");
    haus.ist_sauber().await;
}

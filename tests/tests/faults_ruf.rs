// SPDX-License-Identifier: EUPL-1.2
//! Calls between processes when who answers, or who asks, is not who it should be: certificates that do not fit,
//! settings that cannot be right, another language, bodies that are too large.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "gemein/ruf_probe.rs"]
mod probe;
#[path = "gemein/ruf.rs"]
mod ruf;

use std::sync::{Arc, atomic::Ordering};

use nachrichten::{BlobHash, sendungen::Sendungen as _};
use probe::{Art, PANICS, Probe, code, file, id, kim, nachbar, offen, peer, services, short, url};
use ruf::{Amt, Gegenstelle, alle_bei};
use service_platform::config::RufSettings;
use service_ruf::{Limits, Neighbours, Server, Services};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

/// Who may call is decided by what the authority vouches for, on both sides, and now.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_do_not_fit_are_refused() {
    let (amt, probe) = (Amt::neu(), Arc::new(Probe::default()));
    let server = Gegenstelle::neu(&amt.dienst("eingang"), services(&probe), short()).await;
    let port = server.address.port();
    let call = async |settings: &RufSettings, host: &str| {
        nachbar(settings, &format!("https://{host}:{port}")).list(&kim(), 1).await
    };
    let portal = amt.ausweis("ca", "portal", "DNS:portal", 2);
    assert_eq!(call(&portal, "localhost").await.unwrap().len(), 1);
    assert_eq!(call(&portal, "127.0.0.1").await.unwrap().len(), 1);
    let before = probe.calls.load(Ordering::SeqCst);

    let expired = amt.ausweis("ca", "portal-alt", "DNS:portal", -1);
    let foreign = amt.ausweis("fremd", "portal-fremd", "DNS:portal", 2);
    // The common name of every certificate here is "portal": it is not read.
    let akten = amt.ausweis("ca", "akten", "DNS:akten", 2);
    let other = amt.ausweis("ca", "drucker", "DNS:drucker.stadt.example", 2);
    for (settings, why) in
        [(&expired, "xpired"), (&foreign, "alert"), (&akten, "may not call"), (&other, "may not call")]
    {
        let error = call(settings, "localhost").await.unwrap_err();
        assert_eq!((error.code.0, error.status), ("E9012", 503), "{error:?}");
        assert!(error.detail.contains(why), "{why}: {}", error.detail);
        assert!(error.text.0.contains("wenden Sie sich an den Betrieb"), "{}", error.text);
    }
    // Without any certificate: nothing but the end of the connection.
    let bare = tokio::process::Command::new("bash")
        .args(["-c", r#"printf 'POST /ruf/1 HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n[]' | timeout 5 openssl s_client -quiet -connect "127.0.0.1:$1" 2>&1"#, "bash"])
        .arg(port.to_string())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&bare.stdout);
    assert!(said.contains("certificate required") && !said.contains("sendungen"), "{said}");
    assert_eq!(probe.calls.load(Ordering::SeqCst), before, "none of them reached the service");

    // The other side's papers: of another host, expired, and vouched for by nobody we know.
    for settings in [
        amt.ausweis("ca", "eingang-woanders", "DNS:eingang,DNS:localhost.example", 2),
        amt.ausweis("ca", "eingang-alt", "DNS:eingang,DNS:localhost", -1),
        amt.ausweis("fremd", "eingang-fremd", "DNS:eingang,DNS:localhost", 2),
    ] {
        let server = Gegenstelle::neu(&settings, services(&probe), short()).await;
        let error = nachbar(&portal, &format!("https://localhost:{}", server.address.port())).list(&kim(), 1).await;
        assert_eq!(code(error), ("E9012", 503));
    }
    assert_eq!(probe.calls.load(Ordering::SeqCst), before);
}

/// Renewed files count for the next connection, on both sides, and a broken renewal changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_needs_no_restart() {
    let (amt, probe) = (Amt::neu(), Arc::new(Probe::default()));
    let server = Gegenstelle::neu(&amt.dienst("eingang"), services(&probe), short()).await;
    let settings = amt.ausweis("ca", "portal", "DNS:portal", -1);
    let client = nachbar(&settings, &format!("https://localhost:{}", server.address.port()));
    assert_eq!(code(client.list(&kim(), 1).await), ("E9012", 503));
    amt.ausweis("ca", "portal", "DNS:portal", 2);
    client.list(&kim(), 1).await.unwrap();

    let kept = std::fs::read(&settings.zertifikat_datei).unwrap();
    std::fs::write(&settings.zertifikat_datei, "halb geschrieben").unwrap();
    let other = nachbar(&RufSettings { ..amt.ausweis("ca", "portal-2", "DNS:portal", 2) }, &url(&server));
    other.list(&kim(), 1).await.unwrap();
    client.list(&kim(), 1).await.unwrap();
    std::fs::write(&settings.zertifikat_datei, kept).unwrap();

    // The server's own.
    amt.ausweis("ca", "eingang", "DNS:eingang,DNS:localhost", -1);
    let late = nachbar(&amt.ausweis("ca", "portal-3", "DNS:portal", 2), &url(&server));
    assert_eq!(code(late.list(&kim(), 1).await), ("E9012", 503));
    amt.dienst("eingang");
    late.list(&kim(), 1).await.unwrap();
}

/// What cannot be right is refused at the start, in words.
#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_right_are_refused_at_the_start() {
    let amt = Amt::neu();
    let good = amt.dienst("eingang");
    let bind = async |settings: RufSettings| match Server::bind(&settings, Services::default()).await {
        Ok(server) => panic!("it listens: {}", server.is_some()),
        Err(error) => error.to_string(),
    };
    let listen = |settings: &RufSettings, listen: &str| RufSettings { listen: listen.into(), ..settings.clone() };
    assert!(
        Server::bind(&RufSettings::default(), Services::default()).await.unwrap().is_none(),
        "no address, no calls"
    );
    let open = bind(listen(&RufSettings::default(), "0.0.0.0:0")).await;
    assert!(open.contains("ruf.listen") && open.contains("unverschlüsselt"), "{open}");
    let half = bind(RufSettings { schluessel_datei: String::new(), ..listen(&good, "127.0.0.1:0") }).await;
    assert!(half.contains("ruf.schluessel_datei fehlt"), "{half}");
    let nothing = bind(RufSettings { ca_datei: "/gibt/es/nicht".into(), ..listen(&good, "127.0.0.1:0") }).await;
    assert!(nothing.starts_with("ruf.ca_datei: /gibt/es/nicht"), "{nothing}");
    let other = amt.dienst("akten").schluessel_datei;
    let wrong = bind(RufSettings { schluessel_datei: other, ..listen(&good, "127.0.0.1:0") }).await;
    assert!(wrong.starts_with("ruf.zertifikat_datei"), "a key of another certificate: {wrong}");
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let busy = bind(listen(&good, &taken.local_addr().unwrap().to_string())).await;
    assert!(busy.contains("nicht frei"), "{busy}");
    for url in ["http://10.0.0.5:7400", "eingang:7400", "https://eingang"] {
        let error = Neighbours::open(&alle_bei(&RufSettings::default(), url)).err().unwrap().to_string();
        assert!(error.starts_with("ruf.eingang: ") && error.contains(url), "{error}");
    }
}

/// Another version, another server, a service that is not here: never taken for "not found".
#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_another_language_is_not_believed() {
    let probe = Arc::new(Probe::default());
    let (server, client) = offen(&probe).await;
    let mut tcp = tokio::net::TcpStream::connect(server.address).await.unwrap();
    for path in ["/ruf/2/sendungen/list", "/ruf/1/sendungen/gibtesnicht", "/ruf/1/sendungen", "/ruf/1/suche/suche", "/"]
    {
        let call = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n[]");
        tcp.write_all(call.as_bytes()).await.unwrap();
        let mut bytes = [0; 4096];
        let n = tcp.read(&mut bytes).await.unwrap();
        let said = String::from_utf8_lossy(&bytes[..n]);
        assert!(
            said.starts_with("HTTP/1.1 404") && said.contains(r#"{"fehler":{"code":"E9011","status":503"#),
            "{path}: {said}"
        );
    }
    // Arguments of another version.
    let call = "POST /ruf/1/sendungen/list HTTP/1.1\r\nhost: x\r\ncontent-length: 7\r\n\r\n[1,2,3]";
    tcp.write_all(call.as_bytes()).await.unwrap();
    let mut bytes = [0; 4096];
    let n = tcp.read(&mut bytes).await.unwrap();
    assert!(String::from_utf8_lossy(&bytes[..n]).contains("E9011"));
    assert_eq!(code(client.stand(&kim(), id(5)).await), ("E7004", 404), "the service's own 404 is one");

    let (html, _) = peer(Art::Html).await;
    assert_eq!(code(nachbar(&RufSettings::default(), &html).stand(&kim(), id(5)).await), ("E9011", 503));
    let bare = Gegenstelle::neu(&RufSettings::default(), Services::default(), short()).await;
    let missing = nachbar(&RufSettings::default(), &format!("http://{}", bare.address));
    assert_eq!(code(missing.stand(&kim(), id(5)).await), ("E9011", 503));
    // A panic of the service is its error, and the process lives on.
    assert_eq!(code(client.stand(&kim(), id(PANICS)).await), ("E9002", 500));
    client.list(&kim(), 1).await.unwrap();
}

/// Sizes are bounded on both sides, in both directions.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_before_it_is_read() {
    let probe = Arc::new(Probe::default());
    let limits = Limits { bytes: 1 << 20, ..short() };
    let server = Gegenstelle::neu(&RufSettings::default(), services(&probe), limits).await;
    let settings = alle_bei(&RufSettings::default(), &format!("http://{}", server.address));
    let open = |limits| Neighbours::open_with(&settings, limits).unwrap().eingang.unwrap();
    let client = open(short());
    assert_eq!(client.accept(&kim(), file(vec![7; 1 << 20])).await.unwrap().sha256, BlobHash::of(&vec![7; 1 << 20]));
    let calls = probe.calls.load(Ordering::SeqCst);
    let answer = client.accept(&kim(), file(vec![7; (1 << 20) + 1])).await;
    assert_eq!(code(answer), ("E1002", 413), "the server");
    assert_eq!(code(open(limits).accept(&kim(), file(vec![7; (1 << 20) + 1])).await), ("E1002", 413), "the client");
    assert_eq!(probe.calls.load(Ordering::SeqCst), calls);
    let narrow = open(Limits { json: 2_000, ..short() });
    narrow.list(&kim(), 1).await.unwrap();
    let error = narrow.list(&kim(), 100).await.unwrap_err();
    assert!(error.code.0 == "E9011" && error.detail.contains("too large"), "{error:?}");
    narrow.list(&kim(), 1).await.unwrap();
}

// SPDX-License-Identifier: EUPL-1.2
//! Real S3 servers for tests: one per test process in a folder of its own, one bucket per test.
//!
//! | `EAKTE_S3` | server | what it proves |
//! |---|---|---|
//! | `versitygw` (default) | Versity S3 Gateway, Apache-2.0 | conditions on PUT, versions, object lock; one file per object |
//! | `garage` | Garage, AGPL-3.0 (a program of its own) | neither: looked up first, alarms say what is missing |
//!
//! `tests/lib/tools.sh` builds them. They end when the test process does, however that ends: they hang on a pipe.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::StreamExt as _;
use minio::s3::{
    MinioClient,
    builders::ObjectToDelete,
    http::BaseUrl,
    response_traits::HasEtagFromHeaders as _,
    segmented_bytes::SegmentedBytes,
    types::{ObjectKey, Region, RetentionMode, S3Api as _, ToStream as _, VersionId},
};
use nachrichten::BlobHash;
use service_platform::{
    blobs::{Blobs, S3Blobs},
    config::{Config, S3Settings},
    uhr::SystemClock,
};

use crate::{blobs::TestBlobs, proxy::Proxy};

pub const ZUGANG: &str = "GKe0a1e1a1e1a1e1a1e1a1e1a1";
pub const GEHEIMNIS: &str = "5e55105e55105e55105e55105e55105e55105e55105e55105e55105e55105e55";

/// `SCRIPT KIND PROGRAM PORT KEY SECRET [CERT KEYFILE]`: says `bereit <folder>`, ends when its standard input does.
const SCRIPT: &str = r#"
set -u
cd /
data=$(mktemp -d -t eakte-s3-XXXXXX)
trap 'rm -rf "$data"' EXIT
mkdir "$data/daten" "$data/versionen" "$data/meta"
case $1 in
  versitygw)
    tls=()
    if [[ $# -gt 5 ]]; then tls=(--cert "$6" --key "$7"); fi
    ROOT_ACCESS_KEY=$4 ROOT_SECRET_KEY=$5 "$2" --quiet --port "127.0.0.1:$3" --region eu-karlsruhe "${tls[@]}" \
      posix --versioning-dir "$data/versionen" "$data/daten" >"$data/log" 2>&1 &
    ;;
  garage)
    cat >"$data/garage.toml" <<CONF
metadata_dir = "$data/meta"
data_dir = "$data/daten"
db_engine = "sqlite"
replication_factor = 1
rpc_bind_addr = "127.0.0.1:$(($3 + 1))"
rpc_secret = "$5"
[s3_api]
api_bind_addr = "127.0.0.1:$3"
s3_region = "eu-karlsruhe"
CONF
    GARAGE_DEFAULT_ACCESS_KEY=$4 GARAGE_DEFAULT_SECRET_KEY=$5 GARAGE_DEFAULT_BUCKET=erster \
      "$2" -c "$data/garage.toml" server --single-node --default-bucket >"$data/log" 2>&1 &
    ;;
esac
server=$!
for _ in $(seq 600); do
  if (: <>"/dev/tcp/127.0.0.1/$3") 2>/dev/null; then break; fi
  kill -0 $server 2>/dev/null || { cat "$data/log" >&2; exit 1; }
  sleep 0.05
done
if [[ $1 == garage ]]; then
  "$2" -c "$data/garage.toml" key allow --create-bucket "$4" >>"$data/log" 2>&1 || { cat "$data/log" >&2; exit 1; }
fi
echo "bereit $data"
cat >/dev/null || true
exec 2>/dev/null
kill -KILL $server 2>/dev/null || true
wait $server 2>/dev/null || true
"#;

/// A running server.
pub struct Server {
    pub port: u16,
    /// Where it keeps objects.
    pub daten: PathBuf,
    tls: bool,
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

static SERVER: Mutex<Option<Option<Server>>> = Mutex::new(None);
static NEXT: AtomicU32 = AtomicU32::new(0);

/// Which server these tests run against.
pub fn kind() -> String {
    std::env::var("EAKTE_S3").unwrap_or_else(|_| "versitygw".into())
}

/// Has this server versions and object lock?
pub fn has_lock() -> bool {
    kind() == "versitygw"
}

fn program() -> Option<PathBuf> {
    let cache = std::env::var_os("EAKTE_CACHE").map(PathBuf::from).or_else(|| {
        let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        Some(base.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?.join("eakte"))
    });
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = cache.map(|c| c.join("tools/bin")).into_iter().chain(std::env::split_paths(&path));
    folders.map(|f| f.join(kind())).find(|p| p.is_file())
}

impl Server {
    /// Starts one of its own; with certificate and key it speaks TLS.
    pub fn start(tls: Option<(PathBuf, PathBuf)>) -> Option<Self> {
        let program = program()?;
        let port = std::net::TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let mut command = Command::new("bash");
        command.args(["-c", SCRIPT, "bash", &kind()]).arg(program).arg(port.to_string()).args([ZUGANG, GEHEIMNIS]);
        if let Some((cert, key)) = &tls {
            command.arg(cert).arg(key);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take()?).read_line(&mut line).ok()?;
        let folder = line.trim().strip_prefix("bereit ")?;
        Some(Self { port, daten: PathBuf::from(folder).join("daten"), tls: tls.is_some(), child })
    }
}

/// A bucket on the server of this process; `None` (said aloud) when no server is installed. With `EAKTE_REQUIRE=s3`
/// that is a failure.
pub async fn s3() -> Option<TestS3> {
    let bucket = made_bucket(true).await;
    if bucket.is_none() {
        let required = std::env::var("EAKTE_REQUIRE").is_ok_and(|r| r.contains("s3"));
        assert!(!required, "an S3 server ({}) is required and not there", kind());
        #[allow(clippy::print_stdout)]
        {
            println!("skipped: no S3 server; tests/run builds {}", kind());
        }
    }
    bucket
}

async fn made_bucket(lock: bool) -> Option<TestS3> {
    let (port, daten, tls) = tokio::task::spawn_blocking(|| {
        let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
        let server = server.get_or_insert_with(|| Server::start(None)).as_ref()?;
        Some((server.port, server.daten.clone(), server.tls))
    })
    .await
    .unwrap()?;
    Some(TestS3::on(port, &daten, tls, None, lock).await)
}

/// A bucket without versions and lock.
pub async fn s3_plain() -> Option<TestS3> {
    s3().await?;
    made_bucket(false).await
}

/// One bucket, and a client of its own that goes past the port.
pub struct TestS3 {
    pub settings: S3Settings,
    pub admin: MinioClient,
    pub bucket: String,
    /// The bucket's folder, on servers that keep one file per object.
    pub files: PathBuf,
    port: u16,
    _secret: tempfile::TempDir,
}

impl TestS3 {
    /// Makes a bucket on this server.
    pub async fn on(port: u16, daten: &std::path::Path, tls: bool, ca: Option<PathBuf>, lock: bool) -> Self {
        let bucket = format!("t{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let secret = tempfile::tempdir().unwrap();
        let file = secret.path().join("geheimnis");
        std::fs::write(&file, format!("{GEHEIMNIS}\n")).unwrap();
        let mut settings = Config::load(None, std::iter::empty()).unwrap().settings.s3;
        settings.endpoint = format!("{}://127.0.0.1:{port}", if tls { "https" } else { "http" });
        settings.bucket.clone_from(&bucket);
        settings.region = "eu-karlsruhe".into();
        settings.zugang = ZUGANG.into();
        settings.geheimnis_datei = file.to_string_lossy().into_owned();
        settings.ca_datei = ca.as_ref().map(|c| c.to_string_lossy().into_owned()).unwrap_or_default();
        settings.aufraeumen_h = 0;
        settings.frist_ms = 5000;
        let mut url: BaseUrl = settings.endpoint.parse().unwrap();
        url.region = Region::new("eu-karlsruhe").unwrap();
        let keys = minio::s3::creds::StaticProvider::new(ZUGANG, GEHEIMNIS, None);
        let admin = MinioClient::new(url, Some(keys), ca.as_deref(), None).unwrap();
        let made = admin.create_bucket(bucket.as_str()).unwrap().region(Region::new("eu-karlsruhe").unwrap());
        made.object_lock(lock && has_lock()).build().send().await.unwrap();
        Self { settings, admin, files: daten.join(&bucket), bucket, port, _secret: secret }
    }

    pub fn open(&self, settings: &S3Settings) -> S3Blobs {
        S3Blobs::open(settings, "stadt", Arc::new(SystemClock::default())).unwrap()
    }

    pub fn blobs(&self) -> S3Blobs {
        self.open(&self.settings)
    }

    /// A fault proxy before this server, and settings that go through it.
    pub async fn proxied(&self) -> (Proxy, S3Settings) {
        let proxy = Proxy::before(format!("127.0.0.1:{}", self.port)).await;
        let mut settings = self.settings.clone();
        settings.endpoint = format!("http://{}", proxy.address);
        (proxy, settings)
    }

    pub fn key(&self, hash: BlobHash) -> String {
        format!("stadt/{hash}")
    }

    /// Writes under a blob's key past the port, as a program would that does not know us.
    pub async fn overwrite(&self, hash: BlobHash, bytes: Vec<u8>) -> Result<(), minio::s3::error::Error> {
        self.overwrite_key(&self.key(hash), bytes).await
    }

    /// The same by key.
    pub async fn overwrite_key(&self, key: &str, bytes: Vec<u8>) -> Result<(), minio::s3::error::Error> {
        let body = SegmentedBytes::from(Bytes::from(bytes));
        self.admin.put_object(self.bucket.as_str(), key, body)?.build().send().await.map(drop)
    }

    /// Deletes as a program does that knows no versions.
    pub async fn delete(&self, hash: BlobHash) -> Result<(), minio::s3::error::Error> {
        self.admin.delete_object(self.bucket.as_str(), self.key(hash))?.build().send().await.map(drop)
    }

    /// Ids of all versions of this blob, newest first.
    pub async fn versions(&self, hash: BlobHash) -> Vec<String> {
        self.versions_of(&self.key(hash)).await
    }

    /// The same by key.
    pub async fn versions_of(&self, key: &str) -> Vec<String> {
        let list = self.admin.list_objects(self.bucket.as_str()).unwrap();
        let list = list.prefix(key.to_owned()).recursive(true).include_versions(true).build();
        let page = list.to_stream().await.next().await.unwrap().unwrap();
        page.contents.into_iter().filter_map(|e| e.version_id).collect()
    }

    /// Tries to delete one version as the store's administrator, with all the rights there are.
    pub async fn delete_version(&self, hash: BlobHash, version: &str) -> Result<(), minio::s3::error::Error> {
        self.try_delete_version(&self.key(hash), version).await
    }

    /// The same by key, for another Mandant's blobs.
    pub async fn try_delete_version(&self, key: &str, version: &str) -> Result<(), minio::s3::error::Error> {
        let what = ObjectToDelete::from((ObjectKey::new(key)?, VersionId::new(version)?));
        let delete = self.admin.delete_object(self.bucket.as_str(), what)?.bypass_governance_mode(true);
        delete.build().send().await.map(drop)
    }

    /// Tries to end the retention of one version now.
    pub async fn end_retention(&self, hash: BlobHash, version: &str) -> Result<(), minio::s3::error::Error> {
        let change = self.admin.put_object_retention(self.bucket.as_str(), self.key(hash))?;
        let change = change.version_id(VersionId::new(version)?).bypass_governance_mode(true);
        let soon = minio::s3::utils::utc_now() + Duration::from_secs(5);
        change.retention_mode(RetentionMode::COMPLIANCE).retain_until_date(soon).build().send().await.map(drop)
    }

    /// Begins an upload of this blob, sends one part, and forgets about it.
    pub async fn begin_upload(&self, hash: BlobHash) {
        let (bucket, key) = (self.bucket.as_str(), self.key(hash));
        let begun = self.admin.create_multipart_upload(bucket, key.as_str()).unwrap().build().send().await.unwrap();
        let upload = begun.upload_id().await.unwrap();
        let body = SegmentedBytes::from(Bytes::from(vec![1u8; 100_000]));
        let part = self.admin.upload_part(bucket, key.as_str(), upload.as_str(), 1, body).unwrap();
        part.build().send().await.unwrap().etag().unwrap();
    }
}

/// The bucket as a store under test.
pub struct S3UnderTest {
    pub s3: TestS3,
    pub blobs: S3Blobs,
}

#[async_trait::async_trait]
impl TestBlobs for S3UnderTest {
    fn blobs(&self) -> &dyn Blobs {
        &self.blobs
    }
    async fn damage(&self, hash: BlobHash) {
        let mut bytes = self.blobs.get(hash).await.unwrap();
        bytes[3] ^= 1;
        let whole = if has_lock() { self.s3.versions(hash).await } else { Vec::new() };
        self.s3.overwrite(hash, bytes).await.unwrap();
        for version in whole.iter().filter(|v| *v != "null") {
            self.s3.delete_version(hash, version).await.unwrap();
        }
    }
    async fn interrupt_a_put(&self) -> bool {
        self.s3.begin_upload(BlobHash::of(b"half a letter")).await;
        true
    }
}

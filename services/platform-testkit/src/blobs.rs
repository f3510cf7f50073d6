// SPDX-License-Identifier: EUPL-1.2
use nachrichten::BlobHash;
use service_platform::blobs::{BlobError, Blobs};

/// A blob store under test, with a hand below the store.
#[async_trait::async_trait]
pub trait TestBlobs: Send + Sync {
    fn blobs(&self) -> &dyn Blobs;
    /// Flips one bit of a stored blob, below the store.
    async fn damage(&self, hash: BlobHash);
    /// Leaves behind what an interrupted `put` leaves behind; false where the store itself cleans up.
    async fn interrupt_a_put(&self) -> bool;
}

/// The contract of a blob store.
pub async fn blobs_contract(t: &dyn TestBlobs) {
    stores_under_the_hash_and_reads_back(t).await;
    takes_the_same_bytes_again(t).await;
    says_missing(t).await;
    takes_the_same_bytes_from_many_at_once(t).await;
    never_serves_damaged_bytes(t).await;
    stores_large_blobs_whole(t).await;
    is_there_and_says_what_it_lacks(t).await;
    sweeps_what_was_interrupted(t).await;
    removes_only_what_is_named(t).await;
}

async fn stores_under_the_hash_and_reads_back(t: &dyn TestBlobs) {
    let hash = t.blobs().put(b"Bescheid".to_vec()).await.unwrap();
    // sha256sum of the eight bytes, made with coreutils.
    assert_eq!(hash.to_string(), "89aafadbc4af2520512b4d74d2b4ed7c87a16d4b76526b108f83ee38e30fb351");
    assert_eq!(t.blobs().get(hash).await.unwrap(), b"Bescheid");
    assert!(t.blobs().exists(hash).await.unwrap());
    assert!(t.blobs().list().await.unwrap().contains(&hash));
    let empty = t.blobs().put(Vec::new()).await.unwrap();
    assert_eq!(t.blobs().get(empty).await.unwrap(), b"");
}

async fn takes_the_same_bytes_again(t: &dyn TestBlobs) {
    let before = t.blobs().list().await.unwrap().len();
    let (a, b) = (t.blobs().put(b"Bescheid".to_vec()).await.unwrap(), BlobHash::of(b"Bescheid"));
    assert_eq!(a, b);
    assert_eq!(t.blobs().list().await.unwrap().len(), before);
}

async fn says_missing(t: &dyn TestBlobs) {
    let hash = BlobHash::of(b"never stored");
    assert!(matches!(t.blobs().get(hash).await, Err(BlobError::Missing(h)) if h == hash));
    assert!(!t.blobs().exists(hash).await.unwrap());
}

async fn takes_the_same_bytes_from_many_at_once(t: &dyn TestBlobs) {
    let bytes = vec![7u8; 300_000];
    let puts = (0..8).map(|_| t.blobs().put(bytes.clone()));
    for done in futures_util::future::join_all(puts).await {
        assert_eq!(done.unwrap(), BlobHash::of(&bytes));
    }
    assert_eq!(t.blobs().get(BlobHash::of(&bytes)).await.unwrap(), bytes);
}

async fn never_serves_damaged_bytes(t: &dyn TestBlobs) {
    let hash = t.blobs().put(b"wird beschaedigt".to_vec()).await.unwrap();
    t.damage(hash).await;
    assert!(matches!(t.blobs().get(hash).await, Err(BlobError::Damaged(h)) if h == hash));
    // The sender comes again: the good bytes are not thrown away because a bad blob has their name.
    assert_eq!(t.blobs().put(b"wird beschaedigt".to_vec()).await.unwrap(), hash);
    assert_eq!(t.blobs().get(hash).await.unwrap(), b"wird beschaedigt");
}

/// Longer than two parts of an upload, and not a multiple of a part.
async fn stores_large_blobs_whole(t: &dyn TestBlobs) {
    let bytes: Vec<u8> = (0..11_000_000u32).map(|i| (i % 251) as u8).collect();
    let hash = t.blobs().put(bytes.clone()).await.unwrap();
    assert_eq!(hash, BlobHash::of(&bytes));
    assert!(t.blobs().get(hash).await.unwrap() == bytes);
    assert_eq!(t.blobs().put(bytes).await.unwrap(), hash);
    t.blobs().remove(hash).await.unwrap();
}

async fn is_there_and_says_what_it_lacks(t: &dyn TestBlobs) {
    for mangel in t.blobs().check().await.unwrap() {
        assert!(mangel.alarm.starts_with("blobs-") && mangel.text.len() > 20, "{mangel:?}");
    }
}

async fn sweeps_what_was_interrupted(t: &dyn TestBlobs) {
    let before = t.blobs().list().await.unwrap();
    if t.interrupt_a_put().await {
        assert_eq!(t.blobs().list().await.unwrap(), before, "a partial object must not be visible");
        assert_eq!(t.blobs().sweep().await.unwrap(), 1);
    }
    assert_eq!(t.blobs().sweep().await.unwrap(), 0);
}

async fn removes_only_what_is_named(t: &dyn TestBlobs) {
    let (gone, kept) =
        (t.blobs().put(b"weg".to_vec()).await.unwrap(), t.blobs().put(b"bleibt".to_vec()).await.unwrap());
    t.blobs().remove(gone).await.unwrap();
    t.blobs().remove(gone).await.unwrap();
    assert!(matches!(t.blobs().get(gone).await, Err(BlobError::Missing(_))));
    assert_eq!(t.blobs().get(kept).await.unwrap(), b"bleibt");
}

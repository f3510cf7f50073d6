// SPDX-License-Identifier: EUPL-1.2
//! Frames on a pipe: magic, header length, blob count, blob lengths, header (JSON), blobs.
//! All numbers little-endian; every length is checked against a cap before anything is allocated.

use std::io::{self, Read, Write};

use serde_json::Value;

const MAGIC: u32 = 0x314B_4145; // "EAK1"
/// Largest JSON header, in bytes.
const MAX_HEADER: u32 = 16 << 20;
/// Most blobs in one frame.
const MAX_BLOBS: u32 = 8192;

/// One message with its bytes.
pub struct Frame {
    pub header: Value,
    pub blobs: Vec<Vec<u8>>,
}

/// Why a frame cannot be read or written.
#[derive(Debug)]
pub enum FrameError {
    /// End of the pipe before the first byte.
    End,
    TooBig,
    Garbage,
    Io(io::Error),
}

impl From<io::Error> for FrameError {
    fn from(e: io::Error) -> Self {
        if e.kind() == io::ErrorKind::UnexpectedEof { Self::End } else { Self::Io(e) }
    }
}

/// Writes one frame and flushes it.
pub fn write(out: &mut impl Write, header: &Value, blobs: &[&[u8]], cap: u64) -> Result<(), FrameError> {
    let header = serde_json::to_vec(header).map_err(|_| FrameError::Garbage)?;
    let header_len = u32::try_from(header.len()).ok().filter(|n| *n <= MAX_HEADER).ok_or(FrameError::TooBig)?;
    let count = u32::try_from(blobs.len()).ok().filter(|n| *n <= MAX_BLOBS).ok_or(FrameError::TooBig)?;
    let total: u64 = blobs.iter().map(|b| b.len() as u64).sum();
    if total.saturating_add(u64::from(header_len)) > cap {
        return Err(FrameError::TooBig);
    }
    let mut prelude = Vec::with_capacity(12 + 8 * blobs.len());
    prelude.extend(MAGIC.to_le_bytes());
    prelude.extend(header_len.to_le_bytes());
    prelude.extend(count.to_le_bytes());
    blobs.iter().for_each(|b| prelude.extend((b.len() as u64).to_le_bytes()));
    out.write_all(&prelude)?;
    out.write_all(&header)?;
    blobs.iter().try_for_each(|b| out.write_all(b))?;
    out.flush()?;
    Ok(())
}

/// Reads one frame of at most `cap` bytes.
pub fn read(from: &mut impl Read, cap: u64) -> Result<Frame, FrameError> {
    let mut prelude = [0u8; 12];
    from.read_exact(&mut prelude)?;
    let word = |i: usize| u32::from_le_bytes([prelude[i], prelude[i + 1], prelude[i + 2], prelude[i + 3]]);
    let (magic, header_len, count) = (word(0), word(4), word(8));
    if magic != MAGIC {
        return Err(FrameError::Garbage);
    }
    if header_len > MAX_HEADER || count > MAX_BLOBS {
        return Err(FrameError::TooBig);
    }
    let mut lengths = Vec::with_capacity(count as usize);
    let mut total = u64::from(header_len);
    for _ in 0..count {
        let mut length = [0u8; 8];
        from.read_exact(&mut length)?;
        let length = u64::from_le_bytes(length);
        total = total.saturating_add(length);
        lengths.push(length);
    }
    if total > cap {
        return Err(FrameError::TooBig);
    }
    let header = exact(from, u64::from(header_len))?;
    let header = serde_json::from_slice(&header).map_err(|_| FrameError::Garbage)?;
    let blobs = lengths.into_iter().map(|n| exact(from, n)).collect::<Result<_, _>>()?;
    Ok(Frame { header, blobs })
}

/// Exactly `n` bytes; memory grows with what really arrives, not with what was announced.
fn exact(from: &mut impl Read, n: u64) -> Result<Vec<u8>, FrameError> {
    let mut bytes = Vec::with_capacity(n.min(1 << 20) as usize);
    if from.take(n).read_to_end(&mut bytes)? as u64 != n {
        return Err(FrameError::End);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn bytes(header: &Value, blobs: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out, header, blobs, 1 << 20).unwrap();
        out
    }

    #[test]
    fn round_trip_keeps_header_and_every_blob() {
        let header = json!({ "kind": "x", "n": 3 });
        let out = bytes(&header, &[b"one", b"", b"three"]);
        let frame = read(&mut out.as_slice(), 1 << 20).unwrap();
        assert_eq!(frame.header, header);
        assert_eq!(frame.blobs, vec![b"one".to_vec(), b"".to_vec(), b"three".to_vec()]);
    }

    #[test]
    fn announced_size_over_the_cap_is_refused_before_it_is_read() {
        let mut out = bytes(&json!({}), &[b"abc"]);
        out[12..20].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(matches!(read(&mut out.as_slice(), 1 << 20), Err(FrameError::TooBig)));
    }

    #[test]
    fn wrong_magic_is_garbage_and_a_cut_frame_is_the_end() {
        let out = bytes(&json!({}), &[b"abc"]);
        let mut wrong = out.clone();
        wrong[0] ^= 1;
        assert!(matches!(read(&mut wrong.as_slice(), 1 << 20), Err(FrameError::Garbage)));
        assert!(matches!(read(&mut &out[..out.len() - 1], 1 << 20), Err(FrameError::End)));
    }
}

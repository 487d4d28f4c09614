//! The digest that tells whether a file is the one that was read before.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file is digested in parts of this size, on several threads: nothing else can be done before.
const PART: u64 = 4 << 20;

type Part = (u64, [u8; 32]);

/// BLAKE3 over the length and the BLAKE3 of each part in order, as hexadecimal digits.
pub(super) fn of_file(path: &Path) -> io::Result<String> {
    let size = path.metadata()?.len();
    let parts = size.div_ceil(PART);
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(8));
    let mut digests: Vec<Part> = std::thread::scope(|scope| {
        let work = || some_parts(path, parts, &next);
        let others: Vec<_> = (1..threads.min(parts as usize))
            .map(|_| scope.spawn(work))
            .collect();
        let mut all = work()?;
        for other in others {
            let digests = other
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("digesting stopped")))?;
            all.extend(digests);
        }
        Ok::<_, io::Error>(all)
    })?;
    digests.sort_unstable();
    let mut whole = blake3::Hasher::new();
    whole.update(&size.to_le_bytes());
    for (_, digest) in &digests {
        whole.update(digest);
    }
    Ok(whole.finalize().to_hex().to_string())
}

/// The digests of those parts that no other thread has taken.
fn some_parts(path: &Path, parts: u64, next: &AtomicU64) -> io::Result<Vec<Part>> {
    let mut file = File::open(path)?;
    let (mut digests, mut bytes) = (Vec::new(), Vec::new());
    loop {
        let part = next.fetch_add(1, Ordering::Relaxed);
        if part >= parts {
            return Ok(digests);
        }
        file.seek(SeekFrom::Start(part * PART))?;
        bytes.clear();
        file.by_ref().take(PART).read_to_end(&mut bytes)?;
        digests.push((part, blake3::hash(&bytes).into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_and_its_place_count() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x");
        let digest = |bytes: &[u8]| {
            std::fs::write(&path, bytes).expect("written");
            of_file(&path).expect("read")
        };
        let part = PART as usize;
        let mut bytes: Vec<u8> = (0..3 * part + 17).map(|at| (at / 1000) as u8).collect();
        let first = digest(&bytes);
        assert_eq!(digest(&bytes), first);
        bytes.swap(0, 2 * part);
        bytes[part] ^= 1;
        assert_ne!(digest(&bytes), first);
        bytes[part] ^= 1;
        bytes.swap(0, 2 * part);
        assert_ne!(digest(&bytes[..bytes.len() - 1]), first);
        bytes.rotate_left(part);
        assert_ne!(digest(&bytes), first, "parts have an order");
        assert_ne!(digest(b""), digest(b"\0"));
    }
}

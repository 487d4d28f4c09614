//! SHA-256 on a thread of its own, so that reading and writing files take none of its time.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use sha2::{Digest as _, Sha256};

use crate::graph::Digest;

/// Bytes go to the thread in blocks of this size.
const BLOCK: usize = 512 << 10;
/// So many blocks may wait there.
const WAITING: usize = 4;

/// Hashes what it is given, elsewhere.
struct Hasher {
    block: Vec<u8>,
    full: SyncSender<Vec<u8>>,
    /// Blocks that were hashed, to be filled again.
    empty: Receiver<Vec<u8>>,
    thread: JoinHandle<Sha256>,
}

impl Hasher {
    fn new() -> std::io::Result<Self> {
        let (full, blocks) = sync_channel::<Vec<u8>>(WAITING);
        let (hashed, empty) = channel();
        let thread = std::thread::Builder::new()
            .name("sha256".to_owned())
            .spawn(move || {
                let mut hasher = Sha256::new();
                for mut block in blocks {
                    hasher.update(&block);
                    block.clear();
                    // Nobody fills blocks any more when all was given; this one isn't missed.
                    let _ = hashed.send(block);
                }
                hasher
            })?;
        Ok(Self {
            block: Vec::with_capacity(BLOCK),
            full,
            empty,
            thread,
        })
    }

    fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = BLOCK - self.block.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.block.extend_from_slice(now);
            bytes = later;
            if self.block.len() == BLOCK {
                self.pass_on();
            }
        }
    }

    fn pass_on(&mut self) {
        let next = self.empty.try_recv().unwrap_or_default();
        let block = std::mem::replace(&mut self.block, next);
        self.block.reserve_exact(BLOCK);
        // It refuses only when the thread is gone, which `finish` tells.
        let _ = self.full.send(block);
    }

    fn finish(mut self) -> Digest {
        self.pass_on();
        drop(self.full);
        match self.thread.join() {
            Ok(hasher) => Digest::new(hasher.finalize().into()),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// Hashes what is read.
pub struct Hashing<R> {
    from: R,
    hasher: Hasher,
}

impl<R> Hashing<R> {
    /// Of this stream.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn new(from: R) -> std::io::Result<Self> {
        let hasher = Hasher::new()?;
        Ok(Self { from, hasher })
    }

    /// The hash of what was read.
    pub fn finish(self) -> Digest {
        self.hasher.finish()
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        Ok(read)
    }
}

/// Hashes what is written.
pub struct HashingSink(Hasher);

impl HashingSink {
    /// Of nothing so far.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self(Hasher::new()?))
    }

    /// The hash of what was written.
    pub fn finish(self) -> Digest {
        self.0.finish()
    }
}

impl Write for HashingSink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces that fill no block, one, and several, in every order of sizes.
    #[test]
    fn hashes_what_was_written_in_pieces_of_any_size() {
        let bytes: Vec<u8> = (0..5 * BLOCK + 77).map(|at| (at % 251) as u8).collect();
        let expected = Digest::new(Sha256::digest(&bytes).into());
        for piece in [1000, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, bytes.len()] {
            let mut sink = HashingSink::new().expect("a thread");
            for piece in bytes.chunks(piece) {
                sink.write_all(piece).expect("a sink");
            }
            assert_eq!(sink.finish(), expected, "in pieces of {piece}");
            let mut read = Hashing::new(bytes.as_slice()).expect("a thread");
            std::io::copy(
                &mut (&mut read).take(bytes.len() as u64),
                &mut std::io::sink(),
            )
            .expect("memory");
            assert_eq!(read.finish(), expected);
        }
        let nothing = HashingSink::new().expect("a thread").finish();
        assert_eq!(nothing, Digest::new(Sha256::digest([]).into()));
    }
}

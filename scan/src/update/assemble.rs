//! Putting the new file together from what is here and what is fetched.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;
use snowguard_advisory_file::{AdvisoryFile, Chunk, Preamble, PublicKey};

use super::error::UpdateError;
use super::origin::Origin;
use super::state;

/// Chunks that lie no further apart than this are fetched together.
const GAP: u64 = 32 << 10;
/// No request asks for more; what came before a line broke is kept.
const MOST: u64 = 1 << 20;

/// The new file under way. What an earlier update fetched into it is still there.
pub(super) struct Part<'p> {
    path: PathBuf,
    file: File,
    preamble: &'p Preamble,
}

/// A chunk and where it stands in the new file.
#[derive(Clone, Copy)]
struct Place {
    chunk: Chunk,
    at: u64,
}

impl Place {
    fn end(&self) -> u64 {
        self.at + u64::from(self.chunk.length)
    }
}

impl<'p> Part<'p> {
    pub(super) fn open(to: &Path, preamble: &'p Preamble) -> Result<Self, UpdateError> {
        let path = state::beside(to, ".part");
        let file =
            state::private(&path, false).map_err(|source| UpdateError::file(&path, source))?;
        Ok(Self {
            path,
            file,
            preamble,
        })
    }

    /// Gathers every chunk; returns how many bytes were fetched for it.
    pub(super) fn fill(
        &mut self,
        start: &[u8],
        old: Option<(&[u8], &Preamble)>,
        origin: &mut Origin,
    ) -> Result<u64, UpdateError> {
        self.put(0, start)?;
        let mut known: FxHashMap<Chunk, &[u8]> = FxHashMap::default();
        if let Some((bytes, preamble)) = old {
            for place in places(preamble) {
                let range = usize::try_from(place.at)
                    .ok()
                    .zip(usize::try_from(place.end()).ok());
                let piece = range.and_then(|(start, end)| bytes.get(start..end));
                known.extend(piece.map(|piece| (place.chunk, piece)));
            }
        }
        let mut missing = Vec::new();
        for place in places(self.preamble) {
            if self.has(&place)? {
                continue;
            }
            match known
                .get(&place.chunk)
                .filter(|bytes| place.chunk.is(bytes))
            {
                Some(bytes) => self.put(place.at, bytes)?,
                None => missing.push(place),
            }
        }
        let mut fetched = 0;
        for run in runs(&missing) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else {
                continue;
            };
            let bytes = origin.range(first.at, last.end() - first.at)?;
            fetched += bytes.len() as u64;
            for place in run {
                let start = usize::try_from(place.at - first.at).unwrap_or(usize::MAX);
                let end = start.saturating_add(place.chunk.length as usize);
                let piece = bytes.get(start..end).filter(|piece| place.chunk.is(piece));
                self.put(place.at, piece.ok_or(UpdateError::Changed)?)?;
            }
        }
        Ok(fetched)
    }

    /// Checks the whole and puts it in its place.
    pub(super) fn finish(
        self,
        to: &Path,
        trusted: &[PublicKey],
        mode: u32,
    ) -> Result<(), UpdateError> {
        let failed = |source| UpdateError::file(&self.path, source);
        self.file.set_len(self.preamble.end).map_err(failed)?;
        let bytes = fs::read(&self.path).map_err(failed)?;
        AdvisoryFile::open(&bytes, trusted)?.check_all()?;
        let permissions = fs::Permissions::from_mode(mode);
        self.file.set_permissions(permissions).map_err(failed)?;
        self.file.sync_all().map_err(failed)?;
        fs::rename(&self.path, to).map_err(|source| UpdateError::file(to, source))?;
        if let Some(folder) = to.parent()
            && let Ok(folder) = File::open(folder)
        {
            // The name is safe once the folder is; not every file system can do it.
            let _synced = folder.sync_all();
        }
        Ok(())
    }

    /// Whether an update that was cut off left this chunk at its place.
    fn has(&self, place: &Place) -> Result<bool, UpdateError> {
        let mut bytes = vec![0; place.chunk.length as usize];
        match self.file.read_exact_at(&mut bytes, place.at) {
            Ok(()) => Ok(place.chunk.is(&bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
            Err(source) => Err(UpdateError::file(&self.path, source)),
        }
    }

    fn put(&self, at: u64, bytes: &[u8]) -> Result<(), UpdateError> {
        self.file
            .write_all_at(bytes, at)
            .map_err(|source| UpdateError::file(&self.path, source))
    }
}

/// Where each chunk of a file stands.
fn places(preamble: &Preamble) -> Vec<Place> {
    let mut at = preamble.body;
    let chunks = preamble.header.chunks.iter();
    chunks
        .map(|chunk| {
            let place = Place { chunk: *chunk, at };
            at = place.end();
            place
        })
        .collect()
}

/// Runs of chunks that are fetched together.
fn runs(missing: &[Place]) -> Vec<&[Place]> {
    let mut runs = Vec::new();
    let mut start = 0;
    for place in 1..=missing.len() {
        let is_end = place == missing.len()
            || missing[place].at - missing[place - 1].end() > GAP
            || missing[place].end() - missing[start].at > MOST;
        if is_end {
            runs.push(&missing[start..place]);
            start = place;
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_fetched_together() {
        let place = |at: u64, length: u32| Place {
            chunk: Chunk {
                length,
                digest: [0; 32],
            },
            at,
        };
        let missing = [
            place(0, 100),
            place(100, 100),
            place(10_000, 5),
            place(1 << 20, 5),
            place((1 << 20) + 5, 1 << 20),
        ];
        let lengths: Vec<usize> = runs(&missing).iter().map(|run| run.len()).collect();
        assert_eq!(lengths, [3, 1, 1]);
        assert!(runs(&[]).is_empty());
    }
}

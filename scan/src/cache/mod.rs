//! Verdicts of earlier scans, kept for the user who made them.
//!
//! One file for one advisory file and one build of this program:
//! ```text
//! file   = "SNOWVER2" sha256(rest) rest
//! rest   = postcard of a list of (key, verdicts)
//! key    = SHA-256 over tier and package, half of it
//! ```
//! The name of the file is the digest of the advisory file's header, which covers all its content, and
//! of the program. A cache that is damaged in any way is as good as none. It holds nothing that
//! the advisory file does not say, and nothing but verdicts is ever taken from it.
//!
//! Beside it are answers to whole scans ([`Answer`]), for when nothing at all has changed.

mod file;
mod stored;
mod whole;

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha256};
use snowguard_advisory_file::{AdvisoryFile, package_to_bytes};
use snowguard_matching::package::Package;
use snowguard_matching::verdict::Tier;

pub use whole::{Answer, Question, Whole};

use crate::judge::Judged;

const MAGIC: &[u8; 8] = b"SNOWVER2";
/// A machine's verdicts have a few MB.
const LARGEST: u64 = 256 << 20;
/// Files of older advisory files that are kept beside the newest.
const KEPT: usize = 3;

type Key = [u8; 16];

/// Makes a folder of the cache, for its owner alone.
///
/// # Errors
/// When it cannot be made.
pub fn prepare(folder: &Path) -> std::io::Result<()> {
    file::prepare(folder)
}

/// Verdicts by package.
#[derive(Debug, Default)]
pub struct VerdictCache {
    /// `None` for a cache that keeps nothing.
    path: Option<PathBuf>,
    known: FxHashMap<Key, Vec<u8>>,
    is_changed: bool,
}

impl VerdictCache {
    /// A cache that knows and keeps nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The cache in a folder for an advisory file; empty where there is none yet, or none that can
    /// be read.
    #[must_use]
    pub fn open(folder: &Path, file: &AdvisoryFile<'_>) -> Self {
        let mut name = Sha256::new();
        name.update(file.identity());
        name.update(file::program());
        let path = folder.join(file::name_of(name));
        let known = read(&path).unwrap_or_default();
        Self {
            path: Some(path),
            known,
            is_changed: false,
        }
    }

    pub(crate) fn get(&self, package: &Package, lowest: Tier) -> Option<Judged> {
        if self.known.is_empty() {
            return None;
        }
        stored::judged_from_bytes(self.known.get(&key(package, lowest)?)?)
    }

    pub(crate) fn put(&mut self, package: &Package, lowest: Tier, judged: &Judged) {
        if self.path.is_none() {
            return;
        }
        if let (Some(key), Ok(bytes)) = (key(package, lowest), stored::judged_to_bytes(judged)) {
            self.known.insert(key, bytes);
            self.is_changed = true;
        }
    }

    /// Writes what is new, whole and at once.
    ///
    /// # Errors
    /// When the folder or the file cannot be written. The scan is good all the same.
    pub fn save(&self) -> std::io::Result<()> {
        let Some(path) = self.path.as_ref().filter(|_| self.is_changed) else {
            return Ok(());
        };
        let mut entries: Vec<(&Key, &Vec<u8>)> = self.known.iter().collect();
        entries.sort_unstable();
        let rest = postcard::to_allocvec(&entries).map_err(std::io::Error::other)?;
        file::write(path, MAGIC, &rest, KEPT)
    }
}

fn key(package: &Package, lowest: Tier) -> Option<Key> {
    let mut digest = Sha256::new();
    digest.update([lowest as u8]);
    digest.update(package_to_bytes(0, package).ok()?);
    digest.finalize()[..16].try_into().ok()
}

fn read(path: &Path) -> Option<FxHashMap<Key, Vec<u8>>> {
    let rest = file::read(path, MAGIC, LARGEST)?;
    let entries: Vec<(Key, Vec<u8>)> = postcard::from_bytes(&rest).ok()?;
    Some(entries.into_iter().collect())
}

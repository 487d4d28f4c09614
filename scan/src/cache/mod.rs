//! Verdicts of earlier scans, kept for the user who made them.
//!
//! One file for one advisory file and one build of this program:
//! ```text
//! file   = magic sha256(rest) rest
//! rest   = postcard of a list of (key, JSON of `Judged`)
//! key    = SHA-256 over tier and package, half of it
//! ```
//! The name of the file is the digest of the advisory file's header, which covers all its content, and
//! of the program. A cache that is damaged in any way is as good as none. It holds nothing that
//! the advisory file does not say, and nothing but verdicts is ever taken from it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha256};
use snowguard_advisory_file::AdvisoryFile;
use snowguard_matching::package::Package;
use snowguard_matching::verdict::Tier;

use crate::judge::Judged;

const MAGIC: &[u8; 8] = b"SNOWVER1";
/// A machine's verdicts have a few MB.
const LARGEST: u64 = 256 << 20;
/// Files of older advisory files that are kept beside the newest.
const KEPT: usize = 3;

type Key = [u8; 16];

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

    /// Makes the folder, for its owner alone.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn prepare(folder: &Path) -> std::io::Result<()> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
    }

    /// The cache in a folder for an advisory file; empty where there is none yet, or none that can
    /// be read.
    #[must_use]
    pub fn open(folder: &Path, file: &AdvisoryFile<'_>) -> Self {
        let mut name = Sha256::new();
        name.update(file.identity());
        name.update(program());
        let name: String = name.finalize()[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let path = folder.join(name);
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
        let bytes = self.known.get(&key(package, lowest)?)?;
        serde_json::from_slice(bytes).ok()
    }

    pub(crate) fn put(&mut self, package: &Package, lowest: Tier, judged: &Judged) {
        if self.path.is_none() {
            return;
        }
        if let (Some(key), Ok(bytes)) = (key(package, lowest), serde_json::to_vec(judged)) {
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
        let Some(folder) = path.parent() else {
            return Ok(());
        };
        Self::prepare(folder)?;
        let mut entries: Vec<(&Key, &Vec<u8>)> = self.known.iter().collect();
        entries.sort_unstable();
        let rest = postcard::to_allocvec(&entries).map_err(std::io::Error::other)?;
        let part = path.with_extension(format!("{}.part", std::process::id()));
        let written = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&part)
            .and_then(|mut file| {
                file.write_all(MAGIC)?;
                file.write_all(&Sha256::digest(&rest))?;
                file.write_all(&rest)
            })
            .and_then(|()| fs::rename(&part, path));
        if let Err(error) = written {
            // The first error is the one to report.
            let _gone = fs::remove_file(&part);
            return Err(error);
        }
        tidy(folder)
    }
}

/// What tells one build of this program from another: another build may judge otherwise.
fn program() -> Vec<u8> {
    let mut text = format!("{} ", env!("CARGO_PKG_VERSION"));
    if let Ok(exe) = std::env::current_exe() {
        text.push_str(&exe.to_string_lossy());
        if let Ok(found) = fs::metadata(&exe) {
            let times = (found.len(), found.mtime(), found.mtime_nsec(), found.ino());
            text.push_str(&format!(" {times:?}"));
        }
    }
    text.into_bytes()
}

fn key(package: &Package, lowest: Tier) -> Option<Key> {
    let bytes = postcard::to_allocvec(&(lowest, serde_json::to_vec(package).ok()?)).ok()?;
    Sha256::digest(bytes)[..16].try_into().ok()
}

fn read(path: &Path) -> Option<FxHashMap<Key, Vec<u8>>> {
    let found = fs::metadata(path).ok()?;
    if found.len() > LARGEST {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    let rest = bytes.strip_prefix(MAGIC)?;
    let (digest, rest) = rest.split_at_checked(32)?;
    if Sha256::digest(rest).as_slice() != digest {
        return None;
    }
    let entries: Vec<(Key, Vec<u8>)> = postcard::from_bytes(rest).ok()?;
    Some(entries.into_iter().collect())
}

/// Keeps the newest few files.
fn tidy(folder: &Path) -> std::io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.metadata()?;
        if found.is_file() {
            files.push((found.modified()?, entry.path()));
        }
    }
    files.sort_unstable();
    let old = files.len().saturating_sub(KEPT);
    for (_, path) in files.into_iter().take(old) {
        fs::remove_file(path)?;
    }
    Ok(())
}

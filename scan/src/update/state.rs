//! What is remembered between updates, in a small file beside the advisory file.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::UpdateError;

/// A few hundred bytes.
const LARGEST: u64 = 64 << 10;

/// Where the file is from, and the highest serial of each key.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    #[serde(default)]
    pub(super) url: String,
    #[serde(default)]
    pub(super) etag: Option<String>,
    #[serde(default)]
    pub(super) serials: BTreeMap<String, u64>,
    #[serde(skip)]
    pub(super) serial: u64,
}

impl State {
    /// As it was left; empty where it cannot be read. Losing it costs the memory of serials beyond
    /// the file's own, nothing else.
    pub(super) fn read(to: &Path) -> Self {
        let path = beside(to, ".origin");
        let is_small = fs::metadata(&path).is_ok_and(|found| found.len() <= LARGEST);
        let text = is_small.then(|| fs::read_to_string(&path).ok()).flatten();
        let read: Option<Self> = text.and_then(|text| serde_json::from_str(&text).ok());
        let mut state = read.unwrap_or_default();
        state.serial = state.serials.values().copied().max().unwrap_or_default();
        state
    }

    pub(super) fn serial_of(&self, key: &str) -> u64 {
        self.serials.get(key).copied().unwrap_or_default()
    }

    pub(super) fn seen(&mut self, key: &str, serial: u64) {
        let known = self.serials.entry(key.to_owned()).or_default();
        *known = serial.max(*known);
    }

    pub(super) fn write(&self, to: &Path) -> Result<(), UpdateError> {
        let path = beside(to, ".origin");
        let part = beside(to, ".origin.part");
        let text = serde_json::to_string_pretty(self)
            .map_err(|failed| UpdateError::file(&path, failed.into()))?;
        private(&part, true)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(&part, &path))
            .map_err(|source| UpdateError::file(&path, source))
    }
}

/// A file beside another.
pub(super) fn beside(to: &Path, ending: &str) -> PathBuf {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    to.with_file_name(name)
}

/// A file that only its owner reads, opened for writing; never through a link.
pub(super) fn private(path: &Path, truncate: bool) -> std::io::Result<File> {
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        fs::remove_file(path)?;
    }
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(truncate)
        .mode(0o600)
        .open(path)
}

/// The folder, made for its owner alone where it is not there.
pub(super) fn private_folder(folder: &Path) -> Result<(), UpdateError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| UpdateError::file(folder, source))
}

/// Holds off a second update for as long as the answer lives.
pub(super) fn lock(to: &Path) -> Result<File, UpdateError> {
    let path = beside(to, ".lock");
    let file = private(&path, false).map_err(|source| UpdateError::file(&path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(UpdateError::Busy {
            path: to.to_owned(),
        }),
        Err(fs::TryLockError::Error(source)) => Err(UpdateError::file(&path, source)),
    }
}

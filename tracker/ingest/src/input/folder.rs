//! The files of a folder, in a fixed order.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::IngestError;
use crate::limits::Limits;

/// One file of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Relative to the folder, `/` between the parts.
    pub name: String,
    /// Length in bytes.
    pub size: u64,
    /// Nanoseconds since the epoch, or 0 where the file system does not say.
    pub modified: u128,
}

/// All regular files below `root`, sorted by name.
///
/// Symbolic links and hidden entries are left out: a link could lead out of the folder, and hidden
/// folders are version control's.
///
/// # Errors
/// [`IngestError::File`] when a folder cannot be read; [`IngestError::Archive`] over
/// `limits.entries` files.
pub(super) fn files(root: &Path, limits: &Limits) -> Result<Vec<Found>, IngestError> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = vec![root.to_path_buf()];
    while let Some(folder) = open.pop() {
        let fail = |error| IngestError::file(&folder, error);
        for entry in std::fs::read_dir(&folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let kind = entry.file_type().map_err(fail)?;
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() {
                let path = entry.path();
                let data = entry
                    .metadata()
                    .map_err(|error| IngestError::file(&path, error))?;
                let Some(name) = path.strip_prefix(root).ok().and_then(Path::to_str) else {
                    continue;
                };
                let modified = data.modified().ok();
                found.push(Found {
                    name: name.to_owned(),
                    size: data.len(),
                    modified: modified
                        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
                        .map_or(0, |since| since.as_nanos()),
                });
                if found.len() > limits.entries {
                    let what = format!("holds more than {} files", limits.entries);
                    return Err(IngestError::archive(root.display().to_string(), what));
                }
            }
        }
    }
    found.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(found)
}

/// Digest of names, sizes and times: whether the folder is the one that was read before.
pub(super) fn listing_digest(files: &[Found]) -> String {
    let mut hash = Sha256::new();
    for file in files {
        hash.update(file.name.as_bytes());
        hash.update([0]);
        hash.update(file.size.to_le_bytes());
        hash.update(file.modified.to_le_bytes());
    }
    crate::hex(&hash.finalize())
}

//! Paths of actions: relative ones start at a working folder, none goes up.

use std::path::{Component, Path, PathBuf};

use anyhow::{Result, bail};

/// Where relative paths of actions start.
pub const BUILD: &str = "/build";

/// The path `text` means, from `folder`.
pub fn resolve(folder: &Path, text: &str) -> Result<PathBuf> {
    let path = Path::new(text);
    if text.is_empty() || text.contains('\0') {
        bail!("an empty path, or one with NUL: {text:?}");
    }
    if path.components().any(|part| part == Component::ParentDir) {
        bail!("`{text}` goes up; name the path from /build or from the root");
    }
    Ok(folder.join(path).components().collect())
}

/// The path `text` means, from `/build`.
pub fn from_build(text: &str) -> Result<PathBuf> {
    resolve(Path::new(BUILD), text)
}

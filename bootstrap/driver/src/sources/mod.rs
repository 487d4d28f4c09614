//! Bytes from outside: found in a folder, fetched from the Debian archive, or made from a listing;
//! believed only when their hash is the one that was declared.

mod apt;
mod fetch;
mod index;
mod listing;

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

pub use apt::{EVERYWHERE, mirrors as mirrors_of_apt};
pub use fetch::Mirror;
pub use index::{Forged, Listed, listed};
pub use listing::{ListingError, decode as decode_listing};

use crate::graph::{Digest, Origin, Source};
use crate::store::Store;

/// Where to look.
#[derive(Debug, Default)]
pub struct Places {
    /// Folders that hold files under their name in the archive, or under their hash.
    pub folders: Vec<PathBuf>,
    /// Mirrors of the archive, asked in this order; nothing is fetched without.
    pub mirrors: Vec<Mirror>,
}

/// A source is not the one that was declared, or can't be had.
#[derive(Debug, thiserror::Error)]
#[error("{place}: source `{name}`: {what}")]
pub struct SourceError {
    place: crate::graph::Place,
    name: String,
    what: String,
}

/// Makes sure that the store has a source, with its declared hash; its path there.
///
/// # Errors
/// When it can't be had, or has another hash or length.
pub fn provide(store: &Store, source: &Source, places: &Places) -> Result<PathBuf> {
    if let Some(path) = store.source(source.sha256)? {
        return Ok(path);
    }
    // Two steps, or two programs, may need the same source at once: one gets it, the other waits.
    let lock = store
        .root()
        .join("work")
        .join(format!("source-{}.lock", source.sha256));
    let lock = File::create(&lock).with_context(|| format!("cannot open {}", lock.display()))?;
    lock.lock().context("cannot lock a source")?;
    if let Some(path) = store.source(source.sha256)? {
        return Ok(path);
    }
    let content = content(store, source, places)?;
    let found = Digest::of(&content);
    if content.len() as u64 != source.size || found != source.sha256 {
        return Err(wrong(
            source,
            format!(
                "{} bytes with SHA-256 {found}; declared are {} bytes with {}",
                content.len(),
                source.size,
                source.sha256
            ),
        )
        .into());
    }
    store.put_source(&content)?;
    Ok(store.source_path(source.sha256))
}

fn content(store: &Store, source: &Source, places: &Places) -> Result<Vec<u8>> {
    match &source.origin {
        Origin::Hex(listing) => {
            let text = std::fs::read_to_string(listing)
                .with_context(|| format!("cannot read {}", listing.display()))?;
            decode_listing(&text)
                .map_err(|error| wrong(source, format!("{}: {error}", listing.display())).into())
        }
        Origin::Debian { path, .. } => {
            for folder in &places.folders {
                if let Some(content) = in_folder(folder, path, source)? {
                    return Ok(content);
                }
            }
            let mut refusals = Vec::new();
            for mirror in &places.mirrors {
                match mirror.fetch(path, source.size, &store.root().join("work")) {
                    Ok(content) => return Ok(content),
                    Err(error) => refusals.push(format!("{error:#}")),
                }
            }
            let what = if refusals.is_empty() {
                format!(
                    "{path} is in none of the folders given, and nothing may be fetched (see --fetch)"
                )
            } else {
                format!("cannot be fetched: {}", refusals.join("; "))
            };
            Err(wrong(source, what).into())
        }
    }
}

/// A file of a folder, under its own name or its hash. One with another hash is passed over here
/// only to be told of.
fn in_folder(folder: &Path, path: &str, source: &Source) -> Result<Option<Vec<u8>>> {
    let last = path.rsplit('/').next().unwrap_or(path);
    for name in [source.sha256.to_string(), last.to_owned()] {
        let file = folder.join(name);
        let Ok(meta) = std::fs::metadata(&file) else {
            continue;
        };
        if meta.len() != source.size {
            bail!(wrong(
                source,
                format!(
                    "{} has {} bytes; declared are {}",
                    file.display(),
                    meta.len(),
                    source.size
                )
            ));
        }
        return std::fs::read(&file)
            .map(Some)
            .with_context(|| format!("cannot read {}", file.display()));
    }
    Ok(None)
}

fn wrong(source: &Source, what: String) -> SourceError {
    SourceError {
        place: source.place.clone(),
        name: source.name.to_string(),
        what,
    }
}

//! From what a person names to a [`Closure`].

mod derivations;
mod error;
mod listed;
mod nix_db;
mod path_info;
mod read;

use std::path::{Path, PathBuf};

use snowguard_nix_formats::{StoreDir, StorePath};

use crate::closure::Closure;

pub use derivations::attach as attach_derivations;
pub use error::InputError;

/// Where Nix keeps its things.
#[derive(Debug, Clone)]
pub struct Nix {
    /// `/nix/store`, as it is named in paths.
    pub store: StoreDir,
    /// Where the store's files are; another folder for a container image or a mounted disk.
    pub store_files: PathBuf,
    /// `db.sqlite`.
    pub database: PathBuf,
}

impl Nix {
    /// The Nix of a root folder; `/` for this machine.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Self {
            store: StoreDir::default(),
            store_files: root.join("nix/store"),
            database: root.join("nix/var/nix/db/db.sqlite"),
        }
    }
}

/// What to scan.
#[derive(Debug, Clone)]
pub enum Target {
    /// The closure of store paths, looked up in the Nix database. Links into the store are
    /// followed.
    Paths(Vec<PathBuf>),
    /// A file: what `nix path-info --json` or `nix derivation show` print, a list of paths, a
    /// `.drv`. What it is follows from its content.
    File(PathBuf),
    /// Everything that the Nix database knows.
    Store,
}

/// Reads a target.
///
/// # Errors
/// Each of [`InputError`], with the file and the place in it.
pub fn closure(target: &Target, nix: &Nix) -> Result<Closure, InputError> {
    match target {
        Target::Paths(paths) => {
            let roots = paths
                .iter()
                .map(|path| resolve(path, nix))
                .collect::<Result<Vec<StorePath>, InputError>>()?;
            if roots.iter().all(StorePath::is_derivation) {
                return derivations::from_store(&roots, nix);
            }
            nix_db::closure(nix, &roots)
        }
        Target::File(path) => from_file(path, nix),
        Target::Store => nix_db::everything(nix),
    }
}

fn from_file(path: &Path, nix: &Nix) -> Result<Closure, InputError> {
    let bytes = read::whole(path)?;
    let start = bytes.trim_ascii_start();
    if start.starts_with(b"Derive(") || start.starts_with(b"DrvWithVersion(") {
        return derivations::from_aterm(path, &bytes, nix);
    }
    if start.starts_with(b"{") || start.starts_with(b"[") {
        // The two forms have no member in common, so at most one of the two reads it.
        return match path_info::read(&bytes, &nix.store) {
            Ok(closure) => Ok(closure),
            Err(first) => derivations::from_json(path, &bytes, &nix.store).map_err(|second| {
                InputError::NeitherJson {
                    path: path.to_owned(),
                    path_info: first.to_string(),
                    derivations: second.to_string(),
                }
            }),
        };
    }
    listed::read(path, &bytes, &nix.store)
}

/// The store path that a path of the file system leads to.
fn resolve(path: &Path, nix: &Nix) -> Result<StorePath, InputError> {
    // Not canonicalize: a store path may itself be a link, and then it is the one that counts.
    const LINKS: usize = 40;
    let mut at = std::path::absolute(path).map_err(|source| InputError::Read {
        path: path.to_owned(),
        source,
    })?;
    for _ in 0..LINKS {
        if let Some(text) = at.to_str()
            && let Ok((found, _)) = StorePath::containing(text, &nix.store)
        {
            return Ok(found);
        }
        // A folder on the way may be the link, as in ~/.nix-profile/bin.
        let folder = at.parent().map(Path::canonicalize).and_then(Result::ok);
        if let (Some(folder), Some(name)) = (folder, at.file_name()) {
            at = folder.join(name);
        }
        let Ok(next) = std::fs::read_link(&at) else {
            break;
        };
        at = match at.parent() {
            Some(folder) => folder.join(next),
            None => next,
        };
    }
    Err(InputError::NotInStore {
        path: path.to_owned(),
        store: nix.store.as_str().to_owned(),
    })
}

//! From what a person names to a [`Closure`].

mod channel;
mod derivations;
mod error;
mod flake;
mod gc_roots;
mod links;
mod listed;
mod nix_db;
pub mod patches;
mod path_info;
mod read;
mod sbom;

use std::path::{Path, PathBuf};

use snowguard_nix_formats::{StoreDir, StorePath};

use crate::closure::Closure;

pub use derivations::attach as attach_derivations;
pub use error::InputError;
pub use flake::is_flake;
pub(crate) use links::resolve;

/// Where Nix keeps its things.
#[derive(Debug, Clone)]
pub struct Nix {
    /// The folder below which links are followed first; `/` for this machine.
    pub root: PathBuf,
    /// `/nix/store`, as it is named in paths.
    pub store: StoreDir,
    /// Where the store's files are; another folder for a container image or a mounted disk.
    pub store_files: PathBuf,
    /// `db.sqlite`.
    pub database: PathBuf,
    /// `/nix/var/nix`: profiles and roots.
    pub state: PathBuf,
}

impl Nix {
    /// The Nix of a root folder; `/` for this machine.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            store: StoreDir::default(),
            store_files: root.join("nix/store"),
            database: root.join("nix/var/nix/db/db.sqlite"),
            state: root.join("nix/var/nix"),
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
    /// `.drv`, a bill of materials, a channel's `packages.json`. What it is follows from its content.
    File(PathBuf),
    /// Everything that the garbage collector keeps.
    GcRoots,
    /// Everything that the Nix database knows, or that lies in the store's folder where there is none.
    Store,
}

/// The derivations of a flake's output, evaluated by Nix.
///
/// # Errors
/// [`InputError::Flake`].
pub fn evaluate_flake(target: &str, nix: &Nix) -> Result<Vec<PathBuf>, InputError> {
    let found = flake::derivations(target, &nix.store)?;
    let paths = found.into_iter().map(|path| path.to_absolute(&nix.store));
    Ok(paths.map(PathBuf::from).collect())
}

/// Which closure of a target counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// What a path refers to when it runs. A derivation whose outputs are not built has none; then
    /// what builds it counts.
    #[default]
    Runtime,
    /// Everything that was needed to build it.
    Buildtime,
}

/// Reads a target.
///
/// # Errors
/// Each of [`InputError`], with the file and the place in it.
pub fn closure(target: &Target, reach: Reach, nix: &Nix) -> Result<Closure, InputError> {
    match target {
        Target::Paths(paths) => {
            let roots = paths
                .iter()
                .map(|path| resolve(path, nix))
                .collect::<Result<Vec<StorePath>, InputError>>()?;
            of_roots(&roots, reach, nix)
        }
        Target::GcRoots => {
            let found = gc_roots::find(nix)?;
            let roots = nix_db::known(nix, found)?;
            if roots.is_empty() {
                return Err(InputError::NoRoots {
                    state: nix.state.clone(),
                    store: nix.store.as_str().to_owned(),
                });
            }
            // A derivation that is kept is kept with all that it needs.
            let closure = nix_db::closure(nix, &roots)?;
            match reach {
                Reach::Runtime => Ok(closure),
                Reach::Buildtime => buildtime(&closure, nix),
            }
        }
        Target::File(path) => from_file(path, reach, nix),
        // An image of a container has the files alone.
        Target::Store if !nix.database.exists() && nix.store_files.is_dir() => {
            listed::folder(&nix.store_files, &nix.store)
        }
        Target::Store => nix_db::everything(nix),
    }
}

fn of_roots(roots: &[StorePath], reach: Reach, nix: &Nix) -> Result<Closure, InputError> {
    let (derivations, outputs): (Vec<StorePath>, Vec<StorePath>) =
        roots.iter().cloned().partition(StorePath::is_derivation);
    match reach {
        Reach::Runtime if derivations.is_empty() => nix_db::closure(nix, &outputs),
        Reach::Runtime if outputs.is_empty() => {
            let built = derivations::outputs(&derivations, nix)?;
            match nix_db::known(nix, built.clone()) {
                Ok(known) if !built.is_empty() && known.len() == built.len() => {
                    nix_db::closure(nix, &built)
                }
                _ => derivations::from_store(&derivations, nix),
            }
        }
        Reach::Runtime => nix_db::closure(nix, roots),
        Reach::Buildtime if outputs.is_empty() => derivations::from_store(&derivations, nix),
        Reach::Buildtime => buildtime(&nix_db::closure(nix, roots)?, nix),
    }
}

/// What it took to build the roots of a closure.
fn buildtime(closure: &Closure, nix: &Nix) -> Result<Closure, InputError> {
    let roots = closure.roots.iter().filter_map(|root| closure.entry(*root));
    let mut derivations = Vec::new();
    for root in roots {
        if root.path.is_derivation() {
            derivations.push(root.path.clone());
            continue;
        }
        let present = |path: &&StorePath| nix.store_files.join(path.as_str()).exists();
        match root.derivers.iter().find(present) {
            Some(deriver) => derivations.push(deriver.clone()),
            None => {
                return Err(InputError::NoDerivation {
                    path: root.path.to_absolute(&nix.store),
                });
            }
        }
    }
    derivations.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
    derivations.dedup();
    derivations::from_store(&derivations, nix)
}

fn from_file(path: &Path, reach: Reach, nix: &Nix) -> Result<Closure, InputError> {
    from_bytes(path, read::whole(path)?, reach, nix)
}

/// Reads what stands in a file. The name tells only what is packed with Brotli, and a `.drv`'s own
/// path.
///
/// # Errors
/// Each of [`InputError`].
pub fn from_bytes(
    path: &Path,
    mut bytes: Vec<u8>,
    reach: Reach,
    nix: &Nix,
) -> Result<Closure, InputError> {
    let document = |reason: String| InputError::Document {
        path: path.to_owned(),
        reason,
    };
    if path.extension().is_some_and(|ending| ending == "br") {
        bytes = channel::unpacked(&bytes).map_err(document)?;
    }
    let start = bytes.trim_ascii_start();
    if start.starts_with(b"Derive(") || start.starts_with(b"DrvWithVersion(") {
        let closure = derivations::from_aterm(path, &bytes, nix)?;
        return Ok(match reach {
            Reach::Runtime => derivations::built(&closure, nix).unwrap_or(closure),
            Reach::Buildtime => closure,
        });
    }
    if sbom::is_xml(start) {
        return sbom::read_xml(start, &nix.store).map_err(document);
    }
    if sbom::is_tag_value(start) {
        return sbom::read_tags(start, &nix.store).map_err(document);
    }
    if start.starts_with(b"{") || start.starts_with(b"[") {
        match sbom::kind(start) {
            sbom::Kind::Channel => return channel::read(start).map_err(document),
            sbom::Kind::Other => {}
            kind => return sbom::read(start, kind, &nix.store).map_err(document),
        }
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

/// What the garbage collector keeps.
pub(crate) fn roots(nix: &Nix) -> Result<Vec<StorePath>, InputError> {
    gc_roots::find(nix)
}

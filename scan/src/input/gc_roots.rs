//! What keeps paths alive: everything under `gcroots` and `profiles`.

use std::fs;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;
use snowguard_nix_formats::StorePath;

use super::{InputError, Nix, links};

/// Folders in folders; `per-user/NAME/…` has three.
const DEPTH: usize = 16;
/// A machine has some hundreds.
const MOST: usize = 1_000_000;

/// The store paths of all roots. Links that lead nowhere, or out of the store, are passed over, as
/// the garbage collector does.
pub(super) fn find(nix: &Nix) -> Result<Vec<StorePath>, InputError> {
    let mut found: FxHashSet<StorePath> = FxHashSet::default();
    let mut open: Vec<(PathBuf, usize)> = ["gcroots", "profiles"]
        .iter()
        .map(|name| (nix.state.join(name), 0))
        .collect();
    let mut seen = 0_usize;
    while let Some((folder, depth)) = open.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            // Other users' roots may be closed to this one.
            Err(_) if depth > 0 => continue,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(source) => {
                return Err(InputError::Read {
                    path: folder,
                    source,
                });
            }
        };
        for entry in entries.flatten() {
            seen += 1;
            if seen > MOST {
                return Err(InputError::TooLarge {
                    path: nix.state.clone(),
                    limit: MOST as u64,
                });
            }
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            // Links to folders are not followed as folders, so no loop is possible.
            if kind.is_dir() && depth < DEPTH {
                open.push((entry.path(), depth + 1));
            } else if kind.is_symlink() {
                found.extend(target(&entry.path(), nix));
            }
        }
    }
    let mut found: Vec<StorePath> = found.into_iter().collect();
    found.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
    Ok(found)
}

/// A root of another machine's disk leads over that disk.
fn target(link: &Path, nix: &Nix) -> Option<StorePath> {
    let below = Path::new("/").join(link.strip_prefix(&nix.root).ok()?);
    links::within(&nix.root, &below, &nix.store)
}

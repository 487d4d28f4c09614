//! What `nix path-info --json` prints.

use rustc_hash::FxHashSet;
use snowguard_nix_formats::path_info::json::{self, PathInfoEntry, PathInfoJsonError};
use snowguard_nix_formats::{Method, StoreDir, StorePath};

use crate::closure::{Closure, PathIndex};

/// Reads path information in any of its versions. What no other path refers to is a root.
pub(super) fn read(bytes: &[u8], store: &StoreDir) -> Result<Closure, PathInfoJsonError> {
    // What is null is not in the store.
    let entries: Vec<PathInfoEntry> = json::parse(bytes, store)?.into_values().flatten().collect();
    let mut closure = Closure::default();
    let mut referred: FxHashSet<PathIndex> = FxHashSet::default();
    let known: FxHashSet<StorePath> = entries
        .iter()
        .map(|entry| entry.info.path.clone())
        .collect();
    for entry in &entries {
        let info = &entry.info;
        let from = closure.add(info.path.clone());
        let mut references = Vec::with_capacity(info.references.len());
        for reference in info.references.iter().filter(|path| **path != info.path) {
            // Without `--recursive` the references are named and not described.
            if known.contains(reference) {
                let to = closure.add(reference.clone());
                referred.insert(to);
                references.push(to);
            }
        }
        if let Some(found) = closure.entry_mut(from) {
            found.references = references;
            found.derivers = info.deriver.iter().cloned().collect();
            let address = info.content_address.as_ref();
            found.is_fixed = info.references.is_empty()
                && address.is_some_and(|address| address.method() != Method::Text);
        }
    }
    let all = (0..closure.entries.len()).filter_map(|index| u32::try_from(index).ok());
    closure.roots = all
        .map(PathIndex)
        .filter(|index| !referred.contains(index))
        .collect();
    Ok(closure)
}

//! A plain list of paths: one a line, as `nix-store -qR` or `ls /nix/store` print them.

use std::fs;
use std::path::Path;

use snowguard_nix_formats::{StoreDir, StorePath};

use super::InputError;
use crate::closure::Closure;

/// A store of so many paths has no machine.
const MOST: usize = 10_000_000;

/// The same of what lies in a store's folder; what no store path is called like is passed over.
pub(super) fn folder(folder: &Path, store: &StoreDir) -> Result<Closure, InputError> {
    let failed = |source| InputError::Read {
        path: folder.to_owned(),
        source,
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)?.take(MOST) {
        let name = entry.map_err(failed)?.file_name();
        let name = name.to_str().unwrap_or_default();
        if StorePath::from_base_name(name).is_ok() {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    read(folder, names.join("\n").as_bytes(), store)
}

/// Reads a list. Nothing is known of references and derivers; every path is a root.
pub(super) fn read(path: &Path, bytes: &[u8], store: &StoreDir) -> Result<Closure, InputError> {
    let bad = |line: usize, reason: String| InputError::Line {
        path: path.to_owned(),
        line: line + 1,
        reason,
    };
    let mut closure = Closure::default();
    // A store path has at least 34 bytes; a list of few is no reason to take much.
    closure.reserve(bytes.len() / 34);
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let text = std::str::from_utf8(line).map_err(|error| bad(number, error.to_string()))?;
        let text = text.trim();
        // What stands beside store paths in a store's folder.
        if text.is_empty() || text.starts_with('#') || matches!(text, ".links" | "lost+found") {
            continue;
        }
        let found = if text.starts_with('/') {
            StorePath::containing(text, store).map(|(found, _)| found)
        } else {
            StorePath::from_base_name(text)
        };
        let found = found.map_err(|error| bad(number, error.to_string()))?;
        // A path that was there before adds nothing.
        let known = closure.entries.len();
        let index = closure.add(found);
        if closure.entries.len() > known {
            closure.roots.push(index);
        }
    }
    if closure.entries.is_empty() {
        return Err(bad(0, "there is no store path in it".to_owned()));
    }
    Ok(closure)
}

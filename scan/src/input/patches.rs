//! What patches say in themselves: ids in their headers, and the files that they touch.
//!
//! A patch named `fix-overflow.patch` may begin with `CVE-2024-1234: …`; where its file is in the
//! store, that counts as if its name said so.

use std::fs::File;
use std::io::Read as _;

use snowguard_matching::mention::cve_ids;
use snowguard_nix_formats::StorePath;

use super::Nix;
use crate::closure::Closure;
use crate::parallel::in_runs;

/// More of a patch is not read; the header stands at its start.
const LARGEST: u64 = 1 << 20;
/// Files that are named of those that a patch touches.
const NAMED: usize = 8;
/// Derivations that one thread looks at.
const RUN: usize = 64;

/// What a patch says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// CVE ids in its header, before the first hunk.
    pub ids: Vec<String>,
    /// Files that it touches, in their order.
    pub files: Vec<String>,
}

/// Reads a patch's text.
#[must_use]
pub fn read(text: &str) -> Said {
    let mut said = Said::default();
    let mut in_header = true;
    for line in text.lines() {
        let begins = ["diff --git ", "--- ", "+++ ", "@@ ", "Index: "];
        if begins.iter().any(|word| line.starts_with(word)) {
            in_header = false;
        }
        if in_header {
            for id in cve_ids(line) {
                if !said.ids.contains(&id) {
                    said.ids.push(id);
                }
            }
        } else if let Some(file) = line.strip_prefix("+++ ") {
            let file = file.split('\t').next().unwrap_or(file).trim();
            // `b/src/x.c`: the first part is the tree, not the file's place.
            let file = file.split_once('/').map_or(file, |(_, rest)| rest);
            if file != "dev/null"
                && !file.is_empty()
                && !said.files.iter().any(|known| known == file)
            {
                said.files.push(file.to_owned());
            }
        }
    }
    said
}

/// Adds to each derivation's patches what their content says, where it names an id that the file's
/// name does not. Patches that are not in the store stay as they are.
pub fn attach(closure: &mut Closure, nix: &Nix) {
    let all: Vec<(StorePath, Vec<String>)> = closure
        .recipes
        .iter()
        .filter(|(_, recipe)| !recipe.patches.is_empty())
        .map(|(path, recipe)| (path.clone(), recipe.patches.clone()))
        .collect();
    let found = in_runs(
        &all,
        RUN,
        || (),
        |(), run| {
            let told = run.iter().map(|(path, patches)| {
                let patches: Vec<String> = patches.iter().map(|patch| told(patch, nix)).collect();
                (path.clone(), patches)
            });
            Ok::<_, std::convert::Infallible>(told.collect::<Vec<_>>())
        },
    );
    let Ok(found) = found;
    for (path, patches) in found.into_iter().flatten() {
        if let Some(recipe) = closure.recipes.get_mut(&path) {
            recipe.patches = patches;
        }
    }
}

fn told(patch: &str, nix: &Nix) -> String {
    let Some(said) = content(patch, nix) else {
        return patch.to_owned();
    };
    let by_name = cve_ids(patch);
    let new: Vec<String> = said
        .ids
        .into_iter()
        .filter(|id| !by_name.contains(id))
        .collect();
    if new.is_empty() {
        return patch.to_owned();
    }
    let mut files: Vec<&str> = said.files.iter().take(NAMED).map(String::as_str).collect();
    if said.files.len() > NAMED {
        files.push("…");
    }
    let touched = if files.is_empty() {
        String::new()
    } else {
        format!("; it touches {}", files.join(", "))
    };
    format!("{patch} (its header names {}{touched})", new.join(", "))
}

fn content(patch: &str, nix: &Nix) -> Option<Said> {
    let (path, _) = StorePath::containing(patch, &nix.store).ok()?;
    // Only the file itself: a patch inside a fetched folder is named by more than its path.
    let inside = patch.split_once(path.as_str()).map_or("", |(_, rest)| rest);
    let file = nix.store_files.join(format!("{}{inside}", path.as_str()));
    let is_plain = std::path::Path::new(inside)
        .components()
        .all(|part| !matches!(part, std::path::Component::ParentDir));
    if !is_plain || !std::fs::metadata(&file).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(&file)
        .ok()?
        .take(LARGEST)
        .read_to_end(&mut bytes)
        .ok()?;
    // Also packed ones begin with their header; those are rare and stay as they are.
    Some(read(&String::from_utf8_lossy(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_counts_and_the_hunks_do_not() {
        let said = read(
            "From: a\nSubject: Fix CVE-2024-1111 and CVE-2024-2222\n\n--- a/src/x.c\n+++ b/src/x.c\t2024\n\
             @@ -1 +1 @@\n-a\n+b // CVE-2024-3333\n--- /dev/null\n+++ b/new.h\n",
        );
        assert_eq!(said.ids, ["CVE-2024-1111", "CVE-2024-2222"]);
        assert_eq!(said.files, ["src/x.c", "new.h"]);
        assert_eq!(read(""), Said::default());
    }
}

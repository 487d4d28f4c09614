//! Derivations: as files, as JSON, and those beside a closure's paths.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use rustc_hash::FxHashSet;
use snowguard_nix_formats::derivation::{aterm, json};
use snowguard_nix_formats::{Derivation, StoreDir, StorePath};

use super::{InputError, Nix, nix_db, read};
use crate::closure::{Closure, PathIndex};
use crate::parallel::in_runs;
use crate::recipe::Recipe;

/// Derivations that one thread reads at a time.
const RUN: usize = 64;
/// The largest `.drv` of Nixpkgs has about 2 MB.
const LARGEST: u64 = 64 << 20;

/// A `.drv` file by itself, with all that it needs where that is in the store.
pub(super) fn from_aterm(path: &Path, bytes: &[u8], nix: &Nix) -> Result<Closure, InputError> {
    let derivation = parse(path, bytes, &nix.store)?;
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| StorePath::from_base_name(name).ok());
    // A copy under another name still is what it says.
    let own = match name {
        Some(name) => name,
        None => {
            let called = Recipe::of(&derivation).name;
            derivation
                .store_path(&called, &nix.store)
                .map_err(|error| InputError::Derivation {
                    path: path.to_owned(),
                    reason: error.to_string(),
                })?
        }
    };
    let mut closure = Closure::default();
    add(&mut closure, &own, &derivation);
    follow(&mut closure, nix)?;
    root(&mut closure, &[own]);
    Ok(closure)
}

/// The build closure of derivations in the store.
pub(super) fn from_store(roots: &[StorePath], nix: &Nix) -> Result<Closure, InputError> {
    let mut closure = Closure::default();
    for path in roots {
        let file = nix.store_files.join(path.as_str());
        let bytes = read::whole(&file)?;
        add(&mut closure, path, &parse(&file, &bytes, &nix.store)?);
    }
    follow(&mut closure, nix)?;
    root(&mut closure, roots);
    Ok(closure)
}

/// The outputs of derivations in the store.
pub(super) fn outputs(roots: &[StorePath], nix: &Nix) -> Result<Vec<StorePath>, InputError> {
    let mut found = Vec::new();
    for path in roots {
        let file = nix.store_files.join(path.as_str());
        let derivation = parse(&file, &read::whole(&file)?, &nix.store)?;
        found.extend(
            Recipe::of(&derivation)
                .outputs
                .into_iter()
                .map(|(_, path)| path),
        );
    }
    Ok(found)
}

/// The runtime closure of what a closure's root derivations build, where all of it is built and the
/// Nix database can be read.
pub(super) fn built(closure: &Closure, nix: &Nix) -> Option<Closure> {
    let mut outputs = Vec::new();
    for root in &closure.roots {
        let recipe = closure.recipes.get(&closure.entry(*root)?.path)?;
        outputs.extend(recipe.outputs.iter().map(|(_, path)| path.clone()));
    }
    let known = nix_db::known(nix, outputs.clone()).ok()?;
    if outputs.is_empty() || known.len() != outputs.len() {
        return None;
    }
    nix_db::closure(nix, &outputs).ok()
}

/// What `nix derivation show` prints. With `--recursive` it holds the whole build closure.
pub(super) fn from_json(
    path: &Path,
    bytes: &[u8],
    store: &StoreDir,
) -> Result<Closure, InputError> {
    let derivations = json::parse(bytes, store).map_err(|error| InputError::Derivation {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    let mut closure = Closure::default();
    let mut needed: FxHashSet<StorePath> = FxHashSet::default();
    for (own, derivation) in &derivations {
        needed.extend(derivation.input_derivations.keys().cloned());
        add(&mut closure, own, derivation);
    }
    let roots: Vec<StorePath> = derivations
        .into_keys()
        .filter(|own| !needed.contains(own))
        .collect();
    root(&mut closure, &roots);
    Ok(closure)
}

/// Reads the derivations that built a closure's paths, where their files are in the store. A
/// derivation that was collected leaves the path with what its name tells.
///
/// # Errors
/// [`InputError::Derivation`] for a file that is no derivation.
pub fn attach(closure: &mut Closure, nix: &Nix) -> Result<usize, InputError> {
    let wanted: FxHashSet<StorePath> = closure
        .entries
        .iter()
        .flat_map(|entry| &entry.derivers)
        .filter(|path| !closure.recipes.contains_key(*path))
        .cloned()
        .collect();
    let wanted: Vec<StorePath> = wanted.into_iter().collect();
    let parts = in_runs(&wanted, RUN, Vec::new, |buffer, run| {
        let mut found = Vec::with_capacity(run.len());
        for path in run {
            let file = nix.store_files.join(path.as_str());
            if let Some(derivation) = present(&file, &nix.store, buffer)? {
                found.push((path.clone(), Recipe::of(&derivation)));
            }
        }
        Ok::<_, InputError>(found)
    })?;
    let before = closure.recipes.len();
    closure.recipes.extend(parts.into_iter().flatten());
    Ok(closure.recipes.len() - before)
}

/// Adds a derivation and its outputs; the outputs refer to the derivations that were needed, so
/// that a way through the graph can be shown.
fn add(closure: &mut Closure, own: &StorePath, derivation: &Derivation) {
    let recipe = Recipe::of(derivation);
    let from = closure.add(own.clone());
    let mut references: Vec<PathIndex> = Vec::new();
    for needed in derivation.input_derivations.keys() {
        references.push(closure.add(needed.clone()));
    }
    if !recipe.is_fetched {
        for (_, output) in &recipe.outputs {
            let index = closure.add(output.clone());
            references.push(index);
            if let Some(entry) = closure.entry_mut(index) {
                entry.derivers = vec![own.clone()];
            }
        }
    }
    if let Some(entry) = closure.entry_mut(from) {
        entry.references = references;
    }
    closure.recipes.insert(own.clone(), recipe);
}

/// Reads derivations that are referred to and present, and theirs in turn.
fn follow(closure: &mut Closure, nix: &Nix) -> Result<(), InputError> {
    let mut buffer = Vec::new();
    let mut at = 0;
    while at < closure.entries.len() {
        let path = closure.entries[at].path.clone();
        at += 1;
        if !path.is_derivation() || closure.recipes.contains_key(&path) {
            continue;
        }
        let file = nix.store_files.join(path.as_str());
        if let Some(derivation) = present(&file, &nix.store, &mut buffer)? {
            add(closure, &path, &derivation);
        }
    }
    Ok(())
}

fn root(closure: &mut Closure, paths: &[StorePath]) {
    closure.roots = paths.iter().filter_map(|path| closure.find(path)).collect();
}

fn present(
    file: &Path,
    store: &StoreDir,
    buffer: &mut Vec<u8>,
) -> Result<Option<Derivation>, InputError> {
    let mut read = || -> std::io::Result<bool> {
        let mut opened = File::open(file)?;
        let found = opened.metadata()?;
        if found.len() > LARGEST {
            return Ok(false);
        }
        buffer.clear();
        // With the right size known, one call reads it all and another finds the end.
        buffer.reserve(usize::try_from(found.len()).unwrap_or_default() + 1);
        opened.by_ref().take(LARGEST).read_to_end(buffer)?;
        Ok(true)
    };
    match read() {
        Ok(true) => parse(file, buffer, store).map(Some),
        Ok(false) => Err(InputError::TooLarge {
            path: file.to_owned(),
            limit: LARGEST,
        }),
        // It isn't there, or was collected between the look and the reading.
        Err(_) => Ok(None),
    }
}

fn parse(file: &Path, bytes: &[u8], store: &StoreDir) -> Result<Derivation, InputError> {
    aterm::parse(bytes, store).map_err(|error| InputError::Derivation {
        path: file.to_owned(),
        reason: error.to_string(),
    })
}

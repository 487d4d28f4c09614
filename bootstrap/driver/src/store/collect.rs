//! Garbage collection: what no root needs is removed.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result};

use super::Store;
use crate::graph::{Digest, Name};

/// What collecting removes, or would remove.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Garbage {
    /// Outputs.
    pub outputs: Vec<Digest>,
    /// Records of what steps made.
    pub results: Vec<Digest>,
    /// Bytes of the outputs' archives.
    pub bytes: u64,
}

impl Store {
    /// Keeps an output under a name, with everything that it was made of.
    ///
    /// # Errors
    /// When the root can't be written.
    pub fn add_root(&self, name: &Name, output: Digest) -> Result<()> {
        let path = self.root().join("roots").join(name.as_str());
        self.put_file(&path, format!("{output}\n").as_bytes(), 0o644)
    }

    /// The roots' outputs.
    ///
    /// # Errors
    /// When one can't be read, or is none: nothing may be collected then.
    pub fn roots(&self) -> Result<Vec<Digest>> {
        let mut roots = Vec::new();
        for entry in fs::read_dir(self.root().join("roots")).context("cannot list roots")? {
            let path = entry.context("cannot list roots")?.path();
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read the root {}", path.display()))?;
            let output = Digest::try_from(text.trim_end().to_owned())
                .map_err(|error| anyhow::anyhow!("the root {}: {error}", path.display()))?;
            roots.push(output);
        }
        Ok(roots)
    }

    /// What neither a root nor `kept` needs. A step that made what is needed keeps its inputs.
    ///
    /// # Errors
    /// When the store can't be listed.
    pub fn garbage(&self, kept: &[Digest]) -> Result<Garbage> {
        let made = self.all_made()?;
        let mut open = self.roots()?;
        open.extend_from_slice(kept);
        let mut needed = BTreeSet::new();
        while let Some(output) = open.pop() {
            if needed.insert(output) {
                let makers = made.iter().filter(|made| made.output == output);
                open.extend(makers.flat_map(|made| made.inputs.iter().copied()));
            }
        }
        let mut garbage = Garbage::default();
        for output in self.object_hashes()? {
            if !needed.contains(&output) {
                garbage.bytes += self.object(output)?.map_or(0, |object| object.size);
                garbage.outputs.push(output);
            }
        }
        garbage.results = made
            .iter()
            .filter(|made| !needed.contains(&made.output))
            .map(|made| made.key)
            .collect();
        Ok(garbage)
    }

    /// Removes what [`garbage`](Self::garbage) found.
    ///
    /// # Errors
    /// When something can't be removed; what was removed stays removed.
    pub fn collect(&self, garbage: &Garbage) -> Result<()> {
        for key in &garbage.results {
            self.forget(*key)?;
        }
        for output in &garbage.outputs {
            if self.object_path(*output).symlink_metadata().is_ok() {
                self.remove_object(*output)?;
            }
        }
        Ok(())
    }
}

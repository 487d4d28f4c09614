//! What steps made: from the hash of everything that went in to the hash of what came out.

use std::fs;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::Store;
use crate::graph::{Digest, Name};
use crate::runner::Used;

/// What a step made.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// The step.
    pub name: Name,
    /// The hash of everything that went in.
    pub key: Digest,
    /// The output.
    pub output: Digest,
    /// The outputs that it saw.
    pub inputs: Vec<Digest>,
    /// What running it used.
    pub used: Used,
}

impl Store {
    /// What the step with this key made; none when it isn't known. A record that can't be read is
    /// none: the step runs again.
    pub fn made(&self, key: Digest) -> Option<Made> {
        let text = fs::read(self.made_path(key)).ok()?;
        serde_json::from_slice::<Made>(&text)
            .ok()
            .filter(|made| made.key == key)
    }

    /// Records what a step made.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn record(&self, made: &Made) -> Result<()> {
        let text = serde_json::to_vec_pretty(made)?;
        self.put_file(&self.made_path(made.key), &text, 0o644)
    }

    /// Every record.
    ///
    /// # Errors
    /// When the store can't be listed.
    pub fn all_made(&self) -> Result<Vec<Made>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(self.root().join("results")).context("cannot list results")? {
            let name = entry.context("cannot list results")?.file_name();
            let key = name
                .to_str()
                .and_then(|name| name.strip_suffix(".json"))
                .and_then(|name| Digest::try_from(name.to_owned()).ok());
            all.extend(key.and_then(|key| self.made(key)));
        }
        all.sort_by(|a, b| (&a.name, a.key).cmp(&(&b.name, b.key)));
        Ok(all)
    }

    /// Forgets what a step made.
    ///
    /// # Errors
    /// When the record can't be removed.
    pub fn forget(&self, key: Digest) -> Result<()> {
        fs::remove_file(self.made_path(key)).context("cannot remove a result")
    }

    fn made_path(&self, key: Digest) -> std::path::PathBuf {
        self.root().join("results").join(format!("{key}.json"))
    }
}

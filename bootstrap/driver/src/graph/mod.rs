//! The graph of steps: TOML files in, a checked order out.
//!
//! [`load`] reads every `*.toml` of a folder and answers with a [`Graph`] in which every name is
//! declared, no output has two writers and no step waits for itself, or with everything that is
//! wrong. Nothing runs before that.

mod check;
mod load;
mod names;
mod place;
mod references;
pub mod schema;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use load::{EXPECTED, load, read_one};
pub use names::{Digest, Name};
pub use place::{GraphError, GraphErrors, Place};

use schema::{Action, Limits, Trust};

/// A graph that was checked.
#[derive(Debug, Default)]
pub struct Graph {
    /// By name.
    pub sources: BTreeMap<Name, Source>,
    /// By name.
    pub steps: BTreeMap<Name, Step>,
    /// Names of steps, each after its inputs; among equals in order of name.
    pub order: Vec<Name>,
}

/// Bytes from outside of the graph.
#[derive(Debug)]
pub struct Source {
    /// Unique in the graph.
    pub name: Name,
    /// What the file's SHA-256 has to be.
    pub sha256: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// Where it comes from.
    pub origin: Origin,
    /// What has to be believed about it.
    pub trust: Trust,
    /// A sentence.
    pub description: String,
    /// Where it is declared.
    pub place: Place,
}

impl Source {
    /// Whether a step may run it as it is: only what was declared to be a binary of the chain's start.
    pub fn is_executable(&self) -> bool {
        self.trust == Trust::Seed
    }
}

/// Where a source comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The Debian archive.
    Debian {
        /// `pool/…`
        path: String,
        /// The suite whose signed index lists it.
        suite: Option<String>,
    },
    /// A hexadecimal listing of the project.
    Hex(PathBuf),
}

/// A step that was checked.
#[derive(Debug)]
pub struct Step {
    /// Unique in the graph; its output's name too.
    pub name: Name,
    /// A sentence.
    pub description: String,
    /// Steps whose outputs it sees.
    pub inputs: Vec<Name>,
    /// Sources that it sees.
    pub sources: Vec<Name>,
    /// Files of the project that it sees: by name at `/src`, where it is on this machine.
    pub files: BTreeMap<Name, PathBuf>,
    /// Symbolic links in the root.
    pub links: BTreeMap<String, String>,
    /// Environment besides the fixed variables.
    pub env: BTreeMap<String, String>,
    /// What it may use.
    pub limits: Limits,
    /// What it does, in order.
    pub actions: Vec<Action>,
    /// The NAR hash that its output has to have on this architecture.
    pub expected: Option<Digest>,
    /// Where it is declared.
    pub place: Place,
}

impl Graph {
    /// The steps of `wanted` and all that they need, in order; all steps when `wanted` is empty.
    ///
    /// # Errors
    /// The first name that is no step.
    pub fn needed<'a>(&'a self, wanted: &[Name]) -> Result<Vec<&'a Step>, Name> {
        if wanted.is_empty() {
            return Ok(self
                .order
                .iter()
                .filter_map(|n| self.steps.get(n))
                .collect());
        }
        let mut marked = std::collections::BTreeSet::new();
        let mut open: Vec<Name> = wanted.to_vec();
        while let Some(name) = open.pop() {
            let step = self.steps.get(&name).ok_or_else(|| name.clone())?;
            if marked.insert(name) {
                open.extend(step.inputs.iter().cloned());
            }
        }
        let order = self.order.iter().filter(|name| marked.contains(*name));
        Ok(order.filter_map(|name| self.steps.get(name)).collect())
    }
}

//! What the step runner is told: plain data that says everything, so that the same plan can be run
//! by the driver and by Nix.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use snowguard_sandbox::{Order, Sandbox, Tree};

use crate::graph::schema::{Action, Limits};
use crate::graph::{Digest, Name, Step};

/// One step, ready to run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The step.
    pub name: Name,
    /// What is seen at `/in` and `/src`.
    pub seen: Vec<Seen>,
    /// Symbolic links in the root.
    pub links: BTreeMap<String, String>,
    /// Environment besides the fixed variables.
    pub env: BTreeMap<String, String>,
    /// What may be used.
    pub limits: Limits,
    /// What is done.
    pub actions: Vec<Action>,
    /// The hash that the output has to have, where it is known.
    pub expected: Option<Digest>,
    /// How this run may differ from another of the same step.
    #[serde(default)]
    pub variation: Variation,
}

impl Plan {
    /// The plan of a step that sees this.
    #[must_use]
    pub fn new(step: &Step, seen: Vec<Seen>, variation: Variation) -> Self {
        Self {
            name: step.name.clone(),
            seen,
            links: step.links.clone(),
            env: step.env.clone(),
            limits: step.limits.clone(),
            actions: step.actions.clone(),
            expected: step.expected,
            variation,
        }
    }
}

/// A file or folder that a step sees.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Where it is on the machine.
    pub host: PathBuf,
    /// Where the step sees it.
    pub at: String,
    /// Whether a single file may be run.
    #[serde(default)]
    pub executable: bool,
    /// The SHA-256 of a single file, which is checked before anything runs.
    #[serde(default)]
    pub sha256: Option<Digest>,
}

/// What an output must not depend on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variation {
    /// Shuffles the order of entries in folders; sorted when missing.
    pub shuffle: Option<u64>,
    /// Processors to run on; all when 0.
    pub processors: usize,
}

impl Plan {
    /// The sandbox for it.
    pub fn sandbox(&self) -> Sandbox {
        const MIB: u64 = 1 << 20;
        Sandbox {
            trees: self
                .seen
                .iter()
                .map(|seen| Tree {
                    host: seen.host.clone(),
                    at: seen.at.clone(),
                    executable: seen.executable,
                })
                .collect(),
            links: self.links.clone().into_iter().collect(),
            limits: snowguard_sandbox::Limits {
                time: Duration::from_secs(self.limits.seconds.into()),
                memory: u64::from(self.limits.memory_mib) * MIB,
                files: u64::from(self.limits.files_mib) * MIB,
                processes: self.limits.processes.into(),
                ..snowguard_sandbox::Limits::default()
            },
            order: match self.variation.shuffle {
                Some(seed) => Order::Shuffled(seed),
                None => Order::Sorted,
            },
            processors: self.variation.processors,
        }
    }

    /// The environment of its programs.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let mut environment: BTreeMap<String, String> = FIXED_ENVIRONMENT
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        environment.extend(self.env.clone());
        environment
    }
}

/// Set where a step doesn't set it otherwise.
pub const FIXED_ENVIRONMENT: [(&str, &str); 6] = [
    ("HOME", "/build"),
    ("LC_ALL", "C"),
    ("PATH", "/bin"),
    ("SOURCE_DATE_EPOCH", "1"),
    ("TMPDIR", "/tmp"),
    ("TZ", "UTC"),
];

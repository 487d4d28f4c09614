//! Packages: delta storage. A row is written when an attribute's content changes, and holds from
//! one evaluation to another; any past evaluation is read back exactly.

mod load;
mod read;
pub(crate) mod stage;

use serde::Serialize;

pub use read::PackageVersion;

use crate::feeds::RunId;
use crate::time::Millis;

/// Number of an evaluation; grows with each load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EvaluationId(pub(crate) i64);

impl EvaluationId {
    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// Whether a load may drop more than a fifth of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Force {
    /// Refuse it: a broken upload must not read as "fixed".
    #[default]
    No,
    /// A person has said so.
    Yes,
}

/// What is loaded.
#[derive(Debug, Clone)]
pub struct ChannelLoad<'a> {
    /// Name of the channel, e.g. `nixos-unstable`.
    pub channel: &'a str,
    /// Git revision, or what else names the state.
    pub revision: &'a str,
    /// When it was evaluated, where known.
    pub evaluated_at: Option<Millis>,
    /// The run that brings it.
    pub run: Option<RunId>,
    /// Now.
    pub now: Millis,
    /// Whether it may shrink.
    pub force: Force,
}

/// What a load did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadOutcome {
    /// The evaluation that holds the content; an earlier one when it was loaded already.
    pub evaluation: EvaluationId,
    /// Attributes that were not there.
    pub added: u64,
    /// Attributes with other content.
    pub changed: u64,
    /// Attributes that are gone.
    pub removed: u64,
    /// Attributes with the same content.
    pub unchanged: u64,
    /// Attributes that came twice; the first counts.
    pub duplicate: u64,
    /// Package rows written: one for each added or changed attribute.
    pub rows_written: u64,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Channel {
    /// Name.
    pub name: String,
    /// Its last evaluation.
    pub current: Option<Evaluation>,
}

/// A channel at a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evaluation {
    /// Number.
    pub id: EvaluationId,
    /// Revision.
    pub revision: String,
    /// When it was evaluated.
    pub evaluated_at: Option<Millis>,
    /// When it was loaded.
    pub loaded_at: Millis,
    /// How many attributes it holds.
    pub attributes: u64,
}

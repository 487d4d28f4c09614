//! Checking a chain of statements, without building.

use std::collections::{BTreeMap, BTreeSet};

use super::envelope::{Envelope, EnvelopeError};
use super::keys::PublicKey;
use super::statement::Statement;
use crate::build::key;
use crate::graph::{Digest, Graph, Name, Step};

/// Why a chain isn't believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProvenanceError {
    /// There is no statement for a step.
    #[error("there is no statement of `{step}`")]
    Missing {
        /// The step.
        step: Name,
    },
    /// An envelope can't be opened.
    #[error("the statement of `{step}`: {error}")]
    Envelope {
        /// The step.
        step: Name,
        /// Why.
        #[source]
        error: EnvelopeError,
    },
    /// A statement says something that it shouldn't.
    #[error("the statement of `{step}`: {what}")]
    Statement {
        /// The step.
        step: Name,
        /// What.
        what: String,
    },
}

/// A chain that was found whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The hash of each step's output, each after its inputs.
    pub outputs: Vec<(Name, Digest)>,
    /// Sources on which it rests, by name.
    pub sources: BTreeSet<Name>,
}

/// Checks the statements of `wanted` (all steps when empty) and all that they rest on.
///
/// `envelopes` are the files as they were read, by step; `files` the hashes of the project's files, by step.
///
/// # Errors
/// The first thing that is wrong, in the order of building.
pub fn verify(
    graph: &Graph,
    wanted: &[Name],
    envelopes: &BTreeMap<Name, Vec<u8>>,
    files: &BTreeMap<Name, BTreeMap<Name, Digest>>,
    keys: &[PublicKey],
) -> Result<Verified, ProvenanceError> {
    let steps = graph
        .needed(wanted)
        .map_err(|step| ProvenanceError::Missing { step })?;
    let mut known: BTreeMap<&Name, (Digest, Digest)> = BTreeMap::new();
    let mut verified = Verified {
        outputs: Vec::new(),
        sources: BTreeSet::new(),
    };
    let no_files = BTreeMap::new();
    for step in steps {
        let bytes = envelopes
            .get(&step.name)
            .ok_or_else(|| ProvenanceError::Missing {
                step: step.name.clone(),
            })?;
        let payload = Envelope::open(bytes, keys).map_err(|error| ProvenanceError::Envelope {
            step: step.name.clone(),
            error,
        })?;
        let check = Check {
            graph,
            step,
            known: &known,
            files: files.get(&step.name).unwrap_or(&no_files),
        };
        let output = check
            .statement(&payload)
            .map_err(|what| ProvenanceError::Statement {
                step: step.name.clone(),
                what,
            })?;
        known.insert(&step.name, (output, Digest::of(bytes)));
        verified.outputs.push((step.name.clone(), output));
        verified.sources.extend(step.sources.iter().cloned());
    }
    Ok(verified)
}

struct Check<'a> {
    graph: &'a Graph,
    step: &'a Step,
    /// Of steps before: the output and the hash of the envelope.
    known: &'a BTreeMap<&'a Name, (Digest, Digest)>,
    files: &'a BTreeMap<Name, Digest>,
}

impl Check<'_> {
    fn statement(&self, payload: &[u8]) -> Result<Digest, String> {
        let statement: Statement =
            serde_json::from_slice(payload).map_err(|error| format!("no statement: {error}"))?;
        if !statement.is_known() {
            return Err("it is of a kind that this program doesn't know".into());
        }
        let (name, output) = statement.output().ok_or("it has not one subject")?;
        if *name != self.step.name {
            return Err(format!("it is about `{name}`"));
        }
        if let Some(expected) = self.step.expected
            && expected != output
        {
            return Err(format!("its output is {output}; recorded is {expected}"));
        }
        let mut declared = self.declared()?;
        for dependency in statement.dependencies() {
            let hash = dependency
                .sha256()
                .ok_or_else(|| format!("`{}` has no SHA-256", dependency.name))?;
            if dependency.name == "snowguard-step" {
                continue;
            }
            let (wanted, envelope) = declared
                .remove(&dependency.name)
                .ok_or_else(|| format!("`{}` isn't declared", dependency.name))?;
            if wanted != hash {
                return Err(format!(
                    "`{}` is {hash}, and should be {wanted}",
                    dependency.name
                ));
            }
            let told = dependency.annotations.get("provenance");
            if envelope.is_some_and(|envelope| told != Some(&envelope.to_string())) {
                return Err(format!(
                    "`{}` was made by another statement than the one that is here",
                    dependency.name
                ));
            }
        }
        if let Some(name) = declared.keys().next() {
            return Err(format!("`{name}` is declared and not in it"));
        }
        // The key holds all the rest: actions, environment, links.
        let inputs = self
            .step
            .inputs
            .iter()
            .filter_map(|input| Some((input.clone(), self.known.get(input)?.0)))
            .collect();
        let key =
            key(self.graph, self.step, &inputs, self.files).map_err(|error| error.to_string())?;
        if key != statement.key() {
            return Err("the step is another one in the graph now".into());
        }
        Ok(output)
    }

    /// What the graph says that the step sees: by name the hash, and for outputs the envelope's.
    fn declared(&self) -> Result<BTreeMap<String, (Digest, Option<Digest>)>, String> {
        let mut declared = BTreeMap::new();
        for input in &self.step.inputs {
            let (output, envelope) = self
                .known
                .get(input)
                .ok_or_else(|| format!("its input `{input}` isn't verified"))?;
            declared.insert(format!("in/{input}"), (*output, Some(*envelope)));
        }
        for name in &self.step.sources {
            let source = self.graph.sources.get(name).ok_or("an unknown source")?;
            declared.insert(format!("src/{name}"), (source.sha256, None));
        }
        for (name, hash) in self.files {
            declared.insert(format!("src/{name}"), (*hash, None));
        }
        Ok(declared)
    }
}

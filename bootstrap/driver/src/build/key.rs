//! The key of a step: a hash of everything that goes into its output.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::graph::schema::Action;
use crate::graph::{Digest, Graph, Name, Step};
use crate::runner::FIXED_ENVIRONMENT;

/// Raised when the step runner would make another output from the same plan.
const RUNNER_VERSION: u32 = 1;

#[derive(Serialize)]
struct Parts<'a> {
    runner: u32,
    architecture: &'a str,
    name: &'a Name,
    inputs: &'a BTreeMap<Name, Digest>,
    sources: BTreeMap<&'a Name, (Digest, bool)>,
    files: &'a BTreeMap<Name, Digest>,
    links: &'a BTreeMap<String, String>,
    fixed_env: [(&'a str, &'a str); 6],
    env: &'a BTreeMap<String, String>,
    actions: &'a [Action],
}

/// The key of `step` with these inputs and files of the project. Limits don't count: a step that
/// fits makes the same.
///
/// # Errors
/// When the step names a source that the graph hasn't.
pub fn key(
    graph: &Graph,
    step: &Step,
    inputs: &BTreeMap<Name, Digest>,
    files: &BTreeMap<Name, Digest>,
) -> Result<Digest> {
    let mut sources = BTreeMap::new();
    for name in &step.sources {
        let source = graph.sources.get(name).context("an unknown source")?;
        sources.insert(name, (source.sha256, source.is_executable()));
    }
    let parts = Parts {
        runner: RUNNER_VERSION,
        architecture: std::env::consts::ARCH,
        name: &step.name,
        inputs,
        sources,
        files,
        links: &step.links,
        fixed_env: FIXED_ENVIRONMENT,
        env: &step.env,
        actions: &step.actions,
    };
    Ok(Digest::of(&serde_json::to_vec(&parts)?))
}

//! The statement of one step.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::build::key;
use crate::graph::schema::Trust;
use crate::graph::{Digest, Graph, Name, Origin, Step};

const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const PREDICATE: &str = "https://slsa.dev/provenance/v1";
/// What kind of build it was: a step of a graph, run by `snowguard-step`.
pub const BUILD_TYPE: &str =
    "https://github.com/snowguard/snowguard/blob/main/docs/bootstrap-trust.md#build-type-step-1";
const BUILDER: &str = "https://github.com/snowguard/snowguard/bootstrap/driver";

/// An in-toto statement with a SLSA provenance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: Predicate,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    name: Name,
    digest: BTreeMap<String, Digest>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Predicate {
    build_definition: BuildDefinition,
    run_details: RunDetails,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BuildDefinition {
    build_type: String,
    external_parameters: Value,
    internal_parameters: InternalParameters,
    resolved_dependencies: Vec<Dependency>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InternalParameters {
    /// The hash of everything that went in.
    key: Digest,
}

/// Something that went in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dependency {
    /// Where the step saw it, `in/NAME` or `src/NAME`; or `snowguard-step`.
    pub name: String,
    /// Where it comes from, for a source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Its SHA-256; of its Nix archive, for an output.
    pub digest: BTreeMap<String, Digest>,
    /// For an output, the hash of its envelope; for a source, what is believed of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RunDetails {
    builder: Builder,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Builder {
    id: String,
    version: BTreeMap<String, String>,
}

/// What went into a step besides what the graph says.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Outputs that it saw, each with the hash of its envelope.
    pub outputs: BTreeMap<Name, (Digest, Digest)>,
    /// Files of the project.
    pub files: BTreeMap<Name, Digest>,
    /// The program that ran it.
    pub runner: Option<Digest>,
}

/// The statement that `step` made an output with this archive hash and tree hash.
///
/// # Errors
/// When the step names a source that the graph hasn't.
pub fn statement(
    graph: &Graph,
    step: &Step,
    inputs: &Inputs,
    output: (Digest, Digest),
) -> Result<Statement> {
    let outputs = inputs
        .outputs
        .iter()
        .map(|(name, (hash, _))| (name.clone(), *hash))
        .collect();
    let mut dependencies: Vec<Dependency> = inputs
        .outputs
        .iter()
        .map(|(name, (hash, envelope))| Dependency {
            name: format!("in/{name}"),
            uri: None,
            digest: sha256(*hash),
            annotations: BTreeMap::from([("provenance".to_owned(), envelope.to_string())]),
        })
        .collect();
    for name in &step.sources {
        let source = graph.sources.get(name).context("an unknown source")?;
        let trust = match source.trust {
            Trust::Source => "source",
            Trust::Seed => "seed",
            Trust::StandIn => "stand-in",
        };
        dependencies.push(Dependency {
            name: format!("src/{name}"),
            uri: match &source.origin {
                Origin::Debian { path, .. } => Some(format!("http://deb.debian.org/debian/{path}")),
                Origin::Hex(_) => None,
            },
            digest: sha256(source.sha256),
            annotations: BTreeMap::from([("trust".to_owned(), trust.to_owned())]),
        });
    }
    dependencies.extend(inputs.files.iter().map(|(name, hash)| Dependency {
        name: format!("src/{name}"),
        uri: None,
        digest: sha256(*hash),
        annotations: BTreeMap::from([("trust".to_owned(), "project".to_owned())]),
    }));
    dependencies.extend(inputs.runner.map(|hash| Dependency {
        name: "snowguard-step".to_owned(),
        uri: None,
        digest: sha256(hash),
        annotations: BTreeMap::new(),
    }));
    let (hash, tree) = output;
    let mut digest = sha256(hash);
    digest.insert("gitTree".to_owned(), tree);
    Ok(Statement {
        kind: STATEMENT.to_owned(),
        subject: vec![Subject {
            name: step.name.clone(),
            digest,
        }],
        predicate_type: PREDICATE.to_owned(),
        predicate: Predicate {
            build_definition: BuildDefinition {
                build_type: BUILD_TYPE.to_owned(),
                external_parameters: json!({
                    "architecture": std::env::consts::ARCH,
                    "step": step.name,
                    "links": step.links,
                    "env": step.env,
                    "actions": step.actions,
                }),
                internal_parameters: InternalParameters {
                    key: key(graph, step, &outputs, &inputs.files)?,
                },
                resolved_dependencies: dependencies,
            },
            run_details: RunDetails {
                builder: Builder {
                    id: BUILDER.to_owned(),
                    version: BTreeMap::from([(
                        "snowguard-step".to_owned(),
                        env!("CARGO_PKG_VERSION").to_owned(),
                    )]),
                },
            },
        },
    })
}

impl Statement {
    /// Whether it is a statement and provenance of the kinds that this program makes.
    pub fn is_known(&self) -> bool {
        self.kind == STATEMENT
            && self.predicate_type == PREDICATE
            && self.predicate.build_definition.build_type == BUILD_TYPE
    }

    /// The step and the hash of its output, when it has one subject.
    pub fn output(&self) -> Option<(&Name, Digest)> {
        match self.subject.as_slice() {
            [subject] => Some((&subject.name, *subject.digest.get("sha256")?)),
            _ => None,
        }
    }

    /// The hash of everything that went in.
    pub fn key(&self) -> Digest {
        self.predicate.build_definition.internal_parameters.key
    }

    /// What went in.
    pub fn dependencies(&self) -> &[Dependency] {
        &self.predicate.build_definition.resolved_dependencies
    }
}

impl Dependency {
    /// Its SHA-256.
    pub fn sha256(&self) -> Option<Digest> {
        self.digest.get("sha256").copied()
    }
}

fn sha256(hash: Digest) -> BTreeMap<String, Digest> {
    BTreeMap::from([("sha256".to_owned(), hash)])
}

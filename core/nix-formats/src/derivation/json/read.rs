//! Reading derivations from JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use bstr::BString;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::DerivationJsonError;
use super::output::{OutputError, OutputFields};
use super::structured::without_space;
use crate::derivation::{
    Derivation, DerivationParts, InputOutputs, InvalidDerivation, OutputName, STRUCTURED_ATTRIBUTES,
};
use crate::json::{UniqueEntries, from_slice};
use crate::store_path::{StoreDir, StorePath, StorePathName};

/// The newest format that is known.
pub(super) const VERSION: u64 = 4;

/// Whether the JSON is the form of version 4; the rest is left alone.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    version: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Versioned<'a> {
    version: u64,
    #[serde(borrow)]
    derivations: UniqueEntries<Entry<'a>>,
}

/// A derivation in any form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    version: Option<u64>,
    name: Option<String>,
    outputs: UniqueEntries<OutputFields>,
    inputs: Option<Inputs>,
    input_srcs: Option<Vec<String>>,
    input_drvs: Option<UniqueEntries<Node>>,
    system: String,
    builder: String,
    args: Vec<String>,
    env: UniqueEntries<String>,
    #[serde(borrow)]
    structured_attrs: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inputs {
    srcs: Vec<String>,
    drvs: UniqueEntries<Node>,
}

/// The needed outputs of an input: a list of names in the oldest form.
struct Node {
    outputs: Vec<String>,
    dynamic: UniqueEntries<Node>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeFields {
    outputs: Vec<String>,
    #[serde(default)]
    dynamic_outputs: UniqueEntries<Node>,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of output names, or an object with `outputs`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Node, A::Error> {
        let outputs = Vec::deserialize(SeqAccessDeserializer::new(seq))?;
        Ok(Node {
            outputs,
            dynamic: UniqueEntries::default(),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Node, A::Error> {
        let fields = NodeFields::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Node {
            outputs: fields.outputs,
            dynamic: fields.dynamic_outputs,
        })
    }
}

/// Reads what `nix derivation show` printed, of any version.
///
/// Full paths must stand in `store_dir`. The paths of fixed outputs, which version 4 leaves out,
/// are computed; where they are given, they are checked.
///
/// # Errors
/// Any variant of [`DerivationJsonError`] but those that only writing has.
pub fn parse(
    input: &[u8],
    store_dir: &StoreDir,
) -> Result<BTreeMap<StorePath, Derivation>, DerivationJsonError> {
    let head: Head = from_slice(input)?;
    let entries = if head.version.is_some() {
        let versioned: Versioned<'_> = from_slice(input)?;
        if versioned.version != VERSION {
            return Err(DerivationJsonError::Version {
                version: versioned.version,
            });
        }
        versioned.derivations
    } else {
        from_slice::<UniqueEntries<Entry<'_>>>(input)?
    };
    let mut derivations = BTreeMap::new();
    for (key, entry) in entries.0 {
        if let Some(version) = entry.version
            && (version > VERSION || (version == VERSION) != head.version.is_some())
        {
            return Err(DerivationJsonError::Version { version });
        }
        let at = At {
            entry: &key,
            store_dir,
        };
        let path = at.path(&key)?;
        let derivation = at.derivation(&path, entry)?;
        if let Some((path, _)) = derivations
            .insert(path.clone(), derivation)
            .map(|old| (path, old))
        {
            return Err(DerivationJsonError::Duplicate { path });
        }
    }
    Ok(derivations)
}

/// The entry that is being read.
struct At<'a> {
    entry: &'a str,
    store_dir: &'a StoreDir,
}

impl At<'_> {
    fn derivation(
        &self,
        path: &StorePath,
        entry: Entry<'_>,
    ) -> Result<Derivation, DerivationJsonError> {
        let Some(name) = path.name().strip_suffix(".drv") else {
            return Err(self.invalid(InvalidDerivation::NotADerivation {
                value: path.clone(),
            }));
        };
        if let Some(other) = entry.name.filter(|stated| stated != name) {
            let name = crate::excerpt(&other);
            return Err(DerivationJsonError::Name {
                entry: self.entry(),
                name,
            });
        }
        let name = StorePathName::new(name).map_err(|source| self.store_path(source))?;
        let (sources, drvs) = match (entry.inputs, entry.input_srcs, entry.input_drvs) {
            (Some(inputs), None, None) => (inputs.srcs, inputs.drvs),
            (None, Some(sources), Some(drvs)) => (sources, drvs),
            _ => {
                return Err(DerivationJsonError::Field {
                    entry: self.entry(),
                    field: "inputs",
                });
            }
        };
        let parts = DerivationParts {
            outputs: self.outputs(entry.outputs, &name)?,
            input_derivations: self.input_derivations(drvs)?,
            input_sources: self.input_sources(sources)?,
            system: entry.system.into(),
            builder: entry.builder.into(),
            arguments: entry.args.into_iter().map(BString::from).collect(),
            environment: self.environment(entry.env, entry.structured_attrs)?,
        };
        Derivation::new(parts).map_err(|source| self.invalid(source))
    }

    fn outputs(
        &self,
        entries: UniqueEntries<OutputFields>,
        name: &StorePathName,
    ) -> Result<BTreeMap<OutputName, crate::derivation::Output>, DerivationJsonError> {
        let mut outputs = BTreeMap::new();
        for (key, fields) in entries.0 {
            let output = fields
                .into_output(name, self.store_dir)
                .map_err(|error| match error {
                    OutputError::StorePath(source) => self.store_path(source),
                    OutputError::Hash(source) => DerivationJsonError::Hash {
                        entry: self.entry(),
                        source,
                    },
                    OutputError::Invalid(source) => self.invalid(source),
                })?;
            outputs.insert(self.output_name(&key)?, output);
        }
        Ok(outputs)
    }

    fn input_derivations(
        &self,
        entries: UniqueEntries<Node>,
    ) -> Result<BTreeMap<StorePath, InputOutputs>, DerivationJsonError> {
        let mut inputs = BTreeMap::new();
        for (key, node) in entries.0 {
            let path = self.path(&key)?;
            // A full path and a base name are two keys for one input.
            if inputs.insert(path.clone(), self.node(node)?).is_some() {
                return Err(DerivationJsonError::Duplicate { path });
            }
        }
        Ok(inputs)
    }

    fn input_sources(
        &self,
        sources: Vec<String>,
    ) -> Result<BTreeSet<StorePath>, DerivationJsonError> {
        let mut paths = BTreeSet::new();
        for source in sources {
            let path = self.path(&source)?;
            if let Some(path) = paths.replace(path) {
                return Err(DerivationJsonError::Duplicate { path });
            }
        }
        Ok(paths)
    }

    fn environment(
        &self,
        entries: UniqueEntries<String>,
        structured: Option<&RawValue>,
    ) -> Result<BTreeMap<BString, BString>, DerivationJsonError> {
        let mut environment: BTreeMap<BString, BString> = entries
            .0
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        if let Some(json) = structured {
            if !json.get().starts_with('{') {
                return Err(DerivationJsonError::StructuredAttributes {
                    entry: self.entry(),
                });
            }
            let value = without_space(json.get()).into();
            if environment
                .insert(STRUCTURED_ATTRIBUTES.into(), value)
                .is_some()
            {
                let field = "structuredAttrs";
                return Err(DerivationJsonError::Field {
                    entry: self.entry(),
                    field,
                });
            }
        }
        Ok(environment)
    }

    fn node(&self, node: Node) -> Result<InputOutputs, DerivationJsonError> {
        let names = node.outputs.iter().map(|name| self.output_name(name));
        let names = names.collect::<Result<_, _>>()?;
        let dynamic = node.dynamic.0.into_iter();
        let dynamic = dynamic
            .map(|(name, inner)| Ok((self.output_name(&name)?, self.node(inner)?)))
            .collect::<Result<_, DerivationJsonError>>()?;
        InputOutputs::with_dynamic(names, dynamic).map_err(|source| self.invalid(source))
    }

    fn output_name(&self, name: &str) -> Result<OutputName, DerivationJsonError> {
        OutputName::new(name).map_err(|source| self.invalid(source))
    }

    fn path(&self, text: &str) -> Result<StorePath, DerivationJsonError> {
        StorePath::from_either(text, self.store_dir).map_err(|source| self.store_path(source))
    }

    fn invalid(&self, source: InvalidDerivation) -> DerivationJsonError {
        DerivationJsonError::Invalid {
            entry: self.entry(),
            source,
        }
    }

    fn store_path(&self, source: crate::store_path::StorePathError) -> DerivationJsonError {
        DerivationJsonError::StorePath {
            entry: self.entry(),
            source,
        }
    }

    fn entry(&self) -> String {
        crate::excerpt(self.entry)
    }
}

//! Writing derivations as JSON of version 4.

use std::collections::BTreeMap;

use bstr::{BStr, BString};
use serde::Serialize;
use serde_json::value::RawValue;

use super::DerivationJsonError;
use super::output::OutputFields;
use super::read::VERSION;
use crate::derivation::{Derivation, InputOutputs, Output, STRUCTURED_ATTRIBUTES};
use crate::store_path::StorePath;

// The fields stand in alphabetical order, as Nix writes them.

#[derive(Serialize)]
struct Versioned<'a> {
    derivations: BTreeMap<&'a StorePath, Entry<'a>>,
    version: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    args: Vec<&'a str>,
    builder: &'a str,
    env: BTreeMap<&'a str, &'a str>,
    inputs: Inputs<'a>,
    name: &'a str,
    outputs: BTreeMap<&'a str, OutputFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    structured_attrs: Option<&'a RawValue>,
    system: &'a str,
    version: u64,
}

#[derive(Serialize)]
struct Inputs<'a> {
    drvs: BTreeMap<&'a StorePath, Node<'a>>,
    srcs: Vec<&'a StorePath>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Node<'a> {
    dynamic_outputs: BTreeMap<&'a str, Node<'a>>,
    outputs: Vec<&'a str>,
}

/// Writes what `nix derivation show` of version 4 prints, without white space.
///
/// # Errors
/// [`DerivationJsonError::NotUtf8`], [`DerivationJsonError::StructuredAttributes`], or
/// [`DerivationJsonError::Invalid`] for a path that is not a derivation's.
pub fn to_string(
    derivations: &BTreeMap<StorePath, Derivation>,
) -> Result<String, DerivationJsonError> {
    let derivations = derivations
        .iter()
        .map(|(path, derivation)| Ok((path, entry(path, derivation)?)))
        .collect::<Result<_, DerivationJsonError>>()?;
    Ok(serde_json::to_string(&Versioned {
        derivations,
        version: VERSION,
    })
    .expect("maps with string keys and numbers always serialise"))
}

fn entry<'a>(
    path: &'a StorePath,
    derivation: &'a Derivation,
) -> Result<Entry<'a>, DerivationJsonError> {
    let name = path
        .name()
        .strip_suffix(".drv")
        .ok_or_else(|| DerivationJsonError::Invalid {
            entry: path.to_string(),
            source: crate::derivation::InvalidDerivation::NotADerivation {
                value: path.clone(),
            },
        })?;
    let text = |bytes: &'a BString, field| {
        std::str::from_utf8(bytes).map_err(|_| DerivationJsonError::NotUtf8 {
            entry: path.to_string(),
            field,
        })
    };
    let structured = match derivation.environment.get(BStr::new(STRUCTURED_ATTRIBUTES)) {
        None => None,
        Some(json) => {
            let json = serde_json::from_slice::<&RawValue>(json).ok();
            // White space would be lost, and with it the way back to the same derivation.
            let json = json.filter(|json| {
                json.get().starts_with('{')
                    && super::structured::without_space(json.get()) == json.get()
            });
            Some(
                json.ok_or_else(|| DerivationJsonError::StructuredAttributes {
                    entry: path.to_string(),
                })?,
            )
        }
    };
    let env = derivation
        .environment
        .iter()
        .filter(|(name, _)| *name != STRUCTURED_ATTRIBUTES)
        .map(|(name, value)| Ok((text(name, "env")?, text(value, "env")?)))
        .collect::<Result<_, DerivationJsonError>>()?;
    let drvs = derivation
        .input_derivations
        .iter()
        .map(|(path, outputs)| (path, node(outputs)));
    let mut outputs = BTreeMap::new();
    for (output_name, output) in &derivation.outputs {
        // Version 4 leaves the path of a fixed output to be computed from the name.
        if let Output::Fixed(fixed) = output
            && fixed.path().name() != name
        {
            let name = fixed.path().name().to_owned();
            return Err(DerivationJsonError::Name {
                entry: path.to_string(),
                name,
            });
        }
        outputs.insert(output_name.as_str(), OutputFields::of(output));
    }
    Ok(Entry {
        args: derivation
            .arguments
            .iter()
            .map(|argument| text(argument, "args"))
            .collect::<Result<_, _>>()?,
        builder: text(&derivation.builder, "builder")?,
        env,
        inputs: Inputs {
            drvs: drvs.collect(),
            srcs: derivation.input_sources.iter().collect(),
        },
        name,
        outputs,
        structured_attrs: structured,
        system: text(&derivation.system, "system")?,
        version: VERSION,
    })
}

fn node(outputs: &InputOutputs) -> Node<'_> {
    let dynamic = outputs
        .dynamic()
        .iter()
        .map(|(name, inner)| (name.as_str(), node(inner)));
    Node {
        dynamic_outputs: dynamic.collect(),
        outputs: outputs.names().iter().map(|name| name.as_str()).collect(),
    }
}

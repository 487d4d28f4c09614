//! A derivation: what to build, from what, into which outputs.
//!
//! Source: <https://nix.dev/manual/nix/latest/store/derivation/>

pub mod aterm;
mod error;
mod input;
pub mod json;
mod output;

pub use error::InvalidDerivation;
pub use input::InputOutputs;
pub use output::{FixedOutput, Output, OutputName};

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use bstr::BString;

use crate::hash::HashAlgorithm;
use crate::store_path::{StoreDir, StorePath, StorePathError, StorePathName};

/// The environment variable in which structured attributes travel as JSON.
pub const STRUCTURED_ATTRIBUTES: &str = "__json";

/// The parts of a derivation, before they are checked against each other.
///
/// Strings that Nix does not interpret are bytes: nothing makes them UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DerivationParts {
    /// What the build makes, by name.
    pub outputs: BTreeMap<OutputName, Output>,
    /// The derivations it needs, and which of their outputs.
    pub input_derivations: BTreeMap<StorePath, InputOutputs>,
    /// The other store paths it needs.
    pub input_sources: BTreeSet<StorePath>,
    /// The platform to build on, such as `x86_64-linux`, or `builtin`.
    pub system: BString,
    /// The program to run, or `builtin:` and the name of a function of Nix.
    pub builder: BString,
    /// The arguments of the program.
    pub arguments: Vec<BString>,
    /// The environment of the program, [`STRUCTURED_ATTRIBUTES`] included.
    pub environment: BTreeMap<BString, BString>,
}

/// How the store paths of a derivation's outputs come about. All outputs share one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DerivationKind {
    /// From the derivation; known.
    InputAddressed,
    /// From the derivation, but only once its content-addressed inputs are built.
    Deferred,
    /// From the content, which is known in advance; one output, named `out`.
    Fixed,
    /// From the content, once built; all outputs use one hash algorithm.
    Floating,
    /// From the content, and each build may give another one.
    Impure,
}

/// A derivation that keeps Nix's rules on outputs and inputs. Read its parts through `Deref`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derivation {
    parts: DerivationParts,
    kind: DerivationKind,
}

impl Derivation {
    /// Checks parts against each other.
    ///
    /// # Errors
    /// [`InvalidDerivation::NoOutputs`], [`InvalidDerivation::MixedOutputs`],
    /// [`InvalidDerivation::MixedAlgorithms`], [`InvalidDerivation::FixedOutputName`] or
    /// [`InvalidDerivation::NotADerivation`].
    pub fn new(parts: DerivationParts) -> Result<Self, InvalidDerivation> {
        let kind = kind_of(&parts.outputs)?;
        if let Some(input) = parts
            .input_derivations
            .keys()
            .find(|input| !input.is_derivation())
        {
            return Err(InvalidDerivation::NotADerivation {
                value: input.clone(),
            });
        }
        Ok(Self { parts, kind })
    }

    /// How the paths of the outputs come about.
    #[must_use]
    pub fn kind(&self) -> DerivationKind {
        self.kind
    }

    /// The parts, to change them.
    #[must_use]
    pub fn into_parts(self) -> DerivationParts {
        self.parts
    }

    /// The store path under which Nix stores this derivation. A `.drv` file whose path is another
    /// one was altered.
    ///
    /// `name` is the name without `.drv`. Cost: writes and hashes the whole derivation.
    ///
    /// # Errors
    /// What [`StorePathName::new`] returns for the name with `.drv`.
    pub fn store_path(
        &self,
        name: &str,
        store_dir: &StoreDir,
    ) -> Result<StorePath, StorePathError> {
        let name = StorePathName::new(&format!("{name}.drv"))?;
        let references = self
            .input_derivations
            .keys()
            .chain(&self.input_sources)
            .collect();
        Ok(StorePath::of_text(
            store_dir,
            &name,
            &aterm::write(self, store_dir),
            &references,
        ))
    }
}

impl Deref for Derivation {
    type Target = DerivationParts;

    fn deref(&self) -> &DerivationParts {
        &self.parts
    }
}

fn kind_of(outputs: &BTreeMap<OutputName, Output>) -> Result<DerivationKind, InvalidDerivation> {
    let mut first: Option<(DerivationKind, Option<HashAlgorithm>)> = None;
    for (name, output) in outputs {
        let (kind, algorithm) = match output {
            Output::InputAddressed(_) => (DerivationKind::InputAddressed, None),
            Output::Deferred => (DerivationKind::Deferred, None),
            Output::Fixed(_) => (DerivationKind::Fixed, None),
            Output::Floating { algorithm, .. } => (DerivationKind::Floating, Some(*algorithm)),
            Output::Impure { .. } => (DerivationKind::Impure, None),
        };
        // With every fixed output named `out`, there is at most one.
        if kind == DerivationKind::Fixed && name.as_str() != "out" {
            return Err(InvalidDerivation::FixedOutputName { name: name.clone() });
        }
        match first {
            None => first = Some((kind, algorithm)),
            Some((seen, _)) if seen != kind => {
                return Err(InvalidDerivation::MixedOutputs { name: name.clone() });
            }
            Some((_, seen)) if seen != algorithm => {
                return Err(InvalidDerivation::MixedAlgorithms { name: name.clone() });
            }
            Some(_) => {}
        }
    }
    first
        .map(|(kind, _)| kind)
        .ok_or(InvalidDerivation::NoOutputs)
}

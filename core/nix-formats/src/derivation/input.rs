//! Which outputs of an input derivation are needed.

use std::collections::{BTreeMap, BTreeSet};

use crate::derivation::{InvalidDerivation, OutputName};

/// How deep outputs of outputs may be nested. Nix sets no limit; real ones need one or two.
const MAX_DEPTH: usize = 16;

/// The needed outputs of one input derivation; never empty.
///
/// With dynamic derivations an output may itself be a derivation, of which outputs are needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputOutputs {
    names: BTreeSet<OutputName>,
    dynamic: BTreeMap<OutputName, InputOutputs>,
    /// Levels of nesting below this one, kept so that checking a tree stays linear.
    depth: usize,
}

impl InputOutputs {
    /// Outputs needed as they are.
    ///
    /// # Errors
    /// [`InvalidDerivation::EmptyInput`].
    pub fn new(names: BTreeSet<OutputName>) -> Result<Self, InvalidDerivation> {
        Self::with_dynamic(names, BTreeMap::new())
    }

    /// Outputs needed as they are, and outputs that are derivations whose outputs are needed.
    ///
    /// # Errors
    /// [`InvalidDerivation::EmptyInput`] or [`InvalidDerivation::InputDepth`].
    pub fn with_dynamic(
        names: BTreeSet<OutputName>,
        dynamic: BTreeMap<OutputName, Self>,
    ) -> Result<Self, InvalidDerivation> {
        if names.is_empty() && dynamic.is_empty() {
            return Err(InvalidDerivation::EmptyInput);
        }
        let depth = dynamic
            .values()
            .map(|inner| inner.depth + 1)
            .max()
            .unwrap_or(0);
        if depth > MAX_DEPTH {
            return Err(InvalidDerivation::InputDepth);
        }
        Ok(Self {
            names,
            dynamic,
            depth,
        })
    }

    /// The outputs needed as they are.
    #[must_use]
    pub fn names(&self) -> &BTreeSet<OutputName> {
        &self.names
    }

    /// The outputs that are derivations, with what is needed of them.
    #[must_use]
    pub fn dynamic(&self) -> &BTreeMap<OutputName, Self> {
        &self.dynamic
    }
}

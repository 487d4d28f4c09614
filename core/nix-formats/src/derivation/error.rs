//! Why parts make no derivation.

use crate::content_address::ContentAddressError;
use crate::derivation::OutputName;
use crate::store_path::StorePath;

/// A rule of Nix on derivations that is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDerivation {
    /// There is no output.
    #[error("a derivation has at least one output")]
    NoOutputs,
    /// An output has another kind than those before it.
    #[error("output {name} is of another kind than the outputs before it")]
    MixedOutputs {
        /// The later output.
        name: OutputName,
    },
    /// A floating output uses another hash algorithm than those before it.
    #[error("output {name} uses another hash algorithm than the outputs before it")]
    MixedAlgorithms {
        /// The later output.
        name: OutputName,
    },
    /// A fixed output is not named `out`.
    #[error("a fixed output must be named \"out\", not {name}")]
    FixedOutputName {
        /// The offending name.
        name: OutputName,
    },
    /// The path of a fixed output does not follow from its hash.
    #[error("the fixed output {stated} has a hash that gives {computed}")]
    FixedOutputPath {
        /// The path as stated.
        stated: StorePath,
        /// The path that follows from method, hash and name.
        computed: StorePath,
    },
    /// Method and hash algorithm of an output do not go together.
    #[error(transparent)]
    ContentAddress(#[from] ContentAddressError),
    /// An output has a combination of path, method, algorithm and hash that stands for nothing.
    #[error("an output with this combination of path, method, algorithm and hash means nothing")]
    OutputFields,
    /// An output name is empty, too long, or holds a byte that no store path may hold.
    #[error("{value:?} is no output name")]
    OutputName {
        /// The start of the offending name.
        value: String,
    },
    /// An input derivation is named without any of its outputs.
    #[error("an input derivation is named without an output")]
    EmptyInput,
    /// Outputs of outputs are nested deeper than 16 levels.
    #[error("outputs of outputs are nested deeper than 16 levels")]
    InputDepth,
    /// A path that should be a derivation's does not end in `.drv`.
    #[error("{value} is not the path of a derivation")]
    NotADerivation {
        /// The offending path.
        value: StorePath,
    },
}

//! Outputs of a derivation and their names.

use std::fmt;

use crate::content_address::{ContentAddress, Method};
use crate::derivation::InvalidDerivation;
use crate::hash::HashAlgorithm;
use crate::store_path::{StoreDir, StorePath, StorePathName};

/// The name of an output, such as `out` or `dev`; it becomes part of a store path's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutputName(StorePathName);

impl OutputName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`InvalidDerivation::OutputName`] where the name could not be one of a store path.
    pub fn new(name: &str) -> Result<Self, InvalidDerivation> {
        StorePathName::new(name)
            .map(Self)
            .map_err(|_| InvalidDerivation::OutputName {
                value: crate::excerpt(name),
            })
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for OutputName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// One output, by how its store path comes about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// The path follows from the derivation.
    InputAddressed(StorePath),
    /// The path follows from the derivation, once its inputs are built.
    Deferred,
    /// The path follows from a content that is known in advance.
    Fixed(FixedOutput),
    /// The path follows from the content, once built.
    Floating {
        /// What of the content is hashed.
        method: Method,
        /// With which algorithm.
        algorithm: HashAlgorithm,
    },
    /// As floating, and each build may give another content.
    Impure {
        /// What of the content is hashed.
        method: Method,
        /// With which algorithm.
        algorithm: HashAlgorithm,
    },
}

impl Output {
    /// The path, where it is known before the build.
    #[must_use]
    pub fn path(&self) -> Option<&StorePath> {
        match self {
            Self::InputAddressed(path) => Some(path),
            Self::Fixed(fixed) => Some(fixed.path()),
            Self::Deferred | Self::Floating { .. } | Self::Impure { .. } => None,
        }
    }
}

/// An output whose content is known in advance, with the path that follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedOutput {
    path: StorePath,
    address: ContentAddress,
}

impl FixedOutput {
    /// Computes the path of a content.
    #[must_use]
    pub fn of(address: ContentAddress, name: &StorePathName, store_dir: &StoreDir) -> Self {
        Self {
            path: StorePath::of_content(store_dir, name, &address),
            address,
        }
    }

    /// Checks a stated path against the content.
    ///
    /// # Errors
    /// [`InvalidDerivation::FixedOutputPath`].
    pub fn new(
        stated: StorePath,
        address: ContentAddress,
        store_dir: &StoreDir,
    ) -> Result<Self, InvalidDerivation> {
        let fixed = Self::of(address, &stated.store_path_name(), store_dir);
        if fixed.path == stated {
            Ok(fixed)
        } else {
            Err(InvalidDerivation::FixedOutputPath {
                stated,
                computed: fixed.path,
            })
        }
    }

    /// The store path.
    #[must_use]
    pub fn path(&self) -> &StorePath {
        &self.path
    }

    /// Method and hash.
    #[must_use]
    pub fn address(&self) -> ContentAddress {
        self.address
    }
}

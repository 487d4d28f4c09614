//! One output in any of the JSON forms.

use serde::{Deserialize, Serialize};

use crate::content_address::{ContentAddress, Method};
use crate::derivation::{FixedOutput, InvalidDerivation, Output};
use crate::hash::{Hash, HashAlgorithm, HashError};
use crate::store_path::{StoreDir, StorePath, StorePathError, StorePathName};

/// The fields of all forms. In alphabetical order, as Nix writes them.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OutputFields {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hash_algo: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    impure: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
}

/// What can be wrong with an output.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) enum OutputError {
    StorePath(#[from] StorePathError),
    Hash(#[from] HashError),
    Invalid(#[from] InvalidDerivation),
}

impl OutputFields {
    /// The version-4 form.
    pub(super) fn of(output: &Output) -> Self {
        let mut fields = Self::default();
        match output {
            Output::InputAddressed(path) => fields.path = Some(path.to_string()),
            Output::Deferred => {}
            Output::Fixed(fixed) => {
                fields.method = Some(fixed.address().method().name().to_owned());
                fields.hash = Some(fixed.address().hash().to_string());
            }
            Output::Floating { method, algorithm } | Output::Impure { method, algorithm } => {
                fields.method = Some(method.name().to_owned());
                fields.hash_algo = Some(algorithm.to_string());
                fields.impure = matches!(output, Output::Impure { .. });
            }
        }
        fields
    }

    /// Checks the fields. `name` is that of the output's store path, were it a fixed one.
    pub(super) fn into_output(
        self,
        name: &StorePathName,
        store_dir: &StoreDir,
    ) -> Result<Output, OutputError> {
        let path = self
            .path
            .as_deref()
            .map(|path| StorePath::from_either(path, store_dir))
            .transpose()?;
        let (method, algorithm) = content(self.method.as_deref(), self.hash_algo.as_deref())?;
        let output = match (path, method, algorithm, self.hash, self.impure) {
            (Some(path), None, None, None, false) => Output::InputAddressed(path),
            (None, None, None, None, false) => Output::Deferred,
            (None, Some(method), Some(algorithm), None, false) => {
                Output::Floating { method, algorithm }
            }
            (None, Some(method), Some(algorithm), None, true) => {
                Output::Impure { method, algorithm }
            }
            (stated, Some(method), algorithm, Some(hash), false) => {
                // With an algorithm beside it, the hash may be digits alone, or name it again.
                let hash = match algorithm {
                    Some(algorithm) if !hash.contains(['-', ':']) => {
                        Hash::parse_digits(algorithm, &hash)?
                    }
                    _ => Hash::parse(&hash)?,
                };
                if algorithm.is_some_and(|algorithm| algorithm != hash.algorithm()) {
                    return Err(InvalidDerivation::OutputFields.into());
                }
                let address = ContentAddress::new(method, hash).map_err(InvalidDerivation::from)?;
                let fixed = FixedOutput::of(address, name, store_dir);
                match stated {
                    Some(stated) if stated != *fixed.path() => {
                        let computed = fixed.path().clone();
                        return Err(InvalidDerivation::FixedOutputPath { stated, computed }.into());
                    }
                    _ => Output::Fixed(fixed),
                }
            }
            _ => return Err(InvalidDerivation::OutputFields.into()),
        };
        Ok(output)
    }
}

/// Reads a method and an algorithm; without a method, the algorithm carries a prefix for it.
fn content(
    method: Option<&str>,
    algorithm: Option<&str>,
) -> Result<(Option<Method>, Option<HashAlgorithm>), OutputError> {
    match (method, algorithm) {
        (None, None) => Ok((None, None)),
        (None, Some(prefixed)) => {
            let (method, algorithm) = Method::parse_prefixed(prefixed)?;
            Ok((Some(method), Some(algorithm)))
        }
        (Some(method), algorithm) => {
            let method = method.parse().map_err(InvalidDerivation::ContentAddress)?;
            Ok((Some(method), algorithm.map(str::parse).transpose()?))
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

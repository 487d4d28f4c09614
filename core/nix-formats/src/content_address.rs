//! How the content of a store object was turned into its address.
//!
//! ```text
//! content-address = "text:" hash | "fixed:" [ "r:" | "git:" ] hash
//! hash            = algorithm ":" nix32
//! ```
//!
//! Source: <https://nix.dev/manual/nix/latest/store/store-object/content-address.html>

use std::fmt;
use std::str::FromStr;

use crate::hash::{Hash, HashAlgorithm, HashError};

/// Why a text or a pair of method and hash is no content address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContentAddressError {
    /// The text begins with neither `text:` nor `fixed:`.
    #[error("{value:?} begins with neither \"text:\" nor \"fixed:\"")]
    Prefix {
        /// The start of the offending text.
        value: String,
    },
    /// The name stands for no method.
    #[error("{value:?} is no content-addressing method")]
    Method {
        /// The start of the offending name.
        value: String,
    },
    /// The hash does not parse.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// Nix computes no store path from this method and this algorithm.
    #[error("method {} does not go with a {algorithm} hash", method.name())]
    Mismatch {
        /// The method.
        method: Method,
        /// The algorithm of the hash.
        algorithm: HashAlgorithm,
    },
}

/// What of the content is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// The bytes of a single file.
    Flat,
    /// The file tree as a Nix archive; the old notation is `r:`, for recursive.
    NixArchive,
    /// The bytes of a single file that may refer to store paths, such as a derivation.
    Text,
    /// The file tree as a Git object.
    Git,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 4] = [Self::Flat, Self::NixArchive, Self::Text, Self::Git];

    /// The name that JSON uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flat => "flat",
            Self::NixArchive => "nar",
            Self::Text => "text",
            Self::Git => "git",
        }
    }

    /// The prefix of an algorithm in a derivation's outputs: empty, `r:`, `text:` or `git:`.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Flat => "",
            Self::NixArchive => "r:",
            Self::Text => "text:",
            Self::Git => "git:",
        }
    }

    /// Reads a prefixed algorithm, such as `r:sha256`.
    ///
    /// # Errors
    /// [`HashError::Algorithm`].
    pub fn parse_prefixed(text: &str) -> Result<(Self, HashAlgorithm), HashError> {
        for method in [Self::NixArchive, Self::Text, Self::Git] {
            if let Some(algorithm) = text.strip_prefix(method.prefix()) {
                return Ok((method, algorithm.parse()?));
            }
        }
        Ok((Self::Flat, text.parse()?))
    }
}

impl FromStr for Method {
    type Err = ContentAddressError;

    fn from_str(text: &str) -> Result<Self, ContentAddressError> {
        Self::ALL
            .into_iter()
            .find(|method| method.name() == text)
            .ok_or_else(|| ContentAddressError::Method {
                value: crate::excerpt(text),
            })
    }
}

/// A method and the hash that it gave, of which Nix can compute a store path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentAddress {
    method: Method,
    hash: Hash,
}

impl ContentAddress {
    /// Puts a method and a hash together.
    ///
    /// # Errors
    /// [`ContentAddressError::Mismatch`]: a text is always hashed with SHA-256, and a Git object
    /// with SHA-1 or SHA-256.
    pub fn new(method: Method, hash: Hash) -> Result<Self, ContentAddressError> {
        let algorithm = hash.algorithm();
        let fits = match method {
            Method::Flat | Method::NixArchive => true,
            Method::Text => algorithm == HashAlgorithm::Sha256,
            Method::Git => matches!(algorithm, HashAlgorithm::Sha1 | HashAlgorithm::Sha256),
        };
        if fits {
            Ok(Self { method, hash })
        } else {
            Err(ContentAddressError::Mismatch { method, algorithm })
        }
    }

    /// What of the content was hashed.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// The hash.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }
}

impl fmt::Display for ContentAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = if self.method == Method::Text {
            ""
        } else {
            "fixed:"
        };
        let (algorithm, digits) = (self.hash.algorithm(), self.hash.nix32());
        write!(
            formatter,
            "{prefix}{}{algorithm}:{digits}",
            self.method.prefix()
        )
    }
}

impl FromStr for ContentAddress {
    type Err = ContentAddressError;

    fn from_str(text: &str) -> Result<Self, ContentAddressError> {
        let (method, hash) = if let Some(hash) = text.strip_prefix("text:") {
            (Method::Text, hash)
        } else if let Some(rest) = text.strip_prefix("fixed:") {
            [Method::NixArchive, Method::Git]
                .into_iter()
                .find_map(|method| Some((method, rest.strip_prefix(method.prefix())?)))
                .unwrap_or((Method::Flat, rest))
        } else {
            return Err(ContentAddressError::Prefix {
                value: crate::excerpt(text),
            });
        };
        let (algorithm, digits) = hash.split_once(':').ok_or_else(|| HashError::NoAlgorithm {
            value: crate::excerpt(hash),
        })?;
        Self::new(method, Hash::parse_digits(algorithm.parse()?, digits)?)
    }
}

#[cfg(test)]
mod tests {
    use super::{ContentAddress, ContentAddressError, Method};
    use crate::hash::HashAlgorithm;

    const DIGITS: &str = "sha256:1lr187v6dck1rjh2j6svpikcfz53wyl3qrlcbb405zlh13x0khhh";

    #[test]
    fn writes_what_it_read() {
        for (prefix, method) in [
            ("text:", Method::Text),
            ("fixed:", Method::Flat),
            ("fixed:r:", Method::NixArchive),
            ("fixed:git:", Method::Git),
        ] {
            let text = format!("{prefix}{DIGITS}");
            let address: ContentAddress = text.parse().expect(&text);
            assert_eq!(address.method(), method);
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn refuses_what_nix_gives_no_path() {
        let sha1 = format!("text:sha1:{}", "0".repeat(40)).parse::<ContentAddress>();
        assert!(matches!(
            sha1,
            Err(ContentAddressError::Mismatch {
                algorithm: HashAlgorithm::Sha1,
                ..
            })
        ));
        for text in [
            "",
            "text",
            "fixed:",
            "r:sha256",
            "fixed:r:r:sha256:00",
            DIGITS,
        ] {
            assert!(text.parse::<ContentAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn reads_the_prefixed_algorithm_of_an_output() {
        let read = |text| Method::parse_prefixed(text).ok();
        assert_eq!(
            read("r:sha256"),
            Some((Method::NixArchive, HashAlgorithm::Sha256))
        );
        assert_eq!(read("sha1"), Some((Method::Flat, HashAlgorithm::Sha1)));
        assert_eq!(
            read("text:sha256"),
            Some((Method::Text, HashAlgorithm::Sha256))
        );
        assert_eq!(read("fixed:sha256"), None);
    }
}

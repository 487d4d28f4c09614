//! Package URLs.
//!
//! Held to the specification's own test suite (tests/it/purl.rs). The `packageurl` crate (0.7)
//! follows an older state of it and fails 14 of its cases, which is why this is our own.
//!
//! Source: <https://github.com/package-url/purl-spec>, PURL-SPECIFICATION.

mod parse;
mod types;

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A package URL in its parts, percent-decoded and normalised per type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Purl {
    /// Lower case: `pypi`, `cargo`, `npm`, `github`, `golang`, `generic`, …
    pub kind: String,
    /// Segments joined by `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
    /// Version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// In key order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub qualifiers: Vec<(String, String)>,
    /// Path inside the package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subpath: Option<String>,
}

/// A text that is not a package URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a package URL: {purl:?}: {reason}")]
pub struct PurlError {
    /// The text, cut to 200 characters.
    pub purl: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Purl {
    /// Longer texts are refused.
    pub const LONGEST: usize = 4096;

    /// A package without namespace, version and the rest. Kind and name must be canonical.
    #[must_use]
    pub fn named(kind: &str, name: impl Into<String>) -> Self {
        Self {
            kind: kind.to_owned(),
            namespace: None,
            name: name.into(),
            version: None,
            qualifiers: Vec::new(),
            subpath: None,
        }
    }

    /// Reads a package URL.
    ///
    /// # Errors
    /// [`PurlError`] with the offending text.
    pub fn parse(purl: &str) -> Result<Self, PurlError> {
        let fail = |reason| PurlError {
            purl: purl.chars().take(200).collect(),
            reason,
        };
        if purl.len() > Self::LONGEST {
            return Err(fail("longer than 4096 bytes"));
        }
        parse::parse(purl.trim()).map_err(fail)
    }
}

/// The canonical form.
impl fmt::Display for Purl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pkg:{}/", self.kind)?;
        for segment in self
            .namespace
            .iter()
            .flat_map(|namespace| namespace.split('/'))
        {
            encode(segment, f)?;
            f.write_char('/')?;
        }
        if self.kind == "git" {
            // The name is a path, and written as one.
            for (index, segment) in self.name.split('/').enumerate() {
                if index > 0 {
                    f.write_char('/')?;
                }
                encode(segment, f)?;
            }
        } else {
            encode(&self.name, f)?;
        }
        if let Some(version) = &self.version {
            f.write_char('@')?;
            encode(version, f)?;
        }
        let mut separator = '?';
        for (key, value) in &self.qualifiers {
            write!(f, "{separator}{key}=")?;
            encode(value, f)?;
            separator = '&';
        }
        separator = '#';
        for segment in self.subpath.iter().flat_map(|subpath| subpath.split('/')) {
            f.write_char(separator)?;
            encode(segment, f)?;
            separator = '/';
        }
        Ok(())
    }
}

/// Percent-encodes everything but the unreserved characters and the colon.
///
/// Source: PURL-SPECIFICATION, "Character encoding".
fn encode(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for byte in text.bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || "-._~:".contains(c) {
            f.write_char(c)?;
        } else {
            write!(f, "%{byte:02X}")?;
        }
    }
    Ok(())
}

impl FromStr for Purl {
    type Err = PurlError;

    fn from_str(purl: &str) -> Result<Self, PurlError> {
        Self::parse(purl)
    }
}

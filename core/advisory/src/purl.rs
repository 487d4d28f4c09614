//! Package URLs.
//!
//! Source: <https://github.com/package-url/purl-spec>, PURL-SPECIFICATION.

use serde::{Deserialize, Serialize};

/// A package URL in its parts, percent-decoded and normalised per type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Purl {
    /// Lower case: `pypi`, `cargo`, `npm`, `github`, `golang`, `generic`, …
    pub kind: String,
    /// Segments joined by `/`.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
    /// Version.
    pub version: Option<String>,
    /// In key order.
    pub qualifiers: Vec<(String, String)>,
    /// Path inside the package.
    pub subpath: Option<String>,
}

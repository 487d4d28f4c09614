//! What a derivation says about the software that it builds.

use bstr::{BStr, ByteSlice};
use serde_json::Value;
use snowguard_nix_formats::derivation::{DerivationKind, STRUCTURED_ATTRIBUTES};
use snowguard_nix_formats::{Derivation, StorePath};

/// The part of a derivation that a scan needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipe {
    /// `name`.
    pub name: String,
    /// `pname`, where it is said.
    pub pname: Option<String>,
    /// `version`, where it is said.
    pub version: Option<String>,
    /// The store paths or file names of its patches.
    pub patches: Vec<String>,
    /// Output name and path, where paths are known.
    pub outputs: Vec<(String, StorePath)>,
    /// URLs, where it fetches something.
    pub urls: Vec<String>,
    /// Its content is fixed: a source or another download.
    pub is_fetched: bool,
    /// It lays out the source of a Rust crate for Cargo: an entry of a "directory source", which
    /// Cargo knows by the file of checksums in it.
    ///
    /// Source: <https://doc.rust-lang.org/cargo/reference/source-replacement.html>, "Directory
    /// Sources"
    pub is_vendored: bool,
}

impl Recipe {
    /// Whether it makes a source and no software.
    #[must_use]
    pub fn is_source(&self) -> bool {
        self.is_fetched || self.is_vendored
    }

    /// Reads what matters. Texts that are not UTF-8 are read with replacements.
    #[must_use]
    pub fn of(derivation: &Derivation) -> Self {
        let environment = |name: &str| {
            derivation
                .environment
                .get(BStr::new(name.as_bytes()))
                .map(|value| value.to_str_lossy().into_owned())
        };
        let structured: Option<Value> =
            environment(STRUCTURED_ATTRIBUTES).and_then(|text| serde_json::from_str(&text).ok());
        let word = |name: &str| match &structured {
            Some(all) => all.get(name).and_then(Value::as_str).map(str::to_owned),
            None => environment(name),
        };
        let words = |name: &str| match &structured {
            Some(all) => listed(all.get(name)),
            None => environment(name)
                .map(|text| text.split_whitespace().map(str::to_owned).collect())
                .unwrap_or_default(),
        };
        let mut urls = words("urls");
        urls.extend(word("url"));
        let outputs = derivation
            .outputs
            .iter()
            .filter_map(|(name, output)| Some((name.as_str().to_owned(), output.path()?.clone())));
        Self {
            outputs: outputs.collect(),
            name: word("name").unwrap_or_default(),
            pname: word("pname").filter(|text| !text.is_empty()),
            version: word("version").filter(|text| !text.is_empty()),
            patches: words("patches"),
            urls,
            is_fetched: derivation.kind() == DerivationKind::Fixed,
            is_vendored: word("buildCommand")
                .is_some_and(|script| script.contains("/.cargo-checksum.json")),
        }
    }
}

fn listed(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        Some(Value::String(text)) => text.split_whitespace().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

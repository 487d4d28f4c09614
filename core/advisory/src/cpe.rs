//! CPE 2.3 names: formatted string, bound and unbound.
//!
//! Source: NISTIR 7695 (CPE naming), sections 5 and 6.

use serde::{Deserialize, Serialize};

/// A well-formed name with unescaped attribute values.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cpe {
    /// `a` application, `o` operating system, `h` hardware.
    pub part: Part,
    /// Unescaped, lower case.
    pub vendor: Value,
    /// Unescaped, lower case.
    pub product: Value,
    /// Version.
    pub version: Value,
    /// Update.
    pub update: Value,
    /// Edition (deprecated by the standard).
    pub edition: Value,
    /// Language.
    pub language: Value,
    /// Software edition.
    pub sw_edition: Value,
    /// What it runs on or in: `wordpress`, `node.js`, `android`, `windows` …
    pub target_sw: Value,
    /// Hardware it runs on.
    pub target_hw: Value,
    /// Anything else.
    pub other: Value,
}

/// Kind of the named thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Part {
    /// Application.
    #[serde(rename = "a")]
    Application,
    /// Operating system.
    #[serde(rename = "o")]
    OperatingSystem,
    /// Hardware.
    #[serde(rename = "h")]
    Hardware,
    /// Any (`*`).
    #[serde(rename = "*")]
    Any,
}

/// An attribute value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Value {
    /// `*`
    Any,
    /// `-`
    Na,
    /// Unescaped text; may hold the wildcards `*` and `?` of the standard at its ends.
    Text(String),
}

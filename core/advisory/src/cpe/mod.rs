//! CPE names: the formatted string of 2.3, the URI of 2.2, and the well-formed name.
//!
//! A [`Cpe`] is a well-formed name. [`Cpe::parse`] reads any bound form; `Display` writes the
//! formatted string.
//!
//! Source: NISTIR 7695 (naming), sections 5 and 6; NISTIR 7696 (matching).

mod formatted;
mod uri;

use std::fmt;
use std::str::FromStr;

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
    /// Unescaped text. The wildcards `*` and `?` of the standard may stand at its ends; where
    /// these characters are meant literally, and a literal backslash, they keep their backslash.
    Text(String),
}

impl Value {
    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Any | Self::Na => None,
        }
    }
}

/// A text that is not a CPE name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a CPE name: {name:?}: {reason}")]
pub struct CpeError {
    /// The text, cut to 200 characters.
    pub name: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Cpe {
    /// Longer texts are refused.
    pub const LONGEST: usize = 4096;

    /// Reads a formatted string (`cpe:2.3:a:…`) or a URI (`cpe:/a:…`).
    ///
    /// Trailing attributes may be left out, as in the URI; real records do so. Letters are
    /// lowered except in version and update.
    ///
    /// # Errors
    /// [`CpeError`] with the offending text.
    pub fn parse(name: &str) -> Result<Self, CpeError> {
        let fail = |reason| CpeError {
            name: name.chars().take(200).collect(),
            reason,
        };
        let name = name.trim();
        if name.len() > Self::LONGEST {
            return Err(fail("longer than 4096 bytes"));
        }
        if let Some(rest) = strip_prefix(name, "cpe:2.3:") {
            formatted::parse(rest).map_err(fail)
        } else if let Some(rest) = strip_prefix(name, "cpe:/") {
            uri::parse(rest).map_err(fail)
        } else {
            Err(fail("begins with neither cpe:2.3: nor cpe:/"))
        }
    }

    /// The attributes after `part`, in the order of the formatted string.
    #[must_use]
    pub fn values(&self) -> [&Value; 10] {
        [
            &self.vendor,
            &self.product,
            &self.version,
            &self.update,
            &self.edition,
            &self.language,
            &self.sw_edition,
            &self.target_sw,
            &self.target_hw,
            &self.other,
        ]
    }

    fn from_values(part: Part, values: [Value; 10]) -> Self {
        let [
            vendor,
            product,
            version,
            update,
            edition,
            language,
            sw_edition,
            target_sw,
            target_hw,
            other,
        ] = values;
        Self {
            part,
            vendor: lowered(vendor),
            product: lowered(product),
            version,
            update,
            edition: lowered(edition),
            language: lowered(language),
            sw_edition: lowered(sw_edition),
            target_sw: lowered(target_sw),
            target_hw: lowered(target_hw),
            other: lowered(other),
        }
    }
}

impl FromStr for Cpe {
    type Err = CpeError;

    fn from_str(name: &str) -> Result<Self, CpeError> {
        Self::parse(name)
    }
}

/// The formatted string.
impl fmt::Display for Cpe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatted::write(self, f)
    }
}

impl Part {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "a" | "A" => Some(Self::Application),
            "o" | "O" => Some(Self::OperatingSystem),
            "h" | "H" => Some(Self::Hardware),
            "*" | "" => Some(Self::Any),
            _ => None,
        }
    }

    /// `a`, `o`, `h`, `*`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Application => "a",
            Self::OperatingSystem => "o",
            Self::Hardware => "h",
            Self::Any => "*",
        }
    }
}

fn lowered(value: Value) -> Value {
    match value {
        Value::Text(mut text) => {
            text.make_ascii_lowercase();
            Value::Text(text)
        }
        other => other,
    }
}

fn strip_prefix<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = name.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

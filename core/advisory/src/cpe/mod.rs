//! CPE names: the formatted string of 2.3, the URI of 2.2, and the well-formed name.
//!
//! A [`Cpe`] is a well-formed name. [`Cpe::parse`] reads any form, `Display` writes the formatted
//! string, [`Cpe::to_uri`] and [`Cpe::to_wfn`] the others; [`Cpe::relation`] matches names.
//!
//! Source: NISTIR 7695 (naming), sections 5 and 6; NISTIR 7696 (matching).

mod formatted;
mod relation;
mod uri;
mod wfn;

pub use relation::Relation;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A well-formed name with unescaped attribute values. Its serde form is the formatted string.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// Application.
    Application,
    /// Operating system.
    OperatingSystem,
    /// Hardware.
    Hardware,
    /// Any (`*`).
    Any,
}

/// An attribute value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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

    /// Reads a formatted string (`cpe:2.3:a:…`), a URI (`cpe:/a:…`), or the unbound form
    /// (`wfn:[part="a",…]`).
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
        } else if let Some(rest) = strip_prefix(name, "wfn:[") {
            let inside = rest
                .strip_suffix(']')
                .ok_or_else(|| fail("wfn without a closing bracket"))?;
            wfn::parse(inside).map_err(fail)
        } else {
            Err(fail("begins with none of cpe:2.3:, cpe:/, wfn:["))
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

    /// The URI of CPE 2.2, in which edition packs what 2.2 did not know.
    #[must_use]
    pub fn to_uri(&self) -> String {
        uri::format(self)
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

impl Serialize for Cpe {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cpe {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&name).map_err(serde::de::Error::custom)
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

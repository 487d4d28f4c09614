//! Catalogues in formats of their own, rendered as JSON.
//!
//! One document gives one record, except Mozilla's, which give one for each vulnerability they
//! list. Where a catalogue has no ids, one is made from what names the entry, so that reading it
//! again gives the same id.
//!
//! | format | source |
//! | --- | --- |
//! | [`Format::FriendsOfPhp`] | <https://github.com/FriendsOfPHP/security-advisories>, YAML |
//! | [`Format::RubySec`] | <https://github.com/rubysec/ruby-advisory-db>, YAML |
//! | [`Format::RustSec`] | <https://github.com/RustSec/advisory-db>, TOML, text as `body` |
//! | [`Format::Mozilla`] | <https://github.com/mozilla/foundation-security-advisories>, YAML |
//! | [`Format::NodeCore`] | <https://github.com/nodejs/security-wg>, `vuln/core`, JSON |
//! | [`Format::Haskell`] | <https://github.com/haskell/security-advisories>, TOML, text as `body` |
//! | [`Format::Trickest`] | <https://github.com/trickest/cve>, one line for each CVE; lossy |

mod haskell;
mod mozilla;
mod node;
mod php;
mod requirement;
mod ruby;
mod rustsec;
mod trickest;

use crate::error::{Error, Place};
use crate::json::{FromJson, Text, from_text, object};
use crate::limits::Limits;
use crate::model::Record;
use crate::osv;
use crate::reading::{Reading, Warnings};

/// A catalogue's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// PHP packages (Packagist).
    FriendsOfPhp,
    /// Ruby gems and engines.
    RubySec,
    /// Rust crates.
    RustSec,
    /// Mozilla Foundation security advisories.
    Mozilla,
    /// Node.js itself.
    NodeCore,
    /// Haskell packages and GHC.
    Haskell,
    /// Product and version text of every CVE; lossy.
    Trickest,
}

impl Format {
    /// The format of a repository (`rubysec/ruby-advisory-db`); `None` where it is OSV or unknown.
    #[must_use]
    pub fn of_repository(name: &str) -> Option<Self> {
        match name {
            "FriendsOfPHP/security-advisories" => Some(Self::FriendsOfPhp),
            "rubysec/ruby-advisory-db" => Some(Self::RubySec),
            "RustSec/advisory-db" => Some(Self::RustSec),
            "mozilla/foundation-security-advisories" => Some(Self::Mozilla),
            "nodejs/security-wg core" => Some(Self::NodeCore),
            "haskell/security-advisories" => Some(Self::Haskell),
            "trickest/cve" => Some(Self::Trickest),
            _ => None,
        }
    }

    /// What stands in [`Record::publisher`].
    #[must_use]
    pub fn publisher(self) -> &'static str {
        match self {
            Self::FriendsOfPhp => "FriendsOfPHP",
            Self::RubySec => "rubysec",
            Self::RustSec => "RustSec",
            Self::Mozilla => "mozilla",
            Self::NodeCore => "nodejs",
            Self::Haskell => "haskell",
            Self::Trickest => "trickest",
        }
    }
}

/// Reads one document.
///
/// # Errors
/// When the bytes break a limit, are not a JSON object, or name nothing that could be affected.
pub fn read(format: Format, bytes: &[u8], limits: &Limits) -> Result<Vec<Reading>, Error> {
    let text = limits.record(bytes)?;
    match format {
        Format::FriendsOfPhp => one(text, limits, php::convert),
        Format::RubySec => one(text, limits, ruby::convert),
        Format::RustSec => one(text, limits, rustsec::convert),
        Format::NodeCore => one(text, limits, node::convert),
        Format::Haskell => one(text, limits, haskell::convert),
        Format::Trickest => one(text, limits, trickest::convert),
        Format::Mozilla => mozilla::read(text, limits),
    }
}

object! {
    /// The mark that a collection of several catalogues puts on each line.
    pub struct Marked {
        /// Repository of the catalogue.
        pub source: Option<Text<'de>> = "_src",
    }
}

/// Reads a line of a collection: `_src` says which repository it is from; what is in none of
/// this module's formats is OSV.
///
/// # Errors
/// As [`read`] and [`osv::read`].
pub fn read_marked(bytes: &[u8], limits: &Limits) -> Result<Vec<Reading>, Error> {
    let text = limits.record(bytes)?;
    let (marked, _) = from_text::<Marked<'_>>(text, limits)?;
    let source = marked.source.as_deref();
    match source.and_then(Format::of_repository) {
        Some(format) => read(format, bytes, limits),
        None => osv::read(bytes, source, limits).map(|reading| vec![reading]),
    }
}

fn one<'a, T: FromJson<'a>>(
    text: &'a str,
    limits: &Limits,
    convert: fn(&T, &mut Warnings) -> Result<Record, String>,
) -> Result<Vec<Reading>, Error> {
    let (document, mut warnings) = from_text::<T>(text, limits)?;
    match convert(&document, &mut warnings) {
        Ok(record) => Ok(vec![Reading {
            record,
            warnings: warnings.finish(),
        }]),
        Err(reason) => Err(Error::NotARecord {
            at: Place::default(),
            reason,
        }),
    }
}

/// An id for an entry whose catalogue gives none: its CVE id, else a digest of what names it.
fn made_id(prefix: &str, name: &str, cve: Option<&str>, naming: &[&str]) -> String {
    let name: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '.' || c == '_' {
                c
            } else {
                '-'
            }
        })
        .collect();
    match cve {
        Some(cve) => format!("{prefix}-{name}-{cve}"),
        None => format!("{prefix}-{name}-{:016x}", digest(naming)),
    }
}

/// FNV-1a, 64 bit: stable across builds and machines, which the standard hasher is not.
fn digest(parts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash
}

fn text(field: &Option<Text<'_>>) -> Option<String> {
    field
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// Title and text of a Markdown document: the first heading, and all of it.
fn titled(body: &str) -> (Option<String>, String) {
    let title = body.lines().find_map(|line| line.strip_prefix("# "));
    (
        title.map(|title| title.trim().to_owned()),
        body.trim().to_owned(),
    )
}

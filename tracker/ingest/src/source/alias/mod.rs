//! Names and identifiers that other projects tied together, as facts with their source and
//! licence. The matcher weighs them; nothing here decides.

mod cve_bin_tool;
mod purl2cpe;
mod repology;

use crate::source::Kind;

/// `left` and `right` mean the same software, says a source.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fact {
    /// What kind of names they are.
    pub relation: Relation,
    /// As `relation` says.
    pub left: String,
    /// As `relation` says.
    pub right: String,
}

/// What the two sides of a [`Fact`] are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Relation {
    /// Package URL without version (`pkg:github/a/b`) and CPE prefix (`cpe:2.3:a:vendor:product`).
    PurlCpe,
    /// A package name as some repository has it, and the name of its project.
    NameProject,
    /// A plain name and a CPE prefix (`cpe:2.3:a:vendor:product`).
    NameCpe,
}

impl Relation {
    /// The word for it in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PurlCpe => "purl-cpe",
            Self::NameProject => "name-project",
            Self::NameCpe => "name-cpe",
        }
    }
}

/// Where facts come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The project.
    pub source: &'static str,
    /// SPDX id of its licence. A user who hands facts on must keep to it.
    pub licence: &'static str,
}

/// Where the facts of a kind come from; `None` for kinds that are not aliases.
#[must_use]
pub fn origin(kind: Kind) -> Option<Origin> {
    let (source, licence) = match kind {
        Kind::Purl2Cpe => ("purl2cpe", "MIT"),
        Kind::Repology => ("repology-rules", "GPL-3.0-only"),
        Kind::CveBinTool => ("cve-bin-tool", "GPL-3.0-or-later"),
        _ => return None,
    };
    Some(Origin { source, licence })
}

/// The facts in one record; often none.
///
/// # Errors
/// What is wrong with the record.
pub fn facts(kind: Kind, raw: &[u8]) -> Result<Vec<Fact>, String> {
    match kind {
        Kind::Purl2Cpe => purl2cpe::facts(raw),
        Kind::Repology => repology::facts(raw),
        Kind::CveBinTool => cve_bin_tool::facts(raw),
        _ => Err(format!("{kind} holds no aliases")),
    }
}

//! The one model that every advisory format becomes.
//!
//! A [`Record`] is what *one source* says about one vulnerability (a CVE record, an NVD entry, an
//! OSV entry). An [`Advisory`] is all records about the same vulnerability, keyed by its CVE id
//! where one exists. Nothing is merged away: each statement keeps its source and its place in
//! the source's JSON, so that a verdict can point at it.

use serde::{Deserialize, Serialize};

use crate::cpe::Cpe;
use crate::purl::Purl;

/// All records about one vulnerability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Advisory {
    /// The CVE id where there is one, else the id of the first record (`GHSA-…`, `OSV-…`).
    pub id: String,
    /// What each source says, in a fixed order (CVE list, NVD, then others by id).
    pub records: Vec<Record>,
    /// The entry in CISA's catalogue of exploited vulnerabilities, where there is one.
    pub kev: Option<Kev>,
    /// FIRST's exploit prediction, where there is one.
    pub epss: Option<Epss>,
}

/// Where a record came from. The order is the order of trust for titles and descriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The CVE list, CVE Record Format 5.x.
    CveList,
    /// The NVD (API 2.0 or feeds 2.0), or data in its shape.
    Nvd,
    /// OSV, any ecosystem.
    Osv,
    /// A catalogue in a format of its own (Mozilla, RustSec TOML, Ruby, …).
    Vendor,
}

/// Life cycle of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// In force.
    Published,
    /// Rejected by the CNA (CVE), or `vulnStatus: Rejected` (NVD).
    Rejected,
    /// Withdrawn (OSV).
    Withdrawn,
}

/// What one source says about one vulnerability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The source's own id.
    pub id: String,
    /// Where it came from.
    pub source: Source,
    /// The database inside the source: assigner short name (CVE), `bitnami`, `pypa`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// Life cycle.
    pub state: State,
    /// The source's own word for how far it has come, where it has one: NVD `vulnStatus`
    /// (`Awaiting Analysis`, `Analyzed`, …), `informational` of RustSec.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_status: Option<String>,
    /// Other ids of the *same* vulnerability (OSV `aliases`; never `related`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Ids of other, related vulnerabilities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<String>,
    /// One line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// English text, plain or markdown. Hostile: escape it where it is shown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Milliseconds since the Unix epoch, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<i64>,
    /// Milliseconds since the Unix epoch, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<i64>,
    /// `exclusively-hosted-service`, `disputed`, `unsupported-when-assigned`, and others as given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// CVSS vectors and scores.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub severities: Vec<Severity>,
    /// CISA's stakeholder-specific decision points, where given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssvc: Option<Ssvc>,
    /// Date (`YYYY-MM-DD`) CISA's container says it was added to KEV.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kev_date: Option<String>,
    /// `CWE-79`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weaknesses: Vec<String>,
    /// Links with their tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// Products and packages with their versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub affected: Vec<Affected>,
    /// CPE applicability (CVE `cpeApplicability`, NVD `configurations`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub configurations: Vec<Configuration>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workarounds: Vec<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub solutions: Vec<String>,
    /// Who found, reported, fixed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credits: Vec<Credit>,
    /// What happened when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<TimelineEntry>,
    /// For a rejected record: why, and by what it is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<Rejection>,
}

impl Record {
    /// An empty record, in force.
    #[must_use]
    pub fn new(id: impl Into<String>, source: Source) -> Self {
        Self {
            id: id.into(),
            source,
            publisher: None,
            state: State::Published,
            source_status: None,
            aliases: Vec::new(),
            related: Vec::new(),
            title: None,
            description: String::new(),
            published: None,
            modified: None,
            tags: Vec::new(),
            severities: Vec::new(),
            ssvc: None,
            kev_date: None,
            weaknesses: Vec::new(),
            references: Vec::new(),
            affected: Vec::new(),
            configurations: Vec::new(),
            workarounds: Vec::new(),
            solutions: Vec::new(),
            credits: Vec::new(),
            timeline: Vec::new(),
            rejected: None,
        }
    }
}

/// One CVSS statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Severity {
    /// Who scored it: `cna`, an ADP's short name, `nvd`, `osv`.
    pub by: String,
    /// `2.0`, `3.0`, `3.1`, `4.0`.
    pub version: String,
    /// As given.
    pub vector: String,
    /// Base score 0.0..=10.0, computed from the vector where that is valid, else as given.
    pub score: Option<f64>,
}

/// SSVC decision points (CISA coordinator tree).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ssvc {
    /// `none`, `poc`, `active`.
    pub exploitation: Option<String>,
    /// `yes`, `no`.
    pub automatable: Option<String>,
    /// `partial`, `total`.
    pub technical_impact: Option<String>,
    /// RFC 3339, as given.
    pub timestamp: Option<String>,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// As given; may be anything. Only `http` and `https` may be made clickable.
    pub url: String,
    /// `patch`, `vendor-advisory`, `exploit` … (CVE tags; OSV types in lower case).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Name, where given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A credit line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// The name or text.
    pub value: String,
    /// `finder`, `reporter`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// A timeline line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// RFC 3339, as given.
    pub time: String,
    /// The text.
    pub value: String,
}

/// Why a record was rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// Text of the reason.
    pub reason: String,
    /// Ids that replace it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced_by: Vec<String>,
}

/// One product or package in a record, with its versions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Affected {
    /// Who says so: `cna`, an ADP's short name, `osv`.
    pub by: String,
    /// JSON pointer into the source document, e.g. `/containers/cna/affected/0`.
    pub pointer: String,
    /// Vendor as given, `n/a` and the like dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Product as given, `n/a` and the like dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// CVE `packageName`, OSV `package.name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package_name: Option<String>,
    /// CVE `collectionURL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collection_url: Option<String>,
    /// OSV ecosystem (`PyPI`, `crates.io`, `Go`, `npm`, `Bitnami`, `OSS-Fuzz`, …).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecosystem: Option<String>,
    /// CVE `packageURL`, OSV `package.purl`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<Purl>,
    /// Source repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    /// CVE `modules`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<String>,
    /// CVE `programFiles`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub program_files: Vec<String>,
    /// CVE `programRoutines[].name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub program_routines: Vec<String>,
    /// CVE `platforms`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<String>,
    /// CVE `cpes`, those that parse.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cpes: Vec<Cpe>,
    /// Which versions.
    pub versions: Versions,
}

/// Which versions a product is affected in, in the source's own semantics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "semantics", rename_all = "kebab-case")]
pub enum Versions {
    /// CVE Record Format 5.x, `docs/versions.md` of the schema.
    Cve {
        /// `defaultStatus`; `unknown` where absent.
        default: Status,
        /// In the order given.
        entries: Vec<CveVersion>,
    },
    /// OSV schema, `affected[].ranges` and `affected[].versions`.
    Osv {
        /// Ranges.
        ranges: Vec<OsvRange>,
        /// Enumerated affected versions.
        versions: Vec<String>,
    },
}

impl Default for Versions {
    fn default() -> Self {
        Self::Cve {
            default: Status::Unknown,
            entries: Vec::new(),
        }
    }
}

/// A status of the CVE schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The version is affected.
    Affected,
    /// The version is not affected.
    Unaffected,
    /// Nobody has said.
    Unknown,
}

/// One entry of CVE `versions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CveVersion {
    /// Lower bound (inclusive), or the only version where no upper bound is given.
    pub version: String,
    /// Status inside the range.
    pub status: Status,
    /// Exclusive upper bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub less_than: Option<String>,
    /// Inclusive upper bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub less_than_or_equal: Option<String>,
    /// `semver`, `custom`, `git`, `maven`, `python`, `rpm`, `original_commit_for_fix`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_type: Option<String>,
    /// Status changes inside the range.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// A status change at a version (CVE `changes`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// From this version on.
    pub at: String,
    /// The new status.
    pub status: Status,
}

/// One range of an OSV entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OsvRange {
    /// `SEMVER`, `ECOSYSTEM`, `GIT`; `CUSTOM` for those that stand elsewhere in the entry.
    pub kind: OsvRangeKind,
    /// Repository, for `GIT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    /// Events in the order given.
    pub events: Vec<OsvEvent>,
}

/// Kind of an OSV range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum OsvRangeKind {
    /// SemVer 2.0 order.
    Semver,
    /// The ecosystem's own order.
    Ecosystem,
    /// Commit graph.
    Git,
    /// The software's own numbers, which Go's order of modules does not see: `custom_ranges` of Go's database. Where
    /// there are such, the other ranges of the entry speak of modules only.
    Custom,
}

/// An event of an OSV range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OsvEvent {
    /// Affected from here on; `0` means from the beginning.
    Introduced(String),
    /// Not affected from here on.
    Fixed(String),
    /// Affected up to and including.
    LastAffected(String),
    /// Upper limit of the range.
    Limit(String),
}

/// One CPE applicability statement: nodes joined by `operator`.
///
/// Source: NVD API 2.0 schema `configurations[]`; CVE schema 5.1 `cpeApplicability[]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Configuration {
    /// Who says so: `nvd`, `cna`, an ADP's short name.
    pub by: String,
    /// JSON pointer into the source document.
    pub pointer: String,
    /// How the nodes are joined; `Or` where absent.
    pub operator: Operator,
    /// Whether the whole is negated.
    #[serde(default)]
    pub negate: bool,
    /// The nodes.
    pub nodes: Vec<Node>,
}

/// A node: CPE matches joined by `operator`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// How the matches are joined.
    pub operator: Operator,
    /// Whether the node is negated.
    #[serde(default)]
    pub negate: bool,
    /// The matches.
    pub matches: Vec<CpeMatch>,
}

/// How parts of an applicability statement are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Operator {
    /// All of them.
    And,
    /// Any of them.
    Or,
}

/// A CPE match with version bounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CpeMatch {
    /// Whether this is the vulnerable thing (false: the thing it runs on or with).
    pub vulnerable: bool,
    /// The match string.
    pub criteria: Cpe,
    /// `versionStartIncluding`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_including: Option<String>,
    /// `versionStartExcluding`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_excluding: Option<String>,
    /// `versionEndIncluding`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_including: Option<String>,
    /// `versionEndExcluding`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_excluding: Option<String>,
}

/// An entry in CISA's Known Exploited Vulnerabilities catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kev {
    /// `YYYY-MM-DD`.
    pub date_added: String,
    /// `YYYY-MM-DD`.
    pub due_date: Option<String>,
    /// `vendorProject`.
    pub vendor: String,
    /// `product`.
    pub product: String,
    /// `vulnerabilityName`.
    pub name: String,
    /// `knownRansomwareCampaignUse == "Known"`.
    pub ransomware: bool,
}

/// FIRST's exploit prediction score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Epss {
    /// Probability 0.0..=1.0 of exploitation within 30 days.
    pub score: f64,
    /// Percentile 0.0..=1.0.
    pub percentile: f64,
}

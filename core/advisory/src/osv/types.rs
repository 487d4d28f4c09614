//! The OSV schema, 1.6 and later.
//!
//! Source: <https://ossf.github.io/osv-schema/>.

use crate::json::{RawOption, Text, object};

object! {
    /// An OSV entry.
    pub struct Entry {
        /// `1.6.0` …
        pub schema_version: Option<Text<'de>> = "schema_version",
        /// `GHSA-…`, `PYSEC-…`.
        pub id: Option<Text<'de>> = "id",
        /// When it changed last.
        pub modified: Option<Text<'de>> = "modified",
        /// When it was published.
        pub published: Option<Text<'de>> = "published",
        /// When it was withdrawn.
        pub withdrawn: Option<Text<'de>> = "withdrawn",
        /// Ids of the same vulnerability.
        pub aliases: Vec<Text<'de>> = "aliases",
        /// Ids of related vulnerabilities.
        pub related: Vec<Text<'de>> = "related",
        /// Ids of the vulnerabilities this one comes from (since 1.7).
        pub upstream: Vec<Text<'de>> = "upstream",
        /// One line.
        pub summary: Option<Text<'de>> = "summary",
        /// Markdown.
        pub details: Option<Text<'de>> = "details",
        /// CVSS vectors and others.
        pub severity: Vec<SeverityJson<'de>> = "severity",
        /// Packages and versions.
        pub affected: Vec<AffectedJson<'de>> = "affected",
        /// Links.
        pub references: Vec<ReferenceJson<'de>> = "references",
        /// Who found it.
        pub credits: Vec<CreditJson<'de>> = "credits",
        /// Free form.
        pub database_specific: Option<DatabaseSpecific<'de>> = "database_specific",
    }
}

object! {
    /// `database_specific`, with the fields that several databases share.
    pub struct DatabaseSpecific {
        /// CPE names (Bitnami).
        pub cpes: Vec<Text<'de>> = "cpes",
        /// `CWE-79` (GitHub, PSF).
        pub cwe_ids: Vec<Text<'de>> = "cwe_ids",
        /// `REVIEWED` (Go).
        pub review_status: Option<Text<'de>> = "review_status",
        /// `MODERATE`.
        pub severity: Option<Text<'de>> = "severity",
    }
}

object! {
    /// An entry of `severity`.
    pub struct SeverityJson {
        /// `CVSS_V2`, `CVSS_V3`, `CVSS_V4`, `Ubuntu`.
        pub kind: Option<Text<'de>> = "type",
        /// The vector.
        pub score: Option<Text<'de>> = "score",
        /// Who scored (since 1.8).
        pub source: Option<Text<'de>> = "source",
    }
}

object! {
    /// An entry of `affected`.
    pub struct AffectedJson {
        /// The package.
        pub package: PackageJson<'de> = "package",
        /// Of this package alone.
        pub severity: Vec<SeverityJson<'de>> = "severity",
        /// Ranges.
        pub ranges: Vec<RangeJson<'de>> = "ranges",
        /// Enumerated versions.
        pub versions: Vec<Text<'de>> = "versions",
        /// Free form; imports and symbols of Go.
        pub ecosystem_specific: Option<EcosystemSpecific<'de>> = "ecosystem_specific",
        /// Free form.
        pub database_specific: RawOption<'de> = "database_specific",
    }
}

object! {
    /// `ecosystem_specific`, with the fields that Go writes.
    pub struct EcosystemSpecific {
        /// Packages and symbols.
        pub imports: Vec<ImportJson<'de>> = "imports",
        /// Ranges in the software's own numbers, where Go does not see these.
        pub custom_ranges: Vec<RangeJson<'de>> = "custom_ranges",
    }
}

object! {
    /// A Go package of a module.
    pub struct ImportJson {
        /// Import path.
        pub path: Option<Text<'de>> = "path",
        /// Functions and methods.
        pub symbols: Vec<Text<'de>> = "symbols",
        /// Operating systems.
        pub goos: Vec<Text<'de>> = "goos",
        /// Architectures.
        pub goarch: Vec<Text<'de>> = "goarch",
    }
}

object! {
    /// `package`.
    pub struct PackageJson {
        /// `PyPI`, `Go`, `Debian:12` …
        pub ecosystem: Option<Text<'de>> = "ecosystem",
        /// Name in the ecosystem.
        pub name: Option<Text<'de>> = "name",
        /// Package URL.
        pub purl: Option<Text<'de>> = "purl",
    }
}

object! {
    /// An entry of `ranges`.
    pub struct RangeJson {
        /// `SEMVER`, `ECOSYSTEM`, `GIT`.
        pub kind: Option<Text<'de>> = "type",
        /// Repository, for `GIT`.
        pub repo: Option<Text<'de>> = "repo",
        /// Events.
        pub events: Vec<EventJson<'de>> = "events",
        /// Free form.
        pub database_specific: RawOption<'de> = "database_specific",
    }
}

object! {
    /// An event; one field is set.
    pub struct EventJson {
        /// Affected from here on.
        pub introduced: Option<Text<'de>> = "introduced",
        /// Not affected from here on.
        pub fixed: Option<Text<'de>> = "fixed",
        /// Affected up to and including.
        pub last_affected: Option<Text<'de>> = "last_affected",
        /// Upper limit.
        pub limit: Option<Text<'de>> = "limit",
    }
}

object! {
    /// An entry of `references`.
    pub struct ReferenceJson {
        /// `FIX`, `ADVISORY` …
        pub kind: Option<Text<'de>> = "type",
        /// The link.
        pub url: Option<Text<'de>> = "url",
    }
}

object! {
    /// An entry of `credits`.
    pub struct CreditJson {
        /// Who.
        pub name: Option<Text<'de>> = "name",
        /// URLs.
        pub contact: Vec<Text<'de>> = "contact",
        /// `FINDER` …
        pub kind: Option<Text<'de>> = "type",
    }
}

//! The NVD's CVE API 2.0, which the 2.0 feeds share, and the override files in its shape.
//!
//! Source: <https://csrc.nist.gov/schema/nvd/api/2.0/cve_api_json_2.0.schema>.

use crate::cve5::CpeApplicability;
use crate::json::{RawOption, Text, object};

object! {
    /// A page of the API or a feed file.
    pub struct Page {
        /// `NVD_CVE`.
        pub format: Option<Text<'de>> = "format",
        /// `2.0`.
        pub version: Option<Text<'de>> = "version",
        /// When the page was made.
        pub timestamp: Option<Text<'de>> = "timestamp",
        /// Entries on this page.
        pub results_per_page: Option<f64> = "resultsPerPage",
        /// Index of the first.
        pub start_index: Option<f64> = "startIndex",
        /// Entries of all pages.
        pub total_results: Option<f64> = "totalResults",
        /// The entries, `{"cve": {…}}` each.
        pub vulnerabilities: Vec<RawOption<'de>> = "vulnerabilities",
    }
}

object! {
    /// An entry of `vulnerabilities`.
    pub struct Wrapped {
        /// The item.
        pub cve: Option<Box<Item<'de>>> = "cve",
    }
}

object! {
    /// A CVE as the NVD tells it. The fields `cna`, `description` and `reason` are those of
    /// override files, which use this shape with a single description and bare links.
    pub struct Item {
        /// `CVE-2024-3094`.
        pub id: Option<Text<'de>> = "id",
        /// Who sent it.
        pub source_identifier: Option<Text<'de>> = "sourceIdentifier",
        /// When it was published.
        pub published: Option<Text<'de>> = "published",
        /// When the NVD changed it last.
        pub last_modified: Option<Text<'de>> = "lastModified",
        /// `Received`, `Awaiting Analysis`, `Analyzed`, `Modified`, `Deferred`, `Rejected` …
        pub vuln_status: Option<Text<'de>> = "vulnStatus",
        /// `disputed` … by source.
        pub cve_tags: Vec<CveTag<'de>> = "cveTags",
        /// In several languages.
        pub descriptions: Vec<LangString<'de>> = "descriptions",
        /// CVSS of several versions.
        pub metrics: Metrics<'de> = "metrics",
        /// CWE.
        pub weaknesses: Vec<Weakness<'de>> = "weaknesses",
        /// CPE applicability.
        pub configurations: Vec<CpeApplicability<'de>> = "configurations",
        /// Links; bare texts in override files.
        pub references: Vec<Link<'de>> = "references",
        /// What vendors say.
        pub vendor_comments: RawOption<'de> = "vendorComments",
        /// A note, mostly `** DISPUTED **` and the like.
        pub evaluator_comment: Option<Text<'de>> = "evaluatorComment",
        /// How to mend it.
        pub evaluator_solution: Option<Text<'de>> = "evaluatorSolution",
        /// What it means.
        pub evaluator_impact: Option<Text<'de>> = "evaluatorImpact",
        /// KEV: when it was added.
        pub cisa_exploit_add: Option<Text<'de>> = "cisaExploitAdd",
        /// KEV: when it is due.
        pub cisa_action_due: Option<Text<'de>> = "cisaActionDue",
        /// KEV: what to do.
        pub cisa_required_action: Option<Text<'de>> = "cisaRequiredAction",
        /// KEV: its name.
        pub cisa_vulnerability_name: Option<Text<'de>> = "cisaVulnerabilityName",
        /// Override files: short name of the CNA.
        pub cna: Option<Text<'de>> = "cna",
        /// Override files: the description.
        pub description: Option<Text<'de>> = "description",
        /// Override files: when the override changed last.
        pub modified: Option<Text<'de>> = "modified",
        /// Override files: why the NVD's statement was replaced.
        pub reason: Option<Text<'de>> = "reason",
    }
}

object! {
    /// An entry of `cveTags`.
    pub struct CveTag {
        /// Who says so.
        pub source_identifier: Option<Text<'de>> = "sourceIdentifier",
        /// `disputed`, `unsupported-when-assigned`, `exclusively-hosted-service`.
        pub tags: Vec<Text<'de>> = "tags",
    }
}

object! {
    /// Text in one language.
    pub struct LangString {
        /// `en`.
        pub lang: Option<Text<'de>> = "lang",
        /// The text.
        pub value: Option<Text<'de>> = "value",
    }
}

object! {
    /// `metrics`.
    pub struct Metrics {
        /// CVSS 4.0.
        pub v40: Vec<CvssMetric<'de>> = "cvssMetricV40",
        /// CVSS 3.1.
        pub v31: Vec<CvssMetric<'de>> = "cvssMetricV31",
        /// CVSS 3.0.
        pub v30: Vec<CvssMetric<'de>> = "cvssMetricV30",
        /// CVSS 2.0.
        pub v2: Vec<CvssMetric<'de>> = "cvssMetricV2",
    }
}

object! {
    /// An entry of a metric.
    pub struct CvssMetric {
        /// Who scored: `nvd@nist.gov`, a CNA.
        pub source: Option<Text<'de>> = "source",
        /// `Primary` or `Secondary`.
        pub kind: Option<Text<'de>> = "type",
        /// The CVSS object.
        pub data: crate::cve5::Cvss<'de> = "cvssData",
    }
}

object! {
    /// An entry of `weaknesses`.
    pub struct Weakness {
        /// Who says so.
        pub source: Option<Text<'de>> = "source",
        /// `Primary` or `Secondary`.
        pub kind: Option<Text<'de>> = "type",
        /// `CWE-79`, `NVD-CWE-noinfo`.
        pub description: Vec<LangString<'de>> = "description",
    }
}

/// An entry of `references`: an object in the API, a bare URL in override files.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Link<'de> {
    /// The link.
    pub url: Option<Text<'de>>,
    /// Who gave it.
    pub source: Option<Text<'de>>,
    /// `Patch`, `Third Party Advisory` …
    pub tags: Vec<Text<'de>>,
}

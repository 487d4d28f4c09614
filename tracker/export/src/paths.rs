//! What the files of the exports are called, relative to [`crate::Provider::exports`].

use crate::issue::id::IssueId;
use crate::moment::Moment;

/// The OSV record of an issue.
#[must_use]
pub fn osv(id: IssueId) -> String {
    format!("osv/{id}.json")
}

/// All OSV records, one a line.
pub const OSV_ALL: &str = "osv/all.jsonl";

/// The OpenVEX document of an issue.
#[must_use]
pub fn openvex(id: IssueId) -> String {
    format!("openvex/{id}.json")
}

/// One OpenVEX document with the statements of all issues.
pub const OPENVEX_ALL: &str = "openvex/all.json";

/// The CycloneDX document of an issue.
#[must_use]
pub fn cyclonedx(id: IssueId) -> String {
    format!("cyclonedx/{id}.cdx.json")
}

/// One CycloneDX document with the vulnerabilities of all issues.
pub const CYCLONEDX_ALL: &str = "cyclonedx/all.cdx.json";

/// The folder of CSAF's distribution.
pub const CSAF: &str = "csaf";

/// The CSAF document of an issue: its id in lower case, in a folder named by the year of publication.
///
/// Source: CSAF 2.0, sections 5.1 and 7.1.11.
#[must_use]
pub fn csaf(id: IssueId, published: Moment) -> String {
    format!("{CSAF}/{}/{}", published.year(), csaf_file(id))
}

/// The file name of a CSAF document.
#[must_use]
pub fn csaf_file(id: IssueId) -> String {
    // Of an issue's id, lower case is the only difference that section 5.1 asks for.
    format!("{}.json", id.to_string().to_ascii_lowercase())
}

/// The feed of issues.
pub const ATOM: &str = "issues.atom";

/// Everything public, one record a line.
pub const JSON_LINES: &str = "everything.jsonl";

/// Digests of all files.
pub const DIGESTS: &str = "SHA256SUMS";

//! nodejs/security-wg, `vuln/core`: Node.js itself.

use super::requirement::{self, Bare};
use super::{Format, made_id, text};
use crate::cvss;
use crate::ids;
use crate::json::{Text, object};
use crate::model::{Affected, Record, Reference, Severity, Source, Status, Versions};
use crate::reading::{Warnings, quote};
use crate::time;

object! {
    /// An advisory.
    pub struct Document {
        /// Mark of a collection.
        pub marked: Option<Text<'de>> = "_src",
        /// CVE ids.
        pub cve: Vec<Text<'de>> = "cve",
        /// Release lines, `18.x || 20.x`.
        pub vulnerable: Option<Text<'de>> = "vulnerable",
        /// Requirements, `^18.18.2 || ^20.8.1`.
        pub patched: Option<Text<'de>> = "patched",
        /// Link.
        pub reference: Option<Text<'de>> = "ref",
        /// One line.
        pub description: Option<Text<'de>> = "description",
        /// Text.
        pub overview: Option<Text<'de>> = "overview",
        /// `all`, or systems.
        pub affected_environments: Vec<Text<'de>> = "affectedEnvironments",
        /// A word.
        pub severity: Option<Text<'de>> = "severity",
        /// Vector.
        pub cvss: Option<Text<'de>> = "cvss",
        /// When it was published.
        pub publish_date: Option<Text<'de>> = "publish_date",
    }
}

pub(super) fn convert(document: &Document<'_>, warnings: &mut Warnings) -> Result<Record, String> {
    let by = Format::NodeCore.publisher();
    let vulnerable = text(&document.vulnerable).ok_or("no vulnerable versions")?;
    let cves: Vec<String> = document
        .cve
        .iter()
        .map(|cve| cve.trim().to_uppercase())
        .filter(|cve| ids::is_cve(cve))
        .collect();
    let patched = document.patched.as_deref().unwrap_or_default();
    let naming = [
        vulnerable.as_str(),
        patched,
        document
            .overview
            .as_deref()
            .or(document.description.as_deref())
            .unwrap_or_default(),
    ];
    let own = (!cves.is_empty()).then(|| cves.join("-"));
    let mut record = Record::new(
        made_id("NODE", "core", own.as_deref(), &naming),
        Source::Vendor,
    );
    record.publisher = Some(by.to_owned());
    record.aliases = cves;
    record.title = text(&document.description);
    record.description = text(&document.overview).unwrap_or_default();
    record.published = document.publish_date.as_deref().and_then(time::millis);
    record.references = text(&document.reference)
        .map(|url| Reference {
            url,
            tags: vec!["vendor-advisory".to_owned()],
            name: None,
        })
        .into_iter()
        .collect();
    record.severities = text(&document.cvss)
        .map(|vector| Severity {
            by: by.to_owned(),
            version: "3.0".to_owned(),
            score: cvss::base_score(&vector),
            vector,
        })
        .into_iter()
        .collect();

    // Patched first: the first entry that matches decides, and a line holds both.
    let mut entries = Vec::new();
    for (field, list, status) in [
        ("patched", patched, Status::Unaffected),
        ("vulnerable", vulnerable.as_str(), Status::Affected),
    ] {
        for requirement in list
            .split("||")
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let joined = with_commas(requirement);
            match requirement::entry(&joined, status, "semver", Bare::Exact) {
                Some(entry) => entries.push(entry),
                None => warnings.push(
                    format!("/{field}"),
                    format!("not a range: {}", quote(requirement)),
                ),
            }
        }
    }
    let all = |environment: &&Text<'_>| !environment.eq_ignore_ascii_case("all");
    record.affected.push(Affected {
        by: by.to_owned(),
        pointer: "/vulnerable".to_owned(),
        vendor: Some("nodejs".to_owned()),
        product: Some("node.js".to_owned()),
        repo: Some("https://github.com/nodejs/node".to_owned()),
        platforms: document
            .affected_environments
            .iter()
            .filter(all)
            .map(Text::to_string)
            .collect(),
        versions: Versions::Cve {
            default: Status::Unknown,
            entries,
        },
        ..Affected::default()
    });
    Ok(record)
}

/// npm joins by white space (`>= 1.0.0 < 2.0.0`); a sign may stand apart from its version.
fn with_commas(requirement: &str) -> String {
    let mut joined = String::with_capacity(requirement.len() + 4);
    for token in requirement.split_whitespace() {
        let after_sign = joined.ends_with(['<', '>', '=', '^', '~']);
        if !joined.is_empty() && !after_sign {
            joined.push_str(", ");
        }
        joined.push_str(token);
    }
    joined
}

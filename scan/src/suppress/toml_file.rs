//! Suppressions in TOML.
//!
//! ```toml
//! [[suppress]]
//! package = "openssl"          # pname or attribute path
//! from = "3.0"                 # inclusive
//! before = "3.0.14"            # exclusive
//! advisories = ["CVE-2024-1"]
//! until = "2026-12-31"         # the last day
//! status = "not_affected"      # or "accepted", as without it
//! reason = "the feature is not built in"
//! url = "https://example.org/decision"
//! ```

use std::path::Path;

use jiff::civil::Date;
use serde::Deserialize;

use super::{Claim, SuppressError, Suppression};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    suppress: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    package: Option<String>,
    version: Option<String>,
    from: Option<String>,
    before: Option<String>,
    #[serde(default)]
    advisories: Vec<String>,
    until: Option<Date>,
    status: Option<Status>,
    reason: String,
    url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    NotAffected,
    Accepted,
}

/// Reads our own form.
///
/// # Errors
/// [`SuppressError::Form`] with line and column.
pub fn read(path: &Path, text: &str) -> Result<Vec<Suppression>, SuppressError> {
    let bad = |reason: String| SuppressError::Form {
        path: path.to_owned(),
        reason,
    };
    let file: File = toml::from_str(text).map_err(|error| bad(error.to_string()))?;
    file.suppress
        .into_iter()
        .enumerate()
        .map(|(number, rule)| {
            let place = number + 1;
            if rule.package.is_none() && rule.advisories.is_empty() {
                return Err(bad(format!(
                    "rule {place} names neither a package nor an advisory: it would set everything aside"
                )));
            }
            if rule.reason.trim().is_empty() {
                return Err(bad(format!("rule {place} gives no reason")));
            }
            Ok(Suppression {
                purl: None,
                package: rule.package,
                from: rule.from,
                before: rule.before,
                version: rule.version,
                advisories: rule.advisories,
                until: rule.until,
                reason: rule.reason,
                url: rule.url,
                origin: format!("{}, rule {place}", path.display()),
                claim: match rule.status {
                    Some(Status::NotAffected) => Claim::NotAffected,
                    Some(Status::Accepted) | None => Claim::Accepted,
                },
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_and_faults_named() {
        let rules = read(
            Path::new("s.toml"),
            "[[suppress]]\npackage = \"a\"\nreason = \"r\"\nuntil = \"2026-12-31\"\n",
        )
        .unwrap();
        assert_eq!(rules[0].package.as_deref(), Some("a"));
        for (text, told) in [
            ("[[suppress]]\nreason = \"r\"\n", "neither a package"),
            (
                "[[suppress]]\npackage = \"a\"\nreason = \" \"\n",
                "no reason",
            ),
            ("[[suppress]]\npackage = \"a\"\n", "reason"),
            ("[[suppress]]\npackge = \"a\"\nreason = \"r\"\n", "packge"),
            (
                "[[suppress]]\npackage = \"a\"\nreason = \"r\"\nuntil = \"soon\"\n",
                "line 4",
            ),
        ] {
            let error = read(Path::new("s.toml"), text).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}

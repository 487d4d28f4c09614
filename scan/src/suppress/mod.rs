//! Findings that somebody has looked at and set aside, for a while and with a reason.

mod import;
mod toml_file;

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use rustc_hash::FxHashMap;
use snowguard_advisory_file::Ruling;
use snowguard_nix_formats::compare_versions;
use thiserror::Error;

use crate::identify::Identified;

pub use import::read as import;
pub use toml_file::read;

/// Why a file of suppressions cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SuppressError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not in the form it should have.
    #[error("{}: {reason}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
}

/// One rule. It holds for a finding that each of its conditions fits; a rule without any
/// condition is refused on reading.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Suppression {
    /// `pname`, or attribute path.
    pub package: Option<String>,
    /// Package URL. Software that Nixpkgs calls so fits whatever its name and version are in Nix: the
    /// version in a URL of a repository is a tag.
    pub purl: Option<String>,
    /// Lower bound of the version, inclusive.
    pub from: Option<String>,
    /// Upper bound of the version, exclusive.
    pub before: Option<String>,
    /// The one version.
    pub version: Option<String>,
    /// Advisory ids; empty for all.
    pub advisories: Vec<String>,
    /// The last day on which it holds.
    pub until: Option<Date>,
    /// Why.
    pub reason: String,
    /// Where it is discussed.
    pub url: Option<String>,
    /// File and place, for people.
    pub origin: String,
    /// What it says of the software.
    pub claim: Claim,
}

/// What a rule says of the software for which it sets a finding aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Claim {
    /// Nothing: it is looked at no more. It may well be affected.
    #[default]
    Accepted,
    /// It is not affected. Only who says so is quoted so to others.
    NotAffected,
}

/// What a rule is held against.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// `pname`.
    pub pname: &'a str,
    /// Attribute path.
    pub attr: &'a str,
    /// Version.
    pub version: &'a str,
    /// Package URLs that Nixpkgs gives it.
    pub purls: &'a [String],
    /// The advisory's ids, aliases included.
    pub ids: &'a [&'a str],
}

impl<'a> Subject<'a> {
    /// A piece of software, and an advisory under all its ids.
    #[must_use]
    pub fn of(software: &'a Identified, ids: &'a [&'a str]) -> Self {
        Self {
            pname: &software.software.pname,
            attr: &software.package.attr,
            version: &software.software.version,
            purls: &software.package.purls,
            ids,
        }
    }
}

impl Suppression {
    /// Whether the conditions fit, whatever the date.
    #[must_use]
    pub fn fits(&self, subject: &Subject<'_>) -> bool {
        let name = self
            .package
            .as_deref()
            .is_none_or(|package| package == subject.pname || package == subject.attr);
        let compare = |bound: &str| compare_versions(subject.version, bound);
        let version = self.version.as_deref().is_none_or(|v| v == subject.version);
        let purl = self.purl.as_ref();
        (purl.is_some_and(|purl| subject.purls.contains(purl)) || name && version)
            && self
                .from
                .as_deref()
                .is_none_or(|from| compare(from).is_ge())
            && self
                .before
                .as_deref()
                .is_none_or(|before| compare(before).is_lt())
            && (self.advisories.is_empty()
                || self
                    .advisories
                    .iter()
                    .any(|id| subject.ids.contains(&id.as_str())))
    }

    /// Whether it no longer holds on a day.
    #[must_use]
    pub fn is_expired(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }
}

/// All rules of a scan.
#[derive(Debug, Default)]
pub struct Suppressions {
    /// In the order read.
    rules: Vec<Suppression>,
    /// The rules that name each advisory. A tracker's file brings thousands of decisions, and each
    /// finding asks.
    by_advisory: FxHashMap<String, Vec<usize>>,
    /// Those that name none.
    of_any: Vec<usize>,
}

/// What the rules say of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision<'a> {
    /// None fits.
    Stands,
    /// One fits and holds.
    SetAside(&'a Suppression),
    /// One fits, and its time is over.
    Expired(&'a Suppression),
}

impl Suppressions {
    /// Reads a file of our own form or one that can be imported, by its content.
    ///
    /// # Errors
    /// Each of [`SuppressError`].
    pub fn add_file(&mut self, path: &Path) -> Result<(), SuppressError> {
        let text = std::fs::read_to_string(path).map_err(|source| SuppressError::Read {
            path: path.to_owned(),
            source,
        })?;
        for rule in import(path, &text)? {
            self.push(rule);
        }
        Ok(())
    }

    /// Takes in what the advisory file says that people decided.
    ///
    /// # Errors
    /// [`SuppressError::Form`] for a day that is none, and for a ruling that names nothing: it would
    /// set everything aside.
    pub fn add_ruling(&mut self, ruling: Ruling) -> Result<(), SuppressError> {
        let kind = if ruling.is_rule { "rule" } else { "decision" };
        let origin = format!("{kind} of {}", ruling.by);
        let bad = |reason: String| SuppressError::Form {
            path: PathBuf::from(&origin),
            reason,
        };
        if ruling.package.is_none() && ruling.advisories.is_empty() {
            return Err(bad("it names neither a package nor an advisory".to_owned()));
        }
        let until: Option<Date> = ruling
            .until
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|error: jiff::Error| bad(error.to_string()))?;
        self.push(Suppression {
            package: ruling.package,
            from: ruling.from,
            before: ruling.before,
            version: None,
            purl: None,
            advisories: ruling.advisories,
            until,
            reason: ruling.reason,
            url: ruling.url,
            origin,
            claim: if ruling.is_accepted {
                Claim::Accepted
            } else {
                Claim::NotAffected
            },
        });
        Ok(())
    }

    /// Adds a rule behind the others.
    pub fn push(&mut self, rule: Suppression) {
        let place = self.rules.len();
        if rule.advisories.is_empty() {
            self.of_any.push(place);
        }
        for id in &rule.advisories {
            self.by_advisory.entry(id.clone()).or_default().push(place);
        }
        self.rules.push(rule);
    }

    /// What the rules say on a day. The first that fits and holds counts.
    #[must_use]
    pub fn decide(&self, subject: &Subject<'_>, today: Date) -> Decision<'_> {
        let named = subject
            .ids
            .iter()
            .filter_map(|id| self.by_advisory.get(*id));
        let mut places: Vec<usize> = named.flatten().chain(&self.of_any).copied().collect();
        places.sort_unstable();
        places.dedup();
        let rules = places.into_iter().filter_map(|place| self.rules.get(place));
        let mut expired = None;
        for rule in rules.filter(|rule| rule.fits(subject)) {
            if !rule.is_expired(today) {
                return Decision::SetAside(rule);
            }
            expired.get_or_insert(rule);
        }
        expired.map_or(Decision::Stands, Decision::Expired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn rule() -> Suppression {
        Suppression {
            package: Some("openssl".to_owned()),
            from: Some("3.0".to_owned()),
            before: Some("3.0.14".to_owned()),
            advisories: vec!["CVE-2024-1".to_owned()],
            until: Some(date(2024, 6, 30)),
            reason: "not reachable".to_owned(),
            ..Suppression::default()
        }
    }

    fn subject<'a>(version: &'a str, ids: &'a [&'a str]) -> Subject<'a> {
        Subject {
            purls: &[],
            pname: "openssl",
            attr: "openssl_3",
            version,
            ids,
        }
    }

    #[test]
    fn a_rule_holds_where_each_condition_fits() {
        let rule = rule();
        let ids = ["CVE-2024-1", "GHSA-x"];
        assert!(rule.fits(&subject("3.0.13", &ids)));
        assert!(!rule.fits(&subject("3.0.14", &ids)));
        assert!(!rule.fits(&subject("1.1.1w", &ids)));
        assert!(!rule.fits(&subject("3.0.13", &["CVE-2024-2"])));
    }

    /// As a VEX document names it: the version is a tag of the repository.
    #[test]
    fn a_purl_that_nixpkgs_gives_names_the_software() {
        let purl = "pkg:github/openssl/openssl@openssl-3.0.13".to_owned();
        let rule = Suppression {
            package: Some("openssl".to_owned()),
            version: Some("openssl-3.0.13".to_owned()),
            purl: Some(purl.clone()),
            ..Suppression::default()
        };
        let subject = subject("3.0.13", &["CVE-2024-1"]);
        assert!(!rule.fits(&subject));
        let purls = [purl];
        let called = Subject {
            purls: &purls,
            ..subject
        };
        assert!(rule.fits(&called));
        let other = Suppression {
            purl: Some("pkg:github/openssl/openssl@openssl-3.0.14".to_owned()),
            ..rule
        };
        assert!(!other.fits(&called));
    }

    #[test]
    fn an_expired_rule_speaks_up_instead() {
        let mut rules = Suppressions::default();
        rules.push(rule());
        let ids = ["CVE-2024-1"];
        let subject = subject("3.0.13", &ids);
        assert!(matches!(
            rules.decide(&subject, date(2024, 6, 30)),
            Decision::SetAside(_)
        ));
        assert!(matches!(
            rules.decide(&subject, date(2024, 7, 1)),
            Decision::Expired(_)
        ));
    }

    #[test]
    fn of_several_rules_the_first_that_holds_counts() {
        let named = |reason: &str, advisories: &[&str]| Suppression {
            advisories: advisories.iter().map(|&id| id.to_owned()).collect(),
            reason: reason.to_owned(),
            until: None,
            ..rule()
        };
        let mut rules = Suppressions::default();
        rules.push(rule());
        rules.push(named("of another", &["CVE-2024-2"]));
        rules.push(named("by its alias", &["GHSA-x", "CVE-2024-1"]));
        rules.push(named("of all", &[]));
        let day = date(2024, 7, 1);
        let reason = |ids: &[&str]| match rules.decide(&subject("3.0.13", ids), day) {
            Decision::SetAside(rule) => rule.reason.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(reason(&["CVE-2024-1", "GHSA-x"]), "by its alias");
        assert_eq!(reason(&["GHSA-x"]), "by its alias");
        assert_eq!(reason(&["CVE-2024-9"]), "of all");
    }
}

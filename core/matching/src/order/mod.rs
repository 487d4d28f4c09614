//! Version orders: how two versions of one product compare, per scheme.
//!
//! | scheme | used for | source |
//! | --- | --- | --- |
//! | generic | everything that says nothing else | Nix's `compareVersions`, with words for pre-releases |
//! | semver | CVE `semver`, crates.io, npm, Go | SemVer 2.0.0, missing numbers read as 0 |
//! | pep440 | CVE `python`, PyPI | PEP 440 |
//! | debian | CVE `deb`, `dpkg`, `rpm` | Debian Policy 5.6.12 |
//!
//! Dates compare with dates only; commits with nothing; Go's names for commits with releases whose tags Go sees.

mod debian;
mod generic;
mod numbers;
mod snapshot;

use std::cmp::Ordering;
use std::str::FromStr;

use snowguard_advisory::versions::VersionOrder;

use crate::ecosystem::Ecosystem;
use snapshot::Form;

/// A version scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Nix's order, with words for pre-releases.
    Generic,
    /// SemVer 2.0.0.
    Semver,
    /// PEP 440.
    Pep440,
    /// Debian Policy 5.6.12.
    Debian,
}

impl Scheme {
    /// The scheme of an ecosystem's versions.
    #[must_use]
    pub fn of_ecosystem(ecosystem: Option<Ecosystem>) -> Self {
        match ecosystem {
            Some(Ecosystem::Python) => Self::Pep440,
            Some(Ecosystem::Rust | Ecosystem::Node | Ecosystem::Go | Ecosystem::Erlang) => {
                Self::Semver
            }
            _ => Self::Generic,
        }
    }

    /// The scheme that CVE `versionType` names; `None` for `custom` and what is not known.
    #[must_use]
    pub fn of_version_type(name: &str) -> Option<Self> {
        const NAMES: [(&str, Scheme); 8] = [
            ("semver", Scheme::Semver),
            ("python", Scheme::Pep440),
            ("pep440", Scheme::Pep440),
            ("pypi", Scheme::Pep440),
            ("deb", Scheme::Debian),
            ("dpkg", Scheme::Debian),
            ("debian", Scheme::Debian),
            ("rpm", Scheme::Debian),
        ];
        NAMES
            .iter()
            .find(|(known, _)| name.eq_ignore_ascii_case(known))
            .map(|(_, scheme)| *scheme)
    }

    /// For reasons.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Generic => "Nix order",
            Self::Semver => "SemVer",
            Self::Pep440 => "PEP 440",
            Self::Debian => "Debian order",
        }
    }

    /// Compares two versions. `None` where they are of different kinds (a date and a number, a
    /// commit and anything).
    ///
    /// Where a version is not well-formed in the scheme, both are compared in Nix's order.
    #[must_use]
    pub fn compare(self, a: &str, b: &str) -> Option<Ordering> {
        let (a, b) = (plain(a), plain(b));
        if a == b {
            return Some(Ordering::Equal);
        }
        // To Debian 1.0 lies before 1.0.0, to all others they are one.
        if self != Self::Debian
            && let Some(order) = numbers::compare(a, b)
        {
            return Some(order);
        }
        match (Form::of(a), Form::of(b)) {
            (Form::Date(a), Form::Date(b)) => Some(a.cmp(&b)),
            (Form::Release(a), Form::Release(b)) => Some(self.releases(a, b)),
            // A snapshot lies behind the release that it names.
            (Form::After(a), Form::Release(b)) => Some(self.releases(a, b).then(Ordering::Greater)),
            (Form::Release(a), Form::After(b)) => Some(self.releases(a, b).then(Ordering::Less)),
            (Form::After(a), Form::After(b)) => match self.releases(a, b) {
                Ordering::Equal => None,
                other => Some(other),
            },
            (Form::Pseudo(a), Form::Pseudo(b)) => Some(Self::Semver.releases(a.text, b.text)),
            (Form::Pseudo(a), Form::Release(b)) if a.is_comparable(b) => {
                Some(Self::Semver.releases(a.text, b))
            }
            (Form::Release(a), Form::Pseudo(b)) if b.is_comparable(a) => {
                Some(Self::Semver.releases(a, b.text))
            }
            (Form::Pseudo(a), Form::Date(b)) => Some(a.day.cmp(&b)),
            (Form::Date(a), Form::Pseudo(b)) => Some(a.cmp(&b.day)),
            // `0` as a lower bound lies below every date.
            (Form::Date(_), Form::Release("0")) => Some(Ordering::Greater),
            (Form::Release("0"), Form::Date(_)) => Some(Ordering::Less),
            _ => None,
        }
    }

    fn releases(self, a: &str, b: &str) -> Ordering {
        match self {
            Self::Generic => generic::compare(a, b),
            Self::Semver => match (semver_of(a), semver_of(b)) {
                (Some(a), Some(b)) => a.cmp_precedence(&b),
                _ => generic::compare(a, b),
            },
            Self::Pep440 => match (
                pep440_rs::Version::from_str(a),
                pep440_rs::Version::from_str(b),
            ) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                _ => generic::compare(a, b),
            },
            Self::Debian => debian::compare(a, b),
        }
    }
}

impl VersionOrder for Scheme {
    fn compare(&self, a: &str, b: &str) -> Option<Ordering> {
        Self::compare(*self, a, b)
    }

    fn compare_typed(&self, version_type: Option<&str>, a: &str, b: &str) -> Option<Ordering> {
        let scheme = version_type
            .and_then(Self::of_version_type)
            .unwrap_or(*self);
        // A package's version is never written as a distribution writes it.
        scheme.compare(a, b)
    }
}

/// Without white space and a leading `v`.
fn plain(version: &str) -> &str {
    let version = version.trim();
    match version.strip_prefix(['v', 'V']) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => version,
    }
}

/// A SemVer version; missing numbers are 0, leading zeros are dropped.
fn semver_of(text: &str) -> Option<semver::Version> {
    if let Ok(version) = semver::Version::parse(text) {
        return Some(version);
    }
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    let mut parts = [0_u64; 3];
    for (place, part) in numbers.split('.').enumerate() {
        *parts.get_mut(place)? = part.parse().ok()?;
    }
    let (before, build) = match rest.split_once('+') {
        Some((before, build)) => (before, Some(build)),
        None => (rest, None),
    };
    let pre = match before.strip_prefix('-') {
        // A dash with nothing behind it.
        Some("") => return None,
        Some(pre) => semver::Prerelease::new(pre).ok()?,
        None => semver::Prerelease::EMPTY,
    };
    let build = match build {
        Some("") => return None,
        Some(build) => semver::BuildMetadata::new(build).ok()?,
        None => semver::BuildMetadata::EMPTY,
    };
    let [major, minor, patch] = parts;
    Some(semver::Version {
        major,
        minor,
        patch,
        pre,
        build,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Ordering::{Equal, Greater, Less};

    #[test]
    fn schemes_differ_where_they_should() {
        // A number behind a dash: a pre-release for SemVer, a later build for Nix.
        assert_eq!(Scheme::Semver.compare("1.0.0-1", "1.0.0"), Some(Less));
        assert_eq!(Scheme::Generic.compare("1.0.0-1", "1.0.0"), Some(Greater));
        assert_eq!(Scheme::Pep440.compare("1.0.post1", "1.0"), Some(Greater));
        assert_eq!(Scheme::Pep440.compare("1.0a1", "1.0"), Some(Less));
        assert_eq!(Scheme::Generic.compare("1.0.2a", "1.0.2"), Some(Greater));
        assert_eq!(Scheme::Debian.compare("1.0~rc1-1", "1.0-1"), Some(Less));
        assert_eq!(Scheme::Semver.compare("v1.2", "1.2.0"), Some(Equal));
    }

    /// Dotted numbers have a way of their own, which must lead to the same place.
    #[test]
    fn numbers_compare_as_every_scheme_compares_them() {
        let texts = [
            "1",
            "1.0",
            "1.0.0",
            "1.0.1",
            "01.2",
            "1.02",
            "1.2.0.0",
            "1.2.3.4.5",
            "6.18.37",
            "6.2",
            "0.0",
            "0",
            "10",
            "9.99999999999999999999",
            "2024.5",
            "1234567",
        ];
        for scheme in [Scheme::Generic, Scheme::Semver, Scheme::Pep440] {
            for a in texts {
                for b in texts {
                    let slow = scheme.releases(a, b);
                    assert_eq!(scheme.compare(a, b), Some(slow), "{scheme:?}: {a} {b}");
                }
            }
        }
        assert_eq!(numbers::compare("20240501", "1.2"), None, "a day");
        assert_eq!(numbers::compare("1.2a", "1.2"), None);
        assert_eq!(numbers::compare("1..2", "1.2"), None);
    }

    #[test]
    fn what_can_t_be_compared() {
        for scheme in [
            Scheme::Generic,
            Scheme::Semver,
            Scheme::Pep440,
            Scheme::Debian,
        ] {
            assert_eq!(scheme.compare("unstable-2024-01-01", "1.2"), None);
            assert_eq!(
                scheme.compare("9014db202cb764b8e14c53e7bacc81f9a1a2ba7f", "1.2"),
                None
            );
            assert_eq!(
                scheme.compare("0-unstable-2024-01-02", "0-unstable-2024-01-01"),
                Some(Greater)
            );
            assert_eq!(scheme.compare("0-unstable-2024-01-02", "0"), Some(Greater));
        }
    }

    /// GO-2026-6219 ends at the first of these, and SeaweedFS 4.23 has the flaw; GO-2026-5296 ends at the second,
    /// and Tinyauth 5.0.4 has it.
    #[test]
    fn go_s_names_for_commits_compare_only_with_tags_that_go_sees() {
        let untagged = "0.0.0-20260512171120-69da20bdaec9";
        let tagged = "1.0.1-0.20260401140714-fc1d4f2082a5";
        let behind_beta = "1.0.0-beta.0.20260401140714-fc1d4f2082a5";
        for scheme in [Scheme::Generic, Scheme::Semver] {
            let compare = |a, b| scheme.compare(a, b);
            assert_eq!(compare("4.23", untagged), None);
            assert_eq!(compare("0", untagged), Some(Less));
            assert_eq!(compare("5.0.4", tagged), None);
            assert_eq!(compare(tagged, "5.0.4"), None);
            assert_eq!(compare("1.0.0", tagged), Some(Less));
            let incompatible = "4.1.2-0.20171013141717-ee57a5829ab1+incompatible";
            assert_eq!(compare("11.0", incompatible), Some(Greater));
            assert_eq!(compare("4.1.1", incompatible), Some(Less));
            assert_eq!(compare(tagged, "1.0.1"), Some(Less));
            assert_eq!(compare("0.9", tagged), Some(Less));
            assert_eq!(compare(behind_beta, "1.0.0"), Some(Less));
            assert_eq!(compare("1.0.0-alpha", behind_beta), Some(Less));
            assert_eq!(
                compare("0-unstable-2026-05-13", untagged),
                Some(Greater),
                "days compare"
            );
            assert_eq!(compare("0-unstable-2026-03-01", tagged), Some(Less));
            let later = "1.0.1-0.20260402140714-0c1d4f2082a5";
            assert_eq!(compare(later, tagged), Some(Greater));
            assert_eq!(compare(tagged, tagged), Some(Equal));
        }
    }

    #[test]
    fn a_snapshot_lies_behind_its_release() {
        let compare = |a, b| Scheme::Generic.compare(a, b);
        assert_eq!(compare("1.2-unstable-2024-01-01", "1.2"), Some(Greater));
        assert_eq!(compare("1.2-unstable-2024-01-01", "1.3"), Some(Less));
        assert_eq!(compare("1.1", "1.2-unstable-2024-01-01"), Some(Less));
    }
}

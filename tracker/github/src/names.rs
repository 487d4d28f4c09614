//! Names of things at GitHub. What exists is valid, so it can stand in a path, a query or markdown.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::GitHubError;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks the form.
            ///
            /// # Errors
            /// [`GitHubError::Invalid`].
            pub fn new(text: impl Into<String>) -> Result<Self, GitHubError> {
                let text = text.into();
                let valid: fn(&str) -> bool = $valid;
                if valid(&text) {
                    Ok(Self(text))
                } else {
                    Err(GitHubError::invalid($what, &text))
                }
            }

            /// As text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = GitHubError;

            fn try_from(text: String) -> Result<Self, GitHubError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// What a person, an organization or an app is called today: letters, digits, `-`, `_`, for an app
    /// with `[bot]` behind. It may change; a [`UserId`] does not.
    Login,
    "login",
    |text| is_login(text.strip_suffix("[bot]").unwrap_or(text))
);

name!(
    /// An organization's login.
    Organization,
    "organization",
    is_login
);

name!(
    /// A team's slug in its organization.
    Team,
    "team",
    |text| is_segment(text, 100)
);

name!(
    /// `owner/name`.
    Repository,
    "repository (owner/name)",
    |text| text
        .split_once('/')
        .is_some_and(|(owner, name)| is_login(owner) && is_segment(name, 100))
);

name!(
    /// A branch, by the rules of `git check-ref-format` for what can be in a path.
    Branch,
    "branch",
    |text| {
        let bad = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
        !text.is_empty()
            && text.len() <= 250
            && !text.contains(bad)
            && !text.contains("..")
            && !text.contains("@{")
            && text.split('/').all(|part| {
                !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock")
            })
            && !text.starts_with('-')
            && !text.ends_with('.')
    }
);

name!(
    /// A commit's whole id, 40 or 64 hexadecimal digits in lower case.
    CommitId,
    "commit id",
    |text| matches!(text.len(), 40 | 64)
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
);

name!(
    /// The tracker's own id of an issue, `NIXPKGS-2026-0042`: capitals, a year, at least four digits.
    IssueKey,
    "issue id (NIXPKGS-YYYY-NNNN)",
    |text| {
        let mut parts = text.split('-');
        let (prefix, year, number) = (parts.next(), parts.next(), parts.next());
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        parts.next().is_none()
            && prefix.is_some_and(|prefix| {
                (1..=20).contains(&prefix.len())
                    && prefix.bytes().all(|byte| byte.is_ascii_uppercase())
            })
            && year.is_some_and(|year| year.len() == 4 && digits(year))
            && number.is_some_and(|number| (4..=10).contains(&number.len()) && digits(number))
    }
);

/// The number of an account, which stays when its login changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub u64);

/// The number of an issue or pull request in its repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Number(pub u64);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn is_login(text: &str) -> bool {
    (1..=60).contains(&text.len())
        && !text.starts_with('-')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn is_segment(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text != "."
        && text != ".."
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_leave_their_place_in_a_path_are_refused() {
        for bad in [
            "", "a/b", "..", "a b", "a?b", "a#b", "a%2fb", "a\nb", "@a", "-a",
        ] {
            assert!(Login::new(bad).is_err(), "{bad:?}");
            assert!(Organization::new(bad).is_err(), "{bad:?}");
            assert!(Repository::new(format!("NixOS/{bad}/x")).is_err());
        }
        for bad in ["", "..", ".", "a/b", "a b", "a\nb"] {
            assert!(Team::new(bad).is_err(), "{bad:?}");
            assert!(Repository::new(format!("NixOS/{bad}")).is_err());
        }
        for bad in [
            "", "..", "a..b", "/a", "a/", "a b", "a\n", "-x", "a?b", ".a", "a/.b", "a@{1}",
        ] {
            assert!(Branch::new(bad).is_err(), "{bad:?}");
        }
        for bad in [
            "",
            "HEAD",
            "abc",
            &"A".repeat(40),
            &"g".repeat(40),
            &"a".repeat(41),
        ] {
            assert!(CommitId::new(bad).is_err(), "{bad:?}");
        }
        for bad in [
            "NIXPKGS-2026-1",
            "nixpkgs-2026-0001",
            "NIXPKGS-26-0001",
            "NIXPKGS-2026-0001-",
            "NIXPKGS-2026-0001 -->",
            "-2026-0001",
            "",
        ] {
            assert!(IssueKey::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_that_exist_are_taken() {
        assert!(Login::new("dependabot[bot]").is_ok());
        assert!(Login::new("octo_corp").is_ok());
        assert!(Repository::new("NixOS/nixpkgs").is_ok());
        assert!(Team::new("nixpkgs-committers").is_ok());
        assert!(Branch::new("release-25.11").is_ok());
        assert!(Branch::new("backport/fix#1-to-release").is_ok());
        assert!(CommitId::new("0".repeat(40)).is_ok());
        assert!(IssueKey::new("NIXPKGS-2026-12345").is_ok());
        assert!(serde_json::from_str::<Login>("\"a b\"").is_err());
    }
}

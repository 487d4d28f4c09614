//! How packages of channels stand to an issue, and what is known of their versions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use snowguard_matching::ranges::Range;

use crate::issue::Status;

/// A status, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The status.
    #[serde(flatten)]
    pub status: Status,
    /// Whether a person set it; then the matcher leaves it alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_hand: bool,
    /// What it rests on, in a sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub evidence: String,
    /// Versions that the channel had and that are affected, as they came; the last [`SEEN`] of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<String>,
    /// Affected versions as far as their end is known, in Nix's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<Range>,
}

/// Versions that a standing remembers.
pub const SEEN: usize = 50;

impl Standing {
    /// A standing that remembers nothing yet.
    #[must_use]
    pub fn new(status: Status, evidence: String) -> Self {
        Self {
            status,
            by_hand: false,
            evidence,
            seen: Vec::new(),
            ranges: Vec::new(),
        }
    }

    /// This standing, with the versions that were seen affected before it.
    ///
    /// As long as the ranges are the same, so is the word on each version; when they have changed, only versions
    /// that the new ones hold stay.
    #[must_use]
    pub(crate) fn following(mut self, before: Option<&Self>) -> Self {
        let mut seen = Vec::new();
        if let Some(before) = before {
            seen.clone_from(&before.seen);
            if let Status::Affected { version } = &before.status {
                seen.push(version.clone());
            }
            if before.ranges != self.ranges {
                seen.retain(|version| self.ranges.iter().any(|range| range.holds(version)));
            }
        }
        match &self.status {
            Status::Affected { version } => seen.push(version.clone()),
            // The same version can have been affected before it was patched, or before an advisory was
            // corrected; its name does not tell the two apart.
            Status::FixedInVersion { version } | Status::FixedByPatch { version, .. } => {
                seen.retain(|one| one != version);
            }
            _ => {}
        }
        let mut known = std::collections::HashSet::new();
        seen.retain(|version| !version.is_empty() && known.insert(version.clone()));
        self.seen = seen.split_off(seen.len().saturating_sub(SEEN));
        self
    }
}

/// Channel, then attribute path.
pub type Standings = BTreeMap<String, BTreeMap<String, Standing>>;

#[cfg(test)]
mod tests {
    use snowguard_matching::ranges::End;

    use super::*;

    fn affected(version: &str) -> Status {
        Status::Affected {
            version: version.to_owned(),
        }
    }

    fn fixed(version: &str) -> Status {
        Status::FixedInVersion {
            version: version.to_owned(),
        }
    }

    fn before(end: &str) -> Vec<Range> {
        vec![Range {
            from: None,
            end: End::Before(end.to_owned()),
        }]
    }

    fn told(earlier: Option<&Standing>, status: Status, ranges: Vec<Range>) -> Standing {
        let now = Standing {
            ranges,
            ..Standing::new(status, String::new())
        };
        now.following(earlier)
    }

    #[test]
    fn versions_seen_affected_are_remembered_as_long_as_the_ranges_say_so() {
        let first = told(None, affected("1.0"), vec![]);
        let second = told(Some(&first), affected("1.1"), vec![]);
        assert_eq!(second.seen, ["1.0", "1.1"]);
        // The matcher saying the same again changes nothing.
        assert_eq!(told(Some(&second), affected("1.1"), vec![]), second);
        let after = |status, ranges| told(Some(&second), status, ranges).seen;
        assert_eq!(after(fixed("1.2"), vec![]), ["1.0", "1.1"]);
        let patched = Status::FixedByPatch {
            version: "1.1".to_owned(),
            patch: "p".to_owned(),
        };
        assert_eq!(after(patched, vec![]), ["1.0"]);
        // The advisory was corrected: 1.1 was never affected, and then no version was.
        let corrected = told(Some(&second), fixed("1.1"), before("1.1"));
        assert_eq!(corrected.seen, ["1.0"]);
        assert_eq!(
            told(Some(&corrected), fixed("1.1"), before("0.9")).seen,
            [""; 0]
        );
    }

    #[test]
    fn memory_has_an_end() {
        let mut many = told(None, affected("1.0"), vec![]);
        for number in 0..2 * SEEN {
            many = told(Some(&many), affected(&format!("2.{number}")), vec![]);
        }
        assert_eq!(many.seen.len(), SEEN);
        assert_eq!(many.seen[SEEN - 1], format!("2.{}", 2 * SEEN - 1));
    }
}

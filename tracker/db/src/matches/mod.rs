//! Matches: all of an advisory in a channel are one compressed document with every reason; thin
//! rows beside it answer from the package's side and for the start page.

mod exposure;
mod put;
mod read;

use serde::{Deserialize, Serialize};
use snowguard_matching::verdict::{Match, Tier, Verdict};

pub use exposure::Exposures;
pub use put::{AdvisoryMatches, MatchBatch, MatchOutcome};
pub use read::{MatchFilter, NewestFilter, NewestMatch, PackageMatch, Page, PageRequest};

use crate::error::{DbError, Result};
use crate::time::Millis;

/// A match, and since when its verdict stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredMatch {
    /// Since when the tracker gives this verdict for this package.
    pub first_seen: Millis,
    /// The match.
    #[serde(rename = "match")]
    pub found: Match,
}

pub(crate) const KIND: &str = "matches";

/// No affected package in the set.
pub(crate) const NO_TIER: i64 = 9;

pub(crate) fn verdict_number(verdict: Verdict) -> i64 {
    match verdict {
        Verdict::Affected => 0,
        Verdict::Unknown => 1,
        Verdict::Fixed => 2,
        Verdict::NotAffected => 3,
    }
}

pub(crate) fn verdict(number: i64) -> Result<Verdict> {
    match number {
        0 => Ok(Verdict::Affected),
        1 => Ok(Verdict::Unknown),
        2 => Ok(Verdict::Fixed),
        3 => Ok(Verdict::NotAffected),
        other => Err(DbError::damaged("verdict", other)),
    }
}

pub(crate) fn tier_number(tier: Tier) -> i64 {
    match tier {
        Tier::High => 0,
        Tier::Medium => 1,
        Tier::Low => 2,
    }
}

pub(crate) fn tier(number: i64) -> Result<Tier> {
    match number {
        0 => Ok(Tier::High),
        1 => Ok(Tier::Medium),
        2 => Ok(Tier::Low),
        other => Err(DbError::damaged("tier", other)),
    }
}

/// Order on a package's page: verdict, then tier, then the gravest first.
pub(crate) fn rank(found: &Match, severity: i64) -> i64 {
    (verdict_number(found.verdict) << 16)
        | (tier_number(found.tier) << 8)
        | (100 - severity.clamp(0, 100))
}

/// Verdict, tier and severity (times 10) of a rank.
pub(crate) fn from_rank(rank: i64) -> Result<(Verdict, Tier, i64)> {
    Ok((
        verdict(rank >> 16)?,
        tier((rank >> 8) & 0xff)?,
        100 - (rank & 0xff),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_come_back_and_sort() {
        let mut last = -1;
        for verdict in [
            Verdict::Affected,
            Verdict::Unknown,
            Verdict::Fixed,
            Verdict::NotAffected,
        ] {
            for tier in [Tier::High, Tier::Medium, Tier::Low] {
                for severity in [100, 55, 0] {
                    let found = Match {
                        advisory: String::new(),
                        attr: String::new(),
                        verdict,
                        tier,
                        variant_of: None,
                        fixed_in: None,
                        reasons: Vec::new(),
                    };
                    let rank = rank(&found, severity);
                    assert!(rank > last);
                    assert_eq!(from_rank(rank).unwrap(), (verdict, tier, severity));
                    last = rank;
                }
            }
        }
    }
}

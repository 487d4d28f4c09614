//! The states of a suggestion, and which follows which.

use serde::{Deserialize, Serialize};

/// Where a suggestion stands.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody has looked at it.
    #[default]
    New,
    /// Somebody looks at it.
    UnderReview,
    /// It concerns Nixpkgs, and waits to become part of an issue.
    Accepted,
    /// It does not concern Nixpkgs, for a stated reason.
    Dismissed,
    /// Part of an issue that is not published.
    Drafted,
    /// Part of a published issue.
    Published,
    /// Part of an issue that is done with.
    Resolved,
}

impl State {
    /// All, in the order of a suggestion's life.
    pub const ALL: [Self; 7] = [
        Self::New,
        Self::UnderReview,
        Self::Accepted,
        Self::Dismissed,
        Self::Drafted,
        Self::Published,
        Self::Resolved,
    ];

    /// As written in the database, in URLs and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::UnderReview => "under_review",
            Self::Accepted => "accepted",
            Self::Dismissed => "dismissed",
            Self::Drafted => "drafted",
            Self::Published => "published",
            Self::Resolved => "resolved",
        }
    }

    /// The words for a page.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::UnderReview => "under review",
            other => other.as_str(),
        }
    }

    /// The state of a word ([`State::as_str`]).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// The number in the database.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The state of a number ([`State::number`]).
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        usize::try_from(number)
            .ok()
            .and_then(|number| Self::ALL.get(number))
            .copied()
    }

    /// States that may follow by a decision. From `Drafted` on, the issue moves it.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::New => &[Self::UnderReview, Self::Accepted, Self::Dismissed],
            Self::UnderReview => &[Self::New, Self::Accepted, Self::Dismissed],
            Self::Accepted => &[Self::New, Self::UnderReview, Self::Dismissed, Self::Drafted],
            Self::Dismissed => &[Self::New, Self::UnderReview, Self::Accepted],
            Self::Drafted => &[Self::Accepted, Self::Published],
            Self::Published => &[Self::Resolved, Self::Accepted],
            Self::Resolved => &[Self::Published, Self::Accepted],
        }
    }

    /// Whether `next` may follow.
    #[must_use]
    pub fn leads_to(self, next: Self) -> bool {
        self.next().contains(&next)
    }

    /// Whether an issue holds it.
    #[must_use]
    pub fn is_bundled(self) -> bool {
        matches!(self, Self::Drafted | Self::Published | Self::Resolved)
    }

    /// Whether somebody has decided, so that a change of its facts has to be looked at again.
    #[must_use]
    pub fn is_decided(self) -> bool {
        !matches!(self, Self::New | Self::UnderReview)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_can_be_left_and_reached() {
        for state in State::ALL {
            assert!(!state.next().is_empty());
            assert!(!state.leads_to(state));
            assert!(
                State::ALL.iter().any(|from| from.leads_to(state)),
                "{state:?}"
            );
            assert_eq!(State::parse(state.as_str()), Some(state));
            assert_eq!(State::from_number(i64::from(state.number())), Some(state));
        }
        assert_eq!(State::from_number(7), None);
        assert_eq!(State::from_number(-1), None);
    }
}

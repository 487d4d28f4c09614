//! What somebody wants done with a suggestion, and why it may be refused.

use serde::{Deserialize, Serialize};

use crate::dismissal::Dismissal;
use crate::edits::{Choice, List, Range};
use crate::role::Action;
use crate::state::State;

/// One decision or edit. The web's forms, the API and bulk decisions all become these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// I look at it.
    Take,
    /// I don't look at it any more.
    Release,
    /// It concerns Nixpkgs.
    Accept,
    /// It does not.
    Dismiss(Dismissal),
    /// Back to the beginning.
    Reopen,
    /// A word about it; changes nothing.
    Comment(String),
    /// I propose that it be accepted or dismissed.
    Propose(Decision),
    /// As proposed.
    Confirm,
    /// Not as proposed.
    TurnDown,
    /// I have seen what changed; the decision stays.
    Acknowledge,
    /// Put an entry in, take it out, or neither.
    Choose {
        /// Which list.
        list: List,
        /// The entry.
        entry: String,
        /// What to do with it.
        choice: Option<Choice>,
    },
    /// Correct the affected range for a package, or take a correction back.
    Correct {
        /// Attribute path.
        attr: String,
        /// The range.
        range: Option<Range>,
    },
}

/// What can be proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "decision")]
pub enum Decision {
    /// It concerns the package.
    Accept {
        /// Why, in words.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        comment: String,
    },
    /// It does not.
    Dismiss(Dismissal),
}

impl Command {
    /// The stable word in the activity log.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Take => "take",
            Self::Release => "release",
            Self::Accept => "accept",
            Self::Dismiss(_) => "dismiss",
            Self::Reopen => "reopen",
            Self::Comment(_) => "comment",
            Self::Propose(_) => "propose",
            Self::Confirm => "confirm",
            Self::TurnDown => "turn_down",
            Self::Acknowledge => "acknowledge",
            Self::Choose { .. } => "choose",
            Self::Correct { .. } => "correct",
        }
    }

    /// What somebody must be allowed to do for it.
    #[must_use]
    pub fn needs(&self) -> Action {
        match self {
            Self::Propose(_) => Action::Propose,
            Self::Comment(_) => Action::Comment,
            _ => Action::Triage,
        }
    }
}

/// Why a command was not carried out. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The state does not allow it.
    #[error("it is {}; {word} does not apply", state.title())]
    State {
        /// Where it stands.
        state: State,
        /// What was wanted.
        word: &'static str,
    },
    /// Somebody else changed the same thing meanwhile.
    #[error("it was changed meanwhile; look at it again")]
    Overtaken,
    /// Nothing was proposed.
    #[error("nothing is proposed")]
    NoProposal,
    /// A text that must not be empty.
    #[error("the {what} is empty")]
    Empty {
        /// Which text.
        what: &'static str,
    },
    /// A text beyond its limit.
    #[error("the {what} is longer than {most} bytes")]
    TooLong {
        /// Which text.
        what: &'static str,
        /// The limit.
        most: usize,
    },
    /// A list beyond its limit.
    #[error("more than {most} entries")]
    TooMany {
        /// The limit.
        most: usize,
    },
    /// Not an address that may be a link.
    #[error("not a web address: {0}")]
    Address(String),
    /// A range that holds nothing.
    #[error("no version lies in {0}")]
    Range(String),
    /// Not the id of an issue.
    #[error("not an issue's id: {0}")]
    IssueId(String),
    /// A part of a rule, filter or subscription that is no value of it.
    #[error("not a {what}: {value}")]
    Unknown {
        /// What it should be.
        what: &'static str,
        /// What it is.
        value: String,
    },
}

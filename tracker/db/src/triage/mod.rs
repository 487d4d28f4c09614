//! What people decide: suggestions, issues, rules, and the log of it all.

pub(crate) mod activity;
mod decide;
mod issues;
mod mine;
mod public;
mod queue;
mod rows;
mod rule_effects;
mod rules;
mod standings;
mod touched;
mod views;
mod words;

pub use activity::{Activity, Subject};
pub use decide::{Decided, Decision, StoredSuggestion};
pub use issues::{IssueChange, StoredIssue};
pub use public::{Place, PublicPart, PublicStamp, Visited, place};
pub use queue::{QueueChanges, QueueEntry};
pub use rule_effects::{RuleEffect, RuleTotals};
pub use rules::{Retire, StoredRule};
pub use views::SavedView;

pub(crate) use decide::after_matching;
pub(crate) use rows::{set_epss, set_kev, sync};
pub(crate) use words::WordCache;

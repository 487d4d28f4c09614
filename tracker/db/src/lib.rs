//! The tracker's database: one SQLite file, or a PostgreSQL server, behind one [`Db`].
//!
//! Purpose: keep advisories, packages and verdicts so that an update touches only what changed,
//! a kill at any moment leaves a whole database, and a page is read in milliseconds.
//!
//! - Records are stored whole and updated in place; each change is kept as a patch
//!   ([`Db::put_records`], [`Db::record_history`]).
//! - Packages are delta storage: a row is written when an attribute's content changes, and any
//!   past evaluation is read back exactly ([`Db::load_channel`], [`Db::packages_at`]).
//! - A change marks what must be matched again ([`Db::dirty_advisories`]); verdicts are stored
//!   with every reason ([`Db::put_matches`]).
//! - What people decide is kept apart from what the matcher says, with a log that only grows
//!   ([`Db::decide`], [`Db::undo`], [`Db::change_issue`]).
//! - SQL stands in this crate alone, always with bound parameters.
//!
//! Non-goals: no parsing of sources, no matching, no network, no clock (times are the caller's).
//! Contents are not shared between channels, which would save space but couple their histories.
//!
//! Entry types: [`Db`], [`Location`], [`RecordBatch`], [`ChannelLoad`], [`MatchBatch`].

mod alias;
mod care;
mod db;
mod delivery;
mod dirty;
mod error;
mod feeds;
mod knowledge;
mod listing;
mod location;
mod lookup;
mod matches;
mod migrate;
mod names;
mod numbers;
mod pack;
mod packages;
mod people;
#[cfg(test)]
mod plans;
mod pool;
mod quarantine;
mod records;
mod search;
mod session;
mod signals;
mod status;
mod tally;
#[cfg(all(unix, feature = "testing"))]
pub mod testing;
mod text;
mod time;
mod triage;

pub use alias::{AliasFact, AliasSource};
pub use care::{GcOutcome, GcPolicy, Sizes, TableSize};
pub use db::Db;
pub use delivery::{
    Event, EventKind, Job, JobState, NewJob, Notification, Outgoing, StoredSubscription,
};
pub use dirty::{Dirty, Stamp};
pub use error::{DbError, Result};
pub use feeds::{Feed, FeedKind, FeedState, Run, RunCounts, RunId, RunOutcome};
pub use knowledge::{LearnBatch, Learnt};
pub use listing::{AdvisorySummary, PackageSummary};
pub use location::Location;
pub use lookup::ListedMatch;
pub use matches::{
    AdvisoryMatches, Exposures, MatchBatch, MatchFilter, MatchOutcome, NewestFilter, NewestMatch,
    PackageMatch, Page, PageRequest, StoredMatch,
};
pub use migrate::SCHEMA_VERSION;
pub use packages::{
    Channel, ChannelLoad, Evaluation, EvaluationId, Force, LoadOutcome, PackageVersion,
};
pub use people::{
    Attempts, Digest, Lock, Maintainer, NewSession, NewToken, PendingSignIn, Person, PersonId,
    SessionInfo, Team, TokenInfo,
};
pub use quarantine::{QuarantineEntry, Quarantined};
pub use records::{
    IncomingRecord, PreparedRecord, PutOutcome, RecordBatch, RecordChange, StalePolicy,
};
pub use search::{Found, HITS};
pub use signals::SignalOutcome;
pub use status::{Counts, MatchCount};
pub use time::Millis;
pub use triage::{
    Activity, Decided, Decision, IssueChange, Place, PublicPart, PublicStamp, QueueChanges,
    QueueEntry, Retire, RuleEffect, RuleTotals, SavedView, StoredIssue, StoredRule,
    StoredSuggestion, Subject, Visited, place,
};

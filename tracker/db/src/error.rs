//! The one error type of this crate.

use std::error::Error;

/// What can go wrong with the database. A failed write has changed nothing: each write is one
/// transaction.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// The disk (or the quota) that holds the database is full.
    #[error(
        "the disk that holds the database is full or refuses writes; nothing of this step was stored: {0}"
    )]
    Full(String),
    /// The file or the server cannot be reached, or the connection broke.
    #[error("the database is not reachable: {0}")]
    Lost(String),
    /// Another process holds the database for too long.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// The database was written by a newer version of this program.
    #[error(
        "the database has schema {found}, this program knows up to {supported}; use the newer program"
    )]
    NewerSchema {
        /// Version in the database.
        found: u32,
        /// The last version this program knows.
        supported: u32,
    },
    /// Other statements than this program's made the tables: a build from between two releases, or
    /// another program.
    #[error(
        "the database was not made by this version of the tracker (schema {found} differs); \
         move it away, or name another one, and load the sources again"
    )]
    OtherSchema {
        /// Version that it claims; 0 when it claims none.
        found: u32,
    },
    /// `migrate_to` was asked for a version that does not exist.
    #[error("there is no schema version {0}")]
    NoSuchSchema(u32),
    /// A stored value cannot be read back.
    #[error("the database holds a damaged {what}: {detail}")]
    Damaged {
        /// Which value, e.g. `record CVE-2024-1`.
        what: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A load would drop more than a fifth of the channel's attributes.
    #[error(
        "channel {channel} had {had} attributes and would lose {lost} of them (the load has {has}); refused without force"
    )]
    ChannelShrank {
        /// The channel.
        channel: String,
        /// Attributes in the last evaluation.
        had: u64,
        /// Attributes in this load.
        has: u64,
        /// Attributes that would vanish.
        lost: u64,
    },
    /// The same channel and revision came with other content.
    #[error(
        "channel {channel} at revision {revision} is loaded already, with other content; load it under another revision or with force"
    )]
    RevisionDiffers {
        /// The channel.
        channel: String,
        /// The revision.
        revision: String,
    },
    /// The named thing is not in the database.
    #[error("there is no {what} {name}")]
    Missing {
        /// What was looked for.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// Somebody else changed it since it was read, or it was taken back already.
    #[error("{what} was changed meanwhile")]
    Overtaken {
        /// What.
        what: String,
    },
    /// A decision that does not apply.
    #[error("{0}")]
    Decision(#[from] snowguard_tracker_triage::command::Refusal),
    /// A person has too many of something.
    #[error("there are {most} {what} already, and no more can be had")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        most: u64,
    },
    /// The caller's iterator failed.
    #[error("the input failed: {0}")]
    Input(#[source] Box<dyn Error + Send + Sync>),
    /// A page cursor that this crate did not give out.
    #[error("not a page cursor: {0:?}")]
    Cursor(String),
    /// The location is neither a path nor a `postgres://` URL, or the operation does not fit it.
    #[error("{0}")]
    Location(String),
    /// Reading or writing a file beside the database (backup, restore).
    #[error("{path}: {detail}")]
    File {
        /// The file.
        path: String,
        /// What happened.
        detail: String,
    },
    /// The database refused a statement; a defect of this crate.
    #[error("the database refused `{statement}`: {detail}")]
    Refused {
        /// Start of the statement.
        statement: String,
        /// The database's words.
        detail: String,
    },
}

/// Result of this crate.
pub type Result<T, E = DbError> = std::result::Result<T, E>;

impl DbError {
    pub(crate) fn damaged(what: impl Into<String>, detail: impl ToString) -> Self {
        Self::Damaged {
            what: what.into(),
            detail: detail.to_string(),
        }
    }

    /// Whether trying again later can help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Full(_) | Self::Lost(_) | Self::Busy(_))
    }
}

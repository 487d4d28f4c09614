//! Feeds (configured sources), their runs, and where to resume.

use serde::{Deserialize, Serialize};

use crate::db::Db;
use crate::error::{DbError, Result};
use crate::session::{Row, Session, Value};
use crate::time::Millis;

/// Number of one reading of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(i64);

impl RunId {
    /// The number, for logs.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// What kind of source a feed is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FeedKind {
    /// CVE list (bulk, deltas, checkout).
    CveList,
    /// NVD 2.0.
    Nvd,
    /// OSV.
    Osv,
    /// CISA KEV.
    Kev,
    /// FIRST EPSS.
    Epss,
    /// A Nixpkgs channel or evaluation.
    Channel,
    /// Alias data.
    Alias,
    /// Maintainers or teams.
    People,
    /// A catalogue in a format of its own.
    Vendor,
}

impl FeedKind {
    /// The stored spelling, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CveList => "cve-list",
            Self::Nvd => "nvd",
            Self::Osv => "osv",
            Self::Kev => "kev",
            Self::Epss => "epss",
            Self::Channel => "channel",
            Self::Alias => "alias",
            Self::People => "people",
            Self::Vendor => "vendor",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [
            Self::CveList,
            Self::Nvd,
            Self::Osv,
            Self::Kev,
            Self::Epss,
            Self::Channel,
            Self::Alias,
            Self::People,
            Self::Vendor,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == text)
    }
}

/// What is known of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Stable name, e.g. `cvelist:/path`.
    pub name: String,
    /// Kind.
    pub kind: FeedKind,
    /// What the last finished run saw.
    pub seen: FeedState,
    /// Where an interrupted run resumes; nothing when the last run finished.
    pub cursor: Option<String>,
    /// The last run.
    pub last_run: Option<Run>,
}

/// What identifies the content of a feed that was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeedState {
    /// HTTP `ETag`.
    pub etag: Option<String>,
    /// HTTP `Last-Modified`, as given.
    pub last_modified: Option<String>,
    /// SHA-256 of the whole.
    pub digest: Option<[u8; 32]>,
}

/// Counts of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RunCounts {
    /// Read from the source.
    pub read: u64,
    /// Not known before.
    pub new: u64,
    /// Known, with other content.
    pub changed: u64,
    /// Known, with the same content.
    pub unchanged: u64,
    /// Older than what is stored.
    pub stale: u64,
    /// Twice in the source.
    pub duplicate: u64,
    /// Gone from the source (channels).
    pub removed: u64,
    /// Malformed, put into quarantine.
    pub quarantined: u64,
    /// Bytes read.
    pub bytes: u64,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunOutcome {
    /// Counts.
    pub counts: RunCounts,
    /// Why it failed; nothing when it went through.
    pub error: Option<String>,
    /// What it saw. Stored, and the cursor cleared, only when there is no error.
    pub seen: FeedState,
}

/// A run of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Number.
    pub id: RunId,
    /// Name of the feed.
    pub feed: String,
    /// Kind of the feed.
    pub kind: FeedKind,
    /// When it began.
    pub started: Millis,
    /// When it ended; nothing while it runs, or when it was killed.
    pub finished: Option<Millis>,
    /// Counts.
    pub counts: RunCounts,
    /// Why it failed.
    pub error: Option<String>,
}

const RUN_COLUMNS: &str =
    "run.id, feed.name, feed.kind, run.started, run.finished, run.counts, run.error";

impl Db {
    /// What is known of a feed; nothing before its first run.
    ///
    /// # Errors
    /// As every read.
    pub fn feed(&self, name: &str) -> Result<Option<Feed>> {
        self.read(|session| {
            let feed = session.first(
                "SELECT kind, etag, last_modified, digest, cursor FROM feed WHERE name = ?1",
                &[Value::Text(name)],
                |row| {
                    Ok(Feed {
                        name: name.to_owned(),
                        kind: kind(row.text(0)?)?,
                        seen: FeedState {
                            etag: row.opt_text(1)?.map(str::to_owned),
                            last_modified: row.opt_text(2)?.map(str::to_owned),
                            digest: row.opt_blob(3)?.and_then(|digest| digest.try_into().ok()),
                        },
                        cursor: row.opt_text(4)?.map(str::to_owned),
                        last_run: None,
                    })
                },
            )?;
            let Some(mut feed) = feed else { return Ok(None) };
            let sql = format!(
                "SELECT {RUN_COLUMNS} FROM run JOIN feed ON feed.id = run.feed WHERE feed.name = ?1 ORDER BY run.id DESC LIMIT 1"
            );
            feed.last_run = session.first(&sql, &[Value::Text(name)], read_run)?;
            Ok(Some(feed))
        })
    }

    /// Begins a run.
    ///
    /// # Errors
    /// As every write.
    pub fn begin_run(&self, feed: &str, kind: FeedKind, now: Millis) -> Result<RunId> {
        self.write(|session| {
            session.run(
                "INSERT INTO feed (id, name, kind) \
                 SELECT coalesce(max(id), 0) + 1, ?1, ?2 FROM feed WHERE true \
                 ON CONFLICT (name) DO UPDATE SET kind = excluded.kind",
                &[Value::Text(feed), Value::Text(kind.as_str())],
            )?;
            let run = session.number("SELECT max(id) FROM run", &[])? + 1;
            session.run(
                "INSERT INTO run (id, feed, started) SELECT ?1, id, ?2 FROM feed WHERE name = ?3",
                &[Value::Int(run), Value::Int(now.get()), Value::Text(feed)],
            )?;
            Ok(RunId(run))
        })
    }

    /// Ends a run. When it went through, what it saw is kept and the cursor cleared.
    ///
    /// # Errors
    /// [`DbError::Missing`] for an unknown run.
    pub fn finish_run(&self, run: RunId, outcome: &RunOutcome, now: Millis) -> Result<()> {
        let counts = serde_json::to_string(&outcome.counts)
            .map_err(|failed| DbError::damaged("counts", failed))?;
        self.write(|session| {
            let touched = session.run(
                "UPDATE run SET finished = ?2, counts = ?3, error = ?4 WHERE id = ?1",
                &[
                    Value::Int(run.0),
                    Value::Int(now.get()),
                    Value::Text(&counts),
                    outcome.error.as_deref().into(),
                ],
            )?;
            if touched == 0 {
                return Err(DbError::Missing {
                    what: "run",
                    name: run.0.to_string(),
                });
            }
            if outcome.error.is_none() {
                let seen = &outcome.seen;
                session.run(
                    "UPDATE feed SET etag = ?2, last_modified = ?3, digest = ?4, cursor = NULL \
                     WHERE id = (SELECT feed FROM run WHERE id = ?1)",
                    &[
                        Value::Int(run.0),
                        seen.etag.as_deref().into(),
                        seen.last_modified.as_deref().into(),
                        seen.digest.as_ref().map(|digest| &digest[..]).into(),
                    ],
                )?;
            }
            Ok(())
        })
    }

    /// The last run of each feed, newest first.
    ///
    /// # Errors
    /// As every read.
    pub fn last_runs(&self) -> Result<Vec<Run>> {
        let sql = format!(
            "SELECT {RUN_COLUMNS} FROM feed JOIN run ON run.id = (SELECT max(id) FROM run AS r WHERE r.feed = feed.id) \
             ORDER BY run.started DESC, run.id DESC"
        );
        self.read(|session| session.list(&sql, &[], read_run))
    }
}

/// Stores where the feed of a run resumes.
pub(crate) fn set_cursor(session: &mut Session<'_>, run: RunId, cursor: &str) -> Result<()> {
    let touched = session.run(
        "UPDATE feed SET cursor = ?2 WHERE id = (SELECT feed FROM run WHERE id = ?1)",
        &[Value::Int(run.0), Value::Text(cursor)],
    )?;
    if touched == 0 {
        return Err(DbError::Missing {
            what: "run",
            name: run.0.to_string(),
        });
    }
    Ok(())
}

fn read_run(row: &Row<'_>) -> Result<Run> {
    let counts = match row.opt_text(5)? {
        Some(counts) => {
            serde_json::from_str(counts).map_err(|failed| DbError::damaged("counts", failed))?
        }
        None => RunCounts::default(),
    };
    Ok(Run {
        id: RunId(row.int(0)?),
        feed: row.text(1)?.to_owned(),
        kind: kind(row.text(2)?)?,
        started: Millis::new(row.int(3)?),
        finished: row.opt_int(4)?.map(Millis::new),
        counts,
        error: row.opt_text(6)?.map(str::to_owned),
    })
}

fn kind(text: &str) -> Result<FeedKind> {
    FeedKind::parse(text).ok_or_else(|| DbError::damaged("feed kind", text))
}

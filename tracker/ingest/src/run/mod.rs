//! One feed, from its input to the database: what the kinds of feeds have in common.

mod catalogue;
mod channel;
mod quarantine;
mod records;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use snowguard_tracker_db::{Db, FeedKind, FeedState, Millis, RunCounts, RunId, RunOutcome};

use crate::error::IngestError;
use crate::input::http::Validators;
use crate::input::{Location, Walker};
use crate::limits::Limits;
use crate::pipeline::Place;
use crate::plan::{Task, Wanted};
use crate::progress::Progress;
use crate::source::Kind;
use crate::source::channel::ChannelName;

pub(crate) use quarantine::Quarantine;

/// Grows when what is made of the same bytes changes, so that unchanged inputs are read again.
const READER_VERSION: u32 = 1;
/// From so many changes on, the database looks at what it holds anew.
const MANY: u64 = 10_000;

/// How to ingest.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which kinds.
    pub wanted: Wanted,
    /// For a channel whose input does not say: its name.
    pub channel: Option<ChannelName>,
    /// For a channel: its revision.
    pub revision: Option<String>,
    /// For a channel: when it was evaluated.
    pub date: Option<Millis>,
    /// Take records that are older than the stored ones, and channels that lost many packages.
    pub force: bool,
    /// Read inputs again that have not changed.
    pub reread: bool,
    /// Bounds on inputs.
    pub limits: Limits,
    /// Records in one transaction.
    pub batch: usize,
    /// Where downloads are kept until they are ingested.
    pub downloads: std::path::PathBuf,
    /// Set it to stop after the batch in hand.
    pub stop: Arc<AtomicBool>,
    /// The clock.
    pub now: fn() -> Millis,
}

impl Options {
    /// The defaults, with downloads kept in `downloads`.
    #[must_use]
    pub fn new(downloads: std::path::PathBuf) -> Self {
        Self {
            wanted: Wanted::Auto,
            channel: None,
            revision: None,
            date: None,
            force: false,
            reread: false,
            limits: Limits::default(),
            batch: 2000,
            downloads,
            stop: Arc::default(),
            now: system_clock,
        }
    }
}

fn system_clock() -> Millis {
    Millis::new(jiff::Timestamp::now().as_millisecond())
}

/// How a feed went.
#[derive(Debug)]
pub struct FeedReport {
    /// Its name.
    pub feed: String,
    /// What it holds.
    pub kind: Kind,
    /// What was done.
    pub counts: RunCounts,
    /// Attributes of a channel that could not be evaluated, and are not in it.
    pub failed: u64,
    /// Seconds it took.
    pub seconds: f64,
    /// How it ended.
    pub end: End,
}

/// How a feed ended.
#[derive(Debug)]
pub enum End {
    /// Read to its end.
    Done,
    /// The same as last time; not read.
    Unchanged,
    /// Not read to its end.
    Failed(IngestError),
}

/// Where the input of a task came from, when that is not where it is on disk.
#[derive(Debug, Clone)]
pub(crate) struct Fetched {
    /// As the user named it.
    pub location: Location,
    /// The address after redirects.
    pub url: url::Url,
    /// To ask again with.
    pub validators: Validators,
}

/// How far a feed has come, kept in the database with what was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor {
    /// Identity of the input that the place belongs to.
    identity: String,
    /// What the input was compared with to find what changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base: Option<String>,
    #[serde(flatten)]
    place: Place,
}

/// What the functions for one kind of feed work with.
pub(crate) struct Run<'r> {
    pub db: &'r Db,
    pub options: &'r Options,
    pub progress: &'r Progress,
    pub task: &'r Task,
    pub fetched: Option<&'r Fetched>,
    pub feed: String,
    pub id: RunId,
    pub counts: RunCounts,
    /// Attributes that could not be evaluated.
    pub failed: u64,
    pub quarantine: Quarantine,
}

impl Run<'_> {
    /// The input as a whole is not what it should be.
    pub fn refuse(&self, what: String) -> IngestError {
        IngestError::Unrecognised {
            input: self.feed.clone(),
            what,
        }
    }

    /// When most of an input is malformed, it is not what it was taken for. Its records would only
    /// bury the quarantine.
    pub fn give_up_on_rubbish(&self) -> Result<(), IngestError> {
        const ENOUGH: u64 = 1000;
        let RunCounts {
            quarantined, read, ..
        } = self.counts;
        if quarantined < ENOUGH || quarantined * 2 < read {
            return Ok(());
        }
        Err(self.refuse(format!(
            "{quarantined} of {read} records are malformed; gave up"
        )))
    }
}

/// The name of a feed: what it holds and where the user said it is.
pub(crate) fn feed_name(kind: Kind, location: &Location) -> String {
    format!("{kind}:{location}")
}

pub(crate) fn feed_kind(kind: Kind) -> FeedKind {
    match kind {
        Kind::CveList => FeedKind::CveList,
        Kind::Nvd => FeedKind::Nvd,
        Kind::Osv => FeedKind::Osv,
        Kind::Vendor | Kind::CveLite => FeedKind::Vendor,
        Kind::Kev => FeedKind::Kev,
        Kind::Epss => FeedKind::Epss,
        Kind::Purl2Cpe | Kind::Repology | Kind::CveBinTool => FeedKind::Alias,
        Kind::Maintainers | Kind::Teams => FeedKind::People,
        Kind::Channel => FeedKind::Channel,
    }
}

/// Loads one source. An error of the source itself is in the report.
///
/// # Errors
/// [`IngestError::Db`] and [`IngestError::Interrupted`], after which nothing else can go on.
pub(crate) fn feed(
    db: &Db,
    task: &Task,
    fetched: Option<&Fetched>,
    options: &Options,
    progress: &Progress,
) -> Result<FeedReport, IngestError> {
    let started = Instant::now();
    let location = fetched.map_or(&task.place, |fetched| &fetched.location);
    let feed = feed_name(task.kind, location);
    let known = db.feed(&feed)?;
    let report = |counts, failed, end| FeedReport {
        feed: feed.clone(),
        kind: task.kind,
        counts,
        failed,
        seconds: started.elapsed().as_secs_f64(),
        end,
    };
    let cursor = known.as_ref().and_then(|known| known.cursor.as_deref());
    let cursor = cursor.and_then(|text| serde_json::from_str::<Cursor>(text).ok());
    let seen = known
        .as_ref()
        .map(|known| known.seen.clone())
        .unwrap_or_default();
    let last_started = known
        .as_ref()
        .and_then(|known| known.last_run.as_ref())
        .map(|run| run.started);
    let input = match open(task, &seen, cursor, last_started, options) {
        Ok(input) => input,
        Err(error) => return Ok(report(RunCounts::default(), 0, End::Failed(error))),
    };
    let digest = state_digest(task, input.walker.identity(), options);
    if seen.digest == Some(digest) && input.cursor.is_none() && !options.reread && !options.force {
        return Ok(report(RunCounts::default(), 0, End::Unchanged));
    }
    let quarantine = Quarantine::open(db, &feed)?;
    let id = db.begin_run(&feed, feed_kind(task.kind), (options.now)())?;
    let counts = RunCounts::default();
    let mut run = Run {
        db,
        options,
        progress,
        task,
        fetched,
        feed: feed.clone(),
        id,
        counts,
        failed: 0,
        quarantine,
    };
    let whole = input.whole();
    let result = match task.kind {
        Kind::Channel => channel::load(&mut run, &input.walker),
        Kind::Kev
        | Kind::Epss
        | Kind::Purl2Cpe
        | Kind::Repology
        | Kind::CveBinTool
        | Kind::Maintainers
        | Kind::Teams => catalogue::load(&mut run, &input.walker),
        Kind::CveList | Kind::Nvd | Kind::Osv | Kind::Vendor | Kind::CveLite => {
            records::load(&mut run, &input)
        }
    };
    if matches!(result, Err(IngestError::Unrecognised { .. })) {
        records::begin_anew(&run)?;
    }
    if result.is_ok() && whole {
        run.quarantine.clear_unseen(db, &feed)?;
    }
    let error = result.as_ref().err().map(ToString::to_string);
    let state = state(input, fetched, digest);
    let (counts, failed) = (run.counts, run.failed);
    let finished = db.finish_run(
        id,
        &RunOutcome {
            counts,
            error,
            seen: state,
        },
        (options.now)(),
    );
    match result {
        Err(error @ (IngestError::Db(_) | IngestError::Interrupted)) if stops_all(&error) => {
            Err(error)
        }
        Err(error) => {
            finished?;
            Ok(report(counts, failed, End::Failed(error)))
        }
        Ok(()) => {
            finished?;
            if counts.new + counts.changed >= MANY {
                db.renew_statistics()?;
            }
            Ok(report(counts, failed, End::Done))
        }
    }
}

/// A channel that is refused says nothing about the other feeds; a lost database does.
fn stops_all(error: &IngestError) -> bool {
    use snowguard_tracker_db::DbError as E;
    !matches!(
        error,
        IngestError::Db(E::ChannelShrank { .. } | E::RevisionDiffers { .. } | E::Input(_))
    )
}

/// An input, and where to begin in it.
pub(crate) struct Input {
    pub walker: Walker,
    cursor: Option<Cursor>,
    /// What it was compared with to read only what changed.
    base: Option<String>,
    /// What the next run compares with.
    next_base: Option<String>,
}

impl Input {
    pub fn from(&self) -> Place {
        self.cursor
            .as_ref()
            .map_or(Place::default(), |cursor| cursor.place)
    }

    pub fn cursor_at(&self, place: Place) -> String {
        let cursor = Cursor {
            identity: self.walker.identity().to_owned(),
            base: self.base.clone(),
            place,
        };
        serde_json::to_string(&cursor).expect("a cursor is plain text and numbers")
    }

    /// Whether everything is read, from the beginning.
    fn whole(&self) -> bool {
        self.cursor.is_none() && self.base.is_none()
    }
}

fn open(
    task: &Task,
    seen: &FeedState,
    cursor: Option<Cursor>,
    last_started: Option<Millis>,
    options: &Options,
) -> Result<Input, IngestError> {
    let cursor = cursor.filter(|_| !options.reread && !options.force);
    let fresh = options.reread || options.force;
    let seen_base = seen.etag.as_deref().filter(|_| !fresh);
    let (walker, base, next_base) = match &task.place {
        Location::File(path) => (Walker::file(path, &options.limits)?, None, None),
        Location::Folder(path) => {
            let mut walker = Walker::folder(path, &options.limits)?;
            let base = match &cursor {
                Some(cursor) if cursor.identity == walker.identity() => cursor.base.clone(),
                _ => seen_base.map(str::to_owned),
            };
            let log = (task.kind == Kind::CveList)
                .then(|| records::delta_log(path))
                .flatten();
            let (base, next) =
                records::narrow(&mut walker, log.as_deref(), base.as_deref(), last_started);
            (walker, base, next)
        }
        Location::Git(path) => {
            let commit = crate::input::Checkout::open(path)?.commit().to_owned();
            let resumed = cursor
                .as_ref()
                .filter(|cursor| cursor.identity == format!("git:{commit}"));
            let base = match resumed {
                Some(cursor) => cursor.base.clone(),
                None => seen_base
                    .filter(|base| base.starts_with("git:"))
                    .map(str::to_owned),
            };
            let (walker, base) = Walker::git(path, base.as_deref(), &options.limits)?;
            let next = walker.identity().to_owned();
            (walker, base, Some(next))
        }
        Location::Url(url) => return Err(IngestError::Usage(format!("{url} was not fetched"))),
    };
    let cursor =
        cursor.filter(|cursor| cursor.identity == walker.identity() && cursor.base == base);
    Ok(Input {
        walker,
        cursor,
        base,
        next_base,
    })
}

/// What has to be equal for an input to count as unchanged.
fn state_digest(task: &Task, identity: &str, options: &Options) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(READER_VERSION.to_le_bytes());
    hash.update(identity);
    if task.kind == Kind::Channel {
        // The same packages under another name or revision are another evaluation.
        let said = format!(
            "\n{:?}\n{:?}\n{:?}",
            options.channel, options.revision, options.date
        );
        hash.update(said);
    }
    hash.finalize().into()
}

fn state(input: Input, fetched: Option<&Fetched>, digest: [u8; 32]) -> FeedState {
    match fetched {
        Some(Fetched { validators, .. }) => FeedState {
            etag: validators.etag.clone(),
            last_modified: validators.last_modified.clone(),
            digest: Some(digest),
        },
        None => FeedState {
            etag: input.next_base,
            last_modified: None,
            digest: Some(digest),
        },
    }
}

//! Loading what the user named: fetch, look, load.

use snowguard_tracker_db::Db;

use crate::error::IngestError;
use crate::input::Location;
use crate::input::http::{self, Client, Validators};
use crate::plan::{self, Plan, Skipped, Wanted};
use crate::progress::Progress;
use crate::run::{self, End, FeedReport, Fetched, Options};
use crate::source::Kind;
use snowguard_tracker_db::RunCounts;

/// What an ingestion did.
#[derive(Debug, Default)]
pub struct Report {
    /// Each feed, in the order in which they were loaded.
    pub feeds: Vec<FeedReport>,
    /// What was passed over.
    pub skipped: Vec<Skipped>,
}

impl Report {
    /// Whether every feed was read to its end.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self
            .feeds
            .iter()
            .any(|feed| matches!(feed.end, End::Failed(_)))
    }
}

/// Loads everything at a location. A feed that fails is in the report, and the others are loaded.
///
/// # Errors
/// [`IngestError::Interrupted`] after [`Options::stop`] was set; [`IngestError::Db`] when the
/// database is lost or full; when the location cannot be read at all or holds nothing known, what
/// [`plan::plan`] and [`Client::fetch`] say.
pub fn ingest(
    db: &Db,
    location: &Location,
    options: &Options,
    progress: &Progress,
) -> Result<Report, IngestError> {
    let Location::Url(url) = location else {
        let plan = plan::plan(location, options.wanted, &options.limits)?;
        return load(db, plan, None, options, progress);
    };
    let client = Client {
        limit: options.limits.download,
        ..Client::new(&options.downloads)
    };
    let known = if options.reread || options.force {
        None
    } else {
        known(db, location, options)?
    };
    let bar = progress.count(&format!("fetching {location}"), 1);
    let download = match client.fetch(url, known.as_ref().map(|(_, validators)| validators))? {
        http::Fetched::Body(download) => download,
        http::Fetched::NotModified => {
            let kind = known.map_or(Kind::CveList, |(kind, _)| kind);
            return Ok(Report {
                feeds: vec![unchanged(kind, location)],
                skipped: Vec::new(),
            });
        }
    };
    drop(bar);
    let plan = plan::plan(
        &Location::File(download.path.clone()),
        options.wanted,
        &options.limits,
    )
    .map_err(|error| named(error, location))?;
    let fetched = Fetched {
        location: location.clone(),
        url: download.url,
        validators: download.validators,
    };
    let report = load(db, plan, Some(&fetched), options, progress)?;
    if report.is_complete() {
        client.forget(url)?;
    }
    Ok(report)
}

fn load(
    db: &Db,
    plan: Plan,
    fetched: Option<&Fetched>,
    options: &Options,
    progress: &Progress,
) -> Result<Report, IngestError> {
    let mut report = Report {
        feeds: Vec::new(),
        skipped: plan.skipped,
    };
    for task in &plan.tasks {
        let feed = run::feed(db, task, fetched, options, progress)?;
        tracing::debug!(feed = feed.feed, seconds = feed.seconds, "loaded");
        report.feeds.push(feed);
    }
    Ok(report)
}

/// What the database remembers of a URL, and what it held.
fn known(
    db: &Db,
    location: &Location,
    options: &Options,
) -> Result<Option<(Kind, Validators)>, IngestError> {
    let kinds = Kind::ALL.into_iter().filter(|kind| match options.wanted {
        Wanted::Only(only) => *kind == only,
        Wanted::Auto | Wanted::Aliases => true,
    });
    for kind in kinds {
        let Some(feed) = db.feed(&run::feed_name(kind, location))? else {
            continue;
        };
        // With a cursor, a run was interrupted: its content is needed again, or its successor's.
        if feed.cursor.is_none() && feed.seen.digest.is_some() {
            let validators = Validators {
                etag: feed.seen.etag,
                last_modified: feed.seen.last_modified,
            };
            return Ok(Some((kind, validators)));
        }
    }
    Ok(None)
}

fn unchanged(kind: Kind, location: &Location) -> FeedReport {
    FeedReport {
        feed: run::feed_name(kind, location),
        kind,
        counts: RunCounts::default(),
        failed: 0,
        seconds: 0.0,
        end: End::Unchanged,
    }
}

/// The user knows the URL, not the file that its content was put into.
fn named(error: IngestError, location: &Location) -> IngestError {
    match error {
        IngestError::Unrecognised { what, .. } => IngestError::Unrecognised {
            input: location.to_string(),
            what,
        },
        other => other,
    }
}

/// Reads again what put records into quarantine.
///
/// # Errors
/// As [`ingest`]; a feed whose place is gone is reported and passed over.
pub fn retry_quarantine(
    db: &Db,
    options: &Options,
    progress: &Progress,
) -> Result<Report, IngestError> {
    let mut feeds: Vec<String> = db
        .quarantine_list(None)?
        .into_iter()
        .map(|entry| entry.feed)
        .collect();
    feeds.dedup();
    let mut all = Report::default();
    for feed in feeds {
        let Some((kind, place)) = feed.split_once(':') else {
            continue;
        };
        let Some(kind) = Kind::parse(kind) else {
            continue;
        };
        let options = Options {
            wanted: Wanted::Only(kind),
            reread: true,
            ..options.clone()
        };
        let result =
            Location::parse(place).and_then(|location| ingest(db, &location, &options, progress));
        match result {
            Ok(report) => {
                all.feeds.extend(report.feeds);
                all.skipped.extend(report.skipped);
            }
            Err(error @ (IngestError::Interrupted | IngestError::Db(_))) => return Err(error),
            Err(error) => all.skipped.push(Skipped {
                input: feed,
                why: error.to_string(),
            }),
        }
    }
    Ok(all)
}

//! `ingest`: load advisories, packages and what is known about them.

use std::fmt::Write;

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use snowguard_tracker_db::{Millis, RunCounts};
use snowguard_tracker_ingest::input::Location;
use snowguard_tracker_ingest::plan::{Skipped, Wanted};
use snowguard_tracker_ingest::source::Kind;
use snowguard_tracker_ingest::source::channel::ChannelName;
use snowguard_tracker_ingest::{self as ingest, End, FeedReport, Progress};

use super::output::{self, Format, Table, inert, thousands};
use super::{Database, Outcome, database, interrupt, rematch};

/// What to load.
#[derive(Debug, Args)]
pub struct Options {
    /// Files, folders, git checkouts, or https:// URLs
    #[arg(required = true, value_name = "PATH|URL")]
    inputs: Vec<String>,
    /// What they hold: auto, cvelist, nvd, osv, advisories, kev, epss, channel, aliases, purl2cpe,
    /// repology, cve-bin-tool, maintainers, teams, cve-lite
    #[arg(long, default_value = "auto", value_parser = wanted)]
    kind: Wanted,
    /// For packages: which channel they are of, where the name of the input does not say
    #[arg(long, value_parser = ChannelName::parse)]
    channel: Option<ChannelName>,
    /// For packages: the revision of Nixpkgs
    #[arg(long, value_name = "REV")]
    revision: Option<String>,
    /// For packages: when they were evaluated (YYYY-MM-DD, or RFC 3339)
    #[arg(long, value_parser = ingest::date::parse)]
    date: Option<Millis>,
    /// Take records older than the stored ones, and a channel that lost many packages
    #[arg(long)]
    force: bool,
    /// Read inputs again that have not changed since
    #[arg(long)]
    reread: bool,
    /// Records in one transaction
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=100_000), hide = true)]
    batch: u32,
    /// Leave matching for later
    #[arg(long)]
    no_match: bool,
    /// In which form to say what was done
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

fn wanted(word: &str) -> Result<Wanted, String> {
    match word {
        "auto" => Ok(Wanted::Auto),
        "aliases" => Ok(Wanted::Aliases),
        word => Kind::parse(word).map(Wanted::Only).ok_or_else(|| {
            let known: Vec<&str> = Kind::ALL.into_iter().map(Kind::as_str).collect();
            format!("not a kind; known: auto, aliases, {}", known.join(", "))
        }),
    }
}

/// Loads the inputs, one after the other.
pub fn run(database: &Database, options: &Options) -> Result<Outcome> {
    // A location that makes no sense is found before anything is loaded.
    let locations = options
        .inputs
        .iter()
        .map(|input| Location::parse(input))
        .collect::<Result<Vec<_>, _>>()?;
    let db = database.open()?;
    let how = ingest::Options {
        wanted: options.kind,
        channel: options.channel.clone(),
        revision: options.revision.clone(),
        date: options.date,
        force: options.force,
        reread: options.reread,
        batch: options.batch as usize,
        ..ingest::Options::new(database::downloads()?)
    };
    interrupt::watch(how.stop.clone())?;
    let progress = Progress::on_terminal();
    let mut all = ingest::Report::default();
    for location in &locations {
        let report = ingest::ingest(&db, location, &how, &progress)
            .with_context(|| format!("loading {location}"));
        match report {
            Ok(report) => {
                all.feeds.extend(report.feeds);
                all.skipped.extend(report.skipped);
            }
            Err(error) => {
                print(&all, options.format)?;
                return Err(error);
            }
        }
    }
    print(&all, options.format)?;
    if !options.no_match {
        let matched = rematch::again(&db, false, &how.stop, &progress)?;
        // Standard output holds one document.
        eprint!("{}", rematch::sentence(&matched));
        if matched.stopped {
            return Ok(Outcome::Findings);
        }
    }
    Ok(if all.is_complete() {
        Outcome::Fine
    } else {
        Outcome::Findings
    })
}

/// Says what was done; failures also on standard error.
pub fn print(report: &ingest::Report, format: Format) -> Result<()> {
    for feed in &report.feeds {
        if let End::Failed(error) = &feed.end {
            eprintln!("{}: {}", feed.feed, inert(&error.to_string()));
        }
    }
    match format {
        Format::Json => output::json(Printed::of(report)),
        Format::Text => output::text(sentences(report)?),
    }
}

fn sentences(report: &ingest::Report) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for Skipped { input, why } in &report.skipped {
        writeln!(text, "skipped  {}: {}", inert(input), inert(why))?;
    }
    let mut table = Table::default();
    table.row([
        "",
        "read",
        "new",
        "changed",
        "same",
        "stale",
        "gone",
        "quarantined",
        "records/s",
        "",
    ]);
    for feed in &report.feeds {
        let RunCounts {
            read,
            new,
            changed,
            unchanged,
            stale,
            removed,
            quarantined,
            ..
        } = feed.counts;
        let word = match &feed.end {
            End::Done => "loaded",
            End::Unchanged => "unchanged",
            End::Failed(_) => "FAILED",
        };
        let numbers = [
            read,
            new,
            changed,
            unchanged,
            stale,
            removed,
            quarantined,
            rate(feed),
        ];
        let mut cells = vec![word.to_owned()];
        cells.extend(numbers.map(thousands));
        cells.push(inert(&feed.feed));
        table.row(cells);
    }
    if !report.feeds.is_empty() {
        write!(text, "{table}")?;
    }
    for feed in &report.feeds {
        if feed.failed > 0 {
            let count = thousands(feed.failed);
            writeln!(
                text,
                "{count} attributes of {} could not be evaluated",
                inert(&feed.feed)
            )?;
        }
    }
    Ok(text)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate to look at"
)]
fn rate(feed: &FeedReport) -> u64 {
    if feed.seconds > 0.0 {
        (feed.counts.read as f64 / feed.seconds) as u64
    } else {
        0
    }
}

/// The report as JSON, version 1.
#[derive(Serialize)]
struct Printed<'r> {
    feeds: Vec<PrintedFeed<'r>>,
    skipped: Vec<PrintedSkipped<'r>>,
}

#[derive(Serialize)]
struct PrintedFeed<'r> {
    feed: &'r str,
    kind: &'r str,
    end: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    counts: RunCounts,
    failed: u64,
    seconds: f64,
}

#[derive(Serialize)]
struct PrintedSkipped<'r> {
    input: &'r str,
    why: &'r str,
}

impl<'r> Printed<'r> {
    fn of(report: &'r ingest::Report) -> Self {
        let feeds = report.feeds.iter().map(|feed| {
            let (end, error) = match &feed.end {
                End::Done => ("done", None),
                End::Unchanged => ("unchanged", None),
                End::Failed(error) => ("failed", Some(error.to_string())),
            };
            let FeedReport {
                counts,
                failed,
                seconds,
                ..
            } = *feed;
            PrintedFeed {
                feed: &feed.feed,
                kind: feed.kind.as_str(),
                end,
                error,
                counts,
                failed,
                seconds,
            }
        });
        let skipped = report.skipped.iter().map(|skipped| PrintedSkipped {
            input: &skipped.input,
            why: &skipped.why,
        });
        Self {
            feeds: feeds.collect(),
            skipped: skipped.collect(),
        }
    }
}

//! `quarantine`: records that could not be read.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use serde::Serialize;
use snowguard_tracker_db::{Db, Quarantined};
use snowguard_tracker_ingest::{self as ingest, Progress};

use super::output::{self, Format, Table, inert, time};
use super::{Database, Outcome, database, interrupt};

/// What to do with them.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List them
    List {
        /// Only of this feed
        #[arg(long)]
        feed: Option<String>,
        /// In which form
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Show what is known about one
    Show {
        /// Its id, or its place, as `list` prints it
        record: String,
        /// In which form
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Read the feeds again that they came from
    Retry {
        /// In which form to say what was done
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

/// Runs it. There is something to look at as long as the quarantine is not empty.
pub fn run(database: &Database, options: &Options) -> Result<Outcome> {
    let db = database.open()?;
    match &options.command {
        Command::List { feed, format } => list(&db, feed.as_deref(), *format),
        Command::Show { record, format } => show(&db, record, *format),
        Command::Retry { format } => {
            let how = ingest::Options::new(database::downloads()?);
            interrupt::watch(how.stop.clone())?;
            let report = ingest::retry_quarantine(&db, &how, &Progress::on_terminal())?;
            super::ingest::print(&report, *format)?;
            let left = db.quarantine_list(None)?;
            Ok(if left.is_empty() {
                Outcome::Fine
            } else {
                Outcome::Findings
            })
        }
    }
}

#[derive(Serialize)]
struct Listed<'l> {
    quarantine: &'l [Quarantined],
}

fn list(db: &Db, feed: Option<&str>, format: Format) -> Result<Outcome> {
    let entries = db.quarantine_list(feed)?;
    match format {
        Format::Json => output::json(Listed {
            quarantine: &entries,
        })?,
        Format::Text => {
            let mut table = Table::default();
            for entry in &entries {
                let reason: String = inert(&entry.reason).chars().take(100).collect();
                table.row([inert(&entry.record), inert(&entry.feed), reason]);
            }
            output::text(table)?;
        }
    }
    Ok(if entries.is_empty() {
        Outcome::Fine
    } else {
        Outcome::Findings
    })
}

fn show(db: &Db, record: &str, format: Format) -> Result<Outcome> {
    let mut entries = db.quarantine_list(None)?;
    entries.retain(|entry| entry.record == record);
    if entries.is_empty() {
        bail!("{record} is not in quarantine");
    }
    match format {
        Format::Json => output::json(Listed {
            quarantine: &entries,
        })?,
        Format::Text => {
            let mut table = Table::default();
            for entry in &entries {
                table.row(["record", &inert(&entry.record)]);
                table.row(["feed", &inert(&entry.feed)]);
                table.row(["file", &inert(&entry.file)]);
                table.row(["byte", &entry.offset.to_string()]);
                table.row(["reason", &inert(&entry.reason)]);
                table.row(["first seen", &time(entry.first_seen)]);
                table.row(["last changed", &time(entry.last_seen)]);
                table.row(["contents refused", &entry.times.to_string()]);
                table.row([""]);
            }
            output::text(table)?;
        }
    }
    Ok(Outcome::Findings)
}

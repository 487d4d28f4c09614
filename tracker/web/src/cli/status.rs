//! `status`: what the database holds, and how the last ingestions went.

use std::fmt::Write;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use snowguard_tracker_db::{AliasSource, Counts, Db, Run, RunCounts, Sizes};

use super::output::{self, Format, Table, inert, thousands, time};
use super::{Database, Outcome};

/// How to show it.
#[derive(Debug, Args)]
pub struct Options {
    /// Also how much room each table takes; looks at the whole database
    #[arg(long)]
    sizes: bool,
    /// In which form
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Prints the state.
pub fn run(database: &Database, options: &Options) -> Result<Outcome> {
    let db = database.open()?;
    let counts = db.counts()?;
    let runs = db.last_runs()?;
    let aliases = db.alias_sources()?;
    let sizes = options.sizes.then(|| db.sizes()).transpose()?;
    let failed = runs.iter().any(|run| run.error.is_some());
    match options.format {
        Format::Json => {
            let feeds = runs.iter().map(Feed::of).collect();
            output::json(State {
                database: db.location().to_string(),
                counts: &counts,
                feeds,
                aliases: &aliases,
                sizes: sizes.as_ref(),
            })?;
        }
        Format::Text => {
            output::text(sentences(&db, &counts, &runs, &aliases)?)?;
            if let Some(sizes) = sizes {
                let mut table = Table::default();
                table.row(["bytes".to_owned(), thousands(sizes.total)]);
                for size in &sizes.tables {
                    table.row([format!("  {}", inert(&size.name)), thousands(size.bytes)]);
                }
                output::text(format_args!("\n{table}"))?;
            }
        }
    }
    Ok(if failed || counts.quarantined > 0 {
        Outcome::Findings
    } else {
        Outcome::Fine
    })
}

#[derive(Serialize)]
struct State<'s> {
    database: String,
    #[serde(flatten)]
    counts: &'s Counts,
    feeds: Vec<Feed<'s>>,
    aliases: &'s [AliasSource],
    #[serde(skip_serializing_if = "Option::is_none")]
    sizes: Option<&'s Sizes>,
}

#[derive(Serialize)]
struct Feed<'s> {
    feed: &'s str,
    kind: &'static str,
    started: i64,
    finished: Option<i64>,
    counts: RunCounts,
    error: Option<&'s str>,
}

impl<'s> Feed<'s> {
    fn of(run: &'s Run) -> Self {
        Self {
            feed: &run.feed,
            kind: run.kind.as_str(),
            started: run.started.get(),
            finished: run.finished.map(snowguard_tracker_db::Millis::get),
            counts: run.counts,
            error: run.error.as_deref(),
        }
    }
}

fn sentences(
    db: &Db,
    counts: &Counts,
    runs: &[Run],
    aliases: &[AliasSource],
) -> Result<String, std::fmt::Error> {
    let mut text = format!("database  {}\n\n", db.location());
    let mut table = Table::default();
    table.row(["advisories".to_owned(), thousands(counts.advisories)]);
    for (source, count) in &counts.records {
        let name = serde_json::to_value(source).ok();
        let name = name
            .as_ref()
            .and_then(serde_json::Value::as_str)
            .unwrap_or("?");
        table.row([format!("  records, {name}"), thousands(*count)]);
    }
    table.row(["exploited (KEV)".to_owned(), thousands(counts.kev)]);
    table.row(["predicted (EPSS)".to_owned(), thousands(counts.epss)]);
    for (channel, count) in &counts.channels {
        table.row([format!("packages, {}", inert(channel)), thousands(*count)]);
    }
    for source in aliases {
        let name = format!(
            "names, {} ({})",
            inert(&source.name),
            inert(&source.licence)
        );
        table.row([name, thousands(source.facts)]);
    }
    table.row(["in quarantine".to_owned(), thousands(counts.quarantined)]);
    table.row(["to be matched".to_owned(), thousands(counts.dirty)]);
    write!(text, "{table}")?;
    if !runs.is_empty() {
        let mut table = Table::default();
        table.row([
            "last run",
            "",
            "read",
            "new",
            "changed",
            "quarantined",
            "feed",
        ]);
        for run in runs {
            let how = match (&run.error, run.finished) {
                (Some(_), _) => "failed",
                (None, Some(_)) => "done",
                (None, None) => "not finished",
            };
            let RunCounts {
                read,
                new,
                changed,
                quarantined,
                ..
            } = run.counts;
            let mut cells = vec![time(run.started), how.to_owned()];
            cells.extend([read, new, changed, quarantined].map(thousands));
            cells.push(inert(&run.feed));
            table.row(cells);
        }
        write!(text, "\n{table}")?;
        for run in runs {
            if let Some(error) = &run.error {
                writeln!(text, "{}: {}", inert(&run.feed), inert(error))?;
            }
        }
    }
    Ok(text)
}

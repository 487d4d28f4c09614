//! `history`: how the records of an advisory changed.

use std::fmt::Write;

use anyhow::{Result, bail};
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use snowguard_advisory::model::{Record, Source};
use snowguard_tracker_db::RecordChange;

use super::output::{self, Format, inert, time};
use super::{Database, Outcome};

/// Which advisory.
#[derive(Debug, Args)]
pub struct Options {
    /// Its id, e.g. CVE-2024-3094
    advisory: String,
    /// In which form
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Serialize)]
struct Shown<'s> {
    advisory: &'s str,
    records: Vec<Changed>,
}

#[derive(Serialize)]
struct Changed {
    source: Source,
    record: String,
    changes: Vec<Change>,
}

#[derive(Serialize)]
struct Change {
    number: u64,
    at: i64,
    /// RFC 6902, from the older to the newer.
    patch: Value,
}

/// Prints the changes, newest first.
pub fn run(database: &Database, options: &Options) -> Result<Outcome> {
    let db = database.open()?;
    let Some(advisory) = db.advisory(&options.advisory)? else {
        bail!("there is no advisory {}; is it ingested?", options.advisory);
    };
    let mut records = Vec::new();
    for record in &advisory.records {
        let name = name(record);
        let changes = db.record_history(record.source, &name)?;
        let changes = changes
            .into_iter()
            .map(|RecordChange { number, at, patch }| Change {
                number,
                at: at.get(),
                patch,
            });
        records.push(Changed {
            source: record.source,
            record: name,
            changes: changes.collect(),
        });
    }
    let shown = Shown {
        advisory: &advisory.id,
        records,
    };
    match options.format {
        Format::Json => output::json(shown)?,
        Format::Text => output::text(sentences(&shown)?)?,
    }
    Ok(Outcome::Fine)
}

/// What the database calls a record: a vendor's ids are unique only with the vendor.
fn name(record: &Record) -> String {
    match (&record.source, &record.publisher) {
        (Source::Vendor, Some(publisher)) => format!("{publisher}/{}", record.id),
        _ => record.id.clone(),
    }
}

fn sentences(shown: &Shown<'_>) -> Result<String, std::fmt::Error> {
    let mut out = format!("{}\n", inert(shown.advisory));
    for Changed {
        record, changes, ..
    } in &shown.records
    {
        writeln!(out, "\n{}", inert(record))?;
        if changes.is_empty() {
            writeln!(out, "  as it came")?;
        }
        for Change { number, at, patch } in changes {
            writeln!(
                out,
                "  change {number}, {}",
                time(snowguard_tracker_db::Millis::new(*at))
            )?;
            for step in patch.as_array().into_iter().flatten() {
                writeln!(out, "    {}", step_line(step))?;
            }
        }
    }
    Ok(out)
}

/// `replace /cveMetadata/dateUpdated "2026-…"`.
fn step_line(step: &Value) -> String {
    const MOST: usize = 120;
    let text = |name: &str| {
        step.get(name)
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned()
    };
    let value = step.get("value").map(Value::to_string).unwrap_or_default();
    let short: String = value.chars().take(MOST).collect();
    let dots = if short.len() < value.len() { "…" } else { "" };
    inert(&format!("{} {} {short}{dots}", text("op"), text("path")))
}

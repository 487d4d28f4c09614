//! `rematch`: judge again what has changed; also the end of every ingestion.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result};
use clap::Args;
use snowguard_tracker_db::{Db, Millis};
use snowguard_tracker_ingest::rematch::{self, Outcome as Matched, Stage};

use super::output::{self, Format, thousands};
use super::{Database, Outcome, interrupt};
use snowguard_tracker_ingest::{Bar, Progress};

/// What to match again.
#[derive(Debug, Args)]
pub struct Options {
    /// Every advisory, not only what has changed since it was matched
    #[arg(long)]
    full: bool,
    /// In which form to say what was done
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Matches again, and says what changed.
pub fn run(database: &Database, options: &Options) -> Result<Outcome> {
    let db = database.open()?;
    let stop = Arc::new(AtomicBool::new(false));
    interrupt::watch(stop.clone())?;
    let matched = again(&db, options.full, &stop, &Progress::on_terminal())?;
    match options.format {
        Format::Json => output::json(matched)?,
        Format::Text => output::text(sentence(&matched))?,
    }
    Ok(if matched.stopped {
        Outcome::Findings
    } else {
        Outcome::Fine
    })
}

/// Matches again with a progress bar per stage.
pub fn again(db: &Db, everything: bool, stop: &AtomicBool, progress: &Progress) -> Result<Matched> {
    let now = Millis::new(jiff::Timestamp::now().as_millisecond());
    let options = rematch::Options {
        everything,
        now,
        stop: Some(stop),
    };
    let mut shown: Option<(Stage, Bar, u64)> = None;
    rematch::run(db, &options, &mut |step| {
        if shown
            .as_ref()
            .is_none_or(|(stage, _, _)| *stage != step.stage)
        {
            let name = match step.stage {
                Stage::Learning => "learning",
                Stage::Judging => "matching",
            };
            shown = Some((step.stage, progress.count(name, step.total), 0));
        }
        if let Some((_, bar, done)) = &mut shown {
            bar.advance(step.done.saturating_sub(*done));
            *done = step.done;
        }
    })
    .context("matching advisories with packages")
}

/// What was done, in a line.
pub fn sentence(matched: &Matched) -> String {
    let Matched {
        advisories,
        changed,
        newly_affected,
        stopped,
        ..
    } = *matched;
    let end = if stopped {
        "; stopped, the rest is matched the next time"
    } else {
        ""
    };
    format!(
        "matched {} advisories: {} changed, {} packages newly affected{end}\n",
        thousands(advisories),
        thousands(changed),
        thousands(newly_affected)
    )
}

//! `gc`, `backup`, `restore`: taking care of the database.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::{Timestamp, ToSpan};
use snowguard_tracker_db::{Db, GcPolicy, Millis};

use super::output::{self, Table, thousands};
use super::{Database, Outcome};

/// What may go.
#[derive(Debug, Args)]
pub struct Gc {
    /// Evaluations of each channel that can still be read back, the newest
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    keep_evaluations: Option<u32>,
    /// Forget changes of records that were stored more than this many days ago
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..36500))]
    forget_changes_after: Option<u32>,
    /// Runs of each feed that stay, the newest
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    keep_runs: u32,
    /// Forget news that went out more than this many days ago
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(7..36500))]
    forget_news_after: u32,
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,
}

/// Where the copy goes.
#[derive(Debug, Args)]
pub struct Backup {
    /// A file that is not there yet
    to: PathBuf,
}

/// What to restore.
#[derive(Debug, Args)]
pub struct Restore {
    /// A file that `backup` wrote
    from: PathBuf,
}

/// Gives up what is old and tidies.
pub fn gc(database: &Database, options: &Gc) -> Result<Outcome> {
    let db = database.open()?;
    let forget = options.forget_changes_after.map(days_ago).transpose()?;
    let policy = GcPolicy {
        keep_evaluations: options.keep_evaluations,
        forget_changes_before: forget,
        keep_runs: Some(options.keep_runs),
        forget_news_before: Some(days_ago(options.forget_news_after)?),
    };
    if options.dry_run {
        return would_go(&db, &policy);
    }
    let before = db.sizes()?.total;
    let gone = db.gc(&policy)?;
    let after = db.sizes()?.total;
    let mut table = Table::default();
    table.row(["evaluations".to_owned(), thousands(gone.evaluations)]);
    table.row(["rows of packages".to_owned(), thousands(gone.packages)]);
    table.row(["attributes".to_owned(), thousands(gone.attributes)]);
    table.row(["changes of records".to_owned(), thousands(gone.changes)]);
    table.row(["runs".to_owned(), thousands(gone.runs)]);
    table.row(["news".to_owned(), thousands(gone.news)]);
    output::text(format_args!(
        "gone:\n{table}\nbytes: {} before, {} after\n",
        thousands(before),
        thousands(after)
    ))?;
    Ok(Outcome::Fine)
}

fn would_go(db: &Db, policy: &GcPolicy) -> Result<Outcome> {
    let mut table = Table::default();
    if let Some(keep) = policy.keep_evaluations {
        for channel in db.channels()? {
            let evaluations = db.evaluations(&channel.name)?.len();
            let gone = evaluations.saturating_sub(keep as usize);
            table.row([
                format!("evaluations of {}", output::inert(&channel.name)),
                gone.to_string(),
            ]);
        }
    }
    if let Some(before) = policy.forget_changes_before {
        table.row(["changes stored before".to_owned(), output::time(before)]);
    }
    if let Some(keep) = policy.keep_runs {
        table.row(["runs of each feed that stay".to_owned(), keep.to_string()]);
    }
    if let Some(before) = policy.forget_news_before {
        table.row(["news that went out before".to_owned(), output::time(before)]);
    }
    output::text(format_args!("would go:\n{table}"))?;
    Ok(Outcome::Fine)
}

fn days_ago(days: u32) -> Result<Millis> {
    let then = Timestamp::now()
        .checked_sub((i64::from(days) * 24).hours())
        .with_context(|| format!("{days} days ago"))?;
    Ok(Millis::new(then.as_millisecond()))
}

/// Writes a copy while others read and write.
pub fn backup(database: &Database, options: &Backup) -> Result<Outcome> {
    let db = database.open()?;
    db.backup(&options.to)
        .with_context(|| format!("writing {}", options.to.display()))?;
    output::text(format_args!("{}\n", options.to.display()))?;
    Ok(Outcome::Fine)
}

/// Makes a database of a copy; never over one that holds something.
pub fn restore(database: &Database, options: &Restore) -> Result<Outcome> {
    if !options.from.is_file() {
        bail!("{} is not a file", options.from.display());
    }
    let into = database.location()?;
    Db::restore(&options.from, &into)
        .with_context(|| format!("restoring {} into {into}", options.from.display()))?;
    output::text(format_args!("{into}\n"))?;
    Ok(Outcome::Fine)
}

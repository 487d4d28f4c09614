//! `rule`: corrections that the matcher takes over, for whoever runs the tracker on this machine.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use serde::Serialize;
use snowguard_tracker_db::{Db, Millis, PersonId, Retire, RuleEffect, RuleTotals, StoredRule};
use snowguard_tracker_ingest::Progress;
use snowguard_tracker_triage::rule::Rule;

use super::output::{self, Format, Table, inert, thousands, time};
use super::{Database, Outcome, interrupt, rematch};

/// What to do with them.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make one, and match again what it touches
    Add(Add),
    /// List them, with what they changed
    List {
        /// Those that do not hold any more as well
        #[arg(long)]
        all: bool,
        /// In which form
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Show one, and the advisories that it touched
    Show {
        /// Its number, as `list` prints it
        number: i64,
        /// Show at most so many advisories, the newest
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// In which form
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Take one back, and match again what it touched
    Retire(Change),
    /// Put one that was taken back in force again
    Restore(Change),
}

#[derive(Debug, Args)]
struct Add {
    /// Vendor, as advisories or CPE names write it
    vendor: String,
    /// Product; without it, the rule is about all of the vendor
    product: Option<String>,
    /// It is this attribute, and nothing else
    #[arg(
        long,
        value_name = "ATTRIBUTE",
        required_unless_present = "never",
        conflicts_with = "never",
        requires = "product"
    )]
    is: Option<String>,
    /// It is not in Nixpkgs
    #[arg(long)]
    never: bool,
    /// The advisory that showed it
    #[arg(long, value_name = "ID")]
    advisory: Option<String>,
    /// Leave matching for later
    #[arg(long)]
    no_match: bool,
    /// In which form
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Args)]
struct Change {
    /// Its number, as `list` prints it
    number: i64,
    /// Leave matching for later
    #[arg(long)]
    no_match: bool,
    /// In which form
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs it. What is changed here stands in the log as the tracker's own doing: nobody has signed in.
pub fn run(database: &Database, options: &Options) -> Result<Outcome> {
    let db = database.open()?;
    match &options.command {
        Command::Add(options) => add(&db, options),
        Command::List { all, format } => {
            let mut rules = db.rules()?;
            rules.retain(|rule| *all || rule.retired.is_none());
            print(&db, rules, *format)
        }
        Command::Show {
            number,
            limit,
            format,
        } => show(&db, *number, *limit, *format),
        Command::Retire(change) => self::change(&db, change, Retire::Retire),
        Command::Restore(change) => self::change(&db, change, Retire::Restore),
    }
}

fn add(db: &Db, options: &Add) -> Result<Outcome> {
    let kind = if options.never { "never" } else { "identity" };
    let (product, attr) = (options.product.as_deref(), options.is.as_deref());
    let rule = Rule::new(
        kind,
        &options.vendor,
        product.unwrap_or_default(),
        attr.unwrap_or_default(),
    )
    .context("making a rule")?;
    if let Some(attr) = attr {
        let mut is_known = false;
        for channel in db.channels()? {
            is_known |= db.package(&channel.name, attr)?.is_some();
        }
        if !is_known {
            eprintln!("no channel has {} now", inert(attr));
        }
    }
    let advisory = options.advisory.as_deref();
    let number = db.put_rule(&rule, advisory, None::<PersonId>, now())?;
    finish(db, number, options.no_match, options.format)
}

fn change(db: &Db, change: &Change, retire: Retire) -> Result<Outcome> {
    db.retire_rule(change.number, retire, None::<PersonId>, now())?;
    finish(db, change.number, change.no_match, change.format)
}

/// Matches again what a rule touches, and shows the rule.
fn finish(db: &Db, number: i64, no_match: bool, format: Format) -> Result<Outcome> {
    let mut outcome = Outcome::Fine;
    if !no_match {
        let stop = Arc::new(AtomicBool::new(false));
        interrupt::watch(stop.clone())?;
        let matched = rematch::again(db, false, &stop, &Progress::on_terminal())?;
        // Standard output holds one document.
        eprint!("{}", rematch::sentence(&matched));
        if matched.stopped {
            outcome = Outcome::Findings;
        }
    }
    print(db, vec![found(db, number)?], format)?;
    Ok(outcome)
}

fn found(db: &Db, number: i64) -> Result<StoredRule> {
    match db.rules()?.into_iter().find(|rule| rule.id == number) {
        Some(rule) => Ok(rule),
        None => bail!("there is no rule {number}"),
    }
}

fn now() -> Millis {
    Millis::new(jiff::Timestamp::now().as_millisecond())
}

/// A rule as JSON, version 1.
#[derive(Serialize)]
struct Printed {
    number: i64,
    rule: Rule,
    sentence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advisory: Option<String>,
    created: Millis,
    #[serde(skip_serializing_if = "Option::is_none")]
    retired: Option<Millis>,
    /// As of the last matching.
    changed: RuleTotals,
}

#[derive(Serialize)]
struct Listed<'l> {
    rules: Vec<Printed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advisories: Option<&'l [RuleEffect]>,
}

fn printed(db: &Db, rules: Vec<StoredRule>) -> Result<Vec<Printed>> {
    let totals = db.rule_totals()?;
    let changed = |id| {
        let none = RuleTotals {
            rule: id,
            ..RuleTotals::default()
        };
        let known = totals.iter().find(|totals| totals.rule == id);
        known.copied().unwrap_or(none)
    };
    let all = rules.into_iter().map(|stored| Printed {
        number: stored.id,
        sentence: stored.rule.sentence(),
        rule: stored.rule,
        advisory: stored.advisory,
        created: stored.created,
        retired: stored.retired,
        changed: changed(stored.id),
    });
    Ok(all.collect())
}

fn print(db: &Db, rules: Vec<StoredRule>, format: Format) -> Result<Outcome> {
    let rules = printed(db, rules)?;
    match format {
        Format::Json => output::json(Listed {
            rules,
            advisories: None,
        })?,
        Format::Text => {
            let mut table = Table::default();
            for rule in &rules {
                table.row(cells(rule));
            }
            output::text(table)?;
        }
    }
    Ok(Outcome::Fine)
}

fn cells(rule: &Printed) -> [String; 4] {
    let RuleTotals {
        advisories,
        made,
        prevented,
        ..
    } = rule.changed;
    let state = match rule.retired {
        Some(since) => format!("retired {}", time(since)),
        None => format!("since {}", time(rule.created)),
    };
    let changed = format!(
        "{} advisories: {} packages tied, {} kept out",
        thousands(advisories),
        thousands(made),
        thousands(prevented)
    );
    let number = rule.number.to_string();
    [number, state, changed, inert(&rule.sentence)]
}

fn show(db: &Db, number: i64, limit: u32, format: Format) -> Result<Outcome> {
    let rules = printed(db, vec![found(db, number)?])?;
    let effects = db.rule_effects(number, None, limit as usize)?;
    match format {
        Format::Json => output::json(Listed {
            rules,
            advisories: Some(&effects),
        })?,
        Format::Text => {
            let mut table = Table::default();
            for rule in &rules {
                table.row(cells(rule));
            }
            output::text(table)?;
            let mut table = Table::default();
            for effect in &effects {
                table.row([
                    inert(&effect.advisory),
                    format!("{} tied", effect.made),
                    format!("{} kept out", effect.prevented),
                ]);
            }
            output::text(table)?;
        }
    }
    Ok(Outcome::Fine)
}

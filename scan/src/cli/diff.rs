//! Two closures, side by side.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use snowguard_scan::difference::Difference;
use snowguard_scan::report::difference as told;

use super::exit::Outcome;
use super::judging::Judging;
use super::output::Output;
use super::scan::{Bar, named, pretty};
use super::steps::Steps;

/// What to compare.
#[derive(Debug, Args)]
pub struct Options {
    /// The closure as it is, such as /run/current-system
    old: PathBuf,
    /// The closure as it would be, such as ./result
    new: PathBuf,
    #[command(flatten)]
    judging: Judging,
    /// Exit with 1 when a finding that is brought has at least this severity
    #[arg(long, value_enum, default_value_t = Bar::Any)]
    fail_on: Bar,
    /// In which form to tell
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// A form of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person at a terminal
    Text,
    /// With a version of its own
    Json,
    /// A table for an issue
    Markdown,
}

/// Compares.
pub fn run(options: &Options) -> Result<Outcome> {
    let judging = &options.judging;
    let mut steps = Steps::new(judging.verbose);
    let output = Output::open(options.format == Format::Text);
    let old = named(&options.old, &judging.root)?;
    let new = named(&options.new, &judging.root)?;
    judging.with_file(&[&old, &new], &mut steps, |file, steps| {
        let suppressions = judging.suppressions(file)?;
        let mut sides = Vec::new();
        for target in [&old, &new] {
            sides.push(judging.judge(target, false, file, steps)?);
        }
        let reports: Vec<_> = sides
            .iter()
            .map(|side| side.report(&suppressions, file))
            .collect();
        let [old, new] = reports.as_slice() else {
            return Ok(Outcome::Clean);
        };
        let difference = Difference::of(old, new);
        output.write(&match options.format {
            Format::Text => told::text(&difference, output.has_colour())?,
            Format::Json => pretty(&told::Document::of(&difference))?,
            Format::Markdown => told::markdown(&difference),
        })?;
        Ok(options.fail_on.outcome(difference.worst_brought()))
    })
}

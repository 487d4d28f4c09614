//! The scan itself.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use snowguard_advisory_file::AdvisoryFile;
use snowguard_scan::cpe_names;
use snowguard_scan::explain::{Scene, explain};
use snowguard_scan::identify::Identified;
use snowguard_scan::input::{self, Target};
use snowguard_scan::report::{
    Level, Report, csv, cyclonedx, html, json, markdown, openvex, sarif, spdx, story, terminal,
};
use snowguard_scan::suppress::Suppressions;

use super::exit::Outcome;
use super::judging::{Examined, Judging};
use super::output::Output;
use super::steps::Steps;

/// What to scan, and how to tell.
#[derive(Debug, Args)]
pub struct Options {
    /// Store paths, links into the store, `.drv` files, flake outputs (`nixpkgs#hello`), or a file:
    /// what `nix path-info --json` or `nix derivation show` print, a list of paths, a bill of
    /// materials (CycloneDX, SPDX), a channel's packages.json; `-` is standard input
    #[arg(default_value = "/run/current-system", value_name = "TARGET")]
    targets: Vec<PathBuf>,
    /// Everything in the Nix store instead
    #[arg(long, conflicts_with = "targets")]
    store: bool,
    /// Everything that profiles and other roots of the garbage collector keep instead
    #[arg(long, conflicts_with_all = ["targets", "store"])]
    gc_roots: bool,
    #[command(flatten)]
    judging: Judging,
    /// Exit with 1 when a finding has at least this severity
    #[arg(long, value_enum, default_value_t = Bar::Any)]
    fail_on: Bar,
    /// Tell the whole story of one advisory, also when it is no finding
    #[arg(long, value_name = "ID")]
    explain: Option<String>,
    /// Write a bill of materials of the closure instead of judging it
    #[arg(long, value_enum, value_name = "FORM", conflicts_with_all = ["explain", "format"])]
    sbom: Option<Sbom>,
    /// In which form to tell
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// From which severity on a scan fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Bar {
    Never,
    Critical,
    High,
    Medium,
    Low,
    Any,
}

impl Bar {
    /// Whether the worst of some findings is at or above it.
    pub fn is_reached(self, worst: Option<Level>) -> bool {
        let Some(worst) = worst else { return false };
        match self {
            Self::Never => false,
            Self::Any => true,
            Self::Low => worst >= Level::Low,
            Self::Medium => worst >= Level::Medium,
            Self::High => worst >= Level::High,
            Self::Critical => worst >= Level::Critical,
        }
    }

    /// As an outcome.
    pub fn outcome(self, worst: Option<Level>) -> Outcome {
        if self.is_reached(worst) {
            Outcome::Findings
        } else {
            Outcome::Clean
        }
    }
}

/// A form of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person at a terminal
    Text,
    /// With a version of its own
    Json,
    /// SARIF 2.1.0
    Sarif,
    /// CycloneDX 1.6: the software, and the findings as vulnerabilities
    Cyclonedx,
    /// SPDX 2.3: the software, and the findings as security references
    Spdx,
    /// OpenVEX 0.2.0
    Openvex,
    /// RFC 4180
    Csv,
    /// A table for an issue
    Markdown,
    /// One page with a table to filter and a drawing of why
    Html,
}

/// A form of a bill of materials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sbom {
    /// CycloneDX 1.6
    Cyclonedx,
    /// SPDX 2.3
    Spdx,
}

impl Format {
    /// Whether it tells more of an advisory than its title.
    fn tells_prose(self) -> bool {
        matches!(self, Self::Sarif | Self::Cyclonedx)
    }
}

/// Scans and tells.
pub fn run(options: &Options) -> Result<Outcome> {
    let judging = &options.judging;
    let mut steps = Steps::new(judging.verbose);
    let is_text = options.format == Format::Text && options.sbom.is_none();
    let output = Output::open(is_text);
    let target = target(options)?;
    judging.with_file(&[&target], &mut steps, |file, steps| {
        if let Some(id) = &options.explain {
            let examined = judging.examine(&target, file, steps)?;
            let suppressions = judging.suppressions(file)?;
            output.write(&tell_story(id, &examined, &suppressions, file, steps)?)?;
            return Ok(Outcome::Clean);
        }
        if let Some(form) = options.sbom {
            let mut examined = judging.examine(&target, file, steps)?;
            cpe_names::complete(&mut examined.identified, file)?;
            steps.done("naming by CPE");
            output.write(&bill(&examined, form)?)?;
            return Ok(Outcome::Clean);
        }
        let suppressions = judging.suppressions(file)?;
        let mut judged = judging.judge(&target, options.format.tells_prose(), file, steps)?;
        if matches!(options.format, Format::Cyclonedx | Format::Spdx) {
            cpe_names::complete(&mut judged.examined.identified, file)?;
            steps.done("naming by CPE");
        }
        let report = judged.report(&suppressions, file);
        let software = &judged.examined.identified;
        output.write(&told(&report, software, options.format, &output)?)?;
        steps.done("telling");
        let outcome = options.fail_on.outcome(report.worst());
        drop(report);
        // The process ends: the kernel takes its memory back at once, which is quicker than giving
        // back a hundred thousand pieces of it.
        std::mem::forget(judged);
        Ok(outcome)
    })
}

fn tell_story(
    id: &str,
    examined: &Examined,
    suppressions: &Suppressions,
    file: &AdvisoryFile<'_>,
    steps: &Steps,
) -> Result<String> {
    let closure = &examined.closure;
    let scene = Scene {
        closure,
        inventory: &examined.inventory,
        identified: &examined.identified,
        suppressions,
        today: jiff::Zoned::now().date(),
    };
    let story =
        explain(id, scene, file)?.with_context(|| format!("the advisory file knows no {id}"))?;
    let mut text = story::write(&story, closure)?;
    if let Some(confined) = steps.confined().filter(|confined| !confined.is_whole()) {
        text.push_str(&format!("\nnote: {confined}\n"));
    }
    Ok(text)
}

fn bill(examined: &Examined, form: Sbom) -> Result<String> {
    let now = jiff::Timestamp::now().as_millisecond();
    let (closure, software) = (&examined.closure, examined.identified.as_slice());
    pretty(&match form {
        Sbom::Cyclonedx => cyclonedx::bill(closure, software, now),
        Sbom::Spdx => spdx::bill(closure, software, now),
    })
}

/// A file outside of the store is read; everything else leads into the store.
fn target(options: &Options) -> Result<Target> {
    if options.store {
        return Ok(Target::Store);
    }
    if options.gc_roots {
        return Ok(Target::GcRoots);
    }
    match options.targets.as_slice() {
        [only] => named(only, &options.judging.root),
        several => Ok(Target::Paths(several.to_vec())),
    }
}

/// What one name on the command line means. A flake is evaluated here: afterwards no other program
/// can be run.
pub fn named(only: &Path, root: &Path) -> Result<Target> {
    if let Some(text) = only.to_str()
        && input::is_flake(text)
        && !only.exists()
    {
        let paths = input::evaluate_flake(text, &input::Nix::at(root))?;
        return Ok(Target::Paths(paths));
    }
    let in_store = Path::new("/nix/store");
    let is_file = only == Path::new("-")
        || (only.is_file()
            && !only
                .canonicalize()
                .is_ok_and(|real| real.starts_with(in_store)));
    Ok(if is_file {
        Target::File(only.to_owned())
    } else {
        Target::Paths(vec![only.to_owned()])
    })
}

fn told(
    report: &Report<'_>,
    software: &[Identified],
    format: Format,
    output: &Output,
) -> Result<String> {
    let now = jiff::Timestamp::now().as_millisecond();
    Ok(match format {
        Format::Text => {
            let colour = output.has_colour();
            terminal::write(report, terminal::Style { colour })?
        }
        Format::Csv => csv::write(report),
        Format::Markdown => markdown::write(report),
        Format::Html => html::write(report, now)?,
        Format::Json => pretty(&json::Document::of(report))?,
        Format::Sarif => pretty(&sarif::document(report))?,
        Format::Openvex => pretty(&openvex::document(report, now))?,
        Format::Cyclonedx => pretty(&cyclonedx::document(report, software, now))?,
        Format::Spdx => pretty(&spdx::document(report, software, now))?,
    })
}

/// JSON for people and programs.
pub fn pretty(value: &impl serde::Serialize) -> Result<String> {
    let mut text = serde_json::to_string_pretty(value).context("writing JSON")?;
    text.push('\n');
    Ok(text)
}

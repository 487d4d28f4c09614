//! The scan itself.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use snowguard_advisory_file::AdvisoryFile;
use snowguard_matching::verdict::Tier;
use snowguard_scan::closure::Closure;
use snowguard_scan::database::Mapped;
use snowguard_scan::explain::explain;
use snowguard_scan::identify::{Identified, identify};
use snowguard_scan::input::{self, Nix, Target};
use snowguard_scan::judge::Scan;
use snowguard_scan::report::finding::{self, Material};
use snowguard_scan::report::{
    Level, Report, csv, cyclonedx, json, markdown, openvex, sarif, story, terminal,
};
use snowguard_scan::software::Inventory;
use snowguard_scan::suppress::Suppressions;

use super::exit::{Outcome, TooOld};
use super::trust::Trust;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// What to scan, and how to tell.
#[derive(Debug, Args)]
pub struct Options {
    /// Store paths, links into the store, `.drv` files, or files with what `nix path-info --json`
    /// or `nix derivation show` print, or with a list of paths; `-` is standard input
    #[arg(default_value = "/run/current-system", value_name = "TARGET")]
    targets: Vec<PathBuf>,
    /// Everything in the Nix store instead
    #[arg(long, conflicts_with = "targets")]
    store: bool,
    /// The root folder whose Nix store and database are read: a mounted disk, a container image
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
    #[command(flatten)]
    trust: Trust,
    /// Refuse an advisory file that is older than this many days
    #[arg(long, value_name = "DAYS")]
    max_age: Option<u32>,
    /// Exit with 1 when a finding has at least this severity
    #[arg(long, value_enum, default_value_t = Bar::Any)]
    fail_on: Bar,
    /// File with findings to set aside: our own TOML, a vulnix whitelist, OpenVEX or CSAF; may be
    /// given again
    #[arg(long, value_name = "FILE")]
    suppress: Vec<PathBuf>,
    /// Tell the whole story of one advisory, also when it is no finding
    #[arg(long, value_name = "ID")]
    explain: Option<String>,
    /// Show ties by a name alone, too
    #[arg(long)]
    all: bool,
    /// In which form to tell
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// From which severity on a scan fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Bar {
    Never,
    Critical,
    High,
    Medium,
    Low,
    Any,
}

impl Bar {
    fn is_reached(self, worst: Option<Level>) -> bool {
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
    /// OpenVEX 0.2.0
    Openvex,
    /// RFC 4180
    Csv,
    /// A table for an issue
    Markdown,
}

/// Scans and tells.
pub fn run(options: &Options) -> Result<Outcome> {
    let keys = options.trust.keys()?;
    let mapped = Mapped::open(&options.trust.file())?;
    let file = mapped.verify(&keys)?;
    check_age(&file, options.max_age)?;
    let nix = Nix::at(&options.root);
    let mut closure = input::closure(&target(options), &nix)?;
    input::attach_derivations(&mut closure, &nix)?;
    let inventory = Inventory::of(&closure);
    let identified = identified(&inventory, &closure, &file)?;
    if let Some(id) = &options.explain {
        let story = explain(id, &closure, &inventory, &identified, &file)?
            .with_context(|| format!("the advisory file knows no {id}"))?;
        let text = story::write(&story, &closure)?;
        std::io::stdout()
            .lock()
            .write_all(text.as_bytes())
            .context("writing to standard output")?;
        return Ok(Outcome::Clean);
    }
    let mut suppressions = Suppressions::default();
    for path in &options.suppress {
        suppressions.add_file(path)?;
    }
    let scan = Scan::run(&identified, &file)?;
    let lowest = if options.all { Tier::Low } else { Tier::Medium };
    let prose = finding::prose_for(&scan, lowest, &file)?;
    let material = Material {
        closure: &closure,
        inventory: &inventory,
        identified: &identified,
        scan: &scan,
        prose: &prose,
        lowest,
        suppressions: &suppressions,
        today: jiff::Zoned::now().date(),
    };
    let report = Report::new(&material, &file);
    tell(&report, &identified, options.format)?;
    Ok(if options.fail_on.is_reached(report.worst()) {
        Outcome::Findings
    } else {
        Outcome::Clean
    })
}

fn identified(
    inventory: &Inventory,
    closure: &Closure,
    file: &AdvisoryFile<'_>,
) -> Result<Vec<Identified>> {
    let mut all = Vec::with_capacity(inventory.software.len());
    for software in &inventory.software {
        all.extend(identify(software, closure, file)?);
    }
    Ok(all)
}

/// A file outside of the store is read; everything else leads into the store.
fn target(options: &Options) -> Target {
    if options.store {
        return Target::Store;
    }
    if let [only] = options.targets.as_slice() {
        let in_store = Path::new("/nix/store");
        let is_file = only == Path::new("-")
            || (only.is_file()
                && !only
                    .canonicalize()
                    .is_ok_and(|real| real.starts_with(in_store)));
        if is_file {
            return Target::File(only.clone());
        }
    }
    Target::Paths(options.targets.clone())
}

fn check_age(file: &AdvisoryFile<'_>, allowed: Option<u32>) -> Result<()> {
    let now = jiff::Timestamp::now().as_millisecond();
    let created = file.header().created;
    let age = (now - created) / DAY;
    if created - now > DAY {
        eprintln!("warning: the advisory file is from the future; is the clock right?");
    }
    match allowed {
        Some(allowed) if age > i64::from(allowed) => Err(TooOld { age, allowed }.into()),
        None if age > 7 => {
            eprintln!("warning: the advisory file is {age} days old; newer advisories are missing");
            Ok(())
        }
        _ => Ok(()),
    }
}

fn tell(report: &Report<'_>, software: &[Identified], format: Format) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let now = jiff::Timestamp::now().as_millisecond();
    let text = match format {
        Format::Text => {
            let colour = out.is_terminal() && std::env::var_os("NO_COLOR").is_none();
            terminal::write(report, terminal::Style { colour })?
        }
        Format::Csv => csv::write(report),
        Format::Markdown => markdown::write(report),
        Format::Json => pretty(&json::Document::of(report))?,
        Format::Sarif => pretty(&sarif::document(report))?,
        Format::Openvex => pretty(&openvex::document(report, now))?,
        Format::Cyclonedx => pretty(&cyclonedx::document(report, software, now))?,
    };
    out.write_all(text.as_bytes())
        .context("writing to standard output")
}

fn pretty(value: &impl serde::Serialize) -> Result<String> {
    let mut text = serde_json::to_string_pretty(value).context("writing JSON")?;
    text.push('\n');
    Ok(text)
}

//! `package`: an attribute in each channel, and the advisories that are tied to it.

use std::fmt::Write;

use anyhow::{Result, bail};
use clap::Args;
use serde::Serialize;
use snowguard_matching::package::Package;
use snowguard_matching::verdict::{Tier, Verdict};
use snowguard_tracker_db::{Db, MatchFilter, PackageMatch, PageRequest};

use super::output::{self, Format, Table, inert};
use super::verdicts::{self, Style};
use super::{Database, Outcome};

/// Which package.
#[derive(Debug, Args)]
pub struct Options {
    /// Its attribute path, e.g. python3Packages.requests
    attr: String,
    /// Only in this channel
    #[arg(long)]
    channel: Option<String>,
    /// Show also what is fixed or not affected, and what a name alone ties
    #[arg(long)]
    all: bool,
    /// In which form
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Serialize)]
struct Shown<'s> {
    attr: &'s str,
    versions: Vec<Version>,
    matches: Vec<PackageMatch>,
}

#[derive(Serialize)]
struct Version {
    channel: String,
    package: Package,
}

/// Prints it. There is something to look at when it is affected.
pub fn run(database: &Database, options: &Options) -> Result<Outcome> {
    let db = database.open()?;
    let mut versions = Vec::new();
    for channel in db.channels()? {
        if options
            .channel
            .as_ref()
            .is_some_and(|only| *only != channel.name)
        {
            continue;
        }
        if let Some(package) = db.package(&channel.name, &options.attr)? {
            versions.push(Version {
                channel: channel.name,
                package,
            });
        }
    }
    if versions.is_empty() {
        bail!("no channel has a package {}", options.attr);
    }
    let mut matches = all_matches(&db, options)?;
    matches.sort_by_key(|found| (found.channel.clone(), verdicts::order(&found.found)));
    let affected = matches
        .iter()
        .any(|found| found.found.verdict == Verdict::Affected);
    let shown = Shown {
        attr: &options.attr,
        versions,
        matches,
    };
    match options.format {
        Format::Json => output::json(shown)?,
        Format::Text => output::text(sentences(&shown, Style::of_stdout())?)?,
    }
    Ok(if affected {
        Outcome::Findings
    } else {
        Outcome::Fine
    })
}

fn all_matches(db: &Db, options: &Options) -> Result<Vec<PackageMatch>> {
    let filter = MatchFilter {
        channel: options.channel.clone(),
        verdicts: if options.all {
            Vec::new()
        } else {
            vec![Verdict::Affected, Verdict::Unknown]
        },
        tier: (!options.all).then_some(Tier::Medium),
    };
    let mut found = Vec::new();
    let mut request = PageRequest {
        after: None,
        limit: 500,
    };
    loop {
        let page = db.matches_of_package(&options.attr, &filter, &request)?;
        found.extend(page.items);
        match page.next {
            Some(next) => request.after = Some(next),
            None => return Ok(found),
        }
    }
}

fn sentences(shown: &Shown<'_>, style: Style) -> Result<String, std::fmt::Error> {
    let mut out = format!("{}\n", style.bold(&inert(shown.attr)));
    if let Some(text) = shown
        .versions
        .iter()
        .find_map(|version| version.package.description.as_ref())
    {
        writeln!(out, "{}", style.faint(&inert(text)))?;
    }
    let mut table = Table::default();
    for Version { channel, package } in &shown.versions {
        table.row([
            format!("  {}", inert(channel)),
            inert(&package.version),
            inert(&package.name),
        ]);
    }
    write!(out, "\n{table}")?;
    let mut channel = None;
    for found in &shown.matches {
        if channel != Some(&found.channel) {
            writeln!(out, "\n{}", inert(&found.channel))?;
            channel = Some(&found.channel);
        }
        let title = found
            .advisory
            .as_ref()
            .map(|advisory| inert(&advisory.title));
        let title: String = title.unwrap_or_default().chars().take(80).collect();
        let subject = format!("{} {title}", found.found.advisory);
        verdicts::write(&mut out, style, subject.trim_end(), &found.found)?;
    }
    if shown.matches.is_empty() {
        writeln!(out, "\nno open advisory")?;
    }
    Ok(out)
}

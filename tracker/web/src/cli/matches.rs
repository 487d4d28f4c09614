//! `match`: the packages that an advisory is tied to, per channel, with verdicts and reasons.

use std::fmt::Write;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;
use snowguard_advisory::model::Advisory;
use snowguard_matching::verdict::{Tier, Verdict};
use snowguard_tracker_db::{Db, StoredMatch};

use super::output::{self, Format, inert, time};
use super::verdicts::{self, Style};
use super::{Database, Outcome};

/// Which advisory.
#[derive(Debug, Args)]
pub struct Options {
    /// Its id, e.g. CVE-2024-3094
    advisory: String,
    /// Only in this channel
    #[arg(long)]
    channel: Option<String>,
    /// Show also what a name alone ties
    #[arg(long)]
    all: bool,
    /// In which form
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Serialize)]
struct Shown<'s> {
    advisory: &'s str,
    channels: Vec<Channel>,
}

#[derive(Serialize)]
struct Channel {
    channel: String,
    matches: Vec<StoredMatch>,
    /// Matches of low confidence that are not among them.
    hidden: usize,
}

/// Prints them. There is something to look at when a package is affected.
pub fn run(database: &Database, options: &Options) -> Result<Outcome> {
    let db = database.open()?;
    let Some(advisory) = db.advisory(&options.advisory)? else {
        bail!("there is no advisory {}; is it ingested?", options.advisory);
    };
    let mut channels = Vec::new();
    for (channel, mut matches) in db.matches_of_advisory(&advisory.id)? {
        if options
            .channel
            .as_ref()
            .is_some_and(|only| *only != channel)
        {
            continue;
        }
        let all = matches.len();
        matches.retain(|stored| options.all || stored.found.tier != Tier::Low);
        matches.sort_by_key(|stored| verdicts::order(&stored.found));
        let hidden = all - matches.len();
        channels.push(Channel {
            channel,
            matches,
            hidden,
        });
    }
    let affected = channels
        .iter()
        .flat_map(|channel| &channel.matches)
        .any(|stored| stored.found.verdict == Verdict::Affected);
    match options.format {
        Format::Json => output::json(Shown {
            advisory: &advisory.id,
            channels,
        })?,
        Format::Text => {
            let mut out = String::new();
            head(&mut out, &advisory, Style::of_stdout()).context("formatting")?;
            for channel in &channels {
                channel.write(&mut out, &db)?;
            }
            if channels.is_empty() {
                writeln!(out, "\nno package of any channel is tied to it")?;
            }
            output::text(out)?;
        }
    }
    Ok(if affected {
        Outcome::Findings
    } else {
        Outcome::Fine
    })
}

impl Channel {
    /// Every match with its reasons. A variant with the verdict of the package that it is offered
    /// beneath is only named there.
    fn write(&self, out: &mut String, db: &Db) -> Result<()> {
        writeln!(out, "\n{}", inert(&self.channel))?;
        let follows = |stored: &StoredMatch, head: &StoredMatch| {
            stored.found.variant_of.as_ref() == Some(&head.found.attr)
                && stored.found.verdict == head.found.verdict
        };
        for stored in &self.matches {
            if self.matches.iter().any(|head| follows(stored, head)) {
                continue;
            }
            let attr = &stored.found.attr;
            let version = db
                .package(&self.channel, attr)?
                .map(|package| package.version);
            let subject = match version {
                Some(version) if !version.is_empty() => format!("{attr} {version}"),
                _ => attr.clone(),
            };
            verdicts::write(out, Style::of_stdout(), &subject, &stored.found)?;
            let variants: Vec<String> = self
                .matches
                .iter()
                .filter(|other| follows(other, stored))
                .map(|other| inert(&other.found.attr))
                .collect();
            if !variants.is_empty() {
                writeln!(
                    out,
                    "    · and so {}, of the same source",
                    variants.join(", ")
                )?;
            }
        }
        match (self.matches.is_empty(), self.hidden) {
            (true, 0) => writeln!(out, "  nothing")?,
            (_, 0) => {}
            (_, hidden) => writeln!(
                out,
                "  {hidden} more of low confidence; --all shows what ties them, and what speaks against"
            )?,
        }
        Ok(())
    }
}

fn head(out: &mut String, advisory: &Advisory, style: Style) -> std::fmt::Result {
    let title = advisory
        .records
        .iter()
        .find_map(|record| record.title.as_deref());
    let described = advisory
        .records
        .iter()
        .map(|record| record.description.as_str());
    let text = title
        .or_else(|| described.clone().find(|text| !text.is_empty()))
        .unwrap_or("");
    let line: String = inert(text).chars().take(200).collect();
    writeln!(out, "{}  {line}", style.bold(&inert(&advisory.id)))?;
    let severities = advisory
        .records
        .iter()
        .flat_map(|record| &record.severities);
    let worst = severities
        .filter_map(|severity| severity.score)
        .fold(None, |worst: Option<f64>, score| {
            Some(worst.map_or(score, |worst| worst.max(score)))
        });
    let mut facts = Vec::new();
    facts.extend(worst.map(|score| format!("CVSS {score:.1}")));
    facts.extend(
        advisory
            .kev
            .as_ref()
            .map(|kev| format!("exploited, listed {}", inert(&kev.date_added))),
    );
    facts.extend(
        advisory
            .epss
            .map(|epss| format!("EPSS {:.1} %", epss.score * 100.0)),
    );
    let modified = advisory
        .records
        .iter()
        .filter_map(|record| record.modified)
        .max();
    facts.extend(
        modified.map(|at| format!("changed {}", time(snowguard_tracker_db::Millis::new(at)))),
    );
    writeln!(out, "{}", style.faint(&facts.join(" · ")))
}

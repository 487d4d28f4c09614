//! `/my`: a maintainer's packages.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use snowguard_matching::verdict::{Match, Verdict};
use snowguard_tracker_db::QueueEntry;

use crate::pages::home::grouped;
use crate::pages::shell::Shell;
use crate::show::link::Link;
use crate::show::path;
use crate::show::severity::Score;
use crate::show::time::{Millis, When};
use crate::show::verdict;

/// A suggestion that concerns the reader's packages.
#[derive(Debug)]
pub struct Mine {
    /// The suggestion.
    pub entry: QueueEntry,
    /// What each channel has.
    pub channels: BTreeMap<String, Vec<Standing>>,
    /// Addresses that the advisory names as patches; hostile text.
    pub patches: Vec<String>,
}

/// A package of a channel.
#[derive(Debug)]
pub struct Standing {
    /// The match.
    pub found: Match,
    /// The version in the channel.
    pub version: String,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/triage/mine.html")]
pub struct Page {
    shell: Shell,
    owned: Vec<(String, String)>,
    total: String,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    id: String,
    href: String,
    title: String,
    score: Score,
    kev: bool,
    published: Option<When>,
    /// What would fix it.
    fix: Option<String>,
    channels: Vec<(String, Vec<Chip>)>,
    /// Channel, package and version where what is affected elsewhere is fixed already.
    ahead: Vec<(String, String, String)>,
    patches: Vec<Link>,
}

#[derive(Debug)]
struct Chip {
    attr: String,
    href: String,
    version: String,
    word: &'static str,
    class: &'static str,
}

impl Page {
    /// Builds it as seen at `now`.
    pub fn new(
        shell: Shell,
        owned: Vec<String>,
        rows: Vec<Mine>,
        total: usize,
        now: Millis,
    ) -> Self {
        let owned = owned
            .into_iter()
            .map(|name| (format!("/queue?maintainer={}", path::encode(&name)), name));
        Self {
            shell,
            owned: owned.collect(),
            total: grouped(total as u64),
            rows: rows.into_iter().map(|mine| Row::new(mine, now)).collect(),
        }
    }
}

impl Row {
    fn new(mine: Mine, now: Millis) -> Self {
        let Mine {
            entry,
            channels,
            patches,
        } = mine;
        let ahead = ahead(&channels);
        let chips = channels.into_iter().map(|(channel, all)| {
            let chip = |standing: Standing| Chip {
                href: path::package(&standing.found.attr),
                word: verdict::word(standing.found.verdict),
                class: verdict::class(standing.found.verdict),
                attr: standing.found.attr,
                version: standing.version,
            };
            (channel, all.into_iter().map(chip).collect())
        });
        Self {
            href: format!("{}#triage", path::advisory(&entry.advisory.id)),
            id: entry.advisory.id,
            title: entry.advisory.title,
            score: Score::new(entry.advisory.severity),
            kev: entry.advisory.exploited,
            published: When::maybe(
                entry
                    .advisory
                    .published
                    .map(snowguard_tracker_db::Millis::get),
                now,
            ),
            fix: entry.fixed_in,
            channels: chips.collect(),
            ahead,
            patches: patches.iter().map(|patch| Link::new(patch)).collect(),
        }
    }
}

/// Where a package that some channel still has affected is fixed already: a branch such as `master` or `staging`, or
/// another channel. Pulling from there is the shortest way.
fn ahead(channels: &BTreeMap<String, Vec<Standing>>) -> Vec<(String, String, String)> {
    let affected: BTreeSet<&str> = channels
        .values()
        .flatten()
        .filter(|standing| standing.found.verdict == Verdict::Affected)
        .map(|standing| standing.found.attr.as_str())
        .collect();
    let fixed = channels.iter().flat_map(|(channel, all)| {
        let fixed = all.iter().filter(|standing| {
            standing.found.verdict == Verdict::Fixed
                && affected.contains(standing.found.attr.as_str())
        });
        fixed.map(move |standing| {
            (
                channel.clone(),
                standing.found.attr.clone(),
                standing.version.clone(),
            )
        })
    });
    fixed.collect()
}

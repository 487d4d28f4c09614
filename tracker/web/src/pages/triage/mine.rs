//! `/my`: a maintainer's packages.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use snowguard_matching::verdict::{Match, Verdict};
use snowguard_tracker_db::QueueEntry;
use snowguard_tracker_triage::filter::Order;
use snowguard_tracker_triage::issue::Severity;
use snowguard_tracker_triage::mine::{Mine, MineCounts, MineFilter};
use snowguard_tracker_triage::queue::{Place, Row};
use snowguard_tracker_triage::state::State;

use crate::pages::home::grouped;
use crate::pages::shell::Shell;
use crate::show::link::Link;
use crate::show::path;
use crate::show::severity::Score;
use crate::show::time::{Millis, When};
use crate::show::verdict;

/// Packages that are named of one verdict of a channel; the rest is folded away.
const CHIPS: usize = 3;
/// Packages that stand beside the list; the rest is folded away.
const PACKAGES: usize = 20;

/// What the page is made from.
#[derive(Debug)]
pub struct Input {
    /// What affects the reader's packages.
    pub mine: Mine,
    /// What was asked for.
    pub filter: MineFilter,
    /// Whether the list begins here.
    pub is_first: bool,
    /// Where the next part begins.
    pub next: Option<Place>,
    /// Counts over all parts.
    pub counts: MineCounts,
    /// This part.
    pub shown: Vec<Shown>,
}

/// A suggestion that concerns the reader's packages.
#[derive(Debug)]
pub struct Shown {
    /// The suggestion.
    pub entry: QueueEntry,
    /// Its row of the queue.
    pub row: Row,
    /// What each channel has.
    pub channels: Vec<OfChannel>,
    /// How many packages of others are affected.
    pub others: usize,
    /// Addresses that the advisory names as patches; hostile text.
    pub patches: Vec<String>,
}

/// What a channel has of the reader's packages.
#[derive(Debug)]
pub struct OfChannel {
    /// Its name.
    pub name: String,
    /// Versions, by package.
    pub versions: BTreeMap<String, String>,
    /// Sure and likely matches.
    pub matches: Vec<Match>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/triage/mine.html")]
pub struct Page {
    shell: Shell,
    /// Whether nobody names a package of the reader's.
    owns_nothing: bool,
    total: String,
    packages_total: usize,
    facets: Vec<(&'static str, Vec<Facet>)>,
    packages: Vec<Facet>,
    more_packages: Vec<Facet>,
    rows: Vec<Suggestion>,
    first: Option<String>,
    next: Option<String>,
}

/// A part of the filter that a click changes, with what it would give.
#[derive(Debug)]
struct Facet {
    title: String,
    href: String,
    count: String,
    chosen: bool,
}

#[derive(Debug)]
struct Suggestion {
    id: String,
    href: String,
    title: String,
    score: Score,
    kev: bool,
    state: Option<(&'static str, &'static str)>,
    proposed: bool,
    published: Option<When>,
    lines: Vec<Line>,
    others: usize,
    patches: Vec<Link>,
}

/// The packages of one verdict in a channel.
#[derive(Debug)]
struct Line {
    channel: String,
    word: &'static str,
    class: &'static str,
    chips: Vec<Chip>,
    more: Vec<Chip>,
}

#[derive(Debug)]
struct Chip {
    attr: String,
    href: String,
    version: String,
    /// A version that leaves the range.
    fix: Option<String>,
}

impl Page {
    /// Builds it as seen at `now`.
    pub fn new(shell: Shell, input: Input, now: Millis) -> Self {
        let Input {
            mine,
            filter,
            is_first,
            next,
            counts,
            shown,
        } = input;
        let mut packages = packages(&mine, &filter, &counts);
        let more_packages = packages.split_off(packages.len().min(PACKAGES));
        let place = |next: Place| address(&filter, Some(next));
        Self {
            owns_nothing: mine.packages.is_empty(),
            total: grouped(counts.all as u64),
            packages_total: counts.packages.0.iter().filter(|count| **count > 0).count(),
            facets: facets(&mine, &filter, &counts),
            packages,
            more_packages,
            rows: shown
                .into_iter()
                .map(|one| Suggestion::new(one, &filter, now))
                .collect(),
            first: (!is_first).then(|| address(&filter, None)),
            next: next.map(place),
            shell,
        }
    }
}

/// The address of a list.
fn address(filter: &MineFilter, after: Option<Place>) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pairs.extend_pairs(filter.pairs());
    if let Some(after) = after {
        pairs.append_pair("after", &after.to_string());
    }
    match pairs.finish() {
        query if query.is_empty() => "/my".to_owned(),
        query => format!("/my?{query}"),
    }
}

impl Facet {
    fn new(title: &str, count: usize, filter: &MineFilter, wanted: MineFilter) -> Self {
        Self {
            title: title.to_owned(),
            href: address(&wanted, None),
            count: grouped(count as u64),
            chosen: wanted == *filter,
        }
    }
}

fn facets(
    mine: &Mine,
    filter: &MineFilter,
    counts: &MineCounts,
) -> Vec<(&'static str, Vec<Facet>)> {
    let with = |change: &dyn Fn(&mut MineFilter)| {
        let mut wanted = filter.clone();
        change(&mut wanted);
        wanted
    };
    let one = |title: &str, count: usize, change: &dyn Fn(&mut MineFilter)| {
        Facet::new(title, count, filter, with(change))
    };
    let mut channels = vec![one("every channel", counts.channels.1, &|f| {
        f.channel = None
    })];
    channels.extend(
        mine.channels
            .iter()
            .zip(&counts.channels.0)
            .map(|(name, count)| one(name, *count, &|f| f.channel = Some(name.clone()))),
    );
    let mut severities = vec![one("any severity", counts.severities.1, &|f| {
        f.severity = None
    })];
    let from = Severity::ALL.into_iter().zip(counts.severities.0).rev();
    severities.extend(from.map(|(severity, count)| {
        let title = match severity {
            Severity::Critical => "critical".to_owned(),
            severity => format!("from {}", severity.as_str()),
        };
        one(&title, count, &|f| f.severity = Some(severity))
    }));
    // A click on what is chosen lets go of it.
    let kev = Facet {
        chosen: filter.kev,
        ..one("exploited", counts.kev, &|f| f.kev = !f.kev)
    };
    let orders = [
        ("most urgent first", Order::Urgency),
        ("newest first", Order::Newest),
    ];
    let orders = orders.map(|(title, order)| Facet {
        count: String::new(),
        ..one(title, 0, &|f| f.order = order)
    });
    let mut all = vec![
        ("Channel", channels),
        ("Severity", severities),
        ("Exploited", vec![kev]),
        ("Order", Vec::from(orders)),
    ];
    if mine.owners.len() > 1 {
        let mut owners = vec![one("every name", counts.owners.1, &|f| f.owner = None)];
        let named = mine.owners.iter().zip(&counts.owners.0);
        let named =
            named.filter(|(name, count)| **count > 0 || filter.owner.as_ref() == Some(name));
        owners.extend(
            named.map(|(name, count)| one(name, *count, &|f| f.owner = Some(name.clone()))),
        );
        all.push(("Maintained as", owners));
    }
    all
}

/// The packages that something affects, those with most first, and what lets go of the one that is chosen.
fn packages(mine: &Mine, filter: &MineFilter, counts: &MineCounts) -> Vec<Facet> {
    let counted = mine.packages.iter().zip(counts.packages.0.iter().copied());
    let mut counted: Vec<_> = counted
        .filter(|(package, count)| *count > 0 || filter.package.as_ref() == Some(&package.attr))
        .collect();
    counted.sort_by_key(|(package, count)| {
        let chosen = filter.package.as_ref() == Some(&package.attr);
        (!chosen, Reverse(*count), package.attr.clone())
    });
    let with = |package: Option<String>| MineFilter {
        package,
        ..filter.clone()
    };
    let mut all = vec![Facet::new(
        "every package",
        counts.packages.1,
        filter,
        with(None),
    )];
    all.extend(counted.into_iter().map(|(package, count)| {
        Facet::new(
            &package.attr,
            count,
            filter,
            with(Some(package.attr.clone())),
        )
    }));
    all
}

impl Suggestion {
    fn new(shown: Shown, filter: &MineFilter, now: Millis) -> Self {
        let Shown {
            entry,
            row,
            channels,
            others,
            patches,
        } = shown;
        let published = entry.advisory.published;
        Self {
            href: format!("{}#triage", path::advisory(&entry.advisory.id)),
            id: entry.advisory.id,
            title: entry.advisory.title,
            score: Score::new(entry.advisory.severity),
            kev: row.kev,
            state: (row.state != State::New).then(|| (row.state.title(), row.state.as_str())),
            proposed: row.proposed,
            published: When::maybe(published.map(snowguard_tracker_db::Millis::get), now),
            lines: lines(channels, filter),
            others,
            patches: patches.iter().map(|patch| Link::new(patch)).collect(),
        }
    }
}

/// One line for each verdict of each channel. What is fixed is only told of packages that are affected elsewhere: pulling
/// from there (a branch such as `staging` is a channel too) is the shortest way.
fn lines(channels: Vec<OfChannel>, filter: &MineFilter) -> Vec<Line> {
    let all = || channels.iter().flat_map(|channel| &channel.matches);
    let affected: BTreeSet<String> = all()
        .filter(|found| found.verdict == Verdict::Affected)
        .map(|found| found.attr.clone())
        .collect();
    let mut lines = Vec::new();
    for channel in channels {
        let mut by_verdict: BTreeMap<u8, Vec<&Match>> = BTreeMap::new();
        for found in &channel.matches {
            let place = match found.verdict {
                Verdict::Affected => 0,
                Verdict::Fixed if affected.contains(&found.attr) => 1,
                Verdict::Unknown => 2,
                Verdict::Fixed | Verdict::NotAffected => continue,
            };
            by_verdict.entry(place).or_default().push(found);
        }
        for mut matches in by_verdict.into_values() {
            let verdict = matches[0].verdict;
            // What was asked for, then what stands for itself; `linux` says more than `linux_testing_bcachefs`.
            matches.sort_by_key(|found| {
                let asked = filter.package.as_ref() == Some(&found.attr);
                let length = found.attr.len();
                (!asked, found.variant_of.is_some(), length, &found.attr)
            });
            let chip = |found: &&Match| Chip {
                href: path::package(&found.attr),
                attr: found.attr.clone(),
                version: channel
                    .versions
                    .get(&found.attr)
                    .cloned()
                    .unwrap_or_default(),
                fix: found
                    .fixed_in
                    .clone()
                    .filter(|_| verdict == Verdict::Affected),
            };
            let mut chips: Vec<Chip> = matches.iter().map(chip).collect();
            let asked = |chip: &&Chip| filter.package.as_ref() == Some(&chip.attr);
            let shown = match chips.iter().filter(asked).count() {
                // A fold for a single one would be no shorter.
                0 if chips.len() <= CHIPS + 1 => chips.len(),
                0 => CHIPS,
                asked => asked,
            };
            let more = chips.split_off(shown);
            lines.push(Line {
                channel: channel.name.clone(),
                word: match verdict {
                    Verdict::Fixed => "fixed already",
                    verdict => verdict::word(verdict),
                },
                class: verdict::class(verdict),
                chips,
                more,
            });
        }
    }
    lines
}

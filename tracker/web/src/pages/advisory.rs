//! `/advisory/{id}`: what all sources say, and which packages it touches.

mod statement;

use askama::Template;
use snowguard_advisory::model::{Advisory, Kev, Source, Ssvc, State};
use snowguard_matching::verdict::Match;

use crate::pages::matches::{Judged, Tally, TierFilter, anchor};
use crate::pages::shell::Shell;
use crate::pages::triage::panel::Panel;
use crate::show::cap::{Capped, CutText};
use crate::show::path;
use crate::show::severity::{self, Score};
use crate::show::time::{Millis, When};
use statement::Statement;

/// Matches on one page, per channel.
pub const MATCHES: usize = 50;
/// Bytes of a description that are shown at once.
const DESCRIPTION: usize = 900;

/// What the page is made from.
#[derive(Debug, Clone)]
pub struct Input {
    /// The advisory.
    pub advisory: Advisory,
    /// Its matches, channel by channel.
    pub channels: Vec<ChannelMatches>,
    /// The latest changes, newest first.
    pub history: Vec<Change>,
}

/// A match as it is offered.
#[derive(Debug, Clone)]
pub struct Offered {
    /// The match.
    pub found: Match,
    /// The package's version.
    pub version: String,
    /// Packages of the same source and version, of which the same is said.
    pub variants: Vec<String>,
}

/// One channel's matches.
#[derive(Debug, Clone)]
pub struct ChannelMatches {
    /// The channel.
    pub channel: String,
    /// The matches in the order shown.
    pub matches: Vec<Offered>,
    /// What all matches of the tiers shown say.
    pub tally: Tally,
    /// How many of them come before `matches`.
    pub from: usize,
    /// How many there are.
    pub total: usize,
    /// How many there are of other tiers.
    pub hidden: usize,
}

/// A change of a record.
#[derive(Debug, Clone)]
pub struct Change {
    /// The record.
    pub record: String,
    /// When it was taken in.
    pub at: Millis,
    /// RFC 6902 operations: operation, path, and the new value as JSON.
    pub operations: Vec<(String, String, String)>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/advisory.html")]
pub struct Page {
    shell: Shell,
    triage: Option<Panel>,
    id: String,
    title: Option<String>,
    description: Option<CutText>,
    score: Score,
    state: Option<&'static str>,
    rejection: Option<String>,
    replaced_by: Vec<(String, String)>,
    kev: Option<Kev>,
    kev_date: Option<String>,
    epss: Option<(String, String)>,
    ssvc: Option<Ssvc>,
    tags: Vec<String>,
    weaknesses: Vec<String>,
    aliases: Vec<String>,
    related: Vec<(String, String)>,
    published: Option<When>,
    modified: Option<When>,
    channels: Vec<ChannelView>,
    no_matches: bool,
    tier: TierFilter,
    low_hidden: usize,
    statements: Vec<Statement>,
    history: Vec<ChangeView>,
}

#[derive(Debug)]
struct ChannelView {
    channel: String,
    anchor: String,
    tally: Tally,
    rows: Vec<MatchRow>,
    total: usize,
    /// `51–100 of 812`, where not all are shown.
    range: Option<String>,
    previous: Option<String>,
    next: Option<String>,
}

#[derive(Debug)]
struct MatchRow {
    attr: String,
    href: String,
    version: String,
    judged: Judged,
    /// Address and attribute of each.
    variants: Vec<(String, String)>,
}

#[derive(Debug)]
struct ChangeView {
    record: String,
    at: When,
    operations: Capped<(String, String, CutText)>,
}

impl Page {
    /// Builds the page as seen at `now`.
    pub fn new(
        shell: Shell,
        input: Input,
        tier: TierFilter,
        triage: Option<Panel>,
        now: Millis,
    ) -> Self {
        let Input {
            advisory,
            channels,
            history,
        } = input;
        let records = &advisory.records;
        let first = |pick: fn(&snowguard_advisory::model::Record) -> Option<String>| {
            records.iter().find_map(pick)
        };
        let description =
            first(|r| (!r.description.trim().is_empty()).then(|| r.description.clone()));
        let rejected = records.iter().find_map(|record| record.rejected.as_ref());
        let low_hidden = channels.iter().map(|channel| channel.hidden).sum();
        let channels: Vec<ChannelView> = channels
            .into_iter()
            .map(|channel| ChannelView::new(channel, &path::advisory(&advisory.id), tier))
            .collect();
        Self {
            shell,
            triage,
            title: first(|record| {
                record
                    .title
                    .clone()
                    .filter(|title| !title.trim().is_empty())
            }),
            description: description.map(|text| CutText::new(&text, DESCRIPTION)),
            score: Score::new(severity::headline(records)),
            state: state(&advisory),
            rejection: rejected.map(|rejected| rejected.reason.clone()),
            replaced_by: linked(rejected.iter().flat_map(|rejected| &rejected.replaced_by)),
            kev_date: first(|record| record.kev_date.clone()).filter(|_| advisory.kev.is_none()),
            epss: advisory
                .epss
                .map(|epss| (percent(epss.score), percent(epss.percentile))),
            ssvc: records.iter().find_map(|record| record.ssvc.clone()),
            tags: distinct(records.iter().flat_map(|record| &record.tags)),
            weaknesses: distinct(records.iter().flat_map(|record| &record.weaknesses)),
            aliases: distinct(
                records
                    .iter()
                    .flat_map(|record| record.aliases.iter().chain([&record.id]))
                    .filter(|alias| **alias != advisory.id),
            ),
            related: linked(
                distinct(records.iter().flat_map(|record| &record.related))
                    .iter()
                    .take(20),
            ),
            published: When::maybe(records.iter().filter_map(|r| r.published).min(), now),
            modified: When::maybe(records.iter().filter_map(|r| r.modified).max(), now),
            no_matches: channels.iter().all(|channel| channel.total == 0),
            channels,
            tier,
            low_hidden,
            statements: records
                .iter()
                .map(|record| Statement::new(record, now))
                .collect(),
            history: history
                .into_iter()
                .map(|change| ChangeView::new(change, now))
                .collect(),
            kev: advisory.kev,
            id: advisory.id,
        }
    }

    fn path(&self) -> String {
        path::advisory(&self.id)
    }

    fn api(&self) -> String {
        format!("/api/v1/advisories/{}", path::encode(&self.id))
    }
}

impl ChannelView {
    fn new(input: ChannelMatches, page: &str, tier: TierFilter) -> Self {
        let rows = input.matches.into_iter().map(|offered| MatchRow {
            judged: Judged::new(&offered.found),
            href: path::package(&offered.found.attr),
            attr: offered.found.attr,
            version: offered.version,
            variants: offered
                .variants
                .into_iter()
                .map(|attr| (path::package(&attr), attr))
                .collect(),
        });
        let rows: Vec<MatchRow> = rows.collect();
        let (from, total, end) = (input.from, input.total, input.from + rows.len());
        let anchor = anchor(&format!("in-{}", input.channel));
        let tier = match tier {
            TierFilter::Default => "",
            TierFilter::All => "tier=low&",
        };
        let part = |from: usize| {
            format!(
                "{page}?{tier}channel={}&cursor={from}#{}",
                path::encode(&input.channel),
                path::encode(&anchor)
            )
        };
        Self {
            previous: (from > 0).then(|| part(from.saturating_sub(MATCHES))),
            next: (end < total).then(|| part(end)),
            range: (rows.len() < total).then(|| match rows.is_empty() {
                true => format!("none after {from} of {total}"),
                false => format!("{}–{end} of {total}", from + 1),
            }),
            anchor,
            rows,
            total,
            channel: input.channel,
            tally: input.tally,
        }
    }
}

impl ChangeView {
    fn new(change: Change, now: Millis) -> Self {
        let operations = change
            .operations
            .into_iter()
            .map(|(operation, path, value)| (operation, path, CutText::new(&value, 240)));
        Self {
            record: change.record,
            at: When::new(change.at, now),
            operations: Capped::new(operations, 12, 100),
        }
    }
}

/// A badge for what is not simply in force. The CVE list decides where it speaks; otherwise an
/// advisory is gone only when every source says so.
fn state(advisory: &Advisory) -> Option<&'static str> {
    let by_list = advisory
        .records
        .iter()
        .find(|record| record.source == Source::CveList);
    let states: Vec<State> = match by_list {
        Some(record) => vec![record.state],
        None => advisory.records.iter().map(|record| record.state).collect(),
    };
    if states.is_empty() || states.contains(&State::Published) {
        return None;
    }
    Some(if states.contains(&State::Rejected) {
        "rejected"
    } else {
        "withdrawn"
    })
}

fn percent(part: f64) -> String {
    format!("{:.1} %", part.clamp(0.0, 1.0) * 100.0)
}

fn distinct<'a>(values: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for value in values.into_iter().take(2000) {
        if !seen.contains(value) && seen.len() < 60 {
            seen.push(value.clone());
        }
    }
    seen
}

fn linked<'a>(ids: impl IntoIterator<Item = &'a String>) -> Vec<(String, String)> {
    ids.into_iter()
        .map(|id| (id.clone(), path::advisory(id)))
        .collect()
}

//! `/`: how much is known, how fresh it is, and what is new.

use crate::pages::matches::Tally;
use crate::pages::shell::Shell;
use crate::show::path;
use crate::show::severity::Score;
use crate::show::time::{Millis, When};
use askama::Template;

/// What the page is made from.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// What is counted, and how many there are.
    pub counts: Vec<(&'static str, u64)>,
    /// The last run of each source.
    pub feeds: Vec<FeedRun>,
    /// The channels.
    pub channels: Vec<ChannelSummary>,
    /// The newest matches of high confidence, newest first.
    pub newest: Vec<NewMatch>,
    /// The channel that the list is limited to.
    pub chosen: Option<String>,
}

/// The last run of a source.
#[derive(Debug, Clone)]
pub struct FeedRun {
    /// The configured source.
    pub feed: String,
    /// When it last ended; none while it runs for the first time.
    pub ended: Option<Millis>,
    /// What it did, in words.
    pub outcome: String,
    /// Why it failed.
    pub error: Option<String>,
}

/// A channel in a line.
#[derive(Debug, Clone)]
pub struct ChannelSummary {
    /// The channel.
    pub channel: String,
    /// The Nixpkgs revision.
    pub revision: String,
    /// When it was evaluated.
    pub evaluated_at: Option<Millis>,
    /// Attributes in it.
    pub packages: u64,
    /// Its matches of high and medium confidence.
    pub tally: Tally,
}

/// An advisory that newly affects packages of a channel.
#[derive(Debug, Clone)]
pub struct NewMatch {
    /// The advisory.
    pub advisory: String,
    /// Its title.
    pub title: Option<String>,
    /// Its score.
    pub score: Option<f64>,
    /// Whether it is known to be exploited.
    pub kev: bool,
    /// The channel.
    pub channel: String,
    /// Since when.
    pub first_seen: Millis,
    /// Some of the affected packages.
    pub attrs: Vec<String>,
    /// How many packages are affected.
    pub affected: u64,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/home.html")]
pub struct Page {
    shell: Shell,
    counts: Vec<(&'static str, String)>,
    feeds: Vec<FeedRow>,
    channels: Vec<ChannelRow>,
    newest: Vec<Group>,
    chosen: Option<String>,
    empty: bool,
}

#[derive(Debug)]
struct FeedRow {
    feed: String,
    kind: String,
    name: String,
    ended: Option<When>,
    outcome: String,
    error: Option<String>,
}

/// A channel as lists show it; the channels' page has the same.
#[derive(Debug)]
pub struct ChannelRow {
    /// The channel.
    pub channel: String,
    /// The start page, limited to it.
    pub href: String,
    /// Its own page.
    pub page: String,
    /// The revision, short.
    pub revision: String,
    /// When it was evaluated.
    pub evaluated: Option<When>,
    /// Attributes in it.
    pub packages: String,
    /// Its matches.
    pub tally: Tally,
}

/// An advisory in the list of the newest; several channels are often affected at once.
#[derive(Debug)]
struct Group {
    id: String,
    href: String,
    title: Option<String>,
    score: Score,
    kev: bool,
    seen: When,
    /// Packages with their addresses.
    packages: Vec<(String, String)>,
    more: u64,
    channels: Vec<String>,
}

impl Page {
    /// Builds the page as seen at `now`.
    pub fn new(shell: Shell, input: Input, now: Millis) -> Self {
        let feeds = input.feeds.into_iter().map(|run| FeedRow {
            kind: feed_name(&run.feed).0.to_owned(),
            name: feed_name(&run.feed).1.to_owned(),
            feed: run.feed,
            ended: When::maybe(run.ended, now),
            outcome: run.outcome,
            error: run.error,
        });
        Self {
            shell,
            empty: input.counts.iter().all(|(_, count)| *count == 0),
            counts: input
                .counts
                .into_iter()
                .filter(|(_, count)| *count > 0)
                .map(|(name, count)| (name, grouped(count)))
                .collect(),
            feeds: feeds.collect(),
            channels: input
                .channels
                .into_iter()
                .map(|c| ChannelRow::new(c, now))
                .collect(),
            newest: groups(input.newest, now),
            chosen: input.chosen,
        }
    }
}

impl ChannelRow {
    /// From a summary.
    pub fn new(summary: ChannelSummary, now: Millis) -> Self {
        Self {
            href: format!("/?channel={}", path::encode(&summary.channel)),
            page: path::channel(&summary.channel),
            evaluated: When::maybe(summary.evaluated_at, now),
            revision: summary.revision.chars().take(9).collect(),
            packages: grouped(summary.packages),
            channel: summary.channel,
            tally: summary.tally,
        }
    }
}

fn groups(matches: Vec<NewMatch>, now: Millis) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for found in matches {
        if let Some(group) = groups.iter_mut().find(|group| group.id == found.advisory) {
            group.channels.push(found.channel);
            continue;
        }
        let packages = found
            .attrs
            .into_iter()
            .map(|attr| (path::package(&attr), attr));
        let packages: Vec<_> = packages.map(|(href, attr)| (attr, href)).collect();
        groups.push(Group {
            href: path::advisory(&found.advisory),
            id: found.advisory,
            title: found.title,
            score: Score::new(found.score),
            kev: found.kev,
            seen: When::new(found.first_seen, now),
            more: found.affected.saturating_sub(packages.len() as u64),
            packages,
            channels: vec![found.channel],
        });
    }
    groups
}

/// What a feed is, and its name without the folders before it.
fn feed_name(feed: &str) -> (&str, &str) {
    let (kind, place) = feed.split_once(':').unwrap_or((feed, ""));
    let place = place.trim_end_matches('/');
    (kind, place.rsplit('/').next().unwrap_or(place))
}

/// `1 234 567`, with thin spaces, as ISO 80000-1 asks.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_named_without_its_folders() {
        assert_eq!(feed_name("kev:/srv/data/kev.json"), ("kev", "kev.json"));
        assert_eq!(feed_name("osv:https://h/a/all.zip"), ("osv", "all.zip"));
        assert_eq!(
            feed_name("cvelist:/srv/cvelistV5/"),
            ("cvelist", "cvelistV5")
        );
        assert_eq!(feed_name("odd"), ("odd", ""));
    }

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
    }

    #[test]
    fn channels_of_one_advisory_stand_together() {
        let found = |channel: &str, affected| NewMatch {
            advisory: "CVE-2024-1".to_owned(),
            title: None,
            score: None,
            kev: false,
            channel: channel.to_owned(),
            first_seen: 0,
            attrs: vec!["a".to_owned(), "b".to_owned()],
            affected,
        };
        let groups = groups(vec![found("x", 7), found("y", 2)], 0);
        assert_eq!(groups.len(), 1);
        assert_eq!((groups[0].packages.len(), groups[0].more), (2, 5));
        assert_eq!(groups[0].channels, ["x", "y"]);
    }
}

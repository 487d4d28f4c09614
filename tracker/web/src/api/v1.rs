//! The documents of version 1. They are built from the same data as the pages.

use std::collections::BTreeMap;

use serde::Serialize;
use snowguard_advisory::model;
use snowguard_matching::package;
use snowguard_matching::verdict::{Match, Tier, Verdict, Weight};
use snowguard_tracker_db::{ListedMatch, Page};

use crate::pages;
use crate::show::severity;
use crate::show::time::rfc3339;

/// The version that every document names.
const VERSION: u8 = 1;

/// `/status`
#[derive(Debug, Serialize)]
pub struct Status {
    version: u8,
    counts: BTreeMap<String, u64>,
    feeds: Vec<Feed>,
    channels: Vec<Channel>,
}

#[derive(Debug, Serialize)]
struct Feed {
    feed: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Debug, Serialize)]
struct Channel {
    channel: String,
    revision: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluated_at: Option<String>,
    packages: u64,
    matches: BTreeMap<&'static str, u64>,
}

impl Status {
    /// From the start page's data.
    pub fn new(input: pages::home::Input) -> Self {
        let count = |(name, count): (&str, u64)| (name.replace(' ', "_"), count);
        let feed = |run: pages::home::FeedRun| Feed {
            feed: run.feed,
            ended_at: run.ended.and_then(rfc3339),
            outcome: run.outcome,
            error: run.error,
        };
        let channel = |channel: pages::home::ChannelSummary| Channel {
            channel: channel.channel,
            revision: channel.revision,
            evaluated_at: channel.evaluated_at.and_then(rfc3339),
            packages: channel.packages,
            matches: channel
                .tally
                .parts()
                .into_iter()
                .map(|(n, _, key)| (key, n))
                .collect(),
        };
        Self {
            version: VERSION,
            counts: input.counts.into_iter().map(count).collect(),
            feeds: input.feeds.into_iter().map(feed).collect(),
            channels: input.channels.into_iter().map(channel).collect(),
        }
    }
}

/// `/advisories/{id}`
#[derive(Debug, Serialize)]
pub struct Advisory {
    version: u8,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kev: Option<model::Kev>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epss: Option<model::Epss>,
    /// What each source says, in the form of the project's own model.
    records: Vec<model::Record>,
    matches: Vec<FoundMatch>,
}

/// A match with its reasons.
#[derive(Debug, Serialize)]
struct FoundMatch {
    advisory: String,
    attr: String,
    channel: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    package_version: Option<String>,
    verdict: Verdict,
    tier: Tier,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed_in: Option<String>,
    /// The attribute beneath which the match is offered: same source, same version.
    #[serde(skip_serializing_if = "Option::is_none")]
    variant_of: Option<String>,
    reasons: Vec<Reason>,
}

#[derive(Debug, Serialize)]
struct Reason {
    code: String,
    weight: Weight,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
}

impl FoundMatch {
    fn new(found: Match, channel: &str, package_version: Option<String>) -> Self {
        let reasons = found.reasons.into_iter().map(|reason| Reason {
            code: reason.code,
            weight: reason.weight,
            text: reason.text,
            at: reason.at,
        });
        Self {
            advisory: found.advisory,
            attr: found.attr,
            channel: channel.to_owned(),
            package_version,
            verdict: found.verdict,
            tier: found.tier,
            fixed_in: found.fixed_in,
            variant_of: found.variant_of,
            reasons: reasons.collect(),
        }
    }
}

impl Advisory {
    /// From the advisory page's data.
    pub fn new(input: pages::advisory::Input) -> Self {
        let matches = input.channels.into_iter().flat_map(|channel| {
            let name = channel.channel;
            channel
                .matches
                .into_iter()
                .map(move |offered| FoundMatch::new(offered.found, &name, Some(offered.version)))
        });
        Self {
            version: VERSION,
            score: severity::headline(&input.advisory.records),
            matches: matches.collect(),
            id: input.advisory.id,
            kev: input.advisory.kev,
            epss: input.advisory.epss,
            records: input.advisory.records,
        }
    }
}

/// `/packages/{attr}`
#[derive(Debug, Serialize)]
pub struct Package {
    version: u8,
    attr: String,
    channels: Vec<InChannel>,
    /// The channel of `package` and `matches`.
    channel: String,
    package: package::Package,
    matches: Vec<FoundMatch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct InChannel {
    channel: String,
    package_version: String,
    revision: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluated_at: Option<String>,
}

impl Package {
    /// From the package page's data.
    pub fn new(input: pages::package::Input) -> Self {
        let in_channel = |channel: pages::package::InChannel| InChannel {
            channel: channel.channel,
            package_version: channel.version,
            revision: channel.revision,
            evaluated_at: channel.evaluated_at.and_then(rfc3339),
        };
        let matches = input
            .matches
            .into_iter()
            .map(|row| FoundMatch::new(row.found, &input.chosen, None));
        Self {
            version: VERSION,
            attr: input.attr,
            channels: input.channels.into_iter().map(in_channel).collect(),
            matches: matches.collect(),
            channel: input.chosen,
            package: input.package,
            next: input.next,
        }
    }
}

/// `/matches`: without reasons, which an advisory's and a package's document have.
#[derive(Debug, Serialize)]
pub struct Matches {
    version: u8,
    matches: Vec<Listed>,
    /// The `cursor` of the next document; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct Listed {
    advisory: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    exploited: bool,
    attr: String,
    channel: String,
    verdict: Verdict,
    tier: Tier,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
}

impl Matches {
    /// From a part of the list of all matches.
    pub fn new(part: Page<ListedMatch>) -> Self {
        let listed = |found: ListedMatch| Listed {
            advisory: found.advisory.id,
            score: found.advisory.severity,
            exploited: found.advisory.exploited,
            attr: found.attr,
            channel: found.channel,
            verdict: found.verdict,
            tier: found.tier,
            since: rfc3339(found.first_seen.get()),
        };
        Self {
            version: VERSION,
            matches: part.items.into_iter().map(listed).collect(),
            next: part.next,
        }
    }
}

/// `/search`
#[derive(Debug, Serialize)]
pub struct Search {
    version: u8,
    query: String,
    advisories: Vec<AdvisoryHit>,
    packages: Vec<PackageHit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct AdvisoryHit {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    exploited: bool,
}

#[derive(Debug, Serialize)]
struct PackageHit {
    attr: String,
    channels: Vec<ChannelVersion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

#[derive(Debug, Serialize)]
struct ChannelVersion {
    channel: String,
    package_version: String,
}

impl Search {
    /// From what was found.
    pub fn new(query: String, found: pages::search::Input) -> Self {
        let advisory = |hit: pages::search::AdvisoryHit| AdvisoryHit {
            id: hit.id,
            title: hit.title,
            score: hit.score,
            exploited: hit.kev,
        };
        let package = |hit: pages::search::PackageHit| PackageHit {
            attr: hit.attr,
            channels: hit
                .versions
                .into_iter()
                .map(|(channel, package_version)| ChannelVersion {
                    channel,
                    package_version,
                })
                .collect(),
            description: hit.description,
        };
        Self {
            version: VERSION,
            query,
            advisories: found.advisories.into_iter().map(advisory).collect(),
            packages: found.packages.into_iter().map(package).collect(),
            next: found.next.map(|from| from.to_string()),
        }
    }
}

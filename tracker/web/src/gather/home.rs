//! What the start page, the channels' page and the list of the newest matches are made from.

use snowguard_matching::verdict::{Tier, Verdict};
use snowguard_tracker_db::{Channel, Counts, Db, MatchCount, NewestFilter, NewestMatch, Run};

use crate::failure::Failure;
use crate::pages::channels::{ChannelInput, EvaluationInput};
use crate::pages::home::{ChannelSummary, FeedRun, Input, NewMatch, grouped};
use crate::pages::matches::{Tally, TierFilter};

/// Matches on the start page.
const NEWEST: usize = 40;
/// Evaluations listed per channel.
const EVALUATIONS: usize = 30;

/// The start page, limited to a channel where one is named.
///
/// # Errors
/// [`Failure::NotFound`] for an unknown channel.
pub fn home(db: &Db, channel: Option<&str>) -> Result<Input, Failure> {
    let counts = db.counts()?;
    let summaries = channel_summaries(db, &counts)?;
    known(
        channel,
        summaries.iter().map(|summary| summary.channel.as_str()),
    )?;
    let filter = NewestFilter {
        channel: channel.map(str::to_owned),
        tier: Tier::High,
        limit: NEWEST,
    };
    let newest = db.newest_matches(&filter)?.into_iter().map(NewMatch::from);
    Ok(Input {
        counts: totals(&counts),
        feeds: db.last_runs()?.into_iter().map(feed_run).collect(),
        channels: summaries,
        newest: newest.collect(),
        chosen: channel.map(str::to_owned),
    })
}

/// The channels with their latest evaluations.
///
/// # Errors
/// When the database cannot be read.
pub fn channels(db: &Db) -> Result<Vec<ChannelInput>, Failure> {
    let with_evaluations = |summary: ChannelSummary| {
        let evaluations = db
            .evaluations(&summary.channel)?
            .into_iter()
            .take(EVALUATIONS);
        let evaluations = evaluations.map(|evaluation| EvaluationInput {
            at: evaluation
                .evaluated_at
                .unwrap_or(evaluation.loaded_at)
                .get(),
            revision: evaluation.revision,
            packages: evaluation.attributes,
        });
        Ok(ChannelInput {
            evaluations: evaluations.collect(),
            summary,
        })
    };
    channel_summaries(db, &db.counts()?)?
        .into_iter()
        .map(with_evaluations)
        .collect()
}

/// Refuses a channel that is not among the known ones.
pub(super) fn known<'a>(
    channel: Option<&str>,
    mut names: impl Iterator<Item = &'a str>,
) -> Result<(), Failure> {
    match channel {
        Some(wanted) if !names.any(|name| name == wanted) => Err(Failure::NotFound(
            "No channel of this name is loaded.".to_owned(),
        )),
        _ => Ok(()),
    }
}

fn channel_summaries(db: &Db, counts: &Counts) -> Result<Vec<ChannelSummary>, Failure> {
    let summary = |channel: Channel| {
        let mut tally = Tally::default();
        let shown = |count: &&MatchCount| {
            count.channel == channel.name && TierFilter::Default.shows(count.tier)
        };
        for count in counts.matches.iter().filter(shown) {
            tally.add_many(count.verdict, count.count);
        }
        let current = channel.current.as_ref();
        ChannelSummary {
            revision: current.map(|now| now.revision.clone()).unwrap_or_default(),
            evaluated_at: current.and_then(|now| now.evaluated_at).map(|at| at.get()),
            packages: current.map_or(0, |now| now.attributes),
            channel: channel.name,
            tally,
        }
    };
    Ok(db.channels()?.into_iter().map(summary).collect())
}

/// What the start page counts.
fn totals(counts: &Counts) -> Vec<(&'static str, u64)> {
    let affected = counts
        .matches
        .iter()
        .filter(|count| count.verdict == Verdict::Affected && count.tier == Tier::High);
    vec![
        ("advisories", counts.advisories),
        (
            "packages",
            counts
                .channels
                .iter()
                .map(|(_, attributes)| attributes)
                .sum(),
        ),
        (
            "affected with high confidence",
            affected.map(|count| count.count).sum(),
        ),
        ("known exploited", counts.kev),
        ("waiting to be matched", counts.dirty),
        ("in quarantine", counts.quarantined),
    ]
}

impl From<NewestMatch> for NewMatch {
    fn from(found: NewestMatch) -> Self {
        let advisory = found.advisory;
        Self {
            title: Some(advisory.title).filter(|title| !title.is_empty()),
            score: advisory.severity,
            kev: advisory.exploited,
            advisory: advisory.id,
            channel: found.channel,
            first_seen: found.first_seen.get(),
            attrs: found.attrs,
            affected: found.affected,
        }
    }
}

fn feed_run(run: Run) -> FeedRun {
    let counts = run.counts;
    let parts = [
        (counts.new, "new"),
        (counts.changed, "changed"),
        (counts.removed, "removed"),
        (counts.stale, "older than stored"),
        (counts.quarantined, "quarantined"),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(count, word)| format!("{} {word}", grouped(count)))
        .collect();
    let outcome = match (counts.read, parts.is_empty()) {
        (0, true) => "nothing new".to_owned(),
        (read, true) => format!("{} read, nothing new", grouped(read)),
        (0, false) => parts.join(", "),
        (read, false) => format!("{} read: {}", grouped(read), parts.join(", ")),
    };
    FeedRun {
        feed: run.feed,
        ended: run.finished.map(|at| at.get()),
        outcome,
        error: run.error,
    }
}

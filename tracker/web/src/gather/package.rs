//! What a package's page and document are made from.

use snowguard_matching::verdict::Tier;
use snowguard_tracker_db::{Db, MatchFilter, PackageVersion, PageRequest};

use super::home::known;
use crate::failure::Failure;
use crate::pages::matches::{Tally, TierFilter};
use crate::pages::package::{Found, InChannel, Input, Past};
use crate::request::Attr;

/// Contents of the past that are looked at for versions.
const PAST: usize = 60;

/// Which part of a package's page is wanted.
#[derive(Debug)]
pub struct PackageWish<'a> {
    /// The package.
    pub attr: &'a Attr,
    /// The channel; else the last one by name that has the package, which is `…-unstable`.
    pub channel: Option<&'a str>,
    /// Which tiers.
    pub tier: TierFilter,
    /// Where the list of matches goes on.
    pub cursor: Option<&'a str>,
    /// Matches at once.
    pub limit: usize,
}

/// The package of an attribute path.
///
/// # Errors
/// [`Failure::NotFound`] when no channel, or not the wanted one, has it.
pub fn package(db: &Db, wish: &PackageWish<'_>) -> Result<Input, Failure> {
    let attr = wish.attr.as_str();
    let channels = db.channels()?;
    known(
        wish.channel,
        channels.iter().map(|channel| channel.name.as_str()),
    )?;
    let counts = db.match_counts_of_package(attr)?;
    let mut rows = Vec::new();
    let mut chosen = None;
    for channel in channels {
        let Some(package) = db.package(&channel.name, attr)? else {
            continue;
        };
        let of_channel = counts.iter().filter(|(name, ..)| *name == channel.name);
        let mut tally = Tally::default();
        for (_, verdict, _, count) in of_channel.filter(|(.., tier, _)| wish.tier.shows(*tier)) {
            tally.add_many(*verdict, *count);
        }
        let current = channel.current;
        rows.push(InChannel {
            version: package.version.clone(),
            revision: current
                .as_ref()
                .map(|now| now.revision.clone())
                .unwrap_or_default(),
            evaluated_at: current.and_then(|now| now.evaluated_at).map(|at| at.get()),
            tally,
            channel: channel.name.clone(),
        });
        if wish.channel.is_none_or(|wanted| wanted == channel.name) {
            chosen = Some((channel.name, package));
        }
    }
    let Some((chosen, package)) = chosen else {
        return Err(Failure::NotFound(
            "No loaded channel has a package of this name.".to_owned(),
        ));
    };
    let filter = MatchFilter {
        channel: Some(chosen.clone()),
        verdicts: Vec::new(),
        tier: Some(wish.tier.worst()),
    };
    let part = PageRequest {
        after: wish.cursor.map(str::to_owned),
        limit: wish.limit,
    };
    let page = db.matches_of_package(attr, &filter, &part)?;
    let low = counts
        .iter()
        .filter(|(name, _, tier, _)| *name == chosen && *tier == Tier::Low);
    let low_hidden = match wish.tier {
        TierFilter::Default => low.map(|(.., count)| count).sum(),
        TierFilter::All => 0,
    };
    let matches = page.items.into_iter().map(|item| {
        let summary = item.advisory;
        Found {
            title: summary
                .as_ref()
                .map(|s| s.title.clone())
                .filter(|title| !title.is_empty()),
            score: summary.as_ref().and_then(|summary| summary.severity),
            kev: summary.is_some_and(|summary| summary.exploited),
            found: item.found,
        }
    });
    Ok(Input {
        attr: attr.to_owned(),
        channels: rows,
        matches: matches.collect(),
        low_hidden,
        next: page.next,
        history: versions(&db.package_history(&chosen, attr)?),
        chosen,
        package,
    })
}

/// Runs of the same version, newest first; the content may have changed within a run.
fn versions(history: &[PackageVersion]) -> Vec<Past> {
    let mut past: Vec<Past> = Vec::new();
    for content in history.iter().take(PAST) {
        let from = content
            .since
            .evaluated_at
            .unwrap_or(content.since.loaded_at)
            .get();
        let until = content
            .until
            .as_ref()
            .map(|end| end.evaluated_at.unwrap_or(end.loaded_at).get());
        match past.last_mut() {
            // What follows without a gap is the same run.
            Some(run)
                if run.version.as_ref() == Some(&content.package.version)
                    && Some(run.from) == until =>
            {
                run.from = from;
            }
            later => {
                if let (Some(later), Some(until)) = (later, until)
                    && until < later.from
                {
                    let gap = Past {
                        version: None,
                        from: until,
                        until: Some(later.from),
                    };
                    past.push(gap);
                }
                past.push(Past {
                    version: Some(content.package.version.clone()),
                    from,
                    until,
                });
            }
        }
    }
    past
}

//! How channels stand to an issue: what the matcher says, what people corrected.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use snowguard_advisory::model::Advisory;
use snowguard_matching::ranges::{self, End, Range};
use snowguard_matching::verdict::{Match, Tier, Verdict, Weight};
use snowguard_tracker_triage::edits::{self, Choice, Edits};
use snowguard_tracker_triage::issue::{Issue, Status};
use snowguard_tracker_triage::standing::{Standing, Standings};

use super::decide;
use crate::db::Db;
use crate::error::Result;
use crate::session::{Session, Value};

/// How every package of every channel stands to the advisories of an issue, as the matcher says it and
/// as people corrected it.
pub(super) fn standings(db: &Db, session: &mut Session<'_>, issue: &Issue) -> Result<Standings> {
    let mut standings = Standings::new();
    for id in &issue.advisories {
        let (number, stored) = decide::found(session, id)?;
        let advisory = db.assemble(session, &[number])?.pop();
        let sets = session.list(
            "SELECT channel.name, channel.id, match_set.body FROM match_set JOIN channel ON channel.id = match_set.channel WHERE match_set.advisory = ?1",
            &[Value::Int(number)],
            |row| Ok((row.text(0)?.to_owned(), row.int(1)?, db.unpack_matches(row.blob(2)?)?)),
        )?;
        for (name, channel, set) in sets {
            let matches: Vec<Match> = set
                .into_iter()
                .map(|one| one.found)
                .filter(|found| speaks(found, &stored.suggestion.edits))
                .collect();
            let attrs: Vec<&str> = matches.iter().map(|found| found.attr.as_str()).collect();
            let versions = db.current_versions(session, channel, &attrs)?;
            let of_channel = standings.entry(name.clone()).or_default();
            for found in &matches {
                let version = versions.get(&found.attr).map_or("", String::as_str);
                let edits = &stored.suggestion.edits;
                let ranges = affected_ranges(advisory.as_ref(), found, version, edits);
                put(of_channel, found, version, edits, ranges);
            }
        }
    }
    standings.retain(|_, of_channel| !of_channel.is_empty());
    Ok(standings)
}

/// Whether a match says something that belongs into an issue.
fn speaks(found: &Match, edits: &Edits) -> bool {
    match edits.packages.get(&found.attr) {
        Some(Choice::Dropped) => false,
        Some(Choice::Added) => true,
        None => found.tier != Tier::Low && found.verdict != Verdict::NotAffected,
    }
}

/// The gravest of several advisories' words about one package stays.
/// The ranges of all of them do.
fn put(
    of_channel: &mut BTreeMap<String, Standing>,
    found: &Match,
    version: &str,
    edits: &Edits,
    ranges: Vec<Range>,
) {
    let (status, evidence) = match edits.ranges.get(&found.attr) {
        Some(range) if range.holds(version) => (
            Status::Affected {
                version: version.to_owned(),
            },
            format!("corrected by hand: {range}"),
        ),
        Some(range) => (
            Status::FixedInVersion {
                version: version.to_owned(),
            },
            format!("corrected by hand: {range}"),
        ),
        None => {
            let decides = found
                .reasons
                .iter()
                .find(|reason| reason.weight == Weight::Decides);
            (
                Status::of(found, version),
                decides
                    .map(|reason| reason.text.clone())
                    .unwrap_or_default(),
            )
        }
    };
    let mut standing = Standing::new(status, evidence);
    let place = of_channel.remove(&found.attr);
    let mut all = ranges;
    if let Some(before) = place {
        all.extend(before.ranges.iter().cloned());
        if gravity(&before.status) >= gravity(&standing.status) {
            standing = before;
        }
    }
    all.sort();
    all.dedup();
    standing.ranges = all;
    of_channel.insert(found.attr.clone(), standing);
}

/// What is known of the affected versions: as people corrected it, else as the statement says that decided.
fn affected_ranges(
    advisory: Option<&Advisory>,
    found: &Match,
    version: &str,
    edits: &Edits,
) -> Vec<Range> {
    match edits.ranges.get(&found.attr) {
        Some(edits::Range {
            from,
            before: Some(before),
        }) => vec![Range {
            from: from.clone(),
            end: End::Before(before.clone()),
        }],
        Some(_) => Vec::new(),
        None => advisory
            .map(|advisory| ranges::deciding(advisory, found, version))
            .unwrap_or_default(),
    }
}

fn gravity(status: &Status) -> u8 {
    match status {
        Status::Affected { .. } => 5,
        Status::UnderInvestigation => 4,
        Status::WontFix { .. } => 3,
        Status::FixedByPatch { .. } => 2,
        Status::FixedInVersion { .. } => 1,
        Status::NotAffected { .. } => 0,
    }
}

impl Db {
    fn current_versions(
        &self,
        session: &mut Session<'_>,
        channel: i64,
        attrs: &[&str],
    ) -> Result<FxHashMap<String, String>> {
        let rows = session.list(
            "SELECT attribute.name, package.body FROM attribute CROSS JOIN package \
             WHERE attribute.name IN EACH_TEXT(?1) AND package.attribute = attribute.id \
             AND package.channel = ?2 AND package.until IS NULL",
            &[Value::Texts(attrs), Value::Int(channel)],
            |row| {
                Ok((
                    row.text(0)?.to_owned(),
                    self.unpack_package(row.blob(1)?)?.version,
                ))
            },
        )?;
        Ok(rows.into_iter().collect())
    }
}

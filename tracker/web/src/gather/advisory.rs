//! What an advisory's page and document are made from.

use std::collections::HashMap;

use serde_json::Value;
use snowguard_advisory::model::{Advisory, Record, Source};
use snowguard_matching::verdict::{Match, Verdict};
use snowguard_tracker_db::{Db, RecordChange};

use crate::failure::Failure;
use crate::pages::advisory::{Change, ChannelMatches, Input, MATCHES, Offered};
use crate::pages::matches::TierFilter;
use crate::request::AdvisoryId;

/// Changes shown over all records.
const CHANGES: usize = 30;

/// Where an advisory is found.
#[derive(Debug)]
pub enum Advised {
    /// Under the id that was asked for.
    Here(Box<Input>),
    /// Under another id, of which the one asked for is an alias or another spelling.
    Elsewhere(String),
}

/// Which matches are wanted with an advisory.
#[derive(Debug, Clone, Copy)]
pub enum Part<'a> {
    /// All of them, as they are stored.
    Whole,
    /// Those of a tier, the gravest first: a page of each channel.
    Page {
        /// Which tiers.
        tier: TierFilter,
        /// The channel whose list goes on, and where.
        from: Option<(&'a str, usize)>,
    },
}

/// The advisory of an id.
///
/// # Errors
/// [`Failure::NotFound`] when no record belongs to the id.
pub fn advisory(db: &Db, id: &AdvisoryId, part: Part<'_>) -> Result<Advised, Failure> {
    if !id.is_canonical() {
        return Ok(Advised::Elsewhere(id.as_str().to_owned()));
    }
    let Some(advisory) = db.advisory(id.as_str())? else {
        return match db.advisory_of_record(id.as_str())? {
            Some(other) if other != id.as_str() => Ok(Advised::Elsewhere(other)),
            _ => Err(Failure::NotFound(
                "No advisory with this id is known here.".to_owned(),
            )),
        };
    };
    let mut channels = Vec::new();
    for (channel, matches) in db.matches_of_advisory(&advisory.id)? {
        let matches = matches.into_iter().map(|stored| stored.found).collect();
        channels.push(of_channel(db, channel, matches, part)?);
    }
    let history = history(db, &advisory)?;
    Ok(Advised::Here(Box::new(Input {
        advisory,
        channels,
        history,
    })))
}

fn of_channel(
    db: &Db,
    channel: String,
    mut matches: Vec<Match>,
    part: Part<'_>,
) -> Result<ChannelMatches, Failure> {
    let all = matches.len();
    if let Part::Page { tier, .. } = part {
        matches.retain(|found| tier.shows(found.tier));
    }
    let hidden = all - matches.len();
    let tally = matches.iter().map(|found| found.verdict).collect();
    let mut variants = match part {
        Part::Page { .. } => fold(&mut matches),
        Part::Whole => HashMap::new(),
    };
    let total = matches.len();
    let mut from = 0;
    if let Part::Page { from: place, .. } = part {
        matches.sort_by(|a, b| (a.verdict, a.tier, &a.attr).cmp(&(b.verdict, b.tier, &b.attr)));
        from = match place {
            Some((wanted, from)) if wanted == channel => from.min(total),
            _ => 0,
        };
        matches.drain(..from);
        matches.truncate(MATCHES);
    }
    let attrs: Vec<&str> = matches.iter().map(|found| found.attr.as_str()).collect();
    let mut versions: HashMap<String, String> =
        db.versions_of(&channel, &attrs)?.into_iter().collect();
    let matches = matches.into_iter().map(|found| {
        let version = versions.remove(&found.attr).unwrap_or_default();
        let variants = variants.remove(&found.attr).unwrap_or_default();
        Offered {
            found,
            version,
            variants,
        }
    });
    Ok(ChannelMatches {
        matches: matches.collect(),
        channel,
        tally,
        from,
        total,
        hidden,
    })
}

/// Takes out the variants of which the same is said as of the package that they are offered
/// beneath, and gives their names by that package.
fn fold(matches: &mut Vec<Match>) -> HashMap<String, Vec<String>> {
    let heads: HashMap<&str, Verdict> = matches
        .iter()
        .filter(|found| found.variant_of.is_none())
        .map(|found| (found.attr.as_str(), found.verdict))
        .collect();
    let follows = |found: &Match| {
        let head = found.variant_of.as_deref()?;
        (heads.get(head) == Some(&found.verdict)).then(|| head.to_owned())
    };
    let beneath: Vec<Option<String>> = matches.iter().map(follows).collect();
    let mut variants: HashMap<String, Vec<String>> = HashMap::new();
    let mut rest = Vec::with_capacity(matches.len());
    for (found, head) in std::mem::take(matches).into_iter().zip(beneath) {
        match head {
            Some(head) => variants.entry(head).or_default().push(found.attr),
            None => rest.push(found),
        }
    }
    *matches = rest;
    variants
}

fn history(db: &Db, advisory: &Advisory) -> Result<Vec<Change>, Failure> {
    let mut changes = Vec::new();
    for record in &advisory.records {
        let name = stored_name(record);
        let of_record = db
            .record_history(record.source, &name)?
            .into_iter()
            .take(CHANGES);
        changes.extend(of_record.map(|change| Change {
            record: record.id.clone(),
            at: change.at.get(),
            operations: operations(&change),
        }));
    }
    changes.sort_by_key(|change| std::cmp::Reverse(change.at));
    changes.truncate(CHANGES);
    Ok(changes)
}

/// The name under which the database keeps a record: vendors number as they like, so theirs
/// carries the publisher.
fn stored_name(record: &Record) -> String {
    match (record.source, &record.publisher) {
        (Source::Vendor, Some(publisher)) => format!("{publisher}/{}", record.id),
        _ => record.id.clone(),
    }
}

fn operations(change: &RecordChange) -> Vec<(String, String, String)> {
    let text =
        |operation: &Value, key: &str| operation[key].as_str().unwrap_or_default().to_owned();
    let value = |operation: &Value| match &operation["value"] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let operations = change
        .patch
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    operations
        .iter()
        .map(|operation| {
            (
                text(operation, "op"),
                text(operation, "path"),
                value(operation),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use snowguard_matching::verdict::Tier;

    use super::*;

    #[test]
    fn a_variant_stands_alone_only_where_it_says_something_else() {
        let found = |attr: &str, verdict, head: Option<&str>| Match {
            advisory: "CVE-2024-1000".to_owned(),
            attr: attr.to_owned(),
            verdict,
            tier: Tier::High,
            variant_of: head.map(str::to_owned),
            fixed_in: None,
            reasons: Vec::new(),
        };
        let mut matches = vec![
            found("git", Verdict::Affected, None),
            found("gitFull", Verdict::Affected, Some("git")),
            found("gitPatched", Verdict::Fixed, Some("git")),
            // Its head is of a tier that is not shown.
            found("jgit", Verdict::Affected, Some("java")),
        ];
        let variants = fold(&mut matches);
        let rest: Vec<&str> = matches.iter().map(|found| found.attr.as_str()).collect();
        assert_eq!(rest, ["git", "gitPatched", "jgit"]);
        assert_eq!(variants.len(), 1);
        assert_eq!(variants["git"], ["gitFull"]);
    }
}

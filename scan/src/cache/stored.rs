//! Verdicts and what they are about, as they stand in the cache: postcard, every field in its place.
//!
//! The matcher's own serde forms leave out what is empty, which only a format that describes itself
//! can read, and several times slower.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use snowguard_advisory_file::{Brief, Candidate, package_from_bytes, package_to_bytes};
use snowguard_matching::package::Package;
use snowguard_matching::verdict::{Match, Reason, Tier, Verdict, Weight};
use snowguard_nix_formats::StorePath;

use super::Whole;
use crate::closure::{Closure, Named, PathIndex};
use crate::identify::{Identified, Known};
use crate::judge::{Affected, Judged, Scan};
use crate::software::{Dropped, Inventory, Software};

/// All verdicts of one piece of software.
#[derive(Serialize, Deserialize)]
struct StoredJudged<'a> {
    affected: Vec<StoredAffected<'a>>,
    counts: [usize; 3],
}

#[derive(Serialize, Deserialize)]
struct StoredAffected<'a> {
    candidate: Candidate,
    texts: [Cow<'a, str>; 2],
    verdict: Verdict,
    tier: Tier,
    options: [Option<Cow<'a, str>>; 2],
    reasons: Vec<StoredReason<'a>>,
    brief: Cow<'a, Brief>,
}

#[derive(Serialize, Deserialize)]
struct StoredReason<'a> {
    code: Cow<'a, str>,
    weight: Weight,
    text: Cow<'a, str>,
    at: Option<Cow<'a, str>>,
}

pub(super) fn judged_to_bytes(judged: &Judged) -> postcard::Result<Vec<u8>> {
    postcard::to_allocvec(&stored(judged))
}

pub(super) fn judged_from_bytes(bytes: &[u8]) -> Option<Judged> {
    Some(judged(postcard::from_bytes(bytes).ok()?))
}

fn stored(judged: &Judged) -> StoredJudged<'_> {
    let affected = judged.affected.iter().map(|one| {
        let found = &one.found;
        StoredAffected {
            candidate: one.candidate,
            texts: [&found.advisory, &found.attr].map(|text| Cow::Borrowed(text.as_str())),
            verdict: found.verdict,
            tier: found.tier,
            options: [&found.variant_of, &found.fixed_in]
                .map(|text| text.as_deref().map(Cow::Borrowed)),
            reasons: found
                .reasons
                .iter()
                .map(|reason| StoredReason {
                    code: Cow::Borrowed(&reason.code),
                    weight: reason.weight,
                    text: Cow::Borrowed(&reason.text),
                    at: reason.at.as_deref().map(Cow::Borrowed),
                })
                .collect(),
            brief: Cow::Borrowed(&one.brief),
        }
    });
    StoredJudged {
        affected: affected.collect(),
        counts: [judged.fixed, judged.unknown, judged.pairs],
    }
}

fn judged(stored: StoredJudged<'_>) -> Judged {
    let affected = stored.affected.into_iter().map(|one| {
        let [advisory, attr] = one.texts.map(Cow::into_owned);
        let [variant_of, fixed_in] = one.options.map(|text| text.map(Cow::into_owned));
        let reasons = one.reasons.into_iter().map(|reason| Reason {
            code: reason.code.into_owned(),
            weight: reason.weight,
            text: reason.text.into_owned(),
            at: reason.at.map(Cow::into_owned),
        });
        Affected {
            candidate: one.candidate,
            found: Match {
                advisory,
                attr,
                verdict: one.verdict,
                tier: one.tier,
                variant_of,
                fixed_in,
                reasons: reasons.collect(),
            },
            brief: one.brief.into_owned(),
        }
    });
    let [fixed, unknown, pairs] = stored.counts;
    Judged {
        affected: affected.collect(),
        fixed,
        unknown,
        pairs,
    }
}

/// A whole scan. Recipes are not in it: nothing looks at them once the software is identified.
#[derive(Serialize, Deserialize)]
struct StoredWhole<'a> {
    entries: Vec<StoredEntry<'a>>,
    named: Vec<(Cow<'a, str>, Vec<u8>)>,
    roots: Cow<'a, [PathIndex]>,
    software: Cow<'a, [Software]>,
    dropped: Cow<'a, [(PathIndex, Dropped)]>,
    identified: Vec<StoredIdentified<'a>>,
    judged: Vec<StoredJudged<'a>>,
}

#[derive(Serialize, Deserialize)]
struct StoredEntry<'a> {
    path: Cow<'a, str>,
    references: Cow<'a, [PathIndex]>,
    derivers: Vec<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
struct StoredIdentified<'a> {
    software: Cow<'a, Software>,
    package: Vec<u8>,
    known: Known,
    channel: Option<usize>,
}

/// A whole scan as bytes.
pub(super) fn whole_to_bytes(
    closure: &Closure,
    inventory: &Inventory,
    identified: &[Identified],
    scan: &Scan,
) -> postcard::Result<Vec<u8>> {
    let packed = |package: &Package| package_to_bytes(0, package);
    let entries = closure.entries.iter().map(|entry| StoredEntry {
        path: Cow::Borrowed(entry.path.as_str()),
        references: Cow::Borrowed(&entry.references),
        derivers: entry
            .derivers
            .iter()
            .map(|path| Cow::Borrowed(path.as_str()))
            .collect(),
    });
    let named = closure
        .named
        .iter()
        .map(|named| Ok((Cow::Borrowed(named.label.as_str()), packed(&named.package)?)));
    let identified = identified.iter().map(|one| {
        Ok(StoredIdentified {
            software: Cow::Borrowed(&one.software),
            package: packed(&one.package)?,
            known: one.known,
            channel: one.channel,
        })
    });
    postcard::to_allocvec(&StoredWhole {
        entries: entries.collect(),
        named: named.collect::<postcard::Result<_>>()?,
        roots: Cow::Borrowed(&closure.roots),
        software: Cow::Borrowed(&inventory.software),
        dropped: Cow::Borrowed(&inventory.dropped),
        identified: identified.collect::<postcard::Result<_>>()?,
        judged: scan.judged.iter().map(stored).collect(),
    })
}

/// A whole scan from bytes; `None` where they are not what [`whole_to_bytes`] gives.
pub(super) fn whole_from_bytes(bytes: &[u8]) -> Option<Whole> {
    let stored: StoredWhole<'_> = postcard::from_bytes(bytes).ok()?;
    let package = |bytes: &[u8]| Some(package_from_bytes(bytes).ok()?.1);
    let mut closure = Closure::default();
    let path = |text: &str| StorePath::from_base_name(text).ok();
    for entry in stored.entries {
        let index = closure.add(path(&entry.path)?);
        let derivers = entry.derivers.iter().map(|text| path(text));
        let derivers = derivers.collect::<Option<_>>()?;
        let added = closure.entry_mut(index)?;
        added.references = entry.references.into_owned();
        added.derivers = derivers;
    }
    closure.roots = stored.roots.into_owned();
    for (label, bytes) in stored.named {
        closure.named.push(Named {
            label: label.into_owned(),
            package: package(&bytes)?,
        });
    }
    let identified = stored.identified.into_iter().map(|one| {
        Some(Identified {
            software: one.software.into_owned(),
            package: Box::new(package(&one.package)?),
            known: one.known,
            channel: one.channel,
        })
    });
    let identified: Vec<Identified> = identified.collect::<Option<_>>()?;
    let judged: Vec<Judged> = stored.judged.into_iter().map(judged).collect();
    Some(Whole {
        closure,
        inventory: Inventory {
            software: stored.software.into_owned(),
            dropped: stored.dropped.into_owned(),
        },
        scan: Scan {
            from_cache: judged.len(),
            judged,
        },
        identified,
    })
}

//! A maintainer's packages.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use snowguard_matching::verdict::{Match, Tier, Verdict};
use snowguard_tracker_db::Db;
use snowguard_tracker_triage::mine::{Mine, MineFilter};
use snowguard_tracker_triage::queue::Place;

use crate::account::reader::Reader;
use crate::failure::Failure;
use crate::handlers::{Answer, Shared, show};
use crate::pages::triage::mine::{Input, OfChannel, Page, Shown};

/// Suggestions of a page.
const LIMIT: usize = 25;
/// Patches that are named of one.
const PATCHES: usize = 2;

/// What an address asks for: which matches, and behind which.
fn wish(query: &str) -> Result<(MineFilter, Option<Place>), Failure> {
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let filter = MineFilter::parse(pairs.iter().map(|(name, value)| (&**name, &**value)))?;
    let after = pairs
        .iter()
        .find(|(name, value)| name == "after" && !value.is_empty());
    let wrong = || Failure::BadRequest("This is not a place in the list.".to_owned());
    let after = after.map(|(_, text)| Place::parse(text).ok_or_else(wrong));
    Ok((filter, after.transpose()?))
}

/// `/my`: what affects the reader's packages, the most urgent first, with what each channel has.
pub async fn page(State(app): Shared, reader: Reader, uri: Uri, request: HeaderMap) -> Answer {
    reader.id().ok_or(Failure::SignIn)?;
    let (filter, after) = wish(uri.query().unwrap_or_default())?;
    let state = app.clone();
    show(app, reader, request, move |view| {
        let mine = view.db.mine(&view.reader.owned)?;
        let selection = state.queue(view.db, |queue| {
            mine.select(&filter, after, LIMIT, |advisory| queue.row(advisory))
        })?;
        let numbers: Vec<i64> = selection.rows.iter().map(|row| row.advisory).collect();
        let rows: HashMap<i64, _> = selection
            .rows
            .into_iter()
            .map(|row| (row.advisory, row))
            .collect();
        let mut shown = Vec::new();
        for entry in view.db.queue_entries(&numbers)? {
            let Some(row) = rows.get(&entry.number).copied() else {
                continue;
            };
            let (channels, others) = standings(view.db, &mine, &entry.advisory.id)?;
            shown.push(Shown {
                patches: patches(view.db, &entry.advisory.id)?,
                channels,
                others,
                entry,
                row,
            });
        }
        let input = Input {
            mine,
            filter,
            is_first: after.is_none(),
            next: selection.next,
            counts: selection.counts,
            shown,
        };
        Ok(Page::new(view.shell, input, view.now).render()?)
    })
    .await
}

/// What each channel has of the reader's packages that an advisory is about, and how many packages of others it affects.
fn standings(db: &Db, mine: &Mine, id: &str) -> Result<(Vec<OfChannel>, usize), Failure> {
    let own = |found: &Match| mine.packages.iter().any(|one| one.attr == found.attr);
    let mut channels = Vec::new();
    let mut others = std::collections::BTreeSet::new();
    for (name, matches) in db.matches_of_advisory(id)? {
        let sure = matches.into_iter().map(|stored| stored.found);
        let sure = sure.filter(|found| found.tier != Tier::Low);
        let (owned, rest): (Vec<Match>, Vec<Match>) = sure.partition(own);
        let affected = rest
            .into_iter()
            .filter(|found| found.verdict == Verdict::Affected && found.variant_of.is_none());
        others.extend(affected.map(|found| found.attr));
        let attrs: Vec<&str> = owned.iter().map(|found| found.attr.as_str()).collect();
        let versions: BTreeMap<String, String> =
            db.versions_of(&name, &attrs)?.into_iter().collect();
        channels.push(OfChannel {
            name,
            versions,
            matches: owned,
        });
    }
    Ok((channels, others.len()))
}

/// What the advisory's records name as patches, each once.
fn patches(db: &Db, id: &str) -> Result<Vec<String>, Failure> {
    let mut patches: Vec<String> = Vec::new();
    let Some(advisory) = db.advisory(id)? else {
        return Ok(patches);
    };
    let references = advisory
        .records
        .into_iter()
        .flat_map(|record| record.references);
    for reference in references {
        let is_patch = reference
            .tags
            .iter()
            .any(|tag| tag.eq_ignore_ascii_case("patch"));
        if is_patch && patches.len() < PATCHES && !patches.contains(&reference.url) {
            patches.push(reference.url);
        }
    }
    Ok(patches)
}

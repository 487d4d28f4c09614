//! A maintainer's packages.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use snowguard_matching::verdict::{Tier, Verdict};
use snowguard_tracker_db::{Db, Millis};
use snowguard_tracker_triage::filter::Filter;

use crate::account::reader::Reader;
use crate::failure::Failure;
use crate::handlers::{Answer, Shared, show};
use crate::pages::triage::mine::{Mine, Page, Standing};

/// Suggestions that are shown.
const LIMIT: usize = 100;
/// Patches that are named of one.
const PATCHES: usize = 3;

/// `/my`: what concerns the reader's packages, the most urgent first, with what each channel has.
pub async fn page(State(app): Shared, reader: Reader, request: HeaderMap) -> Answer {
    reader.id().ok_or(Failure::SignIn)?;
    let state = app.clone();
    show(app, reader, request, move |view| {
        let owned = &view.reader.owned;
        let filter = Filter::default();
        let mut meaning =
            view.db
                .queue_meaning(&filter, view.reader.id(), Millis::new(view.now))?;
        meaning.only = Some(view.db.advisories_of_owners(owned)?);
        let selection = state.queue(view.db, |queue| {
            queue.select(&filter, &meaning, None, LIMIT)
        })?;
        let mut rows = Vec::new();
        for entry in view.db.queue_entries(&selection.advisories)? {
            let mut channels: BTreeMap<String, Vec<Standing>> = BTreeMap::new();
            for (channel, matches) in view.db.matches_of_advisory(&entry.advisory.id)? {
                let sure = matches.into_iter().map(|stored| stored.found);
                let sure: Vec<_> = sure
                    .filter(|found| found.tier != Tier::Low && found.variant_of.is_none())
                    .collect();
                let attrs: Vec<&str> = sure.iter().map(|found| found.attr.as_str()).collect();
                let versions: BTreeMap<String, String> =
                    view.db.versions_of(&channel, &attrs)?.into_iter().collect();
                let of_channel = channels.entry(channel).or_default();
                for found in sure
                    .into_iter()
                    .filter(|found| found.verdict != Verdict::NotAffected)
                {
                    of_channel.push(Standing {
                        version: versions.get(&found.attr).cloned().unwrap_or_default(),
                        found,
                    });
                }
            }
            let patches = patches(view.db, &entry.advisory.id)?;
            rows.push(Mine {
                entry,
                channels,
                patches,
            });
        }
        Ok(Page::new(
            view.shell,
            owned.clone(),
            rows,
            selection.counts.all,
            view.now,
        )
        .render()?)
    })
    .await
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

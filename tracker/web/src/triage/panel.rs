//! The triage part of an advisory's page.

use std::collections::BTreeSet;

use snowguard_matching::verdict::Tier;
use snowguard_tracker_db::{Db, Subject};
use snowguard_tracker_triage::role::Action;

use crate::account::reader::Reader;
use crate::failure::Failure;
use crate::pages::advisory;
use crate::pages::triage::panel::{Input, Panel, Powers};

/// Entries of the log that are shown.
const ENTRIES: usize = 50;

/// The panel; nothing where the matcher never found anything affected.
///
/// # Errors
/// As every read of the database.
pub fn panel(
    db: &Db,
    reader: &Reader,
    page: &advisory::Input,
    now: i64,
) -> Result<Option<Panel>, Failure> {
    let Some(stored) = db.suggestion(&page.advisory.id)? else {
        return Ok(None);
    };
    let matches = page.channels.iter().flat_map(|channel| &channel.matches);
    let sure = matches.filter(|offered| offered.found.tier != Tier::Low);
    let attrs: BTreeSet<String> = sure.map(|offered| offered.found.attr.clone()).collect();
    let attrs: Vec<String> = attrs.into_iter().collect();
    let activity = db.activity_of(
        &Subject::Suggestion(page.advisory.id.clone()),
        None,
        ENTRIES,
    )?;
    let name = |id| {
        db.person(snowguard_tracker_db::PersonId::new(id))
            .map(|found| found.map(|person| person.name))
    };
    let assignee = stored.suggestion.assignee.map_or(Ok(None), name)?;
    let proposer = stored
        .suggestion
        .proposal
        .as_ref()
        .map_or(Ok(None), |proposal| name(proposal.by))?;
    let proposes = !reader.may(Action::Triage)
        && reader.may_somewhere(Action::Propose)
        && db.owns_any(&reader.owned, &attrs)?;
    let product = page
        .advisory
        .records
        .iter()
        .flat_map(|record| &record.affected)
        .find_map(|affected| Some((affected.vendor.clone()?, affected.product.clone()?)));
    Ok(Some(Panel::new(
        Input {
            stored,
            attrs,
            assignee,
            proposer,
            activity,
            product,
            powers: Powers {
                triages: reader.may(Action::Triage),
                drafts: reader.may(Action::Draft),
                makes_rules: reader.may(Action::Rules),
                proposes,
            },
        },
        now,
    )))
}

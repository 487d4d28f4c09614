//! What a channel's page is made from.

use std::collections::HashMap;

use snowguard_tracker_db::{AdvisorySummary, Db};
use snowguard_tracker_triage::exposure::Security;
use snowguard_tracker_triage::release;

use crate::failure::Failure;
use crate::gather::home;
use crate::pages::channel::Input;

/// Points of the history.
const POINTS: usize = 181;
/// What is open the longest.
const OLDEST: usize = 15;

/// The security state of a channel at `now` (milliseconds since the Unix epoch).
///
/// # Errors
/// [`Failure::NotFound`] for a channel that is unknown or was never evaluated.
pub fn channel(db: &Db, name: &str, now: i64) -> Result<Input, Failure> {
    let channels = db.channels()?;
    home::known(
        Some(name),
        channels.iter().map(|channel| channel.name.as_str()),
    )?;
    let exposures = db
        .exposures(name)?
        .ok_or_else(|| Failure::NotFound("This channel has never been evaluated.".to_owned()))?;
    let since = exposures.since.get();
    let security = Security::of(&exposures.spans, since, now, POINTS, OLDEST);
    let numbers: Vec<i64> = security.oldest.iter().map(|span| span.advisory).collect();
    let ids = db.ids_of(&numbers)?;
    let mut summaries: HashMap<String, AdvisorySummary> = db
        .summaries(&ids)?
        .into_iter()
        .map(|summary| (summary.id.clone(), summary))
        .collect();
    let oldest = ids.iter().zip(&security.oldest);
    let oldest = oldest.filter_map(|(id, span)| Some((summaries.remove(id)?, span.opened)));
    Ok(Input {
        name: name.to_owned(),
        oldest: oldest.collect(),
        support_ends: release::support_ends(name),
        security,
    })
}

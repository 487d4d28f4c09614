//! What a channel's page is made from.

use std::collections::BTreeMap;

use snowguard_tracker_db::Db;
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
    let opened: BTreeMap<i64, i64> = security
        .oldest
        .iter()
        .map(|span| (span.advisory, span.opened))
        .collect();
    let numbers: Vec<i64> = security.oldest.iter().map(|span| span.advisory).collect();
    let oldest = db.summaries_of(&numbers)?.into_iter();
    let oldest = oldest.filter_map(|(number, summary)| Some((summary, *opened.get(&number)?)));
    Ok(Input {
        name: name.to_owned(),
        oldest: oldest.collect(),
        support_ends: release::support_ends(name),
        security,
    })
}

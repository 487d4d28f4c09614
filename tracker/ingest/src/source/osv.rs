//! OSV: `all.zip` of an ecosystem or of all, folders, checkouts, lines.
//!
//! Source: <https://ossf.github.io/osv-schema/>

use snowguard_advisory::limits::Limits;
use snowguard_advisory::model::Record;
use snowguard_advisory::osv;

/// One record.
pub(super) fn records(raw: &[u8], limits: &Limits) -> Result<Vec<Record>, String> {
    let reading = osv::read(raw, None, limits).map_err(|error| error.to_string())?;
    Ok(vec![reading.record])
}

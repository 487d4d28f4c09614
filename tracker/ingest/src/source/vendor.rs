//! Catalogues collected in one file, told apart by `_src`.

use serde::Deserialize;
use snowguard_advisory::limits::Limits;
use snowguard_advisory::model::Record;
use snowguard_advisory::osv;

#[derive(Deserialize)]
struct Origin {
    #[serde(rename = "_src")]
    source: String,
}

/// The records of one entry.
pub(super) fn records(raw: &[u8], limits: &Limits) -> Result<Vec<Record>, String> {
    let text = limits.record(raw).map_err(|error| error.to_string())?;
    let Origin { source } = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let reading = osv::read(raw, Some(&source), limits).map_err(|error| error.to_string())?;
    Ok(vec![reading.record])
}

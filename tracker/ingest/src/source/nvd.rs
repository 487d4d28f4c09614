//! The NVD: feeds and API answers of version 2.0, and configurations in their shape.
//!
//! Source: <https://nvd.nist.gov/developers/vulnerabilities>

use snowguard_advisory::limits::Limits;
use snowguard_advisory::model::Record;
use snowguard_advisory::nvd;

/// One record: `{"cve": {…}}`, or what is in it.
pub(super) fn records(raw: &[u8], limits: &Limits) -> Result<Vec<Record>, String> {
    let reading = nvd::read(raw, limits).map_err(|error| error.to_string())?;
    Ok(vec![reading.record])
}

//! The CVE list: bulk archives, deltas, checkouts, lines. CVE Record Format 5.x.
//!
//! Source: <https://github.com/CVEProject/cvelistV5>

use serde::Deserialize;
use snowguard_advisory::cve5;
use snowguard_advisory::limits::Limits;
use snowguard_advisory::model::Record;

/// One record.
pub(super) fn records(raw: &[u8], limits: &Limits) -> Result<Vec<Record>, String> {
    let reading = cve5::read(raw, limits).map_err(|error| error.to_string())?;
    Ok(vec![reading.record])
}

/// The list's own log of what it changed when, in `cves/deltaLog.json`: newest first, about a
/// month long.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    fetch_time: String,
    #[serde(default)]
    new: Vec<Touched>,
    #[serde(default)]
    updated: Vec<Touched>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Touched {
    cve_id: String,
}

/// What the log says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DeltaLog {
    /// Time of the newest step, as given (RFC 3339, UTC): what to ask with next time.
    pub newest: String,
    /// Ids touched after the time that was asked for; `None` when the log does not reach so far
    /// back, and everything has to be read.
    pub touched: Option<std::collections::BTreeSet<String>>,
}

/// Reads the log. `since`: the newest step seen before.
///
/// # Errors
/// When it is not such a log, or empty.
pub(crate) fn delta_log(raw: &[u8], since: Option<&str>) -> Result<DeltaLog, String> {
    let steps: Vec<Step> = serde_json::from_slice(raw).map_err(|error| error.to_string())?;
    let times = || steps.iter().map(|step| step.fetch_time.as_str());
    let newest = times().max().ok_or("the log is empty")?.to_owned();
    // The format is fixed (`2024-05-01T12:00:00.000Z`), so text order is order in time.
    let reaches = since.is_some_and(|since| times().any(|time| time <= since));
    let touched = since.filter(|_| reaches).map(|since| {
        let later = steps.iter().filter(|step| step.fetch_time.as_str() > since);
        later
            .flat_map(|step| step.new.iter().chain(&step.updated))
            .map(|t| t.cve_id.clone())
            .collect()
    });
    Ok(DeltaLog { newest, touched })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &[u8] = br#"[
        {"fetchTime":"2026-03-03T00:00:00.000Z","numberOfChanges":1,"new":[{"cveId":"CVE-2026-3"}],
         "updated":[{"cveId":"CVE-2026-1"}],"error":[]},
        {"fetchTime":"2026-03-02T00:00:00.000Z","new":[{"cveId":"CVE-2026-2"}]},
        {"fetchTime":"2026-03-01T00:00:00.000Z","new":[{"cveId":"CVE-2026-1"}]}]"#;

    #[test]
    fn the_log_tells_what_changed_since() {
        let log = delta_log(LOG, Some("2026-03-02T00:00:00.000Z")).expect("well-formed");
        assert_eq!(log.newest, "2026-03-03T00:00:00.000Z");
        let touched: Vec<_> = log.touched.into_iter().flatten().collect();
        assert_eq!(touched, ["CVE-2026-1", "CVE-2026-3"]);
    }

    #[test]
    fn a_log_that_does_not_reach_back_means_reading_everything() {
        for since in [None, Some("2026-02-01T00:00:00.000Z")] {
            assert_eq!(delta_log(LOG, since).expect("well-formed").touched, None);
        }
        assert!(delta_log(b"[]", None).is_err());
    }
}

//! CVSS vectors to base scores.
//!
//! The arithmetic is that of the `cvss` crate, which tests/it/cvss.rs holds to FIRST's own
//! examples and to the scores in real records.

use std::str::FromStr;

/// The base score of a vector, 0.0 to 10.0; `None` where it is not a valid vector.
///
/// Reads `CVSS:4.0/…`, `CVSS:3.1/…`, `CVSS:3.0/…`, and version 2 with or without parentheses.
/// Threat, temporal and environmental metrics are passed over.
#[must_use]
pub fn base_score(vector: &str) -> Option<f64> {
    let vector = vector.trim();
    if vector.len() > 512 {
        return None;
    }
    if vector.starts_with("CVSS:3.") {
        let parsed = cvss::v3::Vector::from_str(vector).ok()?;
        // The crate takes an absent base metric for zero; the specification makes all of them
        // mandatory (v3.1, section 6).
        let whole = parsed.av.is_some()
            && parsed.ac.is_some()
            && parsed.pr.is_some()
            && parsed.ui.is_some()
            && parsed.s.is_some()
            && parsed.c.is_some()
            && parsed.i.is_some()
            && parsed.a.is_some();
        return whole.then(|| parsed.base_score().value());
    }
    if vector.starts_with("CVSS:4.0/") {
        return cvss::v4::Vector::from_str(&base_only(vector))
            .ok()
            .map(|v| v.score().value());
    }
    let vector = vector.trim_start_matches('(').trim_end_matches(')');
    cvss::v2::Vector::from_str(vector)
        .ok()
        .map(|v| v.score().value())
}

/// A version 4 vector cut to its base metrics: in version 4 there is one equation for all, so
/// the base score is the score of the vector without the other metrics.
fn base_only(vector: &str) -> String {
    const BASE: [&str; 11] = [
        "AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA",
    ];
    let base: Vec<&str> = vector
        .split('/')
        .filter(|part| match part.split_once(':') {
            Some((metric, _)) => metric == "CVSS" || BASE.contains(&metric),
            // Nonsense stays in, so that the vector is refused.
            None => true,
        })
        .collect();
    base.join("/")
}

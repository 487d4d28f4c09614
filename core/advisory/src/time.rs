//! Points in time as the formats write them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Milliseconds since the Unix epoch of an RFC 3339 time; without an offset it is UTC (CVE
/// schema, `timestamp`); a date alone is its midnight in UTC.
///
/// `None` for anything else, and for times before 1970, which stand for "not set"
/// (`0001-01-01T00:00:00Z` is the zero value of Go's time).
#[must_use]
pub fn millis(text: &str) -> Option<i64> {
    let text = text.trim();
    let timestamp = text.parse::<Timestamp>().ok().or_else(|| {
        let civil = text
            .parse::<DateTime>()
            .ok()
            .or_else(|| text.parse::<Date>().ok().map(|date| date.at(0, 0, 0, 0)))?;
        civil
            .to_zoned(TimeZone::UTC)
            .ok()
            .map(|zoned| zoned.timestamp())
    })?;
    Some(timestamp.as_millisecond()).filter(|&millis| millis >= 0)
}

#[cfg(test)]
mod tests {
    use super::millis;

    #[test]
    fn every_form_in_use() {
        let expected = Some(1_722_529_677_203);
        assert_eq!(millis("2024-08-01T16:27:57.203Z"), expected);
        assert_eq!(millis("2024-08-01T16:27:57.203000+00:00"), expected);
        assert_eq!(millis("2024-08-01T18:27:57.203+02:00"), expected);
        assert_eq!(millis("2024-08-01T16:27:57.203"), expected);
        assert_eq!(millis("2024-08-01"), Some(1_722_470_400_000));
        assert_eq!(millis("2017-05-15 09:09:00"), Some(1_494_839_340_000));
    }

    #[test]
    fn zero_values_and_nonsense_are_none() {
        for text in [
            "0001-01-01T00:00:00Z",
            "",
            "yesterday",
            "2024-13-01",
            "9999999999-01-01",
        ] {
            assert_eq!(millis(text), None, "{text}");
        }
    }
}

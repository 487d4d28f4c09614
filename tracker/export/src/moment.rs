//! Points in time as the formats write them.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::InputError;

const EXPECTED: &str = "a time of the years 1970 to 9999";

/// A point in time to the millisecond, from 1970 to the end of 9999-12-30 (to 22:00, so that every time
/// zone can write it).
///
/// Written as RFC 3339 in UTC, ending in `Z`, with a fraction only where there is one: the form that
/// OSV, CSAF, OpenVEX, CycloneDX and Atom have in common.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment(Timestamp);

impl Moment {
    /// From milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// [`InputError::Form`] before 1970 and after 9999.
    pub fn from_millis(millis: i64) -> Result<Self, InputError> {
        let timestamp = Timestamp::from_millisecond(millis).ok();
        timestamp
            .filter(|_| millis >= 0)
            .map(Self)
            .ok_or_else(|| InputError::form(&millis.to_string(), EXPECTED))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.0.as_millisecond()
    }

    /// The year in UTC, of four digits.
    #[must_use]
    pub fn year(self) -> i16 {
        self.0.to_zoned(jiff::tz::TimeZone::UTC).year()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Moment {
    type Err = InputError;

    /// Reads RFC 3339; what is finer than a millisecond is cut off.
    fn from_str(text: &str) -> Result<Self, InputError> {
        let parsed: Timestamp = text.parse().map_err(|_| InputError::form(text, EXPECTED))?;
        Self::from_millis(parsed.as_millisecond())
    }
}

impl TryFrom<String> for Moment {
    type Error = InputError;

    fn try_from(text: String) -> Result<Self, InputError> {
        text.parse()
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: i64 = 253_402_207_200_000;

    #[test]
    fn written_in_utc_with_a_fraction_only_where_there_is_one() {
        let written = |millis| Moment::from_millis(millis).unwrap().to_string();
        assert_eq!(written(0), "1970-01-01T00:00:00Z");
        assert_eq!(written(1_790_000_000_000), "2026-09-21T14:13:20Z");
        assert_eq!(written(1_790_000_000_120), "2026-09-21T14:13:20.12Z");
        assert_eq!(written(LAST), "9999-12-30T22:00:00Z");
        assert_eq!(Moment::from_millis(LAST).unwrap().year(), 9999);
    }

    #[test]
    fn other_years_are_refused() {
        for millis in [-1, LAST + 1, i64::MIN, i64::MAX] {
            assert!(Moment::from_millis(millis).is_err(), "{millis}");
        }
    }

    #[test]
    fn read_back() {
        let moment: Moment = "2026-09-21T16:13:20.1204+02:00".parse().unwrap();
        assert_eq!(moment.to_string(), "2026-09-21T14:13:20.12Z");
        assert!("yesterday".parse::<Moment>().is_err());
        assert!("1969-12-31T23:59:59Z".parse::<Moment>().is_err());
    }
}

//! Points in time as people and servers write them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use snowguard_tracker_db::Millis;

/// `2026-07-14`, `2026-07` (its first day), or RFC 3339; days begin at midnight UTC.
///
/// # Errors
/// What was expected.
pub fn parse(text: &str) -> Result<Millis, String> {
    let wrong = || format!("{text:?} is not a date (YYYY-MM-DD) or time (RFC 3339)");
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(Millis::new(time.as_millisecond()));
    }
    let day = if text.len() == "2026-07".len() {
        format!("{text}-01")
    } else {
        text.to_owned()
    };
    let date: Date = day.parse().map_err(|_| wrong())?;
    let start = date.to_zoned(TimeZone::UTC).map_err(|_| wrong())?;
    Ok(Millis::new(start.timestamp().as_millisecond()))
}

/// A `Last-Modified` header: `Sun, 06 Nov 1994 08:49:37 GMT`.
///
/// # Errors
/// When it is not one.
pub(crate) fn http(text: &str) -> Result<Millis, String> {
    let time = jiff::fmt::rfc2822::parse(text).map_err(|error| error.to_string())?;
    Ok(Millis::new(time.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_each_form() {
        for (text, millis) in [
            ("1970-01-02", 86_400_000),
            ("1970-02", 31 * 86_400_000),
            ("1970-01-01T00:00:01Z", 1000),
            ("1970-01-01T01:00:00+01:00", 0),
        ] {
            assert_eq!(parse(text), Ok(Millis::new(millis)), "{text}");
        }
        assert!(parse("yesterday").is_err() && parse("2026-13").is_err() && parse("").is_err());
        assert_eq!(http("Thu, 01 Jan 1970 00:00:02 GMT"), Ok(Millis::new(2000)));
    }
}

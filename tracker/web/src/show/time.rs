//! Moments: a machine's form, a date, and an age.

use jiff::Timestamp;

/// Milliseconds since the Unix epoch, UTC.
pub type Millis = i64;

/// A moment as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// RFC 3339, to the second; for `<time datetime>`.
    pub iso: String,
    /// `2026-11-22`.
    pub date: String,
    /// `3 h ago`.
    pub age: String,
}

impl When {
    /// A moment seen from `now`.
    pub fn new(at: Millis, now: Millis) -> Self {
        let Ok(stamp) = Timestamp::from_millisecond(at) else {
            // Sources hold times outside of the calendar that we support.
            let out = format!("{at} ms");
            return Self {
                iso: String::new(),
                date: out.clone(),
                age: out,
            };
        };
        Self {
            iso: stamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            date: stamp.strftime("%Y-%m-%d").to_string(),
            age: age(at, now),
        }
    }

    /// The same, for a moment that may be absent.
    pub fn maybe(at: Option<Millis>, now: Millis) -> Option<Self> {
        at.map(|at| Self::new(at, now))
    }
}

/// RFC 3339 to the second, for JSON; none outside of the calendar.
pub fn rfc3339(at: Millis) -> Option<String> {
    let stamp = Timestamp::from_millisecond(at).ok()?;
    Some(stamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn age(at: Millis, now: Millis) -> String {
    let seconds = now.saturating_sub(at) / 1000;
    let minutes = seconds / 60;
    match minutes {
        ..0 => "ahead of now".to_owned(),
        0 => "just now".to_owned(),
        1..60 => format!("{minutes} min ago"),
        60..2_880 => format!("{} h ago", minutes / 60),
        2_880..86_400 => format!("{} days ago", minutes / 1_440),
        86_400..1_051_200 => format!("{} months ago", minutes / 43_800),
        _ => format!("{} years ago", minutes / 525_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_read_as_people_say_them() {
        let minute = 60_000;
        for (ago, text) in [
            (0, "just now"),
            (minute * 5, "5 min ago"),
            (minute * 90, "1 h ago"),
            (minute * 60 * 47, "47 h ago"),
            (minute * 60 * 49, "2 days ago"),
            (minute * 60 * 24 * 90, "2 months ago"),
            (minute * 60 * 24 * 365 * 3, "3 years ago"),
            (-minute * 5, "ahead of now"),
        ] {
            assert_eq!(
                When::new(1_700_000_000_000 - ago, 1_700_000_000_000).age,
                text
            );
        }
    }

    #[test]
    fn times_outside_of_the_calendar_do_not_fail() {
        assert_eq!(When::new(i64::MAX, 0).iso, "");
        assert_eq!(When::new(i64::MIN, i64::MAX).iso, "");
        assert_eq!(rfc3339(0).as_deref(), Some("1970-01-01T00:00:00Z"));
    }
}

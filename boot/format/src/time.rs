//! Points in time, to the second, as certificates and EFI variables write them.

use alloc::format;
use alloc::string::String;
use core::fmt;

/// Seconds since 1970, UTC; years 1 to 9999. There is no clock here: times are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// Year, month, day.
type Date = (i64, i64, i64);

const DAY: i64 = 86_400;
const FIRST: i64 = -62_135_596_800;
const LAST: i64 = 253_402_300_799;

impl Time {
    /// The beginning of 1970.
    pub const EPOCH: Self = Self(0);

    /// `None` outside of the years 1 to 9999.
    pub const fn from_unix(seconds: i64) -> Option<Self> {
        if seconds < FIRST || seconds > LAST {
            None
        } else {
            Some(Self(seconds))
        }
    }

    /// From a calendar date and a time of day; `None` for what no calendar has.
    pub fn from_parts(date: (i64, i64, i64), time_of_day: (i64, i64, i64)) -> Option<Self> {
        let (hour, minute, second) = time_of_day;
        let whole =
            (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
        if !whole {
            return None;
        }
        let of_day = hour
            .checked_mul(3600)?
            .checked_add(minute.checked_mul(60)?)?
            .checked_add(second)?;
        let time = Self::from_unix(days(date)?.checked_mul(DAY)?.checked_add(of_day)?)?;
        // 31 April would have become 1 May.
        (time.date() == date).then_some(time)
    }

    /// From `YYYYMMDDHHMMSS`.
    pub(crate) fn from_digits(text: &[u8]) -> Option<Self> {
        if text.len() != 14 || !text.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number = |from: usize, to: usize| {
            text.get(from..to)?.iter().try_fold(0_i64, |all, digit| {
                all.checked_mul(10)?
                    .checked_add(i64::from(digit.checked_sub(b'0')?))
            })
        };
        Self::from_parts(
            (number(0, 4)?, number(4, 6)?, number(6, 8)?),
            (number(8, 10)?, number(10, 12)?, number(12, 14)?),
        )
    }

    /// Seconds since 1970.
    pub fn unix(self) -> i64 {
        self.0
    }

    /// This many days later (earlier, when negative), within the calendar's ends.
    pub fn plus_days(self, days: i64) -> Self {
        Self(
            self.0
                .saturating_add(days.saturating_mul(DAY))
                .clamp(FIRST, LAST),
        )
    }

    /// The year.
    pub fn year(self) -> i64 {
        self.date().0
    }

    /// Year, month (1 to 12), day (1 to 31).
    pub fn date(self) -> (i64, i64, i64) {
        date(self.0.div_euclid(DAY))
    }

    /// Hour, minute, second.
    pub fn time_of_day(self) -> (i64, i64, i64) {
        let second = self.0.rem_euclid(DAY);
        (
            second.div_euclid(3600),
            second.div_euclid(60).rem_euclid(60),
            second.rem_euclid(60),
        )
    }

    /// `YYYYMMDDHHMMSS`.
    pub(crate) fn digits(self) -> String {
        let (year, month, day) = self.date();
        let (hour, minute, second) = self.time_of_day();
        format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
    }
}

impl fmt::Display for Time {
    /// RFC 3339, in UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        let (hour, minute, second) = self.time_of_day();
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        )
    }
}

/// Days from 1970-01-01, in the proleptic Gregorian calendar. Years are counted from March on, so
/// that the leap day is a year's last.
fn days((year, month, day): Date) -> Option<i64> {
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 {
        year.checked_sub(1)?
    } else {
        year
    };
    let month_from_march = month.checked_add(9)?.rem_euclid(12);
    let in_year = month_from_march
        .checked_mul(153)?
        .checked_add(2)?
        .div_euclid(5)
        .checked_add(day)?;
    let leap_days = year
        .div_euclid(4)
        .checked_sub(year.div_euclid(100))?
        .checked_add(year.div_euclid(400))?;
    year.checked_mul(365)?
        .checked_add(leap_days)?
        .checked_add(in_year)?
        .checked_sub(719_469)
}

/// The inverse of [`days`], by looking for the year and month in which a day falls.
fn date(day: i64) -> Date {
    let mut year = day
        .saturating_add(719_162)
        .div_euclid(366)
        .saturating_add(1);
    while days((year.saturating_add(1), 1, 1)).is_some_and(|next| next <= day) {
        year = year.saturating_add(1);
    }
    let mut month = 12;
    while month > 1 && days((year, month, 1)).is_none_or(|first| first > day) {
        month = month.saturating_sub(1);
    }
    let first = days((year, month, 1)).unwrap_or(day);
    (year, month, day.saturating_sub(first).saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_dates() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (FIRST, "0001-01-01T00:00:00Z"),
            (LAST, "9999-12-31T23:59:59Z"),
        ] {
            let time = Time::from_unix(seconds).expect("inside");
            assert_eq!(std::string::ToString::to_string(&time), text);
            assert_eq!(Time::from_digits(time.digits().as_bytes()), Some(time));
        }
    }

    #[test]
    fn what_no_calendar_has_is_refused() {
        assert_eq!(Time::from_digits(b"20230229000000"), None);
        assert_eq!(Time::from_digits(b"20230230000000"), None);
        assert_eq!(Time::from_digits(b"20230431000000"), None);
        assert_eq!(Time::from_digits(b"20231301000000"), None);
        assert_eq!(Time::from_digits(b"20230101240000"), None);
        assert_eq!(Time::from_digits(b"2023010100000"), None);
        assert_eq!(Time::from_unix(LAST + 1), None);
    }
}

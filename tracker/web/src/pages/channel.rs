//! `/channel/…`: what a channel is open to, how long it takes to fix, and how that changed.

use askama::Template;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use snowguard_tracker_db::AdvisorySummary;
use snowguard_tracker_triage::exposure::{Band, Numbers, Security};
use snowguard_tracker_triage::release::Day;

use crate::pages::home::grouped;
use crate::pages::shell::Shell;
use crate::show::path;
use crate::show::plot::Plot;
use crate::show::severity::Score;
use crate::show::time::{Millis, When};

/// Days before its end from which on a release is marked.
const NEAR: i32 = 45;

/// What the page is made from.
#[derive(Debug, Clone)]
pub struct Input {
    /// Name of the channel.
    pub name: String,
    /// Its numbers and its history.
    pub security: Security,
    /// What is open the longest, and since when.
    pub oldest: Vec<(AdvisorySummary, Millis)>,
    /// The last day on which the release is supported.
    pub support_ends: Option<Day>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/channel.html")]
pub struct Page {
    shell: Shell,
    name: String,
    queue: String,
    open: String,
    fixed: String,
    median: Option<String>,
    bands: Vec<BandRow>,
    plot: Option<Plot>,
    oldest: Vec<OldRow>,
    support: Option<Support>,
}

#[derive(Debug)]
struct BandRow {
    word: &'static str,
    open: String,
    fixed: String,
    median: String,
    oldest: Option<When>,
}

#[derive(Debug)]
struct OldRow {
    id: String,
    href: String,
    title: String,
    score: Score,
    since: When,
}

#[derive(Debug, PartialEq, Eq)]
struct Support {
    words: &'static str,
    date: String,
    alarms: bool,
}

impl Page {
    /// Builds the page as seen at `now`.
    pub fn new(shell: Shell, input: Input, now: Millis) -> Self {
        let queue = format!("/queue?channel={}", path::encode(&input.name));
        let bands = Band::ALL.iter().zip(&input.security.bands);
        let bands = bands.map(|(band, numbers)| BandRow {
            word: band.as_str(),
            open: grouped(numbers.open as u64),
            fixed: grouped(numbers.fixed as u64),
            median: median(numbers).unwrap_or_else(|| "–".to_owned()),
            oldest: When::maybe(numbers.oldest, now),
        });
        let oldest = input.oldest.into_iter().map(|(advisory, since)| OldRow {
            href: path::advisory(&advisory.id),
            score: Score::new(advisory.severity),
            since: When::new(since, now),
            title: advisory.title,
            id: advisory.id,
        });
        Self {
            shell,
            open: grouped(input.security.all.open as u64),
            fixed: grouped(input.security.all.fixed as u64),
            median: median(&input.security.all),
            bands: bands.collect(),
            plot: Plot::new(&input.security.history),
            oldest: oldest.collect(),
            support: input.support_ends.and_then(|day| Support::new(day, now)),
            name: input.name,
            queue,
        }
    }
}

/// `12 days`.
fn median(numbers: &Numbers) -> Option<String> {
    numbers.median_days.map(|days| match days {
        ..1.0 => "a day".to_owned(),
        days => format!("{days:.0} days"),
    })
}

impl Support {
    fn new(end: Day, now: Millis) -> Option<Self> {
        let end = Date::new(end.year, end.month, end.day).ok()?;
        let today = Timestamp::from_millisecond(now).ok()?;
        let today = today.to_zoned(TimeZone::UTC).date();
        let left = (end - today).get_days();
        Some(Self {
            words: match left {
                ..0 => "out of support since",
                _ => "supported until",
            },
            date: end.to_string(),
            alarms: left <= NEAR,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_near_its_end_is_marked() {
        let end = Day {
            year: 2026,
            month: 6,
            day: 30,
        };
        let at = |text: &str| {
            let now = text.parse::<Timestamp>().unwrap().as_millisecond();
            Support::new(end, now).unwrap()
        };
        let words = |text| (at(text).words, at(text).alarms);
        assert_eq!(words("2026-01-01T00:00:00Z"), ("supported until", false));
        assert_eq!(words("2026-06-01T00:00:00Z"), ("supported until", true));
        assert_eq!(words("2026-06-30T23:00:00Z"), ("supported until", true));
        assert_eq!(
            words("2026-07-01T00:00:00Z"),
            ("out of support since", true)
        );
        assert_eq!(at("2026-07-01T00:00:00Z").date, "2026-06-30");
    }
}

//! How long a channel has been open to what affects it: numbers, and how they came about over time.

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Fixes count for the median for as long as this.
const YEAR: i64 = 365 * DAY;

/// A time during which a channel was affected by an advisory. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Number of the advisory.
    pub advisory: i64,
    /// Since when.
    pub opened: i64,
    /// Until when; nothing: it is affected now.
    pub closed: Option<i64>,
    /// CVSS base score times 10; 0 where there is none.
    pub severity: u8,
}

/// The bands of CVSS (specification 3.1, section 5), gravest first, and what has no score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Band {
    /// 9.0 to 10.
    Critical,
    /// 7.0 to 8.9.
    High,
    /// 4.0 to 6.9.
    Medium,
    /// 0.1 to 3.9.
    Low,
    /// No score.
    Unrated,
}

impl Band {
    /// All, gravest first.
    pub const ALL: [Self; 5] = [
        Self::Critical,
        Self::High,
        Self::Medium,
        Self::Low,
        Self::Unrated,
    ];

    /// The band of a score times 10.
    #[must_use]
    pub fn of(severity: u8) -> Self {
        match severity {
            90.. => Self::Critical,
            70.. => Self::High,
            40.. => Self::Medium,
            1.. => Self::Low,
            0 => Self::Unrated,
        }
    }

    /// As pages and JSON name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Unrated => "unrated",
        }
    }
}

/// What is to say of a band.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Numbers {
    /// Advisories that affect the channel now.
    pub open: usize,
    /// Advisories that were fixed in the last 365 days.
    pub fixed: usize,
    /// Days that the median of these was open.
    pub median_days: Option<f64>,
    /// Since when the oldest open one is, in milliseconds since the Unix epoch.
    pub oldest: Option<i64>,
}

/// How many were open at a moment, by band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// Milliseconds since the Unix epoch.
    pub at: i64,
    /// In the order of [`Band::ALL`].
    pub open: [usize; 5],
}

/// The security state of a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Security {
    /// In the order of [`Band::ALL`].
    pub bands: [Numbers; 5],
    /// Over all bands.
    pub all: Numbers,
    /// At equal distances, from the first evaluation until now.
    pub history: Vec<Point>,
    /// Open the longest, the oldest first.
    pub oldest: Vec<Span>,
}

impl Security {
    /// What spans come to, with `points` (2 at least) of history from `since` to `now` and the `oldest` open ones.
    #[must_use]
    pub fn of(spans: &[Span], since: i64, now: i64, points: usize, oldest: usize) -> Self {
        let of_band = |band| -> Vec<Span> {
            let mine = spans.iter().filter(|span| Band::of(span.severity) == band);
            mine.copied().collect()
        };
        let mut open: Vec<Span> = spans
            .iter()
            .filter(|span| span.closed.is_none())
            .copied()
            .collect();
        open.sort_by_key(|span| (span.opened, span.advisory));
        open.truncate(oldest);
        Self {
            bands: Band::ALL.map(|band| Numbers::of(&of_band(band), now)),
            all: Numbers::of(spans, now),
            history: history(spans, since, now.max(since), points.max(2)),
            oldest: open,
        }
    }
}

impl Numbers {
    fn of(spans: &[Span], now: i64) -> Self {
        let open = || spans.iter().filter(|span| span.closed.is_none());
        let lasted = |span: &Span| {
            let closed = span.closed?;
            (closed <= now && closed > now - YEAR).then(|| (closed - span.opened).max(0))
        };
        let mut fixed: Vec<i64> = spans.iter().filter_map(lasted).collect();
        fixed.sort_unstable();
        Self {
            open: open().count(),
            fixed: fixed.len(),
            median_days: median(&fixed).map(|lasted| lasted / DAY as f64),
            oldest: open().map(|span| span.opened).min(),
        }
    }
}

/// Of sorted values.
fn median(sorted: &[i64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    Some(if sorted.len().is_multiple_of(2) {
        let lower = sorted[sorted.len() / 2 - 1];
        (lower as f64 + upper as f64) / 2.0
    } else {
        upper as f64
    })
}

/// A sweep: what opens and closes up to each point.
fn history(spans: &[Span], since: i64, now: i64, points: usize) -> Vec<Point> {
    let mut turns: Vec<(i64, usize, bool)> = Vec::with_capacity(spans.len() * 2);
    for span in spans {
        let band = Band::of(span.severity) as usize;
        turns.push((span.opened, band, true));
        turns.extend(span.closed.map(|closed| (closed, band, false)));
    }
    // What opens comes before what closes at the same moment, so that no count falls below nothing.
    turns.sort_unstable_by_key(|(at, _, opens)| (*at, !opens));
    let mut turns = turns.into_iter().peekable();
    let mut open = [0_usize; 5];
    let last = points - 1;
    (0..points)
        .map(|point| {
            let share = (now - since) as f64 * (point as f64 / last as f64);
            let at = if point == last {
                now
            } else {
                since + share as i64
            };
            while let Some((_, band, opens)) = turns.next_if(|(turn, _, _)| *turn <= at) {
                open[band] = if opens {
                    open[band] + 1
                } else {
                    open[band].saturating_sub(1)
                };
            }
            Point { at, open }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(advisory: i64, opened: i64, closed: Option<i64>, severity: u8) -> Span {
        Span {
            advisory,
            opened: opened * DAY,
            closed: closed.map(|day| day * DAY),
            severity,
        }
    }

    #[test]
    fn numbers_and_history_of_a_channel() {
        let spans = [
            span(1, 0, Some(10), 98),
            span(2, 5, Some(9), 75),
            span(3, 5, None, 75),
            span(4, 20, None, 0),
            span(5, 7, Some(27), 40),
        ];
        let security = Security::of(&spans, 0, 30 * DAY, 4, 1);
        assert_eq!(security.all.open, 2);
        assert_eq!(security.all.fixed, 3);
        assert_eq!(security.all.median_days, Some(10.0));
        assert_eq!(security.bands[1].open, 1);
        assert_eq!(security.bands[1].median_days, Some(4.0));
        assert_eq!(security.bands[4].oldest, Some(20 * DAY));
        assert_eq!(security.bands[3], Numbers::default());
        let open: Vec<_> = security.history.iter().map(|point| point.open).collect();
        assert_eq!(
            open,
            [
                [1, 0, 0, 0, 0],
                [0, 1, 1, 0, 0],
                [0, 1, 1, 0, 1],
                [0, 1, 0, 0, 1]
            ]
        );
        assert_eq!(security.oldest, [spans[2]]);
    }

    #[test]
    fn fixes_of_long_ago_do_not_count_for_the_median() {
        let spans = [span(1, 0, Some(10), 98), span(2, 500, Some(502), 98)];
        let now = 600 * DAY;
        let all = Security::of(&spans, 0, now, 2, 5).all;
        assert_eq!((all.fixed, all.median_days), (1, Some(2.0)));
    }

    #[test]
    fn an_even_number_has_its_median_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[1, 2]), Some(1.5));
        assert_eq!(median(&[1, 2, 9]), Some(2.0));
    }

    #[test]
    fn a_clock_that_runs_backwards_does_not_fail() {
        let security = Security::of(&[span(1, 9, Some(3), 10)], 10 * DAY, 0, 0, 0);
        assert_eq!(security.history.len(), 2);
        assert_eq!(security.all.open, 0);
    }

    #[test]
    fn bands_are_those_of_cvss() {
        let of = |score| Band::of(score).as_str();
        assert_eq!(
            [
                of(0),
                of(1),
                of(39),
                of(40),
                of(69),
                of(70),
                of(89),
                of(90),
                of(100)
            ],
            [
                "unrated", "low", "low", "medium", "medium", "high", "high", "critical", "critical"
            ]
        );
    }
}

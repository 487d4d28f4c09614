//! A history as stacked areas of an SVG, and as the numbers behind it.

use std::fmt::Write as _;

use snowguard_tracker_triage::exposure::{Band, Point};

use crate::show::time::When;

/// Rows of numbers beside the plot, at most.
const ROWS: usize = 13;
/// Two days, in milliseconds: a shorter history is no plot.
const SHORTEST: i64 = 2 * 86_400_000;
/// Dates beneath it.
const DATES: usize = 4;

/// The parts of a plot. The drawing is stretched to the room that it gets, so its text stands outside of it.
#[derive(Debug)]
pub struct Plot {
    /// Width of the drawing's coordinates.
    pub width: usize,
    /// Height of the drawing's coordinates.
    pub height: usize,
    /// What the upper edge stands for.
    pub most: usize,
    /// What the middle stands for.
    pub half: usize,
    /// Lines behind the areas, as SVG path data.
    pub grid: String,
    /// Class and outline of each area, as SVG path data; the gravest first.
    pub areas: Vec<(&'static str, String)>,
    /// Beneath the drawing, evenly.
    pub dates: Vec<String>,
    /// Dates and counts by band.
    pub numbers: Vec<(String, [usize; 5])>,
}

impl Plot {
    /// Draws a history of points at equal distances; nothing when it spans less than [`SHORTEST`].
    pub fn new(history: &[Point]) -> Option<Self> {
        let (first, last) = (history.first()?, history.last()?);
        if last.at - first.at < SHORTEST {
            return None;
        }
        let (width, height) = (1000, 240);
        let most = history.iter().map(|point| point.open.iter().sum()).max();
        let most = round_up(most.unwrap_or(0));
        let place = |index: usize, count: usize| {
            let x = index as f64 * width as f64 / (history.len() - 1) as f64;
            let y = height as f64 * (1.0 - count as f64 / most as f64);
            format!("{x:.1} {y:.1}")
        };
        let mut areas = Vec::new();
        for (band, kind) in Band::ALL.iter().enumerate() {
            let beneath = |point: &Point| point.open[..band].iter().sum::<usize>();
            if history.iter().all(|point| point.open[band] == 0) {
                continue;
            }
            let lower: Vec<usize> = history.iter().map(beneath).collect();
            let upper: Vec<usize> = history
                .iter()
                .zip(&lower)
                .map(|(point, lower)| lower + point.open[band])
                .collect();
            let mut path = String::new();
            for index in corners(&upper) {
                let pen = if index == 0 { 'M' } else { 'L' };
                let _ = write!(path, "{pen}{}", place(index, upper[index]));
            }
            for index in corners(&lower).rev() {
                let _ = write!(path, "L{}", place(index, lower[index]));
            }
            path.push('Z');
            areas.push((kind.as_str(), path));
        }
        let date = |point: &Point| When::new(point.at, last.at).date;
        let spread = |count: usize| {
            let steps = (count - 1).max(1);
            let mut places: Vec<usize> = (0..count)
                .map(|step| step * (history.len() - 1) / steps)
                .collect();
            places.dedup();
            places
        };
        Some(Self {
            width,
            height,
            most,
            half: most / 2,
            grid: format!("M0 0H{width}M0 {}H{width}M0 {height}H{width}", height / 2),
            areas,
            dates: spread(DATES).iter().map(|at| date(&history[*at])).collect(),
            numbers: spread(ROWS)
                .iter()
                .rev()
                .map(|at| (date(&history[*at]), history[*at].open))
                .collect(),
        })
    }
}

/// Places of a line but those in the middle of a level stretch.
fn corners(line: &[usize]) -> impl DoubleEndedIterator<Item = usize> {
    (0..line.len()).filter(|&index| {
        let before = index.checked_sub(1).and_then(|before| line.get(before));
        let after = line.get(index + 1);
        before != Some(&line[index]) || after != Some(&line[index])
    })
}

/// The next even number of the form 1, 2, 4, 6 or 8 times a power of ten.
fn round_up(most: usize) -> usize {
    let mut power = 1_usize;
    loop {
        for step in [2, 4, 6, 8, 10] {
            let candidate = step * power;
            if candidate >= most {
                return candidate;
            }
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_stand_on_each_other() {
        let history = [
            Point {
                at: 0,
                open: [1, 0, 0, 0, 0],
            },
            Point {
                at: 172_800_000,
                open: [1, 3, 0, 0, 0],
            },
        ];
        let plot = Plot::new(&history).unwrap();
        assert_eq!((plot.most, plot.half), (4, 2));
        assert_eq!(
            plot.areas,
            [
                (
                    "critical",
                    "M0.0 180.0L1000.0 180.0L1000.0 240.0L0.0 240.0Z".to_owned()
                ),
                (
                    "high",
                    "M0.0 180.0L1000.0 0.0L1000.0 180.0L0.0 180.0Z".to_owned()
                ),
            ]
        );
        assert_eq!(plot.dates, ["1970-01-01", "1970-01-03"]);
        assert_eq!(plot.numbers[0], ("1970-01-03".to_owned(), [1, 3, 0, 0, 0]));
    }

    #[test]
    fn without_a_past_there_is_nothing_to_draw() {
        let point = Point {
            at: 5,
            open: [0; 5],
        };
        assert!(Plot::new(&[]).is_none());
        assert!(Plot::new(&[point, point]).is_none());
        let long_ago = Point {
            at: 5 - SHORTEST,
            ..point
        };
        assert!(Plot::new(&[long_ago, point]).unwrap().areas.is_empty());
    }

    #[test]
    fn level_stretches_have_two_corners() {
        let of = |line: &[usize]| corners(line).collect::<Vec<_>>();
        assert_eq!(of(&[1, 1, 1, 1]), [0, 3]);
        assert_eq!(of(&[1, 1, 2, 2, 2, 1]), [0, 1, 2, 4, 5]);
        assert_eq!(of(&[3]), [0]);
    }

    #[test]
    fn the_scale_ends_at_a_round_number() {
        assert_eq!(
            [0, 2, 3, 10, 11, 99, 101, 4321].map(round_up),
            [2, 2, 4, 10, 20, 100, 200, 6000]
        );
    }
}

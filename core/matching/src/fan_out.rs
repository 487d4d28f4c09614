//! How many names a person is shown for one advisory.
//!
//! A matcher that offers a hundred names for an advisory is switched off by its users, however
//! good its recall is. So beside precision and recall this is measured: the number of different
//! package names shown for each advisory, over a whole channel.

use serde::Serialize;

/// Above this many names an advisory drowns whoever reads it.
const MANY: usize = 100;

/// Counts of names, one for each advisory.
#[derive(Debug, Clone, Default)]
pub struct FanOut {
    counts: Vec<usize>,
}

/// What the counts come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct FanOutFigures {
    /// Advisories that were counted, those without a name included.
    pub advisories: usize,
    /// Advisories with at least one name.
    pub with_names: usize,
    /// Names for each advisory that has one, on average.
    pub mean: f64,
    /// 95 of 100 advisories that have a name have at most so many.
    pub p95: usize,
    /// The most names of one advisory.
    pub most: usize,
    /// Share of the advisories that have a name which have over a hundred.
    pub over_hundred: f64,
}

impl FanOut {
    /// Takes in one advisory.
    pub fn add(&mut self, names: usize) {
        self.counts.push(names);
    }

    /// The figures. Cost is that of sorting the counts.
    #[must_use]
    pub fn figures(&self) -> FanOutFigures {
        let mut counts: Vec<usize> = self.counts.iter().copied().filter(|&n| n > 0).collect();
        counts.sort_unstable();
        let Some(&most) = counts.last() else {
            return FanOutFigures {
                advisories: self.counts.len(),
                ..FanOutFigures::default()
            };
        };
        let many = counts.iter().filter(|&&n| n > MANY).count();
        // The nearest rank: the smallest count that 95 of 100 do not exceed.
        let rank = (counts.len() * 95).div_ceil(100).max(1);
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
        let ratio = |part: usize| part as f64 / counts.len() as f64;
        FanOutFigures {
            advisories: self.counts.len(),
            with_names: counts.len(),
            mean: ratio(counts.iter().sum()),
            p95: counts[rank - 1],
            most,
            over_hundred: ratio(many),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentile_is_the_nearest_rank() {
        let mut fan_out = FanOut::default();
        fan_out.add(0);
        for names in 1..=20 {
            fan_out.add(names);
        }
        let figures = fan_out.figures();
        assert_eq!((figures.advisories, figures.with_names), (21, 20));
        assert_eq!((figures.p95, figures.most), (19, 20));
        assert!((figures.mean - 10.5).abs() < 1e-9);
    }

    #[test]
    fn nothing_counts_to_nothing() {
        let mut fan_out = FanOut::default();
        assert_eq!(fan_out.figures(), FanOutFigures::default());
        fan_out.add(101);
        fan_out.add(100);
        assert!((fan_out.figures().over_hundred - 0.5).abs() < 1e-9);
    }
}

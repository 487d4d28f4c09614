//! The figures to reach, and how what was measured compares.

use std::fmt;

/// A quantity with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantity {
    /// Bytes a second.
    Throughput(f64),
    /// Records a second.
    Rate(f64),
    /// Seconds.
    Seconds(f64),
    /// Bytes.
    Bytes(f64),
    /// One thing divided by another, as little as possible.
    Times(f64),
    /// How many times faster than a peer.
    Faster(f64),
    /// A part of a whole, 0 to 1, as much as possible.
    Share(f64),
}

impl Quantity {
    fn value(self) -> f64 {
        match self {
            Self::Throughput(v)
            | Self::Rate(v)
            | Self::Seconds(v)
            | Self::Bytes(v)
            | Self::Times(v)
            | Self::Faster(v)
            | Self::Share(v) => v,
        }
    }

    /// Whether more of it is better.
    fn more_is_better(self) -> bool {
        matches!(
            self,
            Self::Throughput(_) | Self::Rate(_) | Self::Faster(_) | Self::Share(_)
        )
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Throughput(v) => write!(f, "{:.0} MB/s", v / 1e6),
            Self::Rate(v) => write!(f, "{v:.0} records/s"),
            Self::Seconds(v) if v < 1.0 => write!(f, "{:.1} ms", v * 1e3),
            Self::Seconds(v) => write!(f, "{v:.2} s"),
            Self::Bytes(v) => write!(f, "{:.0} MiB", v / f64::from(1 << 20)),
            Self::Times(v) => write!(f, "{v:.2} ×"),
            Self::Faster(v) => write!(f, "{v:.0} ×"),
            Self::Share(v) => write!(f, "{v:.3}"),
        }
    }
}

/// A figure: what, how much, and how much it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// How much.
    pub measured: Quantity,
    /// What to reach; `None` for a peer, which stands there for comparison.
    pub reach: Option<Quantity>,
    /// On what.
    pub on: String,
}

impl Figure {
    /// How many times better than asked: 1 reaches it exactly.
    pub fn ratio(&self) -> Option<f64> {
        let reach = self.reach?;
        let (measured, asked) = (self.measured.value(), reach.value());
        Some(if reach.more_is_better() {
            measured / asked
        } else {
            asked / measured
        })
    }
}

/// The figures as a table in Markdown.
pub fn table(figures: &[Figure]) -> String {
    let mut table =
        "| figure | measured | reach | ratio | on |\n|---|---|---|---|---|\n".to_owned();
    for figure in figures {
        let bound = |q: Quantity| if q.more_is_better() { "≥" } else { "≤" };
        let reach = figure.reach.map_or("peer".to_owned(), |reach| {
            format!("{} {reach}", bound(reach))
        });
        let ratio = match figure.ratio() {
            None => String::new(),
            Some(ratio) if ratio >= 1.0 => format!("{ratio:.1}"),
            Some(ratio) => format!("**{ratio:.2}, not reached**"),
        };
        table.push_str(&format!(
            "| {} | {} | {reach} | {ratio} | {} |\n",
            figure.what, figure.measured, figure.on
        ));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(measured: Quantity, reach: Option<Quantity>) -> Figure {
        Figure {
            what: "x".to_owned(),
            measured,
            reach,
            on: "y".to_owned(),
        }
    }

    #[test]
    fn better_is_above_one_whichever_way_better_lies() {
        let fast = figure(Quantity::Rate(40_000.0), Some(Quantity::Rate(20_000.0)));
        assert_eq!(fast.ratio(), Some(2.0));
        let short = figure(Quantity::Seconds(5.0), Some(Quantity::Seconds(10.0)));
        assert_eq!(short.ratio(), Some(2.0));
        let heavy = figure(Quantity::Bytes(4.0), Some(Quantity::Bytes(2.0)));
        assert_eq!(heavy.ratio(), Some(0.5));
        assert_eq!(figure(Quantity::Times(1.0), None).ratio(), None);
    }

    #[test]
    fn what_is_not_reached_is_said() {
        let slow = figure(Quantity::Seconds(0.04), Some(Quantity::Seconds(0.02)));
        let table = table(&[slow, figure(Quantity::Throughput(3e8), None)]);
        assert!(
            table.contains("| x | 40.0 ms | ≤ 20.0 ms | **0.50, not reached** | y |"),
            "{table}"
        );
        assert!(table.contains("| x | 300 MB/s | peer |  | y |"), "{table}");
    }
}

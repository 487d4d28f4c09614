//! Bounds of a range, and where a version lies relative to them.

use std::cmp::Ordering;
use std::fmt;

use super::{Position, VersionOrder};

/// Lower and upper bound; `None` is unbounded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bounds<'a> {
    /// Lower bound.
    pub lower: Option<Edge<'a>>,
    /// Upper bound.
    pub upper: Option<Edge<'a>>,
}

/// One bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge<'a> {
    /// The version itself is inside.
    Included(&'a str),
    /// The version itself is outside.
    Excluded(&'a str),
    /// As an upper bound: the end of a series. `Series("2")` is `2.*`, which lies above every
    /// 2.x and below 3 (CVE schema: `*` is infinity, not a wildcard).
    Series(&'a str),
}

impl<'a> Edge<'a> {
    /// The version in it.
    #[must_use]
    pub fn version(self) -> &'a str {
        match self {
            Self::Included(version) | Self::Excluded(version) | Self::Series(version) => version,
        }
    }
}

impl<'a> Bounds<'a> {
    /// One version alone.
    #[must_use]
    pub fn only(version: &'a str) -> Self {
        Self {
            lower: Some(Edge::Included(version)),
            upper: Some(Edge::Included(version)),
        }
    }

    /// A series: `1.2`, `1.2.3`, `1.2-rc1`, not `1.20`.
    #[must_use]
    pub fn series(stem: &'a str) -> Self {
        Self {
            lower: Some(Edge::Included(stem)),
            upper: Some(Edge::Series(stem)),
        }
    }

    /// The only version, where there is one.
    #[must_use]
    pub fn as_only(&self) -> Option<&'a str> {
        match (self.lower, self.upper) {
            (Some(Edge::Included(a)), Some(Edge::Included(b))) if a == b => Some(a),
            _ => None,
        }
    }

    /// Where `version` lies.
    #[must_use]
    pub fn locate(&self, version: &str, kind: Option<&str>, order: &dyn VersionOrder) -> Position {
        let compare = |bound: &str| order.compare_typed(kind, version, bound);
        if let Some(only) = self.as_only() {
            return match compare(only) {
                _ if only == version => Position::Inside,
                Some(Ordering::Equal) => Position::Inside,
                Some(Ordering::Less) => Position::Before,
                Some(Ordering::Greater) => Position::After,
                // Two texts that no scheme can order may still be seen to differ.
                None => Position::Elsewhere,
            };
        }
        if self.is_backwards(kind, order) {
            return Position::Undecidable("the range ends before it begins");
        }
        if let Some(lower) = self.lower {
            match compare(lower.version()) {
                None => return Position::Undecidable("not comparable with the lower bound"),
                // A pre-release of the first version of a series belongs to the series.
                Some(Ordering::Less) if self.in_series(version) => return Position::Inside,
                Some(Ordering::Less) => return Position::Before,
                Some(Ordering::Equal) if matches!(lower, Edge::Excluded(_)) => {
                    return Position::Before;
                }
                Some(_) => {}
            }
        }
        let Some(upper) = self.upper else {
            return Position::Inside;
        };
        if matches!(upper, Edge::Series(stem) if is_in_series(version, stem)) {
            return Position::Inside;
        }
        match (compare(upper.version()), upper) {
            (None, _) => Position::Undecidable("not comparable with the upper bound"),
            (Some(Ordering::Less), _)
            | (Some(Ordering::Equal), Edge::Included(_) | Edge::Series(_)) => Position::Inside,
            (Some(Ordering::Equal), Edge::Excluded(_)) | (Some(Ordering::Greater), _) => {
                Position::After
            }
        }
    }

    fn in_series(&self, version: &str) -> bool {
        match (self.lower, self.upper) {
            (Some(Edge::Included(stem)), Some(Edge::Series(series))) => {
                stem == series && is_in_series(version, stem)
            }
            _ => false,
        }
    }

    fn is_backwards(&self, kind: Option<&str>, order: &dyn VersionOrder) -> bool {
        let (Some(lower), Some(upper)) = (self.lower, self.upper) else {
            return false;
        };
        if matches!(upper, Edge::Series(stem) if is_in_series(lower.version(), stem)) {
            return false;
        }
        order.compare_typed(kind, lower.version(), upper.version()) == Some(Ordering::Greater)
    }
}

/// Whether a version belongs to the series of `stem`: the stem itself, or the stem and then
/// anything that doesn't prolong its last number.
fn is_in_series(version: &str, stem: &str) -> bool {
    let Some(rest) = version.strip_prefix(stem) else {
        return false;
    };
    match rest.bytes().next() {
        None => true,
        Some(next) => {
            let number_ends =
                !(next.is_ascii_digit() && stem.ends_with(|c: char| c.is_ascii_digit()));
            number_ends
                && !(next.is_ascii_alphabetic() && stem.ends_with(|c: char| c.is_alphabetic()))
        }
    }
}

/// `>= 1.0, < 2.0`, `= 1.2`, `all versions`.
impl fmt::Display for Bounds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(only) = self.as_only() {
            return write!(f, "= {only}");
        }
        let mut separator = "";
        match self.lower {
            None => {}
            Some(Edge::Excluded(version)) => {
                write!(f, "> {version}")?;
                separator = ", ";
            }
            Some(edge) => {
                write!(f, ">= {}", edge.version())?;
                separator = ", ";
            }
        }
        match self.upper {
            None if self.lower.is_none() => f.write_str("all versions"),
            None => Ok(()),
            Some(Edge::Included(version)) => write!(f, "{separator}<= {version}"),
            Some(Edge::Excluded(version)) => write!(f, "{separator}< {version}"),
            Some(Edge::Series(stem)) => write!(f, "{separator}< {stem}.*"),
        }
    }
}

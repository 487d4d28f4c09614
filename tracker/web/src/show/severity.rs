//! CVSS scores in words, and the one score that stands for an advisory.

use snowguard_advisory::model::{Record, Severity};

/// The qualitative scale of CVSS.
///
/// Source: <https://www.first.org/cvss/v3.1/specification-document>, section 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Band {
    /// No score.
    Unscored,
    /// 0.0
    None,
    /// 0.1 to 3.9
    Low,
    /// 4.0 to 6.9
    Medium,
    /// 7.0 to 8.9
    High,
    /// 9.0 to 10.0
    Critical,
}

impl Band {
    /// The band of a base score.
    pub fn of(score: Option<f64>) -> Self {
        match score {
            None => Self::Unscored,
            Some(score) if score >= 9.0 => Self::Critical,
            Some(score) if score >= 7.0 => Self::High,
            Some(score) if score >= 4.0 => Self::Medium,
            Some(score) if score > 0.0 => Self::Low,
            Some(_) => Self::None,
        }
    }

    /// The word, which is the style's class too.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unscored => "unscored",
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// A score as it is shown: number and word.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// One decimal, `–` where there is none.
    pub number: String,
    /// The band.
    pub band: Band,
}

impl Score {
    /// From a base score.
    pub fn new(score: Option<f64>) -> Self {
        // A hostile record may hold any number; only the scale's own are shown.
        let score = score.filter(|score| (0.0..=10.0).contains(score));
        let number = score.map_or_else(|| "–".to_owned(), |score| format!("{score:.1}"));
        Self {
            number,
            band: Band::of(score),
        }
    }
}

/// The score that stands for an advisory: of the newest CVSS generation that anyone used, the
/// highest. CVSS 3 and 4 count as one generation, so that a 4.0 score never hides a higher 3.1.
pub fn headline<'a>(records: impl IntoIterator<Item = &'a Record>) -> Option<f64> {
    let generation = |severity: &Severity| !severity.version.starts_with('2');
    records
        .into_iter()
        .flat_map(|record| &record.severities)
        .filter_map(|severity| Some((generation(severity), severity.score?)))
        .max_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)))
        .map(|(_, score)| score)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_have_the_specification_s_limits() {
        let word = |score| Score::new(score).band.word();
        assert_eq!(word(Some(0.0)), "none");
        assert_eq!(word(Some(0.1)), "low");
        assert_eq!(word(Some(3.9)), "low");
        assert_eq!(word(Some(4.0)), "medium");
        assert_eq!(word(Some(6.9)), "medium");
        assert_eq!(word(Some(7.0)), "high");
        assert_eq!(word(Some(9.0)), "critical");
        assert_eq!(word(None), "unscored");
    }

    #[test]
    fn numbers_off_the_scale_are_no_score() {
        for odd in [f64::NAN, f64::INFINITY, -1.0, 11.0] {
            assert_eq!(Score::new(Some(odd)).number, "–");
        }
    }
}

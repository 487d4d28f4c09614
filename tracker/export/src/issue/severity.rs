//! How bad it is: a CVSS vector, a word, or both.
//!
//! Source: FIRST's specifications of CVSS 2.0, 3.0, 3.1 and 4.0, sections on vector strings.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use snowguard_advisory::cvss::base_score;

use crate::InputError;

/// The team's own severity of an issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Severity {
    /// The word for it.
    pub rating: Rating,
    /// What it was worked out from, where somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vector: Option<CvssVector>,
}

impl Severity {
    /// The vector, and the word that its score has in CVSS.
    #[must_use]
    pub fn of(vector: CvssVector) -> Self {
        Self {
            rating: vector.rating(),
            vector: Some(vector),
        }
    }

    /// A word alone.
    #[must_use]
    pub fn word(rating: Rating) -> Self {
        Self {
            rating,
            vector: None,
        }
    }
}

/// CVSS's qualitative scale (version 3.1, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rating {
    /// No impact.
    None,
    /// 0.1 to 3.9.
    Low,
    /// 4.0 to 6.9.
    Medium,
    /// 7.0 to 8.9.
    High,
    /// 9.0 to 10.0.
    Critical,
}

impl Rating {
    /// The word of a score from 0.0 to 10.0.
    #[must_use]
    pub fn of_score(score: f64) -> Self {
        match score {
            score if score >= 9.0 => Self::Critical,
            score if score >= 7.0 => Self::High,
            score if score >= 4.0 => Self::Medium,
            score if score > 0.0 => Self::Low,
            _ => Self::None,
        }
    }

    /// In lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// In upper case, as FIRST's schemas write it.
    pub(crate) fn upper(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }
}

/// Which CVSS a vector is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CvssVersion {
    /// 2.0
    V2,
    /// 3.0
    V30,
    /// 3.1
    V31,
    /// 4.0
    V4,
}

impl CvssVersion {
    /// `3.1`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2 => "2.0",
            Self::V30 => "3.0",
            Self::V31 => "3.1",
            Self::V4 => "4.0",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::V2 => "",
            Self::V30 => "CVSS:3.0/",
            Self::V31 => "CVSS:3.1/",
            Self::V4 => "CVSS:4.0/",
        }
    }

    /// The base metrics in the specification's order, each with its values.
    fn base(self) -> &'static [(&'static str, &'static [&'static str])] {
        match self {
            Self::V2 => &[
                ("AV", &["L", "A", "N"]),
                ("AC", &["H", "M", "L"]),
                ("Au", &["M", "S", "N"]),
                ("C", &["N", "P", "C"]),
                ("I", &["N", "P", "C"]),
                ("A", &["N", "P", "C"]),
            ],
            Self::V30 | Self::V31 => &[
                ("AV", &["N", "A", "L", "P"]),
                ("AC", &["L", "H"]),
                ("PR", &["N", "L", "H"]),
                ("UI", &["N", "R"]),
                ("S", &["U", "C"]),
                ("C", &["N", "L", "H"]),
                ("I", &["N", "L", "H"]),
                ("A", &["N", "L", "H"]),
            ],
            Self::V4 => &[
                ("AV", &["N", "A", "L", "P"]),
                ("AC", &["L", "H"]),
                ("AT", &["N", "P"]),
                ("PR", &["N", "L", "H"]),
                ("UI", &["N", "P", "A"]),
                ("VC", &["H", "L", "N"]),
                ("VI", &["H", "L", "N"]),
                ("VA", &["H", "L", "N"]),
                ("SC", &["H", "L", "N"]),
                ("SI", &["H", "L", "N"]),
                ("SA", &["H", "L", "N"]),
            ],
        }
    }
}

/// The base metrics of a CVSS vector, in the specification's order, with the score they give.
///
/// Threat, temporal and environmental metrics are left out: they say how somebody's own machines
/// fare, and the formats compare a vector with its base score.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CvssVector {
    text: String,
    version: CvssVersion,
    tenths: u8,
}

impl CvssVector {
    const EXPECTED: &str = "a CVSS vector of version 2.0, 3.0, 3.1 or 4.0";

    /// Reads a vector; one of version 2 with or without parentheses.
    ///
    /// # Errors
    /// [`InputError`] where a base metric is missing, stands twice, or has a value that it
    /// doesn't have.
    pub fn parse(text: &str) -> Result<Self, InputError> {
        if text.len() > 512 {
            return Err(InputError::length(text.len(), 512, Self::EXPECTED));
        }
        Self::read(text.trim()).ok_or_else(|| InputError::form(text, Self::EXPECTED))
    }

    fn read(text: &str) -> Option<Self> {
        let versions = [CvssVersion::V30, CvssVersion::V31, CvssVersion::V4];
        let prefixed = versions
            .into_iter()
            .find_map(|version| Some((version, text.strip_prefix(version.prefix())?)));
        let (version, metrics) = prefixed.unwrap_or_else(|| {
            let bare = text
                .strip_prefix('(')
                .and_then(|text| text.strip_suffix(')'));
            (CvssVersion::V2, bare.unwrap_or(text))
        });
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for metric in metrics.split('/') {
            let (name, value) = metric.split_once(':')?;
            if pairs.iter().any(|(known, _)| *known == name) {
                return None;
            }
            pairs.push((name, value));
        }
        let mut written = version.prefix().to_owned();
        for (at, (name, values)) in version.base().iter().enumerate() {
            let (_, value) = pairs.iter().find(|(given, _)| given == name)?;
            if !values.contains(value) {
                return None;
            }
            if at > 0 {
                written.push('/');
            }
            written.push_str(name);
            written.push(':');
            written.push_str(value);
        }
        let score = base_score(&written)?;
        // Scores have one decimal place, from 0.0 to 10.0.
        let tenths = (0..=100_u8).find(|tenths| (score * 10.0 - f64::from(*tenths)).abs() < 0.5)?;
        Some(Self {
            text: written,
            version,
            tenths,
        })
    }

    /// With its prefix, but for version 2.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The version of CVSS.
    #[must_use]
    pub fn version(&self) -> CvssVersion {
        self.version
    }

    /// The base score, 0.0 to 10.0 in tenths.
    #[must_use]
    pub fn score(&self) -> f64 {
        f64::from(self.tenths) / 10.0
    }

    /// The word of its score.
    #[must_use]
    pub fn rating(&self) -> Rating {
        Rating::of_score(self.score())
    }
}

impl fmt::Display for CvssVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for CvssVector {
    type Err = InputError;

    fn from_str(text: &str) -> Result<Self, InputError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for CvssVector {
    type Error = InputError;

    fn try_from(text: String) -> Result<Self, InputError> {
        Self::parse(&text)
    }
}

impl From<CvssVector> for String {
    fn from(vector: CvssVector) -> Self {
        vector.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_brought_into_order() {
        let read = |text: &str| {
            let vector = CvssVector::parse(text).unwrap();
            (vector.to_string(), vector.score(), vector.rating())
        };
        assert_eq!(
            read("CVSS:3.1/A:H/C:H/I:H/S:U/UI:N/PR:N/AC:L/AV:N/E:P"),
            (
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H".to_owned(),
                9.8,
                Rating::Critical
            )
        );
        assert_eq!(
            read("(AV:L/AC:M/Au:N/C:N/I:P/A:C)"),
            ("AV:L/AC:M/Au:N/C:N/I:P/A:C".to_owned(), 5.4, Rating::Medium)
        );
        let (text, score, rating) =
            read("CVSS:4.0/AV:N/AC:L/AT:N/PR:H/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N/E:P");
        assert!(text.ends_with("/SA:N"), "{text}");
        assert_eq!((score, rating), (5.1, Rating::Medium));
    }

    #[test]
    fn what_is_no_vector_is_refused() {
        for text in [
            "",
            "high",
            "CVSS:3.1/AV:N",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:X",
            "CVSS:3.1/AV:N/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "CVSS:9.9/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "AV:N/AC:L/Au:N/C:N/I:N",
        ] {
            assert!(CvssVector::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn words_of_scores() {
        for (score, rating) in [
            (0.0, Rating::None),
            (0.1, Rating::Low),
            (3.9, Rating::Low),
            (4.0, Rating::Medium),
            (7.0, Rating::High),
            (9.0, Rating::Critical),
        ] {
            assert_eq!(Rating::of_score(score), rating);
        }
    }
}

//! FIRST's exploit predictions: a CSV file a day.
//!
//! ```text
//! #model_version:v2025.03.14,score_date:2025-03-14T12:55:00Z
//! cve,epss,percentile
//! CVE-1999-0001,0.01141,0.77312
//! ```
//!
//! Source: <https://www.first.org/epss/data_stats>

use snowguard_advisory::ids;
use snowguard_advisory::model::Epss;

/// What a line says.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// The day of the scores, `YYYY-MM-DD`, where the comment has it; else nothing of interest.
    Head(Option<String>),
    /// The score of a CVE.
    Score(String, Epss),
}

/// Reads one line.
///
/// # Errors
/// What is wrong with it.
pub fn line(raw: &[u8]) -> Result<Line, String> {
    let text = std::str::from_utf8(raw).map_err(|_| "not UTF-8")?.trim();
    if let Some(comment) = text.strip_prefix('#') {
        let date = comment
            .split(',')
            .find_map(|part| part.trim().strip_prefix("score_date:"));
        let day = date
            .and_then(|date| date.get(..10))
            .filter(|day| is_day(day));
        return Ok(Line::Head(day.map(str::to_owned)));
    }
    if text.starts_with("cve,") {
        return Ok(Line::Head(None));
    }
    let mut fields = text.split(',').map(str::trim);
    let (Some(cve), Some(score), Some(percentile), None) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err("not three fields".to_owned());
    };
    if !ids::is_cve(cve) {
        return Err(format!("not a CVE id: {cve:?}"));
    }
    let share = |text: &str| match text.parse::<f64>() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err(format!("not a share between 0 and 1: {text:?}")),
    };
    let epss = Epss {
        score: share(score)?,
        percentile: share(percentile)?,
    };
    Ok(Line::Score(cve.to_owned(), epss))
}

fn is_day(text: &str) -> bool {
    let digits = |part: Option<&str>, length| {
        part.is_some_and(|part| part.len() == length && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let mut parts = text.split('-');
    digits(parts.next(), 4) && digits(parts.next(), 2) && digits(parts.next(), 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_and_scores() {
        let head = line(b"#model_version:v2025.03.14,score_date:2025-03-14T12:55:00Z");
        assert_eq!(head, Ok(Line::Head(Some("2025-03-14".to_owned()))));
        assert_eq!(line(b"cve,epss,percentile\r"), Ok(Line::Head(None)));
        let epss = Epss {
            score: 0.5,
            percentile: 1.0,
        };
        assert_eq!(
            line(b"CVE-1999-0001,0.5,1\r"),
            Ok(Line::Score("CVE-1999-0001".into(), epss))
        );
    }

    #[test]
    fn a_bad_line_is_named() {
        for bad in [
            "CVE-1999-0001,0.5",
            "x,0,0",
            "CVE-1999-0001,2,0",
            "CVE-1999-0001,nan,0",
            "",
        ] {
            assert!(line(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(line(b"\xff,0,0").is_err());
    }
}

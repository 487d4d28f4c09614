//! FIRST's Exploit Prediction Scoring System, the daily CSV.
//!
//! ```text
//! #model_version:v2025.03.14,score_date:2026-08-22T12:00:00Z
//! cve,epss,percentile
//! CVE-1999-0001,0.01142,0.77883
//! ```
//! Source: <https://www.first.org/epss/data_stats>. Older files have no comment line, and the
//! oldest no percentile.

use crate::error::{Error, Place};
use crate::ids;
use crate::limits::Limits;
use crate::model::Epss;
use crate::reading::quote;

/// What the comment line says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// `v2025.03.14`.
    pub model_version: Option<String>,
    /// RFC 3339, as given.
    pub score_date: Option<String>,
}

/// The rows of a file, in order. A row that makes no sense is an error of its own.
#[derive(Debug, Clone)]
pub struct Rows<'a> {
    rest: &'a str,
    offset: usize,
}

/// Reads a whole file: what its comment says, and its rows.
///
/// # Errors
/// When the bytes break a limit, are not UTF-8, or have no header row.
pub fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Result<(Header, Rows<'a>), Error> {
    if bytes.len() > limits.document_bytes {
        let limit = limits.document_bytes;
        return Err(Error::TooLarge {
            at: Place::default(),
            size: bytes.len(),
            limit,
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| Error::InvalidUtf8 {
        at: Place::at(error.valid_up_to()),
    })?;
    let mut rows = Rows {
        rest: text,
        offset: 0,
    };
    let mut header = Header::default();
    loop {
        let offset = rows.offset;
        let Some(line) = rows.line() else {
            return Err(Error::NotARecord {
                at: Place::at(offset),
                reason: "no rows".to_owned(),
            });
        };
        let line = line.trim_start_matches('\u{feff}');
        if let Some(comment) = line.strip_prefix('#') {
            header.take(comment);
        } else if line.to_ascii_lowercase().starts_with("cve,epss") {
            return Ok((header, rows));
        } else {
            let reason = format!("the header row is not cve,epss,percentile: {}", quote(line));
            return Err(Error::NotARecord {
                at: Place::at(offset),
                reason,
            });
        }
    }
}

impl<'a> Rows<'a> {
    fn line(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.offset += self.rest.len() - rest.len();
        self.rest = rest;
        Some(line.trim_end())
    }
}

impl<'a> Iterator for Rows<'a> {
    type Item = Result<(&'a str, Epss), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let offset = self.offset;
            let line = self.line()?;
            if line.trim().is_empty() {
                continue;
            }
            return Some(row(line).ok_or_else(|| Error::NotARecord {
                at: Place::at(offset),
                reason: format!("not a row: {}", quote(line)),
            }));
        }
    }
}

impl Header {
    fn take(&mut self, comment: &str) {
        for part in comment.split(',') {
            match part.split_once(':') {
                Some(("model_version", value)) => {
                    self.model_version = Some(value.trim().to_owned())
                }
                Some(("score_date", value)) => self.score_date = Some(value.trim().to_owned()),
                _ => {}
            }
        }
    }
}

fn row(line: &str) -> Option<(&str, Epss)> {
    let mut fields = line
        .trim_end()
        .split(',')
        .map(|field| field.trim().trim_matches('"'));
    let id = fields.next().filter(|id| ids::is_cve(id))?;
    let probability = |text: &str| {
        text.parse()
            .ok()
            .filter(|number: &f64| (0.0..=1.0).contains(number))
    };
    let score = probability(fields.next()?)?;
    let percentile = match fields.next() {
        None | Some("") => 0.0,
        Some(text) => probability(text)?,
    };
    Some((id, Epss { score, percentile }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_header_and_a_bad_row() {
        let file = "#model_version:v2025.03.14,score_date:2026-08-22T12:00:00Z\n\
                    cve,epss,percentile\r\nCVE-1999-0001,0.01142,0.77883\nCVE-1,2,3\n\n\
                    CVE-2024-3094,0.5,NaN\n";
        let (header, rows) = read(file.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(header.model_version.as_deref(), Some("v2025.03.14"));
        assert_eq!(header.score_date.as_deref(), Some("2026-08-22T12:00:00Z"));
        let rows: Vec<_> = rows.collect();
        let epss = Epss {
            score: 0.01142,
            percentile: 0.77883,
        };
        assert_eq!(rows[0], Ok(("CVE-1999-0001", epss)));
        let error = rows[1].clone().unwrap_err();
        assert_eq!(error.to_string(), "byte 110: not a row: \"CVE-1,2,3\"");
        assert!(rows[2].is_err());
        assert_eq!(rows.len(), 3);
    }

    #[test]
    fn old_files_and_other_files() {
        let (header, rows) = read(b"cve,epss\nCVE-1999-0001,1.0\n", &Limits::default()).unwrap();
        assert_eq!(header, Header::default());
        assert_eq!(rows.filter_map(Result::ok).count(), 1);
        assert!(read(b"<html>", &Limits::default()).is_err());
        assert!(read(b"", &Limits::default()).is_err());
        assert!(read(b"cve,epss\n\xff", &Limits::default()).is_err());
    }
}

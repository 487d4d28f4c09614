//! What is new since the last scan, and telling of it.

mod notify;
mod public;
mod wake;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use notify::{Notifier, Webhook};
pub use wake::Wake;

/// What was seen has some MB at most.
const LARGEST: u64 = 64 << 20;
/// Lines in the journal for one change.
const LINES: usize = 50;

/// Why watching failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WatchError {
    /// The scan's report is not one.
    #[error("the scan's report cannot be read: {0}")]
    Report(String),
    /// What was seen cannot be kept.
    #[error("{}: {source}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// News could not be told.
    #[error("{to}: {reason}")]
    Notify {
        /// Whom.
        to: String,
        /// Why.
        reason: String,
    },
}

/// A finding, as a scan's JSON has it and as news tell it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Line {
    /// The advisory.
    pub advisory: String,
    /// `pname`.
    pub package: String,
    /// Its version.
    pub version: String,
    /// In lower case.
    pub severity: String,
    /// Whether CISA lists it as exploited.
    #[serde(default)]
    pub exploited: bool,
    /// The first version that is not affected, where one is known.
    #[serde(default)]
    pub fixed_in: Option<String>,
}

#[derive(Deserialize)]
struct Report {
    findings: Vec<Line>,
}

/// What came and what went.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct News {
    /// Counts up with every change that a reader could stumble over.
    pub version: u32,
    /// Findings that were not there before.
    pub new: Vec<Line>,
    /// Findings that are there no more.
    pub gone: Vec<Line>,
    /// Findings in all.
    pub total: usize,
}

impl News {
    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.new.is_empty() && self.gone.is_empty()
    }

    /// One line each for a journal, with a priority in front (sd-daemon(3)).
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .new
            .iter()
            .take(LINES)
            .map(|line| {
                let priority = match line.severity.as_str() {
                    _ if line.exploited => 2,
                    "critical" => 3,
                    "high" => 4,
                    _ => 5,
                };
                format!("<{priority}>new: {}", line.sentence())
            })
            .collect();
        if self.new.len() > LINES {
            lines.push(format!("<5>and {} more", self.new.len() - LINES));
        }
        lines.push(format!("<6>{}", self.summary()));
        lines
    }

    /// In one sentence.
    #[must_use]
    pub fn summary(&self) -> String {
        format!(
            "{} new, {} gone, {} in all",
            self.new.len(),
            self.gone.len(),
            self.total
        )
    }
}

impl Line {
    /// In one sentence, without characters that steer a terminal.
    #[must_use]
    pub fn sentence(&self) -> String {
        let exploited = if self.exploited { ", exploited" } else { "" };
        let fixed = self
            .fixed_in
            .as_ref()
            .map_or(String::new(), |fixed| format!(", fixed in {fixed}"));
        crate::report::terminal::inert(&format!(
            "{} affects {} {} ({}{exploited}{fixed})",
            self.advisory, self.package, self.version, self.severity
        ))
        .into_owned()
    }
}

/// What was told already.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Seen {
    findings: BTreeSet<Line>,
}

impl Seen {
    /// As it was left; nothing where it cannot be read, and then everything is news again.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        let is_small = fs::metadata(path).is_ok_and(|found| found.len() <= LARGEST);
        let text = is_small.then(|| fs::read(path).ok()).flatten();
        text.and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default()
    }

    /// Compares with a scan's JSON, and keeps that instead.
    ///
    /// # Errors
    /// [`WatchError::Report`] and [`WatchError::State`].
    pub fn take(mut self, report: &[u8], path: &Path) -> Result<News, WatchError> {
        let report: Report = serde_json::from_slice(report)
            .map_err(|error| WatchError::Report(error.to_string()))?;
        let now: BTreeSet<Line> = report.findings.into_iter().collect();
        // A score that moved is no news: advisory, package and version make a finding.
        let same = |a: &Line, b: &Line| {
            (&a.advisory, &a.package, &a.version) == (&b.advisory, &b.package, &b.version)
        };
        let lacks = |all: &BTreeSet<Line>, line: &Line| {
            let from = Line {
                severity: String::new(),
                exploited: false,
                fixed_in: None,
                ..line.clone()
            };
            !all.range(from..)
                .next()
                .is_some_and(|found| same(found, line))
        };
        let news = News {
            version: 1,
            new: now
                .iter()
                .filter(|line| lacks(&self.findings, line))
                .cloned()
                .collect(),
            gone: self
                .findings
                .iter()
                .filter(|line| lacks(&now, line))
                .cloned()
                .collect(),
            total: now.len(),
        };
        self.findings = now;
        self.write(path)?;
        Ok(news)
    }

    fn write(&self, path: &Path) -> Result<(), WatchError> {
        let failed = |source| WatchError::State {
            path: path.to_owned(),
            source,
        };
        let mut part = path.file_name().unwrap_or_default().to_owned();
        part.push(".part");
        let part = path.with_file_name(part);
        let text = serde_json::to_vec(self).map_err(|error| failed(error.into()))?;
        fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&part)
            .and_then(|mut file| file.write_all(&text))
            .and_then(|()| fs::rename(&part, path))
            .map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("seen.json");
        let report = |score: &str, ids: &[&str]| {
            let findings: Vec<String> = ids
                .iter()
                .map(|id| {
                    format!(
                        r#"{{"advisory":"{id}","package":"a","version":"1","severity":"{score}","title":"t"}}"#
                    )
                })
                .collect();
            format!(r#"{{"version":1,"findings":[{}]}}"#, findings.join(",")).into_bytes()
        };
        let news = |report: Vec<u8>| Seen::read(&state).take(&report, &state).unwrap();
        let first = news(report("high", &["CVE-1", "CVE-2"]));
        assert_eq!((first.new.len(), first.gone.len()), (2, 0));
        assert!(news(report("low", &["CVE-1", "CVE-2"])).is_empty());
        let third = news(report("low", &["CVE-2", "CVE-3"]));
        assert_eq!(third.new[0].advisory, "CVE-3");
        assert_eq!(third.gone[0].advisory, "CVE-1");
        fs::write(&state, "{").unwrap();
        assert_eq!(news(report("low", &["CVE-2"])).new.len(), 1);
        assert!(Seen::default().take(b"{}", &state).is_err());
    }
}

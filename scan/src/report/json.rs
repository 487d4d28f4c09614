//! JSON with a version of its own.

use serde::Serialize;
use snowguard_matching::verdict::Reason;

use super::{Finding, Level, Report, time};
use crate::identify::Known;
use crate::software::Dropped;
use crate::suppress::Claim;

/// Counts up with every change that a reader could stumble over.
pub const VERSION: u32 = 1;

/// The whole report.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    version: u32,
    database: Database,
    summary: Summary<'a>,
    findings: Vec<Row<'a>>,
    set_aside: Vec<SetAside<'a>>,
    expired: Vec<&'a str>,
}

/// A finding that a rule sets aside.
#[derive(Debug, Serialize)]
struct SetAside<'a> {
    advisory: &'a str,
    package: &'a str,
    version: &'a str,
    reason: &'a str,
    url: Option<&'a str>,
    until: Option<String>,
    rule: &'a str,
    /// `not_affected` where the rule says so, else `accepted`.
    claim: &'static str,
}

#[derive(Debug, Serialize)]
struct Database {
    serial: u64,
    created: String,
}

#[derive(Debug, Serialize)]
struct Summary<'a> {
    paths: usize,
    software: usize,
    affected: usize,
    unknown: usize,
    fixed: usize,
    known: &'a [(Known, usize)],
    dropped: &'a [(Dropped, usize)],
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    advisory: &'a str,
    package: &'a str,
    version: &'a str,
    attribute: &'a str,
    known: Known,
    verdict: &'static str,
    tier: snowguard_matching::verdict::Tier,
    severity: Level,
    score: Option<f64>,
    epss: Option<f64>,
    exploited: bool,
    fixed_in: Option<&'a str>,
    title: Option<&'a str>,
    reasons: &'a [Reason],
    why: &'a [String],
}

impl<'a> Document<'a> {
    /// The document of a report.
    #[must_use]
    pub fn of(report: &'a Report<'a>) -> Self {
        Self {
            version: VERSION,
            database: Database {
                serial: report.serial,
                created: time(report.created),
            },
            summary: Summary {
                paths: report.paths,
                software: report.software,
                affected: report.findings.len(),
                unknown: report.unknown,
                fixed: report.fixed,
                known: &report.known,
                dropped: &report.dropped,
            },
            findings: report.findings.iter().map(row).collect(),
            set_aside: report
                .set_aside
                .iter()
                .map(|(finding, rule)| SetAside {
                    advisory: &finding.found.advisory,
                    package: &finding.software.software.pname,
                    version: &finding.software.software.version,
                    reason: &rule.reason,
                    url: rule.url.as_deref(),
                    until: rule.until.map(|until| until.to_string()),
                    rule: &rule.origin,
                    claim: match rule.claim {
                        Claim::NotAffected => "not_affected",
                        Claim::Accepted => "accepted",
                    },
                })
                .collect(),
            expired: report
                .expired
                .iter()
                .map(|rule| rule.origin.as_str())
                .collect(),
        }
    }
}

fn row<'a>(finding: &'a Finding<'a>) -> Row<'a> {
    Row {
        advisory: &finding.found.advisory,
        package: &finding.software.software.pname,
        version: &finding.software.software.version,
        attribute: &finding.software.package.attr,
        known: finding.software.known,
        verdict: finding.found.verdict.as_str(),
        tier: finding.found.tier,
        severity: finding.level,
        score: finding.score(),
        epss: finding.epss(),
        exploited: finding.is_exploited(),
        fixed_in: finding.found.fixed_in.as_deref(),
        title: Some(finding.title()).filter(|title| !title.is_empty()),
        reasons: &finding.found.reasons,
        why: &finding.why,
    }
}

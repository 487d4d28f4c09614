//! One page that holds everything: a table that can be filtered, and a drawing of why.
//!
//! Nothing is fetched from anywhere; a content security policy allows this page's own style and
//! script and nothing else. Without scripts the table is whole. The template escapes every text; here
//! texts from outside are made inert first, so that control characters are shown and not sent.

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::graph::{self, Drawing};
use super::sarif::address;
use super::terminal::inert;
use super::{Finding, Level, Report, is_plain_url, time_in_seconds};
use crate::suppress::Suppression;

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/filter.js");
const LEVELS: [Level; 5] = [
    Level::Critical,
    Level::High,
    Level::Medium,
    Level::Low,
    Level::None,
];

/// The page, as its template takes it.
#[derive(Template)]
#[template(path = "report/page/report.html")]
struct Page {
    style: &'static str,
    style_hash: String,
    script: &'static str,
    script_hash: String,
    paths: usize,
    software: usize,
    scanned: String,
    serial: u64,
    created: String,
    levels: Vec<Tile>,
    /// How many are fixed, undecided and set aside, and the word for it.
    others: [(usize, &'static str); 3],
    drawing: Option<Drawing>,
    rows: Vec<Row>,
    set_aside: Vec<Aside>,
    /// Origin and reason of rules whose time is over.
    expired: Vec<(String, String)>,
}

/// How many findings have a level.
struct Tile {
    level: &'static str,
    word: &'static str,
    count: usize,
}

/// A finding.
struct Row {
    level: &'static str,
    /// Score and level in words.
    severity: String,
    is_exploited: bool,
    epss: Option<String>,
    id: String,
    url: Option<String>,
    package: String,
    fixed_in: String,
    title: String,
    reasons: Vec<String>,
}

/// A finding that was set aside, and why.
struct Aside {
    advisory: String,
    package: String,
    reason: String,
    origin: String,
    url: Option<String>,
}

/// Writes the page.
///
/// # Errors
/// None of its own: writing to a string.
pub fn write(report: &Report<'_>, now: i64) -> Result<String, std::fmt::Error> {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    let page = Page {
        style: STYLE,
        style_hash: hash(STYLE),
        script: SCRIPT,
        script_hash: hash(SCRIPT),
        paths: report.paths,
        software: report.software,
        scanned: time_in_seconds(now),
        serial: report.serial,
        created: time_in_seconds(report.created),
        levels: LEVELS.map(|level| tile(report, level)).into(),
        others: [
            (report.fixed, "fixed"),
            (report.unknown, "undecided"),
            (report.set_aside.len(), "set aside"),
        ],
        drawing: graph::draw(report),
        rows: report.findings.iter().map(row).collect(),
        set_aside: report.set_aside.iter().map(aside).collect(),
        expired: report
            .expired
            .iter()
            .map(|rule| (shown(&rule.origin), shown(&rule.reason)))
            .collect(),
    };
    page.render().map_err(|_| std::fmt::Error)
}

fn tile(report: &Report<'_>, level: Level) -> Tile {
    let all = report.findings.iter();
    Tile {
        level: level.as_str(),
        word: word(level),
        count: all.filter(|finding| finding.level == level).count(),
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::None => "no score",
        level => level.as_str(),
    }
}

fn row(finding: &Finding<'_>) -> Row {
    let reasons = finding.found.reasons.iter();
    let mut reasons: Vec<String> = reasons.map(|reason| shown(&reason.text)).collect();
    if !finding.software.known.knows_patches() {
        reasons.push("its patches are not known".to_owned());
    }
    if finding.why.len() > 1 {
        let names = finding.why.iter();
        let names: Vec<&str> = names.map(|path| path.get(33..).unwrap_or(path)).collect();
        reasons.push(shown(&format!("because of {}", names.join(" → "))));
    }
    let id = finding.found.advisory.as_str();
    let score = finding.score();
    Row {
        level: finding.level.as_str(),
        severity: score.map_or_else(
            || word(finding.level).to_owned(),
            |score| format!("{score:.1} {}", word(finding.level)),
        ),
        is_exploited: finding.is_exploited(),
        epss: finding.epss().map(|epss| format!("{:.1}", epss * 100.0)),
        id: shown(id),
        url: address(id),
        package: shown(&finding.software.software.name),
        fixed_in: shown(finding.found.fixed_in.as_deref().unwrap_or("—")),
        title: shown(finding.title()),
        reasons,
    }
}

fn aside((finding, rule): &(Finding<'_>, &Suppression)) -> Aside {
    Aside {
        advisory: shown(&finding.found.advisory),
        package: shown(&finding.software.software.name),
        reason: shown(&rule.reason),
        origin: shown(&rule.origin),
        url: rule.url.clone().filter(|url| is_plain_url(url)),
    }
}

/// A text from outside, inert; the template escapes it.
pub(super) fn shown(text: &str) -> String {
    inert(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(reason: &str) -> String {
        Page {
            style: "",
            style_hash: String::new(),
            script: "",
            script_hash: String::new(),
            paths: 1,
            software: 1,
            scanned: String::new(),
            serial: 1,
            created: String::new(),
            levels: Vec::new(),
            others: [(0, ""), (0, ""), (0, "")],
            drawing: None,
            rows: Vec::new(),
            set_aside: vec![Aside {
                advisory: "CVE-1".to_owned(),
                package: "a-1".to_owned(),
                reason: shown(reason),
                origin: String::new(),
                url: None,
            }],
            expired: Vec::new(),
        }
        .render()
        .unwrap()
    }

    #[test]
    fn text_stays_text() {
        let page = page("<a href='x'>\"&\u{1b}");
        assert!(!page.contains("<a href='x'>"), "{page}");
        assert!(
            page.contains("&#60;a href=&#39;x&#39;&#62;&#34;&#38;\u{fffd}"),
            "{page}"
        );
    }
}

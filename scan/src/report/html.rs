//! One page that holds everything: a table that can be filtered, and a drawing of why.
//!
//! Nothing is fetched from anywhere; a content security policy allows this page's own style and
//! script and nothing else. Without scripts the table is whole.

use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::sarif::address;
use super::terminal::inert;
use super::{Finding, Level, Report, graph, time_in_seconds};

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/filter.js");
const LEVELS: [Level; 5] = [
    Level::Critical,
    Level::High,
    Level::Medium,
    Level::Low,
    Level::None,
];

/// Writes the page.
///
/// # Errors
/// None of its own: writing to a string.
pub fn write(report: &Report<'_>, now: i64) -> Result<String, fmt::Error> {
    let mut out = String::new();
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src \
         'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Advisories for this closure</title>\n<style>{STYLE}</style></head><body>",
        hash(STYLE),
        hash(SCRIPT),
    )?;
    head(&mut out, report, now)?;
    let drawing = graph::draw(report)?;
    if !drawing.is_empty() {
        writeln!(
            out,
            "<h2>Why the closure contains them</h2>\n<p class=\"soft\">Shortest ways from what was \
             scanned to affected packages, the most urgent ones.</p>\n<div class=\"wide\">{drawing}</div>"
        )?;
    }
    table(&mut out, report)?;
    for (heading, lines) in rules(report) {
        writeln!(out, "<h2>{heading}</h2>\n<ul>{lines}</ul>")?;
    }
    writeln!(out, "<script>{SCRIPT}</script></body></html>")?;
    Ok(out)
}

fn head(out: &mut String, report: &Report<'_>, now: i64) -> fmt::Result {
    let count = |level: Level| {
        let all = report.findings.iter();
        all.filter(|finding| finding.level == level).count()
    };
    writeln!(
        out,
        "<h1>Advisories for this closure</h1>\n<p class=\"soft\">{} paths, {} pieces of software; \
         scanned {} against the advisory file {} of {}.</p>\n<ul class=\"tiles\">",
        report.paths,
        report.software,
        time_in_seconds(now),
        report.serial,
        time_in_seconds(report.created),
    )?;
    for level in LEVELS {
        let word = match level {
            Level::None => "no score",
            level => level.as_str(),
        };
        writeln!(
            out,
            "<li class=\"{}\"><b>{}</b>{word}</li>",
            level.as_str(),
            count(level)
        )?;
    }
    for (number, word) in [
        (report.fixed, "fixed"),
        (report.unknown, "undecided"),
        (report.set_aside.len(), "set aside"),
    ] {
        writeln!(out, "<li><b>{number}</b>{word}</li>")?;
    }
    writeln!(out, "</ul>")
}

fn table(out: &mut String, report: &Report<'_>) -> fmt::Result {
    writeln!(
        out,
        "<h2>Findings</h2>\n<form hidden><input type=\"search\" id=\"find\" aria-label=\"Filter by \
         package, advisory or words\" placeholder=\"package, advisory, words\">"
    )?;
    for level in LEVELS {
        writeln!(
            out,
            "<label><input type=\"checkbox\" name=\"level\" value=\"{0}\" checked> {0}</label>",
            level.as_str()
        )?;
    }
    writeln!(
        out,
        "<label><input type=\"checkbox\" name=\"exploited\" value=\"yes\"> exploited only</label>\
         <span id=\"count\" class=\"soft\" aria-live=\"polite\"></span></form>\n\
         <div class=\"wide\"><table><thead><tr><th>Severity</th><th>Advisory</th><th>Package</th>\
         <th>Fixed in</th><th>What and why</th></tr></thead><tbody>"
    )?;
    for finding in &report.findings {
        row(out, finding)?;
    }
    writeln!(out, "</tbody></table></div>")
}

fn row(out: &mut String, finding: &Finding<'_>) -> fmt::Result {
    let id = finding.found.advisory.as_str();
    let score = finding
        .score()
        .map_or_else(|| "—".to_owned(), |score| format!("{score:.1}"));
    let level = finding.level.as_str();
    let exploited = finding.is_exploited();
    write!(
        out,
        "<tr data-level=\"{level}\" data-exploited=\"{}\"><td class=\"level {level}\">{score} {level}",
        if exploited { "yes" } else { "no" },
    )?;
    if exploited {
        write!(out, " <span class=\"kev\">exploited</span>")?;
    }
    if let Some(epss) = finding.epss() {
        write!(out, "<br><small>EPSS {:.1} %</small>", epss * 100.0)?;
    }
    let id = match address(id) {
        Some(url) => format!(
            "<a href=\"{}\" rel=\"noreferrer\">{}</a>",
            escape(&url),
            escape(id)
        ),
        None => escape(id),
    };
    let software = &finding.software.software;
    write!(
        out,
        "</td><td class=\"id\">{id}</td><td>{}</td><td class=\"fixed\">{}</td><td>{}",
        escape(&software.name),
        escape(finding.found.fixed_in.as_deref().unwrap_or("—")),
        escape(finding.title()),
    )?;
    write!(out, "<details><summary>reasons and way</summary><ul>")?;
    for reason in &finding.found.reasons {
        write!(out, "<li>{}</li>", escape(&reason.text))?;
    }
    if !finding.software.known.knows_patches() {
        write!(out, "<li>its patches are not known</li>")?;
    }
    if finding.why.len() > 1 {
        let names: Vec<&str> = finding
            .why
            .iter()
            .map(|path| path.get(33..).unwrap_or(path))
            .collect();
        write!(out, "<li>because of {}</li>", escape(&names.join(" → ")))?;
    }
    writeln!(out, "</ul></details></td></tr>")
}

/// What rules say, as lists.
fn rules(report: &Report<'_>) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    if !report.set_aside.is_empty() {
        let lines = report.set_aside.iter().map(|(finding, rule)| {
            format!(
                "<li>{} in {}: {} <span class=\"soft\">({})</span></li>",
                escape(&finding.found.advisory),
                escape(&finding.software.software.name),
                escape(&rule.reason),
                escape(&rule.origin)
            )
        });
        out.push(("Set aside", lines.collect()));
    }
    if !report.expired.is_empty() {
        let lines = report.expired.iter().map(|rule| {
            format!(
                "<li>{}: {}</li>",
                escape(&rule.origin),
                escape(&rule.reason)
            )
        });
        out.push(("Rules whose time is over", lines.collect()));
    }
    out
}

/// Text as text, in content and in quoted attributes.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in inert(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn text_stays_text() {
        assert_eq!(
            escape("<a href='x'>\"&\u{1b}"),
            "&lt;a href=&#39;x&#39;&gt;&quot;&amp;\u{fffd}"
        );
    }
}

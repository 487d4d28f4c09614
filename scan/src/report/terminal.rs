//! For a person at a terminal: by package, worst first.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use rustc_hash::FxHashMap;
use snowguard_matching::verdict::Weight;

use super::{Finding, Level, Report};
use crate::suppress::Suppression;

/// How it is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    /// With colours.
    pub colour: bool,
}

/// Writes a report as text.
///
/// # Errors
/// None of its own: writing to a string.
pub fn write(report: &Report<'_>, style: Style) -> Result<String, fmt::Error> {
    let mut out = String::new();
    let mut groups: Vec<(&str, Vec<&Finding<'_>>)> = Vec::new();
    let mut places: FxHashMap<&str, usize> = FxHashMap::default();
    for finding in &report.findings {
        let name = finding.software.software.name.as_str();
        let place = *places.entry(name).or_insert_with(|| {
            groups.push((name, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(finding);
    }
    for (name, group) in &groups {
        package(&mut out, name, group, style)?;
    }
    for rule in &report.expired {
        writeln!(
            out,
            "expired: {} no longer sets anything aside: {}",
            inert(&rule.origin),
            inert(&rule.reason)
        )?;
    }
    set_aside(&mut out, report, style)?;
    summary(&mut out, report, groups.len())?;
    Ok(out)
}

fn package(out: &mut String, name: &str, group: &[&Finding<'_>], style: Style) -> fmt::Result {
    let first = group[0];
    writeln!(
        out,
        "{}  {}",
        paint(style, "1", name),
        inert(&first.software.package.attr)
    )?;
    if first.why.len() > 1 {
        let names: Vec<&str> = first
            .why
            .iter()
            .map(|path| path.get(33..).unwrap_or(path))
            .collect();
        writeln!(out, "  because of {}", names.join(" → "))?;
    }
    if !first.software.known.knows_patches() {
        writeln!(
            out,
            "  its patches are not known: its derivation is neither here nor in a channel"
        )?;
    }
    for finding in group {
        advisory(out, finding, style)?;
    }
    writeln!(out)
}

fn advisory(out: &mut String, finding: &Finding<'_>, style: Style) -> fmt::Result {
    let colour = match finding.level {
        Level::Critical => "1;31",
        Level::High => "31",
        Level::Medium => "33",
        Level::Low | Level::None => "2",
    };
    let score = finding
        .score()
        .map_or_else(|| "  — ".to_owned(), |score| format!("{score:4.1}"));
    write!(
        out,
        "  {} {:<16} ",
        paint(
            style,
            colour,
            &format!("{score} {:<8}", finding.level.as_str())
        ),
        inert(&finding.found.advisory)
    )?;
    if finding.is_exploited() {
        write!(out, "{} ", paint(style, "1;31", "exploited"))?;
    }
    if let Some(epss) = finding.epss() {
        write!(out, "EPSS {:.1} % ", epss * 100.0)?;
    }
    if let Some(fixed) = &finding.found.fixed_in {
        write!(out, "fixed in {}", inert(fixed))?;
    }
    writeln!(out)?;
    if let Some(title) = finding.brief.title.as_deref() {
        writeln!(out, "       {}", cut(&inert(title), 100))?;
    }
    let decided = finding
        .found
        .reasons
        .iter()
        .filter(|reason| matches!(reason.weight, Weight::Decides | Weight::Tie));
    let sentences: Vec<Cow<'_, str>> = decided.map(|reason| inert(&reason.text)).take(2).collect();
    writeln!(out, "       {}", paint(style, "2", &sentences.join("; ")))
}

/// What was set aside, and why: one line for each rule and package.
fn set_aside(out: &mut String, report: &Report<'_>, style: Style) -> fmt::Result {
    /// Lines that are shown; `--format json` has all.
    const SHOWN: usize = 20;
    let mut lines: Vec<(&str, &Suppression, Vec<&str>)> = Vec::new();
    for (finding, rule) in &report.set_aside {
        let name = finding.software.software.name.as_str();
        let advisory = finding.found.advisory.as_str();
        match lines
            .iter_mut()
            .find(|line| line.0 == name && line.1 == *rule)
        {
            Some(line) => line.2.push(advisory),
            None => lines.push((name, rule, vec![advisory])),
        }
    }
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", paint(style, "1", "set aside"))?;
    for (name, rule, advisories) in lines.iter().take(SHOWN) {
        let others = advisories.len() - 1;
        writeln!(
            out,
            "  {}{} in {}: {} {}",
            inert(advisories[0]),
            if others > 0 {
                format!(" and {others} more")
            } else {
                String::new()
            },
            inert(name),
            inert(&rule.reason),
            paint(style, "2", &format!("({})", rule.origin)),
        )?;
    }
    if lines.len() > SHOWN {
        writeln!(out, "  … and {} more", lines.len() - SHOWN)?;
    }
    writeln!(out)
}

fn summary(out: &mut String, report: &Report<'_>, packages: usize) -> fmt::Result {
    let by_level: Vec<String> = [
        Level::Critical,
        Level::High,
        Level::Medium,
        Level::Low,
        Level::None,
    ]
    .into_iter()
    .map(|level| {
        (
            level,
            report.findings.iter().filter(|f| f.level == level).count(),
        )
    })
    .filter(|(_, count)| *count > 0)
    .map(|(level, count)| match level {
        Level::None => format!("{count} without a score"),
        level => format!("{count} {}", level.as_str()),
    })
    .collect();
    writeln!(
        out,
        "{} of {} packages affected by {} advisories{}",
        packages,
        report.software,
        report.findings.len(),
        if by_level.is_empty() {
            String::new()
        } else {
            format!(": {}", by_level.join(", "))
        },
    )?;
    if !report.set_aside.is_empty() {
        writeln!(
            out,
            "{} more are set aside by rules",
            report.set_aside.len()
        )?;
    }
    writeln!(
        out,
        "{} more are fixed by version or patch; of {} nobody can say; {} paths are no software",
        report.fixed,
        report.unknown,
        report.dropped.iter().map(|(_, count)| count).sum::<usize>(),
    )
}

/// Text in a colour.
pub(super) fn paint<'a>(style: Style, code: &str, text: &'a str) -> Cow<'a, str> {
    let text = inert(text);
    if style.colour {
        Cow::Owned(format!("\x1b[{code}m{text}\x1b[0m"))
    } else {
        text
    }
}

/// Text from outside cannot steer a terminal: control characters are shown, not sent.
#[must_use]
pub fn inert(text: &str) -> Cow<'_, str> {
    let steers =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    // What is printable ASCII, as nearly all is, steers nothing.
    let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_plain || !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    text.chars()
        .map(|c| if steers(c) { '\u{fffd}' } else { c })
        .collect()
}

fn cut(text: &str, length: usize) -> String {
    if text.len() <= length || text.chars().count() <= length {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(length - 1).collect();
    // Writing to a string cannot fail.
    let _written = out.write_char('…');
    out
}

//! Version statements as text, in the source's own words and order.

use snowguard_advisory::model::{CveVersion, OsvEvent, OsvRange, OsvRangeKind, Status, Versions};

/// One line of a version statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `affected`, `unaffected`, `unknown`; the style's class too.
    pub status: &'static str,
    /// `≥ 1.0, < 1.2.3`, or a single version.
    pub text: String,
    /// The version scheme, and what changes inside of the range.
    pub note: String,
}

/// The lines of a version statement.
pub fn lines(versions: &Versions) -> Vec<Line> {
    match versions {
        Versions::Cve { entries, .. } => entries.iter().map(cve).collect(),
        Versions::Osv { ranges, versions } => {
            let single = |version: &String| Line {
                status: "affected",
                text: version.clone(),
                note: String::new(),
            };
            ranges
                .iter()
                .flat_map(osv)
                .chain(versions.iter().map(single))
                .collect()
        }
    }
}

/// The status of every version that no line names, where that says something.
pub fn default_status(versions: &Versions) -> Option<&'static str> {
    match versions {
        Versions::Cve {
            default: Status::Unknown,
            ..
        }
        | Versions::Osv { .. } => None,
        Versions::Cve { default, .. } => Some(status(*default)),
    }
}

/// The word for a status.
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Affected => "affected",
        Status::Unaffected => "unaffected",
        Status::Unknown => "unknown",
    }
}

fn cve(entry: &CveVersion) -> Line {
    let mut parts = Vec::new();
    let bounded = entry.less_than.is_some() || entry.less_than_or_equal.is_some();
    match bounded || !entry.changes.is_empty() {
        true => parts.push(format!("≥ {}", entry.version)),
        false => parts.push(entry.version.clone()),
    }
    parts.extend(entry.less_than.iter().map(|bound| format!("< {bound}")));
    parts.extend(
        entry
            .less_than_or_equal
            .iter()
            .map(|bound| format!("≤ {bound}")),
    );
    let scheme = entry.version_type.clone().into_iter();
    let changes = entry
        .changes
        .iter()
        .map(|change| format!("{} from {}", status(change.status), change.at));
    Line {
        status: status(entry.status),
        text: parts.join(", "),
        note: scheme.chain(changes).collect::<Vec<_>>().join("; "),
    }
}

fn osv(range: &OsvRange) -> Vec<Line> {
    let mut note = match range.kind {
        OsvRangeKind::Semver => "semver".to_owned(),
        OsvRangeKind::Ecosystem => String::new(),
        OsvRangeKind::Git => "git".to_owned(),
        OsvRangeKind::Custom => "own numbers".to_owned(),
    };
    if let Some(repo) = &range.repo {
        note = format!("{note} {repo}").trim().to_owned();
    }
    let line = |text: String| Line {
        status: "affected",
        text,
        note: note.clone(),
    };
    let mut lines: Vec<Line> = Vec::new();
    let mut open = String::new();
    for event in &range.events {
        match event {
            OsvEvent::Introduced(version) => {
                if !open.is_empty() {
                    lines.push(line(std::mem::take(&mut open)));
                }
                open = format!("≥ {version}");
            }
            OsvEvent::Fixed(version) => lines.push(line(close(&mut open, '<', version))),
            OsvEvent::LastAffected(version) => lines.push(line(close(&mut open, '≤', version))),
            OsvEvent::Limit(version) => lines.push(line(close(&mut open, '<', version))),
        }
    }
    if !open.is_empty() {
        lines.push(line(open));
    }
    lines
}

fn close(open: &mut String, sign: char, version: &str) -> String {
    match std::mem::take(open) {
        start if start.is_empty() => format!("{sign} {version}"),
        start => format!("{start}, {sign} {version}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use snowguard_advisory::model::Change;

    fn entry(version: &str) -> CveVersion {
        CveVersion {
            version: version.to_owned(),
            status: Status::Affected,
            less_than: None,
            less_than_or_equal: None,
            version_type: None,
            changes: Vec::new(),
        }
    }

    #[test]
    fn cve_ranges_show_both_bounds_scheme_and_changes() {
        let range = CveVersion {
            less_than: Some("1.2".to_owned()),
            version_type: Some("semver".to_owned()),
            changes: vec![Change {
                at: "1.1.5".to_owned(),
                status: Status::Unaffected,
            }],
            ..entry("0")
        };
        let versions = Versions::Cve {
            default: Status::Unaffected,
            entries: vec![range, entry("2.0")],
        };
        let lines = lines(&versions);
        assert_eq!(lines[0].text, "≥ 0, < 1.2");
        assert_eq!(lines[0].note, "semver; unaffected from 1.1.5");
        assert_eq!(lines[1].text, "2.0");
        assert_eq!(default_status(&versions), Some("unaffected"));
    }

    #[test]
    fn osv_events_become_ranges_even_when_they_come_in_odd_order() {
        let events = vec![
            OsvEvent::Introduced("0".to_owned()),
            OsvEvent::Fixed("1.2".to_owned()),
            OsvEvent::Fixed("1.3".to_owned()),
            OsvEvent::Introduced("2.0".to_owned()),
            OsvEvent::Introduced("3.0".to_owned()),
            OsvEvent::LastAffected("3.1".to_owned()),
        ];
        let range = OsvRange {
            kind: OsvRangeKind::Semver,
            repo: None,
            events,
        };
        let texts: Vec<String> = osv(&range).into_iter().map(|line| line.text).collect();
        assert_eq!(texts, ["≥ 0, < 1.2", "< 1.3", "≥ 2.0", "≥ 3.0, ≤ 3.1"]);
    }
}

//! Version requirements of Cargo, RubyGems, Composer and npm, as entries of the CVE schema.

use crate::model::{CveVersion, Status};

/// What a version without a sign means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bare {
    /// As with `^` (Cargo).
    Caret,
    /// That version alone.
    Exact,
}

/// Reads `>= 1.0, < 2.0`, `~> 1.2`, `^1.2.3`, `18.x` as one entry. `None` when it is none of
/// these.
pub(super) fn entry(
    requirement: &str,
    status: Status,
    kind: &str,
    bare: Bare,
) -> Option<CveVersion> {
    let mut lower: Option<(String, bool)> = None;
    let mut upper: Option<(String, bool)> = None;
    let mut only = None;
    for part in requirement
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let (sign, version) = split_sign(part);
        if !version.bytes().next()?.is_ascii_alphanumeric() || version.contains(char::is_whitespace)
        {
            return None;
        }
        let version = version.to_owned();
        match sign {
            ">=" => raise(&mut lower, (version, true)),
            ">" => raise(&mut lower, (version, false)),
            "<=" => upper = Some((version, true)),
            "<" => upper = Some((version, false)),
            "~>" => {
                upper = Some((format!("{}.*", pessimistic_stem(&version)), false));
                raise(&mut lower, (version, true));
            }
            "" if series(&version).is_some() => {
                let stem = series(&version)?.to_owned();
                upper = Some((format!("{stem}.*"), false));
                raise(&mut lower, (stem, true));
            }
            "" if bare == Bare::Exact => only = Some(version),
            "^" | "" => {
                upper = Some((caret_end(&version), false));
                raise(&mut lower, (version, true));
            }
            "=" | "==" => only = Some(version),
            _ => return None,
        }
    }
    let entry = CveVersion {
        version: "0".to_owned(),
        status,
        less_than: None,
        less_than_or_equal: None,
        version_type: Some(kind.to_owned()),
        changes: Vec::new(),
    };
    if let Some(version) = only {
        return (lower.is_none() && upper.is_none()).then_some(CveVersion { version, ..entry });
    }
    // The schema's lower bound is inclusive; an exclusive one stays text, which
    // `versions::sloppy` reads.
    if matches!(lower, Some((_, false))) {
        return Some(CveVersion {
            version: requirement.to_owned(),
            ..entry
        });
    }
    if lower.is_none() && upper.is_none() {
        return None;
    }
    let version = lower.map_or_else(|| "0".to_owned(), |(version, _)| version);
    let (less_than, less_than_or_equal) = match upper {
        Some((version, true)) => (None, Some(version)),
        Some((version, false)) => (Some(version), None),
        None => (Some("*".to_owned()), None),
    };
    Some(CveVersion {
        version,
        less_than,
        less_than_or_equal,
        ..entry
    })
}

/// Of two lower bounds, RubyGems writes the narrower last: `~> 1.2.3, >= 1.2.3.4`.
fn raise(lower: &mut Option<(String, bool)>, bound: (String, bool)) {
    *lower = Some(bound);
}

fn split_sign(part: &str) -> (&str, &str) {
    let end = part
        .find(|c: char| !"<>=~^!".contains(c))
        .unwrap_or(part.len());
    (&part[..end], part[end..].trim())
}

fn series(version: &str) -> Option<&str> {
    [".x", ".X", ".*"]
        .iter()
        .find_map(|end| version.strip_suffix(end))
}

/// The numbers at the beginning of a version: `1.2` of `1.2.rc1`.
fn numbers(version: &str) -> Vec<&str> {
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let numeric = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    core.split('.').take_while(numeric).collect()
}

/// `~> 1.2.3` ends with the series 1.2, `~> 1.2` with 1 (RubyGems, "pessimistic operator").
fn pessimistic_stem(version: &str) -> String {
    let numbers = numbers(version);
    let keep = numbers.len().saturating_sub(1).max(1);
    numbers[..keep.min(numbers.len())].join(".")
}

/// `^1.2.3` ends with the series 1, `^0.2.3` with 0.2, `^0.0.3` before 0.0.4 (Cargo, npm).
fn caret_end(version: &str) -> String {
    let numbers = numbers(version);
    let significant = numbers
        .iter()
        .position(|number| !number.trim_start_matches('0').is_empty());
    match significant {
        Some(2) => match numbers[2].parse::<u64>() {
            Ok(last) => format!("0.0.{}", last.saturating_add(1)),
            Err(_) => "0.0.*".to_owned(),
        },
        Some(at) => format!("{}.*", numbers[..=at].join(".")),
        None => format!("{}.*", numbers.join(".")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(requirement: &str, bare: Bare) -> String {
        let Some(entry) = entry(requirement, Status::Unaffected, "semver", bare) else {
            return "none".to_owned();
        };
        let upper = entry.less_than.map(|version| format!(" < {version}"));
        let upper = upper.or(entry
            .less_than_or_equal
            .map(|version| format!(" <= {version}")));
        format!("{}{}", entry.version, upper.unwrap_or_default())
    }

    #[test]
    fn every_operator() {
        for (requirement, expected) in [
            (">= 1.2.3", "1.2.3 < *"),
            ("< 1.2.3", "0 < 1.2.3"),
            (">= 1.2, < 2.0", "1.2 < 2.0"),
            ("< 2.0, >= 1.2", "1.2 < 2.0"),
            ("<= 2.0", "0 <= 2.0"),
            ("~> 1.2.3", "1.2.3 < 1.2.*"),
            ("~> 1.2", "1.2 < 1.*"),
            ("~> 1.2.3.rc1", "1.2.3.rc1 < 1.2.*"),
            ("~> 1.2.3, >= 1.2.3.4", "1.2.3.4 < 1.2.*"),
            ("^1.2.3", "1.2.3 < 1.*"),
            ("^ 0.2.2", "0.2.2 < 0.2.*"),
            ("^0.0.3", "0.0.3 < 0.0.4"),
            ("18.x", "18 < 18.*"),
            ("= 1.2.3", "1.2.3"),
            ("> 1.2.3", "> 1.2.3"),
            ("> 1.2, < 2", "> 1.2, < 2"),
            ("", "none"),
            (">=", "none"),
            ("!= 1.2", "none"),
            ("all", "all"),
        ] {
            assert_eq!(shown(requirement, Bare::Exact), expected, "{requirement}");
        }
        assert_eq!(shown("1.2.3", Bare::Caret), "1.2.3 < 1.*");
        assert_eq!(shown("1.2.3", Bare::Exact), "1.2.3");
    }
}

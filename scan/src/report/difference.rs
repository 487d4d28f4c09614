//! A difference, told.

use std::fmt::{self, Write as _};

use serde::Serialize;

use super::markdown::cell;
use super::terminal::{Style, inert, paint};
use super::{Finding, Level};
use crate::difference::{Change, Difference};

/// Counts up with every change that a reader could stumble over.
pub const VERSION: u32 = 1;

/// For a person at a terminal.
///
/// # Errors
/// None of its own: writing to a string.
pub fn text(difference: &Difference<'_>, colour: bool) -> Result<String, fmt::Error> {
    let style = Style { colour };
    let mut out = String::new();
    for (heading, mark, code, changes) in [
        ("brought", "+", "31", &difference.brought),
        ("fixed", "-", "32", &difference.fixed),
    ] {
        if changes.is_empty() {
            continue;
        }
        writeln!(out, "{}", paint(style, "1", heading))?;
        for change in changes {
            let finding = change.finding;
            writeln!(
                out,
                "{} {:<9} {:<16} {} ({})",
                paint(style, code, mark),
                finding.level.as_str(),
                inert(&finding.found.advisory),
                inert(&finding.software.software.name),
                other(change, heading == "brought"),
            )?;
        }
        writeln!(out)?;
    }
    let worst = |changes: &[Change<'_>]| {
        let worst = changes.iter().map(|change| change.finding.level).max();
        worst.map_or(String::new(), |worst| {
            format!(", the worst {}", worst.as_str())
        })
    };
    writeln!(
        out,
        "{} fixed{}; {} brought{}; {} remain; {} packages change",
        difference.fixed.len(),
        worst(&difference.fixed),
        difference.brought.len(),
        worst(&difference.brought),
        difference.remaining,
        difference.moved.len(),
    )?;
    Ok(out)
}

/// What the other side has of the package.
fn other(change: &Change<'_>, is_brought: bool) -> String {
    if change.other_versions.is_empty() {
        let word = if is_brought {
            "new package"
        } else {
            "package gone"
        };
        return word.to_owned();
    }
    let versions = change.other_versions.join(", ");
    let versions = inert(&versions);
    if is_brought {
        format!("was {versions}")
    } else {
        format!("becomes {versions}")
    }
}

/// A table for an issue or a pull request.
#[must_use]
pub fn markdown(difference: &Difference<'_>) -> String {
    let mut out = String::from(
        "| | advisory | package | severity | other side |\n| --- | --- | --- | --- | --- |\n",
    );
    for (word, changes) in [
        ("brought", &difference.brought),
        ("fixed", &difference.fixed),
    ] {
        for change in changes {
            // Writing to a string cannot fail.
            let _written = writeln!(
                out,
                "| {word} | {} | {} | {} | {} |",
                cell(&change.finding.found.advisory),
                cell(&change.finding.software.software.name),
                change.finding.level.as_str(),
                cell(&other(change, word == "brought")),
            );
        }
    }
    let _written = writeln!(
        out,
        "\n{} fixed, {} brought, {} remain.",
        difference.fixed.len(),
        difference.brought.len(),
        difference.remaining
    );
    out
}

/// As JSON.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    version: u32,
    fixed: Vec<Row<'a>>,
    brought: Vec<Row<'a>>,
    remaining: usize,
    packages: Vec<Package<'a>>,
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    advisory: &'a str,
    package: &'a str,
    version: &'a str,
    severity: Level,
    exploited: bool,
    other_versions: &'a [&'a str],
}

#[derive(Debug, Serialize)]
struct Package<'a> {
    package: &'a str,
    old: &'a [&'a str],
    new: &'a [&'a str],
}

impl<'a> Document<'a> {
    /// The document of a difference.
    #[must_use]
    pub fn of(difference: &'a Difference<'a>) -> Self {
        Self {
            version: VERSION,
            fixed: difference.fixed.iter().map(row).collect(),
            brought: difference.brought.iter().map(row).collect(),
            remaining: difference.remaining,
            packages: difference
                .moved
                .iter()
                .map(|moved| Package {
                    package: moved.package,
                    old: &moved.old,
                    new: &moved.new,
                })
                .collect(),
        }
    }
}

fn row<'a>(change: &'a Change<'a>) -> Row<'a> {
    let finding: &Finding<'a> = change.finding;
    Row {
        advisory: &finding.found.advisory,
        package: &finding.software.software.pname,
        version: &finding.software.software.version,
        severity: finding.level,
        exploited: finding.is_exploited(),
        other_versions: &change.other_versions,
    }
}

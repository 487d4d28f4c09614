//! Why the closure contains what is affected, drawn: the shortest ways from the roots, which together
//! are a tree. SVG without anything from outside.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::Report;
use super::finding::Level;
use super::html::escape;

/// Packages that are drawn; the most urgent ones.
const SHOWN: usize = 40;
/// Pixels from one row to the next, and from one column to the next.
const ROW: usize = 26;
const COLUMN: usize = 210;
/// Letters of a name that are shown.
const LETTERS: usize = 22;

#[derive(Default)]
struct Node {
    children: BTreeMap<String, Node>,
    level: Option<Level>,
    findings: usize,
}

/// Draws the ways to the affected packages. Empty where there are none.
///
/// # Errors
/// None of its own: writing to a string.
pub fn draw(report: &Report<'_>) -> Result<String, fmt::Error> {
    let mut root = Node::default();
    let mut shown: Vec<&str> = Vec::new();
    for finding in report.findings.iter().filter(|one| one.why.len() > 1) {
        let name = finding.software.software.name.as_str();
        if !shown.contains(&name) {
            if shown.len() == SHOWN {
                continue;
            }
            shown.push(name);
        }
        let mut at = &mut root;
        for path in finding.why.iter() {
            at = at.children.entry(path.clone()).or_default();
        }
        at.level = at.level.max(Some(finding.level));
        at.findings += 1;
    }
    if root.children.is_empty() {
        return Ok(String::new());
    }
    let mut lines = String::new();
    let mut boxes = String::new();
    let mut place = Place::default();
    for (path, node) in &root.children {
        lay(path, node, 0, &mut place, &mut lines, &mut boxes)?;
    }
    let (width, height) = (
        (place.deepest + 1) * COLUMN + 10,
        place.row.max(1) * ROW + 10,
    );
    Ok(format!(
        "<svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" \
         aria-label=\"Shortest ways from the system to affected packages\">{lines}{boxes}</svg>"
    ))
}

#[derive(Default)]
struct Place {
    row: usize,
    deepest: usize,
}

/// Lays a node out; returns its vertical middle. A node stands beside the middle of its children.
fn lay(
    path: &str,
    node: &Node,
    depth: usize,
    place: &mut Place,
    lines: &mut String,
    boxes: &mut String,
) -> Result<usize, fmt::Error> {
    place.deepest = place.deepest.max(depth);
    let mut middles = Vec::new();
    for (child, below) in &node.children {
        middles.push(lay(child, below, depth + 1, place, lines, boxes)?);
    }
    let middle = match (middles.first(), middles.last()) {
        (Some(first), Some(last)) => (first + last) / 2,
        _ => {
            place.row += 1;
            place.row * ROW - ROW / 2
        }
    };
    let left = depth * COLUMN + 5;
    let right = left + COLUMN - 40;
    for to in middles {
        let half = right + 20;
        writeln!(
            lines,
            "<path class=\"e\" d=\"M{right} {middle} C{half} {middle} {half} {to} {} {to}\"/>",
            left + COLUMN
        )?;
    }
    let name = path.get(33..).unwrap_or(path);
    let class = node.level.map_or("n", Level::as_str);
    let short: String = if name.chars().count() > LETTERS {
        let mut short: String = name.chars().take(LETTERS - 1).collect();
        short.push('…');
        short
    } else {
        name.to_owned()
    };
    let count = match node.findings {
        0 => String::new(),
        count => format!(": {count} findings"),
    };
    writeln!(
        boxes,
        "<g class=\"{class}\"><title>{}{count}</title><rect x=\"{left}\" y=\"{}\" width=\"{}\" \
         height=\"20\" rx=\"4\"/><text x=\"{}\" y=\"{}\">{}</text></g>",
        escape(path),
        middle - 10,
        COLUMN - 40,
        left + 6,
        middle + 4,
        escape(&short),
    )?;
    Ok(middle)
}

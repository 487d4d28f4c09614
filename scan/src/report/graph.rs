//! Why the closure contains what is affected, drawn: the shortest ways from the roots, which together
//! are a tree. Laid out here as plain values; `page/graph.html` makes SVG of them.

use std::collections::BTreeMap;

use super::Report;
use super::finding::Level;
use super::html::shown;

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

/// A tree of boxes, laid out. All numbers are pixels.
pub(super) struct Drawing {
    pub(super) width: usize,
    pub(super) height: usize,
    /// How broad a box is.
    pub(super) breadth: usize,
    pub(super) lines: Vec<Line>,
    pub(super) boxes: Vec<Box>,
}

/// From a box to one on its right.
pub(super) struct Line {
    pub(super) left: usize,
    pub(super) middle: usize,
    pub(super) right: usize,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// A store path.
pub(super) struct Box {
    /// The level of its worst finding; `n` for none.
    pub(super) class: &'static str,
    pub(super) path: String,
    pub(super) name: String,
    pub(super) findings: usize,
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) text_left: usize,
    pub(super) text_base: usize,
}

/// Draws the ways to the affected packages. None where there are no ways.
pub(super) fn draw(report: &Report<'_>) -> Option<Drawing> {
    let mut root = Node::default();
    let mut drawn: Vec<&str> = Vec::new();
    for finding in report.findings.iter().filter(|one| one.why.len() > 1) {
        let name = finding.software.software.name.as_str();
        if !drawn.contains(&name) {
            if drawn.len() == SHOWN {
                continue;
            }
            drawn.push(name);
        }
        let mut at = &mut root;
        for path in finding.why.iter() {
            at = at.children.entry(path.clone()).or_default();
        }
        at.level = at.level.max(Some(finding.level));
        at.findings += 1;
    }
    if root.children.is_empty() {
        return None;
    }
    let mut layout = Layout::default();
    for (path, node) in &root.children {
        layout.lay(path, node, 0);
    }
    Some(Drawing {
        width: (layout.deepest + 1) * COLUMN + 10,
        height: layout.row.max(1) * ROW + 10,
        breadth: COLUMN - 40,
        lines: layout.lines,
        boxes: layout.boxes,
    })
}

#[derive(Default)]
struct Layout {
    row: usize,
    deepest: usize,
    lines: Vec<Line>,
    boxes: Vec<Box>,
}

impl Layout {
    /// Lays a node out; returns its vertical middle. A node stands beside the middle of its children.
    fn lay(&mut self, path: &str, node: &Node, depth: usize) -> usize {
        self.deepest = self.deepest.max(depth);
        let mut middles = Vec::new();
        for (child, below) in &node.children {
            middles.push(self.lay(child, below, depth + 1));
        }
        let middle = match (middles.first(), middles.last()) {
            (Some(first), Some(last)) => (first + last) / 2,
            _ => {
                self.row += 1;
                self.row * ROW - ROW / 2
            }
        };
        let left = depth * COLUMN + 5;
        let right = left + COLUMN - 40;
        self.lines.extend(middles.into_iter().map(|to| Line {
            left: right,
            middle: right + 20,
            right: left + COLUMN,
            from: middle,
            to,
        }));
        let name = path.get(33..).unwrap_or(path);
        let mut short: String = name.chars().take(LETTERS).collect();
        if name.chars().count() > LETTERS {
            short.pop();
            short.push('…');
        }
        self.boxes.push(Box {
            class: node.level.map_or("n", Level::as_str),
            path: shown(path),
            name: shown(&short),
            findings: node.findings,
            left,
            top: middle - 10,
            text_left: left + 6,
            text_base: middle + 4,
        });
        middle
    }
}

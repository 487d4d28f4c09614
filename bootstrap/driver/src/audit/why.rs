//! Why an output is what it is: back through its inputs to the seed, each with its line in a step file.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::Report;
use crate::graph::{Graph, Name};

/// A tree of text: the step, what it saw, and so on down; what was told already is not told again.
///
/// # Errors
/// The name, when the report has no such step.
pub fn why(graph: &Graph, report: &Report, wanted: &Name) -> Result<String, Name> {
    let mut text = String::new();
    let mut told = BTreeSet::new();
    if !graph.steps.contains_key(wanted) {
        return Err(wanted.clone());
    }
    step(graph, report, wanted, 0, &mut told, &mut text);
    Ok(text)
}

fn step<'a>(
    graph: &'a Graph,
    report: &Report,
    name: &'a Name,
    depth: usize,
    told: &mut BTreeSet<&'a Name>,
    text: &mut String,
) {
    let indent = "  ".repeat(depth);
    let Some(step_of) = graph.steps.get(name) else {
        return;
    };
    let output = report.steps.iter().find(|step| step.name == *name);
    let hash = output.map_or_else(String::new, |output| output.output.to_string());
    if !told.insert(name) {
        let _fits = writeln!(text, "{indent}{name} (see above)");
        return;
    }
    let _fits = writeln!(text, "{indent}{name}  {hash}");
    let _fits = writeln!(text, "{indent}  {}: {}", step_of.place, step_of.description);
    for source in &step_of.sources {
        if let Some(source) = graph.sources.get(source) {
            let _fits = writeln!(
                text,
                "{indent}  source {} ({} bytes, {}), {}: {}",
                source.name, source.size, source.trust, source.place, source.sha256
            );
        }
    }
    for path in step_of.files.values() {
        let lines = std::fs::read(path)
            .unwrap_or_default()
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        let _fits = writeln!(text, "{indent}  file {} ({lines} lines)", path.display());
    }
    for input in &step_of.inputs {
        step(graph, report, input, depth + 1, told, text);
    }
}

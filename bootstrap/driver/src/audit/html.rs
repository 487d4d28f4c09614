//! The report as one HTML page that needs nothing else, with the graph drawn.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::drawing::{HEIGHT, WIDTH, draw};
use super::{Believed, Report, StepReport};
use crate::graph::Name;

const STYLE: &str = "
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #1c2430; background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .25rem .7rem .25rem 0; vertical-align: top; border-bottom: 1px solid #e3e7ee; }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; } code { font-size: .85em; color: #51607a; }
.graph svg { display: block; margin: auto; } .graph { overflow-x: auto; border: 1px solid #e3e7ee; border-radius: 6px; padding: .5rem; } svg text { font: 12px system-ui, sans-serif; }
details { margin: .3rem 0 .8rem; } summary { cursor: pointer; } p.lead { max-width: 46rem; }
@media (prefers-color-scheme: dark) { body { color: #dde3ec; background: #14181f; } td, th, .graph { border-color: #313a48; } code { color: #9fb0cc; } }
";

/// The page.
pub fn page(report: &Report) -> String {
    let mut html =
        String::from("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    html.push_str("<meta name=\"viewport\" content=\"width=device-width\"><title>What this chain trusts</title>");
    let _fits = write!(
        html,
        "<style>{STYLE}</style></head><body><h1>What this chain trusts</h1>"
    );
    let faith: u64 = report.binaries.iter().map(|binary| binary.size).sum();
    let made: usize = report.sources.iter().map(|s| s.pregenerated.len()).sum();
    let _fits = write!(
        html,
        "<p class=\"lead\">{} outputs for {}. To believe them is to believe {} binaries ({} bytes), {} system calls of the \
         kernel, {} texts of the project and {} sources, in which {made} files were made by programs.</p>",
        report.steps.len(),
        report.architecture,
        report.binaries.len(),
        grouped(faith),
        report.kernel.calls.len(),
        report.texts.len(),
        report.sources.len(),
    );
    html.push_str("<h2>The graph</h2><div class=\"graph\">");
    graph(&mut html, &report.steps);
    html.push_str("</div>");
    if report.steps.iter().any(|step| step.stands_in) {
        html.push_str("<p>Outlined in amber: rests on a foreign binary that stands in for something the chain can't build yet.</p>");
    }
    html.push_str("<h2>Binaries taken on faith</h2>");
    table(&mut html, &report.binaries);
    html.push_str("<h2>Sources</h2>");
    for source in &report.sources {
        let bytes: u64 = source.pregenerated.iter().map(|file| file.size).sum();
        let _fits = write!(
            html,
            "<details><summary><b>{}</b>, {} bytes, {} files, of which programs made {} ({} bytes)</summary><p>{} <code>{}</code> {}</p><table>",
            escape(&source.source.name),
            grouped(source.source.size),
            grouped(source.files),
            source.pregenerated.len(),
            grouped(bytes),
            escape(&source.source.reason),
            source.source.sha256,
            escape(&source.origin),
        );
        for file in &source.pregenerated {
            let _fits = write!(
                html,
                "<tr><td class=\"n\">{}</td><td><code>{}</code></td><td>{}</td></tr>",
                grouped(file.size),
                escape(&file.path),
                escape(&file.reason)
            );
        }
        html.push_str("</table></details>");
    }
    html.push_str("<h2>Texts of the project</h2>");
    table(&mut html, &report.texts);
    let _fits = write!(
        html,
        "<h2>The kernel</h2><p>It {}.</p><details><summary>{} system calls</summary><table>",
        report.kernel.reason,
        report.kernel.calls.len()
    );
    for call in &report.kernel.calls {
        let _fits = write!(
            html,
            "<tr><td><code>{}</code></td><td>{}</td></tr>",
            call.name,
            escape(call.reason)
        );
    }
    html.push_str("</table></details><h2>Steps</h2><table>");
    for step in &report.steps {
        let _fits = write!(
            html,
            "<tr id=\"step-{0}\"><td><b>{0}</b></td><td>{1}<br><code>{2}</code> <code>{3}</code></td><td class=\"n\">{4}</td></tr>",
            escape(step.name.as_str()),
            escape(&step.description),
            step.output,
            escape(&step.place),
            grouped(step.size),
        );
    }
    html.push_str("</table></body></html>\n");
    html
}

fn table(html: &mut String, rows: &[Believed]) {
    html.push_str("<table>");
    for row in rows {
        let _fits = write!(
            html,
            "<tr><td class=\"n\">{}</td><td><b>{}</b></td><td>{}<br><code>{}</code></td></tr>",
            grouped(row.size),
            escape(&row.name),
            escape(&row.reason),
            row.sha256
        );
    }
    html.push_str("</table>");
}

/// The steps, each below its inputs; their lines are drawn first.
fn graph(html: &mut String, steps: &[StepReport]) {
    let numbers: BTreeMap<&Name, usize> = (0..)
        .zip(steps)
        .map(|(number, step)| (&step.name, number))
        .collect();
    let inputs: Vec<Vec<usize>> = steps
        .iter()
        .map(|step| {
            let inputs = step.inputs.iter();
            inputs
                .filter_map(|input| numbers.get(input).copied())
                .collect()
        })
        .collect();
    let drawing = draw(&inputs);
    let _fits = write!(
        html,
        "<svg width=\"{}\" height=\"{}\" role=\"img\" aria-label=\"steps and their inputs\"><path fill=\"none\" stroke=\"#8a9bb8\" d=\"",
        drawing.width, drawing.height
    );
    for (x, from, to) in &drawing.lanes {
        let _fits = write!(html, "M{x} {from}V{to}");
    }
    for ((x1, y1), (x2, y2)) in &drawing.links {
        let bend = y1.midpoint(*y2);
        let _fits = write!(html, "M{x1} {y1}C{x1} {bend} {x2} {bend} {x2} {y2}");
    }
    html.push_str("\"/>");
    for (step, (x, y)) in steps.iter().zip(drawing.boxes) {
        let stroke = if step.stands_in { "#c98500" } else { "#3867a6" };
        let name = step.name.as_str();
        let shown = match name.char_indices().nth(21) {
            Some((end, _)) => format!("{}…", &name[..end]),
            None => name.to_owned(),
        };
        let _fits = write!(
            html,
            "<a href=\"#step-{0}\"><title>{0}: {1}</title><rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"5\" \
             fill=\"#eef3fb\" stroke=\"{stroke}\" stroke-width=\"1.5\"/><text x=\"{2}\" y=\"{3}\" text-anchor=\"middle\" fill=\"#1c2430\">{4}</text></a>",
            escape(name),
            escape(&step.description),
            x + WIDTH / 2,
            y + HEIGHT / 2 + 4,
            escape(&shown),
        );
    }
    html.push_str("</svg>");
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

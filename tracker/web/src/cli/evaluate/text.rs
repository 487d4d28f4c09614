//! An evaluation as a person reads it.

use std::collections::BTreeMap;
use std::fmt::Write;

use snowguard_matching::fan_out::FanOutFigures;
use snowguard_matching::score::Figures;

use super::Report;
use crate::cli::output::{Table, inert, thousands};

pub(super) fn sentences(report: &Report) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(
        text,
        "{} packages and {} advisories count; channel {}; without: {}",
        thousands(report.world as u64),
        thousands(report.advisories as u64),
        inert(&report.channel),
        if report.without.is_empty() {
            "nothing".to_owned()
        } else {
            report.without.join(", ")
        },
    )?;
    let mut table = Table::default();
    table.row([
        "candidates",
        "precision",
        "recall",
        "F1",
        "predicted",
        "true",
        "truth",
    ]);
    let mut add = |name: &str, figures: &Figures| {
        let Figures {
            precision,
            recall,
            f1,
            predicted,
            true_positives,
            found: _,
            truth,
        } = figures;
        table.row([
            name.to_owned(),
            format!("{precision:.3}"),
            format!("{recall:.3}"),
            format!("{f1:.3}"),
            thousands(*predicted as u64),
            thousands(*true_positives as u64),
            thousands(*truth as u64),
        ]);
    };
    add("shown by default", &report.matcher.candidates);
    for (tier, figures) in &report.matcher.tiers {
        add(&format!("  tier {tier}"), figures);
    }
    add("  variants by themselves", &report.matcher.ungrouped);
    for (part, figures) in report.parts.iter().enumerate() {
        add(
            &format!("  part {} of {}", part + 1, report.parts.len()),
            figures,
        );
    }
    add("the kernel by itself", &report.kernel.candidates);
    for (name, score) in &report.baselines {
        add(&format!("baseline {name}"), &score.candidates);
    }
    write!(text, "{table}")?;
    fan_out(&mut text, &report.fan_out)?;
    let verdicts = &report.matcher.verdicts;
    writeln!(
        text,
        "\nverdicts: {} of {} right ({:.3})",
        verdicts.right, verdicts.judged, verdicts.accuracy
    )?;
    for (name, score) in &report.baselines {
        writeln!(text, "  baseline {name}: {:.3}", score.verdicts.accuracy)?;
    }
    for (pair, count) in &verdicts.confusion {
        writeln!(text, "  {pair}: {count}")?;
    }
    let kernel = &report.kernel.verdicts;
    if kernel.judged > 0 {
        writeln!(
            text,
            "  the kernel by itself: {} of {} right ({:.3})",
            kernel.right, kernel.judged, kernel.accuracy
        )?;
    }
    for (attr, verdicts) in &report.kernels {
        let counts: Vec<String> = verdicts
            .iter()
            .map(|(verdict, count)| format!("{verdict} {}", thousands(*count as u64)))
            .collect();
        writeln!(text, "  {}: {}", inert(attr), counts.join(", "))?;
    }
    for (title, examples) in [
        ("missed", &report.matcher.misses),
        ("false alarms", &report.matcher.false_alarms),
    ] {
        writeln!(text, "\n{title}, worst first:")?;
        for example in examples.iter().take(15) {
            let ids = example.advisories.join(" ");
            writeln!(
                text,
                "  {:>4} {}  {}",
                example.count,
                inert(&example.package),
                inert(&ids)
            )?;
        }
    }
    Ok(text)
}

/// How many names a person is shown for an advisory.
fn fan_out(text: &mut String, all: &BTreeMap<&'static str, FanOutFigures>) -> std::fmt::Result {
    writeln!(text)?;
    let mut table = Table::default();
    table.row([
        "names for an advisory",
        "mean",
        "95 %",
        "most",
        "over 100",
        "advisories with any",
    ]);
    for (name, figures) in all {
        table.row([
            (*name).to_owned(),
            format!("{:.1}", figures.mean),
            thousands(figures.p95 as u64),
            thousands(figures.most as u64),
            format!("{:.1} %", figures.over_hundred * 100.0),
            format!(
                "{} of {}",
                thousands(figures.with_names as u64),
                thousands(figures.advisories as u64)
            ),
        ]);
    }
    write!(text, "{table}")
}

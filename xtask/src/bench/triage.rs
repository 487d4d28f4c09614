//! The queue with 300,000 suggestions, decisions, and reading under load.

use anyhow::{Context, Result};
use serde_json::Value;

use super::figures::Quantity;
use super::{Bench, cargo_bench, json_line, measure};
use crate::tracker::Tracker;
use crate::workspace::Workspace;

impl Bench {
    /// The web crate's own benchmark of the queue, on both databases. PostgreSQL is left out where it is not installed.
    pub(super) fn triage(&mut self, workspace: &Workspace) -> Result<()> {
        for on in [None, Some("--postgres")] {
            let mut command = cargo_bench(workspace, "snowguard-tracker", "queue");
            command.args(on);
            let printed = match measure::run(&mut command) {
                Ok(measured) => measured.stdout,
                Err(failed) if on.is_some() => {
                    eprintln!("left out on PostgreSQL: {failed:#}");
                    continue;
                }
                Err(failed) => return Err(failed),
            };
            let lines = printed
                .lines()
                .filter_map(|line| serde_json::from_str::<Value>(line).ok());
            for line in lines {
                let number = |name: &str| {
                    line[name]
                        .as_f64()
                        .with_context(|| format!("no {name} in {line}"))
                };
                let what = format!("{}, p99", line["what"].as_str().unwrap_or_default());
                let on = format!("300,000 suggestions, {} requests", line["requests"]);
                self.figure(
                    &what,
                    Quantity::Seconds(number("p99_ms")? / 1e3),
                    Some(Quantity::Seconds(number("limit_ms")? / 1e3)),
                    &on,
                );
            }
        }
        Ok(())
    }

    /// Many readers at once.
    pub(super) fn readers(&mut self, workspace: &Workspace, tracker: &Tracker) -> Result<()> {
        let mut command = cargo_bench(workspace, "snowguard-tracker", "pages");
        command.args([
            "--db",
            tracker.database(),
            "--rate",
            "500",
            "--seconds",
            "20",
        ]);
        let told = json_line(&measure::run(&mut command)?.stdout)?;
        let p99 = told["p99_ms"].as_f64().context("no p99_ms in the result")? / 1e3;
        let on = format!(
            "{} requests at 500/s over {} pages",
            told["requests"], told["pages"]
        );
        self.figure(
            "page under load, p99",
            Quantity::Seconds(p99),
            Some(Quantity::Seconds(0.05)),
            &on,
        );
        Ok(())
    }
}

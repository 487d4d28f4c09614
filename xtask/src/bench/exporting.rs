//! Writing all published issues in the formats of others.

use anyhow::{Context, Result};

use super::figures::Quantity;
use super::{Bench, cargo_bench, divan, measure};
use crate::workspace::Workspace;

impl Bench {
    /// The export crate's own benchmark.
    pub(super) fn exports(&mut self, workspace: &Workspace) -> Result<()> {
        let mut command = cargo_bench(workspace, "snowguard-tracker-export", "export");
        let medians = divan::medians(&measure::run(&mut command)?.stdout);
        let on = "20,000 issues × 5 packages × 3 channels, from memory, median of 5";
        for (what, name, reach) in [
            ("whole OSV export", "osv_lines", Some(10.0)),
            ("— making its input alone", "input", None),
            ("— hashed and signed as well", "osv_lines_signed", None),
        ] {
            let seconds = medians.get(name).with_context(|| format!("no {name}"))?;
            let reach = reach.map(Quantity::Seconds);
            self.figure(what, Quantity::Seconds(*seconds), reach, on);
        }
        Ok(())
    }
}

//! Installing generations on a boot partition.

use anyhow::{Context, Result};

use super::figures::Quantity;
use super::{Bench, cargo_bench, measure};
use crate::workspace::Workspace;

impl Bench {
    /// The installer's own benchmark: 50 generations.
    pub(super) fn installation(&mut self, workspace: &Workspace) -> Result<()> {
        let mut command = cargo_bench(workspace, "snowguard-boot-installer", "install");
        let printed = measure::run(&mut command)?.stdout;
        let on = "300 MiB of kernels and initrds, a folder";
        for (what, name, reach) in [
            (
                "install 40 generations, the first time",
                "install_40_first",
                None,
            ),
            (
                "install 50 generations, 10 of them new",
                "install_50_of_which_10_new",
                Some(2.0),
            ),
            (
                "install 50 generations, unchanged",
                "install_50_unchanged",
                Some(0.2),
            ),
        ] {
            let seconds = seconds(&printed, name).with_context(|| format!("no {name}"))?;
            self.figure(
                what,
                Quantity::Seconds(seconds),
                reach.map(Quantity::Seconds),
                on,
            );
        }
        Ok(())
    }
}

/// From a line such as `install_50_unchanged 0.1234 s, …`.
fn seconds(printed: &str, name: &str) -> Option<f64> {
    let line = printed
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    line.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_by_its_name() {
        let printed = "running\ninstall_5 1.5 s, 3 files\ninstall_50 0.25 s, 0 files\n";
        assert_eq!(seconds(printed, "install_50"), Some(0.25));
        assert_eq!(seconds(printed, "install"), None);
    }
}

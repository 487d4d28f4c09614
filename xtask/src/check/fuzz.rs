//! A short run of every fuzz target, so that none rots; finding bugs takes longer runs by hand.

use std::path::Path;

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;

/// Seconds for each target.
const SECONDS: u32 = 10;

/// Builds the targets in `fuzz/` and runs each for a moment, on its seeds and inputs of its own making.
pub fn run(root: &Path) -> Result<()> {
    let folder = root.join("fuzz");
    let metadata = MetadataCommand::new()
        .manifest_path(folder.join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("cargo metadata of the fuzz targets failed")?;
    let targets = metadata
        .packages
        .iter()
        .flat_map(|package| &package.targets);
    for target in targets.filter(|target| target.is_bin()) {
        println!("fuzz: {}", target.name);
        let limit = format!("-max_total_time={SECONDS}");
        let findings = folder.join("artifacts").join(&target.name);
        std::fs::create_dir_all(&findings)
            .with_context(|| format!("cannot make {}", findings.display()))?;
        // New inputs go to the first folder; seeds are only read.
        let corpus = folder.join("corpus").join(&target.name);
        std::fs::create_dir_all(&corpus)
            .with_context(|| format!("cannot make {}", corpus.display()))?;
        let seeds = folder.join("seeds").join(&target.name);
        let prefix = format!("-artifact_prefix={}/", findings.display());
        // From its folder, because the flags for coverage stand in a configuration there.
        let run = crate::workspace::cargo()
            .args(["run", "--release", "--quiet", "--bin", &target.name, "--"])
            .args([
                &limit,
                &prefix,
                "-verbosity=0",
                "-timeout=10",
                "-rss_limit_mb=1024",
            ])
            .arg(&corpus)
            .args(seeds.is_dir().then_some(&seeds))
            .current_dir(&folder)
            .env_remove("RUSTFLAGS")
            .status()
            .context("cannot start cargo")?;
        if !run.success() {
            bail!("fuzz target {} failed ({run})", target.name);
        }
    }
    Ok(())
}

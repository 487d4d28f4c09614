//! Where the workspace stands, and what cargo says of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::{CargoOpt, Metadata, MetadataCommand};

/// Cargo, without what `cargo xtask` says of this package: build scripts ask for some of it and would run again, and
/// what depends on them be compiled again, whenever cargo is called the other way.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let said = ["CARGO_MANIFEST_", "CARGO_PKG_"];
        if said
            .iter()
            .any(|start| name.as_encoded_bytes().starts_with(start.as_bytes()))
        {
            command.env_remove(&name);
        }
    }
    command
}

/// The workspace this program was built from, or stands in.
#[derive(Debug)]
pub struct Workspace {
    metadata: Metadata,
}

impl Workspace {
    /// Asks cargo, for the manifest cargo itself names (as under `cargo xtask`), else for the
    /// nearest one above the current folder.
    pub fn find() -> Result<Self> {
        let mut command = MetadataCommand::new();
        if let Some(folder) = std::env::var_os("CARGO_MANIFEST_DIR") {
            command.manifest_path(PathBuf::from(folder).join("Cargo.toml"));
        }
        Self::ask(command.features(CargoOpt::AllFeatures))
    }

    /// Asks cargo for the workspace with its root at `root`.
    #[cfg(test)]
    pub fn at(root: &Path) -> Result<Self> {
        let mut command = MetadataCommand::new();
        command
            .manifest_path(root.join("Cargo.toml"))
            .other_options(vec!["--offline".to_owned()]);
        Self::ask(&command)
    }

    fn ask(command: &MetadataCommand) -> Result<Self> {
        let metadata = command.exec().context("cargo metadata failed")?;
        Ok(Self { metadata })
    }

    /// Cargo's own account.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The folder of the workspace's `Cargo.toml`.
    pub fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// Where cargo puts what it builds.
    pub fn target(&self) -> &Path {
        self.metadata.target_directory.as_std_path()
    }

    /// The small sample of real data that is part of the project.
    pub fn sample(&self) -> PathBuf {
        self.root().join("fixtures")
    }

    /// The full collection of real data that may lie beside the checkout; not part of the project.
    pub fn collection(&self) -> Option<PathBuf> {
        let folder = self.root().parent()?.join("shared/data");
        folder.join("MANIFEST.md").is_file().then_some(folder)
    }
}

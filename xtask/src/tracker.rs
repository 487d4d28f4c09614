//! The tracker's program as the tasks run it: built for release, with one database.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

/// A channel's packages, and what the channel is called.
#[derive(Debug, Clone, Copy)]
pub struct Channel {
    /// File name in the sample and in the collection.
    pub file: &'static str,
    /// Name.
    pub name: &'static str,
    /// When it was evaluated.
    pub date: &'static str,
    /// Only in the collection.
    pub full_only: bool,
}

/// Advisories, what is said about them, and names, in the order to load.
pub const FEEDS: [&str; 9] = [
    "cve5-records.jsonl.zst",
    "nvd-overrides-anchore.jsonl.zst",
    "osv-and-advisories.jsonl.zst",
    "kev-cisa-2025-08-25.jsonl.zst",
    "purl2cpe.jsonl.zst",
    "repology-rules.jsonl.zst",
    "cve-bin-tool-checkers.jsonl.zst",
    "nixpkgs-2026-maintainers.json.zst",
    "nixpkgs-2026-teams.json.zst",
];

/// The channels, the one in use first.
pub const CHANNELS: [Channel; 4] = [
    Channel {
        file: "nixpkgs-26.11pre-2026-07-14-packages.jsonl.zst",
        name: "nixpkgs-26.11pre",
        date: "2026-07-14",
        full_only: false,
    },
    Channel {
        file: "nixpkgs-20.09pre-2020-07-packages.jsonl.zst",
        name: "nixpkgs-20.09pre",
        date: "2020-07-22",
        full_only: false,
    },
    Channel {
        file: "nixpkgs-19.09pre-2019-05-packages.jsonl.zst",
        name: "nixpkgs-19.09pre",
        date: "2019-05-01",
        full_only: true,
    },
    Channel {
        file: "nixpkgs-18.03-2018-05-packages.jsonl.zst",
        name: "nixpkgs-18.03",
        date: "2018-05-30",
        full_only: true,
    },
];

/// The program and its database.
#[derive(Debug, Clone)]
pub struct Tracker {
    program: PathBuf,
    database: String,
}

impl Tracker {
    /// Builds the tracker and the front door for release; quick when nothing changed.
    pub fn build(workspace: &Workspace, database: String) -> Result<Self> {
        let status = crate::workspace::cargo()
            .args([
                "build",
                "--release",
                "--locked",
                "-p",
                "snowguard-tracker",
                "-p",
                "snowguard",
            ])
            .current_dir(workspace.root())
            .status()
            .context("cannot start cargo")?;
        if !status.success() {
            bail!("building the tracker failed ({status})");
        }
        let program = workspace.target().join("release/snowguard-tracker");
        Ok(Self { program, database })
    }

    /// The same program with another database.
    pub fn with(&self, database: String) -> Self {
        Self {
            database,
            ..self.clone()
        }
    }

    /// The front door that stands beside the program.
    pub fn front_door(&self) -> PathBuf {
        self.program.with_file_name("snowguard")
    }

    /// The database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// A command of it.
    pub fn command(&self, word: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args([word, "--db", &self.database]);
        command
    }

    /// Loads feeds; matching is left for later.
    pub fn ingest(&self, files: &[PathBuf]) -> Command {
        let mut command = self.command("ingest");
        command.arg("--no-match").args(files);
        command
    }

    /// Loads a channel; matching is left for later.
    pub fn ingest_channel(&self, channel: &Channel, file: &Path) -> Command {
        let mut command = self.command("ingest");
        command
            .args([
                "--no-match",
                "--channel",
                channel.name,
                "--date",
                channel.date,
            ])
            .arg(file);
        command
    }

    /// Matches what changed.
    pub fn rematch(&self) -> Command {
        self.command("rematch")
    }

    /// Copies the database.
    pub fn backup(&self, to: &Path) -> Command {
        let mut command = self.command("backup");
        command.arg(to);
        command
    }

    /// Serves on loopback.
    pub fn serve(&self, port: u16) -> Command {
        let mut command = self.command("serve");
        command.args(["--listen", &format!("127.0.0.1:{port}")]);
        command
    }
}

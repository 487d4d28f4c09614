//! What several commands are given alike: the settings, and the public address.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use snowguard_tracker_web::{PublicAddress, Settings};

/// The settings file.
#[derive(Debug, Args)]
pub struct SettingsFile {
    /// Settings (TOML): signing in with GitHub, mail, who publishes the open data and with which key, limits
    #[arg(long, env = "SNOWGUARD_TRACKER_SETTINGS", value_name = "FILE")]
    settings: Option<PathBuf>,
}

/// The settings file, and an address that goes before the one in it.
#[derive(Debug, Args)]
pub struct Surroundings {
    #[command(flatten)]
    file: SettingsFile,
    /// Address under which readers reach the tracker, such as `https://tracker.example.org`; needed behind a proxy for
    /// signing in, and named by documents
    #[arg(long, value_name = "URL", value_parser = PublicAddress::parse)]
    public: Option<PublicAddress>,
}

impl SettingsFile {
    /// Reads them; without a file they are empty.
    ///
    /// # Errors
    /// As [`Settings::read`].
    pub fn read(&self) -> Result<Settings> {
        self.settings
            .as_deref()
            .map_or(Ok(Settings::default()), Settings::read)
    }
}

impl Surroundings {
    /// Reads the settings, and says which address counts.
    ///
    /// # Errors
    /// As [`Settings::read`] and [`Settings::public`].
    pub fn read(&self) -> Result<(Settings, PublicAddress)> {
        let settings = self.file.read()?;
        let public = self.public.clone().map_or_else(|| settings.public(), Ok)?;
        Ok((settings, public))
    }
}

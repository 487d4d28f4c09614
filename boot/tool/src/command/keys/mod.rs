//! `keys`: the keys of Secure Boot, from their making to their end.

mod change;
mod create;
mod enroll;
mod export;
mod folder;
mod lists;
mod microsoft;
mod preflight;
mod rotate;
mod status;

use anyhow::Result;
use clap::Subcommand;

use crate::outcome::Outcome;
use crate::output::Output;

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make PK, KEK and db with self-signed certificates, in sbctl's layout
    Create(create::Options),
    /// Write the certificates into the firmware, which then boots only what they signed
    Enroll(enroll::Options),
    /// Make new keys, and let the old ones hand over to them
    Rotate(rotate::Options),
    /// Write certificates and signed lists as files, for enrolling elsewhere
    Export(export::Options),
    /// Show what the firmware holds, and whether these keys are in it
    Status(status::Options),
    /// Take the platform key away: back to setup mode
    Reset(rotate::ResetOptions),
}

impl Command {
    /// Does it.
    pub fn run(&self, output: &Output) -> Result<Outcome> {
        match self {
            Self::Create(options) => create::run(options, output),
            Self::Enroll(options) => enroll::run(options, output),
            Self::Rotate(options) => rotate::run(options, output),
            Self::Export(options) => export::run(options, output),
            Self::Status(options) => status::run(options, output),
            Self::Reset(options) => rotate::reset(options, output),
        }
    }
}

//! The subcommands, one file each: its options, and what it does with them.

mod bless;
mod events;
mod inspect;
mod install;
mod keys;
mod measure;
mod policy;
mod sign;
mod signer;
mod status;
mod uki;
mod verify;

use anyhow::Result;
use clap::Subcommand;

use crate::outcome::Outcome;
use crate::output::Output;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make, enrol, rotate and show the keys of Secure Boot
    #[command(subcommand)]
    Keys(keys::Command),
    /// Sign an image
    Sign(Box<sign::SignOptions>),
    /// Write what has to be signed for an image, for a key that is elsewhere
    Prepare(sign::PrepareOptions),
    /// Put a signature over what was prepared into the image
    Attach(sign::AttachOptions),
    /// Take signatures out of an image
    RemoveSignature(sign::RemoveOptions),
    /// Serve a key to other machines
    #[command(subcommand)]
    Signer(signer::Command),
    /// Tell what a firmware with these lists would do with an image, and why
    Verify(verify::Options),
    /// Build a unified kernel image, or an addon
    Uki(Box<uki::Options>),
    /// Predict PCR 4 and 11
    Measure(measure::Options),
    /// Sign policies over PCR 11, so that what is sealed to the key opens for this image
    Policy(Box<policy::Options>),
    /// Bring the boot partition to what a NixOS profile says
    Install(Box<install::Options>),
    /// Show what the boot partition holds, who signed it, what will boot
    Status(status::Options),
    /// Tell the boot loader that this boot went well
    Bless(bless::Options),
    /// Show the event log and what it says the registers hold
    Events(events::Options),
    /// Show what an image is made of: headers, sections, signatures
    Inspect(inspect::Options),
}

impl Command {
    /// Does it.
    pub fn run(&self, output: &Output) -> Result<Outcome> {
        match self {
            Self::Keys(command) => command.run(output),
            Self::Sign(options) => sign::sign(options, output),
            Self::Prepare(options) => sign::prepare(options, output),
            Self::Attach(options) => sign::attach(options, output),
            Self::RemoveSignature(options) => sign::remove(options, output),
            Self::Signer(command) => command.run(output),
            Self::Verify(options) => verify::run(options, output),
            Self::Uki(options) => uki::run(options, output),
            Self::Measure(options) => measure::run(options, output),
            Self::Policy(options) => policy::run(options, output),
            Self::Install(options) => install::run(options, output),
            Self::Status(options) => status::run(options, output),
            Self::Bless(options) => bless::run(options, output),
            Self::Events(options) => events::run(options, output),
            Self::Inspect(options) => inspect::run(options, output),
        }
    }
}

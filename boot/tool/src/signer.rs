//! Which signer the command line names.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::signer::Signer;
use snowguard_boot_format::time::Time;

use crate::outcome::Failure;

/// Where the key is: a file, a token, or another machine.
#[derive(Debug, Clone, Args)]
pub struct SignerOptions {
    /// Private key in PEM; must be its owner's alone
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// The key's certificate, and after it those to be put beside it (PEM, or one in DER)
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Sign with a certificate whose time is over
    #[arg(long)]
    allow_expired: bool,
}

/// The digest algorithms that are signed with.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub enum DigestChoice {
    /// What every firmware takes
    #[default]
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
}

impl From<DigestChoice> for DigestAlgorithm {
    fn from(choice: DigestChoice) -> Self {
        match choice {
            DigestChoice::Sha256 => Self::Sha256,
            DigestChoice::Sha384 => Self::Sha384,
            DigestChoice::Sha512 => Self::Sha512,
        }
    }
}

impl SignerOptions {
    /// Whether any signer is named.
    pub fn is_given(&self) -> bool {
        self.key.is_some()
    }

    /// Opens it. A certificate whose time is over is refused unless that is allowed.
    ///
    /// # Errors
    /// When none is named ([`Failure::Usage`]), or it cannot be used.
    pub fn open(&self, now: Time) -> Result<Box<dyn Signer>> {
        let signer = self.open_any()?;
        let certificate = signer.certificate();
        if !certificate.is_current(now) {
            let what = format!(
                "the certificate of {} is valid from {} to {}",
                certificate.subject(),
                certificate.not_before(),
                certificate.not_after()
            );
            if !self.allow_expired {
                bail!("{what}; --allow-expired signs with it all the same");
            }
            tracing::warn!("{what}; firmware doesn't look at that, other verifiers do");
        }
        Ok(signer)
    }

    fn open_any(&self) -> Result<Box<dyn Signer>> {
        if let (Some(key), Some(certificate)) = (&self.key, &self.certificate) {
            return Ok(Box::new(snowguard_boot_signer::open_pem(key, certificate)?));
        }
        Err(anyhow::anyhow!("name a signer: --key with --certificate").context(Failure::Usage))
    }
}

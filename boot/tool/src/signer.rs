//! Which signer the command line names.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::signer::Signer;
use snowguard_boot_format::time::Time;
use snowguard_boot_signer::remote::{RemoteOptions, open_remote};
use snowguard_boot_signer::{Secret, TokenOptions, open_pem, open_token};

use crate::outcome::Failure;

/// Where the key is: a file, a token, or another machine.
#[derive(Debug, Clone, Args)]
pub struct SignerOptions {
    /// Private key in PEM; must be its owner's alone
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseOptions,
    /// The key's certificate, and after it those to be put beside it (PEM, or one in DER)
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Library of a PKCS #11 token, e.g. /usr/lib/softhsm/libsofthsm2.so
    #[arg(
        long,
        value_name = "LIBRARY",
        requires = "certificate",
        conflicts_with = "key"
    )]
    token_module: Option<PathBuf>,
    /// Label of the token; not needed when there is one only
    #[arg(long, value_name = "LABEL", requires = "token_module")]
    token: Option<String>,
    /// Label of the key on the token
    #[arg(long, value_name = "LABEL", requires = "token_module")]
    token_key: Option<String>,
    /// File with the token's PIN; else SNOWGUARD_TOKEN_PIN, else it is asked for
    #[arg(long, value_name = "FILE", requires = "token_module")]
    pin_file: Option<PathBuf>,
    /// Address of a remote signer: https://HOST:PORT
    #[arg(long, value_name = "URL", conflicts_with_all = ["key", "token_module"],
          requires_all = ["client_certificate", "client_key", "server_authority"])]
    remote: Option<String>,
    /// Name of the key at the remote signer
    #[arg(long, value_name = "NAME", default_value = "db")]
    remote_key: String,
    /// Certificate that this machine shows to the remote signer (PEM)
    #[arg(long, value_name = "FILE")]
    client_certificate: Option<PathBuf>,
    /// Its private key (PEM)
    #[arg(long, value_name = "FILE")]
    client_key: Option<PathBuf>,
    /// Certificate that vouches for the remote signer (PEM)
    #[arg(long, value_name = "FILE")]
    server_authority: Option<PathBuf>,
    /// Sign with a certificate whose time is over
    #[arg(long)]
    allow_expired: bool,
}

/// Where the passphrase of an encrypted key comes from.
#[derive(Debug, Clone, Args)]
pub struct PassphraseOptions {
    /// File with the passphrase of an encrypted key (/dev/fd/N for a descriptor); else it is asked for
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl PassphraseOptions {
    /// The file, or the terminal.
    pub fn secret(&self) -> Secret {
        self.passphrase_file
            .clone()
            .map_or(Secret::Ask, Secret::File)
    }
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
        self.key.is_some() || self.token_module.is_some() || self.remote.is_some()
    }

    /// Opens it. A certificate whose time is over is refused unless that is allowed.
    ///
    /// # Errors
    /// When none is named ([`Failure::Usage`]), or it cannot be used.
    pub fn open(&self, now: Time) -> Result<Box<dyn Signer + Send>> {
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

    /// The same options for a key in a file.
    pub fn in_file(
        &self,
        key: PathBuf,
        certificate: Option<PathBuf>,
        passphrase_file: Option<PathBuf>,
    ) -> Self {
        Self {
            key: Some(key),
            certificate,
            passphrase: PassphraseOptions { passphrase_file },
            ..self.clone()
        }
    }

    /// The same options for another key on the same token.
    ///
    /// # Errors
    /// With [`Failure::Usage`] when no token is named.
    pub fn on_token(&self, label: String, certificate: Option<PathBuf>) -> Result<Self> {
        if self.token_module.is_none() {
            return Err(not_beside(
                "--policy-token-key is on the token of --token-module",
            ));
        }
        Ok(Self {
            token_key: Some(label),
            certificate,
            ..self.clone()
        })
    }

    /// The same options for another key at the same remote signer.
    ///
    /// # Errors
    /// With [`Failure::Usage`] when no remote signer is named.
    pub fn at_remote(&self, name: String) -> Result<Self> {
        if self.remote.is_none() {
            return Err(not_beside(
                "--policy-remote-key is at the signer of --remote",
            ));
        }
        Ok(Self {
            remote_key: name,
            ..self.clone()
        })
    }

    fn open_any(&self) -> Result<Box<dyn Signer + Send>> {
        if let (Some(key), Some(certificate)) = (&self.key, &self.certificate) {
            return Ok(Box::new(open_pem(
                key,
                certificate,
                &self.passphrase.secret(),
            )?));
        }
        if let (Some(module), Some(certificate)) = (&self.token_module, &self.certificate) {
            let pin = match &self.pin_file {
                Some(file) => Secret::File(file.clone()),
                None => match std::env::var("SNOWGUARD_TOKEN_PIN") {
                    Ok(pin) => Secret::Given(pin.into()),
                    Err(_) => Secret::Ask,
                },
            };
            return Ok(Box::new(open_token(&TokenOptions {
                module: module.clone(),
                token: self.token.clone(),
                key: self.token_key.clone(),
                certificates: certificate.clone(),
                pin,
            })?));
        }
        if let Some(url) = &self.remote {
            let missing = "--remote needs --client-certificate, --client-key, --server-authority";
            return Ok(Box::new(open_remote(&RemoteOptions {
                url: url.clone(),
                key: self.remote_key.clone(),
                certificate: self.client_certificate.clone().context(missing)?,
                private_key: self.client_key.clone().context(missing)?,
                authority: self.server_authority.clone().context(missing)?,
            })?));
        }
        Err(anyhow::anyhow!(
            "name a signer: --key with --certificate, --token-module with --certificate, or --remote"
        )
        .context(Failure::Usage))
    }
}

/// Clap lets an argument go without the one it requires where that one could not stand beside a third.
fn not_beside(what: &str) -> anyhow::Error {
    anyhow::anyhow!("{what}, which signs the images too").context(Failure::Usage)
}

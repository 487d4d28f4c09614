//! Which key of PCR policies the command line names: one in a file, or one beside the key that signs images.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use snowguard_boot_format::signer::Signer;
use snowguard_boot_format::time::Time;
use snowguard_boot_installer::policy::PolicyKey;

use crate::outcome::Failure;
use crate::signer::SignerOptions;

/// Where the key of signed PCR policies is; none without.
#[derive(Debug, Clone, Args)]
pub struct PolicyKeyOptions {
    /// Private key (RSA, PEM) that signs policies over PCR 11: what is sealed to it opens for every generation
    #[arg(long, value_name = "FILE", requires = "policy_certificate",
          conflicts_with_all = ["policy_token_key", "policy_remote_key"])]
    policy_key: Option<PathBuf>,
    /// Certificate of the policies' key
    #[arg(long, value_name = "FILE")]
    policy_certificate: Option<PathBuf>,
    /// File with the passphrase of the policies' key
    #[arg(long, value_name = "FILE", requires = "policy_key")]
    policy_passphrase_file: Option<PathBuf>,
    /// Label of the policies' key on the token that signs images
    #[arg(long, value_name = "LABEL", requires_all = ["token_module", "policy_certificate"],
          conflicts_with = "policy_remote_key")]
    policy_token_key: Option<String>,
    /// Name of the policies' key at the remote signer of images
    #[arg(long, value_name = "NAME", requires = "remote")]
    policy_remote_key: Option<String>,
}

impl PolicyKeyOptions {
    /// Opens it, if one is named; `images` says where the key of images is.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn open(&self, images: &SignerOptions, now: Time) -> Result<Option<PolicyKey>> {
        let Some(signer) = self.signer(images, now)? else {
            return Ok(None);
        };
        Ok(Some(PolicyKey::new(signer)?))
    }

    /// The signer alone.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn signer(
        &self,
        images: &SignerOptions,
        now: Time,
    ) -> Result<Option<Box<dyn Signer + Send>>> {
        let certificate = self.policy_certificate.clone();
        let options = if let Some(key) = &self.policy_key {
            images.in_file(
                key.clone(),
                certificate,
                self.policy_passphrase_file.clone(),
            )
        } else if let Some(label) = &self.policy_token_key {
            images.on_token(label.clone(), certificate)?
        } else if let Some(name) = &self.policy_remote_key {
            images.at_remote(name.clone())?
        } else if certificate.is_some() {
            return Err(anyhow::anyhow!(
                "--policy-certificate needs --policy-key or --policy-token-key"
            )
            .context(Failure::Usage));
        } else {
            return Ok(None);
        };
        options.open(now).context("the policies' key").map(Some)
    }
}

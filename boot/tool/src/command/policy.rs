//! `policy`: signing what PCR 11 will hold, as systemd's own tool does.
//!
//! What is sealed to the key, rather than to a value, opens for every image whose values the key signed: an update
//! locks nothing. Source: systemd-measure(1), systemd-cryptenroll(1) (`--tpm2-public-key=`).

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde::{Deserialize, Serialize};
use snowguard_boot_format::policy;
use snowguard_boot_format::signer::Signer;
use snowguard_boot_format::x509::KeyKind;

use super::measure::{ImageOptions, after_phases, phases};
use crate::files;
use crate::outcome::{Failure, Outcome};
use crate::output::Output;
use crate::signer::SignerOptions;

/// The register that the stub measures an image into.
const REGISTER: u8 = 11;

/// For which image and phases, and where the signatures go.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    image: ImageOptions,
    /// Phases that are passed, joined by colons; given none, each of a usual boot
    #[arg(long, value_name = "PATH")]
    phase: Vec<String>,
    /// Signatures to put these to (JSON)
    #[arg(long, value_name = "FILE")]
    append: Option<PathBuf>,
    /// Where they go: the content of a section .pcrsig. Without, they are printed
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    signer: SignerOptions,
}

/// By bank. Source: systemd's `tpm2-pcr-signature.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
struct Signatures(BTreeMap<String, Vec<Signature>>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Signature {
    pcrs: Vec<u8>,
    /// Fingerprint of the key.
    pkfp: String,
    /// Digest of the policy.
    pol: String,
    /// Base 64.
    sig: String,
}

/// Signs.
pub fn run(options: &Options, output: &Output) -> Result<Outcome> {
    let signer = options.signer.open(crate::clock::now()?)?;
    let key = signer.certificate().public_key()?;
    if !matches!(key.kind(), KeyKind::Rsa { .. }) {
        bail!(
            "systemd gives a TPM such policies with RSA keys only, and this is {}",
            key.kind()
        );
    }
    let image = options.image.read()?;
    let phases = phases(&options.phase, 1)?;
    let mut signatures = match &options.append {
        None => Signatures::default(),
        Some(path) => serde_json::from_slice(&files::read(path, files::MAX_SMALL)?)
            .with_context(|| format!("{} holds no signatures", path.display()))?,
    };
    for bank in options.image.banks()? {
        let start = image.pcr11(bank)?;
        let of_bank = signatures.0.entry(bank.name().to_owned()).or_default();
        for phase in &phases {
            let value = after_phases(&start, phase);
            let policy = policy::pcr_policy(REGISTER, &value).context("no register 11")?;
            let signed = Signature {
                pcrs: vec![REGISTER],
                pkfp: policy::key_fingerprint(signer.certificate())?.to_string(),
                pol: policy.to_string(),
                sig: STANDARD.encode(sign(signer.as_ref(), &policy)?),
            };
            if !of_bank.contains(&signed) {
                of_bank.push(signed);
            }
        }
    }
    match &options.output {
        None => output.print(&signatures)?,
        Some(path) => {
            let mut text = serde_json::to_vec(&signatures)?;
            text.push(b'\n');
            files::replace(path, &text, 0o644)?;
        }
    }
    Ok(Outcome::Good)
}

/// The signature over a policy, verified before it is used.
fn sign(signer: &dyn Signer, policy: &snowguard_boot_format::digest::Digest) -> Result<Vec<u8>> {
    let request = policy::request(policy);
    let signature = signer
        .sign(&request)
        .context("cannot sign the policy")
        .context(Failure::Effect)?;
    signer
        .certificate()
        .public_key()?
        .verify(request.algorithm, request.message, &signature)
        .context("the signature is not by the certificate's key")
        .context(Failure::Effect)?;
    Ok(signature)
}

impl fmt::Display for Signatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The file's own form: whoever wants it for people has `measure`.
        let text = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

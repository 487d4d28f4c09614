//! `sign`, `prepare`, `attach`, `remove-signature`: signatures into images and out of them.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use snowguard_boot_format::authenticode::{self, Preparation};
use snowguard_boot_format::pe;

use crate::files;
use crate::outcome::{Failure, Outcome};
use crate::output::Output;
use crate::signer::{DigestChoice, SignerOptions};

/// What to sign, and with what.
#[derive(Debug, Args)]
pub struct SignOptions {
    /// The image
    image: PathBuf,
    /// Where the signed image goes; the image itself is replaced without
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Take signatures that are there away first
    #[arg(long)]
    replace: bool,
    /// Digest algorithm
    #[arg(long, value_enum, default_value_t)]
    digest: DigestChoice,
    /// State the time of signing in the signature; the same key then gives other bytes each time
    #[arg(long)]
    state_time: bool,
    /// Say what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    signer: SignerOptions,
}

/// What to prepare for a key that is elsewhere.
#[derive(Debug, Args)]
pub struct PrepareOptions {
    /// The image
    image: PathBuf,
    /// Where the bytes go that the key has to sign
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Digest algorithm
    #[arg(long, value_enum, default_value_t)]
    digest: DigestChoice,
    /// State the time of preparing as the time of signing
    #[arg(long)]
    state_time: bool,
}

/// What came back from there.
#[derive(Debug, Args)]
pub struct AttachOptions {
    /// The image, unchanged
    image: PathBuf,
    /// What `prepare` wrote
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
    /// The signature over it: PKCS #1 v1.5 for RSA, DER for ECDSA
    #[arg(long, value_name = "FILE")]
    signature: PathBuf,
    /// The key's certificate, and after it those to be put beside it
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    /// Digest algorithm, as it was prepared
    #[arg(long, value_enum, default_value_t)]
    digest: DigestChoice,
    /// Where the signed image goes; the image itself is replaced without
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Which signature to take away.
#[derive(Debug, Args)]
pub struct RemoveOptions {
    /// The image
    image: PathBuf,
    /// Number of the signature, as `inspect` shows it; all without
    #[arg(long, value_name = "NUMBER")]
    number: Option<usize>,
    /// Where the image goes; it is replaced without
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Signed {
    image: String,
    output: String,
    digest_algorithm: &'static str,
    digest: String,
    certificate: String,
    certificate_sha256: String,
    signatures_before: usize,
    written: bool,
}

#[derive(Debug, Serialize)]
struct Prepared {
    image: String,
    request: String,
    digest_algorithm: &'static str,
    digest: String,
}

#[derive(Debug, Serialize)]
struct Removed {
    output: String,
    left: usize,
}

/// Signs an image.
pub fn sign(options: &SignOptions, output: &Output) -> Result<Outcome> {
    let now = crate::clock::now()?;
    let signer = options.signer.open(now)?;
    let time = options.state_time.then_some(now);
    let target = options.output.as_deref().unwrap_or(&options.image);
    let mut image = files::read(&options.image, files::MAX_IMAGE)?;
    if options.replace {
        image = authenticode::remove_all(image).with_context(|| unusable(&options.image))?;
    }
    let file = pe::File::parse(&image).with_context(|| unusable(&options.image))?;
    let before = file
        .certificates()
        .with_context(|| unusable(&options.image))?
        .count();
    let prepared = Preparation::new(&file, options.digest.into(), time)
        .with_context(|| unusable(&options.image))?;
    if !options.dry_run {
        let signature = signer
            .sign(&prepared.request()?)
            .with_context(|| format!("cannot sign {}", options.image.display()))
            .context(Failure::Effect)?;
        let signed = prepared
            .finish(signer.certificate(), signer.chain(), &signature)
            .context("what the signer gave is not a signature by its certificate")
            .context(Failure::Effect)?;
        let image = authenticode::attach(image, &signed)?;
        files::replace(target, &image, mode_of(&options.image))?;
    }
    let certificate = signer.certificate();
    output.print(&Signed {
        image: options.image.display().to_string(),
        output: target.display().to_string(),
        digest_algorithm: prepared.digest().algorithm().name(),
        digest: prepared.digest().to_string(),
        certificate: certificate.subject().to_string(),
        certificate_sha256: certificate.fingerprint().to_string(),
        signatures_before: before,
        written: !options.dry_run,
    })?;
    Ok(Outcome::Good)
}

/// Writes what has to be signed.
pub fn prepare(options: &PrepareOptions, output: &Output) -> Result<Outcome> {
    let time = match options.state_time {
        true => Some(crate::clock::now()?),
        false => None,
    };
    let image = files::read(&options.image, files::MAX_IMAGE)?;
    let file = pe::File::parse(&image).with_context(|| unusable(&options.image))?;
    let prepared = Preparation::new(&file, options.digest.into(), time)
        .with_context(|| unusable(&options.image))?;
    files::replace(&options.output, prepared.request()?.message, 0o644)?;
    output.print(&Prepared {
        image: options.image.display().to_string(),
        request: options.output.display().to_string(),
        digest_algorithm: prepared.digest().algorithm().name(),
        digest: prepared.digest().to_string(),
    })?;
    Ok(Outcome::Good)
}

/// Puts a signature that was made elsewhere into the image.
pub fn attach(options: &AttachOptions, output: &Output) -> Result<Outcome> {
    let image = files::read(&options.image, files::MAX_IMAGE)?;
    let request = files::read(&options.request, files::MAX_SMALL)?;
    let signature = files::read(&options.signature, files::MAX_SMALL)?;
    let certificates = snowguard_boot_signer::read_certificates(&options.certificate)?;
    let (certificate, chain) = certificates
        .split_first()
        .context("no certificate is given")?;
    let file = pe::File::parse(&image).with_context(|| unusable(&options.image))?;
    let before = file
        .certificates()
        .with_context(|| unusable(&options.image))?
        .count();
    let prepared = Preparation::with_attributes(&file, options.digest.into(), &request)
        .with_context(|| {
            format!(
                "{} was not prepared for {}",
                options.request.display(),
                options.image.display()
            )
        })?;
    let signed = prepared
        .finish(certificate, chain, &signature)
        .with_context(|| format!("{} doesn't fit", options.signature.display()))?;
    let target = options.output.as_deref().unwrap_or(&options.image);
    let image = authenticode::attach(image, &signed)?;
    files::replace(target, &image, mode_of(&options.image))?;
    output.print(&Signed {
        image: options.image.display().to_string(),
        output: target.display().to_string(),
        digest_algorithm: prepared.digest().algorithm().name(),
        digest: prepared.digest().to_string(),
        certificate: certificate.subject().to_string(),
        certificate_sha256: certificate.fingerprint().to_string(),
        signatures_before: before,
        written: true,
    })?;
    Ok(Outcome::Good)
}

/// Takes signatures away.
pub fn remove(options: &RemoveOptions, output: &Output) -> Result<Outcome> {
    let image = files::read(&options.image, files::MAX_IMAGE)?;
    let image = match options.number {
        Some(number) => authenticode::remove(image, number),
        None => authenticode::remove_all(image),
    }
    .with_context(|| unusable(&options.image))?;
    let left = pe::File::parse(&image)?.certificates()?.count();
    let target = options.output.as_deref().unwrap_or(&options.image);
    files::replace(target, &image, mode_of(&options.image))?;
    output.print(&Removed {
        output: target.display().to_string(),
        left,
    })?;
    Ok(Outcome::Good)
}

fn unusable(path: &Path) -> String {
    format!("cannot use {}", path.display())
}

/// The permissions that a replaced image keeps.
fn mode_of(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).map_or(0o644, |meta| meta.permissions().mode() & 0o777)
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = if self.written { "signed" } else { "would sign" };
        writeln!(f, "{done} {} by {}", self.output, self.certificate)?;
        write!(f, "{} {}", self.digest_algorithm, self.digest)?;
        if self.signatures_before > 0 {
            write!(
                f,
                "\nbeside {} signatures that were there",
                self.signatures_before
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is what has to be signed for {}\n{} {}",
            self.request, self.image, self.digest_algorithm, self.digest
        )
    }
}

impl fmt::Display for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} signatures left", self.output, self.left)
    }
}

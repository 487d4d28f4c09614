//! `verify`: what a firmware with these lists would do with an image, and why.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use snowguard_boot_format::authenticode::{self, Entry};
use snowguard_boot_format::guid::Guid;
use snowguard_boot_format::pe;
use snowguard_boot_format::variable::{Database, Reason, SignatureLists, VariableName, decide};

use crate::files;
use crate::firmware::{Firmware, FirmwareOptions};
use crate::outcome::Outcome;
use crate::output::Output;

/// What to verify, and against what. Without lists or certificates, against this machine's.
#[derive(Debug, Args)]
pub struct Options {
    /// The images
    #[arg(required = true)]
    images: Vec<PathBuf>,
    /// Certificates that are trusted (PEM or DER)
    #[arg(long, value_name = "FILE")]
    certificate: Vec<PathBuf>,
    /// Signature lists that allow (.esl)
    #[arg(long, value_name = "FILE")]
    db: Vec<PathBuf>,
    /// Signature lists that refuse (.esl)
    #[arg(long, value_name = "FILE")]
    dbx: Vec<PathBuf>,
    #[command(flatten)]
    firmware: FirmwareOptions,
}

#[derive(Debug, Serialize)]
struct Verification {
    allowed: bool,
    images: Vec<ImageVerified>,
}

#[derive(Debug, Serialize)]
struct ImageVerified {
    image: String,
    allowed: bool,
    reason: String,
    digest_sha256: String,
    signatures: Vec<SignatureShown>,
}

/// A signature, as every command shows it.
#[derive(Debug, Serialize)]
pub struct SignatureShown {
    number: usize,
    offset: usize,
    good: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest_algorithm: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    warnings: Vec<String>,
}

struct Lists {
    db: SignatureLists,
    dbx: SignatureLists,
    mok: SignatureLists,
}

/// Verifies.
pub fn run(options: &Options, output: &Output) -> Result<Outcome> {
    let lists = lists(options)?;
    let mut images = Vec::new();
    for path in &options.images {
        images.push(verify(path, &lists)?);
    }
    let allowed = images.iter().all(|image| image.allowed);
    output.print(&Verification { allowed, images })?;
    Ok(if allowed {
        Outcome::Good
    } else {
        Outcome::Wanting
    })
}

fn lists(options: &Options) -> Result<Lists> {
    let given =
        !(options.certificate.is_empty() && options.db.is_empty() && options.dbx.is_empty());
    let mut lists = if given && !options.firmware.is_given() {
        Lists {
            db: SignatureLists::default(),
            dbx: SignatureLists::default(),
            mok: SignatureLists::default(),
        }
    } else {
        let firmware = Firmware::open(&options.firmware)?;
        Lists {
            db: firmware.lists(VariableName::Db)?,
            dbx: firmware.lists(VariableName::Dbx)?,
            mok: firmware.lists(VariableName::Mok)?,
        }
    };
    for path in &options.certificate {
        for certificate in snowguard_boot_signer::read_certificates(path)? {
            lists
                .db
                .add_certificate(Guid::from_bytes([0; 16]), certificate);
        }
    }
    for (paths, target) in [(&options.db, &mut lists.db), (&options.dbx, &mut lists.dbx)] {
        for path in paths {
            let bytes = files::read(path, files::MAX_SMALL)?;
            let more = SignatureLists::parse(&bytes)
                .with_context(|| format!("cannot use {}", path.display()))?;
            target.merge(&more);
        }
    }
    Ok(lists)
}

fn verify(path: &std::path::Path, lists: &Lists) -> Result<ImageVerified> {
    let unusable = || format!("cannot use {}", path.display());
    let bytes = files::read(path, files::MAX_IMAGE)?;
    let file = pe::File::parse(&bytes).with_context(unusable)?;
    let entries = authenticode::signatures(&file).with_context(unusable)?;
    let allowed = [
        Database {
            name: "db",
            lists: &lists.db,
        },
        Database {
            name: "MOK",
            lists: &lists.mok,
        },
    ];
    let revoked = Database {
        name: "dbx",
        lists: &lists.dbx,
    };
    let verdict = decide(&file, &entries, &allowed, revoked).with_context(unusable)?;
    let digest = authenticode::digest(
        &file,
        snowguard_boot_format::digest::DigestAlgorithm::Sha256,
    )
    .with_context(unusable)?;
    Ok(ImageVerified {
        image: path.display().to_string(),
        allowed: verdict.allowed,
        reason: sentence(&verdict.reason),
        digest_sha256: digest.to_string(),
        signatures: shown(&file, &entries)?,
    })
}

fn sentence(reason: &Reason) -> String {
    match reason {
        Reason::ImageDigest {
            database,
            digest,
            owner,
        } => format!(
            "{database} holds its digest ({} {digest}, owner {owner})",
            digest.algorithm()
        ),
        Reason::Certificate {
            database,
            signature,
            chain,
        } => {
            let names: Vec<String> = chain.iter().map(|one| one.subject().to_string()).collect();
            format!(
                "signature {signature} leads to a certificate of {database}: {}",
                names.join(" ← ")
            )
        }
        Reason::CertificateDigest {
            database,
            signature,
            certificate,
        } => format!(
            "{database} revokes {}, a certificate of signature {signature}",
            certificate.subject()
        ),
        _ => "no signature leads to an allowed certificate, and no list holds its digest".into(),
    }
}

/// Every signature with all that is wrong with it.
///
/// # Errors
/// When the clock cannot be read.
pub fn shown(file: &pe::File<'_>, entries: &[Entry]) -> Result<Vec<SignatureShown>> {
    let now = crate::clock::now()?;
    let show = |(number, entry): (usize, &Entry)| {
        let mut shown = SignatureShown {
            number,
            offset: entry.offset,
            good: false,
            problem: None,
            signer: None,
            certificate_sha256: None,
            key: None,
            digest_algorithm: None,
            time: None,
            warnings: Vec::new(),
        };
        match &entry.signature {
            Err(problem) => shown.problem = Some(problem.to_string()),
            Ok(signature) => {
                let certificate = &signature.certificate;
                shown.signer = Some(certificate.subject().to_string());
                shown.certificate_sha256 = Some(certificate.fingerprint().to_string());
                shown.key = certificate
                    .public_key()
                    .ok()
                    .map(|key| key.kind().to_string());
                shown.digest_algorithm = Some(signature.algorithm.name());
                shown.time = signature.time.map(|time| time.to_string());
                match signature.matches(file) {
                    Ok(()) => shown.good = true,
                    Err(problem) => shown.problem = Some(problem.to_string()),
                }
                if !certificate.is_current(now) {
                    shown.warnings.push(format!(
                        "the certificate is valid from {} to {}; firmware doesn't look at that",
                        certificate.not_before(),
                        certificate.not_after()
                    ));
                }
            }
        }
        shown
    };
    Ok(entries.iter().enumerate().map(show).collect())
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for image in &self.images {
            let verdict = if image.allowed { "allowed" } else { "REFUSED" };
            writeln!(f, "{}: {verdict}: {}", image.image, image.reason)?;
            writeln!(f, "  sha256 {}", image.digest_sha256)?;
            for signature in &image.signatures {
                write!(f, "{signature}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for SignatureShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  signature {}: ", self.number)?;
        match (&self.signer, &self.problem) {
            (Some(signer), None) => write!(f, "good, by {signer}")?,
            (Some(signer), Some(problem)) => write!(f, "WRONG, by {signer}: {problem}")?,
            (None, problem) => write!(f, "WRONG: {}", problem.as_deref().unwrap_or("unreadable"))?,
        }
        if let (Some(key), Some(digest)) = (&self.key, self.digest_algorithm) {
            write!(f, " ({key}, {digest})")?;
        }
        if let Some(time) = &self.time {
            write!(f, ", {time}")?;
        }
        writeln!(f)?;
        for warning in &self.warnings {
            writeln!(f, "    warning: {warning}")?;
        }
        Ok(())
    }
}

//! Keys and certificates in files.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use snowguard_boot_format::x509::Certificate;
use zeroize::Zeroizing;

use crate::error::SignerError;
use crate::secret::Secret;
use crate::software::{SoftwareKey, SoftwareSigner};

/// More bytes than any key or chain of certificates has; larger files are refused.
const MAX_SIZE: u64 = 1 << 20;
/// Room for any usual secret, so that none is copied about in memory while it is read.
const ROOM: usize = 64 << 10;

/// The signer of a private key and its certificates, all in PEM. The first certificate is the
/// key's; those after it are put into signatures beside it. The passphrase is looked for only if the
/// key is behind one.
///
/// # Errors
/// [`SignerError`] when a file cannot be read, the key may be read or written by others, or the
/// certificate is for another key.
pub fn open_pem(
    key: &Path,
    certificates: &Path,
    passphrase: &Secret,
) -> Result<SoftwareSigner, SignerError> {
    let text = read_secret(key)?;
    let place = key.display().to_string();
    let key = SoftwareKey::from_pem(&text, &place, passphrase)?;
    let signer = SoftwareSigner::new(key, read_certificates(certificates)?);
    signer.map_err(|error| match error {
        SignerError::Mismatch { subject, .. } => SignerError::Mismatch {
            subject: format!("{subject} in {}", certificates.display()),
            place,
        },
        error => error,
    })
}

/// All certificates of a file, DER or PEM; at least one.
///
/// # Errors
/// [`SignerError::Read`] or [`SignerError::Certificate`].
pub fn read_certificates(path: &Path) -> Result<Vec<Certificate>, SignerError> {
    let file = open(path)?;
    let bytes = read_limited(file, path)?;
    Certificate::from_file_content(&bytes).map_err(|source| SignerError::Certificate {
        place: path.display().to_string(),
        source,
    })
}

/// The text of a file with a secret: a private key, a PIN.
///
/// # Errors
/// [`SignerError::Permissions`] and [`SignerError::Owner`] unless the file is its owner's alone,
/// and that is root or the user who asks. What is looked at is the open file, so that exchanging
/// it in between changes nothing.
pub fn read_secret(path: &Path) -> Result<Zeroizing<String>, SignerError> {
    let failed = |source| SignerError::Read {
        path: path.to_owned(),
        source,
    };
    let file = open(path)?;
    let meta = file.metadata().map_err(failed)?;
    let mode = meta.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(SignerError::Permissions {
            path: path.to_owned(),
            mode,
        });
    }
    let me = std::fs::metadata("/proc/self").map_err(failed)?.uid();
    if meta.uid() != 0 && meta.uid() != me {
        return Err(SignerError::Owner {
            path: path.to_owned(),
            owner: meta.uid(),
        });
    }
    let bytes = read_limited(file, path)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(SignerError::Key {
            place: path.display().to_string(),
            what: "it is not text (PEM)",
        }),
    }
}

fn open(path: &Path) -> Result<File, SignerError> {
    File::options()
        .read(true)
        .open(path)
        .map_err(|source| SignerError::Read {
            path: path.to_owned(),
            source,
        })
}

fn read_limited(file: File, path: &Path) -> Result<Zeroizing<Vec<u8>>, SignerError> {
    let failed = |source| SignerError::Read {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(ROOM));
    file.take(MAX_SIZE + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(failed(std::io::Error::other(format!(
            "it has more than {MAX_SIZE} bytes"
        ))));
    }
    Ok(bytes)
}

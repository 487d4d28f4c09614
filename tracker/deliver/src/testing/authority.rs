//! An authority of one's own.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

/// Makes certificates. Its folder goes with it.
#[derive(Debug)]
pub struct Authority {
    folder: TempDir,
    made: AtomicU32,
}

/// A certificate with its key, in PEM files.
#[derive(Debug, Clone)]
pub struct Certified {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Authority {
    /// A new one.
    ///
    /// # Errors
    /// A sentence for a person, when the `openssl` command is missing: print it, and that the test is left
    /// out.
    pub fn new() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let authority = Self {
            folder,
            made: AtomicU32::new(0),
        };
        authority.openssl(&[
            "-subj",
            "/CN=Test authority",
            "-keyout",
            "ca.key",
            "-out",
            "ca.crt",
        ])?;
        Ok(authority)
    }

    /// The authority's certificate.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// A certificate for a name.
    ///
    /// # Errors
    /// As [`Authority::new`].
    pub fn certify(&self, name: &str) -> Result<Certified, String> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let (key, certificate) = (format!("{number}.key"), format!("{number}.crt"));
        let (subject, names) = (format!("/CN={name}"), format!("subjectAltName=DNS:{name}"));
        self.openssl(&[
            "-subj",
            &subject,
            "-addext",
            &names,
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-CA",
            "ca.crt",
            "-CAkey",
            "ca.key",
            "-keyout",
            &key,
            "-out",
            &certificate,
        ])?;
        Ok(Certified {
            certificate: self.folder.path().join(certificate),
            key: self.folder.path().join(key),
        })
    }

    fn openssl(&self, words: &[&str]) -> Result<(), String> {
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
            .args(["ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"])
            .args(words)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("openssl cannot be started: {error}"))?;
        if made.status.success() {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&made.stderr).into_owned())
    }
}

//! Secure Boot keys for test machines, made and used by tools of others: openssl, sbsign, virt-fw-vars.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::run;

/// Owner of the keys in the variables, any GUID.
const OWNER: &str = "9b1e2d3c-4f5a-4b6c-8d7e-0f1a2b3c4d5e";

/// A key that signs, with its certificate.
#[derive(Debug, Clone)]
pub struct Signer {
    key: PathBuf,
    certificate: PathBuf,
}

impl Signer {
    /// The key of this name in `folder`, made at the first time.
    ///
    /// # Errors
    /// When openssl fails.
    pub fn obtain(folder: &Path, name: &str) -> Result<Self> {
        let key = folder.join(format!("{name}.key"));
        let certificate = folder.join(format!("{name}.crt"));
        if !certificate.is_file() {
            std::fs::create_dir_all(folder)?;
            run(Command::new("openssl")
                .args([
                    "req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650",
                ])
                .args(["-subj", &format!("/CN=Snowguard test {name}/"), "-keyout"])
                .arg(&key)
                .arg("-out")
                .arg(&certificate))?;
        }
        Ok(Self { key, certificate })
    }

    /// The certificate's file, PEM.
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// Signs an image.
    ///
    /// # Errors
    /// When sbsign fails.
    pub fn sign(&self, image: &[u8]) -> Result<Vec<u8>> {
        let folder = tempfile::tempdir()?;
        let (plain, signed) = (folder.path().join("plain"), folder.path().join("signed"));
        std::fs::write(&plain, image)?;
        run(Command::new("sbsign")
            .arg("--key")
            .arg(&self.key)
            .arg("--cert")
            .arg(&self.certificate)
            .arg("--output")
            .arg(&signed)
            .arg(&plain))?;
        std::fs::read(&signed).context("sbsign has written nothing")
    }
}

/// Which variables a machine's firmware begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enrolled<'a> {
    /// None: setup mode, nothing is verified.
    Nothing,
    /// This key as PK, KEK and db: Secure Boot is on.
    Key(&'a Signer),
}

impl PartialEq for Signer {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Signer {}

/// Writes the variable store of a machine to `out`; `forbidden` are images whose digests go into dbx.
///
/// # Errors
/// When virt-fw-vars fails.
pub fn store(
    tool: &Path,
    enrolled: Enrolled<'_>,
    forbidden: &[[u8; 32]],
    out: &Path,
) -> Result<()> {
    let empty = "/usr/share/OVMF/OVMF_VARS_4M.fd";
    let Enrolled::Key(signer) = enrolled else {
        std::fs::copy(empty, out).with_context(|| format!("cannot copy {empty}"))?;
        return Ok(());
    };
    let mut command = Command::new(tool);
    command.args(["-i", empty]);
    for variable in ["--set-pk", "--add-kek", "--add-db"] {
        command.args([variable, OWNER]).arg(signer.certificate());
    }
    for digest in forbidden {
        let hexadecimal: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        command.args(["--add-dbx-hash", OWNER, &hexadecimal]);
    }
    run(command.arg("--sb").arg("-o").arg(out))?;
    Ok(())
}

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

/// What a machine's firmware begins with.
#[derive(Debug, Clone, Default)]
pub struct Firmware<'a> {
    /// This key is PK, KEK and db, and Secure Boot is on; without, it is in setup mode and verifies nothing.
    pub key: Option<&'a Signer>,
    /// Digests of images in dbx.
    pub forbidden: Vec<[u8; 32]>,
    /// Boot options, tried one after the other; without any, the disk's default path.
    pub options: Vec<BootOption<'a>>,
}

/// A boot option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootOption<'a> {
    /// Shown by firmware.
    pub description: &'a str,
    /// Path of the image, with backslashes.
    pub path: &'a str,
    /// Words for the image; empty for none.
    pub words: &'a str,
}

impl BootOption<'_> {
    /// `EFI_LOAD_OPTION`. Source: UEFI 2.10, 3.1.3.
    fn bytes(&self) -> Vec<u8> {
        let utf16 = |text: &str| -> Vec<u8> {
            let units = text.encode_utf16().chain([0]);
            units.flat_map(u16::to_le_bytes).collect()
        };
        let path = utf16(self.path);
        let mut node = vec![4, 4];
        node.extend((path.len() as u16 + 4).to_le_bytes());
        node.extend(path);
        node.extend([0x7f, 0xff, 4, 0]);
        let mut out = 1u32.to_le_bytes().to_vec();
        out.extend((node.len() as u16).to_le_bytes());
        out.extend(utf16(self.description));
        out.extend(node);
        if !self.words.is_empty() {
            out.extend(utf16(self.words));
        }
        out
    }
}

/// Writes the variable store of a machine to `out`.
///
/// # Errors
/// When virt-fw-vars fails.
pub fn store(tool: &Path, firmware: &Firmware<'_>, out: &Path) -> Result<()> {
    let mut command = Command::new(tool);
    command.args(["-i", "/usr/share/OVMF/OVMF_VARS_4M.fd"]);
    if let Some(signer) = firmware.key {
        for variable in ["--set-pk", "--add-kek", "--add-db"] {
            command.args([variable, OWNER]).arg(signer.certificate());
        }
        command.arg("--sb");
    }
    for digest in &firmware.forbidden {
        command.args(["--add-dbx-hash", OWNER, &hexadecimal(digest)]);
    }
    let list = out.with_extension("json");
    if !firmware.options.is_empty() {
        std::fs::write(&list, boot_options(&firmware.options))?;
        command.arg("--set-json").arg(&list);
    }
    run(command.arg("-o").arg(out))?;
    Ok(())
}

/// The variables `Boot0000`, … and `BootOrder`, as virt-fw-vars reads them.
fn boot_options(options: &[BootOption<'_>]) -> String {
    let variable = |name: &str, data: &[u8]| {
        let guid = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
        let data = hexadecimal(data);
        format!(r#"{{"name":"{name}","guid":"{guid}","attr":7,"data":"{data}"}}"#)
    };
    let mut variables = Vec::new();
    let mut order = Vec::new();
    for (number, option) in (0u16..).zip(options) {
        variables.push(variable(&format!("Boot{number:04X}"), &option.bytes()));
        order.extend(number.to_le_bytes());
    }
    variables.push(variable("BootOrder", &order));
    format!(r#"{{"version":2,"variables":[{}]}}"#, variables.join(","))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

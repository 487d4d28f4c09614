//! A store and a profile in a temporary folder, of the shape that NixOS gives them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use snowguard_boot_installer::profile::Profile;

use crate::image::image;

pub struct Store {
    folder: tempfile::TempDir,
}

impl Store {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("store")).unwrap();
        fs::create_dir(folder.path().join("profiles")).unwrap();
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder
            .path()
            .canonicalize()
            .unwrap()
            .join("store")
            .join(name)
    }

    pub fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    pub fn program(&self, name: &str, text: &str) -> PathBuf {
        let path = self.file(name, text.as_bytes());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// A system with a kernel and an initrd of these sizes; gives its path.
    pub fn generation(&self, number: u64, kernel: usize, initrd: usize) -> PathBuf {
        let document = self.document(number, kernel, initrd);
        self.link(number, &document)
    }

    pub fn document(&self, number: u64, kernel: usize, initrd: usize) -> Value {
        let kernel = self.file(&format!("{number}-kernel"), &noise(number * 2, kernel));
        let initrd = self.file(&format!("{number}-initrd"), &noise(number * 2 + 1, initrd));
        let toplevel = self.path(&format!("{number}-system"));
        json!({
            "org.nixos.bootspec.v1": {
                "init": toplevel.join("init"),
                "initrd": initrd,
                "initrdSecrets": null,
                "kernel": kernel,
                "kernelParams": ["root=UUID=0a1b-2c3d", "loglevel=4"],
                "label": format!("NixOS Test {number}"),
                "system": "x86_64-linux",
                "toplevel": toplevel,
            },
            "org.nixos.specialisation.v1": {},
            "org.nixos.systemd-boot": {"sortKey": "nixos"},
        })
    }

    /// Writes the system and links it.
    pub fn link(&self, number: u64, document: &Value) -> PathBuf {
        self.link_text(number, &document.to_string())
    }

    pub fn link_text(&self, number: u64, document: &str) -> PathBuf {
        let toplevel = self.path(&format!("{number}-system"));
        fs::create_dir_all(&toplevel).unwrap();
        fs::write(toplevel.join("boot.json"), document).unwrap();
        let link = self.profiles().join(format!("system-{number}-link"));
        let _ = fs::remove_file(&link);
        symlink(&toplevel, link).unwrap();
        toplevel
    }

    pub fn unlink(&self, number: u64) {
        fs::remove_file(self.profiles().join(format!("system-{number}-link"))).unwrap();
    }

    pub fn profile(&self) -> Profile {
        Profile::read(&self.profiles().join("system")).unwrap()
    }

    fn profiles(&self) -> PathBuf {
        self.folder.path().join("profiles")
    }
}

/// Bytes without a pattern, always the same for a seed.
pub fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    })
    .flatten()
    .take(size)
    .collect()
}

/// systemd-boot, as far as anybody can tell without starting it.
pub fn boot_loader(version: &str) -> Vec<u8> {
    let magic = format!("#### LoaderInfo: systemd-boot {version} ####");
    image(
        &[magic.as_bytes(), &noise(version.len() as u64, 3000)].concat(),
        0,
    )
}

pub fn exists(path: &Path) -> bool {
    path.try_exists().unwrap()
}

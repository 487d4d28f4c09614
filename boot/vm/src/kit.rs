//! What test machines are made of: found on this machine, or fetched once into the target folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::initrd;
use crate::process::run;

const PYTHON: &str = "python3-venv";
/// Programs and the Debian packages they come from.
const PROGRAMS: [(&str, &str); 7] = [
    ("python3", PYTHON),
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("swtpm", "swtpm"),
    ("swtpm_setup", "swtpm-tools"),
    ("sbsign", "sbsigntool"),
    ("openssl", "openssl"),
    ("setpriv", "util-linux"),
];
const FIRMWARE: &str = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd";
/// Modules the first process loads.
const MODULES: [&str; 1] = ["fs/efivarfs/efivarfs.ko"];
/// Modules it loads to reach the boot partition, each after those it needs.
const DISK_MODULES: [&str; 10] = [
    "drivers/virtio/virtio_ring.ko",
    "drivers/virtio/virtio.ko",
    "drivers/virtio/virtio_pci_modern_dev.ko",
    "drivers/virtio/virtio_pci_legacy_dev.ko",
    "drivers/virtio/virtio_pci.ko",
    "drivers/block/virtio_blk.ko",
    "fs/nls/nls_cp437.ko",
    "fs/nls/nls_ascii.ko",
    "fs/fat/fat.ko",
    "fs/fat/vfat.ko",
];

/// Everything a machine needs.
#[derive(Debug)]
pub struct Kit {
    folder: PathBuf,
    /// Debian's cloud kernel.
    pub kernel: Vec<u8>,
    /// An initrd with `snowguard-vm-guest` as the first process.
    pub initrd: Vec<u8>,
    /// The project's stub, built from this checkout.
    pub stub: Vec<u8>,
    /// `virt-fw-vars`.
    pub variable_tool: PathBuf,
}

impl Kit {
    /// Finds, fetches and builds everything. `None` when something can't be had here, which is then
    /// printed; with `CI` set in the environment that is an error instead.
    ///
    /// # Errors
    /// When a build fails, or something is missing where nothing may be.
    pub fn obtain() -> Result<Option<Self>> {
        if left_out("tests in virtual machines need", &absent())? {
            return Ok(None);
        }
        let root = root()?;
        let target = target(&root);
        let folder = folder(&target)?;
        let system = kernel_package(&folder)?;
        let kernel = std::fs::read(only(&system.join("boot"), "vmlinuz-")?)?;
        let modules = only(&system.join("lib/modules"), "")?.join("kernel");
        let read = |names: &[&str]| -> Result<Vec<Vec<u8>>> {
            let read = |name: &&str| {
                let path = modules.join(name);
                std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
            };
            names.iter().map(read).collect()
        };
        let guest = guest(&root, &folder)?;
        let initrd = initrd::build(&guest, &read(&MODULES)?, &read(&DISK_MODULES)?)?;
        let stub = stub(&root, &target)?;
        let variable_tool = fetch_variable_tool(&folder)?;
        Ok(Some(Self {
            folder,
            kernel,
            initrd,
            stub,
            variable_tool,
        }))
    }

    /// Where fetched and made things are kept from one run to the next.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The firmware's code.
    pub fn firmware(&self) -> &'static str {
        FIRMWARE
    }

    /// Unpacks a Debian package into the folder, once; for peers to compare with.
    ///
    /// # Errors
    /// When it can't be fetched.
    pub fn package(&self, name: &str) -> Result<PathBuf> {
        package(&self.folder, name)
    }
}

/// `virt-fw-vars`, which reads and writes variable stores, by itself. `None` when it can't be had here, which is
/// then printed; with `CI` set in the environment that is an error instead.
///
/// # Errors
/// When it can't be fetched, or something is missing where nothing may be.
pub fn variable_tool() -> Result<Option<PathBuf>> {
    let absent: Vec<&str> = absent()
        .into_iter()
        .filter(|package| ["ovmf", PYTHON].contains(package))
        .collect();
    if left_out("virt-fw-vars (PyPI: virt-firmware) needs", &absent)? {
        return Ok(None);
    }
    fetch_variable_tool(&folder(&target(&root()?))?).map(Some)
}

fn left_out(what: &str, absent: &[&str]) -> Result<bool> {
    if absent.is_empty() {
        return Ok(false);
    }
    let message = format!("{what}: {}", absent.join(" "));
    if std::env::var_os("CI").is_some() {
        bail!(message);
    }
    eprintln!("left out: {message}");
    Ok(true)
}

fn root() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().context("no checkout")
}

fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("target"), |folder| root.join(folder))
}

fn folder(target: &Path) -> Result<PathBuf> {
    let folder = target.join("vm");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn absent() -> Vec<&'static str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has =
        |program: &str| std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    let mut absent: Vec<&str> = PROGRAMS
        .iter()
        .filter(|(program, _)| !has(program))
        .map(|(_, package)| *package)
        .collect();
    if !Path::new(FIRMWARE).is_file() {
        absent.push("ovmf");
    }
    if !has("apt-get") {
        absent.push("apt-get (for Debian's kernel)");
    }
    absent
}

/// The package's name has the version in it, so the package that depends on the newest is asked.
fn kernel_package(folder: &Path) -> Result<PathBuf> {
    let found = folder.join("kernel");
    if found.is_dir() {
        return Ok(found);
    }
    let out = run(Command::new("apt-cache").args(["depends", "linux-image-cloud-amd64"]))?;
    let out = String::from_utf8(out)?;
    let name = out
        .lines()
        .find_map(|line| line.trim().strip_prefix("Depends: "));
    let name = name.context("apt-cache names no kernel; `apt-get update` first")?;
    let unpacked = package(folder, name)?;
    std::fs::rename(unpacked, &found)?;
    Ok(found)
}

fn package(folder: &Path, name: &str) -> Result<PathBuf> {
    let unpacked = folder.join(name);
    if unpacked.is_dir() {
        return Ok(unpacked);
    }
    let work = tempfile::tempdir_in(folder)?;
    run(Command::new("apt-get")
        .args(["download", "--quiet", name])
        .current_dir(work.path()))?;
    let file = only(work.path(), name)?;
    let fresh = work.path().join("unpacked");
    run(Command::new("dpkg").arg("-x").arg(&file).arg(&fresh))?;
    std::fs::rename(&fresh, &unpacked)?;
    Ok(unpacked)
}

/// The only entry of a folder whose name begins like this.
fn only(folder: &Path, prefix: &str) -> Result<PathBuf> {
    let mut found = Vec::new();
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            found.push(entry.path());
        }
    }
    ensure!(
        found.len() == 1,
        "{} entries `{prefix}…` in {}",
        found.len(),
        folder.display()
    );
    found.pop().context("counted")
}

/// The first process: linked statically, since the machine has no libraries.
fn guest(root: &Path, folder: &Path) -> Result<Vec<u8>> {
    let target = "x86_64-unknown-linux-gnu";
    let build = folder.join("guest");
    run(cargo(root)
        .args([
            "build",
            "--quiet",
            "--locked",
            "--release",
            "-p",
            "snowguard-vm-guest",
        ])
        .args(["--target", target, "--target-dir"])
        .arg(&build)
        .env("RUSTFLAGS", "-Ctarget-feature=+crt-static"))?;
    Ok(std::fs::read(
        build.join(target).join("release/snowguard-vm-guest"),
    )?)
}

fn stub(root: &Path, target: &Path) -> Result<Vec<u8>> {
    run(cargo(root).args(["run", "--quiet", "--locked", "-p", "xtask", "--", "stub"]))?;
    Ok(std::fs::read(target.join("stub/snowguard-stub.efi"))?)
}

/// Cargo without what the cargo that runs this test has set.
fn cargo(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let keep = [
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "CARGO_NET_OFFLINE",
            "CARGO_BUILD_JOBS",
        ];
        if text.starts_with("CARGO_") && !keep.contains(&&*text) || text == "RUSTFLAGS" {
            command.env_remove(&name);
        }
    }
    command
}

/// From PyPI, into a folder of its own.
fn fetch_variable_tool(folder: &Path) -> Result<PathBuf> {
    // Tests that run at the same time wait for one another.
    let lock = std::fs::File::create(folder.join("virt-firmware.lock"))?;
    lock.lock().context("cannot lock the folder")?;
    let environment = folder.join("virt-firmware");
    let tool = environment.join("bin/virt-fw-vars");
    if !tool.is_file() {
        run(Command::new("python3")
            .args(["-m", "venv"])
            .arg(&environment))?;
        run(Command::new(environment.join("bin/pip")).args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "virt-firmware",
        ]))?;
    }
    Ok(tool)
}

//! From source to a static position-independent ELF program, with what stands in a stable toolchain.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Compiles the crate at `firmware` into `folder` and links it; gives the ELF file's bytes.
pub fn link(root: &Path, firmware: &Path, folder: &Path) -> Result<Vec<u8>> {
    let library = compile(root, firmware, folder)?;
    let linked = folder.join("snowguard-stub.elf");
    let mut command = linker()?;
    command
        .args(["-static", "-pie", "--no-dynamic-linker", "--gc-sections"])
        .args([
            "--apply-dynamic-relocs",
            "-z",
            "norelro",
            "-z",
            "nognustack",
        ])
        .args(["-z", "max-page-size=4096", "--build-id=none", "--icf=all"])
        .arg("-T")
        .arg(firmware.join("image.lds"))
        .args(["-u", "efi_main"])
        .arg(&library)
        .arg("-o")
        .arg(&linked);
    run(&mut command)?;
    std::fs::read(&linked).with_context(|| format!("cannot read {}", linked.display()))
}

fn compile(root: &Path, firmware: &Path, folder: &Path) -> Result<PathBuf> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))
        .context("neither CARGO_HOME nor HOME is set")?;
    // Unpacks the crates, whose folders are named below.
    run(crate::workspace::cargo()
        .args(["fetch", "--quiet", "--locked", "--manifest-path"])
        .arg(firmware.join("Cargo.toml")))?;
    // Paths would tell where it was built, and make every machine's bytes different.
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    let mut flags = vec![
        "-Cno-redzone=yes".to_owned(),
        "-Crelocation-model=pic".to_owned(),
        "-Cforce-unwind-tables=no".to_owned(),
        // Calls go to functions, not over a table of their addresses: nothing is linked later.
        "-Crelro-level=off".to_owned(),
        remap(root, "snowguard"),
        remap(&home, "cargo"),
        remap(folder, "target"),
    ];
    // Where cargo unpacks crates is named after the registry's address, which mirrors change. Every byte
    // of it would stand in the stub, too. The last prefix that fits counts.
    let unpacked = home.join("registry/src");
    for entry in std::fs::read_dir(&unpacked).into_iter().flatten() {
        flags.push(remap(&entry?.path(), "crates"));
    }
    let mut command = crate::workspace::cargo();
    command
        .args([
            "build",
            "--quiet",
            "--locked",
            "--release",
            "--lib",
            "--target",
            TARGET,
        ])
        .arg("--manifest-path")
        .arg(firmware.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(folder)
        .env_remove("RUSTFLAGS")
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    run(&mut command)?;
    Ok(folder
        .join(TARGET)
        .join("release/libsnowguard_stub_firmware.a"))
}

/// LLD for ELF: the one named by `SNOWGUARD_LLD`, else the toolchain's own.
fn linker() -> Result<Command> {
    if let Some(given) = std::env::var_os("SNOWGUARD_LLD") {
        return Ok(Command::new(given));
    }
    let own = sysroot()?
        .join("lib/rustlib")
        .join(TARGET)
        .join("bin/rust-lld");
    let mut command = Command::new(own);
    command.args(["-flavor", "gnu"]);
    Ok(command)
}

fn sysroot() -> Result<PathBuf> {
    let out = Command::new("rustc")
        .args(["--print", "sysroot"])
        .output()
        .context("cannot start rustc")?;
    Ok(PathBuf::from(String::from_utf8(out.stdout)?.trim()))
}

fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    if !status.success() {
        bail!("{} failed ({status})", command.get_program().display());
    }
    Ok(())
}

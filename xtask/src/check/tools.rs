//! Programs outside of cargo that tests need, and how to get them on Debian.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use super::plan::Machine;

/// A program that tests run.
struct Tool {
    program: &'static str,
    package: &'static str,
    purpose: &'static str,
}

const TOOLS: [Tool; 31] = [
    Tool {
        program: "git",
        package: "git",
        purpose: "sources that are git checkouts",
    },
    Tool {
        program: "minisign",
        package: "minisign",
        purpose: "signatures of exports checked by another program",
    },
    Tool {
        // Brings Node as well.
        program: "npm",
        package: "npm",
        purpose: "the mandatory tests of CSAF by another validator, and axe on every page",
    },
    Tool {
        program: "nix-instantiate",
        package: "nix-bin",
        purpose: "names and versions compared with Nix's own",
    },
    Tool {
        program: "systemd-analyze",
        package: "systemd",
        purpose: "the scanner's units read as systemd reads them",
    },
    Tool {
        program: "script",
        package: "bsdutils",
        purpose: "programs run at a terminal",
    },
    Tool {
        program: "gpgv",
        package: "gpgv",
        purpose: "signatures of the Debian archive",
    },
    Tool {
        program: "busybox",
        package: "busybox-static",
        purpose: "a static program for bootstrap steps to run",
    },
    Tool {
        program: "initdb",
        package: "postgresql",
        purpose: "the PostgreSQL backend",
    },
    Tool {
        program: "chromium",
        package: "chromium",
        purpose: "pages in a real browser",
    },
    Tool {
        program: "chromedriver",
        package: "chromium-driver",
        purpose: "steering that browser",
    },
    Tool {
        program: "as",
        package: "binutils",
        purpose: "the instructions that the ladder's comments name",
    },
    Tool {
        program: "M1",
        package: "mescc-tools",
        purpose: "the ladder's sources through the tools of others",
    },
    Tool {
        program: "qemu-system-x86_64",
        package: "qemu-system-x86",
        purpose: "machines that boot what is signed",
    },
    Tool {
        // A path, since firmware is no program.
        program: "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd",
        package: "ovmf",
        purpose: "their firmware",
    },
    Tool {
        program: "swtpm",
        package: "swtpm",
        purpose: "their TPM",
    },
    Tool {
        program: "swtpm_setup",
        package: "swtpm-tools",
        purpose: "making that TPM",
    },
    Tool {
        program: "sbsign",
        package: "sbsigntool",
        purpose: "a signer that is not ours",
    },
    Tool {
        program: "sbverify",
        package: "sbsigntool",
        purpose: "signatures of images compared with sbsign's",
    },
    Tool {
        program: "osslsigncode",
        package: "osslsigncode",
        purpose: "signatures of images compared with another signer's",
    },
    Tool {
        program: "cert-to-efi-sig-list",
        package: "efitools",
        purpose: "signature lists and EFI variables compared with efitools'",
    },
    Tool {
        program: "chattr",
        package: "e2fsprogs",
        purpose: "EFI variables that Linux guards, in test machines",
    },
    Tool {
        program: "tpm2_eventlog",
        package: "tpm2-tools",
        purpose: "event logs replayed by another program",
    },
    Tool {
        // A path, since it is a library: how tpm2-tools reach an emulated TPM.
        program: "/usr/lib/x86_64-linux-gnu/libtss2-tcti-swtpm.so.0",
        package: "libtss2-tcti-swtpm0",
        purpose: "sealing to signed policies by another program",
    },
    Tool {
        // A path, since it is in no user's.
        program: "/usr/lib/systemd/systemd-measure",
        package: "systemd",
        purpose: "PCR 11 and signed policies compared with systemd's",
    },
    Tool {
        program: "python3",
        package: "python3-venv",
        purpose: "virt-fw-vars, which writes and reads the variables of machines",
    },
    Tool {
        program: "objcopy",
        package: "binutils",
        purpose: "sections of images read by another program",
    },
    Tool {
        program: "openssl",
        package: "openssl",
        purpose: "keys, certificates and signatures of another program",
    },
    Tool {
        // A path, since it is a module of Debian's own Python.
        program: "/usr/lib/python3/dist-packages/aiosmtpd/smtp.py",
        package: "python3-aiosmtpd",
        purpose: "mail through a real SMTP server",
    },
    Tool {
        program: "softhsm2-util",
        package: "softhsm2",
        purpose: "keys on a PKCS #11 token",
    },
    Tool {
        program: "/usr/sbin/fsck.fat",
        package: "dosfstools",
        purpose: "mending a boot partition after a power cut",
    },
];

/// Looks for cargo's own subcommands.
pub fn machine() -> Machine {
    let has = |name: &str| find_program(&format!("cargo-{name}")).is_some();
    Machine {
        nextest: has("nextest"),
        deny: has("deny"),
        machete: has("machete"),
    }
}

/// Makes sure the tools are there: installs what is missing on Debian as root, else says what to
/// install.
///
/// # Errors
/// When something is missing, cannot be installed here, and `allow_missing` is not set.
pub fn provide(allow_missing: bool) -> Result<()> {
    let before = missing();
    if before.is_empty() {
        return Ok(());
    }
    if Path::new("/etc/debian_version").exists() && is_root() {
        install(&before);
    }
    let after = missing();
    for tool in &after {
        println!(
            "missing: {} (Debian: {}), for {}",
            tool.program, tool.package, tool.purpose
        );
    }
    if after.is_empty() || allow_missing {
        return Ok(());
    }
    let packages: Vec<&str> = after.iter().map(|tool| tool.package).collect();
    bail!(
        "install what is missing (on Debian: `apt-get install --no-install-recommends {}`), or \
         leave those tests out with --allow-missing",
        packages.join(" ")
    )
}

fn missing() -> Vec<&'static Tool> {
    TOOLS
        .iter()
        .filter(|tool| find_program(tool.program).is_none())
        .collect()
}

/// Looks in `PATH`, in cargo's own folder, and where Debian keeps PostgreSQL's programs.
fn find_program(name: &str) -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH")
        .iter()
        .flat_map(std::env::split_paths)
        .collect();
    if let Some(home) = std::env::var_os("CARGO_HOME") {
        folders.push(PathBuf::from(home).join("bin"));
    }
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(
            versions
                .filter_map(Result::ok)
                .map(|version| version.path().join("bin")),
        );
    }
    folders
        .into_iter()
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|out| out.stdout.trim_ascii() == b"0")
}

/// Best effort: what is still missing afterwards is what counts.
fn install(tools: &[&Tool]) {
    let packages: Vec<&str> = tools.iter().map(|tool| tool.package).collect();
    println!("==> installing {}", packages.join(" "));
    for arguments in [
        vec!["update", "--quiet"],
        [
            &["install", "--yes", "--quiet", "--no-install-recommends"],
            packages.as_slice(),
        ]
        .concat(),
    ] {
        let run = Command::new("apt-get")
            .args(&arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        match run {
            Ok(status) if status.success() => {}
            Ok(status) => eprintln!("apt-get {} failed ({status})", arguments.join(" ")),
            Err(error) => eprintln!("apt-get cannot be started: {error}"),
        }
    }
}

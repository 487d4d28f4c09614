//! The report.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::commands::Run;

/// Where the machine outside listens.
const LINE: &str = "/dev/ttyS1";
/// Vendors whose variables are told: the boot loader interface, and UEFI's own.
const VENDORS: [&str; 2] = [
    "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
    "8be4df61-93ca-11d2-aa0d-00e098032b8c",
];
/// Variables of UEFI's own that are told; the others are many and large.
const STANDARD: [&str; 3] = ["SecureBoot", "SetupMode", "BootCurrent"];

/// Writes the report.
pub fn write(command_line: &str, runs: &[Run]) -> Result<()> {
    // What firmware wrote before ends somewhere in a line.
    let mut out = String::from("\nreport=\n");
    add(&mut out, "cmdline", command_line.trim_end().as_bytes());
    for (place, run) in runs.iter().enumerate() {
        add(
            &mut out,
            &format!("run:{place}:status"),
            run.status.as_bytes(),
        );
        add(&mut out, &format!("run:{place}:output"), &run.output);
    }
    registers(&mut out);
    let log = "/sys/kernel/security/tpm0/binary_bios_measurements";
    if let Ok(log) = std::fs::read(log) {
        add(&mut out, "eventlog", &log);
    }
    variables(&mut out)?;
    handed_over(&mut out, Path::new("/.extra"))?;
    out.push_str("end=\n");
    let mut line = std::fs::OpenOptions::new()
        .write(true)
        .open(LINE)
        .with_context(|| format!("cannot open {LINE}"))?;
    line.write_all(out.as_bytes())?;
    // Waits until the line has sent everything.
    rustix::termios::tcdrain(&line).context("cannot drain the line")?;
    Ok(())
}

fn add(out: &mut String, key: &str, value: &[u8]) {
    out.push_str(key);
    out.push('=');
    for byte in value {
        let _infallible = write!(out, "{byte:02x}");
    }
    out.push('\n');
}

fn registers(out: &mut String) {
    for number in 0..24 {
        let path = format!("/sys/class/tpm/tpm0/pcr-sha256/{number}");
        if let Ok(text) = std::fs::read_to_string(path) {
            let _infallible = writeln!(out, "pcr{number}={}", text.trim().to_ascii_lowercase());
        }
    }
}

/// A variable's file begins with four bytes of attributes, which stay there.
fn variables(out: &mut String) -> Result<()> {
    for entry in std::fs::read_dir("/sys/firmware/efi/efivars")? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let told = VENDORS.iter().zip([true, false]).find_map(|(vendor, all)| {
            let short = name.strip_suffix(vendor)?.strip_suffix('-')?;
            (all || STANDARD.contains(&short)).then(|| short.to_owned())
        });
        if let Some(short) = told {
            add(out, &format!("var:{short}"), &std::fs::read(entry.path())?);
        }
    }
    Ok(())
}

fn handed_over(out: &mut String, folder: &Path) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(());
    };
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in entries {
        paths.push(entry?.path());
    }
    paths.sort();
    for path in paths {
        if path.is_dir() {
            handed_over(out, &path)?;
        } else {
            add(
                out,
                &format!("file:{}", path.display()),
                &std::fs::read(&path)?,
            );
        }
    }
    Ok(())
}

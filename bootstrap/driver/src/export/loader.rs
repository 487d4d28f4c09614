//! What a program needs beside itself to start: nothing when it is static, else a loader and libraries, which
//! Nix's sandbox has not and which therefore go with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// `PT_INTERP` of elf(5): the segment that names the loader.
const INTERPRETER: u64 = 3;

/// A loader and the libraries that it finds for one program.
#[derive(Debug, PartialEq, Eq)]
pub struct Loader {
    /// The loader, such as `/lib64/ld-linux-x86-64.so.2`.
    pub program: PathBuf,
    /// By the name that the program asks for.
    pub libraries: BTreeMap<String, PathBuf>,
}

/// What `program`, whose content is `content`, needs; `None` when it is static.
///
/// # Errors
/// When it is no 64-bit ELF program of this machine, or its loader does not find all libraries.
pub fn needed(program: &Path, content: &[u8]) -> Result<Option<Loader>> {
    let interpreter = interpreter(content)
        .with_context(|| format!("{} is no 64-bit ELF program", program.display()))?;
    let Some(loader) = interpreter else {
        return Ok(None);
    };
    let loader = PathBuf::from(loader);
    let program = std::fs::canonicalize(program)
        .with_context(|| format!("cannot find {}", program.display()))?;
    // ld.so(8): it says what it would load, and starts nothing.
    let told = Command::new(&loader)
        .arg("--list")
        .arg(&program)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start the loader {}", loader.display()))?;
    if !told.status.success() {
        bail!(
            "{} does not load {}: {}",
            loader.display(),
            program.display(),
            String::from_utf8_lossy(&told.stderr).trim()
        );
    }
    let libraries = listed(&String::from_utf8_lossy(&told.stdout))?;
    Ok(Some(Loader {
        program: loader,
        libraries,
    }))
}

/// The lines `NAME => PATH (ADDRESS)`; those without an arrow are the loader itself and what the kernel gives.
fn listed(told: &str) -> Result<BTreeMap<String, PathBuf>> {
    let mut libraries = BTreeMap::new();
    for line in told.lines() {
        let Some((name, found)) = line.trim().split_once(" => ") else {
            continue;
        };
        let path = found.split(" (").next().unwrap_or(found);
        if !path.starts_with('/') || name.contains('/') {
            bail!("the loader finds no library `{name}`: {found}");
        }
        libraries.insert(name.to_owned(), PathBuf::from(path));
    }
    Ok(libraries)
}

/// The loader that an ELF program names; none when it is static. `None` outside when it is no such program.
fn interpreter(program: &[u8]) -> Option<Option<String>> {
    if !program.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let number = |at: usize, length: usize| {
        let bytes = program.get(at..at.checked_add(length)?)?;
        Some(
            bytes
                .iter()
                .rev()
                .fold(0_u64, |value, byte| value << 8 | u64::from(*byte)),
        )
    };
    let place = |at: usize, length: usize| usize::try_from(number(at, length)?).ok();
    let (start, size, count) = (place(32, 8)?, place(54, 2)?, place(56, 2)?);
    for index in 0..count {
        let header = start.checked_add(index.checked_mul(size)?)?;
        if number(header, 4)? == INTERPRETER {
            let (from, length) = (
                place(header.checked_add(8)?, 8)?,
                place(header.checked_add(32)?, 8)?,
            );
            let name = program.get(from..from.checked_add(length)?)?;
            let name = name.strip_suffix(b"\0")?;
            return Some(Some(String::from_utf8(name.to_vec()).ok()?));
        }
    }
    Some(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header of a program with one segment of a kind, which holds `content`.
    fn program(kind: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 120];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        (bytes[32], bytes[54], bytes[56]) = (64, 56, 1);
        (bytes[64], bytes[72]) = (kind, 120);
        bytes[96] = u8::try_from(content.len()).expect("short");
        bytes.extend(content);
        bytes
    }

    #[test]
    fn the_loader_is_what_the_segment_names() {
        assert_eq!(interpreter(&program(1, b"/ld.so\0")), Some(None));
        let dynamic = program(3, b"/ld.so\0");
        assert_eq!(interpreter(&dynamic), Some(Some("/ld.so".to_owned())));
        for cut in 0..dynamic.len() {
            assert_eq!(interpreter(&dynamic[..cut]), None, "{cut}");
        }
        assert_eq!(interpreter(b"#!/bin/sh\n"), None);
        let mut far = dynamic;
        far[32..40].fill(0xff);
        assert_eq!(interpreter(&far), None);
    }

    #[test]
    fn libraries_are_those_with_a_path() {
        let told = "\tlinux-vdso.so.1 (0x00007ffc)\n\tlibc.so.6 => /lib/libc.so.6 (0x00007f)\n\t/lib64/ld.so (0x1)\n";
        let found = listed(told).expect("a list");
        assert_eq!(
            found,
            BTreeMap::from([("libc.so.6".to_owned(), PathBuf::from("/lib/libc.so.6"))])
        );
        assert!(listed("\tlibx.so => not found\n").is_err());
    }
}

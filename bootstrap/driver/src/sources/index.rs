//! What Debian signed: the index of a suite, checked with the archive's keyring, and whether it lists a
//! source with the hash that the graph declares.
//!
//! The declared hash decides what is used; the index tells, besides, that Debian published those very
//! bytes. The signature is checked by `gpgv`, the program that apt uses for it.
//!
//! Sources: <https://wiki.debian.org/DebianRepository/Format>, gpgv(1).

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::fetch::Mirror;
use crate::graph::Digest;

/// No signed list of indexes is longer.
const MAX_RELEASE: u64 = 4 << 20;
/// No index is longer, packed and unpacked.
const MAX_PACKED: u64 = 64 << 20;
const MAX_INDEX: u64 = 512 << 20;

/// An index of the archive is not what its keys signed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Forged(String);

/// Files that a suite's signed indexes list: by path the hash and length.
#[derive(Debug, Default)]
pub struct Listed(BTreeMap<String, (Digest, u64)>);

impl Listed {
    /// Of the files that are `wanted`, those that a `Sources` or `Packages` index lists.
    pub fn read(index: &str, wanted: &BTreeSet<&str>) -> Self {
        let mut listed = Self::default();
        paragraphs(index, wanted, &mut listed.0);
        listed
    }

    /// The hash and length of the file at a path in the archive.
    pub fn get(&self, path: &str) -> Option<(Digest, u64)> {
        self.0.get(path).copied()
    }
}

/// Fetches a suite's indexes, checks their signature and hashes, and reads what they list.
///
/// # Errors
/// When the signature is not by a key of `keyring`, or an index has another hash than was signed.
pub fn listed(
    mirror: &Mirror,
    suite: &str,
    architecture: &str,
    keyring: &Path,
    wanted: &BTreeSet<&str>,
) -> Result<Listed> {
    if suite.is_empty()
        || !suite
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    {
        bail!("`{suite}` is no name of a suite");
    }
    let release = mirror.fetch_small(&format!("dists/{suite}/InRelease"), MAX_RELEASE)?;
    let signed = signed_text(&release, keyring)
        .with_context(|| format!("the signature of the suite `{suite}`"))?;
    let mut listed = Listed::default();
    let mut indexes = Vec::new();
    if wanted.iter().any(|path| !path.ends_with(".deb")) {
        indexes.push("main/source/Sources.xz".to_owned());
    }
    if wanted.iter().any(|path| path.ends_with(".deb")) {
        indexes.push(format!("main/binary-{architecture}/Packages.xz"));
    }
    for name in indexes {
        let (hash, size) = entry(&signed, &name)
            .with_context(|| format!("the suite `{suite}` signs no index `{name}`"))?;
        if size > MAX_PACKED {
            bail!("the index `{name}` has {size} bytes; at most {MAX_PACKED} are read");
        }
        let packed = mirror.fetch_small(&format!("dists/{suite}/{name}"), size)?;
        if Digest::of(&packed) != hash {
            let what = format!("the index `{name}` of `{suite}` is not the one that was signed");
            return Err(Forged(what).into());
        }
        let mut text = String::new();
        lzma_rust2::XzReader::new(packed.as_slice(), true)
            .take(MAX_INDEX)
            .read_to_string(&mut text)
            .with_context(|| format!("cannot unpack the index `{name}`"))?;
        paragraphs(&text, wanted, &mut listed.0);
    }
    Ok(listed)
}

/// The text that a key of the keyring signed, as `gpgv` gives it out: nothing around it counts.
fn signed_text(release: &[u8], keyring: &Path) -> Result<String> {
    let mut child = Command::new("gpgv")
        .arg("--keyring")
        .arg(keyring)
        .args(["--output", "-", "-"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start gpgv, which checks signatures (Debian: gpgv)")?;
    let mut stdin = child.stdin.take().context("no pipe to gpgv")?;
    let release = release.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&release));
    let output = child.wait_with_output().context("cannot wait for gpgv")?;
    // It may have stopped reading; then its status tells why.
    let _written = writer.join();
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        let told = told.trim().replace('\n', "; ");
        return Err(Forged(format!("gpgv refuses it: {told}")).into());
    }
    String::from_utf8(output.stdout).context("the signed text is no UTF-8")
}

/// The SHA-256 and length of an index in the signed list.
fn entry(signed: &str, name: &str) -> Option<(Digest, u64)> {
    let list = signed
        .lines()
        .skip_while(|line| *line != "SHA256:")
        .skip(1)
        .take_while(|line| line.starts_with(' '));
    for line in list {
        let mut words = line.split_whitespace();
        let (hash, size, path) = (words.next()?, words.next()?, words.next()?);
        if path == name {
            return Some((Digest::try_from(hash.to_owned()).ok()?, size.parse().ok()?));
        }
    }
    None
}

/// Collects the files that are wanted from a `Sources` or `Packages` index.
fn paragraphs(text: &str, wanted: &BTreeSet<&str>, listed: &mut BTreeMap<String, (Digest, u64)>) {
    for paragraph in text.split("\n\n") {
        let field = |name: &str| {
            paragraph
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        };
        if let (Some(path), Some(hash), Some(size)) =
            (field("Filename"), field("SHA256"), field("Size"))
        {
            add(listed, wanted, path.to_owned(), hash, size);
            continue;
        }
        let Some(folder) = field("Directory") else {
            continue;
        };
        let files = paragraph
            .lines()
            .skip_while(|line| *line != "Checksums-Sha256:")
            .skip(1)
            .take_while(|line| line.starts_with(' '));
        for line in files {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let [hash, size, name] = words.as_slice() {
                add(listed, wanted, format!("{folder}/{name}"), hash, size);
            }
        }
    }
}

fn add(
    listed: &mut BTreeMap<String, (Digest, u64)>,
    wanted: &BTreeSet<&str>,
    path: String,
    hash: &str,
    size: &str,
) {
    if let (true, Ok(hash), Ok(size)) = (
        wanted.contains(path.as_str()),
        Digest::try_from(hash.to_owned()),
        size.parse(),
    ) {
        listed.insert(path, (hash, size));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_both_kinds_of_index_are_found() {
        let hash = Digest::of(b"x").to_string();
        let text = format!(
            "Package: a\nDirectory: pool/main/a/a\nFiles:\n 00 1 a.tar.xz\nChecksums-Sha256:\n {hash} 7 a.tar.xz\n {hash} 8 a.dsc\n\n\
             Package: b\nFilename: pool/main/b/b.deb\nSize: 9\nSHA256: {hash}\n"
        );
        let wanted = BTreeSet::from(["pool/main/a/a/a.tar.xz", "pool/main/b/b.deb"]);
        let mut listed = BTreeMap::new();
        paragraphs(&text, &wanted, &mut listed);
        let told: Vec<(&str, u64)> = listed
            .iter()
            .map(|(path, (_, size))| (path.as_str(), *size))
            .collect();
        assert_eq!(
            told,
            [("pool/main/a/a/a.tar.xz", 7), ("pool/main/b/b.deb", 9)]
        );
    }

    #[test]
    fn only_the_list_of_sha256_counts() {
        let (good, bad) = (Digest::of(b"x").to_string(), "0".repeat(64));
        let signed =
            format!("MD5Sum:\n {bad} 1 a\nSHA256:\n {good} 5 a\n {bad} 6 b\nX: y\n {bad} 7 c\n");
        assert_eq!(entry(&signed, "a"), Some((Digest::of(b"x"), 5)));
        assert_eq!(entry(&signed, "c"), None);
    }
}

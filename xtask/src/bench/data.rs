//! What is measured on: the full collection when it lies beside the checkout, else a set
//! of that size made of copies of the sample under other ids.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::tracker::{CHANNELS, FEEDS};
use crate::workspace::Workspace;

const CVES: &str = FEEDS[0];
const CHANNEL: &str = CHANNELS[0].file;
/// The collection is compressed with a window of 128 MiB.
const WINDOW_LOG: u32 = 27;
/// Makes the sample's 3,600 records about 75,000, and its 3,400 packages about 71,000.
const COPIES: usize = 21;

/// Files of JSON lines, decompressed, and their sizes.
#[derive(Debug)]
pub struct Data {
    /// CVE records.
    pub cves: Lines,
    /// A channel's packages.
    pub channel: Lines,
    /// The other advisory feeds and aliases, as they are.
    pub others: Vec<PathBuf>,
    /// Bytes of JSON in them.
    pub others_bytes: u64,
    /// What it is, for the reader of the figures.
    pub about: &'static str,
}

/// A file of JSON lines.
#[derive(Debug)]
pub struct Lines {
    /// The file.
    pub file: PathBuf,
    /// How many.
    pub count: usize,
    /// Bytes of JSON in them, line ends left out.
    pub bytes: u64,
}

/// Lays the data out in `folder`.
pub fn lay(workspace: &Workspace, folder: &Path) -> Result<Data> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let (from, copies, about) = match workspace.collection() {
        Some(collection) => (collection, 1, "the full collection"),
        None => (
            workspace.sample(),
            COPIES,
            "copies of the sample under other ids (the full collection is absent)",
        ),
    };
    let cves = unpack(
        &from.join(CVES),
        &folder.join("cves.jsonl"),
        copies,
        renumber_cve,
    )?;
    let channel = unpack(
        &from.join(CHANNEL),
        &folder.join("channel.jsonl"),
        copies,
        rename_package,
    )?;
    let mut others = Vec::new();
    let mut others_bytes = 0;
    for file in FEEDS
        .iter()
        .filter(|name| **name != CVES)
        .map(|name| from.join(name))
    {
        if file.exists() {
            let mut reader = decoder(&file)?;
            others_bytes += std::io::copy(&mut reader, &mut std::io::sink())
                .with_context(|| format!("cannot unpack {}", file.display()))?;
            others.push(file);
        }
    }
    Ok(Data {
        cves,
        channel,
        others,
        others_bytes,
        about,
    })
}

/// A packed file of the collection.
pub fn decoder(file: &Path) -> Result<impl BufRead + use<>> {
    let context = || format!("cannot read {}", file.display());
    let opened = File::open(file).with_context(context)?;
    let mut decoder = zstd::Decoder::new(opened).with_context(context)?;
    decoder.window_log_max(WINDOW_LOG).with_context(context)?;
    Ok(BufReader::with_capacity(1 << 20, decoder))
}

fn unpack(
    from: &Path,
    to: &Path,
    copies: usize,
    copy: fn(&str, usize, usize) -> String,
) -> Result<Lines> {
    let context = || format!("cannot unpack {} to {}", from.display(), to.display());
    let mut out = BufWriter::new(File::create(to).with_context(context)?);
    let mut lines = Lines {
        file: to.to_owned(),
        count: 0,
        bytes: 0,
    };
    for number in 0..copies {
        for (at, line) in decoder(from)?.lines().enumerate() {
            let line = line.with_context(context)?;
            let line = if number == 0 {
                line
            } else {
                copy(&line, at, number)
            };
            lines.count += 1;
            lines.bytes += line.len() as u64;
            writeln!(out, "{line}").with_context(context)?;
        }
    }
    out.flush().with_context(context)?;
    Ok(lines)
}

/// Gives a record an id of its own wherever its id stands in it.
fn renumber_cve(line: &str, at: usize, copy: usize) -> String {
    let id = serde_json::from_str::<serde_json::Value>(line)
        .ok()
        .and_then(|record| record["cveMetadata"]["cveId"].as_str().map(str::to_owned));
    match id {
        Some(id) => line.replace(&id, &format!("CVE-2099-{}", 100_000 * copy + at)),
        None => line.to_owned(),
    }
}

/// Puts a package into a scope of its own.
fn rename_package(line: &str, _: usize, copy: usize) -> String {
    line.replacen("\"attr\":\"", &format!("\"attr\":\"copy{copy}Packages."), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_have_ids_of_their_own() {
        let record = r#"{"cveMetadata":{"cveId":"CVE-2024-1"},"x":"see CVE-2024-1"}"#;
        let copy = renumber_cve(record, 7, 2);
        assert_eq!(copy, record.replace("CVE-2024-1", "CVE-2099-200007"));
        assert_ne!(renumber_cve(record, 7, 1), copy);
        assert_eq!(
            rename_package(r#"{"attr":"hello","meta":{"x":"\"attr\":\"y"}}"#, 0, 3),
            r#"{"attr":"copy3Packages.hello","meta":{"x":"\"attr\":\"y"}}"#
        );
    }

    #[test]
    fn the_sample_is_unpacked() {
        let workspace = Workspace::find().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let from = workspace.sample().join(CHANNEL);
        let lines = unpack(&from, &folder.path().join("x"), 2, rename_package).unwrap();
        assert_eq!(lines.count, 6_800);
        let size = std::fs::metadata(&lines.file).unwrap().len();
        assert_eq!(size, lines.bytes + lines.count as u64);
    }
}

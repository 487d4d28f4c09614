//! Writing documents: the same bytes for an address and for a file.
//!
//! Everything is a function of the database's public part and the publisher: what needs a time takes that of the last
//! change, so that two processes, or a server and a command, write the same.

use std::io::{Seek, SeekFrom, Write};

use anyhow::Context as _;
use snowguard_tracker_db::Db;
use snowguard_tracker_export::signing::{SecretKey, SigningWriter};
use snowguard_tracker_export::{
    Cursor, Document, Issue, Moment, Provider, atom, csaf, cyclonedx, json_lines, openvex, osv,
};
use zip::write::SimpleFileOptions;

use super::source::{self, Basis, Exported, Issues};
use super::target::{CsafFile, One, Whole};

/// How OSV records are named.
const NAMES: osv::Names = osv::Names::Nixpkgs;

/// Issues of a feed.
pub const FEED: usize = 100;

/// What became of a whole document.
#[derive(Debug, Clone)]
pub struct Seal {
    /// Bytes.
    pub length: u64,
    /// SHA-256.
    pub sha256: [u8; 32],
    /// The signature, where there is a key.
    pub signature: Option<Document>,
}

/// The document of an issue; nothing where the format has nothing to say of it, or the path is not the document's.
#[must_use]
pub fn one(kind: One, issue: &Issue, provider: &Provider) -> Option<Document> {
    match kind {
        One::Osv => Some(osv::document(issue, provider, NAMES)),
        One::OpenVex => openvex::document(issue, provider),
        One::CycloneDx => Some(cyclonedx::document(issue, provider)),
        One::Csaf | One::CsafSha256 | One::CsafSha512 => {
            let ending = match kind {
                One::CsafSha256 => ".sha256",
                One::CsafSha512 => ".sha512",
                _ => ".json",
            };
            csaf::documents(issue, provider)
                .into_iter()
                .find(|document| document.path.ends_with(ending))
        }
    }
}

/// The signature of a document, as of its issue's last change.
#[must_use]
pub fn signature(document: &Document, key: &SecretKey, changed: Moment) -> Document {
    snowguard_tracker_export::signing::Sealed::of(document, key, changed).signature
}

/// Writes a document about every issue, or about those that changed after a cursor, and signs it.
///
/// # Errors
/// Those of the database and of the file.
pub fn whole<F: Write + Seek + std::io::Read>(
    db: &Db,
    whole: Whole,
    since: Option<Cursor>,
    provider: &Provider,
    key: Option<&SecretKey>,
    to: &mut F,
) -> anyhow::Result<Exported<Seal>> {
    if whole == Whole::Atom && since.is_none() {
        return newest(db, provider, key, to);
    }
    source::export(db, since, |issues, basis| {
        write(whole, issues, basis, provider, &mut *to)
            .with_context(|| format!("writing {}", whole.path()))?;
        seal(to, whole.path(), key, basis.changed)
    })
}

/// The feed of the newest issues. Only these are read.
fn newest<F: Write + Seek + std::io::Read>(
    db: &Db,
    provider: &Provider,
    key: Option<&SecretKey>,
    to: &mut F,
) -> anyhow::Result<Exported<Seal>> {
    let newest = db.newest_public(FEED)?;
    let basis = source::basis(&newest.0)?;
    let issues = super::gather::published(&newest.1)?;
    let count = issues.len() as u64;
    feed(&issues, basis, provider, &mut *to)?;
    Ok(Exported {
        made: seal(to, Whole::Atom.path(), key, basis.changed)?,
        basis,
        stamp: newest.0,
        last: issues.first().map(Cursor::at),
        count,
    })
}

/// A feed of issues, the newest first.
fn feed(issues: &[Issue], basis: Basis, provider: &Provider, to: impl Write) -> anyhow::Result<()> {
    let feed = atom::Feed {
        name: "issues".to_owned(),
        title: "Security issues of Nixpkgs".to_owned(),
        subtitle: Some("The newest issues, and those that changed last.".to_owned()),
        updated: basis.changed,
        own: provider.export(Whole::Atom.path()),
        page: Some(provider.pages.within("issues")),
    };
    let entries = issues.iter().map(|issue| atom::Entry::of(issue, provider));
    atom::write(&feed, provider, entries, to)?;
    Ok(())
}

fn write<F: Write + Seek>(
    whole: Whole,
    issues: &mut Issues<'_>,
    basis: Basis,
    provider: &Provider,
    to: &mut F,
) -> anyhow::Result<()> {
    // A number that grows with each change, as these formats want of their versions.
    let version = basis.changed.millis().unsigned_abs().max(1);
    let mut buffered = std::io::BufWriter::with_capacity(1 << 16, &mut *to);
    match whole {
        Whole::OsvLines => drop(osv::write_lines(issues, provider, NAMES, &mut buffered)?),
        Whole::Lines => drop(json_lines::write_issues(issues, &mut buffered)?),
        Whole::OpenVex => {
            openvex::write_all(issues, provider, basis.changed, version, &mut buffered)?;
        }
        Whole::CycloneDx => {
            cyclonedx::write_all(issues, provider, basis.changed, version, &mut buffered)?;
        }
        Whole::OsvZip => archive(issues, provider, &mut buffered)?,
        Whole::OsvModified => modified(issues, &mut buffered)?,
        Whole::Atom => {
            let mut all: Vec<Issue> = issues.collect();
            all.reverse();
            feed(&all, basis, provider, &mut buffered)?;
        }
        Whole::Csaf(file) => {
            let mut distribution = csaf::Distribution::new();
            for issue in issues {
                distribution.add(&issue);
            }
            let index = match file {
                CsafFile::Index => 0,
                CsafFile::Changes => 1,
                CsafFile::Feed => 2,
                CsafFile::Service => 3,
                CsafFile::Metadata => 4,
            };
            let documents = distribution.documents(provider, basis.changed);
            let document = documents.get(index).context("a file of CSAF's folder")?;
            anyhow::ensure!(document.path == whole.path(), "CSAF's files in their order");
            buffered.write_all(&document.bytes)?;
        }
    }
    buffered.flush()?;
    Ok(())
}

/// A file for each record, as osv.dev lays its archives out.
fn archive(
    issues: &mut Issues<'_>,
    provider: &Provider,
    to: impl Write + Seek,
) -> anyhow::Result<()> {
    let mut archive = zip::ZipWriter::new(to);
    // Nothing in it may tell when or where it was made.
    let options = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .compression_level(Some(4))
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o644);
    for issue in issues {
        let document = osv::document(&issue, provider, NAMES);
        let name = format!("{}.json", issue.id);
        archive.start_file(name, options)?;
        archive.write_all(&document.bytes)?;
    }
    archive.finish()?;
    Ok(())
}

/// `modified,id`, the last change first, as OSV's sources tell what changed.
fn modified(issues: &mut Issues<'_>, mut to: impl Write) -> anyhow::Result<()> {
    let mut all: Vec<Cursor> = issues.map(|issue| Cursor::at(&issue)).collect();
    all.reverse();
    for cursor in all {
        if let Some(id) = cursor.id() {
            writeln!(to, "{},{id}", cursor.modified())?;
        }
    }
    Ok(())
}

/// Reads what was written, from its beginning, and signs it under a name.
///
/// # Errors
/// Those of the file.
pub fn seal<F: Seek + std::io::Read>(
    to: &mut F,
    path: &str,
    key: Option<&SecretKey>,
    changed: Moment,
) -> anyhow::Result<Seal> {
    to.seek(SeekFrom::Start(0))?;
    let mut digest = Sha::default();
    let mut writer = SigningWriter::new(&mut digest);
    let mut length = 0;
    let mut piece = vec![0; 1 << 16];
    loop {
        let read = to.read(&mut piece)?;
        if read == 0 {
            break;
        }
        writer.write_all(&piece[..read])?;
        length += read as u64;
    }
    let signature = key.map(|key| writer.finish(key, path, changed).1.signature);
    Ok(Seal {
        length,
        sha256: sha2::Digest::finalize(digest.0).into(),
        signature,
    })
}

#[derive(Default)]
struct Sha(sha2::Sha256);

impl Write for Sha {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        sha2::Digest::update(&mut self.0, bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

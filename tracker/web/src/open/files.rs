//! The open data as files: what `snowguard tracker export` writes. Names and bytes are those of the addresses.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};
use snowguard_tracker_db::Db;
use snowguard_tracker_export::signing::Sealed;
use snowguard_tracker_export::{Cursor, Digests, Document, Issue, Moment, paths};

use super::document;
use super::publisher::Publisher;
use super::source;
use super::target::{self, CsafFile, KEY, One, SIGNATURE, Whole};
use crate::replace::{part_of, replace_file, replace_one_of_many, settle, sync_file_system};

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// OSV records.
    Osv,
    /// CSAF VEX.
    Csaf,
    /// OpenVEX.
    OpenVex,
    /// CycloneDX VEX.
    CycloneDx,
    /// The feed of issues.
    Atom,
    /// Everything in the tracker's own form.
    JsonLines,
    /// All of these, with the digests of every file.
    All,
}

impl Format {
    fn wholes(self) -> Vec<Whole> {
        let csaf = [
            CsafFile::Index,
            CsafFile::Changes,
            CsafFile::Feed,
            CsafFile::Service,
            CsafFile::Metadata,
        ];
        match self {
            Self::Osv => vec![Whole::OsvLines, Whole::OsvZip, Whole::OsvModified],
            Self::Csaf => csaf.map(Whole::Csaf).to_vec(),
            Self::OpenVex => vec![Whole::OpenVex],
            Self::CycloneDx => vec![Whole::CycloneDx],
            Self::Atom => vec![Whole::Atom],
            Self::JsonLines => vec![Whole::Lines],
            Self::All => Whole::ALL.to_vec(),
        }
    }

    fn ones(self) -> &'static [One] {
        const CSAF: [One; 3] = [One::Csaf, One::CsafSha256, One::CsafSha512];
        match self {
            Self::Osv => &[One::Osv],
            Self::Csaf => &CSAF,
            Self::OpenVex => &[One::OpenVex],
            Self::CycloneDx => &[One::CycloneDx],
            Self::Atom | Self::JsonLines => &[],
            Self::All => &[
                One::Osv,
                One::OpenVex,
                One::CycloneDx,
                One::Csaf,
                One::CsafSha256,
                One::CsafSha512,
            ],
        }
    }

    /// The document that fits into one file of this name.
    fn in_one_file(self, name: &Path) -> Result<Whole> {
        let ending = name.extension().and_then(|ending| ending.to_str());
        Ok(match (self, ending) {
            (Self::Osv, Some("zip")) => Whole::OsvZip,
            (Self::Osv, Some("csv")) => Whole::OsvModified,
            (Self::Osv, _) => Whole::OsvLines,
            (Self::OpenVex, _) => Whole::OpenVex,
            (Self::CycloneDx, _) => Whole::CycloneDx,
            (Self::Atom, _) => Whole::Atom,
            (Self::JsonLines, _) => Whole::Lines,
            (Self::Csaf | Self::All, _) => {
                bail!("{}: this export is a folder of files", name.display())
            }
        })
    }
}

/// What to write.
#[derive(Clone, Copy)]
pub struct Wish<'a> {
    /// The format.
    pub format: Format,
    /// Only what changed after this.
    pub since: Option<Cursor>,
    /// Who publishes.
    pub publisher: &'a Publisher,
    /// Told of each issue.
    pub progress: &'a dyn Fn(),
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Progress {
    /// Issues that changed.
    pub issues: u64,
    /// Files that are new or other than before.
    pub files: u64,
    /// Files that were the same already.
    pub unchanged: u64,
    /// Where the next export goes on.
    pub cursor: Option<Cursor>,
}

/// Writes into a folder, or into one file where `out` has an ending and is no folder.
///
/// Into a folder: the documents of issues that changed, and all documents about everything anew, so that the folder is
/// whole also after an incremental export. Into a file: what changed, or everything.
///
/// Each file is replaced at once. One that has the same content already is left as it is. What was written is there for
/// good when this returns, also if the power is cut then; until then a folder may hold documents of both exports.
///
/// # Errors
/// Those of the database and of the files, with the name of the file.
pub fn write(db: &Db, wish: Wish<'_>, out: &Path) -> Result<Progress> {
    let mut laid = Laid {
        publisher: wish.publisher,
        made: Progress {
            issues: 0,
            files: 0,
            unchanged: 0,
            cursor: wish.since,
        },
        folders: HashSet::new(),
        put: replace_file,
    };
    if out.extension().is_some() && !out.is_dir() {
        laid.one_file(db, wish, out)?;
    } else {
        laid.put = replace_one_of_many;
        laid.folder(db, wish, out)?;
        sync_file_system(out).with_context(|| format!("syncing {}", out.display()))?;
    }
    Ok(laid.made)
}

struct Laid<'a> {
    publisher: &'a Publisher,
    made: Progress,
    folders: HashSet<PathBuf>,
    /// How a small file is replaced.
    put: fn(&Path, &[u8]) -> io::Result<()>,
}

impl Laid<'_> {
    fn one_file(&mut self, db: &Db, wish: Wish<'_>, out: &Path) -> Result<()> {
        let whole = wish.format.in_one_file(out)?;
        let name = out
            .file_name()
            .context("it names no file")?
            .to_string_lossy();
        let (issues, cursor) = self.whole(db, whole, wish.since, out, &name)?;
        self.made.issues = issues;
        self.made.cursor = cursor.or(wish.since);
        (0..issues).for_each(|_| (wish.progress)());
        Ok(())
    }

    fn folder(&mut self, db: &Db, wish: Wish<'_>, out: &Path) -> Result<()> {
        let kinds = wish.format.ones();
        let exported = source::export(db, wish.since, |issues, basis| {
            for issue in issues {
                for kind in kinds {
                    self.one(*kind, &issue, out)?;
                }
                (wish.progress)();
            }
            Ok(basis.changed)
        })?;
        self.made.issues = exported.count;
        self.made.cursor = exported.last.or(wish.since);
        for whole in wish.format.wholes() {
            self.whole(db, whole, None, &out.join(whole.path()), whole.path())?;
        }
        if let Some(key) = &self.publisher.key {
            let text = key.public().to_text();
            self.put(&out.join(KEY), text.as_bytes())?;
        }
        if wish.format == Format::All {
            self.digests(out, exported.made)?;
        }
        Ok(())
    }

    fn one(&mut self, kind: One, issue: &Issue, out: &Path) -> Result<()> {
        let provider = &self.publisher.provider;
        let Some(document) = document::one(kind, issue, provider) else {
            return Ok(());
        };
        self.signed(&document, issue.modified, out)
    }

    fn signed(&mut self, document: &Document, changed: Moment, out: &Path) -> Result<()> {
        let to = out.join(&document.path);
        let signature = self
            .publisher
            .key
            .as_deref()
            .map(|key| Sealed::of(document, key, changed).signature.bytes);
        self.put_signature(&to, signature.as_deref())?;
        self.put(&to, &document.bytes)
    }

    fn whole(
        &mut self,
        db: &Db,
        whole: Whole,
        since: Option<Cursor>,
        to: &Path,
        name: &str,
    ) -> Result<(u64, Option<Cursor>)> {
        self.make_folder(to)?;
        let part = part_of(to).context("it names no file")?;
        let written = self.write_part(db, whole, since, (&part, name));
        let exported = match written {
            Ok(exported) => exported,
            Err(failed) => {
                // The first error is the one to report.
                let _gone = fs::remove_file(&part);
                return Err(failed).with_context(|| format!("writing {}", to.display()));
            }
        };
        if exported.made.length == 0 && whole == Whole::OpenVex {
            // The format has no document without a statement.
            fs::remove_file(&part)?;
            return Ok((exported.count, exported.last));
        }
        let signature = exported.made.signature.map(|document| document.bytes);
        self.put_signature(to, signature.as_deref())?;
        let same = digest(to).is_ok_and(|before| before == exported.made.sha256);
        if same {
            fs::remove_file(&part)?;
            self.made.unchanged += 1;
        } else {
            settle(&part, to).with_context(|| format!("replacing {}", to.display()))?;
            self.made.files += 1;
        }
        Ok((exported.count, exported.last))
    }

    fn write_part(
        &self,
        db: &Db,
        whole: Whole,
        since: Option<Cursor>,
        (part, name): (&Path, &str),
    ) -> Result<source::Exported<document::Seal>> {
        let mut file = File::options()
            .create(true)
            .truncate(true)
            .read(true)
            .write(true)
            .open(part)?;
        let publisher = self.publisher;
        let (provider, key) = (&publisher.provider, publisher.key.as_deref());
        let mut exported = document::whole(db, whole, since, provider, key, &mut file)?;
        if name != whole.path() {
            // A signature names its file.
            file.seek(SeekFrom::Start(0))?;
            exported.made = document::seal(&mut file, name, key, exported.basis.changed)?;
        }
        file.sync_all()?;
        Ok(exported)
    }

    /// The digests of every file of the export that stands in the folder, with both kinds of signature.
    fn digests(&mut self, out: &Path, changed: Moment) -> Result<()> {
        let mut digests = Digests::new();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(out.join(&folder))? {
                let entry = entry?;
                let path = folder.join(entry.file_name());
                if entry.file_type()?.is_dir() {
                    folders.push(path);
                } else if let Some(name) =
                    path.to_str().filter(|name| target::parse(name).is_some())
                {
                    digests.add_digest(name, digest(&out.join(name))?);
                }
            }
        }
        self.signed(&digests.document(), changed, out)?;
        if let Some(key) = &self.publisher.key {
            let to = out.join(format!("{}.sig", paths::DIGESTS));
            self.put(&to, &key.sign_digests(&digests))?;
        }
        Ok(())
    }

    /// The signature beside a file; one that is left from before, where there is no key any more, goes.
    fn put_signature(&mut self, of: &Path, signature: Option<&[u8]>) -> Result<()> {
        let mut to = of.as_os_str().to_owned();
        to.push(SIGNATURE);
        let to = PathBuf::from(to);
        match signature {
            Some(bytes) => self.put(&to, bytes),
            None => match fs::remove_file(&to) {
                Err(failed) if failed.kind() != io::ErrorKind::NotFound => {
                    Err(failed).with_context(|| format!("removing {}", to.display()))
                }
                _ => Ok(()),
            },
        }
    }

    fn put(&mut self, to: &Path, bytes: &[u8]) -> Result<()> {
        let same = fs::metadata(to).is_ok_and(|known| known.len() == bytes.len() as u64)
            && fs::read(to).is_ok_and(|before| before == bytes);
        if same {
            self.made.unchanged += 1;
            return Ok(());
        }
        self.make_folder(to)?;
        (self.put)(to, bytes).with_context(|| format!("writing {}", to.display()))?;
        self.made.files += 1;
        Ok(())
    }

    fn make_folder(&mut self, of: &Path) -> Result<()> {
        let Some(folder) = of.parent() else {
            return Ok(());
        };
        if self.folders.insert(folder.to_owned()) {
            fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        }
        Ok(())
    }
}

fn digest(file: &Path) -> Result<[u8; 32]> {
    let mut reader = BufReader::new(File::open(file)?);
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        let read = reader.read(&mut piece)?;
        if read == 0 {
            return Ok(hash.finalize().into());
        }
        hash.update(&piece[..read]);
    }
}

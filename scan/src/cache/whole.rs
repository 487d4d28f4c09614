//! Whole scans, kept: what was asked, of which store, by which advisories. The same question is then
//! answered without reading the closure again.
//!
//! One file for one question:
//! ```text
//! file = "SNOWALL1" sha256(rest) rest
//! rest = postcard of the closure, its software, and all verdicts
//! ```
//! The name is a digest over all that the answer rests on: the advisory file, this build of the
//! program, the target, and for Nix's database, its log and the store's folder which file they are
//! and when they were last changed. Nix writes to at least one of these with everything that it
//! adds or collects, and never changes a path that is there. An answer is not kept where one of them
//! changed so lately that a further change could bear the same time.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};
use snowguard_advisory_file::AdvisoryFile;
use snowguard_matching::verdict::Tier;

use super::file::{self, name_of, program};
use super::stored;
use crate::closure::Closure;
use crate::identify::Identified;
use crate::input::{self, Nix, Reach, Target};
use crate::judge::Scan;
use crate::software::Inventory;

const MAGIC: &[u8; 8] = b"SNOWALL1";
/// A system has some MB. What is larger takes longer to judge than anybody waits for twice.
const LARGEST: u64 = 64 << 20;
/// Answers that are kept: a system before and after, a few profiles.
const KEPT: usize = 8;
/// A change that is younger may be followed by another with the same time: the kernel's clock for
/// files moves in steps, and some file systems keep whole or even seconds only.
const SETTLED: Duration = Duration::from_secs(3);

/// A closure with its software and all verdicts.
#[derive(Debug)]
pub struct Whole {
    /// The closure. Recipes are not kept.
    pub closure: Closure,
    /// The software in it.
    pub inventory: Inventory,
    /// The software, with what is known of it.
    pub identified: Vec<Identified>,
    /// The verdicts.
    pub scan: Scan,
}

/// What was asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What to scan.
    pub target: &'a Target,
    /// Which closure of it.
    pub reach: Reach,
    /// The Nix that it is in.
    pub nix: &'a Nix,
    /// The lowest tier that is judged.
    pub lowest: Tier,
}

/// The place of the answer to one question.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    path: PathBuf,
    /// The latest change of anything that the answer rests on.
    changed: SystemTime,
}

impl Answer {
    /// Where the answer is kept, or is to be. `None` where it can't be known what it rests on: a
    /// pipe, or a target that isn't there.
    #[must_use]
    pub fn to(question: Question<'_>, folder: &Path, file: &AdvisoryFile<'_>) -> Option<Self> {
        let Question {
            target,
            reach,
            nix,
            lowest,
        } = question;
        let mut basis = Basis::default();
        basis.part("advisories", &file.identity());
        basis.part("program", &program());
        let ways = format!("{reach:?} {lowest:?} {}", nix.store_files.display());
        basis.part("ways", ways.as_bytes());
        match target {
            Target::Paths(paths) => {
                for path in paths {
                    let found = input::resolve(path, nix).ok()?;
                    basis.part("path", found.as_str().as_bytes());
                }
            }
            Target::GcRoots => {
                for path in input::roots(nix).ok()? {
                    basis.part("root", path.as_str().as_bytes());
                }
            }
            Target::Store => basis.part("store", b""),
            Target::File(path) => {
                let bytes = small_file(path)?;
                basis.part("name", path.as_os_str().as_encoded_bytes());
                basis.part("file", &Sha256::digest(bytes));
            }
        }
        let log = nix.database.with_extension("sqlite-wal");
        for path in [&nix.database, &log, &nix.store_files] {
            basis.file(path);
        }
        Some(Self {
            path: folder.join(name_of(basis.digest)),
            changed: basis.changed,
        })
    }

    /// The answer, where it is kept and whole.
    #[must_use]
    pub fn read(&self) -> Option<Whole> {
        let rest = file::read(&self.path, MAGIC, LARGEST)?;
        stored::whole_from_bytes(&rest)
    }

    /// Keeps an answer. `again`: where it would be kept if the question were asked now; something
    /// that changed in the meantime makes it the answer to neither.
    ///
    /// # Errors
    /// When the file cannot be written. The answer is good all the same.
    pub fn keep(
        &self,
        again: Option<&Self>,
        closure: &Closure,
        inventory: &Inventory,
        identified: &[Identified],
        scan: &Scan,
    ) -> std::io::Result<()> {
        let is_settled = SystemTime::now()
            .duration_since(self.changed)
            .is_ok_and(|age| age >= SETTLED);
        if !is_settled || again != Some(self) {
            return Ok(());
        }
        let rest = stored::whole_to_bytes(closure, inventory, identified, scan)
            .map_err(std::io::Error::other)?;
        if rest.len() as u64 >= LARGEST {
            return Ok(());
        }
        file::write(&self.path, MAGIC, &rest, KEPT)
    }
}

/// What an answer rests on.
struct Basis {
    digest: Sha256,
    changed: SystemTime,
}

impl Default for Basis {
    fn default() -> Self {
        Self {
            digest: Sha256::new(),
            changed: UNIX_EPOCH,
        }
    }
}

impl Basis {
    fn part(&mut self, what: &str, bytes: &[u8]) {
        for part in [what.as_bytes(), bytes] {
            self.digest.update((part.len() as u64).to_le_bytes());
            self.digest.update(part);
        }
    }

    /// A file or folder by what changes with its content. The time of its last change of owner or
    /// mode is no such thing: SQLite gives the log its owner anew whenever root opens it.
    fn file(&mut self, path: &Path) {
        let Ok(found) = fs::metadata(path) else {
            return self.part("none", b"");
        };
        let which = (found.dev(), found.ino(), found.len());
        let (seconds, nanoseconds) = (found.mtime(), found.mtime_nsec());
        self.part(
            "is",
            format!("{which:?} {seconds} {nanoseconds}").as_bytes(),
        );
        if let (Ok(seconds), Ok(nanoseconds)) = (u64::try_from(seconds), u64::try_from(nanoseconds))
        {
            let time = Duration::from_secs(seconds) + Duration::from_nanos(nanoseconds);
            self.changed = self.changed.max(UNIX_EPOCH + time);
        }
    }
}

/// A file's content; `None` for a pipe, and for what takes longer to read than it saves.
fn small_file(path: &Path) -> Option<Vec<u8>> {
    let found = fs::metadata(path).ok()?;
    if path == Path::new("-") || !found.is_file() || found.len() > LARGEST {
        return None;
    }
    fs::read(path).ok()
}

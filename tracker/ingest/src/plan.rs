//! What a location holds: which sources, in which order, and what is passed over and why.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::IngestError;
use crate::input::{Location, Walk, Walker};
use crate::limits::Limits;
use crate::source::{HEAD, Kind, recognise};
use crate::split::Form;

/// Which kinds the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wanted {
    /// Everything that is recognised, but nothing lossy.
    #[default]
    Auto,
    /// One kind.
    Only(Kind),
    /// All alias sources.
    Aliases,
}

impl Wanted {
    fn includes(self, kind: Kind) -> bool {
        match self {
            Self::Auto => kind != Kind::CveLite,
            Self::Only(only) => kind == only,
            Self::Aliases => crate::source::alias::origin(kind).is_some(),
        }
    }
}

/// One source to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Where it is on disk.
    pub place: Location,
    /// What it holds.
    pub kind: Kind,
}

/// Something that is not loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// What.
    pub input: String,
    /// Why.
    pub why: String,
}

/// What a location holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// What is loaded, in this order.
    pub tasks: Vec<Task>,
    /// What is not.
    pub skipped: Vec<Skipped>,
}

/// Files of a folder that are looked at to find out what it holds.
const PROBES: usize = 50;

/// A folder with more files than this is one feed, and not looked at file by file.
const COLLECTION: usize = 1000;

/// Looks at a location on disk.
///
/// # Errors
/// [`IngestError::Unrecognised`] when there is nothing to load; [`IngestError::File`] and
/// [`IngestError::Git`] when it cannot be read; [`IngestError::Usage`] for a URL, which has to be
/// fetched first.
pub fn plan(place: &Location, wanted: Wanted, limits: &Limits) -> Result<Plan, IngestError> {
    let mut plan = Plan::default();
    match place {
        Location::Url(url) => {
            return Err(IngestError::Usage(format!("{url} has to be fetched first")));
        }
        Location::File(path) => {
            let look = Look {
                named: true,
                ..look(path, limits)?
            };
            plan.add(place.clone(), look, wanted);
        }
        Location::Folder(path) => folder(&mut plan, path, wanted, limits)?,
        Location::Git(path) => {
            let (walker, _) = Walker::git(path, None, limits)?;
            match probe(&walker)? {
                Ok(kind) => plan.add(
                    place.clone(),
                    Look {
                        kind: Ok(kind),
                        bulk: false,
                        named: false,
                    },
                    wanted,
                ),
                Err(_) => folder(&mut plan, path, wanted, limits)?,
            }
        }
    }
    if plan.tasks.is_empty() {
        let what = match plan.skipped.as_slice() {
            [only] => only.why.clone(),
            _ => "holds nothing of a kind that is known and wanted".to_owned(),
        };
        return Err(IngestError::Unrecognised {
            input: place.to_string(),
            what,
        });
    }
    let order = |task: &Task| Kind::ALL.iter().position(|kind| *kind == task.kind);
    plan.tasks.sort_by_key(order);
    Ok(plan)
}

impl Plan {
    fn add(&mut self, place: Location, look: Look, wanted: Wanted) {
        let chosen = match (look.kind, wanted) {
            (Ok(kind), _) if wanted.includes(kind) => Ok(kind),
            (Ok(Kind::CveLite), Wanted::Auto) => Err(LOSSY.to_owned()),
            (Ok(kind), _) => Err(format!("holds {kind}, which was not asked for")),
            // The user knows better what a file is whose beginning is damaged.
            (Err(_), Wanted::Only(kind)) if look.named => Ok(kind),
            (Err(why), _) => Err(why),
        };
        match chosen {
            Ok(kind) => self.tasks.push(Task { place, kind }),
            Err(why) => self.skipped.push(Skipped {
                input: place.to_string(),
                why,
            }),
        }
    }
}

const LOSSY: &str = "a lossy extract of the CVE list; load it with --kind cve-lite";

/// What a file looks like.
struct Look {
    kind: Result<Kind, String>,
    /// It can hold many records.
    bulk: bool,
    /// The user named this very file.
    named: bool,
}

fn look(path: &Path, limits: &Limits) -> Result<Look, IngestError> {
    let walker = Walker::glance(path, limits)?;
    if !walker.is_one_document() {
        return Ok(Look {
            kind: probe(&walker)?,
            bulk: true,
            named: false,
        });
    }
    let mut seen = Err("empty".to_owned());
    let looked = walker.walk(0, &|_| true, &mut |document| {
        seen = head(document.reader).map_or_else(|error| Err(error.to_string()), |h| recognise(&h));
        Ok(Walk::Stop)
    });
    Ok(match (looked, seen) {
        // A file that cannot be unpacked is no source; why, is worth saying.
        (Err(IngestError::Document { source, .. }), _) => Look {
            kind: Err(source.to_string()),
            bulk: false,
            named: false,
        },
        (Err(error), _) => return Err(error),
        (Ok(_), Ok(found)) => Look {
            kind: Ok(found.kind),
            bulk: found.form != Form::Whole,
            named: false,
        },
        (Ok(_), Err(what)) => Look {
            kind: Err(what),
            bulk: false,
            named: false,
        },
    })
}

/// What the first documents of a folder, checkout or archive are that can be recognised.
fn probe(walker: &Walker) -> Result<Result<Kind, String>, IngestError> {
    let mut found = Err("holds no documents of a known kind".to_owned());
    let mut left = PROBES;
    let anything = |name: &str| Kind::ALL.into_iter().any(|kind| kind.wants(name));
    walker.walk(0, &anything, &mut |document| {
        left -= 1;
        if let Ok(head) = head(document.reader) {
            found = recognise(&head).map(|found| found.kind);
        }
        Ok(if found.is_ok() || left == 0 {
            Walk::Stop
        } else {
            Walk::On
        })
    })?;
    Ok(found)
}

fn head(reader: impl Read) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// A folder is either a collection of feeds, each a file, or one feed of many small files.
fn folder(
    plan: &mut Plan,
    path: &Path,
    wanted: Wanted,
    limits: &Limits,
) -> Result<(), IngestError> {
    let (files, folders) = entries(path)?;
    if files.len() > COLLECTION {
        return feed_of_files(plan, path, wanted, limits);
    }
    let looks = files
        .into_iter()
        .map(|file| look(&file, limits).map(|look| (file, look)))
        .collect::<Result<Vec<_>, _>>()?;
    if looks.iter().any(|(_, look)| look.bulk && look.kind.is_ok()) {
        for (file, look) in looks {
            plan.add(Location::File(file), look, wanted);
        }
        plan.skipped
            .extend(folders.into_iter().map(|folder| Skipped {
                input: folder.display().to_string(),
                why: "a folder inside a collection; name it to load it".to_owned(),
            }));
        return Ok(());
    }
    feed_of_files(plan, path, wanted, limits)
}

fn feed_of_files(
    plan: &mut Plan,
    path: &Path,
    wanted: Wanted,
    limits: &Limits,
) -> Result<(), IngestError> {
    let kind = probe(&Walker::folder(path, limits)?)?;
    plan.add(
        Location::Folder(path.to_path_buf()),
        Look {
            kind,
            bulk: false,
            named: false,
        },
        wanted,
    );
    Ok(())
}

/// Files and folders right in `path`, sorted; hidden ones and links are left out.
fn entries(path: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), IngestError> {
    let fail = |error| IngestError::file(path, error);
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(path).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let kind = entry.file_type().map_err(fail)?;
        if kind.is_dir() {
            folders.push(entry.path());
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    folders.sort();
    Ok((files, folders))
}

//! From systems in the store to the images that there must be.
//!
//! The content of an image names kernel and initrd by digest. To hash them all in every run would
//! read gigabytes; but an image on the partition that carries our own signature has already sworn
//! to them, and a system's path in the store fixes both. So the store is read only for systems that
//! have no such image, and for what has to be written.

mod generations;
mod secrets;

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::digest::Digest;
use crate::image::{Content, Forge};
use crate::naming::{ImageName, Payload, PayloadKind};
use crate::profile::{Generation, System};
use crate::survey::Survey;

/// An image that there must be, and where its parts come from.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its name, without a counter.
    pub name: ImageName,
    /// For people.
    pub title: String,
    /// The system in the store.
    pub toplevel: PathBuf,
    /// What it holds.
    pub content: Content,
    /// The image without a signature.
    pub unsigned: Arc<[u8]>,
}

/// Where the content of a payload can be had.
#[derive(Clone)]
pub enum Source {
    /// A file of the store.
    File(PathBuf),
    /// A file of the store with secrets appended, which leave memory only for the partition.
    WithSecrets(PathBuf, Arc<[u8]>),
}

/// Everything that the images need.
#[derive(Debug, Default)]
pub struct Gathered {
    /// The images.
    pub wanted: Vec<Wanted>,
    /// Where payloads come from.
    pub sources: HashMap<Payload, Source>,
    /// Systems that were left out, and why.
    pub failed: Vec<Failed>,
}

/// A system for which no image can be made now.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Failed {
    /// The generation's number.
    pub generation: u64,
    /// Its title.
    pub title: String,
    /// Why, in words.
    pub reason: String,
}

/// Works out the images of these generations.
///
/// A system that fails is noted and left out. Reads of the store run on all processors.
pub fn gather<'g>(
    generations: impl IntoIterator<Item = &'g Generation>,
    survey: &Survey,
    forge: &dyn Forge,
) -> Gathered {
    let mut gathered = Gathered::default();
    let systems: Vec<&System> = generations
        .into_iter()
        .flat_map(|generation| &generation.systems)
        .collect();
    let sworn = sworn_contents(survey);
    let unknown: Vec<&Path> = systems
        .iter()
        .filter(|system| !sworn.contains_key(&key(system)))
        .flat_map(|system| {
            // An initrd with secrets is hashed with them.
            let plain = system
                .initrd
                .as_ref()
                .filter(|_| system.initrd_secrets.is_none());
            std::iter::once(&system.kernel).chain(plain)
        })
        .map(PathBuf::as_path)
        .collect();
    let digests = hash_files(unknown);
    for system in systems {
        let sworn = sworn.get(&key(system)).copied();
        let made = content(system, sworn, &digests, &mut gathered.sources).and_then(|content| {
            let unsigned = forge
                .assemble(&content)
                .map_err(|error| error.to_string())?;
            Ok((content, unsigned))
        });
        match made {
            Ok((content, unsigned)) => {
                gathered
                    .wanted
                    .push(wanted(system, content, unsigned, forge));
            }
            Err(reason) => gathered.failed.push(Failed {
                generation: system.generation,
                title: system.title(),
                reason,
            }),
        }
    }
    gathered
}

/// Where kernel and initrd of a generation come from, for images that are kept as they are and may
/// have to be mended. Both are hashed.
#[must_use]
pub fn sources_of(generation: &Generation) -> HashMap<Payload, Source> {
    let kernels = generation
        .systems
        .iter()
        .map(|system| (PayloadKind::Kernel, &system.kernel));
    let initrds = generation
        .systems
        .iter()
        .filter_map(|system| Some((PayloadKind::Initrd, system.initrd.as_ref()?)));
    let files: Vec<_> = kernels.chain(initrds).collect();
    let digests = hash_files(files.iter().map(|(_, path)| path.as_path()).collect());
    files
        .into_iter()
        .filter_map(|(kind, path)| {
            let digest = *digests.get(path.as_path())?.as_ref().ok()?;
            Some((Payload { kind, digest }, Source::File(path.clone())))
        })
        .collect()
}

fn wanted(system: &System, content: Content, unsigned: Vec<u8>, forge: &dyn Forge) -> Wanted {
    // Another signer makes another image: a rotated key must reach every entry.
    let mut identity = Digest::of(&unsigned).as_bytes().to_vec();
    identity.extend(forge.identity());
    Wanted {
        name: ImageName::new(
            system.generation,
            &system.specialisation,
            &Digest::of(&identity),
        ),
        title: system.title(),
        toplevel: system.toplevel.clone(),
        content,
        unsigned: unsigned.into(),
    }
}

/// A system's identity: its path in the store stands in its command line.
fn key(system: &System) -> (u64, String) {
    (system.generation, system.command_line.clone())
}

fn sworn_contents(survey: &Survey) -> HashMap<(u64, String), &Content> {
    survey
        .images
        .iter()
        .filter(|image| image.is_sound())
        .filter_map(|image| {
            let content = image.read.as_ref().ok()?.content.as_ref()?;
            let key = (image.name.generation, content.command_line.clone());
            Some((key, content))
        })
        .collect()
}

fn content(
    system: &System,
    sworn: Option<&Content>,
    digests: &HashMap<&Path, Result<Digest, String>>,
    sources: &mut HashMap<Payload, Source>,
) -> Result<Content, String> {
    let read = |path: &Path| match digests.get(path) {
        Some(digest) => digest.clone(),
        None => Err(format!("{} was not read", path.display())),
    };
    let kernel = Payload {
        kind: PayloadKind::Kernel,
        digest: sworn.map_or_else(|| read(&system.kernel), |content| Ok(content.kernel.digest))?,
    };
    sources.insert(kernel, Source::File(system.kernel.clone()));
    let initrd = match (&system.initrd, &system.initrd_secrets) {
        (None, _) => None,
        (Some(path), None) => {
            let sworn = sworn.and_then(|content| content.initrd);
            let digest = sworn.map_or_else(|| read(path), |initrd| Ok(initrd.digest))?;
            Some((digest, Source::File(path.clone())))
        }
        // Secrets may have changed since, so that an older image can't swear to them.
        (Some(path), Some(program)) => {
            let secrets = secrets::gather(program)?;
            let whole = Source::WithSecrets(path.clone(), secrets.into());
            let digest = whole.open().and_then(Digest::of_stream);
            let (digest, _) = digest.map_err(|error| format!("{}: {error}", path.display()))?;
            Some((digest, whole))
        }
    };
    let initrd = initrd.map(|(digest, source)| {
        let payload = Payload {
            kind: PayloadKind::Initrd,
            digest,
        };
        sources.insert(payload, source);
        payload
    });
    Ok(Content {
        os_release: system.os_release(),
        command_line: system.command_line.clone(),
        kernel,
        initrd,
        generations: generations::read(&system.kernel)?,
    })
}

impl fmt::Debug for Source {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

impl Source {
    /// Opens it for reading.
    ///
    /// # Errors
    /// When the file can't be opened.
    pub fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(match self {
            Self::File(path) => Box::new(File::open(path)?),
            Self::WithSecrets(path, secrets) => Box::new(File::open(path)?.chain(&secrets[..])),
        })
    }

    /// Bytes.
    ///
    /// # Errors
    /// When the file isn't there.
    pub fn size(&self) -> io::Result<u64> {
        Ok(match self {
            Self::File(path) => std::fs::metadata(path)?.len(),
            Self::WithSecrets(path, secrets) => {
                std::fs::metadata(path)?.len() + secrets.len() as u64
            }
        })
    }

    /// What to call it in messages.
    #[must_use]
    pub fn describe(&self) -> String {
        let (Self::File(path) | Self::WithSecrets(path, _)) = self;
        path.display().to_string()
    }
}

/// Hashes each file once, on all processors.
fn hash_files(mut files: Vec<&Path>) -> HashMap<&Path, Result<Digest, String>> {
    files.sort_unstable();
    files.dedup();
    let threads = thread::available_parallelism().map_or(1, |count| count.get().min(files.len()));
    let done = Mutex::new(HashMap::with_capacity(files.len()));
    let queue = Mutex::new(files);
    let work = || {
        loop {
            let next = queue.lock().ok().and_then(|mut files| files.pop());
            let Some(path) = next else { return };
            let digest = File::open(path)
                .and_then(Digest::of_stream)
                .map(|(digest, _)| digest)
                .map_err(|error| format!("{}: {error}", path.display()));
            if let Ok(mut done) = done.lock() {
                done.insert(path, digest);
            }
        }
    };
    if threads <= 1 {
        work();
    } else {
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(work);
            }
        });
    }
    done.into_inner().unwrap_or_default()
}

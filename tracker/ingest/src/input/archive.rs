//! Zip archives, and archives inside them (the CVE list's bulk file is `….zip.zip`).
//!
//! Nothing is ever unpacked to a name of the archive's choosing. Still, an archive with a name that
//! would lead out of its folder is hostile or broken, and is refused as a whole.

use std::io::{Read, Seek, SeekFrom};

use zip::ZipArchive;

use super::decode::decoded;
use super::meter::{Count, Counted};
use super::walk::{Steps, Walk, is_archive_name};
use crate::error::IngestError;

/// An open archive.
pub(super) struct Archive<R> {
    zip: ZipArchive<Counted<R>>,
    /// Packed bytes read, of the entry in hand.
    packed: Count,
    name: String,
    level: u32,
}

impl<R: Read + Seek> Archive<R> {
    /// Reads the directory and checks it.
    ///
    /// # Errors
    /// [`IngestError::Archive`]: not a zip, too many entries, nested too deeply, entries that share
    /// bytes (which is how small archives unpack to huge ones), a name that leads elsewhere.
    pub fn open(
        reader: R,
        name: String,
        level: u32,
        steps: &Steps<'_>,
    ) -> Result<Self, IngestError> {
        let fail = |what: String| IngestError::archive(name.as_str(), what);
        if level > steps.limits.nesting {
            return Err(fail(format!(
                "archives nested deeper than {}",
                steps.limits.nesting
            )));
        }
        let packed = Count::default();
        let counted = Counted::new(reader, packed.clone());
        let mut zip = ZipArchive::new(counted).map_err(|error| fail(error.to_string()))?;
        if zip.len() > steps.limits.entries {
            return Err(fail(format!("more than {} entries", steps.limits.entries)));
        }
        for entry in zip.file_names_raw() {
            if leads_elsewhere(entry) {
                let entry = String::from_utf8_lossy(entry).into_owned();
                return Err(fail(format!(
                    "refused: the entry {entry:?} leads out of the archive"
                )));
            }
        }
        if zip
            .has_overlapping_entries()
            .map_err(|error| fail(error.to_string()))?
        {
            return Err(fail("refused: entries share their bytes".to_owned()));
        }
        Ok(Self {
            zip,
            packed,
            name,
            level,
        })
    }

    /// Shows the wanted entries in the order of the directory.
    pub fn walk(mut self, steps: &mut Steps<'_>) -> Result<Walk, IngestError> {
        for index in 0..self.zip.len() {
            let name = match self.zip.name_for_index(index) {
                Some(Ok(name)) => name.into_owned(),
                Some(Err(error)) => return Err(IngestError::archive(self.name, error)),
                None => continue,
            };
            let full = format!("{}!{name}", self.name);
            let nested = is_archive_name(&name);
            if !nested && !(steps.wanted)(&name) {
                continue;
            }
            let number = if nested { None } else { steps.number() };
            if !nested && number.is_none() {
                continue;
            }
            self.packed.reset();
            let entry = self
                .zip
                .by_index(index)
                .map_err(|error| IngestError::archive(full.as_str(), error))?;
            if !entry.is_file() {
                continue;
            }
            let walk = match number {
                Some(number) => steps.show(number, full, entry, Some(&self.packed))?,
                None => walk_nested(entry, full, self.level + 1, &self.packed, steps)?,
            };
            if walk == Walk::Stop {
                return Ok(Walk::Stop);
            }
        }
        Ok(Walk::On)
    }
}

/// An archive can only be read with seeking, so the inner one is put into an unnamed file first.
fn walk_nested(
    entry: impl Read,
    name: String,
    level: u32,
    packed: &Count,
    steps: &mut Steps<'_>,
) -> Result<Walk, IngestError> {
    let fail = |error| IngestError::document(name.as_str(), error);
    let mut file = tempfile::tempfile().map_err(fail)?;
    let (_, mut reader) =
        decoded(entry, Some(packed), &steps.decoded, &steps.limits).map_err(fail)?;
    std::io::copy(&mut reader, &mut file).map_err(fail)?;
    drop(reader);
    file.seek(SeekFrom::Start(0)).map_err(fail)?;
    Archive::open(std::io::BufReader::new(file), name, level, steps)?.walk(steps)
}

/// Absolute names, drive letters, `..`, backslashes, NUL.
fn leads_elsewhere(name: &[u8]) -> bool {
    name.first() == Some(&b'/')
        || name.get(1) == Some(&b':')
        || name.iter().any(|byte| matches!(byte, b'\\' | 0))
        || name.split(|byte| *byte == b'/').any(|part| part == b"..")
}

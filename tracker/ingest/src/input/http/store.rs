//! A download on disk: its bytes, and what the server said about them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use super::{Download, Validators};
use crate::error::IngestError;

/// What is kept beside the bytes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Note {
    pub url: Option<String>,
    pub validators: Validators,
    /// Length of the whole, where the server said it.
    pub total: Option<u64>,
    /// Whether the bytes are all there.
    pub complete: bool,
}

/// The files of one download.
pub(super) struct Store {
    body: PathBuf,
    note_path: PathBuf,
    pub note: Note,
}

impl Store {
    pub fn open(folder: &Path, url: &Url) -> Result<Self, IngestError> {
        fs::create_dir_all(folder).map_err(|error| IngestError::file(folder, error))?;
        let name = crate::hex(&Sha256::digest(url.as_str())[..16]);
        let mut this = Self {
            body: folder.join(format!("{name}.body")),
            note_path: folder.join(format!("{name}.json")),
            note: Note::default(),
        };
        let note = fs::read(&this.note_path).ok();
        match note.and_then(|note| serde_json::from_slice(&note).ok()) {
            Some(note) if this.body.is_file() => this.note = note,
            // Bytes without a note cannot be trusted to be of this version.
            _ => this.discard()?,
        }
        Ok(this)
    }

    /// How many bytes are there.
    pub fn length(&self) -> u64 {
        self.body.metadata().map_or(0, |data| data.len())
    }

    /// Begins anew, for the version that the note describes.
    pub fn restart(&mut self, note: Note) -> Result<File, IngestError> {
        self.note = note;
        let file =
            File::create(&self.body).map_err(|error| IngestError::file(&self.body, error))?;
        self.save()?;
        Ok(file)
    }

    /// Goes on where the bytes end.
    pub fn resume(&self) -> Result<File, IngestError> {
        let fail = |error| IngestError::file(&self.body, error);
        let mut file = OpenOptions::new()
            .write(true)
            .open(&self.body)
            .map_err(fail)?;
        file.seek(SeekFrom::End(0)).map_err(fail)?;
        Ok(file)
    }

    pub fn body(&self) -> &Path {
        &self.body
    }

    /// Marks the bytes as whole and describes them.
    pub fn complete(&mut self, asked: &Url) -> Result<Download, IngestError> {
        if !self.note.complete {
            self.note.complete = true;
            self.save()?;
        }
        Ok(Download {
            path: self.body.clone(),
            url: self
                .note
                .url
                .as_deref()
                .and_then(|url| Url::parse(url).ok())
                .unwrap_or_else(|| asked.clone()),
            validators: self.note.validators.clone(),
        })
    }

    pub fn discard(&mut self) -> Result<(), IngestError> {
        self.note = Note::default();
        for path in [&self.note_path, &self.body] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(IngestError::file(path, error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Written beside and moved into place, so that a kill leaves the old note or the new one.
    fn save(&self) -> Result<(), IngestError> {
        let beside = self.note_path.with_extension("json.new");
        let fail = |error| IngestError::file(&beside, error);
        let text = serde_json::to_vec(&self.note).map_err(|error| fail(error.into()))?;
        fs::write(&beside, text).map_err(fail)?;
        fs::rename(&beside, &self.note_path).map_err(fail)
    }
}

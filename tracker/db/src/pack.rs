//! Packed documents: one byte with the number of a dictionary (0: none), then a zstd frame.
//!
//! Advisories and packages are small and alike, so a dictionary trained on the first of them
//! makes each a fifth of its size while it can still be read alone. Dictionaries are kept in the
//! database and never change.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use zstd::bulk::{Compressor, Decompressor};

use crate::error::{DbError, Result};

/// Fast; level 3 gains two percent of size at twice the time on CVE records.
const LEVEL: i32 = 1;
/// Larger than any document that ingestion lets through; a guard against a damaged length field.
const MAX_DOCUMENT: usize = 1 << 30;
/// Size of a trained dictionary.
const DICTIONARY_BYTES: usize = 64 << 10;
/// Sample bytes to train on; more does not help and costs time.
const SAMPLE_BYTES: usize = 1 << 20;
/// Room for a frame that is kept from one document to the next.
const KEPT_FRAME: usize = 1 << 20;
/// Fewer samples make a dictionary that fits nothing else.
const MIN_SAMPLES: usize = 200;

/// A compressor that nobody uses at the moment, and the room it writes into.
struct Idle {
    compressor: Compressor<'static>,
    frame: Vec<u8>,
}

/// A dictionary with its idle contexts.
pub(crate) struct Dictionary {
    pub(crate) id: u8,
    pub(crate) kind: String,
    body: Vec<u8>,
    compressors: Mutex<Vec<Idle>>,
    decompressors: Mutex<Vec<Decompressor<'static>>>,
}

impl Dictionary {
    pub(crate) fn new(id: u8, kind: String, body: Vec<u8>) -> Self {
        Self {
            id,
            kind,
            body,
            compressors: Mutex::default(),
            decompressors: Mutex::default(),
        }
    }

    fn pack(&self, document: &[u8]) -> Result<Vec<u8>> {
        let idle = self
            .compressors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut idle = match idle {
            Some(idle) => idle,
            None => Idle {
                compressor: Compressor::with_dictionary(LEVEL, &self.body)
                    .map_err(|failed| unusable(&self.kind, &failed))?,
                frame: Vec::new(),
            },
        };
        idle.frame.clear();
        idle.frame
            .reserve(zstd::zstd_safe::compress_bound(document.len()));
        idle.compressor
            .compress_to_buffer(document, &mut idle.frame)
            .map_err(|failed| unusable(&self.kind, &failed))?;
        // Copied into its exact size: thousands wait at once for the writer.
        let mut packed = Vec::with_capacity(1 + idle.frame.len());
        packed.push(self.id);
        packed.extend_from_slice(&idle.frame);
        // One huge document shall not hold its room for ever.
        idle.frame.shrink_to(KEPT_FRAME);
        self.compressors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(idle);
        Ok(packed)
    }

    fn unpack(&self, frame: &[u8], what: &str) -> Result<Vec<u8>> {
        let idle = self
            .decompressors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut decompressor = match idle {
            Some(decompressor) => decompressor,
            None => Decompressor::with_dictionary(&self.body)
                .map_err(|failed| unusable(&self.kind, &failed))?,
        };
        let size = zstd::zstd_safe::get_frame_content_size(frame)
            .ok()
            .flatten();
        let size = size
            .and_then(|size| usize::try_from(size).ok())
            .filter(|&size| size <= MAX_DOCUMENT);
        let size = size.ok_or_else(|| DbError::damaged(what, "not a zstd frame with its size"))?;
        let document = decompressor
            .decompress(frame, size)
            .map_err(|failed| DbError::damaged(what, failed))?;
        self.decompressors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(decompressor);
        Ok(document)
    }
}

fn unusable(kind: &str, failed: &std::io::Error) -> DbError {
    DbError::damaged(format!("dictionary {kind}"), failed)
}

/// The dictionaries of a database.
#[derive(Default)]
pub(crate) struct Packer {
    dictionaries: RwLock<Vec<Arc<Dictionary>>>,
}

impl Packer {
    /// Packs with the newest dictionary of this kind, or with none.
    pub(crate) fn pack(&self, kind: &str, document: &[u8]) -> Result<Vec<u8>> {
        self.pack_with(&self.newest(kind), document)
    }

    pub(crate) fn pack_with(
        &self,
        dictionary: &Arc<Dictionary>,
        document: &[u8],
    ) -> Result<Vec<u8>> {
        dictionary.pack(document)
    }

    /// # Errors
    /// [`DbError::Damaged`] names `what`.
    pub(crate) fn unpack(&self, packed: &[u8], what: &str) -> Result<Vec<u8>> {
        let (&id, frame) = packed
            .split_first()
            .ok_or_else(|| DbError::damaged(what, "empty"))?;
        let dictionary = self.by(|dictionary| dictionary.id == id).ok_or_else(|| {
            DbError::damaged(
                what,
                format!("packed with dictionary {id}, which is not there"),
            )
        })?;
        dictionary.unpack(frame, what)
    }

    /// The dictionary to pack this kind with.
    pub(crate) fn newest(&self, kind: &str) -> Arc<Dictionary> {
        self.by(|dictionary| dictionary.kind == kind)
            .or_else(|| self.by(|dictionary| dictionary.id == 0))
            .unwrap_or_else(plain)
    }

    pub(crate) fn has(&self, kind: &str) -> bool {
        self.by(|dictionary| dictionary.kind == kind).is_some()
    }

    pub(crate) fn knows(&self, id: u8) -> bool {
        self.by(|dictionary| dictionary.id == id).is_some()
    }

    pub(crate) fn set(&self, mut dictionaries: Vec<Arc<Dictionary>>) {
        dictionaries.push(plain());
        *self
            .dictionaries
            .write()
            .unwrap_or_else(PoisonError::into_inner) = dictionaries;
    }

    fn by(&self, fits: impl Fn(&Dictionary) -> bool) -> Option<Arc<Dictionary>> {
        let dictionaries = self
            .dictionaries
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        dictionaries
            .iter()
            .find(|dictionary| fits(dictionary))
            .cloned()
    }
}

fn plain() -> Arc<Dictionary> {
    Arc::new(Dictionary::new(0, String::new(), Vec::new()))
}

/// Trains a dictionary, when the samples suffice for one.
pub(crate) fn train<'s>(samples: impl Iterator<Item = &'s [u8]>) -> Option<Vec<u8>> {
    let mut bytes = 0;
    let samples: Vec<&[u8]> = samples
        .take_while(|sample| {
            let more = bytes < SAMPLE_BYTES;
            bytes += sample.len();
            more
        })
        .collect();
    if samples.len() < MIN_SAMPLES {
        return None;
    }
    // Samples that are all alike cannot be trained on; they pack well enough without.
    zstd::dict::from_samples(&samples, DICTIONARY_BYTES).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_come_back() {
        let packer = Packer::default();
        packer.set(Vec::new());
        let samples: Vec<Vec<u8>> = (0..1000)
            .map(|number| {
                format!(
                    r#"{{"id":"CVE-2024-{number}","vendor":"v{}","note":"{}"}}"#,
                    number % 7,
                    number * 7919
                )
                .into_bytes()
            })
            .collect();
        let plain = packer.pack("test", &samples[3]).unwrap();
        let body = train(samples.iter().map(Vec::as_slice)).expect("enough samples");
        packer.set(vec![Arc::new(Dictionary::new(1, "test".into(), body))]);
        let packed = packer.pack("test", &samples[3]).unwrap();
        assert!(packed.len() < plain.len());
        assert_eq!(packer.unpack(&packed, "x").unwrap(), samples[3]);
        assert_eq!(packer.unpack(&plain, "x").unwrap(), samples[3]);
    }

    #[test]
    fn damage_is_named() {
        let packer = Packer::default();
        packer.set(Vec::new());
        for bytes in [
            &b""[..],
            b"\x00",
            b"\x00\x28\xb5\x2f\xfd",
            b"\x09abc",
            b"\x00garbage that is no frame",
        ] {
            let failed = packer.unpack(bytes, "record CVE-1").unwrap_err();
            assert!(failed.to_string().contains("record CVE-1"), "{failed}");
        }
    }
}

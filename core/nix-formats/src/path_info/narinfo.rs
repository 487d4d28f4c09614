//! `.narinfo` files: what a binary cache says of one store object.
//!
//! ```text
//! narinfo = { key ": " value "\n" }
//! ```
//!
//! `StorePath`, `URL`, `NarHash` and `NarSize` must be there; `Sig` may stand more than once, any
//! other key that is known once. As in Nix, keys that are not known are passed over.
//!
//! Source: <https://nix.dev/manual/nix/latest/protocols/binary-cache/narinfo.html>

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::num::NonZeroU64;

use super::{
    Compression, Download, DownloadUrl, MAX_REFERENCES, MAX_SIGNATURES, PathInfo, Sha256Hash,
};
use crate::content_address::{ContentAddress, ContentAddressError};
use crate::hash::{Hash, HashError};
use crate::signature::{Signature, SignatureError};
use crate::store_path::{StoreDir, StorePath, StorePathError};

/// The longest file that is read, in bytes.
pub const MAX_BYTES: usize = 16 << 20;

/// A store object and the file that holds it in a binary cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NarInfo {
    info: PathInfo,
    download: Download,
}

/// Why bytes are no `.narinfo` file. Offsets count bytes from the start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NarInfoError {
    /// The file is longer than [`MAX_BYTES`].
    #[error("a .narinfo file of {length} bytes is over the limit of {MAX_BYTES}")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// The file is not UTF-8.
    #[error("not UTF-8 at byte {offset}")]
    NotUtf8 {
        /// The first byte that is not.
        offset: usize,
    },
    /// A line is not a key, `: `, a value and a line feed.
    #[error("the line at byte {offset} is not a key, \": \", a value and a line feed")]
    Line {
        /// Where the line begins.
        offset: usize,
    },
    /// A key stands twice that may stand once.
    #[error("{key} stands again at byte {offset}")]
    Duplicate {
        /// The key.
        key: &'static str,
        /// Where the second line begins.
        offset: usize,
    },
    /// A key is missing.
    #[error("{key} is missing")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// A value is not allowed under its key, or there are too many.
    #[error("the value of {key} at byte {offset} is not allowed")]
    Value {
        /// The key.
        key: &'static str,
        /// Where the line begins.
        offset: usize,
    },
    /// A store path is none.
    #[error("at byte {offset}: {source}")]
    StorePath {
        /// What is wrong with it.
        source: StorePathError,
        /// Where the line begins.
        offset: usize,
    },
    /// A hash is none.
    #[error("at byte {offset}: {source}")]
    Hash {
        /// What is wrong with it.
        source: HashError,
        /// Where the line begins.
        offset: usize,
    },
    /// A content address is none.
    #[error("at byte {offset}: {source}")]
    ContentAddress {
        /// What is wrong with it.
        source: ContentAddressError,
        /// Where the line begins.
        offset: usize,
    },
    /// A signature is none.
    #[error("at byte {offset}: {source}")]
    Signature {
        /// What is wrong with it.
        source: SignatureError,
        /// Where the line begins.
        offset: usize,
    },
}

/// The fields that were read so far.
#[derive(Default)]
struct Fields {
    path: Option<StorePath>,
    url: Option<DownloadUrl>,
    compression: Option<Compression>,
    file_hash: Option<Sha256Hash>,
    file_size: Option<u64>,
    nar_hash: Option<Sha256Hash>,
    nar_size: Option<u64>,
    references: Option<BTreeSet<StorePath>>,
    deriver: Option<Option<StorePath>>,
    content_address: Option<Option<ContentAddress>>,
    signatures: BTreeSet<Signature>,
}

impl NarInfo {
    /// Reads a file.
    ///
    /// The store path must stand in `store_dir`.
    ///
    /// # Errors
    /// Any variant of [`NarInfoError`].
    pub fn parse(input: &[u8], store_dir: &StoreDir) -> Result<Self, NarInfoError> {
        if input.len() > MAX_BYTES {
            return Err(NarInfoError::TooLong {
                length: input.len(),
            });
        }
        let mut rest = std::str::from_utf8(input).map_err(|error| NarInfoError::NotUtf8 {
            offset: error.valid_up_to(),
        })?;
        let mut fields = Fields::default();
        while !rest.is_empty() {
            let offset = input.len() - rest.len();
            let (line, after) = rest.split_once('\n').ok_or(NarInfoError::Line { offset })?;
            let (key, value) = line.split_once(": ").ok_or(NarInfoError::Line { offset })?;
            fields.read(
                key,
                &Value {
                    text: value,
                    offset,
                    store_dir,
                },
            )?;
            rest = after;
        }
        let missing = |key| NarInfoError::Missing { key };
        let nar_size = fields.nar_size.and_then(NonZeroU64::new);
        Ok(Self {
            info: PathInfo {
                path: fields.path.ok_or(missing("StorePath"))?,
                nar_hash: fields.nar_hash.ok_or(missing("NarHash"))?,
                nar_size: Some(nar_size.ok_or(missing("NarSize"))?),
                references: fields.references.unwrap_or_default(),
                deriver: fields.deriver.flatten(),
                content_address: fields.content_address.flatten(),
                signatures: fields.signatures,
            },
            download: Download {
                url: fields.url.ok_or(missing("URL"))?,
                compression: Some(fields.compression.unwrap_or(Compression::Bzip2)),
                file_hash: fields.file_hash,
                file_size: fields.file_size.and_then(NonZeroU64::new),
            },
        })
    }

    /// Puts a file together.
    ///
    /// # Errors
    /// [`NarInfoError::Missing`] without a size of the archive.
    pub fn new(info: PathInfo, download: Download) -> Result<Self, NarInfoError> {
        if info.nar_size.is_none() {
            return Err(NarInfoError::Missing { key: "NarSize" });
        }
        let compression = Some(download.compression.unwrap_or(Compression::Bzip2));
        Ok(Self {
            info,
            download: Download {
                compression,
                ..download
            },
        })
    }

    /// The store object; its archive's size is always known.
    #[must_use]
    pub fn info(&self) -> &PathInfo {
        &self.info
    }

    /// The file that holds it; its compression is always known.
    #[must_use]
    pub fn download(&self) -> &Download {
        &self.download
    }

    /// Writes the file with the keys in Nix's order.
    #[must_use]
    pub fn write(&self, store_dir: &StoreDir) -> String {
        let (info, download) = (&self.info, &self.download);
        let mut out = String::new();
        let mut line = |key: &str, value: &dyn std::fmt::Display| {
            writeln!(out, "{key}: {value}").expect("writing to a String never fails");
        };
        let digits = |hash: Sha256Hash| format!("sha256:{}", hash.hash().nix32());
        line("StorePath", &info.path.to_absolute(store_dir));
        line("URL", &download.url.as_str());
        line(
            "Compression",
            &download.compression.unwrap_or(Compression::Bzip2).name(),
        );
        if let Some(hash) = download.file_hash {
            line("FileHash", &digits(hash));
        }
        if let Some(size) = download.file_size {
            line("FileSize", &size);
        }
        line("NarHash", &digits(info.nar_hash));
        if let Some(size) = info.nar_size {
            line("NarSize", &size);
        }
        let references: Vec<_> = info.references.iter().map(StorePath::as_str).collect();
        line("References", &references.join(" "));
        if let Some(deriver) = &info.deriver {
            line("Deriver", deriver);
        }
        for signature in &info.signatures {
            line("Sig", signature);
        }
        if let Some(address) = info.content_address {
            line("CA", &address);
        }
        out
    }
}

impl Fields {
    fn read(&mut self, key: &str, value: &Value<'_>) -> Result<(), NarInfoError> {
        match key {
            "StorePath" => value.once("StorePath", &mut self.path, |value| {
                StorePath::from_absolute(value.text, value.store_dir).map_err(|source| {
                    NarInfoError::StorePath {
                        source,
                        offset: value.offset,
                    }
                })
            }),
            "URL" => value.once("URL", &mut self.url, |value| {
                DownloadUrl::new(value.text).ok_or(value.refused("URL"))
            }),
            "Compression" => value.once("Compression", &mut self.compression, |value| match value
                .text
            {
                "" => Ok(Compression::Bzip2),
                name => Compression::from_name(name).ok_or(value.refused("Compression")),
            }),
            "FileHash" => value.once("FileHash", &mut self.file_hash, |value| {
                value.sha256("FileHash")
            }),
            "FileSize" => value.once("FileSize", &mut self.file_size, |value| {
                value.number("FileSize")
            }),
            "NarHash" => value.once("NarHash", &mut self.nar_hash, |value| {
                value.sha256("NarHash")
            }),
            "NarSize" => value.once("NarSize", &mut self.nar_size, |value| {
                value.number("NarSize")
            }),
            "References" => value.once("References", &mut self.references, |value| {
                let names = value.text.split(' ').filter(|name| !name.is_empty());
                let references: BTreeSet<_> = names
                    .map(|name| value.base_name(name))
                    .collect::<Result<_, _>>()?;
                if references.len() > MAX_REFERENCES {
                    return Err(value.refused("References"));
                }
                Ok(references)
            }),
            "Deriver" => value.once("Deriver", &mut self.deriver, |value| match value.text {
                "unknown-deriver" => Ok(None),
                name => value.base_name(name).map(Some),
            }),
            "CA" => value.once("CA", &mut self.content_address, |value| match value.text {
                "" => Ok(None),
                text => text
                    .parse()
                    .map(Some)
                    .map_err(|source| NarInfoError::ContentAddress {
                        source,
                        offset: value.offset,
                    }),
            }),
            "Sig" => {
                let signature = value
                    .text
                    .parse()
                    .map_err(|source| NarInfoError::Signature {
                        source,
                        offset: value.offset,
                    })?;
                self.signatures.insert(signature);
                if self.signatures.len() > MAX_SIGNATURES {
                    return Err(value.refused("Sig"));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// The value of one line.
struct Value<'a> {
    text: &'a str,
    offset: usize,
    store_dir: &'a StoreDir,
}

impl Value<'_> {
    /// Fills a field that was not there before.
    fn once<T>(
        &self,
        key: &'static str,
        field: &mut Option<T>,
        read: impl FnOnce(&Self) -> Result<T, NarInfoError>,
    ) -> Result<(), NarInfoError> {
        if field.is_some() {
            return Err(NarInfoError::Duplicate {
                key,
                offset: self.offset,
            });
        }
        *field = Some(read(self)?);
        Ok(())
    }

    fn base_name(&self, name: &str) -> Result<StorePath, NarInfoError> {
        StorePath::from_base_name(name).map_err(|source| NarInfoError::StorePath {
            source,
            offset: self.offset,
        })
    }

    fn sha256(&self, key: &'static str) -> Result<Sha256Hash, NarInfoError> {
        let hash = Hash::parse(self.text).map_err(|source| NarInfoError::Hash {
            source,
            offset: self.offset,
        })?;
        Sha256Hash::new(hash).ok_or(self.refused(key))
    }

    fn number(&self, key: &'static str) -> Result<u64, NarInfoError> {
        // `u64::from_str` would take a `+`.
        let digits = Some(self.text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        digits
            .and_then(|digits| digits.parse().ok())
            .ok_or(self.refused(key))
    }

    fn refused(&self, key: &'static str) -> NarInfoError {
        NarInfoError::Value {
            key,
            offset: self.offset,
        }
    }
}

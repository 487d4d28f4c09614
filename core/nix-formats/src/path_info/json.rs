//! Store objects as `nix path-info --json` prints them.
//!
//! ```text
//! [ { "path": path, … } ]                                         until Nix 2.18
//! { path: { … } | null }                                          version 1
//! { "version": 2 | 3, "storeDir": dir, "info": { base-name: { … } | null } }
//! ```
//!
//! Version 2 turned `ca` from text into an object and paths into base names; version 3 turned
//! signatures into objects. What is null, or has `valid: false`, is not in the store.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{
    Compression, Download, DownloadUrl, MAX_REFERENCES, MAX_SIGNATURES, PathInfo, Sha256Hash,
};
use crate::content_address::{ContentAddress, ContentAddressError};
use crate::hash::{Hash, HashError};
use crate::json::{BoundedList, JsonSyntaxError, UniqueEntries, from_slice};
use crate::signature::{Signature, SignatureError};
use crate::store_path::{StoreDir, StorePath, StorePathError};

/// The newest format that is known.
const VERSION: u64 = 3;

/// A store object with what a store or a closure adds to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathInfoEntry {
    /// The object itself.
    pub info: PathInfo,
    /// When it came into this store, in seconds since 1970.
    pub registration_time: Option<i64>,
    /// Whether this store built it.
    pub ultimate: bool,
    /// The archive sizes of its closure together, in bytes.
    pub closure_size: Option<u64>,
    /// The download sizes of its closure together, in bytes.
    pub closure_download_size: Option<u64>,
    /// The file that holds it, where the store is a binary cache.
    pub download: Option<Download>,
}

/// Why JSON holds no path information.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathInfoJsonError {
    /// The JSON is malformed, or a value is not allowed where it stands.
    #[error(transparent)]
    Json(#[from] JsonSyntaxError),
    /// The format version is newer than 3, or an entry's differs from that of the whole.
    #[error("path-info JSON format version {version} is not supported")]
    Version {
        /// The version.
        version: u64,
    },
    /// The paths belong to another store directory.
    #[error("the store directory is {value:?}")]
    OtherStore {
        /// The start of the other directory.
        value: String,
    },
    /// Two entries stand for one path.
    #[error("{path} stands twice")]
    Duplicate {
        /// The path.
        path: StorePath,
    },
    /// A store path is none.
    #[error("{entry:?}: {source}")]
    StorePath {
        /// The key or path of the entry.
        entry: String,
        /// What is wrong with the path.
        source: StorePathError,
    },
    /// A hash is none.
    #[error("{entry:?}: {source}")]
    Hash {
        /// The key or path of the entry.
        entry: String,
        /// What is wrong with it.
        source: HashError,
    },
    /// A content address is none.
    #[error("{entry:?}: {source}")]
    ContentAddress {
        /// The key or path of the entry.
        entry: String,
        /// What is wrong with it.
        source: ContentAddressError,
    },
    /// A signature is none.
    #[error("{entry:?}: {source}")]
    Signature {
        /// The key or path of the entry.
        entry: String,
        /// What is wrong with it.
        source: SignatureError,
    },
    /// A field is missing, too long, or has a value that it cannot have.
    #[error("{entry:?}: {field} is missing or has a value that is not allowed")]
    Field {
        /// The key or path of the entry.
        entry: String,
        /// The field.
        field: &'static str,
    },
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    version: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Versioned {
    version: u64,
    store_dir: String,
    info: UniqueEntries<Option<Fields>>,
}

/// The fields of all forms.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    path: Option<String>,
    valid: Option<bool>,
    version: Option<u64>,
    store_dir: Option<String>,
    nar_hash: Option<String>,
    nar_size: Option<u64>,
    #[serde(default)]
    references: Vec<String>,
    deriver: Option<String>,
    ca: Option<CaField>,
    #[serde(default)]
    signatures: Vec<SignatureField>,
    registration_time: Option<i64>,
    ultimate: Option<bool>,
    closure_size: Option<u64>,
    closure_download_size: Option<u64>,
    url: Option<String>,
    compression: Option<String>,
    download_hash: Option<String>,
    download_size: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CaField {
    Text(String),
    Object { method: String, hash: String },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum SignatureField {
    Text(String),
    Object {
        #[serde(rename = "keyName")]
        key_name: String,
        sig: String,
    },
}

/// Reads what `nix path-info --json` printed, of any version. `None` stands for a path that is
/// not in the store.
///
/// All paths must stand in `store_dir`.
///
/// # Errors
/// Any variant of [`PathInfoJsonError`].
pub fn parse(
    input: &[u8],
    store_dir: &StoreDir,
) -> Result<BTreeMap<StorePath, Option<PathInfoEntry>>, PathInfoJsonError> {
    let is_list = input.trim_ascii_start().first() == Some(&b'[');
    let (entries, version) = if is_list {
        let list: BoundedList<Fields> = from_slice(input)?;
        let with_key = |fields: Fields| match &fields.path {
            Some(path) => Ok((path.clone(), Some(fields))),
            None => Err(PathInfoJsonError::Field {
                entry: "an entry".to_owned(),
                field: "path",
            }),
        };
        (
            list.0.into_iter().map(with_key).collect::<Result<_, _>>()?,
            1,
        )
    } else if from_slice::<Head>(input)?.version.is_some() {
        let versioned: Versioned = from_slice(input)?;
        if !(2..=VERSION).contains(&versioned.version) {
            return Err(PathInfoJsonError::Version {
                version: versioned.version,
            });
        }
        same_store(&versioned.store_dir, store_dir)?;
        (versioned.info.0, versioned.version)
    } else {
        (from_slice::<UniqueEntries<Option<Fields>>>(input)?.0, 1)
    };
    let mut infos = BTreeMap::new();
    for (key, fields) in entries {
        let at = At {
            entry: &key,
            store_dir,
        };
        let path = at.path(&key)?;
        let entry = match fields {
            Some(fields) if fields.valid != Some(false) => Some(at.entry(&path, fields, version)?),
            _ => None,
        };
        // A full path and a base name are two keys for one path.
        if infos.insert(path.clone(), entry).is_some() {
            return Err(PathInfoJsonError::Duplicate { path });
        }
    }
    Ok(infos)
}

fn same_store(stated: &str, store_dir: &StoreDir) -> Result<(), PathInfoJsonError> {
    if stated == store_dir.as_str() {
        Ok(())
    } else {
        Err(PathInfoJsonError::OtherStore {
            value: crate::excerpt(stated),
        })
    }
}

/// The entry that is being read.
struct At<'a> {
    entry: &'a str,
    store_dir: &'a StoreDir,
}

impl At<'_> {
    fn entry(
        &self,
        path: &StorePath,
        fields: Fields,
        version: u64,
    ) -> Result<PathInfoEntry, PathInfoJsonError> {
        if let Some(other) = fields.version.filter(|stated| *stated != version) {
            return Err(PathInfoJsonError::Version { version: other });
        }
        if let Some(stated) = &fields.store_dir {
            same_store(stated, self.store_dir)?;
        }
        if fields.references.len() > MAX_REFERENCES {
            return Err(self.field("references"));
        }
        if fields.signatures.len() > MAX_SIGNATURES {
            return Err(self.field("signatures"));
        }
        let nar_hash = fields
            .nar_hash
            .as_deref()
            .ok_or_else(|| self.field("narHash"))?;
        let references = fields
            .references
            .iter()
            .map(|reference| self.path(reference));
        let deriver = fields
            .deriver
            .as_deref()
            .filter(|deriver| !deriver.is_empty());
        let info = PathInfo {
            path: path.clone(),
            nar_hash: self.sha256(nar_hash, "narHash")?,
            nar_size: fields.nar_size.and_then(NonZeroU64::new),
            references: references.collect::<Result<_, _>>()?,
            deriver: deriver.map(|deriver| self.path(deriver)).transpose()?,
            content_address: self.content_address(fields.ca.as_ref())?,
            signatures: fields
                .signatures
                .iter()
                .map(|signature| self.signature(signature))
                .collect::<Result<_, _>>()?,
        };
        let download = match fields.url {
            None => None,
            Some(url) => {
                let compression = fields.compression.map(|name| {
                    Compression::from_name(&name).ok_or_else(|| self.field("compression"))
                });
                let file_hash = fields
                    .download_hash
                    .map(|hash| self.sha256(&hash, "downloadHash"));
                Some(Download {
                    url: DownloadUrl::new(&url).ok_or_else(|| self.field("url"))?,
                    compression: compression.transpose()?,
                    file_hash: file_hash.transpose()?,
                    file_size: fields.download_size.and_then(NonZeroU64::new),
                })
            }
        };
        Ok(PathInfoEntry {
            info,
            registration_time: fields.registration_time,
            ultimate: fields.ultimate.unwrap_or(false),
            closure_size: fields.closure_size,
            closure_download_size: fields.closure_download_size,
            download,
        })
    }

    fn path(&self, text: &str) -> Result<StorePath, PathInfoJsonError> {
        StorePath::from_either(text, self.store_dir).map_err(|source| {
            PathInfoJsonError::StorePath {
                entry: self.entry_name(),
                source,
            }
        })
    }

    fn hash(&self, text: &str) -> Result<Hash, PathInfoJsonError> {
        Hash::parse(text).map_err(|source| PathInfoJsonError::Hash {
            entry: self.entry_name(),
            source,
        })
    }

    fn sha256(&self, text: &str, field: &'static str) -> Result<Sha256Hash, PathInfoJsonError> {
        Sha256Hash::new(self.hash(text)?).ok_or_else(|| self.field(field))
    }

    fn content_address(
        &self,
        field: Option<&CaField>,
    ) -> Result<Option<ContentAddress>, PathInfoJsonError> {
        let address = match field {
            None => return Ok(None),
            Some(CaField::Text(text)) if text.is_empty() => return Ok(None),
            Some(CaField::Text(text)) => text.parse(),
            Some(CaField::Object { method, hash }) => {
                let hash = self.hash(hash)?;
                method
                    .parse()
                    .and_then(|method| ContentAddress::new(method, hash))
            }
        };
        address
            .map(Some)
            .map_err(|source| PathInfoJsonError::ContentAddress {
                entry: self.entry_name(),
                source,
            })
    }

    fn signature(&self, field: &SignatureField) -> Result<Signature, PathInfoJsonError> {
        match field {
            SignatureField::Text(text) => text.parse(),
            SignatureField::Object { key_name, sig } => Signature::new(key_name, sig),
        }
        .map_err(|source| PathInfoJsonError::Signature {
            entry: self.entry_name(),
            source,
        })
    }

    fn field(&self, field: &'static str) -> PathInfoJsonError {
        PathInfoJsonError::Field {
            entry: self.entry_name(),
            field,
        }
    }

    fn entry_name(&self) -> String {
        crate::excerpt(self.entry)
    }
}

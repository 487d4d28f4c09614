//! EFI_SIGNATURE_LIST.

use alloc::vec::Vec;

use crate::bytes::{slice, u32_at};
use crate::digest::{Digest, DigestAlgorithm};
use crate::guid::Guid;
use crate::x509::Certificate;

/// Bytes before a list's signatures: type, three sizes.
const HEADER: usize = 28;
const OWNER: usize = 16;
/// More entries than any database has; Microsoft's dbx has some hundreds.
const MAX_ENTRIES: usize = 65_536;

const fn kind(first: u32, second: u16, third: u16, rest: [u8; 8]) -> Guid {
    let [a, b, c, d] = first.to_le_bytes();
    let [e, f] = second.to_le_bytes();
    let [g, h] = third.to_le_bytes();
    let [i, j, k, l, m, n, o, p] = rest;
    Guid::from_bytes([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
}

const X509: Guid = kind(
    0xa5c0_59a1,
    0x94e4,
    0x4aa7,
    [0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72],
);
const SHA256: Guid = kind(
    0xc1c4_1626,
    0x504c,
    0x4092,
    [0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28],
);
const SHA384: Guid = kind(
    0xff3e_5307,
    0x9fd0,
    0x48c9,
    [0x85, 0xf1, 0x8a, 0xd5, 0x6c, 0x70, 0x1e, 0x01],
);
const SHA512: Guid = kind(
    0x093e_0fae,
    0xa6c4,
    0x4f50,
    [0x9f, 0x1b, 0xd4, 0x1e, 0x2b, 0x89, 0xc1, 0x9a],
);
const X509_SHA256: Guid = kind(
    0x3bd2_a492,
    0x96c0,
    0x4079,
    [0xb4, 0x20, 0xfc, 0xf9, 0x8e, 0xf1, 0x03, 0xed],
);
const X509_SHA384: Guid = kind(
    0x7076_876e,
    0x80c2,
    0x4ee6,
    [0xaa, 0xd2, 0x28, 0xb3, 0x49, 0xa6, 0x86, 0x5b],
);
const X509_SHA512: Guid = kind(
    0x446d_bf63,
    0x2502,
    0x4cda,
    [0xbc, 0xfa, 0x24, 0x65, 0xd2, 0xb0, 0xfe, 0x9d],
);

/// Why bytes are no signature lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// A list's sizes contradict one another or the bytes.
    #[error("the signature list at offset {at} has sizes that cannot be")]
    Sizes {
        /// Its offset.
        at: usize,
    },
    /// An entry's content has not the size of its kind, or is no certificate.
    #[error("the signature list at offset {at} holds an entry that is not of the list's kind")]
    Entry {
        /// The list's offset.
        at: usize,
    },
    /// More entries than [any database has](SignatureLists).
    #[error("more than 65536 entries")]
    TooMany,
}

/// What one entry holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payload {
    /// A certificate.
    Certificate(Certificate),
    /// An image's digest.
    Image(Digest),
    /// A certificate that cannot be read: firmware may read it, so it is kept as it is.
    UnreadableCertificate(Vec<u8>),
    /// The digest of a certificate's signed part, and from when it is revoked (an EFI_TIME).
    CertificateDigest {
        /// Over the signed part.
        digest: Digest,
        /// All zero: always.
        revoked_from: [u8; 16],
    },
    /// Anything else, kept as it is.
    Other(Vec<u8>),
}

/// One entry: who put it there, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureEntry {
    /// `SignatureOwner`.
    pub owner: Guid,
    /// `SignatureData`.
    pub payload: Payload,
}

/// Entries of one kind and size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureList {
    kind: Guid,
    header: Vec<u8>,
    entry_size: usize,
    entries: Vec<SignatureEntry>,
}

/// The content of a variable such as db: lists one after another. At most 65,536 entries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignatureLists(Vec<SignatureList>);

impl SignatureLists {
    /// Reads all lists; no byte may be left.
    ///
    /// # Errors
    /// [`ListError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ListError> {
        let mut lists = Vec::new();
        let mut count = 0_usize;
        let mut at = 0_usize;
        while at < bytes.len() {
            let list = SignatureList::parse(bytes, at)?;
            count = count.saturating_add(list.entries.len());
            if count > MAX_ENTRIES {
                return Err(ListError::TooMany);
            }
            at = at.saturating_add(list.size());
            lists.push(list);
        }
        Ok(Self(lists))
    }

    /// The bytes of all lists. What was read is written as it was.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for list in &self.0 {
            let word = |value: usize| u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes();
            out.extend_from_slice(list.kind.as_bytes());
            out.extend(word(list.size()));
            out.extend(word(list.header.len()));
            out.extend(word(list.entry_size));
            out.extend_from_slice(&list.header);
            for entry in &list.entries {
                out.extend_from_slice(entry.owner.as_bytes());
                match &entry.payload {
                    Payload::Certificate(certificate) => out.extend_from_slice(certificate.der()),
                    Payload::Image(digest) => out.extend_from_slice(digest.as_bytes()),
                    Payload::CertificateDigest {
                        digest,
                        revoked_from,
                    } => {
                        out.extend_from_slice(digest.as_bytes());
                        out.extend_from_slice(revoked_from);
                    }
                    Payload::UnreadableCertificate(bytes) | Payload::Other(bytes) => {
                        out.extend_from_slice(bytes);
                    }
                }
            }
        }
        out
    }

    /// All entries, in order.
    pub fn entries(&self) -> impl Iterator<Item = &SignatureEntry> {
        self.0.iter().flat_map(|list| &list.entries)
    }

    /// All certificates that could be read.
    pub fn certificates(&self) -> Vec<Certificate> {
        self.entries()
            .filter_map(|entry| match &entry.payload {
                Payload::Certificate(certificate) => Some(certificate.clone()),
                _ => None,
            })
            .collect()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.entries().next().is_none()
    }

    /// Adds a certificate in a list of its own, unless it is there.
    pub fn add_certificate(&mut self, owner: Guid, certificate: Certificate) {
        let payload = Payload::Certificate(certificate);
        let there = self.entries().any(|entry| entry.payload == payload);
        if let (false, Payload::Certificate(certificate)) = (there, &payload) {
            self.0.push(SignatureList {
                kind: X509,
                header: Vec::new(),
                entry_size: certificate.der().len().saturating_add(OWNER),
                entries: alloc::vec![SignatureEntry { owner, payload }],
            });
        }
    }

    /// Adds an image's digest to the list of its kind, unless it is there.
    pub fn add_digest(&mut self, owner: Guid, digest: Digest) {
        let kind = match digest.algorithm() {
            DigestAlgorithm::Sha256 => SHA256,
            DigestAlgorithm::Sha384 => SHA384,
            DigestAlgorithm::Sha512 => SHA512,
            // Firmware of today reads no SHA-1.
            DigestAlgorithm::Sha1 => return,
        };
        let entry_size = digest.algorithm().size().saturating_add(OWNER);
        let payload = Payload::Image(digest);
        if self.entries().any(|entry| entry.payload == payload) {
            return;
        }
        let entry = SignatureEntry { owner, payload };
        match self
            .0
            .iter_mut()
            .find(|list| list.kind == kind && list.header.is_empty())
        {
            Some(list) => list.entries.push(entry),
            None => self.0.push(SignatureList {
                kind,
                header: Vec::new(),
                entry_size,
                entries: alloc::vec![entry],
            }),
        }
    }

    /// Takes a certificate out; a list that thereby becomes empty goes too.
    pub fn remove_certificate(&mut self, certificate: &Certificate) {
        for list in &mut self.0 {
            list.entries.retain(
                |entry| !matches!(&entry.payload, Payload::Certificate(known) if known == certificate),
            );
        }
        self.0.retain(|list| !list.entries.is_empty());
    }

    /// Adds every entry of `other` that is not here yet; lists are kept as they are otherwise.
    pub fn merge(&mut self, other: &Self) {
        for list in &other.0 {
            let fresh: Vec<SignatureEntry> = list
                .entries
                .iter()
                .filter(|entry| !self.entries().any(|known| known.payload == entry.payload))
                .cloned()
                .collect();
            if !fresh.is_empty() {
                self.0.push(SignatureList {
                    entries: fresh,
                    ..list.clone()
                });
            }
        }
    }
}

impl SignatureList {
    fn parse(all: &[u8], at: usize) -> Result<Self, ListError> {
        let sizes = ListError::Sizes { at };
        let bytes = all.get(at..).ok_or(sizes)?;
        let kind = Guid::read(bytes, 0).ok_or(sizes)?;
        let word = |place| {
            u32_at(bytes, place)
                .and_then(|value| usize::try_from(value).ok())
                .ok_or(sizes)
        };
        let (size, header_size, entry_size) = (word(16)?, word(20)?, word(24)?);
        let list = slice(bytes, 0, size).ok_or(sizes)?;
        let header = slice(list, HEADER, header_size).ok_or(sizes)?;
        let body = list
            .get(HEADER.saturating_add(header_size)..)
            .ok_or(sizes)?;
        let whole = body.len().checked_rem(entry_size) == Some(0);
        if entry_size <= OWNER || !whole {
            return Err(sizes);
        }
        let entries = body
            .chunks_exact(entry_size)
            .map(|chunk| {
                let (owner, content) = chunk.split_at_checked(OWNER)?;
                Some(SignatureEntry {
                    owner: Guid::read(owner, 0)?,
                    payload: payload(kind, content)?,
                })
            })
            .collect::<Option<_>>()
            .ok_or(ListError::Entry { at })?;
        Ok(Self {
            kind,
            header: header.to_vec(),
            entry_size,
            entries,
        })
    }

    fn size(&self) -> usize {
        self.entry_size
            .saturating_mul(self.entries.len())
            .saturating_add(HEADER)
            .saturating_add(self.header.len())
    }
}

/// `None` when the content has not the size of its kind.
fn payload(kind: Guid, content: &[u8]) -> Option<Payload> {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    for (image, certificate, algorithm) in [
        (SHA256, X509_SHA256, Sha256),
        (SHA384, X509_SHA384, Sha384),
        (SHA512, X509_SHA512, Sha512),
    ] {
        if kind == image {
            return Digest::new(algorithm, content).map(Payload::Image);
        }
        if kind == certificate {
            let (digest, time) = content.split_at_checked(algorithm.size())?;
            return Some(Payload::CertificateDigest {
                digest: Digest::new(algorithm, digest)?,
                revoked_from: time.try_into().ok()?,
            });
        }
    }
    Some(if kind == X509 {
        Certificate::from_der(content).map_or_else(
            |_| Payload::UnreadableCertificate(content.to_vec()),
            Payload::Certificate,
        )
    } else {
        Payload::Other(content.to_vec())
    })
}

//! Signing what is written while it is written.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::{Blake2b512, Digest as _};
use sha2::Sha256;

use super::SecretKey;
use crate::document::Document;
use crate::moment::Moment;
use crate::text;

/// Passes bytes on and hashes them, so that an export of any length is signed without being held.
#[derive(Debug)]
pub struct SigningWriter<W> {
    to: W,
    blake2: Blake2b512,
    sha256: Sha256,
}

/// What came of a file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// Its signature, in a file beside it (`.minisig`).
    pub signature: Document,
}

impl<W: Write> SigningWriter<W> {
    /// Over a writer.
    pub fn new(to: W) -> Self {
        Self {
            to,
            blake2: Blake2b512::new(),
            sha256: Sha256::new(),
        }
    }

    /// Signs what was written. `path` is the file's; its name and `now`, in whole seconds, are signed with it as
    /// the trusted comment that `minisign` shows. Gives the writer back, not flushed.
    pub fn finish(self, key: &SecretKey, path: &str, now: Moment) -> (W, Sealed) {
        let name = path.rsplit('/').next().unwrap_or(path);
        let signature = signature(key, &self.blake2.finalize(), name, now);
        let sealed = Sealed {
            sha256: sha2::Digest::finalize(self.sha256).into(),
            signature: Document {
                path: format!("{path}.minisig"),
                media_type: "text/plain",
                bytes: signature.into_bytes(),
            },
        };
        (self.to, sealed)
    }
}

impl<W: Write> Write for SigningWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.blake2.update(&bytes[..written]);
        sha2::Digest::update(&mut self.sha256, &bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl Sealed {
    /// Signs a finished document.
    #[must_use]
    pub fn of(document: &Document, key: &SecretKey, now: Moment) -> Self {
        let mut writer = SigningWriter::new(io::sink());
        writer
            .write_all(&document.bytes)
            .expect("a sink takes everything");
        writer.finish(key, &document.path, now).1
    }
}

/// The four lines of a signature file. The first signature is over the BLAKE2b digest of the file, the second
/// over the first and the comment.
fn signature(key: &SecretKey, digest: &[u8], name: &str, now: Moment) -> String {
    let first = key.sign(digest);
    let mut whole = Vec::with_capacity(74);
    whole.extend_from_slice(b"ED");
    whole.extend_from_slice(key.id());
    whole.extend_from_slice(&first);
    let seconds = now.millis() / 1000;
    let comment = format!("timestamp:{seconds}\tfile:{}\thashed", text::line(name));
    let second = key.sign(&[&first[..], comment.as_bytes()].concat());
    format!(
        "untrusted comment: signature from snowguard's secret key\n{}\ntrusted comment: {comment}\n{}\n",
        STANDARD.encode(&whole),
        STANDARD.encode(second)
    )
}

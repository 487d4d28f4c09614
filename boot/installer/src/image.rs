//! Boot images, and who makes them.
//!
//! The installer decides which images there must be; what an image is in bytes, and how it is
//! signed, is behind [`Forge`]. The program's forge builds thin images around the stub and signs
//! with the machine's key.

use std::fmt;

use serde::Serialize;

use crate::digest::Digest;
use crate::error::ForgeError;
use crate::naming::Payload;

/// What a thin image holds: everything that boots, with kernel and initrd by digest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Content {
    /// `.osrel`: names and orders the entry in the boot menu.
    pub os_release: String,
    /// `.cmdline`: the whole kernel command line.
    pub command_line: String,
    /// The kernel.
    pub kernel: Payload,
    /// The initrd, with the secrets appended if there are any.
    pub initrd: Option<Payload>,
    /// What the kernel's `.sbat` says of its generations, which goes behind the stub's; of an image that was read,
    /// all of its `.sbat`.
    pub generations: Vec<u8>,
}

impl Content {
    /// Kernel and initrd.
    pub fn payloads(&self) -> impl Iterator<Item = &Payload> {
        std::iter::once(&self.kernel).chain(&self.initrd)
    }

    /// The title that the boot menu shows.
    #[must_use]
    pub fn title(&self) -> String {
        self.os_release
            .lines()
            .find_map(|line| line.strip_prefix("PRETTY_NAME="))
            .map_or("an image without a title", |value| value.trim_matches('"'))
            .to_owned()
    }
}

/// An image that was read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The SHA-256 of the image without its signatures, in the form in which they cover it.
    pub digest: Digest,
    /// What it boots; `None` when it isn't a thin image.
    pub content: Option<Content>,
    /// Who signed it.
    pub signature: Signature,
    /// PCR 11 (SHA-256 bank) when its kernel starts; `None` when it isn't a thin image.
    pub pcr11: Option<Digest>,
    /// The signed policies over PCR 11 that it brings (`.pcrsig`).
    pub policies: Option<Vec<u8>>,
}

/// Whose signature an image carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state", content = "by")]
pub enum Signature {
    /// It verifies against the certificate that we sign with.
    Ours,
    /// Signed, by somebody else: the certificate's subject.
    Other(String),
    /// Not signed.
    Missing,
    /// It doesn't verify.
    Broken(String),
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ours => f.write_str("signed by us"),
            Self::Other(subject) => write!(f, "signed by {subject}"),
            Self::Missing => f.write_str("not signed"),
            Self::Broken(why) => write!(f, "signature broken: {why}"),
        }
    }
}

/// Makes, signs and reads images.
pub trait Forge {
    /// Builds the unsigned image, without signed policies. The same content always gives the same bytes.
    ///
    /// # Errors
    /// When the content can't be put into an image.
    fn assemble(&self, content: &Content) -> Result<Vec<u8>, ForgeError>;

    /// Puts signed policies into an image that was assembled here, if there is a key for them, and signs it.
    ///
    /// # Errors
    /// When a signer refuses.
    fn finish(&self, assembled: &[u8]) -> Result<Vec<u8>, ForgeError>;

    /// Whether an image that was read is this one, finished.
    ///
    /// # Errors
    /// When what was assembled is no image.
    fn is_finished(&self, found: &Read, assembled: &[u8]) -> Result<bool, ForgeError>;

    /// Signs a boot loader.
    ///
    /// # Errors
    /// When the signer refuses or the image is malformed.
    fn sign(&self, unsigned: &[u8]) -> Result<Vec<u8>, ForgeError>;

    /// Reads an image from the disk: hostile bytes.
    ///
    /// # Errors
    /// When it is no image at all.
    fn read(&self, image: &[u8]) -> Result<Read, ForgeError>;

    /// Bytes that are others for another signer, or other policies: they make another image.
    fn identity(&self) -> Vec<u8>;

    /// The certificate's subject, for people.
    fn signer_name(&self) -> String;
}

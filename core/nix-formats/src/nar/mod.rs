//! Nix archives: one file tree as one sequence of bytes, the same for the same tree.
//!
//! ```text
//! archive   = str("nix-archive-1") node
//! node      = str("(") str("type") kind str(")")
//! kind      = str("regular") [ str("executable") str("") ] str("contents") str(bytes)
//!           | str("symlink") str("target") str(bytes)
//!           | str("directory") { str("entry") str("(") str("name") str(name) str("node") node str(")") }
//! str(s)    = length of s as 64 bits little endian, s, zeros up to a multiple of 8
//! ```
//!
//! Names of one directory are in strictly ascending order of their bytes. [`Reader`] refuses
//! everything else that Nix refuses, and what Nix at times let pass: zeros that are none, names out of
//! order, bytes after the end. [`Writer`] refuses to write such.
//!
//! Both work on streams and hold no content in memory.
//!
//! Source: <https://nix.dev/manual/nix/latest/protocols/nix-archive.html>

mod read;
mod write;

pub use read::{Content, Event, Reader};
pub use write::Writer;

/// The longest name of a file; what Linux's file systems take.
pub const MAX_NAME: usize = 255;
/// The longest target of a symbolic link; `PATH_MAX` without its NUL.
pub const MAX_TARGET: usize = 4095;
/// No archive is nested deeper.
pub const MAX_DEPTH: usize = 256;

const MAGIC: &[u8] = b"nix-archive-1";

/// Why an archive can't be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NarError {
    /// The stream below failed, or ended inside of the archive.
    #[error("at byte {offset}: {error}")]
    Stream {
        /// Where.
        offset: u64,
        /// What it said.
        #[source]
        error: std::io::Error,
    },
    /// Another word than the grammar wants.
    #[error("at byte {offset}: expected {expected}, found {found:?}")]
    Word {
        /// Where.
        offset: u64,
        /// What the grammar wants there.
        expected: &'static str,
        /// What stands there, its start.
        found: String,
    },
    /// A word, name or target is longer than it may be.
    #[error("at byte {offset}: {length} bytes where at most {most} may stand")]
    Length {
        /// Where.
        offset: u64,
        /// As written.
        length: u64,
        /// What is allowed.
        most: usize,
    },
    /// The filling up to eight bytes holds something.
    #[error("at byte {offset}: padding that is not zero")]
    Padding {
        /// Where.
        offset: u64,
    },
    /// A name that no file in a directory can have.
    #[error("at byte {offset}: {name:?} is no name of a file")]
    Name {
        /// Where.
        offset: u64,
        /// The name.
        name: String,
    },
    /// Names that are not in ascending order, or twice there.
    #[error("at byte {offset}: {name:?} comes after {before:?}")]
    Order {
        /// Where.
        offset: u64,
        /// The name.
        name: String,
        /// The one before it.
        before: String,
    },
    /// A target that no symbolic link can have.
    #[error("at byte {offset}: {target:?} is no target of a link")]
    Target {
        /// Where.
        offset: u64,
        /// The target.
        target: String,
    },
    /// Directories in directories beyond [`MAX_DEPTH`].
    #[error("at byte {offset}: more than {MAX_DEPTH} directories deep")]
    Depth {
        /// Where.
        offset: u64,
    },
    /// Bytes after the end of the archive.
    #[error("at byte {offset}: bytes after the end")]
    Trailing {
        /// Where.
        offset: u64,
    },
    /// Calls of a [`Writer`] that make no archive, or content of another length than was said.
    #[error("at byte {offset}: {what}")]
    Misuse {
        /// Where.
        offset: u64,
        /// What is wrong.
        what: &'static str,
    },
}

/// How many zeros follow a string of this length.
const fn padding(length: u64) -> usize {
    ((8 - length % 8) % 8) as usize
}

fn is_name(name: &[u8]) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME
        && name != b"."
        && name != b".."
        && !name.contains(&b'/')
        && !name.contains(&0)
}

fn is_target(target: &[u8]) -> bool {
    !target.is_empty() && target.len() <= MAX_TARGET && !target.contains(&0)
}

/// The start of bytes, for an error.
fn shown(bytes: &[u8]) -> String {
    let start = &bytes[..bytes.len().min(64)];
    String::from_utf8_lossy(start).into_owned()
}

/// Checks that `name` may follow `before` in a directory.
fn check_order(before: Option<&Vec<u8>>, name: &[u8], offset: u64) -> Result<(), NarError> {
    if !is_name(name) {
        return Err(NarError::Name {
            offset,
            name: shown(name),
        });
    }
    match before {
        Some(before) if before.as_slice() >= name => Err(NarError::Order {
            offset,
            name: shown(name),
            before: shown(before),
        }),
        _ => Ok(()),
    }
}

//! One signed file that holds all that a scanner needs to know: advisories, the keys by which they
//! are found, what was learned about products, and the packages of channels.
//!
//! Purpose: the server writes it, the scanner maps it into memory and touches only what concerns
//! the packages at hand. The crate does no I/O: bytes in, values out.
//!
//! Non-goals: no matching (that is [`snowguard_matching`]), no downloading, no merging of files.
//!
//! Entry types: [`Writer`], [`AdvisoryFile`] and its [`Reader`]; [`PublicKey`] and [`SecretKey`].
//!
//! # Layout
//! ```text
//! file      = magic header-length header signature body
//! magic     = "SNOWADV2"                 (8 bytes)
//! header-length = u32, little-endian     (at most 16 MiB)
//! header    = postcard of `Header`: what it is, its sections, length and SHA-256 of each chunk
//! signature = Ed25519 over magic and header (64 bytes)
//! body      = chunk*                     (in the order of the header, without gaps)
//! ```
//! A section is a run of chunks. Flat sections are cut every 64 KiB, blocks are chunks of their
//! own. The signature covers the digests, and a chunk's digest is checked when it is first read:
//! opening costs the same whatever the size, and no byte is used unchecked. Two files share the
//! chunks that did not change, so an update fetches only the others.

mod blocks;
mod error;
mod file;
mod flat;
mod header;
mod hint;
mod key;
mod multimap;
mod parts;
mod reader;
mod ruling;
mod stored;
mod writer;

pub use error::AdvisoryFileError;
pub use file::{AdvisoryFile, Candidate, PackageKey};
pub use header::{ChannelInfo, Chunk, Header, Preamble, SourceInfo};
pub use hint::Hint;
pub use key::{KeyError, PublicKey, SecretKey};
pub use parts::{Brief, Facts, Prose};
pub use reader::{Draft, Reader};
pub use ruling::Ruling;
pub use stored::{package_from_bytes, package_to_bytes};
pub use writer::{Contents, Dictionaries, Writer, sign_anything};

//! Derivations as `.drv` files hold them.
//!
//! ```text
//! derivation = "Derive(" body ")" | "DrvWithVersion(" '"xp-dyn-drv"' "," body ")"
//! body       = [output] "," [input] "," [path] "," system "," builder "," [argument] "," [variable]
//! output     = "(" name "," path "," [method] algorithm "," hash ")"
//! input      = "(" path "," node ")"
//! node       = [name] | "(" [name] "," [ "(" name "," node ")" ] ")"
//! variable   = "(" name "," value ")"
//! [x]        = "[" [ x { "," x } ] "]"
//! string     = '"' { byte | '\"' | '\\' | '\n' | '\r' | '\t' } '"'
//! ```
//!
//! Nix's reader takes more than its writer writes: entries in any order, twice, with other
//! escapes, and anything after the end. [`parse`] refuses all of these, so that two readers can
//! never see two derivations in one file, and [`write()`] gives back the very bytes that were read.
//!
//! Source: <https://nix.dev/manual/nix/latest/protocols/derivation-aterm.html>

mod error;
mod read;
mod scanner;
mod write;

pub use error::ATermError;
pub use read::parse;
pub use write::write;

/// The longest `.drv` file that is read, in bytes. The longest in Nixpkgs have about 1 MB.
pub const MAX_BYTES: usize = 64 << 20;

/// The most entries of one list.
pub const MAX_ENTRIES: usize = 1 << 20;

/// The version that marks dynamic derivations.
const DYNAMIC_VERSION: &str = "xp-dyn-drv";

//! The lowest rungs of the bootstrap: from a seed of 255 bytes to a C compiler, in sources that a
//! person can read, and for each rung an independent implementation of its language in Rust that
//! makes the same bytes of the same sources.
//!
//! Not here: the sandbox, the store and the chain from tcc upwards (`bootstrap/driver`).
//!
//! [`Ladder`] holds the sources of an architecture and the script that climbs it; [`derive()`]
//! follows the script with the implementations in Rust and runs nothing; [`climb`] follows it with the
//! rungs themselves; [`check`] compares what came out, and locates the first byte that differs.
//! [`explain`] prints a hex listing byte by byte, [`trust`] lists what has to be believed, [`steps`] writes the script
//! as steps for the driver's sandbox.
//!
//! The notations are those of stage0's tools where they have one (`docs/ladder.md`). The
//! kernel's interface is that of the System V ABI and of `syscalls(2)`; the executables follow
//! `elf(5)`.

pub mod check;
pub mod climb;
pub mod derive;
pub mod explain;
pub mod notation;
mod script;
mod sources;
pub mod steps;
pub mod trust;

pub use derive::derive;
pub use script::{Command, Rung, ScriptError};
pub use sources::{Ladder, LadderError};

use sha2::{Digest, Sha256};

/// The SHA-256 of bytes, in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

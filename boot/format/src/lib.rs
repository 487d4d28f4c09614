//! What boots, as bytes: PE images, their sections and their signatures.
//!
//! Purpose: read the formats of the boot chain from bytes in memory. The reader of PE images is
//! the one that the firmware stub uses: without features, nothing here takes memory from a heap,
//! depends on another crate, or can panic, whatever the bytes are. The feature `alloc` adds what
//! needs a heap: signatures, certificates, and everything that writes.
//!
//! Non-goals: no I/O, no clock, no randomness.
//!
//! Entry types: [`pe::File`] (an image as it lies on disk), [`pe::Loaded`] (an image in memory),
//! [`uki::Section`] (the sections of a unified kernel image, in their order); with `alloc`,
//! `authenticode::sign` and `authenticode::signatures`, `x509::Certificate`, `signer::Signer`.
//!
//! Sources: Microsoft "PE Format"; UAPI.5 "Unified Kernel Image".

#![no_std]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

#[cfg(test)]
extern crate std;

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod pe;
pub mod uki;

#[cfg(feature = "alloc")]
pub mod authenticode;
#[cfg(feature = "alloc")]
pub mod bls;
#[cfg(feature = "alloc")]
pub mod cms;
#[cfg(feature = "alloc")]
pub mod digest;
#[cfg(feature = "alloc")]
pub mod eventlog;
#[cfg(feature = "alloc")]
pub mod guid;
#[cfg(feature = "alloc")]
pub mod pcr;
#[cfg(feature = "alloc")]
pub mod pem;
#[cfg(feature = "alloc")]
pub mod policy;
#[cfg(feature = "alloc")]
pub mod signer;
#[cfg(feature = "alloc")]
pub mod time;
#[cfg(feature = "alloc")]
pub mod variable;
#[cfg(feature = "alloc")]
pub mod x509;

mod bytes;
#[cfg(feature = "alloc")]
mod der;
#[cfg(feature = "alloc")]
mod oid;
#[cfg(feature = "alloc")]
mod signature_algorithm;

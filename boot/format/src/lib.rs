//! What boots, as bytes: PE images and their sections.
//!
//! Purpose: read the formats of the boot chain from bytes in memory. The reader of PE images is
//! the one that the firmware stub uses: without features, nothing here takes memory from a heap,
//! depends on another crate, or can panic, whatever the bytes are.
//!
//! Non-goals: no I/O, no clock, no randomness.
//!
//! Entry types: [`pe::File`] (an image as it lies on disk), [`pe::Loaded`] (an image in memory),
//! [`uki::Section`] (the sections of a unified kernel image, in their order).
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

pub mod pe;
pub mod uki;

mod bytes;

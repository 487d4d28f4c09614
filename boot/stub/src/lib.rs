//! What the firmware stub decides, without any firmware.
//!
//! Purpose: from the sections of a signed image, the boot loader's wishes and the files beside the image to
//! what is measured, what is refused and why, and what the kernel gets. The program over firmware
//! services in `boot/stub/firmware` only fetches bytes, asks here, and acts.
//!
//! Non-goals: no I/O; no signatures (firmware has checked the image before it starts).
//!
//! Entry types: [`image::Image`] (what a signed image says), [`pin::Pin`] (a file it pins),
//! [`command_line::Choice`], [`measure`] (PCR 11), [`companions::Companion`] (credentials and
//! extensions), [`initrd::Initrd`], [`kernel::load`], [`refusal::Refusal`] (every reason not to boot).
//!
//! Nothing here can panic, whatever the sections and files hold: indexing, unchecked arithmetic and
//! `unwrap` are denied by lints. Memory comes from the global allocator.
//!
//! Sources: UAPI.5 (unified kernel images); systemd-stub(7) for PCRs, variables and companion files.

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

extern crate alloc;

#[cfg(test)]
extern crate std;

pub mod addon;
pub mod bulk;
pub mod command_line;
pub mod companions;
pub mod cpio;
pub mod extra;
pub mod image;
pub mod initrd;
pub mod kernel;
pub mod measure;
pub mod pin;
pub mod refusal;
pub mod secure_boot;
pub mod splash;
pub mod text;
pub mod variables;

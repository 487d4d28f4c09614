//! From a NixOS profile to a boot partition that boots only what was signed.
//!
//! Purpose: read a profile's generations ([`profile`]), look at what a boot partition holds
//! ([`survey`]), decide what has to change ([`plan`]), and change it so that a power cut at any moment leaves
//! something that boots ([`transaction`]). Besides: [`bless`] an entry that came up, and tell the
//! [`status`].
//!
//! Non-goals: no image formats and no cryptography (see [`image::Forge`]), no firmware variables but
//! those of the boot loader interface, no boot loader of its own.
//!
//! Sources: RFC 125 (bootspec), UAPI.1 (boot loader specification), UAPI.5 (unified kernel images), and
//! Microsoft's FAT specification, whose hazards `docs/boot-install.md` goes through.

pub mod bless;
pub mod digest;
pub mod error;
pub mod gather;
pub mod image;
pub mod loader;
pub mod naming;
pub mod partitions;
pub mod plan;
pub mod policy;
pub mod profile;
pub mod status;
pub mod survey;
pub mod thin;
pub mod transaction;
pub mod variables;
pub mod volume;

mod headless;

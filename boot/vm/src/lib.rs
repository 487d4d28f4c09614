//! Test machines for the boot chain.
//!
//! Purpose: real firmware (OVMF with Secure Boot and SMM), an emulated TPM, a real kernel (Debian's
//! cloud kernel) and a small first process that reports what it sees; so that a test can say what boots,
//! what is refused, and what is measured.
//!
//! Non-goals: no KVM (emulation works everywhere), no network in the machine.
//!
//! Entry types: [`kit::Kit`] (what has to be there, found or fetched), [`image::Builder`] (boot images),
//! [`disk::Disk`] (a disk with a boot partition), [`machine::Machine`] (a run), [`report::Report`].

pub mod changing;
pub mod disk;
pub mod image;
pub mod keys;
pub mod kit;
pub mod machine;
pub mod picture;
pub mod predict;
pub mod report;

mod initrd;
mod process;

//! The installer on folders, on a full disk, and through power cuts on FAT.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod crash;
mod fat;
mod forge;
mod install;
mod store;

#[path = "../../../signer/tests/it/image.rs"]
mod image;
#[path = "../../../signer/tests/it/material.rs"]
mod material;

//! The program for UEFI targets (`--target x86_64-unknown-uefi`). The plain toolchain goes over the static library.
#![cfg_attr(target_os = "uefi", no_std, no_main)]

#[cfg(target_os = "uefi")]
use snowguard_stub_firmware as _;

#[cfg(not(target_os = "uefi"))]
fn main() {}

//! EFI variables of Secure Boot: lists of signatures, and how writing them is authorised.
//!
//! Source: UEFI 2.10, sections 8.2.6 and 32.4.1.

mod authenticated;
mod database;
mod list;
mod store;

pub use authenticated::{
    Attributes, AuthenticatedVariable, AuthenticatedWrite, AuthorisationError, VariableName,
};
pub use database::{Database, Reason, Verdict, decide};
pub use list::{ListError, Payload, SignatureEntry, SignatureList, SignatureLists};
pub use store::{StoreError, StoredVariable, VariableStore};

use crate::guid::Guid;

/// `EFI_GLOBAL_VARIABLE`: the vendor of PK, KEK, SetupMode and SecureBoot.
pub const GLOBAL: Guid = Guid::from_bytes([
    0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c,
]);

/// `EFI_IMAGE_SECURITY_DATABASE_GUID`: the vendor of db, dbx and dbt.
pub const IMAGE_SECURITY: Guid = Guid::from_bytes([
    0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f,
]);

/// shim's vendor: MokListRT.
pub const SHIM: Guid = Guid::from_bytes([
    0x50, 0xab, 0x5d, 0x60, 0x46, 0xe0, 0x00, 0x43, 0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23,
]);

/// Microsoft's owner GUID in its signature lists.
pub const MICROSOFT: Guid = Guid::from_bytes([
    0xbd, 0x9a, 0xfa, 0x77, 0x59, 0x03, 0x32, 0x4d, 0xbd, 0x60, 0x28, 0xf4, 0xe7, 0x8f, 0x78, 0x4b,
]);

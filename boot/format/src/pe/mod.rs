//! PE32+ images, the executables of UEFI.
//!
//! A file is a DOS header that points to the COFF header, an optional header (whose magic 0x20b
//! means PE32+), a table of sections, the sections' bytes, and, in a signed image, a table of
//! certificates at the end. The readers take any bytes, need no heap and never panic.
//!
//! Source: <https://learn.microsoft.com/en-us/windows/win32/debug/pe-format>

mod certificates;
mod error;
mod file;
mod hashed;
mod headers;
mod loaded;
mod section;

pub use certificates::{Certificate, Certificates, REVISION_2, TYPE_PKCS7};
pub use error::PeError;
pub use file::File;
pub use headers::{Directory, Headers, MAX_SECTIONS, Machine};
pub use loaded::Loaded;
pub use section::{SectionHeader, SectionName, Sections};

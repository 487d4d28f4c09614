//! Unified kernel images: a kernel, its initrd and what belongs to them as sections of one PE image.
//!
//! Source: UAPI.5, <https://uapi-group.org/specifications/specs/unified_kernel_image/>

pub mod pinned;

#[cfg(feature = "alloc")]
mod build;
#[cfg(feature = "alloc")]
pub mod sbat;
mod sections;

#[cfg(feature = "alloc")]
pub use build::{Piece, UkiError, build};
pub use sections::Section;

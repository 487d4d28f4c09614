//! Unified kernel images: a kernel, its initrd and what belongs to them as sections of one PE image.
//!
//! Source: UAPI.5, <https://uapi-group.org/specifications/specs/unified_kernel_image/>

mod sections;

pub use sections::Section;

//! Snowguard's own sections: a thin image names its kernel and initrd instead of containing them.
//!
//! Each part is a pair: a path on the file system that holds the image (UTF-8, absolute, with
//! backslashes), and the SHA-256 digest of the file's bytes (32 bytes, raw). They stand in the place
//! of [`Section::Linux`](super::Section::Linux) and [`Section::Initrd`](super::Section::Initrd): the
//! stub measures the file's bytes under those names, so that PCR 11 is the same as for an image that
//! contains them. The pairs themselves are not measured there; the image's digest in PCR 4 covers
//! them. A digest may also accompany an embedded part.

/// Path of the kernel.
pub const KERNEL_PATH: &str = ".linuxp";
/// SHA-256 of the kernel.
pub const KERNEL_DIGEST: &str = ".linuxh";
/// Path of the initrd.
pub const INITRD_PATH: &str = ".initrdp";
/// SHA-256 of the initrd.
pub const INITRD_DIGEST: &str = ".initrdh";

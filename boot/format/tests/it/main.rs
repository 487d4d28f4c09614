//! The readers on made-up images, whole and broken.

mod arbitrary;
mod hostile;
mod image;

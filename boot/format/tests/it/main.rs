//! The readers on made-up images, whole and broken.

mod hostile;
mod image;

//! Whole images through the decisions of the stub, good and hostile.

mod hostile;
mod image;
mod kernel;
mod made;

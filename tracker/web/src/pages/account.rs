//! Pages about accounts.

pub mod own;
pub mod people;
pub mod sign_in;

//! The file as a whole: what is written is read back, and nothing else is.

mod damage;
mod sample;
mod whole;

//! The program as a user runs it.

mod inspect;
mod program;

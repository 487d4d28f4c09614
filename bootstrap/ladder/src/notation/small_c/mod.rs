//! Small C, as `docs/small-c.md` describes it, translated into a text for M1.
//!
//! Unlike the rungs, which write their code while they read, this implementation reads the whole
//! text into a tree first (`tree`, `parse`) and then walks it (`generate`).

mod frame;
mod generate;
mod lexer;
mod parse;
pub mod run;
mod scope;
mod statements;
mod tree;

use super::{NotationError, Source, Text};

/// The sum of all global variables, and any single object, has to be smaller than this.
const LARGEST: i64 = 0x400_0000;

/// Translates the sources, joined, into macro assembly.
///
/// # Errors
/// When the text is not small C.
pub fn compile(sources: &[Source]) -> Result<Text, NotationError> {
    let tokens = lexer::tokens(sources)?;
    let items = parse::parse(&tokens)?;
    generate::generate(&items)
}

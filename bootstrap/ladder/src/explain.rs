//! A hex listing shown byte by byte: offset, bytes, instruction, meaning.

use crate::Ladder;
use crate::notation::{NotationError, Source, hex0};

/// One line of a listing that stands for bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The heading that stands before it, if one does since the last line with bytes.
    pub heading: Option<String>,
    /// Where the bytes stand in the program.
    pub offset: usize,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The instruction that they are; none in the headers.
    pub instruction: Option<String>,
    /// What they are for.
    pub meaning: String,
    /// The line in the listing, counted from 1.
    pub line: usize,
}

/// Explains the seed of a ladder: every byte of it is in exactly one line.
///
/// # Errors
/// When the listing is not hex0.
pub fn seed(ladder: &Ladder) -> Result<Vec<Explained>, NotationError> {
    listing(&ladder.sources["hex0.hex0"])
}

/// Explains a hex0 listing.
///
/// # Errors
/// When it is not hex0.
pub fn listing(source: &Source) -> Result<Vec<Explained>, NotationError> {
    let image = hex0::assemble(source)?;
    let text = String::from_utf8_lossy(&source.text);
    let lines: Vec<&str> = text.lines().collect();
    let mut explained: Vec<Explained> = Vec::new();
    for (offset, bytes, place) in image.runs() {
        let after = explained.last().map_or(0, |before| before.line);
        let comment = lines[place.line - 1]
            .split_once('#')
            .map_or("", |(_, comment)| comment);
        let (instruction, meaning) = match comment.split_once(" ; ") {
            Some((instruction, meaning)) => (Some(instruction.trim().to_owned()), meaning),
            None => (None, comment),
        };
        explained.push(Explained {
            heading: heading(&lines[after..place.line - 1]),
            offset,
            bytes: bytes.to_vec(),
            instruction,
            meaning: meaning.trim().to_owned(),
            line: place.line,
        });
    }
    Ok(explained)
}

/// The last paragraph of comments in these lines, without what marks them.
fn heading(lines: &[&str]) -> Option<String> {
    let paragraph = lines.split(|line| line.trim().is_empty()).next_back()?;
    let words: Vec<&str> = paragraph
        .iter()
        .map(|line| line.trim_start_matches('#').trim().trim_matches('-').trim())
        .collect();
    (!words.is_empty()).then(|| words.join("\n"))
}

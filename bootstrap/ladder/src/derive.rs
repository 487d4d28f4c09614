//! Follows the script with the implementations in Rust. Nothing is run.

use std::collections::BTreeMap;

use crate::notation::{Image, NotationError, Place, Source, Text, hex0, hex1, hex2, m1, small_c};
use crate::{Command, Ladder};

/// What a command makes.
#[derive(Debug, Clone)]
pub enum Artifact {
    /// A program.
    Image(Image),
    /// A text for the next tool.
    Text(Text),
}

impl Artifact {
    /// The bytes of the file.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Image(image) => &image.bytes,
            Self::Text(text) => &text.text,
        }
    }

    /// The line of the source, of those that people wrote, that the byte at `offset` came from.
    pub fn origin(&self, offset: usize) -> Option<&Place> {
        match self {
            Self::Image(image) => image.origin(offset),
            Self::Text(text) => {
                let before = text.text.get(..offset)?;
                text.origin(1 + before.iter().filter(|byte| **byte == b'\n').count())
            }
        }
    }
}

/// What the whole script makes, by path.
pub type Derived = BTreeMap<String, Artifact>;

/// Why the script cannot be followed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeriveError {
    /// A source is not of its language.
    #[error("climb:{line}: {tool}: {error}")]
    Notation {
        /// The command's line in the script.
        line: usize,
        /// The tool.
        tool: String,
        /// What is wrong, and where.
        error: NotationError,
    },
    /// The script names a file that no command before made and that is no source.
    #[error("climb:{line}: there is no `{path}` yet")]
    Missing {
        /// The command's line in the script.
        line: usize,
        /// The file.
        path: String,
    },
    /// No implementation of this tool in Rust.
    #[error("climb:{line}: no checker for `{tool}`")]
    Tool {
        /// The command's line in the script.
        line: usize,
        /// The tool.
        tool: String,
    },
    /// Two files that the script calls the same are not.
    #[error("climb:{line}: `{left}` and `{right}` differ")]
    Differ {
        /// The command's line in the script.
        line: usize,
        /// One file.
        left: String,
        /// The other.
        right: String,
    },
}

/// Makes every file that the script names, in memory, but those that are [only
/// recorded](Ladder::only_recorded).
///
/// # Errors
/// When a source is not of its language, or the script names what isn't there.
pub fn derive(ladder: &Ladder) -> Result<Derived, DeriveError> {
    let mut derived = Derived::new();
    for command in ladder.rungs.iter().flat_map(|rung| &rung.commands) {
        let artifact = follow(ladder, &derived, command)?;
        if let (Some(artifact), Some(output)) = (artifact, command.output()) {
            derived.insert(output.to_owned(), artifact);
        }
    }
    Ok(derived)
}

fn follow(
    ladder: &Ladder,
    derived: &Derived,
    command: &Command,
) -> Result<Option<Artifact>, DeriveError> {
    let line = command.line;
    let recorded = |path: &String| ladder.only_recorded(path);
    if command
        .output()
        .is_some_and(|path| ladder.only_recorded(path))
        || command.inputs().iter().any(recorded)
    {
        return Ok(None);
    }
    let inputs = command
        .inputs()
        .iter()
        .map(|path| input(ladder, derived, path).ok_or_else(|| missing(line, path)))
        .collect::<Result<Vec<_>, _>>()?;
    let fail = |error| DeriveError::Notation {
        line,
        tool: command.tool().to_owned(),
        error,
    };
    let artifact = match (command.tool(), inputs.as_slice()) {
        ("hex0", [source]) => Artifact::Image(hex0::assemble(source).map_err(fail)?),
        ("hex1", [source]) => Artifact::Image(hex1::assemble(source).map_err(fail)?),
        ("hex2" | "hex2-c", sources) => {
            let mut image = hex2::assemble(sources).map_err(fail)?;
            if let [path] = command.inputs()
                && let Some(Artifact::Text(text)) = derived.get(path)
            {
                image = image.through(text);
            }
            Artifact::Image(image)
        }
        ("M1" | "M1-c", sources) => {
            let text = m1::translate(sources).map_err(fail)?;
            Artifact::Text(text.through(|path| match derived.get(path) {
                Some(Artifact::Text(before)) => Some(before),
                _ => None,
            }))
        }
        ("cc" | "cc-c", sources) => Artifact::Text(small_c::compile(sources).map_err(fail)?),
        ("same", [left, right]) => {
            if left.text == right.text {
                return Ok(None);
            }
            let [left, right] = [0, 1].map(|index| command.arguments[index].clone());
            return Err(DeriveError::Differ { line, left, right });
        }
        (tool, _) => {
            let tool = tool.to_owned();
            return Err(DeriveError::Tool { line, tool });
        }
    };
    Ok(Some(artifact))
}

fn input(ladder: &Ladder, derived: &Derived, path: &str) -> Option<Source> {
    match path.strip_prefix("src/") {
        Some(name) => ladder.sources.get(name).cloned(),
        None => Some(Source::new(path, derived.get(path)?.bytes())),
    }
}

fn missing(line: usize, path: &str) -> DeriveError {
    DeriveError::Missing {
        line,
        path: path.to_owned(),
    }
}

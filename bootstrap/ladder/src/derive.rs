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

/// The text that the small-C compiler makes of c2's source: the command that makes it names the source.
const C2: &str = "tmp/c2.M1";

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

/// Makes every file that the script names, in memory.
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
        ("c2" | "c2-c2", _) => Artifact::Image(by_c2(ladder, derived, command)?),
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

/// What c2 makes, by following c2's source. Compiled by itself it is the same program, so that it makes the same of the same
/// inputs, by whatever name.
fn by_c2(ladder: &Ladder, derived: &Derived, command: &Command) -> Result<Image, DeriveError> {
    let line = command.line;
    let mut before = ladder
        .rungs
        .iter()
        .flat_map(|rung| &rung.commands)
        .take_while(|other| other.line < line);
    let known = before
        .clone()
        .find(|other| other.tool() == "c2" && other.inputs() == command.inputs())
        .and_then(|other| derived.get(other.output()?));
    if let Some(Artifact::Image(known)) = known {
        return Ok(known.clone());
    }
    let output = command.output().unwrap_or_default();
    let source = before.find(|other| other.output() == Some(C2));
    let program = source
        .into_iter()
        .flat_map(Command::inputs)
        .map(|path| input(ladder, derived, path).ok_or_else(|| missing(line, path)))
        .collect::<Result<Vec<_>, _>>()?;
    let mut arguments = vec![command.program.as_str()];
    arguments.extend(command.arguments.iter().map(String::as_str));
    let files = ladder
        .sources
        .iter()
        .map(|(name, source)| (format!("src/{name}"), source.text.clone()))
        .collect();
    let written = small_c::run::run(&small_c::run::Start {
        program: &program,
        arguments: &arguments,
        files: &files,
    });
    let mut written = written.map_err(|error| DeriveError::Notation {
        line,
        tool: command.tool().to_owned(),
        error,
    })?;
    written.remove(output).ok_or_else(|| missing(line, output))
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

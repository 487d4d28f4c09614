//! The sources of a ladder: those that this program was built with, or a folder of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::notation::Source;
use crate::script::{self, Rung, ScriptError};

/// A source file has at most so many bytes.
const LIMIT: u64 = 4 << 20;

/// The files of `rungs/amd64/` and `rungs/c/`, as they were when this program was built.
const AMD64: &[(&str, &[u8])] = &[
    ("SHA256SUMS", include_bytes!("../rungs/amd64/SHA256SUMS")),
    ("c-start.M1", include_bytes!("../rungs/amd64/c-start.M1")),
    ("c2-base.c", include_bytes!("../rungs/c/c2-base.c")),
    ("c2-code.c", include_bytes!("../rungs/c/c2-code.c")),
    ("c2-declare.c", include_bytes!("../rungs/c/c2-declare.c")),
    (
        "c2-expression.c",
        include_bytes!("../rungs/c/c2-expression.c"),
    ),
    ("c2-generate.c", include_bytes!("../rungs/c/c2-generate.c")),
    ("c2-kernel.c", include_bytes!("../rungs/c/c2-kernel.c")),
    ("c2-lex.c", include_bytes!("../rungs/c/c2-lex.c")),
    ("c2-macro.c", include_bytes!("../rungs/c/c2-macro.c")),
    ("c2-small.c", include_bytes!("../rungs/c/c2-small.c")),
    ("c2-tree.c", include_bytes!("../rungs/c/c2-tree.c")),
    ("c2-type.c", include_bytes!("../rungs/c/c2-type.c")),
    ("c2-unit.c", include_bytes!("../rungs/c/c2-unit.c")),
    ("cc.M1", include_bytes!("../rungs/amd64/cc.M1")),
    ("cc.c", include_bytes!("../rungs/c/cc.c")),
    ("climb", include_bytes!("../rungs/amd64/climb")),
    ("defs.M1", include_bytes!("../rungs/amd64/defs.M1")),
    ("elf.M1", include_bytes!("../rungs/amd64/elf.M1")),
    ("end.M1", include_bytes!("../rungs/amd64/end.M1")),
    ("hex0.hex0", include_bytes!("../rungs/amd64/hex0.hex0")),
    ("hex1.hex0", include_bytes!("../rungs/amd64/hex1.hex0")),
    ("hex2.c", include_bytes!("../rungs/c/hex2.c")),
    ("hex2.hex1", include_bytes!("../rungs/amd64/hex2.hex1")),
    ("kernel.c", include_bytes!("../rungs/c/kernel.c")),
    ("m1.c", include_bytes!("../rungs/c/m1.c")),
    ("m1.hex2", include_bytes!("../rungs/amd64/m1.hex2")),
    ("run.M1", include_bytes!("../rungs/amd64/run.M1")),
    ("same.c", include_bytes!("../rungs/c/same.c")),
];

/// The sources of one architecture, and how to climb.
#[derive(Debug, Clone)]
pub struct Ladder {
    /// The architecture, as Debian names it.
    pub architecture: &'static str,
    /// The rungs in the order of climbing.
    pub rungs: Vec<Rung>,
    /// The sources by name; the script writes `src/NAME`.
    pub sources: BTreeMap<String, Source>,
    /// The recorded SHA-256 of each program, by the path that the script gives it.
    pub recorded: BTreeMap<String, String>,
}

/// Why a ladder cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LadderError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is too long to be a source of the ladder.
    #[error("{0} is longer than {LIMIT} bytes")]
    TooLong(PathBuf),
    /// The script is refused.
    #[error("the script `climb`")]
    Script(#[from] ScriptError),
    /// A line of `SHA256SUMS` is none.
    #[error("SHA256SUMS, line {0}: expected 64 hexadecimal digits, two spaces and a path")]
    Sum(usize),
    /// No ladder for this architecture.
    #[error("there is no ladder for `{0}` yet; there is one for amd64")]
    Architecture(String),
}

impl Ladder {
    /// The ladder of this architecture that this program was built with.
    ///
    /// # Errors
    /// When there is none. The files themselves are checked by the tests.
    pub fn built_in(architecture: &str) -> Result<Self, LadderError> {
        match architecture {
            "amd64" | "x86_64" => Self::assemble(AMD64),
            other => Err(LadderError::Architecture(other.to_owned())),
        }
    }

    /// The same files read from a folder, whatever they hold.
    ///
    /// # Errors
    /// When one is missing or too long.
    pub fn read_sources(folder: &Path) -> Result<BTreeMap<String, Source>, LadderError> {
        let read = |name: &str| {
            let path = folder.join(name);
            let fail = |source| LadderError::Read {
                path: path.clone(),
                source,
            };
            if std::fs::metadata(&path).map_err(fail)?.len() > LIMIT {
                return Err(LadderError::TooLong(path));
            }
            let text = std::fs::read(&path).map_err(fail)?;
            Ok((name.to_owned(), Source::new(name, text)))
        };
        AMD64.iter().map(|(name, _)| read(name)).collect()
    }

    fn assemble(files: &[(&str, &[u8])]) -> Result<Self, LadderError> {
        let source = |(name, text): &(&str, &[u8])| ((*name).to_owned(), Source::new(name, *text));
        let sources: BTreeMap<String, Source> = files.iter().map(source).collect();
        let text = |name: &str| String::from_utf8_lossy(&sources[name].text).into_owned();
        let rungs = script::parse(&text("climb"))?;
        let recorded = sums(&text("SHA256SUMS"))?;
        Ok(Self {
            architecture: "amd64",
            rungs,
            sources,
            recorded,
        })
    }

    /// The rung of this name.
    pub fn rung(&self, name: &str) -> Option<&Rung> {
        self.rungs.iter().find(|rung| rung.name == name)
    }
}

fn sums(text: &str) -> Result<BTreeMap<String, String>, LadderError> {
    let mut sums = BTreeMap::new();
    for (line, text) in (1..).zip(text.lines()) {
        let (sum, path) = text.split_once("  ").ok_or(LadderError::Sum(line))?;
        if sum.len() != 64 || !sum.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(LadderError::Sum(line));
        }
        sums.insert(path.to_owned(), sum.to_ascii_lowercase());
    }
    Ok(sums)
}

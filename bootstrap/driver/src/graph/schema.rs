//! What a step file may say: the shape of the TOML, and nothing of its meaning.
//!
//! Every table refuses fields it doesn't know. Names are kept with their place in the file, so
//! that a later check can point at a line. The page for people is `docs/bootstrap-steps.md`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::Spanned;

/// The version of the format that this program reads.
pub const FORMAT: u32 = 1;

/// One step file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Has to be [`FORMAT`].
    pub format: Spanned<u32>,
    /// Bytes from outside of the graph.
    #[serde(default)]
    pub source: Vec<Source>,
    /// What is made of them.
    #[serde(default)]
    pub step: Vec<Step>,
}

/// A file from outside, told by its hash.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Unique in the graph; the file is `/src/NAME` in a step.
    pub name: Spanned<String>,
    /// SHA-256 of the file, 64 hexadecimal digits.
    pub sha256: Spanned<String>,
    /// Its length in bytes.
    pub size: u64,
    /// Its path in the Debian archive, `pool/main/m/musl/musl_1.2.3.orig.tar.gz`.
    pub debian: Option<Spanned<String>>,
    /// The suite whose signed index lists it, `bookworm`; without, only the hash vouches for it.
    pub suite: Option<String>,
    /// A hexadecimal listing beside the step file, which the driver turns into the bytes.
    pub hex: Option<Spanned<String>>,
    /// What has to be believed about it.
    #[serde(default)]
    pub trust: Trust,
    /// Why it is there, and where it comes from; a sentence.
    pub description: String,
}

/// What a source is to somebody who believes nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// Text that people wrote, possibly with pregenerated files, which `audit` looks for.
    #[default]
    Source,
    /// The binary that everything starts from.
    Seed,
    /// A foreign binary that stands for something the chain can't build yet.
    StandIn,
}

impl std::fmt::Display for Trust {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Source => "source",
            Self::Seed => "seed",
            Self::StandIn => "stand-in",
        })
    }
}

/// One step: what it may see, what it does, how much of the machine it may use.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Unique in the graph; names the output too: `/in/NAME` in later steps.
    pub name: Spanned<String>,
    /// What it makes, and why it is needed; a sentence.
    pub description: String,
    /// Steps whose outputs are at `/in/NAME`.
    #[serde(default)]
    pub inputs: Vec<Spanned<String>>,
    /// Sources that are at `/src/NAME`.
    #[serde(default)]
    pub sources: Vec<Spanned<String>>,
    /// Files beside the step file (relative, no `..`) that are at `/src/LAST-PART`.
    #[serde(default)]
    pub files: Vec<Spanned<String>>,
    /// Symbolic links in the root, such as `"/bin/sh" = "/in/bash/bin/bash"`.
    #[serde(default)]
    pub links: BTreeMap<String, Spanned<String>>,
    /// Environment of all programs, besides the fixed variables.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// What it may use.
    #[serde(default)]
    pub limits: Limits,
    /// What it does, in order.
    #[serde(default)]
    pub action: Vec<Spanned<Action>>,
}

/// Limits of one step. A step that reaches one fails.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Seconds on the wall clock, for the whole step.
    pub seconds: u32,
    /// MiB of memory, all processes together, files of the step not counted.
    pub memory_mib: u32,
    /// MiB of files that it writes, output and working files together.
    pub files_mib: u32,
    /// Processes at the same time.
    pub processes: u32,
    /// Most compile jobs at the same time; the machine's cores bound it too.
    pub jobs: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            seconds: 300,
            memory_mib: 2048,
            files_mib: 1024,
            processes: 64,
            jobs: 16,
        }
    }
}

/// One thing that a step does: exactly one of these.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// Unpack an archive.
    Unpack(Unpack),
    /// Apply a unified patch.
    Patch(Patch),
    /// Write a small text file.
    Write(Write),
    /// Copy files or trees.
    Copy(Copy),
    /// Remove files or trees.
    Remove(Remove),
    /// Make folders, with those above them.
    Folder(Folder),
    /// Make a symbolic link.
    Link(Link),
    /// Make a file executable.
    Executable(Executable),
    /// Run a program.
    Run(Run),
    /// Run a program for each file.
    Each(Each),
    /// Refuse to go on unless two files or trees are the same.
    Same(Same),
}

/// Unpacks a tar archive (gzip, bzip2, xz or bare) or a Debian binary package, within
/// limits, and refuses what would lead out of the folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Unpack {
    /// `/src/NAME`, or a file that the step made.
    pub from: String,
    /// The folder; made when missing.
    #[serde(default = "here")]
    pub into: String,
    /// Leading parts of each path to leave away.
    #[serde(default)]
    pub strip: u32,
    /// Only paths that match one of these patterns, after stripping.
    #[serde(default)]
    pub only: Vec<String>,
    /// No paths that match one of these patterns, after stripping.
    #[serde(default)]
    pub except: Vec<String>,
}

/// Applies a unified patch; every hunk has to match exactly at its line or shifted, without fuzz.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// `/src/NAME`.
    pub from: String,
    /// The folder in which it applies.
    #[serde(default = "here")]
    pub dir: String,
    /// Leading parts of each path to leave away.
    #[serde(default = "one")]
    pub strip: u32,
    /// Why the source has to change; a sentence.
    pub reason: String,
}

/// Writes a small text file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// The file; folders above it are made.
    pub to: String,
    /// Its content.
    pub text: String,
    /// Whether it may be run.
    #[serde(default)]
    pub executable: bool,
}

/// Copies what matches, in sorted order. With one plain path, `to` is the copy's own path unless
/// it ends in `/`; with a pattern or several, `to` is a folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Copy {
    /// Paths or patterns.
    pub from: Patterns,
    /// The copy, or the folder for the copies.
    pub to: String,
}

/// Removes what matches; a plain path that is not there is an error, so is a pattern without match.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// Paths or patterns.
    pub paths: Patterns,
}

/// Makes folders.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    /// The folders, with those above them.
    pub paths: Patterns,
}

/// Makes a symbolic link.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Where the link stands.
    pub at: String,
    /// What it says, unchanged.
    pub target: String,
}

/// Makes files executable.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Executable {
    /// Paths or patterns.
    pub paths: Patterns,
}

/// Runs a program; any status but `status` fails the step.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The program's path and its arguments; `{jobs}` is the number of jobs.
    pub argv: Vec<Argument>,
    /// The working folder.
    #[serde(default = "here")]
    pub dir: String,
    /// A file for standard input; empty input without.
    pub stdin: Option<String>,
    /// A file for standard output; the step's log without.
    pub stdout: Option<String>,
    /// More environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The exit status that is expected.
    #[serde(default)]
    pub status: u8,
}

/// Runs a program for each file that matches, in sorted order, several at a time.
///
/// In `argv`, `stdout` and `skip_if`: `{path}` is the file's path from `dir`, `{dir}` its folder,
/// `{base}` its name without the last extension, `{stem}` is `{dir}/{base}`, `{flat}` the stem with
/// `-` for `/`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Each {
    /// Paths or patterns from `dir`; a pattern without match is an error.
    pub files: Patterns,
    /// Patterns of what is left out.
    #[serde(default)]
    pub except: Vec<String>,
    /// A file is left out when one of these exists.
    #[serde(default)]
    pub skip_if: Vec<String>,
    /// The program's path and its arguments.
    pub argv: Vec<Argument>,
    /// The working folder.
    #[serde(default = "here")]
    pub dir: String,
    /// A file for standard input.
    pub stdin: Option<String>,
    /// A file for standard output.
    pub stdout: Option<String>,
    /// More environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// One after the other.
    #[serde(default)]
    pub serial: bool,
}

/// Two files or trees that have to be the same, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Same {
    /// One.
    pub left: String,
    /// The other.
    pub right: String,
}

/// One path or pattern, or several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Patterns {
    /// One.
    One(String),
    /// Several, in this order.
    Many(Vec<String>),
}

impl Patterns {
    /// All of them, in order.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// An argument: a text, or the sorted list of files that match.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Argument {
    /// One argument.
    Text(String),
    /// As many arguments as files match.
    Files(FilesArgument),
}

/// `{ files = "obj/*.o" }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FilesArgument {
    /// Paths or patterns from the working folder; no match is an error.
    pub files: Patterns,
    /// Patterns of what is left out.
    #[serde(default)]
    pub except: Vec<String>,
}

/// `expected.toml` beside the step files: by architecture, the hash of each step's output.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Expected(pub BTreeMap<String, BTreeMap<String, Spanned<String>>>);

fn here() -> String {
    ".".to_owned()
}

fn one() -> u32 {
    1
}

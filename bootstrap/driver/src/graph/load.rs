//! Reading step files from a folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Graph;
use super::check::{Files, check};
use super::place::{GraphError, GraphErrors, Place};
use super::schema::{Document, Expected};

/// No step file is larger.
const MAX_FILE: u64 = 1 << 20;
/// No graph has more files or deeper folders.
const MAX_FILES: usize = 4096;
const MAX_DEPTH: usize = 8;

/// The file that holds hashes of outputs.
pub const EXPECTED: &str = "expected.toml";

/// Reads every `*.toml` under `folders` and checks the graph for `architecture` (`x86_64`).
///
/// # Errors
/// Everything that is wrong, with file and line. Nothing is run or fetched.
pub fn load(folders: &[PathBuf], architecture: &str) -> Result<Graph, GraphErrors> {
    let mut files = Files::default();
    let mut errors = Vec::new();
    let mut found = Vec::new();
    for folder in folders {
        if let Err(error) = find(folder, 0, &mut found) {
            return Err(GraphErrors(vec![error]));
        }
    }
    found.sort();
    found.dedup();
    for path in found {
        let is_expected = path.file_name().is_some_and(|name| name == EXPECTED);
        let file = Arc::new(path);
        let text = match read(&file) {
            Ok(text) => text,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        if is_expected {
            match toml::from_str::<Expected>(&text) {
                Ok(expected) => files.expected.push((file, text, expected)),
                Err(error) => errors.push(syntax(&file, &text, &error)),
            }
        } else {
            match toml::from_str::<Document>(&text) {
                Ok(document) => files.documents.push((file, text, document)),
                Err(error) => errors.push(syntax(&file, &text, &error)),
            }
        }
    }
    if !errors.is_empty() {
        return Err(GraphErrors(errors));
    }
    check(files, architecture)
}

/// Checks the graph of one step file, as if it stood in the current folder.
///
/// # Errors
/// Everything that is wrong, with its line.
pub fn read_one(text: &str, architecture: &str) -> Result<Graph, GraphErrors> {
    let file = Arc::new(PathBuf::from("steps.toml"));
    let document = toml::from_str::<Document>(text)
        .map_err(|error| GraphErrors(vec![syntax(&file, text, &error)]))?;
    let files = Files {
        documents: vec![(file, text.to_owned(), document)],
        expected: Vec::new(),
    };
    check(files, architecture)
}

fn find(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), GraphError> {
    let wrong = |what: String| GraphError::new(&Place::whole(&Arc::new(folder.into())), what);
    if depth > MAX_DEPTH {
        return Err(wrong(format!("more than {MAX_DEPTH} folders deep")));
    }
    let entries =
        std::fs::read_dir(folder).map_err(|error| wrong(format!("cannot be listed: {error}")))?;
    for entry in entries {
        let entry = entry.map_err(|error| wrong(format!("cannot be listed: {error}")))?;
        let kind = entry
            .file_type()
            .map_err(|error| wrong(format!("cannot be looked at: {error}")))?;
        let path = entry.path();
        if kind.is_dir() {
            find(&path, depth + 1, found)?;
        } else if kind.is_file() && is_step_file(&path) {
            found.push(path);
        }
        if found.len() > MAX_FILES {
            return Err(wrong(format!("more than {MAX_FILES} step files")));
        }
    }
    Ok(())
}

/// A crate's manifest may stand beside step files.
fn is_step_file(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "toml")
        && path.file_name().is_none_or(|name| name != "Cargo.toml")
}

fn read(file: &Arc<PathBuf>) -> Result<String, GraphError> {
    let wrong = |what: String| GraphError::new(&Place::whole(file), what);
    let size = std::fs::metadata(file.as_path())
        .map_err(|error| wrong(format!("cannot be read: {error}")))?
        .len();
    if size > MAX_FILE {
        return Err(wrong(format!(
            "{size} bytes; a step file has at most {MAX_FILE}"
        )));
    }
    std::fs::read_to_string(file.as_path())
        .map_err(|error| wrong(format!("cannot be read: {error}")))
}

fn syntax(file: &Arc<PathBuf>, text: &str, error: &toml::de::Error) -> GraphError {
    let place = match error.span() {
        Some(span) => Place::of(file, text, &span),
        None => Place::whole(file),
    };
    GraphError::new(&place, error.message())
}

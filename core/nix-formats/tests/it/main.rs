//! The formats against files that other tools wrote, against Nix itself, and against abuse.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what it expects by panicking, and what it left out by printing"
)]

mod abuse;
mod golden;
mod nar;
mod nix;
mod properties;
mod shared;

use std::path::PathBuf;

/// A golden file or folder; `tests/data/README.md` says where each comes from.
fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// The files of a golden folder with an extension, with their names, in order.
fn files(folder: &str, extension: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(data(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no {extension} files in {folder}");
    files
}

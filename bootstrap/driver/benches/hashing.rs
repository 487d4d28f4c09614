//! The hash of an output, from its files, beside SHA-256 alone over the same bytes: from memory, and over the files
//! as they are read one after the other.
//!
//! `SNOWGUARD_BENCH_OUTPUT` names an output to hash in the place of the made one.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use sha2::Digest as _;
use snowguard_bootstrap::runner::pack;
use snowguard_bootstrap::store::content_hash;

fn main() {
    divan::main();
}

/// Many small files and a few large ones, in the kernel's cache.
struct Output {
    path: PathBuf,
    _made: Option<tempfile::TempDir>,
}

impl Output {
    fn new() -> Self {
        if let Some(path) = std::env::var_os("SNOWGUARD_BENCH_OUTPUT") {
            return Self {
                path: path.into(),
                _made: None,
            };
        }
        let made = tempfile::tempdir().expect("a folder");
        let sizes = std::iter::repeat_n(12_000, 2_000).chain([8 << 20, 24 << 20]);
        for (index, size) in sizes.enumerate() {
            let content = vec![index as u8; size];
            std::fs::write(made.path().join(format!("{index:05}")), content).expect("a file");
        }
        Self {
            path: made.path().to_path_buf(),
            _made: Some(made),
        }
    }

    fn archive(&self) -> Vec<u8> {
        let mut archive = Vec::new();
        pack(&self.path, &mut archive).expect("an archive");
        archive
    }
}

#[divan::bench(sample_count = 20)]
fn output_hash(bencher: Bencher<'_, '_>) {
    let output = Output::new();
    let bytes = BytesCount::new(output.archive().len());
    bencher
        .counter(bytes)
        .bench(|| content_hash(black_box::<&Path>(&output.path)).expect("a hash"));
}

/// The limit to compare with: the archive's bytes, from memory.
#[divan::bench(sample_count = 20)]
fn output_sha256_of_archive(bencher: Bencher<'_, '_>) {
    let archive = Output::new().archive();
    bencher
        .counter(BytesCount::new(archive.len()))
        .bench(|| sha2::Sha256::digest(black_box(&archive)));
}

/// What reading costs is the same here; names and lengths are left out.
#[divan::bench(sample_count = 20)]
fn output_sha256_of_files(bencher: Bencher<'_, '_>) {
    let output = Output::new();
    let mut files = Vec::new();
    list(&output.path, &mut files);
    bencher
        .counter(BytesCount::new(output.archive().len()))
        .bench(|| {
            let mut hasher = sha2::Sha256::new();
            let mut buffer = vec![0; 256 << 10];
            for file in &files {
                let mut file = std::fs::File::open(black_box(file)).expect("a file");
                loop {
                    let read = file.read(&mut buffer).expect("a file");
                    if read == 0 {
                        break;
                    }
                    hasher.update(&buffer[..read]);
                }
            }
            hasher.finalize()
        });
}

fn list(path: &Path, files: &mut Vec<PathBuf>) {
    let meta = path.symlink_metadata().expect("an output");
    if meta.is_file() {
        files.push(path.to_path_buf());
    } else if meta.is_dir() {
        for entry in std::fs::read_dir(path).expect("a folder") {
            list(&entry.expect("an entry").path(), files);
        }
    }
}

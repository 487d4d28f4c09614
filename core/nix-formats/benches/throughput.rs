//! How fast derivations are read and written, archives hashed, and versions compared.
//!
//! `cargo bench -p snowguard-nix-formats`

use std::path::Path;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use snowguard_nix_formats::derivation::{aterm, json};
use snowguard_nix_formats::{DrvName, StoreDir, StorePath, compare_versions, nar};

fn main() {
    divan::main();
}

fn text(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    std::fs::read_to_string(path).expect("a golden file")
}

const OPENSSL: &str = "drv/8pf3wji6hg6mh5pfch4g5qai0brcxkii-openssl-3.6.2.drv";

#[divan::bench]
fn drv_parse(bencher: Bencher<'_, '_>) {
    let (file, store_dir) = (text(OPENSSL), StoreDir::default());
    bencher.counter(BytesCount::of_str(&file)).bench(|| {
        aterm::parse(black_box(file.as_bytes()), &store_dir).expect("it was read before")
    });
}

#[divan::bench]
fn drv_write(bencher: Bencher<'_, '_>) {
    let (file, store_dir) = (text(OPENSSL), StoreDir::default());
    let derivation = aterm::parse(file.as_bytes(), &store_dir).expect("a golden file");
    bencher
        .counter(BytesCount::of_str(&file))
        .bench(|| aterm::write(black_box(&derivation), &store_dir));
}

/// The limit to compare with: looking at each byte once, and nothing else.
#[divan::bench]
fn drv_utf8_check(bencher: Bencher<'_, '_>) {
    let file = text(OPENSSL);
    bencher
        .counter(BytesCount::of_str(&file))
        .bench(|| std::str::from_utf8(black_box(file.as_bytes())).is_ok());
}

const DERIVATIONS: &str = "drv-show/nix-2.34-v4.json";

#[divan::bench]
fn derivation_json_parse(bencher: Bencher<'_, '_>) {
    let (file, store_dir) = (text(DERIVATIONS), StoreDir::default());
    bencher
        .counter(BytesCount::of_str(&file))
        .bench(|| json::parse(black_box(file.as_bytes()), &store_dir).expect("it was read before"));
}

/// The peer to compare with: the same bytes, unchecked, into a tree of values.
#[divan::bench]
fn derivation_json_as_value(bencher: Bencher<'_, '_>) {
    let file = text(DERIVATIONS);
    bencher.counter(BytesCount::of_str(&file)).bench(|| {
        serde_json::from_str::<serde_json::Value>(black_box(&file)).expect("a golden file")
    });
}

#[divan::bench]
fn compare_version_pairs(bencher: Bencher<'_, '_>) {
    let file = text("names/upgrades.tsv");
    let pairs: Vec<_> = file
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .collect();
    bencher.counter(ItemsCount::new(pairs.len())).bench(|| {
        pairs
            .iter()
            .filter(|(old, new)| compare_versions(black_box(old), new).is_lt())
            .count()
    });
}

#[divan::bench]
fn parse_drv_names(bencher: Bencher<'_, '_>) {
    let file = text("names/names.txt");
    let names: Vec<_> = file.lines().collect();
    bencher.counter(ItemsCount::new(names.len())).bench(|| {
        names
            .iter()
            .filter(|name| DrvName::parse(black_box(name)).version().is_some())
            .count()
    });
}

#[divan::bench]
fn parse_store_paths(bencher: Bencher<'_, '_>) {
    let name = "8pf3wji6hg6mh5pfch4g5qai0brcxkii-openssl-3.6.2.drv";
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench(|| StorePath::from_base_name(black_box(name)).expect("a real path"));
}

/// What an output of a build looks like: many small files and a few large ones.
fn files() -> Vec<(String, Vec<u8>)> {
    let sizes = std::iter::repeat_n(12_000, 2_000).chain([8 << 20, 24 << 20]);
    sizes
        .enumerate()
        .map(|(index, size)| (format!("{index:05}"), vec![index as u8; size]))
        .collect()
}

struct Sink(sha2::Sha256);

impl std::io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        sha2::Digest::update(&mut self.0, bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn total(files: &[(String, Vec<u8>)]) -> BytesCount {
    BytesCount::new(
        files
            .iter()
            .map(|(_, content)| content.len())
            .sum::<usize>(),
    )
}

#[divan::bench(sample_count = 20)]
fn nar_hash(bencher: Bencher<'_, '_>) {
    let files = files();
    bencher.counter(total(&files)).bench(|| {
        let mut writer = nar::Writer::new(Sink(sha2::Digest::new())).expect("memory");
        writer.open_directory().expect("memory");
        for (name, content) in &files {
            writer.entry(name.as_bytes()).expect("memory");
            let size = content.len() as u64;
            writer
                .regular(false, size, &mut content.as_slice())
                .expect("memory");
            writer.close_entry().expect("memory");
        }
        writer.close_directory().expect("memory");
        writer.finish().expect("memory").0.0
    });
}

/// The limit to compare with: the same contents, hashed one after the other.
#[divan::bench(sample_count = 20)]
fn nar_sha256_of_contents(bencher: Bencher<'_, '_>) {
    let files = files();
    bencher.counter(total(&files)).bench(|| {
        let mut hasher: sha2::Sha256 = sha2::Digest::new();
        for (_, content) in &files {
            sha2::Digest::update(&mut hasher, black_box(content));
        }
        hasher
    });
}

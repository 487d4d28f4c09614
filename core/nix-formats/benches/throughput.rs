//! How fast derivations are read and written, and versions compared.
//!
//! `cargo bench -p snowguard-nix-formats`

use std::path::Path;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use snowguard_nix_formats::derivation::{aterm, json};
use snowguard_nix_formats::{DrvName, StoreDir, StorePath, compare_versions};

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

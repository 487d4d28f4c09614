//! All derivations of a NixOS system and of `hello`, where the data set is at hand.

use std::io::Read;
use std::path::PathBuf;

use snowguard_nix_formats::derivation::{aterm, json};
use snowguard_nix_formats::{StoreDir, StorePath, path_info};

/// The files of the sample, by name; `None`, said aloud, where it is not there.
fn samples() -> Option<Vec<(String, Vec<u8>)>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/nix-cli-samples.tar.zst");
    let Ok(file) = std::fs::File::open(&path) else {
        println!(
            "left out: the derivations of a NixOS system, since {} is not there",
            path.display()
        );
        return None;
    };
    let mut decoder = zstd::Decoder::new(file).unwrap();
    decoder.window_log_max(27).unwrap();
    Some(unpack(decoder))
}

fn unpack(archive: impl Read) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(archive);
    let mut files = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
            files.push((name.to_owned(), bytes));
        }
    }
    files
}

fn sample<'a>(samples: &'a [(String, Vec<u8>)], name: &str) -> &'a [u8] {
    let found = samples.iter().find(|(found, _)| found == name);
    &found.unwrap_or_else(|| panic!("{name} is in the sample")).1
}

#[test]
fn all_derivations_of_a_system_are_written_as_they_were_read() {
    let Some(samples) = samples() else { return };
    let store_dir = StoreDir::default();
    let closure = unpack(sample(&samples, "drv-closure-nixos-system.tar"));
    let mut derivations = std::collections::BTreeMap::new();
    for (name, bytes) in closure.iter().filter(|(name, _)| name.ends_with(".drv")) {
        let path = StorePath::from_base_name(name).unwrap();
        let derivation = aterm::parse(bytes, &store_dir).expect(name);
        assert_eq!(&aterm::write(&derivation, &store_dir), bytes, "{name}");
        let bare = path.name().strip_suffix(".drv").unwrap();
        assert_eq!(derivation.store_path(bare, &store_dir).as_ref(), Ok(&path));
        derivations.insert(path, derivation);
    }
    assert_eq!(derivations.len(), 3173);
    let json = json::to_string(&derivations).unwrap();
    assert_eq!(
        json::parse(json.as_bytes(), &store_dir).unwrap(),
        derivations
    );
}

#[test]
fn all_of_derivation_show_is_written_as_it_was_read() {
    let Some(samples) = samples() else { return };
    let store_dir = StoreDir::default();
    let bytes = sample(&samples, "derivation-show-hello.json");
    let read = json::parse(bytes, &store_dir).unwrap();
    assert_eq!(read.len(), 956);
    assert_eq!(
        json::to_string(&read).unwrap().as_bytes(),
        bytes.trim_ascii_end()
    );
}

#[test]
fn all_path_information_is_read() {
    let Some(samples) = samples() else { return };
    for (name, count) in [
        ("pathinfo-drv-nixos.v1.json", 3762),
        ("pathinfo-drv-hello.v2.json", 1110),
    ] {
        let infos = path_info::json::parse(sample(&samples, name), &StoreDir::default()).unwrap();
        assert_eq!(infos.len(), count, "{name}");
        assert!(infos.values().all(Option::is_some));
    }
}

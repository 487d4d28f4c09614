//! Names are cut without loss, and the order of versions is an order. Three lines are three texts.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snowguard_nix_formats::{DrvName, compare_versions, version_components};

fuzz_target!(|text: &str| {
    let name = DrvName::parse(text);
    match name.version() {
        Some(version) => assert_eq!(format!("{}-{version}", name.name()), text),
        None => assert_eq!(name.name(), text),
    }
    let mut lines = text.splitn(3, '\n');
    let mut next = || lines.next().unwrap_or_default();
    let mut versions = [next(), next(), next()];
    for version in versions {
        let joined: String = version_components(version).collect();
        assert!(
            joined
                .chars()
                .eq(version.chars().filter(|c| !matches!(c, '.' | '-')))
        );
        assert!(compare_versions(version, version).is_eq());
    }
    versions.sort_by(|left, right| compare_versions(left, right));
    for (low, high) in [(0, 1), (1, 2), (0, 2)] {
        assert!(compare_versions(versions[low], versions[high]).is_le());
        assert!(compare_versions(versions[high], versions[low]).is_ge());
    }
});

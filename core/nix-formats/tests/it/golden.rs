//! Files that Nix wrote: read, checked against what is known of them, written back byte by byte.

use std::collections::{BTreeMap, BTreeSet};

use snowguard_nix_formats::derivation::{DerivationKind, Output, aterm, json};
use snowguard_nix_formats::path_info::json::{PathInfoEntry, parse};
use snowguard_nix_formats::path_info::narinfo::NarInfo;
use snowguard_nix_formats::{Derivation, Method, StoreDir, StorePath};

use crate::{data, files};

fn golden_derivations() -> BTreeMap<StorePath, (Derivation, Vec<u8>)> {
    files("drv", "drv")
        .into_iter()
        .map(|(name, bytes)| {
            let derivation = aterm::parse(&bytes, &StoreDir::default()).expect(&name);
            (
                StorePath::from_base_name(&name).expect(&name),
                (derivation, bytes),
            )
        })
        .collect()
}

#[test]
fn derivations_are_written_as_they_were_read() {
    for (path, (derivation, bytes)) in golden_derivations() {
        assert_eq!(
            aterm::write(&derivation, &StoreDir::default()),
            bytes,
            "{path}"
        );
    }
}

#[test]
fn a_derivation_has_the_path_that_nix_gave_it() {
    let store_dir = StoreDir::default();
    for (path, (derivation, _)) in golden_derivations() {
        let name = path.name().strip_suffix(".drv").unwrap();
        assert_eq!(derivation.store_path(name, &store_dir).as_ref(), Ok(&path));
        let altered = {
            let mut parts = derivation.into_parts();
            parts
                .environment
                .insert("LD_PRELOAD".into(), "/tmp/evil.so".into());
            Derivation::new(parts).unwrap()
        };
        assert_ne!(altered.store_path(name, &store_dir).as_ref(), Ok(&path));
    }
}

#[test]
fn every_kind_of_output_is_told_apart() {
    let kinds: BTreeMap<String, DerivationKind> = golden_derivations()
        .into_iter()
        .map(|(path, (derivation, _))| (path.name().to_owned(), derivation.kind()))
        .collect();
    let expected = [
        ("bash-5.3.drv", DerivationKind::InputAddressed),
        ("deferred.drv", DerivationKind::Deferred),
        ("fixed-flat.drv", DerivationKind::Fixed),
        ("fixed-md5.tar.drv", DerivationKind::Fixed),
        ("fixed-nar.drv", DerivationKind::Fixed),
        ("fixed-sha1.drv", DerivationKind::Fixed),
        ("fixed-sha512.drv", DerivationKind::Fixed),
        ("floating.drv", DerivationKind::Floating),
        ("impure.drv", DerivationKind::Impure),
        ("openssh-10.3p1.tar.gz.drv", DerivationKind::Fixed),
        ("openssl-3.6.2.drv", DerivationKind::InputAddressed),
        ("openssl-3.6.2.tar.gz.drv", DerivationKind::Fixed),
        ("strings.drv", DerivationKind::InputAddressed),
        ("structured.drv", DerivationKind::InputAddressed),
        ("xxhash-0.8.3.drv", DerivationKind::InputAddressed),
    ];
    let expected = expected.map(|(name, kind)| (name.to_owned(), kind));
    assert_eq!(kinds, BTreeMap::from(expected));
}

#[test]
fn strings_lose_their_escapes_and_keep_their_bytes() {
    let derivations = golden_derivations();
    let (_, (strings, _)) = derivations
        .iter()
        .find(|(path, _)| path.name() == "strings.drv")
        .unwrap();
    assert_eq!(strings.arguments[0], "");
    let escaped = "tab\there\nnewline\rreturn \"quote\" \\backslash\\\\ ${dollar}";
    assert_eq!(strings.arguments[2], escaped);
    let variable = |name: &str| strings.environment[bstr::BStr::new(name)].as_slice();
    assert_eq!(
        variable("latin1"),
        std::fs::read(data("drv/latin1.txt")).unwrap()
    );
    assert_eq!(variable("control"), b"\x01\x7f");
    assert_eq!(variable("weird name"), b"x");
}

#[test]
fn json_of_nix_2_8_holds_the_same_derivations() {
    let store_dir = StoreDir::default();
    let bytes = std::fs::read(data("drv-show/nix-2.8.json")).unwrap();
    let read = json::parse(&bytes, &store_dir).unwrap();
    let golden = golden_derivations();
    assert_eq!(read.len(), 9);
    for (path, derivation) in &read {
        assert_eq!(
            Some(derivation),
            golden.get(path).map(|(golden, _)| golden),
            "{path}"
        );
    }
    // And through version 4, which leaves out the paths of fixed outputs, back to the same.
    let version_4 = json::to_string(&read).unwrap();
    assert_eq!(json::parse(version_4.as_bytes(), &store_dir).unwrap(), read);
}

#[test]
fn json_of_version_4_is_written_as_it_was_read() {
    let store_dir = StoreDir::default();
    let bytes = std::fs::read(data("drv-show/nix-2.34-v4.json")).unwrap();
    let read = json::parse(&bytes, &store_dir).unwrap();
    assert_eq!(read.len(), 5);
    for (path, derivation) in &read {
        let name = path.name().strip_suffix(".drv").unwrap();
        assert_eq!(derivation.store_path(name, &store_dir).as_ref(), Ok(path));
    }
    assert_eq!(json::to_string(&read).unwrap().as_bytes(), bytes);
}

/// Rewrites version 4 as Nix 2.32 printed it: flat inputs, hashes in base 16 beside the path.
fn as_version_3(version_4: &[u8]) -> serde_json::Value {
    let read = json::parse(version_4, &StoreDir::default()).unwrap();
    let mut value: serde_json::Value = serde_json::from_slice(version_4).unwrap();
    let mut derivations = value["derivations"].take();
    for (path, entry) in derivations.as_object_mut().unwrap() {
        let entry = entry.as_object_mut().unwrap();
        let mut inputs = entry.remove("inputs").unwrap();
        entry.insert("inputDrvs".to_owned(), inputs["drvs"].take());
        entry.insert("inputSrcs".to_owned(), inputs["srcs"].take());
        entry.insert("version".to_owned(), 3.into());
        let derivation = &read[path.as_str()];
        for output in derivation.outputs.values() {
            if let Output::Fixed(fixed) = output {
                let hash = fixed.address().hash();
                let output = &mut entry["outputs"]["out"];
                output["path"] = fixed.path().as_str().into();
                output["hash"] = hash.base16().into();
                output["hashAlgo"] = hash.algorithm().name().into();
            }
        }
    }
    derivations
}

#[test]
fn json_of_version_3_holds_the_same_derivations() {
    let store_dir = StoreDir::default();
    let bytes = std::fs::read(data("drv-show/nix-2.34-v4.json")).unwrap();
    let version_3 = as_version_3(&bytes).to_string();
    assert!(version_3.contains("hashAlgo") && version_3.contains("inputSrcs"));
    assert_eq!(
        json::parse(version_3.as_bytes(), &store_dir),
        json::parse(&bytes, &store_dir)
    );
}

#[test]
fn an_indented_copy_gives_the_same_derivations() {
    let store_dir = StoreDir::default();
    let bytes = std::fs::read(data("drv-show/nix-2.34-v4.json")).unwrap();
    let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let indented = serde_json::to_vec_pretty(&value).unwrap();
    assert_ne!(indented, bytes);
    assert_eq!(
        json::parse(&indented, &store_dir),
        json::parse(&bytes, &store_dir)
    );
}

fn path_infos(name: &str) -> BTreeMap<StorePath, PathInfoEntry> {
    let bytes = std::fs::read(data("path-info").join(name)).unwrap();
    parse(&bytes, &StoreDir::default())
        .unwrap()
        .into_iter()
        .map(|(path, entry)| (path, entry.expect("all are in the store")))
        .collect()
}

#[test]
fn path_information_is_read_in_every_form() {
    let list = path_infos("list-nix-2.8.json");
    let v1 = path_infos("v1-nix-2.34.json");
    let v2 = path_infos("v2-nix-2.34.json");
    assert_eq!((list.len(), v1.len(), v2.len()), (2, 6, 6));
    for (path, entry) in list.iter().chain(&v1).chain(&v2) {
        let info = &entry.info;
        assert_eq!(&info.path, path);
        assert!(
            info.nar_size.is_some() && info.content_address.is_some(),
            "{path}"
        );
        assert!(
            entry
                .registration_time
                .is_some_and(|time| time > 1_700_000_000),
            "{path}"
        );
    }
    // The same object stands in versions 1 and 2.
    let shared: Vec<_> = v1.keys().filter(|path| v2.contains_key(*path)).collect();
    assert!(!shared.is_empty());
    for path in shared {
        assert_eq!(v1[path].info, v2[path].info);
    }
    let patch = v1.values().next().unwrap().info.content_address.unwrap();
    assert_eq!(patch.method(), Method::NixArchive);
}

#[test]
fn narinfo_files_are_written_as_they_were_read() {
    let store_dir = StoreDir::default();
    let golden = golden_derivations();
    for (name, bytes) in files("narinfo", "narinfo") {
        let narinfo = NarInfo::parse(&bytes, &store_dir).expect(&name);
        let info = narinfo.info();
        assert_eq!(
            info.path.digest_str(),
            name.strip_suffix(".narinfo").unwrap()
        );
        assert_eq!(narinfo.write(&store_dir).as_bytes(), bytes, "{name}");
        if let Some((derivation, _)) = golden.get(&info.path) {
            let inputs = derivation
                .input_derivations
                .keys()
                .chain(&derivation.input_sources);
            let inputs: BTreeSet<_> = inputs.cloned().collect();
            assert_eq!(info.references, inputs, "{name}");
        }
    }
}

#[test]
fn the_fingerprint_is_the_text_that_was_signed() {
    let bytes = std::fs::read(data("narinfo/92zb0ry9hz5k0qniq9a6ldvh2yjwi2l6.narinfo")).unwrap();
    let narinfo = NarInfo::parse(&bytes, &StoreDir::default()).unwrap();
    let expected = "1;/nix/store/92zb0ry9hz5k0qniq9a6ldvh2yjwi2l6-strings.drv;\
        sha256:1k048ck9q1gkbhq5ywb29yj1ssk11p2c51fz6q74fysq66307fwy;1384;\
        /nix/store/5zl3gc13bm6jhsbwpnvlmxlz1aaxyipb-fixed-flat.drv,\
        /nix/store/g9wxr91yrn67a9zs05xwf7bs2pzc89i4-structured.drv,\
        /nix/store/j720ic5axpqihixrqcqyr2ky0b62chpv-gen.nix,\
        /nix/store/v3jz46wav44fdpa9jkzj92qk19a6rvm7-fixed-nar.drv";
    assert_eq!(
        narinfo.info().fingerprint(&StoreDir::default()).as_deref(),
        Some(expected)
    );
}

#[test]
fn fixed_outputs_know_their_hash() {
    let golden = golden_derivations();
    let (_, (tarball, _)) = golden
        .iter()
        .find(|(path, _)| path.name() == "openssl-3.6.2.tar.gz.drv")
        .unwrap();
    let Some(Output::Fixed(fixed)) = tarball.outputs.values().next() else {
        panic!("a fetched tarball is a fixed output");
    };
    assert_eq!(fixed.address().method(), Method::Flat);
    let stated = tarball.environment[bstr::BStr::new("outputHash")].to_string();
    assert_eq!(fixed.address().hash().to_string(), stated);
}

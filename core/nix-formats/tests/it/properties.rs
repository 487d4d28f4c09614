//! What holds for every value: writing and reading are inverse, orders are orders.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;

use bstr::BString;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use snowguard_nix_formats::derivation::{
    DerivationParts, FixedOutput, InputOutputs, Output, OutputName, aterm, json,
};
use snowguard_nix_formats::path_info::narinfo::NarInfo;
use snowguard_nix_formats::path_info::{Compression, Download, DownloadUrl, PathInfo, Sha256Hash};
use snowguard_nix_formats::{
    ContentAddress, Derivation, DrvName, Hash, HashAlgorithm, Method, Signature, StoreDir,
    StorePath, StorePathName, compare_versions, nixbase32, version_components,
};

fn store_path(suffix: &'static str) -> impl Strategy<Value = StorePath> {
    (any::<[u8; 20]>(), "[a-zA-Z0-9+_?=][a-zA-Z0-9+._?=-]{0,12}").prop_map(move |(digest, name)| {
        StorePath::from_parts(digest, &StorePathName::new(&(name + suffix)).unwrap())
    })
}

fn output_name() -> impl Strategy<Value = OutputName> {
    "[a-z][a-z0-9+_?=.-]{0,6}".prop_map(|name| OutputName::new(&name).unwrap())
}

fn algorithm() -> impl Strategy<Value = HashAlgorithm> {
    prop::sample::select(&HashAlgorithm::ALL[..])
}

fn method() -> impl Strategy<Value = Method> {
    prop::sample::select(&Method::ALL[..])
}

fn hash() -> impl Strategy<Value = Hash> {
    (algorithm(), any::<[u8; 64]>()).prop_map(|(algorithm, bytes)| {
        let digits: String = bytes[..algorithm.size()]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Hash::parse_digits(algorithm, &digits).unwrap()
    })
}

fn content_address() -> impl Strategy<Value = ContentAddress> {
    (method(), hash()).prop_filter_map("a pair that Nix takes", |(method, hash)| {
        ContentAddress::new(method, hash).ok()
    })
}

/// The outputs of a derivation with this name.
fn outputs(name: StorePathName) -> impl Strategy<Value = BTreeMap<OutputName, Output>> {
    let names = || btree_set(output_name(), 1..4);
    let all = |output: Output| {
        move |names: BTreeSet<OutputName>| {
            names
                .into_iter()
                .map(|name| (name, output.clone()))
                .collect()
        }
    };
    prop_oneof![
        btree_map(
            output_name(),
            store_path("").prop_map(Output::InputAddressed),
            1..4
        ),
        names().prop_map(all(Output::Deferred)),
        content_address().prop_map(move |address| {
            let fixed = FixedOutput::of(address, &name, &StoreDir::default());
            BTreeMap::from([(OutputName::new("out").unwrap(), Output::Fixed(fixed))])
        }),
        (names(), method(), algorithm()).prop_map(move |(names, method, algorithm)| {
            all(Output::Floating { method, algorithm })(names)
        }),
        (names(), method(), algorithm()).prop_map(move |(names, method, algorithm)| {
            all(Output::Impure { method, algorithm })(names)
        }),
    ]
}

fn input() -> impl Strategy<Value = InputOutputs> {
    let leaf = btree_set(output_name(), 1..3).prop_map(|names| InputOutputs::new(names).unwrap());
    leaf.prop_recursive(3, 8, 2, |inner| {
        (
            btree_set(output_name(), 0..3),
            btree_map(output_name(), inner, 1..3),
        )
            .prop_map(|(names, dynamic)| InputOutputs::with_dynamic(names, dynamic).unwrap())
    })
}

fn text() -> impl Strategy<Value = BString> {
    prop_oneof!["[ -~\n\r\t\"\\\\é]{0,12}", any::<String>()].prop_map(BString::from)
}

fn bytes() -> impl Strategy<Value = BString> {
    prop_oneof![text(), vec(any::<u8>(), 0..12).prop_map(BString::from)]
}

fn derivation<S: Strategy<Value = BString>>(
    string: fn() -> S,
) -> impl Strategy<Value = (StorePath, Derivation)> {
    store_path(".drv").prop_flat_map(move |path| {
        let bare = path.name().strip_suffix(".drv").unwrap();
        (
            outputs(StorePathName::new(bare).unwrap()),
            btree_map(store_path(".drv"), input(), 0..3),
            btree_set(store_path(""), 0..3),
            (string(), string(), vec(string(), 0..4)),
            btree_map(string(), string(), 0..4),
        )
            .prop_map(
                move |(outputs, drvs, input_sources, (system, builder, args), env)| {
                    let derivation = Derivation::new(DerivationParts {
                        outputs,
                        input_derivations: drvs,
                        input_sources,
                        system,
                        builder,
                        arguments: args,
                        environment: env,
                    });
                    (path.clone(), derivation.unwrap())
                },
            )
    })
}

fn path_info() -> impl Strategy<Value = PathInfo> {
    let sha256 = any::<Vec<u8>>().prop_map(|data| Sha256Hash::new(Hash::sha256_of(&data)).unwrap());
    let signature = ("[a-z0-9.-]{1,12}", vec(any::<u8>(), 1..70)).prop_map(|(key, bytes)| {
        use base64::Engine as _;
        let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
        Signature::new(&key, &base64).unwrap()
    });
    (
        store_path(""),
        sha256,
        1..u64::MAX,
        btree_set(store_path(""), 0..4),
        option::of(store_path(".drv")),
        option::of(content_address()),
        btree_set(signature, 0..3),
    )
        .prop_map(
            |(path, nar_hash, size, references, deriver, address, signatures)| PathInfo {
                path,
                nar_hash,
                nar_size: NonZeroU64::new(size),
                references,
                deriver,
                content_address: address,
                signatures,
            },
        )
}

proptest! {
    #[test]
    fn a_derivation_survives_its_file((_, derivation) in derivation(bytes)) {
        let store_dir = StoreDir::default();
        let written = aterm::write(&derivation, &store_dir);
        prop_assert_eq!(aterm::parse(&written, &store_dir), Ok(derivation));
    }

    #[test]
    fn a_derivation_survives_json((path, derivation) in derivation(text)) {
        let derivations = BTreeMap::from([(path, derivation)]);
        let written = json::to_string(&derivations).unwrap();
        prop_assert_eq!(json::parse(written.as_bytes(), &StoreDir::default()), Ok(derivations));
    }

    #[test]
    fn a_narinfo_survives_its_file(
        info in path_info(),
        url in "[!-~]{1,40}",
        compression in prop::sample::select(&Compression::ALL[..]),
        size in option::of(1..u64::MAX),
    ) {
        let store_dir = StoreDir::new("/some/other/store").unwrap();
        let download = Download {
            url: DownloadUrl::new(&url).unwrap(),
            compression: Some(compression),
            file_hash: Some(info.nar_hash),
            file_size: size.and_then(NonZeroU64::new),
        };
        let narinfo = NarInfo::new(info, download).unwrap();
        let written = narinfo.write(&store_dir);
        prop_assert_eq!(NarInfo::parse(written.as_bytes(), &store_dir), Ok(narinfo));
    }

    #[test]
    fn nix_base_32_survives(data: [u8; 20], more: [u8; 37]) {
        prop_assert_eq!(nixbase32::decode(nixbase32::encode(&data).as_bytes()), Ok(data));
        prop_assert_eq!(nixbase32::decode(nixbase32::encode(&more).as_bytes()), Ok(more));
    }

    #[test]
    fn a_hash_survives_every_encoding(hash in hash()) {
        let algorithm = hash.algorithm();
        prop_assert_eq!(Hash::parse(&hash.to_string()), Ok(hash));
        prop_assert_eq!(Hash::parse_digits(algorithm, &hash.base16()), Ok(hash));
        prop_assert_eq!(Hash::parse_digits(algorithm, &hash.nix32()), Ok(hash));
    }

    #[test]
    fn a_content_address_survives(address in content_address()) {
        prop_assert_eq!(address.to_string().parse(), Ok(address));
    }

    #[test]
    fn versions_are_in_total_order(
        versions in vec("(pre|[0-9]{1,12}|[a-z.+-]|é){0,5}", 3),
    ) {
        let (a, b, c) = (&versions[0], &versions[1], &versions[2]);
        prop_assert_eq!(compare_versions(a, b), compare_versions(b, a).reverse());
        prop_assert!(compare_versions(a, a).is_eq());
        let mut sorted = [a, b, c];
        sorted.sort_by(|left, right| compare_versions(left, right));
        prop_assert!(compare_versions(sorted[0], sorted[1]).is_le());
        prop_assert!(compare_versions(sorted[1], sorted[2]).is_le());
        prop_assert!(compare_versions(sorted[0], sorted[2]).is_le());
    }

    #[test]
    fn components_are_the_version_without_separators(version: String) {
        let joined: String = version_components(&version).collect();
        let expected: String = version.split(['.', '-']).collect();
        prop_assert_eq!(joined, expected);
    }

    #[test]
    fn a_name_is_put_together_again(full in "[a-z0-9é.-]{0,16}") {
        let parsed = DrvName::parse(&full);
        match parsed.version() {
            Some(version) => prop_assert_eq!(format!("{}-{version}", parsed.name()), full),
            None => prop_assert_eq!(parsed.name(), &full),
        }
    }
}

//! `uki` and `measure`, beside systemd-measure and objcopy.

use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::pe::{File, SectionName};
use snowguard_boot_format::uki::{Piece, Section, build, pinned};

use crate::image::image;
use crate::program::{Place, SIGNER};
use crate::tools::{must, there};

pub const MEASURE: &str = "/usr/lib/systemd/systemd-measure";

/// Content for every section that systemd-measure of Debian 12 knows.
pub fn with_parts(place: &Place) {
    place.write("stub", &image(&[".text"]));
    place.write("linux", &image(&[".text", ".data"]));
    place.write("initrd", &[7; 12345]);
    place.write("osrel", b"ID=nixos\n");
    place.write("cmdline", b"init=/nix/store/x/init quiet");
    place.write("splash", b"BM");
    place.write("dtb", &[1; 99]);
    place.write("pcrpkey", b"-----BEGIN PUBLIC KEY-----\n");
}

pub const BUILD: [&str; 19] = [
    "uki",
    "--stub",
    "stub",
    "--linux",
    "linux",
    "--initrd",
    "initrd",
    "--os-release",
    "@osrel",
    "--cmdline",
    "@cmdline",
    "--splash",
    "splash",
    "--dtb",
    "dtb",
    "--pcrpkey",
    "pcrpkey",
    "--output",
    "a.efi",
];

#[test]
fn systemd_measure_agrees_on_pcr_11_in_every_bank_and_phase() {
    if !there(MEASURE) {
        return;
    }
    let place = Place::new();
    with_parts(&place);
    place.good(&BUILD);
    let mut ours = Vec::new();
    let banks = ["sha1", "sha256", "sha384", "sha512"];
    for bank in banks {
        let told = place.json(&["measure", "a.efi", "--bank", bank]);
        for one in told["pcr11"].as_array().expect("a list") {
            let phase = one["phase"].as_str().expect("a path");
            if !phase.is_empty() {
                let value = one["value"].as_str().expect("hexadecimal");
                ours.push(format!("{bank} {value}"));
            }
        }
    }
    let path = |name: &str| format!("--{name}={}", place.text(name));
    let mut arguments = vec!["calculate".to_owned()];
    arguments.extend(
        [
            "linux", "initrd", "osrel", "cmdline", "splash", "dtb", "pcrpkey",
        ]
        .map(path),
    );
    let mut theirs = Vec::new();
    for bank in banks {
        let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let flag = format!("--bank={bank}");
        arguments.push(&flag);
        // One line for each phase, in order; which it is goes to standard error.
        for line in must(MEASURE, &arguments).lines() {
            if let Some((_, value)) = line.split_once('=').filter(|_| line.starts_with("11:")) {
                theirs.push(format!("{bank} {value}"));
            }
        }
    }
    assert_eq!(theirs.len(), 16);
    assert_eq!(ours, theirs);
}

/// A thin image of the same parts, whose kernel and initrd stand on a partition.
#[test]
fn a_thin_image_measures_as_the_unified_one_of_the_same_parts() {
    let place = Place::new();
    with_parts(&place);
    place.good(&BUILD);
    let banks = ["--bank", "sha1", "--bank", "sha256", "--bank", "sha384"];
    let whole = place.json(&[&["measure", "a.efi"][..], &banks].concat())["pcr11"].clone();

    std::fs::create_dir_all(place.at("esp/EFI/nixos")).expect("made");
    place.write("esp/EFI/nixos/k", &place.read("linux"));
    place.write("esp/EFI/nixos/i", &place.read("initrd"));
    let digest = |name: &str| {
        let digest = DigestAlgorithm::Sha256.digest(&[&place.read(name)]);
        digest.as_bytes().to_vec()
    };
    let (kernel, initrd) = (digest("linux"), digest("initrd"));
    let read = |name: &str| place.read(name);
    let named = |name: &str| SectionName::new(name).expect("short");
    let stub = read("stub");
    let (os_release, line, splash) = (read("osrel"), read("cmdline"), read("splash"));
    let (tree, key) = (read("dtb"), read("pcrpkey"));
    let pieces = [
        Piece::new(Section::OsRelease, &os_release),
        Piece::new(Section::CommandLine, &line),
        Piece::new(Section::Splash, &splash),
        Piece::new(Section::DeviceTree, &tree),
        Piece::new(Section::PcrPublicKey, &key),
        Piece::named(named(pinned::KERNEL_PATH), b"\\EFI\\nixos\\k"),
        Piece::named(named(pinned::KERNEL_DIGEST), &kernel),
        Piece::named(named(pinned::INITRD_PATH), b"\\EFI\\nixos\\i"),
        Piece::named(named(pinned::INITRD_DIGEST), &initrd),
    ];
    place.write("thin.efi", &build(&stub, &pieces, &[]).expect("built"));
    let measure = [&["measure", "thin.efi", "--partition", "esp"][..], &banks].concat();
    assert_eq!(place.json(&measure)["pcr11"], whole);
    // The digests in the image are enough for one bank, and only for that.
    let alone = place.json(&["measure", "thin.efi"]);
    assert_eq!(alone["pcr11"][0], whole[5]);
    let told = place.ends(3, &["measure", "thin.efi", "--bank", "sha1"]);
    assert!(told.contains("the sha1 bank needs the file"), "{told}");
    place.write("esp/EFI/nixos/k", b"another");
    let told = place.ends(3, &measure);
    assert!(told.contains("its digest differs"), "{told}");
}

#[test]
fn generations_of_stub_kernel_and_user_become_one_section() {
    let place = Place::new();
    with_parts(&place);
    let with_sbat = |text: &str| {
        let mut bytes = image(&[".text", ".sbat"]);
        let end = bytes.len();
        bytes[end - 512..].fill(0);
        bytes[end - 512..][..text.len()].copy_from_slice(text.as_bytes());
        bytes
    };
    let header = "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n";
    place.write("stub", &with_sbat(&format!("{header}stub,1,S,s,1,u\n")));
    place.write("linux", &with_sbat(&format!("{header}linux,2,L,l,6,u\n")));
    place.good(&[&BUILD[..], &["--sbat", "mine,3,M,m,1,u\n"]].concat());
    let bytes = place.read("a.efi");
    let file = File::parse(&bytes).expect("whole");
    let all: Vec<_> = file
        .sections()
        .filter(|section| section.name == Section::Sbat.name())
        .collect();
    let [one] = all.as_slice() else {
        panic!("{} sections", all.len());
    };
    let expected = format!("{header}stub,1,S,s,1,u\nlinux,2,L,l,6,u\nmine,3,M,m,1,u\n");
    assert_eq!(String::from_utf8_lossy(file.contents(one)), expected);
    let long = format!("long,1,{},l,1,u", "x".repeat(500));
    let told = place.ends(3, &[&BUILD[..], &["--sbat", &long]].concat());
    assert!(told.contains("room for 512 bytes of .sbat"), "{told}");
    let told = place.ends(3, &[&BUILD[..], &["--sbat", "nonsense"]].concat());
    assert!(told.contains("no entry of .sbat"), "{told}");
}

#[test]
fn objcopy_reads_back_every_section() {
    if !there("objcopy") {
        return;
    }
    let place = Place::new();
    with_parts(&place);
    place.good(&BUILD);
    for (section, file) in [
        (".linux", "linux"),
        (".initrd", "initrd"),
        (".cmdline", "cmdline"),
        (".dtb", "dtb"),
    ] {
        let dump = format!("{section}={}", place.text("out"));
        must(
            "objcopy",
            &[
                "-O",
                "binary",
                "--dump-section",
                &dump,
                &place.text("a.efi"),
                "/dev/null",
            ],
        );
        assert_eq!(place.read("out"), place.read(file), "{section}");
    }
}

#[test]
fn the_same_parts_give_the_same_bytes_signed_or_not() {
    let place = Place::new().with_keys();
    with_parts(&place);
    let signed = [&BUILD[..], &SIGNER].concat();
    place.good(&signed);
    let first = place.read("a.efi");
    place.good(&signed);
    assert_eq!(place.read("a.efi"), first);
    place.good(&["verify", "--certificate", "k/keys/db/db.pem", "a.efi"]);
    let told = place.json(&["inspect", "a.efi"]);
    for section in told["sections"].as_array().expect("a list") {
        assert_eq!(section["address"].as_u64().expect("a number") % 4096, 0);
    }
}

#[test]
fn a_profile_replaces_sections_of_the_base_and_changes_pcr_11() {
    let place = Place::new();
    with_parts(&place);
    std::fs::create_dir(place.at("rescue")).expect("made");
    place.write("rescue/profile", b"ID=rescue\n");
    place.write("rescue/cmdline", b"rescue");
    place.good(&[&BUILD[..], &["--profile", "rescue"]].concat());
    let with_profile = place.json(&["measure", "a.efi"])["pcr11"].clone();
    place.ends(3, &["measure", "a.efi", "--profile", "1"]);

    // The same as an image whose base has these sections.
    place.write("cmdline", b"rescue");
    place.good(&BUILD);
    let plain = place.json(&["measure", "a.efi"])["pcr11"].clone();
    assert_ne!(with_profile, plain, "`.profile` is measured too");
    place.ends(3, &["measure", "a.efi", "--profile", "1"]);
}

#[test]
fn what_cannot_boot_is_not_built() {
    let place = Place::new();
    with_parts(&place);
    let build = |more: &[&str]| {
        let start = ["uki", "--stub", "stub", "--output", "x.efi"];
        place.ends(3, &[&start[..], more].concat())
    };
    place.write("empty", b"");
    assert!(build(&["--initrd", "empty"]).contains("section .initrd is empty"));
    assert!(build(&["--linux", "initrd"]).contains("the kernel is not bootable by EFI"));
    let mut other = image(&[".text"]);
    other[68..70].copy_from_slice(&0xaa64_u16.to_le_bytes());
    place.write("arm", &other);
    assert!(build(&["--linux", "arm"]).contains("the kernel is for machine 0xaa64"));
    place.write("stub", &image(&[".text", ".cmdline"]));
    assert!(build(&["--cmdline", "x"]).contains("the stub already has a section .cmdline"));
    assert!(!place.at("x.efi").exists());
}

#[test]
fn an_addon_is_a_stub_with_a_command_line() {
    let place = Place::new().with_keys();
    place.write("stub", &image(&[".text"]));
    let build = [
        "uki",
        "--stub",
        "stub",
        "--cmdline",
        "debug",
        "--output",
        "a.addon.efi",
    ];
    place.good(&[&build[..], &SIGNER].concat());
    let told = place.json(&["inspect", "a.addon.efi"]);
    assert_eq!(told["sections"][1]["text"], "debug");
}

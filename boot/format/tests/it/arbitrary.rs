//! Arbitrary bytes into every reader: none may panic, and what is read survives writing.

use proptest::collection::vec;
use proptest::prelude::*;
use snowguard_boot_format::authenticode::{self, Signature};
use snowguard_boot_format::bls::EntryName;
use snowguard_boot_format::digest::{Digest, DigestAlgorithm};
use snowguard_boot_format::eventlog::EventLog;
use snowguard_boot_format::guid::Guid;
use snowguard_boot_format::pcr;
use snowguard_boot_format::pe::File;
use snowguard_boot_format::uki::{Piece, Section, build};
use snowguard_boot_format::variable::{
    Attributes, AuthenticatedVariable, SignatureLists, VariableName, VariableStore,
};
use snowguard_boot_format::x509::Certificate;

use crate::image::image;

/// Bytes that begin as the format does often enough to get past its first check.
fn beginning(start: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    (any::<bool>(), vec(any::<u8>(), 0..512)).prop_map(move |(with, rest)| {
        let start = if with { start } else { &[] };
        [start, &rest].concat()
    })
}

/// DER whose outer lengths are right, so that what is inside is read.
fn nested() -> impl Strategy<Value = Vec<u8>> {
    let tags = prop::sample::select(vec![
        0x30_u8, 0x31, 0xa0, 0xa1, 0xa3, 0x02, 0x03, 0x04, 0x05, 0x06, 0x17, 0x18, 0x80,
    ]);
    let leaf =
        (tags.clone(), vec(any::<u8>(), 0..12)).prop_map(|(tag, content)| value(tag, &content));
    leaf.prop_recursive(6, 40, 6, move |inner| {
        (tags.clone(), vec(inner, 0..6)).prop_map(|(tag, parts)| value(tag, &parts.concat()))
    })
}

fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match length {
        0..0x80 => out.push(length as u8),
        0x80..0x100 => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend(content);
    out
}

proptest! {
    #[test]
    fn signatures_and_certificates(bytes in nested()) {
        let _ = Signature::read(&bytes);
        if let Ok(certificate) = Certificate::from_der(&bytes) {
            let _ = (certificate.subject().to_string(), certificate.public_key());
        }
    }

    #[test]
    fn signature_lists(bytes in beginning(&[
        0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40, 0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28,
        76, 0, 0, 0, 0, 0, 0, 0, 48, 0, 0, 0,
    ])) {
        if let Ok(lists) = SignatureLists::parse(&bytes) {
            prop_assert_eq!(lists.to_bytes(), bytes);
        }
    }

    #[test]
    fn authenticated_variables(bytes in vec(any::<u8>(), 0..256), length in any::<u32>()) {
        let mut whole = vec![0; 16];
        whole[..4].copy_from_slice(&[0xea, 7, 1, 1]);
        whole.extend(length.to_le_bytes());
        whole.extend([0, 2, 0xf1, 0x0e]);
        whole.extend([0x9d, 0xd2, 0xaf, 0x4a, 0xdf, 0x68, 0xee, 0x49, 0x8a, 0xa9, 0x34, 0x7d, 0x37, 0x56, 0x65, 0xa7]);
        whole.extend(&bytes);
        for bytes in [bytes, whole] {
            if let Ok(variable) = AuthenticatedVariable::parse(&bytes) {
                prop_assert_eq!(variable.to_bytes(), bytes);
                prop_assert!(variable.verify(VariableName::Db, Attributes::SECURE_BOOT).is_err());
            }
        }
    }

    #[test]
    fn variable_stores(changes in vec((0_usize..4096, any::<u8>()), 0..20), name in "[a-zA-Z]{1,9}", content in vec(any::<u8>(), 1..99)) {
        let mut bytes = vec![0xff; 4096];
        bytes[..16].fill(0);
        bytes[16..32].copy_from_slice(Guid::parse("fff12b8d-7696-4c8b-a985-2747075b4f50").expect("a GUID").as_bytes());
        bytes[40..44].copy_from_slice(b"_FVH");
        bytes[48..50].copy_from_slice(&[72, 0]);
        bytes[72..88].copy_from_slice(Guid::parse("aaf32c78-947b-439a-a180-2e144ec37792").expect("a GUID").as_bytes());
        bytes[88..92].copy_from_slice(&2048_u32.to_le_bytes());
        let mut store = VariableStore::parse(bytes).expect("an empty store");
        store.set(&name, VariableName::Db.vendor(), Attributes(7), &content, [1; 16]);
        let mut written = store.to_bytes().expect("fits");
        let again = VariableStore::parse(written.clone()).expect("a store");
        prop_assert_eq!(again.variables(), store.variables());
        for (at, value) in changes {
            written[at] = value;
        }
        if let Ok(changed) = VariableStore::parse(written) {
            let _ = changed.to_bytes();
        }
    }

    #[test]
    fn event_logs(bytes in beginning(&[
        0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 35, 0, 0, 0,
        b'S', b'p', b'e', b'c', b' ', b'I', b'D', b' ', b'E', b'v', b'e', b'n', b't', b'0', b'3', 0,
        0, 0, 0, 0, 0, 2, 0, 2, 1, 0, 0, 0, 11, 0, 32, 0, 0, 0, 0,
    ])) {
        if let Ok(log) = EventLog::parse(&bytes) {
            for bank in &log.banks {
                let _ = log.replay(*bank);
            }
            for event in &log.events {
                let _ = (event.image_load(), event.variable(), event.text());
            }
        }
    }

    #[test]
    fn entry_names(name in "[a-z+0-9.-]{0,12}(\\+[0-9]{1,3})?(-[0-9]{1,3})?\\.(conf|efi)") {
        if let Ok(read) = EntryName::parse(&name) {
            prop_assert_eq!(EntryName::parse(&read.to_string()), Ok(read));
        }
    }

    #[test]
    fn built_images_hold_what_was_given(
        command_line in vec(any::<u8>(), 1..2000),
        initrd in vec(any::<u8>(), 1..5000),
        names in 1_usize..6,
    ) {
        let stub_names = [".a", ".b", ".c", ".d", ".e", ".f"];
        let stub = image(&stub_names[..names]);
        let pieces = [Piece::new(Section::CommandLine, &command_line), Piece::new(Section::Initrd, &initrd)];
        let built = build(&stub, &pieces, &[]).expect("built");
        let file = File::parse(&built).expect("an image");
        for (section, content) in [(Section::CommandLine, &command_line), (Section::Initrd, &initrd)] {
            let header = file.section(section.name()).expect("there");
            prop_assert_eq!(file.contents(&header), content.as_slice());
            prop_assert_eq!(header.virtual_address % 4096, 0);
        }
        prop_assert_eq!(file.gaps(), 0);
        let first = file.sections().next().expect("the stub's");
        prop_assert_eq!(file.contents(&first), &[b'a'; 512]);
        // PCR 11, spelled out.
        let mut expected = pcr::Pcr::new(DigestAlgorithm::Sha256);
        for part in [&b".cmdline\0"[..], &command_line, b".initrd\0", &initrd] {
            expected.measure(part);
        }
        prop_assert_eq!(pcr::pcr11(&file, DigestAlgorithm::Sha256, 0, &[]), Ok(expected));
    }
}

/// Sixteen added sections don't fit behind the headers of this stub: the file grows in front.
#[test]
fn headers_grow_when_the_table_needs_room() {
    let stub = image(&[".text"]);
    let extra: Vec<Piece<'_>> = (0..16)
        .map(|_| Piece::new(Section::DeviceTreeAuto, b"tree"))
        .collect();
    let built = build(&stub, &extra, &[]).expect("built");
    let file = File::parse(&built).expect("an image");
    assert_eq!(file.headers().headers_size, 1024);
    let text = file.sections().next().expect("the stub's");
    assert_eq!(file.contents(&text), [b'a'; 512]);
    assert_eq!(file.sections().count(), 17);
}

#[test]
fn the_digest_is_that_of_the_covered_bytes() {
    let bytes = image(&[".text"]);
    let file = File::parse(&bytes).expect("an image");
    let (checksum, directory) = (
        file.headers().checksum_offset(),
        file.headers().certificates_offset().expect("there"),
    );
    let by_hand: Digest = DigestAlgorithm::Sha256.digest(&[
        &bytes[..checksum],
        &bytes[checksum + 4..directory],
        &bytes[directory + 8..],
    ]);
    assert_eq!(
        authenticode::digest(&file, DigestAlgorithm::Sha256),
        Ok(by_hand)
    );
}

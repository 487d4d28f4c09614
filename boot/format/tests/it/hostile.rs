//! Images that are broken in one place each, and bytes that are none at all.

use proptest::prelude::*;
use snowguard_boot_format::pe::{File, Loaded, PeError, SectionName};

use crate::image::{COFF, OPTIONAL, TABLE, image, put16, put32};

fn refused(change: impl FnOnce(&mut Vec<u8>)) -> PeError {
    let mut bytes = image(&[".text", ".data"]);
    File::parse(&bytes).expect("whole before");
    change(&mut bytes);
    File::parse(&bytes).expect_err("broken after")
}

fn name(name: &str) -> SectionName {
    SectionName::new(name).expect("a name")
}

#[test]
fn a_whole_image_is_read() {
    let bytes = image(&[".text", ".data"]);
    let file = File::parse(&bytes).expect("whole");
    let data = file.section(name(".data")).expect("there");
    assert_eq!(file.contents(&data), [b'b'; 512]);
    assert_eq!(file.sections_end(), bytes.len());
    assert_eq!(file.certificates().expect("none").count(), 0);
}

#[test]
fn an_image_in_memory_is_read_by_addresses() {
    let file = image(&[".text"]);
    let mut memory = vec![0; 0x2000];
    memory[..512].copy_from_slice(&file[..512]);
    memory[0x1000..0x1200].fill(7);
    let loaded = Loaded::parse(&memory).expect("whole");
    let text = loaded.section(name(".text")).expect("there");
    assert_eq!(loaded.contents(&text), [7; 512]);
    memory.truncate(0x1fff);
    assert!(matches!(
        Loaded::parse(&memory),
        Err(PeError::BadField {
            field: "SizeOfImage",
            ..
        })
    ));
}

#[test]
fn headers_that_contradict_themselves_are_refused() {
    assert_eq!(refused(|b| b[0] = b'm'), PeError::NotMz);
    assert_eq!(refused(|b| b[COFF] = 0), PeError::NotPe { at: COFF });
    assert_eq!(
        refused(|b| put16(b, OPTIONAL, 0x10b)),
        PeError::NotPe32Plus { magic: 0x10b }
    );
    for (at, value, field) in [
        (OPTIONAL + 32, 0, "SectionAlignment"),
        (OPTIONAL + 32, 0x1001, "SectionAlignment"),
        (OPTIONAL + 36, 0, "FileAlignment"),
        (OPTIONAL + 56, 1, "SizeOfImage"),
        (OPTIONAL + 60, 1, "SizeOfHeaders"),
        (OPTIONAL + 60, u32::MAX, "SizeOfHeaders"),
        (OPTIONAL + 16, u32::MAX, "AddressOfEntryPoint"),
        (OPTIONAL + 108, 17, "NumberOfRvaAndSizes"),
        (OPTIONAL + 108, u32::MAX, "NumberOfRvaAndSizes"),
    ] {
        let value_found = u64::from(value);
        assert_eq!(
            refused(|b| put32(b, at, value)),
            PeError::BadField {
                field,
                value: value_found
            }
        );
    }
}

#[test]
fn sixty_five_thousand_sections_are_refused() {
    let count = u16::MAX;
    assert_eq!(
        refused(|b| put16(b, COFF + 6, count)),
        PeError::TooManySections { count }
    );
    // Within the limit, and still more than the file holds.
    assert!(matches!(
        refused(|b| put16(b, COFF + 6, 500)),
        PeError::Truncated {
            what: "section table",
            ..
        }
    ));
}

#[test]
fn sections_stay_inside_and_apart() {
    assert!(matches!(
        refused(|b| put32(b, TABLE + 20, u32::MAX)),
        PeError::SectionOutsideFile { .. }
    ));
    assert!(matches!(
        refused(|b| put32(b, TABLE + 16, u32::MAX)),
        PeError::SectionOutsideFile { .. }
    ));
    // Inside of the headers: the table would be code.
    assert!(matches!(
        refused(|b| put32(b, TABLE + 20, 0)),
        PeError::SectionOutsideFile { .. }
    ));
    let overlap = PeError::SectionsOverlap {
        first: name(".text"),
        second: name(".data"),
    };
    assert_eq!(refused(|b| put32(b, TABLE + 40 + 20, 512 + 511)), overlap);
    assert_eq!(refused(|b| put32(b, TABLE + 40 + 12, 0x11ff)), overlap);
    assert!(matches!(
        refused(|b| put32(b, TABLE + 12, u32::MAX)),
        PeError::SectionOutsideImage { .. }
    ));
    assert!(matches!(
        refused(|b| put32(b, TABLE + 8, u32::MAX)),
        PeError::SectionOutsideImage { .. }
    ));
}

#[test]
fn certificate_tables_are_the_end_and_aligned() {
    let directory = OPTIONAL + 112 + 4 * 8;
    let with_table = |offset: u32, size: u32, junk: usize| {
        let mut bytes = image(&[".text"]);
        let end = bytes.len();
        bytes.extend([0; 16]);
        put32(&mut bytes, end, 16);
        bytes.extend(vec![0; junk]);
        put32(&mut bytes, directory, offset);
        put32(&mut bytes, directory + 4, size);
        let file = File::parse(&bytes).expect("the sections are whole");
        file.certificates().map(Iterator::count)
    };
    let end = image(&[".text"]).len() as u32;
    assert_eq!(with_table(end, 16, 0), Ok(1));
    assert_eq!(
        with_table(end, 16, 3),
        Err(PeError::BytesAfterCertificates { count: 3 })
    );
    for (offset, size) in [
        (end + 4, 12),
        (end - 8, 24),
        (0, 8),
        (end, 24),
        (u32::MAX, 8),
    ] {
        assert_eq!(
            with_table(offset, size, 0),
            Err(PeError::BadCertificateTable { offset, size })
        );
    }
}

#[test]
fn certificate_entries_of_impossible_length_are_refused() {
    for length in [0_u32, 7, 17, u32::MAX] {
        let mut bytes = image(&[".text"]);
        let end = bytes.len();
        bytes.extend([0; 16]);
        put32(&mut bytes, end, length);
        put32(&mut bytes, OPTIONAL + 112 + 32, end as u32);
        put32(&mut bytes, OPTIONAL + 112 + 36, 16);
        let file = File::parse(&bytes).expect("whole");
        let entries: Vec<_> = file.certificates().expect("placed well").collect();
        assert_eq!(
            entries,
            [Err(PeError::BadCertificateEntry { at: end, length })]
        );
    }
}

fn read_everything(bytes: &[u8]) {
    if let Ok(file) = File::parse(bytes) {
        for section in file.sections() {
            let _ = (file.contents(&section), section.name.to_string());
        }
        if let Ok(certificates) = file.certificates() {
            certificates.for_each(drop);
        }
    }
    if let Ok(loaded) = Loaded::parse(bytes) {
        loaded.sections().for_each(|section| {
            let _ = loaded.contents(&section);
        });
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_readers_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
        read_everything(&bytes);
    }

    #[test]
    fn no_change_of_an_image_makes_the_readers_panic(
        changes in proptest::collection::vec((0_usize..1024, any::<u8>()), 1..12),
        length in 0_usize..1600,
    ) {
        let mut bytes = image(&[".text", ".data"]);
        for (at, value) in changes {
            bytes[at] = value;
        }
        bytes.truncate(length);
        read_everything(&bytes);
    }
}

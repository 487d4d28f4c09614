//! What an image says, embedded and thin, with and without profiles.

use sha2::{Digest, Sha256};
use snowguard_boot_format::pe::Loaded;
use snowguard_boot_format::uki::Section;
use snowguard_stub::image::{Image, Source};
use snowguard_stub::measure;
use snowguard_stub::refusal::{Part, Refusal};

use crate::made;

type Sections<'a> = &'a [(&'a str, &'a [u8])];

/// Reads an image and gives what `look` makes of it.
fn read<T>(
    sections: Sections<'_>,
    profile: usize,
    look: impl Fn(&Image<'_>) -> T,
) -> Result<T, Refusal> {
    let memory = made::image(sections);
    let loaded = Loaded::parse(&memory).expect("well-formed");
    Image::read(&loaded, profile).map(|image| look(&image))
}

fn refusal(sections: Sections<'_>) -> Refusal {
    read(sections, 0, |_| ()).expect_err("refused")
}

#[test]
fn an_embedded_image_is_measured_in_order() {
    // The table's order is another.
    let sections: Sections<'_> = &[
        (".text", b"\x90"),
        (".initrd", b"I"),
        (".pcrsig", b"{}"),
        (".cmdline", b"quiet"),
        (".linux", b"K"),
        (".osrel", b"ID=x"),
    ];
    let measured = read(sections, 0, |image| {
        let events = measure::image(image, b"K", Some(b"I"));
        let events = events
            .into_iter()
            .map(|event| (event.name(), event.data.to_vec()));
        events.collect::<Vec<_>>()
    });
    let expected: Vec<(Vec<u8>, Vec<u8>)> = [
        (".linux\0", "K"),
        (".osrel\0", "ID=x"),
        (".cmdline\0", "quiet"),
        (".initrd\0", "I"),
    ]
    .map(|(name, data)| (name.as_bytes().to_vec(), data.as_bytes().to_vec()))
    .to_vec();
    assert_eq!(measured, Ok(expected), ".pcrsig is not measured");
}

#[test]
fn a_thin_image_measures_like_the_embedded_one() {
    let digest = Sha256::digest(b"K");
    let thin: Sections<'_> = &[
        (".linuxp", b"\\k"),
        (".linuxh", &digest),
        (".cmdline", b"quiet"),
    ];
    let whole: Sections<'_> = &[(".linux", b"K"), (".cmdline", b"quiet")];
    let events = |sections| {
        read(sections, 0, |image| {
            let events = measure::image(image, b"K", None).into_iter();
            events
                .map(|event| (event.section, event.data.to_vec()))
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(events(thin), events(whole));
}

#[test]
fn pinned_bytes_are_held_to_their_digest() {
    let digest = Sha256::digest(b"K");
    for sections in [
        &[
            (".linuxp", b"\\k".as_slice()),
            (".linuxh", digest.as_slice()),
        ],
        &[(".linux", b"K".as_slice()), (".linuxh", digest.as_slice())],
    ] {
        let checked = read(sections, 0, |image| {
            let check = |bytes| image.kernel().check(Part::Kernel, bytes);
            (check(b"K".as_slice()), check(b"L".as_slice()))
        });
        let (good, bad) = checked.expect("reads");
        assert_eq!(good, Ok(()));
        assert!(matches!(
            bad,
            Err(Refusal::Digest {
                part: Part::Kernel,
                ..
            })
        ));
    }
}

#[test]
fn contradictions_are_refused() {
    let digest = [0; 32];
    let digest = digest.as_slice();
    let path = b"\\k".as_slice();
    let kernel = (".linux", b"K".as_slice());
    assert_eq!(refusal(&[(".text", b"\x90")]), Refusal::NoKernel);
    assert_eq!(
        refusal(&[kernel, (".linuxp", path), (".linuxh", digest)]),
        Refusal::TwoSources(Part::Kernel)
    );
    assert_eq!(
        refusal(&[(".linuxp", path)]),
        Refusal::HalfAPin(Part::Kernel)
    );
    assert_eq!(
        refusal(&[(".linuxh", digest)]),
        Refusal::HalfAPin(Part::Kernel)
    );
    assert_eq!(
        refusal(&[kernel, (".initrdp", path)]),
        Refusal::HalfAPin(Part::Initrd)
    );
    assert_eq!(
        refusal(&[kernel, (".initrdp", path), (".initrdh", &digest[1..])]),
        Refusal::DigestSize {
            part: Part::Initrd,
            size: 31
        }
    );
    assert_eq!(refusal(&[kernel, kernel]), Refusal::Twice(".linux"));
    assert_eq!(
        refusal(&[(".linuxp", path), (".linuxp", path), (".linuxh", digest)]),
        Refusal::Twice(".linuxp")
    );
    for section in [".dtb", ".dtbauto", ".efifw"] {
        assert_eq!(
            refusal(&[kernel, (section, b"x")]),
            Refusal::Unsupported(section)
        );
    }
}

#[test]
fn profiles_override_what_they_have() {
    let digest = Sha256::digest(b"L");
    let sections: Sections<'_> = &[
        (".linux", b"K"),
        (".cmdline", b"base"),
        (".osrel", b"ID=x"),
        (".profile", b"ID=main"),
        (".profile", b"ID=debug"),
        (".cmdline", b"debug"),
        (".profile", b"ID=other"),
        (".linuxp", b"\\l"),
        (".linuxh", &digest),
    ];
    let line = |profile| {
        read(sections, profile, |image| {
            let text = |section| {
                image
                    .text(section)
                    .map(|text| text.unwrap_or_default().to_owned())
            };
            (
                text(Section::CommandLine).unwrap(),
                text(Section::Profile).unwrap(),
            )
        })
    };
    let is = |line: &str, id: &str| Ok((line.to_owned(), format!("ID={id}")));
    assert_eq!(
        line(0),
        is("base", "main"),
        "the first is chosen when none is asked for"
    );
    assert_eq!(line(1), is("debug", "debug"));
    assert_eq!(
        line(3),
        Err(Refusal::NoProfile {
            asked: 3,
            present: 3
        })
    );
    assert_eq!(
        line(usize::MAX),
        Err(Refusal::NoProfile {
            asked: usize::MAX,
            present: 3
        })
    );
    let pinned = read(sections, 2, |image| {
        matches!(image.kernel(), Source::Pinned(_))
    });
    assert_eq!(
        pinned,
        Ok(true),
        "a profile's pin replaces the embedded kernel"
    );
    let none = read(&[(".linux", b"K")], 1, |_| ());
    assert_eq!(
        none,
        Err(Refusal::NoProfile {
            asked: 1,
            present: 0
        })
    );
}

#[test]
fn every_refusal_is_a_sentence() {
    for refused in [
        refusal(&[(".text", b"\x90")]),
        refusal(&[(".linux", b"K"), (".dtb", b"x")]),
        refusal(&[(".linuxp", b"\\..\\\x1b[2J"), (".linuxh", &[0; 32])]),
        Refusal::Measurement {
            pcr: 11,
            cause: snowguard_stub::refusal::FirmwareStatus(7),
        },
    ] {
        let text = refused.to_string();
        assert!(!text.contains('\x1b'), "{text:?} would write to the screen");
        assert!(text.len() > 20, "{text:?}");
    }
}

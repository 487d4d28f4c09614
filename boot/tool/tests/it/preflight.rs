//! `keys enroll` looks for option ROMs in the event log before it writes anything.

use snowguard_boot_format::guid::Guid;

use crate::events::{agile, header};
use crate::keys::with_store;
use crate::program::Place;

const DRIVER: u32 = 0x8000_0004;
const AUTHORITY: u32 = 0x8000_00e0;

/// The log of a boot that loaded a driver from a card at PCI 00:02.0, allowed by this certificate.
fn log(authority: Option<&[u8]>) -> Vec<u8> {
    let mut log = header();
    if let Some(certificate) = authority {
        let name: Vec<u8> = "db".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut data = Guid::parse("d719b2cb-3d3a-4596-a3bc-dad00e67656f")
            .expect("a GUID")
            .as_bytes()
            .to_vec();
        data.extend(2_u64.to_le_bytes());
        data.extend((16 + certificate.len() as u64).to_le_bytes());
        data.extend(name);
        data.extend([0; 16]);
        data.extend(certificate);
        agile(&mut log, 7, AUTHORITY, &data);
    }
    let path = [
        [2, 1, 12, 0, 0xd0, 0x41, 3, 0x0a, 0, 0, 0, 0].as_slice(),
        &[1, 1, 6, 0, 0, 2],
        &[0x7f, 0xff, 4, 0],
    ]
    .concat();
    let mut data = vec![0; 24];
    data.extend((path.len() as u64).to_le_bytes());
    data.extend(path);
    agile(&mut log, 2, DRIVER, &data);
    log
}

const ENROLL: [&str; 8] = [
    "keys",
    "enroll",
    "--folder",
    "k",
    "--variables",
    "vars.fd",
    "--event-log",
    "log",
];

fn prospect(place: &Place, more: &[&str]) -> (String, bool) {
    let told = place.json(&[&ENROLL[..], more].concat());
    let image = &told["images"][0];
    assert_eq!(image["device_path"], "PciRoot(0x0)/Pci(0x2,0x0)");
    assert_eq!(image["driver"], true);
    let prospect = image["prospect"].as_str().expect("text").to_owned();
    (prospect, told["written"] == true)
}

#[test]
fn a_driver_that_nothing_would_allow_stops_the_enrolment() {
    let place = Place::new().with_keys();
    with_store(&place);
    place.write("log", &log(None));
    let before = place.read("vars.fd");
    assert_eq!(prospect(&place, &[]), ("at-risk".to_owned(), false));
    place.ends(1, &ENROLL);
    assert_eq!(place.read("vars.fd"), before);
    // Whoever insists gets it.
    assert_eq!(
        prospect(&place, &["--accept-risk"]),
        ("at-risk".to_owned(), true)
    );
    assert_ne!(place.read("vars.fd"), before);
}

#[test]
fn a_driver_goes_on_by_its_digest_or_by_what_allowed_it() {
    let place = Place::new().with_keys();
    with_store(&place);
    place.write("log", &log(None));
    let dry = |more: &[&str]| prospect(&place, &[more, &["--dry-run"]].concat()).0;
    assert_eq!(dry(&["--allow-drivers"]), "allowed-by-digest");
    assert_eq!(dry(&["--microsoft"]), "probable");
    let certificate = include_bytes!("../../certificates/ms-uefi-2011.der");
    place.write("log", &log(Some(certificate)));
    assert_eq!(dry(&["--microsoft"]), "allowed-by-authority");
    // Signed by somebody whose certificate would go.
    assert_eq!(dry(&[]), "at-risk");
    place.write("log", &log(Some(&[1, 2, 3])));
    assert_eq!(dry(&["--microsoft"]), "at-risk");
}

#[test]
fn the_digest_of_an_allowed_driver_is_in_db() {
    let place = Place::new().with_keys();
    with_store(&place);
    place.write("log", &log(None));
    place.good(&[&ENROLL[..], &["--allow-drivers"]].concat());
    let status = place.good(&["keys", "status", "--folder", "k", "--variables", "vars.fd"]);
    assert!(
        status.contains("db: 2 entries\n  CN=Snowguard Database Key\n  image sha256:"),
        "{status}"
    );
}

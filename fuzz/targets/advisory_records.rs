//! Records of every advisory format: what is read survives the model's JSON, in which it is stored.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snowguard_advisory::limits::Limits;
use snowguard_advisory::model::Record;
use snowguard_advisory::reading::Reading;
use snowguard_advisory::vendor::{self, Format};
use snowguard_advisory::{cve5, epss, kev, nvd, osv};

const VENDORS: [Format; 7] = [
    Format::FriendsOfPhp,
    Format::RubySec,
    Format::RustSec,
    Format::Mozilla,
    Format::NodeCore,
    Format::Haskell,
    Format::Trickest,
];

// The first byte chooses the format, so that one corpus serves all.
fuzz_target!(|data: &[u8]| {
    let Some((&format, bytes)) = data.split_first() else { return };
    let limits = Limits { array: 1000, ..Limits::default() };
    match format {
        b'c' => cve5::read(bytes, &limits).into_iter().for_each(check),
        b'n' => nvd::read(bytes, &limits).into_iter().for_each(check),
        b'o' => osv::read(bytes, None, &limits).into_iter().for_each(check),
        b'm' => vendor::read_marked(bytes, &limits).into_iter().flatten().for_each(check),
        b'p' => drop(nvd::split(bytes, &limits)),
        b'k' => drop(kev::read(bytes, &limits)),
        b'l' => drop(kev::split(bytes, &limits)),
        b'e' => {
            if let Ok((_, rows)) = epss::read(bytes, &limits) {
                rows.for_each(drop);
            }
        }
        other => {
            let format = VENDORS[usize::from(other) % VENDORS.len()];
            vendor::read(format, bytes, &limits).into_iter().flatten().for_each(check);
        }
    }
});

fn check(reading: Reading) {
    let json = serde_json::to_string(&reading.record).expect("a record can be written");
    let back: Record = serde_json::from_str(&json).expect("a written record can be read");
    assert_eq!(back, reading.record);
}

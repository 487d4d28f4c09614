//! `install` of 50 generations: the first time, with 10 new ones, and again with nothing to do.
//!
//! Every five generations have a kernel (12 MiB) and an initrd (18 MiB) in common, as on a machine whose kernel
//! changes with every fifth update: 300 MiB on the partition. Everything that a run does is in the time: the profile,
//! verifying what is there, signing (P-256), writing and synchronising. The partition is a folder in the
//! system's temporary folder, on whatever file system that is.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../tests/it/forge.rs"]
mod forge;
#[path = "../../signer/tests/it/image.rs"]
mod image;
#[path = "../../signer/tests/it/material.rs"]
mod material;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../tests/it/store.rs"]
mod store;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use snowguard_boot_installer::loader::{ConsoleMode, Menu};
use snowguard_boot_installer::partitions::Partitions;
use snowguard_boot_installer::plan::{Booted, Plan, Request, Settings};
use snowguard_boot_installer::profile::Profile;
use snowguard_boot_installer::thin::ThinForge;
use snowguard_boot_installer::transaction::{Summary, carry_out};
use snowguard_boot_installer::volume::Mounted;

use store::Store;

const GENERATIONS: u64 = 50;
const NEW: u64 = 10;
/// Generations with the same kernel and initrd.
const ALIKE: u64 = 5;
const KERNEL: usize = 12 << 20;
const INITRD: usize = 18 << 20;

fn main() {
    let store = Store::new();
    let esp = tempfile::tempdir().unwrap();
    let forge = forge::forge().thin();
    let mut profile = PathBuf::new();
    for number in 1..=GENERATIONS - NEW {
        profile = generation(&store, number);
    }
    let newest = |number: u64| store.path(&format!("{number}-system"));
    let first = run(&profile, &newest(GENERATIONS - NEW), esp.path(), &forge);
    tell("install_40_first", &first);
    for number in GENERATIONS - NEW + 1..=GENERATIONS {
        generation(&store, number);
    }
    let new = run(&profile, &newest(GENERATIONS), esp.path(), &forge);
    tell("install_50_of_which_10_new", &new);
    let mut again = run(&profile, &newest(GENERATIONS), esp.path(), &forge);
    for _ in 0..4 {
        let next = run(&profile, &newest(GENERATIONS), esp.path(), &forge);
        again = if next.0 < again.0 { next } else { again };
    }
    assert_eq!(again.1, Summary::default());
    tell("install_50_unchanged", &again);
}

/// Its kernel and initrd are those of the first generation alike; gives the profile.
fn generation(store: &Store, number: u64) -> PathBuf {
    let alike = (number - 1) / ALIKE;
    let (kernel, initrd) = (format!("kernel-{alike}"), format!("initrd-{alike}"));
    if !store.path(&kernel).exists() {
        store.file(&kernel, &store::noise(alike * 2 + 1000, KERNEL));
        store.file(&initrd, &store::noise(alike * 2 + 1001, INITRD));
    }
    let mut document = store.document(number, 0, 0);
    let spec = &mut document["org.nixos.bootspec.v1"];
    spec["kernel"] = store.path(&kernel).display().to_string().into();
    spec["initrd"] = store.path(&initrd).display().to_string().into();
    store.link(number, &document);
    store.path("../profiles/system")
}

fn run(profile: &Path, default: &Path, esp: &Path, forge: &ThinForge) -> (Duration, Summary) {
    let boot_loader = store::boot_loader("260.1");
    let settings = Settings {
        limit: None,
        tries: Some(3),
        menu: Menu {
            timeout: Some(5),
            editor: false,
            console_mode: ConsoleMode::Keep,
        },
    };
    let start = Instant::now();
    let profile = Profile::read(profile).unwrap();
    let request = Request {
        profile: &profile,
        default,
        booted: Booted::default(),
        boot_loader: &boot_loader,
        settings: &settings,
    };
    let volume = Mounted::lock(esp).unwrap();
    let partitions = Partitions::esp_only(&volume);
    let plan = Plan::make(&request, &partitions, forge).unwrap();
    let summary = carry_out(&plan, &partitions, forge).unwrap();
    (start.elapsed(), summary)
}

fn tell(name: &str, (time, summary): &(Duration, Summary)) {
    println!(
        "{name} {:.4} s, {} files with {} MiB written",
        time.as_secs_f64(),
        summary.written,
        summary.bytes >> 20
    );
}

//! What was installed, started by real firmware under Secure Boot: systemd-boot counts, the stub checks,
//! the kernel boots or panics.

use std::fs;

use snowguard_boot_installer::naming::{Counter, ImageName};
use snowguard_boot_installer::partitions::Partitions;
use snowguard_boot_installer::plan::{Booted, Plan, Request};
use snowguard_boot_installer::thin::ThinForge;
use snowguard_boot_installer::transaction::carry_out;
use snowguard_boot_installer::volume::Mounted;
use snowguard_vm::disk::Disk;
use snowguard_vm::keys::{Firmware, Signer};
use snowguard_vm::kit::Kit;
use snowguard_vm::machine::Machine;

use crate::install::folder::settings;
use crate::store::Store;

const PANIC: &str = "Rebooting immediately";

/// What was installed starts as far as the kernel, and panics there for want of a first process.
#[test]
fn a_generation_that_panics_is_counted_down_until_no_try_is_left() {
    let Some(kit) = Kit::obtain().unwrap() else {
        return;
    };
    let keys = kit.folder().join("keys");
    let key = Signer::obtain(&keys, "db").unwrap();
    let store = Store::new();
    generation(&store, &kit, 1, &[]);
    generation(&store, &kit, 2, &["rdinit=/missing", "panic=-1"]);
    let esp = tempfile::tempdir().unwrap();
    let plan = install(&store, &kit, &keys, esp.path());
    assert_eq!(plan.boots[0].name.generation, 2);

    let files = files(esp.path());
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (&name[..], &bytes[..]))
        .collect();
    let disk = Disk::new(128).unwrap().with(&files).unwrap();
    let firmware = Firmware {
        key: Some(&key),
        forbidden: Vec::new(),
        options: Vec::new(),
    };
    let machine = Machine::new(&kit, &disk, &firmware).unwrap();
    for tries in 1..=3 {
        let outcome = machine.run(&[PANIC]).unwrap();
        println!("try {tries}: {:?}", outcome.time);
        assert!(outcome.report.is_none(), "try {tries}: {}", outcome.screen);
        assert!(
            outcome.screen.contains("Kernel panic"),
            "{}",
            outcome.screen
        );
        let counter = Counter {
            left: 3 - tries,
            done: tries,
        };
        let names = machine.disk().unwrap().list("EFI/Linux").unwrap();
        assert_eq!(
            counter_of(&machine, 2),
            Some(counter),
            "{names:?}\n{}",
            outcome.screen
        );
    }
}

fn counter_of(machine: &Machine<'_>, generation: u64) -> Option<Counter> {
    let names = machine.disk().unwrap().list("EFI/Linux").unwrap();
    let mut ours = names.iter().filter_map(|name| ImageName::parse(name));
    ours.find(|name| name.generation == generation)
        .unwrap()
        .counter
}

fn generation(store: &Store, kit: &Kit, number: u64, parameters: &[&str]) {
    let mut document = store.document(number, 0, 0);
    store.file(&format!("{number}-kernel"), &kit.kernel);
    store.file(&format!("{number}-initrd"), &kit.initrd);
    let all = [&["console=ttyS0"], parameters].concat();
    document["org.nixos.bootspec.v1"]["kernelParams"] = all.into();
    store.link(number, &document);
}

fn install(store: &Store, kit: &Kit, keys: &std::path::Path, esp: &std::path::Path) -> Plan {
    let signer =
        snowguard_boot_signer::open_pem(&keys.join("db.key"), &keys.join("db.crt")).unwrap();
    let forge = ThinForge::new(kit.stub.clone(), Box::new(signer));
    let package = kit.package("systemd-boot-efi").unwrap();
    let boot_loader =
        fs::read(package.join("usr/lib/systemd/boot/efi/systemd-bootx64.efi")).unwrap();
    let volume = Mounted::lock(esp).unwrap();
    let partitions = Partitions::esp_only(&volume);
    let mut settings = settings();
    settings.menu.timeout = Some(0);
    let request = Request {
        profile: &store.profile(),
        default: &store.path("2-system"),
        booted: Booted::default(),
        boot_loader: &boot_loader,
        settings: &settings,
    };
    let plan = Plan::make(&request, &partitions, &forge).unwrap();
    carry_out(&plan, &partitions, &forge).unwrap();
    plan
}

fn files(folder: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                files.push((name, fs::read(path).unwrap()));
            }
        }
    }
    files
}

//! Our signed variables, handed to firmware by efitools' own program.

use std::fs;

use snowguard_vm::keys::Firmware;
use snowguard_vm::kit::Kit;
use snowguard_vm::machine::Machine;

use super::{bring, disk, first_generation, ran, report};
use crate::program::Place;
use crate::tools::{must, there};

const UNLOCK: &str = "chattr -i /sys/firmware/efi/efivars/db-d719b2cb-3d3a-4596-a3bc-dad00e67656f";
const DAY: u64 = 86_400;

/// `keys export` goes through `efi-updatevar` from setup mode to user mode; from then on firmware itself verifies each
/// db, and takes the newer one that our KEK signed, and none that a stranger's KEK signed, whose content was
/// changed, or that is older than what is there.
#[test]
fn efi_updatevar_enrols_our_keys_and_firmware_refuses_a_strangers_a_changed_and_an_old_db() {
    let tools = ["efi-updatevar", "efi-readvar", "busybox", "chattr"];
    if !tools.into_iter().all(there) {
        return;
    }
    let Some(kit) = Kit::obtain().expect("a kit") else {
        return;
    };
    let place = first_generation(&kit);
    place.good(&["keys", "create", "--folder", "s", "--kind", "rsa2048"]);
    for (folder, name, day, more) in [
        ("k", "first", 0, [].as_slice()),
        ("s", "strange", 1, &[]),
        ("k", "later", 1, &["--microsoft"]),
        ("k", "changed", 2, &[]),
        ("k", "last", 3, &[]),
    ] {
        export(&place, folder, name, day, more);
    }
    let mut changed = place.read("esp/test/changed/db.auth");
    *changed.last_mut().expect("a certificate's end") ^= 1;
    place.write("esp/test/changed/db.auth", &changed);

    let at = |name: &str| must("which", &[name]).trim().to_owned();
    fs::copy(at("busybox"), place.at("esp/test/busybox")).expect("copied");
    // It asks `mount -l` of a shell where the variables are. That of busybox doesn't know the word, and its shell
    // would take no other.
    let mount = "#!/bin/sh\nexec /boot/test/busybox mount\n";
    place.write("esp/test/mount", mount.as_bytes());
    let programs = ["efi-updatevar", "efi-readvar", "chattr", "sh"].map(at);
    let programs: Vec<&str> = programs.iter().map(String::as_str).collect();
    let commands = [
        ("busybox mkdir /bin /lib /lib64", Taken),
        ("busybox ln -s /boot/test/sh /bin/sh", Taken),
        ("busybox ln -s /boot/test/mount /bin/mount", Taken),
        ("busybox ln -s /boot/test /lib/x86_64-linux-gnu", Taken),
        (
            "busybox ln -s /boot/test/ld.so /lib64/ld-linux-x86-64.so.2",
            Taken,
        ),
        ("efi-updatevar -f /boot/test/first/db.auth db", Taken),
        ("efi-updatevar -f /boot/test/first/KEK.auth KEK", Taken),
        ("efi-updatevar -f /boot/test/first/PK.auth PK", Taken),
        // The kernel guards variables that are there against mistakes.
        (UNLOCK, Taken),
        ("efi-updatevar -f /boot/test/strange/db.auth db", Refused),
        ("efi-updatevar -f /boot/test/changed/db.auth db", Refused),
        ("efi-updatevar -f /boot/test/later/db.auth db", Taken),
        ("efi-readvar -v db", Taken),
        ("efi-updatevar -f /boot/test/first/db.auth db", Refused),
        // So it was not that nothing could be written any more.
        ("efi-updatevar -f /boot/test/last/db.auth db", Taken),
        ("efi-readvar -v db", Taken),
    ];
    let lines = commands.map(|(command, _)| match command.strip_prefix("busybox ") {
        Some(words) => format!("/boot/test/busybox {words}"),
        None => command.to_owned(),
    });
    bring(&place, &programs, &lines.each_ref().map(String::as_str));
    let machine = Machine::new(&kit, &disk(&place), &Firmware::default()).expect("a machine");
    let outcome = machine.run(&["Kernel panic"]).expect("a run");
    let report = report(&outcome);
    let wrong: Vec<String> = commands
        .iter()
        .enumerate()
        .map(|(number, (command, expected))| (command, expected, ran(report, number)))
        .filter(|(_, expected, (code, told))| match expected {
            Taken => *code != 0,
            // How it tells EACCES, by which Linux tells EFI_SECURITY_VIOLATION.
            Refused => *code == 0 || !told.starts_with("Cannot write to db, "),
        })
        .map(|(command, expected, (code, told))| {
            format!("{command}: {code}, not {expected:?}: {told}")
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    // Firmware has left setup mode.
    assert_eq!(report.variable("SetupMode"), Some([0].as_slice()));
    for (from_the_end, microsofts) in [(4, true), (1, false)] {
        let (_, db) = ran(report, commands.len() - from_the_end);
        assert!(db.contains("CN=Snowguard Database Key"), "{db}");
        assert_eq!(db.contains("CN=Microsoft UEFI CA 2023"), microsofts, "{db}");
    }
}

use Expected::{Refused, Taken};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Taken,
    Refused,
}

/// Signed lists of a folder of keys, so many days later.
fn export(place: &Place, folder: &str, name: &str, day: u64, more: &[&str]) {
    let time = 1_767_225_600 + day * DAY;
    let output = format!("esp/test/{name}");
    let arguments = [&["keys", "export", "--folder", folder, &output], more].concat();
    let status = place
        .command(&arguments)
        .env("SOURCE_DATE_EPOCH", time.to_string())
        .status()
        .expect("the program starts");
    assert!(status.success(), "{name}");
}

//! Installing into a folder: what is written, what stays, what goes.

mod bad_input;
pub mod folder;
mod sections;

use std::fs;

use folder::Machine;
use serde_json::json;
use snowguard_boot_installer::plan::Plan;

use crate::forge::Key;
use crate::image::image;
use crate::store::exists;

#[test]
fn a_first_run_installs_everything_and_a_second_writes_nothing() {
    let mut machine = Machine::new();
    machine.store.generation(1, 5000, 9000);
    machine.store.generation(2, 5000, 9000);
    machine.switch_to(2);
    let summary = machine.install();
    // Two kernels, two initrds, two images, loader.conf, two boot loaders.
    assert_eq!((summary.written, summary.removed), (9, 0));
    let plan = machine.plan().unwrap();
    assert!(plan.is_empty(), "{plan}");
    assert_eq!(plan.boots[0].name.generation, 2);
    assert_eq!(machine.install(), Default::default());
    assert_eq!(
        machine.images(),
        ["nixos-generation-1-*+3.efi", "nixos-generation-2-*+3.efi",]
    );
    for file in [
        "EFI/systemd/systemd-bootx64.efi",
        "EFI/BOOT/BOOTX64.EFI",
        "loader/loader.conf",
    ] {
        assert!(exists(&machine.esp().join(file)), "{file}");
    }
}

#[test]
fn specialisations_are_installed_at_any_depth() {
    let mut machine = Machine::new();
    let mut document = machine.store.document(1, 100, 100);
    let inner = machine.store.document(8, 100, 100);
    let mut outer = machine.store.document(9, 100, 100);
    outer["org.nixos.specialisation.v1"] = json!({"Debug": inner});
    document["org.nixos.specialisation.v1"] = json!({"debug": outer});
    machine.store.link(1, &document);
    machine.switch_to(1);
    machine.install();
    assert_eq!(
        machine.images(),
        [
            "nixos-generation-1-*+3.efi",
            "nixos-generation-1-specialisation-debug-*+3.efi",
            "nixos-generation-1-specialisation-debug.debug-*+3.efi",
        ]
    );
}

#[test]
fn the_limit_keeps_the_newest_the_default_the_booted_and_the_last_good() {
    let mut machine = Machine::new();
    for number in 1..=6 {
        machine.store.generation(number, 100, 100);
    }
    machine.switch_to(6);
    machine.install();
    machine.rename_image("nixos-generation-4-", "+3", "");
    machine.boot(3);
    machine.settings.limit = Some(1);
    machine.switch_to(2);
    machine.install();
    assert_eq!(machine.generations(), [2, 3, 4, 6]);
    // Not the newest, so it is named.
    let configuration = fs::read_to_string(machine.esp().join("loader/loader.conf")).unwrap();
    assert!(
        configuration.contains("\ndefault nixos-generation-2-[0-9a-f]*\n"),
        "{configuration}"
    );
    assert!(machine.plan().unwrap().is_empty());
}

#[test]
fn a_booted_generation_stays_when_the_profile_forgot_it() {
    let mut machine = Machine::new();
    machine.store.generation(1, 100, 100);
    machine.store.generation(2, 100, 100);
    machine.switch_to(1);
    machine.install();
    machine.boot(1);
    machine.store.unlink(1);
    machine.switch_to(2);
    let plan = machine.plan().unwrap();
    let kept: Vec<_> = plan
        .boots
        .iter()
        .map(|entry| (entry.name.generation, entry.kept))
        .collect();
    assert_eq!(kept, [(2, None), (1, Some("booted"))]);
    machine.install();
    machine.boot(2);
    machine.install();
    assert_eq!(machine.generations(), [2]);
}

#[test]
fn damage_is_mended_from_the_store() {
    let mut machine = Machine::new();
    machine.store.generation(1, 5000, 9000);
    machine.store.generation(2, 5000, 9000);
    machine.switch_to(2);
    machine.install();
    let before = machine.snapshot();
    for (number, file) in machine.files().into_iter().enumerate() {
        let path = machine.esp().join(&file);
        let mut bytes = fs::read(&path).unwrap();
        match number % 3 {
            0 => bytes[600 % before[&file].len()] ^= 1,
            1 => bytes.truncate(bytes.len() / 2),
            _ => bytes.clear(),
        }
        fs::write(&path, bytes).unwrap();
        let plan = machine.plan().unwrap();
        assert!(!plan.is_empty(), "the damage to {file} was not seen");
        machine.install();
        assert!(
            machine.snapshot() == before,
            "{file} was not mended:\n{plan}"
        );
    }
}

#[test]
fn only_own_files_are_deleted() {
    let mut machine = Machine::new();
    machine.store.generation(1, 100, 100);
    machine.switch_to(1);
    let others = [
        "EFI/Linux/nixos-generation-1-qjkq3pxsbjn2yq5vjz7yz5kz3wqxw6nwvjlr2kp4mzvdhwyq5zda.efi",
        "EFI/Linux/arch.efi",
        "EFI/nixos/kernel-6.12-abc.efi",
        "EFI/Microsoft/Boot/bootmgfw.efi",
        "loader/entries/nixos-generation-1.conf",
        "notes.txt",
    ];
    for other in others {
        machine.plant(other, b"MZ somebody else's");
    }
    // Ours by name, and nothing that boots.
    machine.plant(
        "EFI/Linux/nixos-generation-7-0123456789abcdef+1-2.efi",
        b"half",
    );
    let orphan = format!("EFI/nixos/kernel-{}.efi", "0".repeat(64));
    machine.plant(&orphan, b"half");
    let summary = machine.install();
    assert_eq!(summary.removed, 2);
    for other in others {
        assert_eq!(
            fs::read(machine.esp().join(other)).unwrap(),
            b"MZ somebody else's",
            "{other}"
        );
    }
}

#[test]
fn somebody_elses_fallback_loader_stays() {
    let mut machine = Machine::new();
    machine.store.generation(1, 100, 100);
    machine.switch_to(1);
    let shim = image(b"shim", 0);
    machine.plant("EFI/BOOT/BOOTX64.EFI", &shim);
    let plan = machine.plan().unwrap();
    assert!(
        plan.notes
            .iter()
            .any(|note| note.contains("somebody else's")),
        "{plan}"
    );
    machine.install();
    assert_eq!(
        fs::read(machine.esp().join("EFI/BOOT/BOOTX64.EFI")).unwrap(),
        shim
    );
}

#[test]
fn a_new_stub_or_key_reaches_every_entry_and_the_last_good_image_stays() {
    let mut machine = Machine::new();
    for number in 1..=3 {
        machine.store.generation(number, 100, 100);
    }
    machine.switch_to(3);
    machine.install();
    machine.rename_image("nixos-generation-3-", "+3", "");
    let old = machine.images_of(3);
    machine.boot(3);
    machine.forge.stub = "stub 2".to_owned();
    machine.install();
    assert_eq!(machine.generations(), [1, 2, 3, 3]);
    assert!(
        old.iter()
            .all(|image| exists(&machine.esp().join("EFI/Linux").join(image)))
    );
    // Once the new image was blessed, nobody needs the old one.
    machine.rename_image("nixos-generation-3-", "+3", "");
    machine.entry = machine
        .images_of(3)
        .into_iter()
        .find(|image| !old.contains(image));
    machine.install();
    assert_eq!(machine.generations(), [1, 2, 3]);
    machine.forge.key = Key::Rotated;
    let plan = machine.plan().unwrap();
    assert_eq!(
        (plan.images.len(), plan.loaders.len(), plan.payloads.len()),
        (3, 2, 0)
    );
}

#[test]
fn images_go_to_the_extended_boot_partition_if_there_is_one() {
    let mut machine = Machine::new();
    machine.with_xbootldr();
    machine.store.generation(1, 100, 100);
    machine.switch_to(1);
    machine.install();
    assert!(exists(&machine.esp().join("EFI/BOOT/BOOTX64.EFI")));
    assert!(exists(&machine.esp().join("loader/loader.conf")));
    assert!(!exists(&machine.esp().join("EFI/Linux")));
    assert_eq!(machine.generations(), [1]);
    assert!(machine.plan().unwrap().is_empty());
}

#[test]
fn secrets_are_appended_and_never_shown() {
    let mut machine = Machine::new();
    let program = machine.store.program(
        "append-secrets",
        "#!/bin/sh\nset -e\nstat -c %a%s \"$1\" | grep -qx 6000\nprintf SECRET >> \"$1\"\n",
    );
    let mut document = machine.store.document(1, 100, 100);
    document["org.nixos.bootspec.v1"]["initrdSecrets"] = json!(program);
    machine.store.link(1, &document);
    machine.switch_to(1);
    let plan: Plan = machine.plan().unwrap();
    let shown = format!("{plan}{plan:?}{}", serde_json::to_string(&plan).unwrap());
    assert!(!shown.contains("SECRET"));
    machine.install();
    let initrd = machine
        .files()
        .into_iter()
        .find(|file| file.contains("initrd-"))
        .unwrap();
    let written = fs::read(machine.esp().join(initrd)).unwrap();
    assert_eq!(
        written,
        [&crate::store::noise(3, 100)[..], b"SECRET"].concat()
    );
    assert!(machine.plan().unwrap().is_empty());
    // A secret that can't be had keeps the generation that is to boot from being installed, and
    // no other.
    machine.store.program(
        "append-secrets",
        "#!/bin/sh\necho 'no such file: key' >&2; exit 1\n",
    );
    let refusal = machine.plan().unwrap_err().to_string();
    assert!(refusal.contains("no such file: key"), "{refusal}");
    machine.store.generation(2, 100, 100);
    machine.switch_to(2);
    let plan = machine.plan().unwrap();
    assert!(
        plan.failed[0].reason.contains("no such file: key"),
        "{plan}"
    );
    machine.install();
    assert!(machine.generations().contains(&2));
}

//! Power cuts: the installer runs over the recorded FAT, its log is cut after every event, and what was
//! not synchronised is lost at random. After each cut the disk is read by somebody else's FAT reader, and
//! the boot is followed as firmware, systemd-boot and the stub would go: what the boot loader chooses must
//! start, whole and signed. Then the file system is checked as a booting system does (`fsck.fat -a`),
//! and the next run mends what is left.
//!
//! By default a sample of the cuts is taken; `SNOWGUARD_CUTS=every` takes all of them.

mod boot;
mod chance;
mod scenario;

use snowguard_boot_installer::bless::{Blessing, bless};
use snowguard_boot_installer::partitions::Partitions;
use snowguard_boot_installer::volume::VolumePath;

use crate::fat::Fat;
use crate::install::folder::Machine;
use crate::store::boot_loader;
use scenario::{Scenario, run};

/// Sizes that are no multiple of a cluster, and span some.
const KERNEL: usize = 5000;
const INITRD: usize = 7000;

fn machine(generations: u64) -> Machine {
    let mut machine = Machine::new();
    for number in 1..=generations {
        machine.store.generation(number, KERNEL, INITRD);
    }
    machine.switch_to(generations);
    machine
}

/// What a run leaves on an empty disk, or on this one.
fn installed(machine: &Machine, image: Vec<u8>) -> Vec<u8> {
    let volume = Fat::open(image);
    machine.try_install_on(&volume).unwrap();
    volume.into_disk().view().flatten()
}

#[test]
fn a_first_install() {
    run(Scenario {
        machine: &machine(3),
        before: Fat::format(),
        boots_before: None,
        boots_after: 3,
        act: &|machine, volume| {
            machine.try_install_on(volume).unwrap();
        },
    });
}

#[test]
fn one_more_generation() {
    let mut machine = machine(3);
    machine.switch_to(2);
    machine.store.unlink(3);
    let before = installed(&machine, Fat::format());
    machine.store.generation(3, KERNEL, INITRD);
    machine.switch_to(3);
    run(Scenario {
        machine: &machine,
        before,
        boots_before: Some(2),
        boots_after: 3,
        act: &|machine, volume| {
            machine.try_install_on(volume).unwrap();
        },
    });
}

/// Another stub, another boot loader, and half of the generations go. Of the two images of the newest
/// generation the boot loader prefers one by its name alone: whichever it is, it must boot.
fn update_of_everything(prefers_new: bool) {
    let mut machine = machine(6);
    let before = installed(&machine, Fat::format());
    let old = newest_image(&machine);
    let suits = |machine: &Machine| (newest_image(machine) > old) == prefers_new;
    // One in two suits, unless the old one's name is extreme.
    for number in 2.. {
        machine.forge.stub = format!("stub {number}");
        if suits(&machine) {
            break;
        }
    }
    machine.boot_loader = boot_loader("260.2-rc1");
    machine.settings.limit = Some(3);
    machine.settings.menu.timeout = Some(1);
    run(Scenario {
        machine: &machine,
        before,
        boots_before: Some(6),
        boots_after: 6,
        act: &|machine, volume| {
            machine.try_install_on(volume).unwrap();
        },
    });
}

fn newest_image(machine: &Machine) -> String {
    machine.plan().unwrap().boots[0].name.id()
}

#[test]
fn an_update_of_everything_before_the_old() {
    update_of_everything(true);
}

#[test]
fn an_update_of_everything_after_the_old() {
    update_of_everything(false);
}

#[test]
fn mending_what_is_damaged() {
    let machine = machine(3);
    let volume = Fat::open(installed(&machine, Fat::format()));
    // The older generations' kernels and one of their images; the newest stays whole.
    let names = volume.paths("EFI/nixos");
    let newest = boot::payload_paths(volume.view(), &machine.forge, 3);
    for path in names.iter().filter(|path| !newest.contains(path)) {
        volume.plant(path, b"damage");
    }
    let image = volume
        .paths("EFI/Linux")
        .into_iter()
        .find(|path| path.name().contains("-1-"));
    volume.plant(&image.unwrap(), b"MZ damage");
    run(Scenario {
        machine: &machine,
        before: volume.into_disk().view().flatten(),
        boots_before: Some(3),
        boots_after: 3,
        act: &|machine, volume| {
            machine.try_install_on(volume).unwrap();
        },
    });
}

#[test]
fn clearing_for_room() {
    let mut machine = machine(1);
    machine.settings.limit = Some(1);
    let volume = Fat::open(installed(&machine, Fat::format()));
    machine.boot(1);
    machine.store.generation(2, KERNEL, INITRD);
    machine.switch_to(2);
    machine.try_install_on(&volume).unwrap();
    volume.fill_up(50);
    machine.boot(2);
    machine.store.generation(3, KERNEL, INITRD);
    machine.switch_to(3);
    run(Scenario {
        machine: &machine,
        before: volume.view().flatten(),
        boots_before: Some(2),
        boots_after: 3,
        act: &|machine, volume| {
            machine.try_install_on(volume).unwrap();
        },
    });
}

#[test]
fn blessing() {
    let machine = machine(2);
    let before = installed(&machine, Fat::format());
    let names = Fat::open(before.clone()).paths("EFI/Linux");
    let started = names
        .into_iter()
        .find(|path| path.name().contains("-2-"))
        .unwrap();
    run(Scenario {
        machine: &machine,
        before,
        boots_before: Some(2),
        boots_after: 2,
        act: &|_, volume| {
            let path = VolumePath::parse(&started.to_firmware()).unwrap();
            let blessing = bless(&Partitions::esp_only(volume), &path).unwrap();
            assert!(matches!(blessing, Blessing::Blessed(_)));
        },
    });
}

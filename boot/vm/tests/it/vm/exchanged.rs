//! A kernel file that is exchanged between check and boot.

use snowguard_vm::changing::{Change, Changing};
use snowguard_vm::disk::Disk;
use snowguard_vm::keys::{BootOption, Firmware};
use snowguard_vm::machine::Machine;
use snowguard_vm::predict;

use super::*;

#[test]
fn stops_a_kernel_exchanged_between_check_and_boot() {
    let Some((kit, signer)) = kit() else { return };
    let evil = flipped(&kit.kernel, kit.kernel.len() / 2);
    let image = |kernel| {
        let image = thin_for(&kit, kernel, &kit.kernel, INITRD, &kit.initrd)
            .build()
            .unwrap();
        signer.sign(&image).unwrap()
    };
    let (good_later, good_first) = (image("\\EFI\\nixos\\later.efi"), image(KERNEL));
    // Told apart on the disk by their bytes; the device serves others from the first read on.
    let marker = flipped(&kit.kernel, 0x300);
    let disk = Disk::new(64)
        .unwrap()
        .with(&[
            ("EFI/T/later.efi", &good_later),
            ("EFI/T/first.efi", &good_first),
            ("EFI/nixos/later.efi", &marker),
            ("EFI/nixos/kernel.efi", &kit.kernel),
            ("EFI/nixos/initrd", &kit.initrd),
        ])
        .unwrap();
    let option = |description, path| BootOption {
        description,
        path,
        words: "",
    };
    let options = vec![
        option("good later", "\\EFI\\T\\later.efi"),
        option("good first", "\\EFI\\T\\first.efi"),
    ];
    let firmware = Firmware {
        key: Some(&signer),
        options,
        ..Firmware::default()
    };
    let mut machine = Machine::new(&kit, &disk, &firmware).unwrap();
    let changes = vec![
        Change::new(&disk, &marker, &evil, &kit.kernel).unwrap(),
        Change::new(&disk, &kit.kernel, &kit.kernel, &evil).unwrap(),
    ];
    let changing = Changing::serve(&disk, changes, machine.folder()).unwrap();
    machine.set_drive(&changing.drive());
    let outcome = machine.run(&["Kernel panic"]).unwrap();

    let (_, after) = outcome
        .screen
        .split_once("Boot0000 \"good later\"")
        .expect("was tried");
    assert!(
        after.contains("its SHA-256 digest differs"),
        "{}",
        outcome.screen
    );
    let report = report(&outcome);
    let sections = [
        (".linux", kit.kernel.as_slice()),
        (".cmdline", WORDS.as_bytes()),
        (".initrd", &kit.initrd),
        (".sbat", &sbat(&kit.stub)),
    ];
    assert_eq!(
        report.pcr(11),
        Some(predict::pcr11(&sections)),
        "as a UKI of the same parts"
    );
    let (read, again) = changing.reads();
    println!("{read} sectors of the kernels were read, {again} of them more than once");
    assert!(read > kit.kernel.len() / 512, "the device was not asked");
}

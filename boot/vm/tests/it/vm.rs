//! One machine per test; the name says what is stopped.

use snowguard_vm::disk::Disk;
use snowguard_vm::image::Builder;
use snowguard_vm::keys::{Enrolled, Signer};
use snowguard_vm::kit::Kit;
use snowguard_vm::machine::Machine;
use snowguard_vm::predict;

#[test]
fn boots() {
    let Some(kit) = Kit::obtain().unwrap() else {
        return;
    };
    let signer = Signer::obtain(&kit.folder().join("keys"), "db").unwrap();
    let image = Builder::new(&kit.stub)
        .section(".osrel", b"ID=test\n")
        .section(".cmdline", b"console=ttyS0 quiet")
        .section(".linux", &kit.kernel)
        .section(".initrd", &kit.initrd)
        .build()
        .unwrap();
    let image = signer.sign(&image).unwrap();
    let disk = Disk::new(64)
        .unwrap()
        .with(&[("EFI/BOOT/BOOTX64.EFI", &image)])
        .unwrap();
    let machine = Machine::new(&kit, &disk, Enrolled::Key(&signer), &[]).unwrap();
    let outcome = machine.run(&["Kernel panic"]).unwrap();
    println!("{}", outcome.screen);
    println!("{:?}", outcome.time);
    let report = outcome.report.unwrap();
    println!("{report:?}");
    assert_eq!(report.pcr(4).unwrap(), predict::pcr4(&[&image]).unwrap());
}

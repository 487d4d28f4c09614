//! Where firmware verifies nothing, the stub still boots only what its image pins.

use snowguard_vm::disk::Disk;
use snowguard_vm::keys::{BootOption, Firmware};
use snowguard_vm::machine::Machine;
use snowguard_vm::predict::Register;

use super::*;

#[test]
fn stops_a_flipped_kernel_without_secure_boot_and_measures_the_loaders_words() {
    let Some((kit, _)) = kit() else { return };
    let bad = thin_for(&kit, "\\EFI\\bad.efi", &kit.kernel, INITRD, &kit.initrd)
        .build()
        .unwrap();
    let embedded = Builder::new(&kit.stub)
        .section(".linux", &flipped(&kit.kernel, kit.kernel.len() / 2))
        .section(".linuxh", &{
            use sha2::Digest as _;
            sha2::Sha256::digest(&kit.kernel)
        })
        .build()
        .unwrap();
    let good = thin(&kit).build().unwrap();
    let disk = Disk::new(64)
        .unwrap()
        .with(&[
            ("EFI/bad.efi", &flipped(&kit.kernel, kit.kernel.len() - 1)),
            ("EFI/T/pinned.efi", &bad),
            ("EFI/T/embedded.efi", &embedded),
            ("EFI/T/good.efi", &good),
            ("EFI/nixos/kernel.efi", &kit.kernel),
            ("EFI/nixos/initrd", &kit.initrd),
        ])
        .unwrap();
    let words = "console=ttyS0 quiet no_timer_check snowguard.loader";
    let options = vec![
        BootOption {
            description: "pinned",
            path: "\\EFI\\T\\pinned.efi",
            words: "",
        },
        BootOption {
            description: "embedded",
            path: "\\EFI\\T\\embedded.efi",
            words: "",
        },
        BootOption {
            description: "good",
            path: "\\EFI\\T\\good.efi",
            words,
        },
    ];
    let firmware = Firmware {
        options,
        ..Firmware::default()
    };
    let outcome = Machine::new(&kit, &disk, &firmware)
        .unwrap()
        .run(&["Kernel panic"])
        .unwrap();
    let refusals = outcome.screen.matches("its SHA-256 digest differs").count();
    assert_eq!(refusals, 2, "{}", outcome.screen);
    let report = report(&outcome);
    assert_eq!(report.variable("SecureBoot"), Some([0].as_slice()));
    assert_eq!(
        report.command_line(),
        Some(words),
        "nobody has signed anything here"
    );
    let expected = Register::default().measure(&measured_words(words));
    assert_eq!(report.pcr(12), Some(expected.0), "but it shows");
}

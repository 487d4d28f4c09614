//! Everything that must not boot, tried one after the other by one machine, and in the end what must.

use snowguard_vm::disk::Disk;
use snowguard_vm::keys::{BootOption, Firmware, Signer};
use snowguard_vm::machine::Machine;
use snowguard_vm::predict;

use super::*;

/// Who stops it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// Firmware, for its signature.
    Firmware,
    /// The stub, with this on the screen.
    Stub(&'static str),
    /// Nobody: the kernel itself gives up, and the stub takes back what it has offered.
    Kernel(&'static str),
}

/// Debian's systemd-boot.
fn boot_loader(kit: &Kit) -> Vec<u8> {
    let package = kit.package("systemd-boot-efi").unwrap();
    std::fs::read(package.join("usr/lib/systemd/boot/efi/systemd-bootx64.efi")).unwrap()
}

#[test]
fn stops_unsigned_foreign_flipped_swapped_and_forbidden_images_and_the_loaders_words() {
    let Some((kit, signer)) = kit() else { return };
    let stranger = Signer::obtain(&kit.folder().join("keys"), "stranger").unwrap();
    let good = thin(&kit).build().unwrap();
    let signed = signer.sign(&good).unwrap();
    let whole = Builder::new(&kit.stub)
        .section(".cmdline", WORDS.as_bytes())
        .section(".linux", &kit.kernel)
        .build()
        .unwrap();
    let whole = signer.sign(&whole).unwrap();
    let in_kernel = find(&whole, &kit.kernel[..4096]) + kit.kernel.len() / 2;
    let forbidden = signer
        .sign(&thin(&kit).section(".osrel", b"ID=bad").build().unwrap())
        .unwrap();
    // A generation whose kernel is another: here the same, longer by what nobody reads.
    let other_kernel = [kit.kernel.as_slice(), &[0; 512]].concat();
    let place = |kernel, initrd| {
        signer
            .sign(
                &thin_for(&kit, kernel, &kit.kernel, initrd, &kit.initrd)
                    .build()
                    .unwrap(),
            )
            .unwrap()
    };
    let giving_up = Builder::new(&kit.stub)
        .section(".linux", &kernels::giving_up())
        .section(".initrd", &kit.initrd);
    let differs = By::Stub("its SHA-256 digest differs");
    let attacks: Vec<(&str, By, Vec<u8>)> = vec![
        ("unsigned stub", By::Firmware, good.clone()),
        ("foreign key", By::Firmware, stranger.sign(&good).unwrap()),
        (
            "flipped byte in the stub",
            By::Firmware,
            flipped(&signed, 0x900),
        ),
        (
            "flipped byte in the command line",
            By::Firmware,
            flipped(&signed, find(&signed, WORDS.as_bytes())),
        ),
        (
            "flipped byte in the embedded kernel",
            By::Firmware,
            flipped(&whole, in_kernel),
        ),
        ("image in dbx", By::Firmware, forbidden.clone()),
        (
            "flipped byte in the kernel file",
            differs,
            place("\\EFI\\bad\\flipped.efi", INITRD),
        ),
        (
            "flipped byte in the initrd file",
            differs,
            place(KERNEL, "\\EFI\\bad\\initrd"),
        ),
        (
            "kernel of another generation",
            differs,
            place("\\EFI\\bad\\other.efi", INITRD),
        ),
        (
            "kernel file that is missing",
            By::Stub("cannot be read"),
            place("\\EFI\\bad\\none.efi", INITRD),
        ),
        (
            "bare stub",
            By::Stub("holds no kernel"),
            signer.sign(&kit.stub).unwrap(),
        ),
        (
            "initrd of the boot loader",
            By::Stub("instead of the signed one"),
            signer.sign(&boot_loader(&kit)).unwrap(),
        ),
        // Whatever it leaves behind would keep the good image, which is next, from booting.
        (
            "kernel that gives up",
            By::Kernel("The kernel came back to the boot stub: aborted."),
            signer.sign(&giving_up.build().unwrap()).unwrap(),
        ),
    ];
    let names: Vec<String> = (0..attacks.len())
        .map(|number| format!("EFI/T/{number}.efi"))
        .collect();
    let mut files: Vec<(&str, &[u8])> = names
        .iter()
        .zip(&attacks)
        .map(|(name, attack)| (name.as_str(), attack.2.as_slice()))
        .collect();
    let flipped_kernel = flipped(&kit.kernel, kit.kernel.len() / 2);
    let flipped_initrd = flipped(&kit.initrd, kit.initrd.len() / 2);
    files.extend([
        ("EFI/bad/flipped.efi", flipped_kernel.as_slice()),
        ("EFI/bad/initrd", &flipped_initrd),
        ("EFI/bad/other.efi", &other_kernel),
        ("EFI/nixos/kernel.efi", &kit.kernel),
        ("EFI/nixos/initrd", &kit.initrd),
        ("EFI/T/good.efi", &signed),
        ("loader/loader.conf", b"timeout 0\n"),
        (
            "loader/entries/good.conf",
            b"title x\nlinux /EFI/T/good.efi\ninitrd /EFI/bad/initrd\n",
        ),
    ]);
    let disk = Disk::new(128).unwrap().with(&files).unwrap();
    let paths: Vec<String> = names
        .iter()
        .map(|name| format!("\\{}", name.replace('/', "\\")))
        .collect();
    let mut options: Vec<BootOption<'_>> = attacks
        .iter()
        .zip(&paths)
        .map(|((description, ..), path)| BootOption {
            description,
            path,
            words: "",
        })
        .collect();
    options.push(BootOption {
        description: "good",
        path: "\\EFI\\T\\good.efi",
        words: "init=/bin/sh snowguard.loader",
    });
    let firmware = Firmware {
        key: Some(&signer),
        forbidden: vec![predict::authenticode(&forbidden).unwrap()],
        options,
    };
    let outcome = Machine::new(&kit, &disk, &firmware)
        .unwrap()
        .run(&["Kernel panic"])
        .unwrap();

    for (place, (description, by, _)) in attacks.iter().enumerate() {
        let from = format!("Boot{place:04X} \"{description}\"");
        let line = |verb: &str| {
            let mut lines = outcome.screen.lines();
            lines.any(|line| line.contains(&format!("{verb} {from}")) && line.contains("failed"))
        };
        match by {
            By::Firmware => {
                assert!(
                    line("load"),
                    "{description} was not refused by firmware:\n{}",
                    outcome.screen
                );
                let refused = outcome
                    .screen
                    .lines()
                    .find(|line| line.contains(&format!("failed to load {from}")));
                assert!(
                    refused.is_some_and(|line| line.ends_with("Access Denied")),
                    "{refused:?}"
                );
            }
            By::Stub(words) | By::Kernel(words) => {
                let after = outcome.screen.split_once(&format!("starting {from}"));
                let after =
                    after.map(|(_, after)| after.split("BdsDxe").next().unwrap_or_default());
                let refused = matches!(by, By::Stub(_));
                assert!(
                    after
                        .is_some_and(|said| said.contains(words)
                            && said.contains("does not boot") == refused),
                    "{description} was not refused by the stub: {after:?}\n{}",
                    outcome.screen
                );
            }
        }
    }
    // What is good boots all the same, and the loader's words don't reach the kernel.
    assert_eq!(report(&outcome).command_line(), Some(WORDS));
    assert!(
        outcome.screen.contains("command line is refused"),
        "{}",
        outcome.screen
    );
}

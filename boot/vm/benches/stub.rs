//! From the stub's start to the kernel's first words, beside systemd's stub on the same kernel and initrd.
//!
//! `cargo bench -p snowguard-vm` prints both, and one line of JSON. Processor time of an emulated machine, so only
//! their ratio says something.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints, and stops where it can't go on"
)]

use std::time::Duration;

use snowguard_vm::disk::Disk;
use snowguard_vm::image::Builder;
use snowguard_vm::keys::{Firmware, Signer};
use snowguard_vm::kit::Kit;
use snowguard_vm::machine::Machine;

const ROUNDS: usize = 5;
/// What the kernel's initrd is filled up to: a small NixOS has that much.
const INITRD: usize = 24 << 20;

fn main() {
    let Some(kit) = Kit::obtain().unwrap() else {
        return;
    };
    let signer = Signer::obtain(&kit.folder().join("keys"), "db").unwrap();
    let package = kit.package("systemd-boot-efi").unwrap();
    let systemd =
        std::fs::read(package.join("usr/lib/systemd/boot/efi/linuxx64.efi.stub")).unwrap();
    let mut initrd = kit.initrd.clone();
    initrd.resize(INITRD, 0);
    println!(
        "kernel {} bytes, initrd {} bytes, with a TPM, under Secure Boot",
        kit.kernel.len(),
        initrd.len()
    );
    let thin = Builder::new(&kit.stub)
        .section(".cmdline", b"console=ttyS0")
        .kernel_at("\\kernel.efi", &kit.kernel)
        .initrd_at("\\initrd", &initrd);
    let images: Vec<Image> = [
        (
            "systemd-stub, embedded",
            "systemd_s",
            embedded(&systemd, &kit.kernel, &initrd),
        ),
        (
            "snowguard-stub, embedded",
            "embedded_s",
            embedded(&kit.stub, &kit.kernel, &initrd),
        ),
        ("snowguard-stub, thin", "thin_s", thin.build().unwrap()),
    ]
    .map(|(name, key, image)| {
        let image = signer.sign(&image).unwrap();
        let disk = Disk::new(128)
            .unwrap()
            .with(&[
                ("EFI/BOOT/BOOTX64.EFI", &image),
                ("kernel.efi", &kit.kernel),
                ("initrd", &initrd),
            ])
            .unwrap();
        Image {
            name,
            key,
            size: image.len(),
            disk,
            times: Vec::new(),
        }
    })
    .into();
    let firmware = Firmware {
        key: Some(&signer),
        ..Firmware::default()
    };
    let medians: Vec<String> = measured(images, &kit, &firmware)
        .into_iter()
        .map(|mut image| {
            image.times.sort_by_key(|[_, stub]| *stub);
            let [loading, stub] = image.times[ROUNDS / 2];
            println!(
                "{}: {:.2} s from its start to the kernel's first words; before, {:.2} s for firmware to load and verify {} bytes",
                image.name,
                stub.as_secs_f64(),
                loading.as_secs_f64(),
                image.size,
            );
            format!("\"{}\": {:.3}", image.key, stub.as_secs_f64())
        })
        .collect();
    println!("{{{}}}", medians.join(", "));
}

struct Image {
    name: &'static str,
    key: &'static str,
    /// Bytes.
    size: usize,
    disk: Disk,
    /// Of firmware that loads it, and of the stub.
    times: Vec<[Duration; 2]>,
}

/// Boots each in turn, so that a machine that gets slower slows all of them.
fn measured(mut images: Vec<Image>, kit: &Kit, firmware: &Firmware<'_>) -> Vec<Image> {
    for round in 1..=ROUNDS {
        for image in &mut images {
            let machine = Machine::new(kit, &image.disk, firmware).unwrap();
            let outcome = machine.run(&["Linux version"]).unwrap();
            let between = |first, second| {
                outcome
                    .between(first, second)
                    .expect("both are on the screen")
            };
            let times = [
                between("BdsDxe: loading", "BdsDxe: starting"),
                between("BdsDxe: starting", "EFI stub:"),
            ];
            println!(
                "round {round}, {}: {:.2} s",
                image.name,
                times[1].as_secs_f64()
            );
            image.times.push(times);
        }
    }
    images
}

fn embedded(stub: &[u8], kernel: &[u8], initrd: &[u8]) -> Vec<u8> {
    Builder::new(stub)
        .section(".osrel", b"ID=bench\n")
        .section(".cmdline", b"console=ttyS0")
        .section(".linux", kernel)
        .section(".initrd", initrd)
        .build()
        .unwrap()
}

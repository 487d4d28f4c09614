//! What boots is measured as predicted, and the system learns of it.

use snowguard_stub::companions::{self, File};
use snowguard_vm::disk::{Disk, PARTITION};
use snowguard_vm::keys::{BootOption, Firmware, Signer};
use snowguard_vm::machine::Machine;
use snowguard_vm::predict::{self, Register};

use super::*;

const SIGNATURE: &[u8] = b"{\"sha256\":[]}";
const RELEASE: &[u8] = b"ID=nixos\nVERSION_ID=26.05\n";

/// The archive of the companions of a kind, as the stub makes it.
fn archive(folder: &str, name: &str, bytes: &[u8]) -> Vec<u8> {
    let kind = companions::ALL
        .iter()
        .find(|kind| kind.folder == folder)
        .unwrap();
    let file = File {
        name: name.into(),
        bytes: bytes.to_vec(),
    };
    kind.archive(vec![file]).unwrap().unwrap()
}

#[test]
fn boots_with_pcrs_4_11_12_13_as_predicted_and_without_an_addon_of_a_stranger() {
    let Some((kit, signer)) = kit() else { return };
    let stranger = Signer::obtain(&kit.folder().join("keys"), "stranger").unwrap();
    let image = Builder::new(&kit.stub)
        .section(".osrel", RELEASE)
        .section(".cmdline", b"base")
        .section(".linux", &kit.kernel)
        .section(".initrd", &kit.initrd)
        .section(".uname", b"6.1\n")
        .section(".pcrsig", SIGNATURE)
        .section(".profile", b"ID=main\n")
        .section(".profile", b"ID=second\n")
        .section(".cmdline", WORDS.as_bytes())
        .build()
        .unwrap();
    let image = signer.sign(&image).unwrap();
    let addon = |words: &[u8], version: &[u8]| {
        Builder::new(&kit.stub)
            .section(".cmdline", words)
            .section(".uname", version)
            .build()
            .unwrap()
    };
    let addon_ours = signer.sign(&addon(b"snowguard.addon", b"6.1")).unwrap();
    let addon_other = signer.sign(&addon(b"snowguard.other", b"5.4")).unwrap();
    let addon_stranger = stranger.sign(&addon(b"init=/bin/sh", b"6.1")).unwrap();
    let disk = Disk::new(64)
        .unwrap()
        .with(&[
            ("EFI/Linux/system+3-0.efi", &image),
            ("EFI/Linux/system.efi.extra.d/own.cred", b"own"),
            ("EFI/Linux/system.efi.extra.d/tools.raw", b"extension"),
            ("EFI/Linux/system.efi.extra.d/ours.addon.efi", &addon_ours),
            ("EFI/Linux/system.efi.extra.d/other.addon.efi", &addon_other),
            (
                "EFI/Linux/system.efi.extra.d/stranger.addon.efi",
                &addon_stranger,
            ),
            ("loader/credentials/all.cred", b"for all"),
            ("loader/extensions/etc.confext.raw", b"configuration"),
        ])
        .unwrap();
    let path = "\\EFI\\Linux\\system+3-0.efi";
    let options = vec![BootOption {
        description: "system",
        path,
        words: "@1",
    }];
    let firmware = Firmware {
        key: Some(&signer),
        options,
        ..Firmware::default()
    };
    let outcome = Machine::new(&kit, &disk, &firmware)
        .unwrap()
        .run(&["Kernel panic"])
        .unwrap();
    let report = report(&outcome);

    let line = format!("{WORDS} snowguard.addon");
    assert_eq!(report.command_line(), Some(line.as_str()));
    for refused in [
        "stranger.addon.efi is passed over",
        "other.addon.efi is passed over",
    ] {
        assert!(outcome.screen.contains(refused), "{}", outcome.screen);
    }

    // Firmware measures addons where it loads them, which is after the image; not those it refuses.
    let images = [image.as_slice(), &addon_other, &addon_ours];
    assert_eq!(report.pcr(4), Some(predict::pcr4(&images).unwrap()));
    let sections = [
        (".linux", kit.kernel.as_slice()),
        (".osrel", RELEASE),
        (".cmdline", WORDS.as_bytes()),
        (".initrd", &kit.initrd),
        (".uname", b"6.1\n"),
        (".sbat", &sbat(&kit.stub)),
        (".profile", b"ID=second\n"),
    ];
    assert_eq!(report.pcr(11), Some(predict::pcr11(&sections)));
    let configuration = Register::default()
        .measure(&measured_words("snowguard.addon"))
        .measure(&archive(".extra/credentials", "own.cred", b"own"))
        .measure(&archive(
            ".extra/global_credentials",
            "all.cred",
            b"for all",
        ))
        .measure(&archive(
            ".extra/global_confext",
            "etc.confext.raw",
            b"configuration",
        ));
    assert_eq!(report.pcr(12), Some(configuration.0));
    let extensions =
        Register::default().measure(&archive(".extra/sysext", "tools.raw", b"extension"));
    assert_eq!(report.pcr(13), Some(extensions.0));

    for (path, bytes) in [
        ("/.extra/credentials/own.cred", b"own".as_slice()),
        ("/.extra/global_credentials/all.cred", b"for all"),
        ("/.extra/sysext/tools.raw", b"extension"),
        ("/.extra/global_confext/etc.confext.raw", b"configuration"),
        ("/.extra/tpm2-pcr-signature.json", SIGNATURE),
        ("/.extra/profile", b"ID=second\n"),
        ("/.extra/os-release", RELEASE),
    ] {
        assert_eq!(report.file(path), Some(bytes), "{path}");
    }
    for (name, text) in [
        ("StubPcrKernelImage", "11"),
        ("StubPcrKernelParameters", "12"),
        ("StubPcrInitRDConfExts", "12"),
        ("StubPcrInitRDSysExts", "13"),
        ("StubProfile", "1"),
        ("StubImageIdentifier", path),
        ("LoaderImageIdentifier", path),
        ("LoaderDevicePartUUID", PARTITION),
        ("StubDevicePartUUID", PARTITION),
        ("LoaderFirmwareType", "UEFI 2.70"),
    ] {
        assert_eq!(report.text(name).as_deref(), Some(text), "{name}");
    }
    assert!(
        report
            .text("StubInfo")
            .is_some_and(|text| text.starts_with("snowguard-stub "))
    );
    assert!(
        report
            .text("LoaderFirmwareInfo")
            .is_some_and(|text| !text.is_empty())
    );
    let features = snowguard_stub::variables::FEATURES.to_le_bytes();
    assert_eq!(report.variable("StubFeatures"), Some(features.as_slice()));
    assert_eq!(report.variable("SecureBoot"), Some([1].as_slice()));
}

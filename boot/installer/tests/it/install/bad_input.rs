//! What goes wrong from outside, and what is said about it.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use serde_json::json;
use snowguard_boot_installer::error::{Error, Refusal};
use snowguard_boot_installer::volume::{Mounted, Volume, VolumePath};

use super::folder::Machine;
use crate::fat::Fat;
use crate::store::boot_loader;

#[test]
fn a_wrong_generation_is_skipped_with_its_reason() {
    let mut machine = Machine::new();
    machine.store.generation(1, 100, 100);
    machine.store.link_text(2, "{ half a docum");
    machine
        .store
        .link_text(3, r#"{"org.nixos.bootspec.v7": {}}"#);
    let without_kernel = machine.store.document(4, 100, 100);
    fs::remove_file(machine.store.path("4-kernel")).unwrap();
    machine.store.link(4, &without_kernel);
    machine.store.generation(5, 100, 100);
    fs::remove_file(machine.store.path("5-system").join("boot.json")).unwrap();
    let mut wandering = machine.store.document(6, 100, 100);
    wandering["org.nixos.bootspec.v1"]["kernel"] = json!("../../etc/passwd");
    machine.store.link(6, &wandering);
    machine.store.generation(7, 100, 100);
    fs::remove_dir_all(machine.store.path("7-system")).unwrap();
    machine.switch_to(1);
    let plan = machine.plan().unwrap();
    let reasons: Vec<_> = plan
        .skipped
        .iter()
        .map(|skipped| (skipped.generation, skipped.reason.as_str()))
        .collect();
    let expected = [
        (2, "boot.json: "),
        (3, "no org.nixos.bootspec.v1"),
        (4, "kernel: "),
        (5, "boot.json: No such file"),
        (6, "not a plain absolute path"),
        (7, "the link leads nowhere"),
    ];
    assert_eq!(reasons.len(), expected.len(), "{reasons:?}");
    for ((number, reason), (expected_number, part)) in reasons.into_iter().zip(expected) {
        assert_eq!(number, expected_number);
        assert!(reason.contains(part), "{reason}");
    }
    machine.install();
    assert_eq!(machine.generations(), [1]);
}

#[test]
fn a_wrong_generation_that_is_to_boot_is_refused_and_nothing_changes() {
    let mut machine = Machine::new();
    machine.store.generation(1, 100, 100);
    machine.switch_to(1);
    machine.install();
    let before = machine.snapshot();
    machine.store.link_text(2, "[]");
    machine.switch_to(2);
    let error = machine.try_install().unwrap_err();
    assert!(
        matches!(error, Error::Refused(Refusal::DefaultUnusable { .. })),
        "{error}"
    );
    assert!(
        error.to_string().contains("generation 2: boot.json"),
        "{error}"
    );
    assert!(machine.snapshot() == before);
}

#[test]
fn a_missing_partition_is_named() {
    let nowhere = std::path::Path::new("/nonexistent/boot");
    let error = Mounted::lock(nowhere).unwrap_err().to_string();
    assert_eq!(
        error,
        "/nonexistent/boot: there is no such folder; is the boot partition mounted?"
    );
    let folder = tempfile::tempdir().unwrap();
    assert!(!Mounted::lock(folder.path()).unwrap().is_fat());
}

#[test]
fn two_runs_do_not_meet() {
    let folder = tempfile::tempdir().unwrap();
    let first = Mounted::lock(folder.path()).unwrap();
    let error = Mounted::lock(folder.path()).unwrap_err();
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    drop(first);
    Mounted::lock(folder.path()).unwrap();
}

#[test]
fn a_store_that_differs_from_what_was_signed_is_not_written() {
    let mut machine = Machine::new();
    machine.store.generation(1, 5000, 100);
    machine.switch_to(1);
    machine.install();
    let kernel = machine
        .files()
        .into_iter()
        .find(|file| file.contains("kernel-"))
        .unwrap();
    fs::remove_file(machine.esp().join(&kernel)).unwrap();
    machine.store.file("1-kernel", b"exchanged");
    let error = machine.try_install().unwrap_err().to_string();
    assert!(error.contains("differs from what was signed"), "{error}");
    assert!(!machine.files().contains(&kernel));
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_written() {
    let mut machine = Machine::new();
    machine.store.generation(1, 50_000, 100);
    machine.switch_to(1);
    let volume = Fat::open(Fat::format());
    volume.fill_up(60);
    let volume = Fat::open(volume.view().flatten());
    let error = machine.try_install_on(&volume).unwrap_err();
    let Error::Refused(Refusal::Full {
        needed,
        free,
        missing,
        ..
    }) = &error
    else {
        panic!("{error}");
    };
    assert_eq!(needed - free, *missing);
    assert!(error.to_string().contains("ESP would fill"), "{error}");
    assert!(volume.into_disk().events.is_empty());
}

#[test]
fn a_partition_that_fills_halfway_is_as_free_as_before() {
    let mut machine = Machine::new();
    machine.store.generation(1, 20_000, 20_000);
    machine.switch_to(1);
    let volume = Fat::open(Fat::format());
    machine.try_install_on(&volume).unwrap();
    machine.store.generation(2, 20_000, 20_000);
    machine.switch_to(2);
    let before = volume.space().unwrap();
    let full = Filling {
        volume: &volume,
        after: 2,
    };
    let error = machine.try_install_on(&full).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the partition is full; what was begun"),
        "{error}"
    );
    // Folders may have grown by a cluster each.
    assert!(volume.space().unwrap().free + 2 >= before.free);
    let names = |folder: &str| {
        volume
            .list(&VolumePath::parse(folder).unwrap())
            .unwrap()
            .len()
    };
    assert_eq!((names("EFI/Linux"), names("EFI/nixos")), (1, 2));
    machine.try_install_on(&volume).unwrap();
    assert_eq!((names("EFI/Linux"), names("EFI/nixos")), (2, 4));
}

/// After any number of signatures: images, policies and the boot loader are all signed before anything is written.
#[test]
fn a_token_pulled_out_in_the_middle_of_an_install_leaves_the_partition_as_it_was() {
    let mut machine = Machine::new();
    machine.store.generation(1, 100, 100);
    machine.switch_to(1);
    machine.install();
    for number in 2..=3 {
        machine.store.generation(number, 100, 100);
    }
    machine.switch_to(3);
    machine.boot_loader = boot_loader("260.1");
    machine.forge.policies = true;
    let before = machine.snapshot();
    // Three images with four policies each, since the first has no policies yet, and the boot loader.
    let needed = 3 * 5 + 1;
    for given in (0..needed).step_by(3) {
        machine.forge.token = Some(Arc::new(AtomicUsize::new(given)));
        let error = machine.try_install().unwrap_err();
        assert!(
            error.to_string().contains("pulled out?"),
            "{given}: {error}"
        );
        assert_eq!(machine.snapshot(), before, "{given}");
    }
    machine.forge.token = Some(Arc::new(AtomicUsize::new(needed)));
    machine.install();
    assert_eq!(machine.generations(), [1, 2, 3]);
}

#[test]
fn a_tight_partition_is_cleared_before_and_not_after() {
    let mut machine = Machine::new();
    let volume = Fat::open(Fat::format());
    for number in 1..=2 {
        machine.store.generation(number, 50_000, 1000);
        machine.switch_to(number);
        machine.try_install_on(&volume).unwrap();
    }
    volume.fill_up(80);
    machine.store.generation(3, 50_000, 1000);
    machine.switch_to(3);
    let error = machine.try_install_on(&volume).unwrap_err();
    assert!(
        matches!(error, Error::Refused(Refusal::Full { .. })),
        "{error}"
    );
    // There is room for the third only once the first is gone, while the second is booted.
    machine.boot(2);
    machine.settings.limit = Some(1);
    machine.try_install_on(&volume).unwrap();
    let images = volume.paths("EFI/Linux");
    assert_eq!(images.len(), 2);
}

#[test]
fn a_file_system_that_turned_read_only_is_explained() {
    let mut machine = Machine::new();
    machine.store.generation(1, 100, 100);
    machine.switch_to(1);
    let volume = Fat::open(Fat::format());
    let error = machine
        .try_install_on(&ReadOnly(&volume))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("ESP: cannot make the folder EFI: "),
        "{error}"
    );
    assert!(error.contains("run fsck.fat -a"), "{error}");
}

#[test]
fn names_in_another_case_are_the_same_on_fat() {
    let mut machine = Machine::new();
    machine.store.generation(1, 100, 100);
    machine.switch_to(1);
    let volume = Fat::open(Fat::format());
    volume.plant(
        &VolumePath::parse("efi/linux/ARCH.EFI").unwrap(),
        b"MZ other",
    );
    volume.plant(
        &VolumePath::parse("efi/boot/bootx64.efi").unwrap(),
        b"MZ torn",
    );
    let digest = snowguard_boot_installer::digest::Digest::of(&crate::store::noise(2, 100));
    let kernel = format!("efi/NIXOS/KERNEL-{digest}.EFI").replace("abc", "ABC");
    volume.plant(
        &VolumePath::parse(&kernel).unwrap(),
        &crate::store::noise(2, 100),
    );
    machine.try_install_on(&volume).unwrap();
    // The kernel was there already, whatever its case.
    assert_eq!(
        volume
            .list(&VolumePath::parse("EFI/nixos").unwrap())
            .unwrap()
            .len(),
        2
    );
    assert_eq!(machine.try_install_on(&volume).unwrap(), Default::default());
}

/// Takes so many files, and is full then.
struct Filling<'v> {
    volume: &'v Fat,
    after: usize,
}

/// Refuses to be written.
struct ReadOnly<'v>(&'v Fat);

macro_rules! delegate {
    ($type:ident, $field:tt, |$this:ident, $file:ident| $guard:expr) => {
        impl Volume for $type<'_> {
            fn list(
                &self,
                folder: &VolumePath,
            ) -> std::io::Result<Vec<snowguard_boot_installer::volume::Listed>> {
                self.$field.list(folder)
            }
            fn open(&self, file: &VolumePath) -> std::io::Result<Box<dyn std::io::Read + '_>> {
                self.$field.open(file)
            }
            fn create_folder(&self, folder: &VolumePath) -> std::io::Result<()> {
                let ($this, $file) = (self, folder);
                $guard?;
                self.$field.create_folder(folder)
            }
            fn create(&self, file: &VolumePath) -> std::io::Result<()> {
                self.$field.create(file)
            }
            fn fill(
                &self,
                file: &VolumePath,
                content: &mut dyn std::io::Read,
            ) -> std::io::Result<()> {
                let ($this, $file) = (self, file);
                $guard?;
                self.$field.fill(file, content)
            }
            fn overwrite_head(&self, file: &VolumePath, head: &[u8]) -> std::io::Result<()> {
                self.$field.overwrite_head(file, head)
            }
            fn sync_file(&self, file: &VolumePath) -> std::io::Result<()> {
                self.$field.sync_file(file)
            }
            fn sync_folder(&self, folder: &VolumePath) -> std::io::Result<()> {
                self.$field.sync_folder(folder)
            }
            fn replace(&self, new: &VolumePath, old: &VolumePath) -> std::io::Result<()> {
                self.$field.replace(new, old)
            }
            fn remove(&self, file: &VolumePath) -> std::io::Result<()> {
                self.$field.remove(file)
            }
            fn space(&self) -> std::io::Result<snowguard_boot_installer::volume::Space> {
                self.$field.space()
            }
        }
    };
}

delegate!(Filling, volume, |this, file| {
    let files = this.volume.list(&file.parent())?;
    let filled = files.iter().filter(|listed| listed.size > 0).count();
    if filled > this.after {
        Err(std::io::Error::from(std::io::ErrorKind::StorageFull))
    } else {
        Ok(())
    }
});
delegate!(ReadOnly, 0, |_this, _file| Err::<(), _>(
    std::io::Error::from(std::io::ErrorKind::ReadOnlyFilesystem)
));

//! `install`, `status`, `bless` on a profile and a folder that stands for the boot partition.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;

use crate::image::image;
use crate::program::{Place, SIGNER};

/// A generation with its own kernel and initrd.
pub fn generation(place: &Place, number: u32) {
    let system = place.at(&format!("{number}-system"));
    fs::create_dir_all(&system).expect("made");
    place.write(&format!("{number}-kernel"), &vec![number as u8; 3000]);
    place.write(&format!("{number}-initrd"), &vec![number as u8 + 100; 5000]);
    let document = json!({"org.nixos.bootspec.v1": {
        "init": system.join("init"),
        "initrd": place.at(&format!("{number}-initrd")),
        "initrdSecrets": null,
        "kernel": place.at(&format!("{number}-kernel")),
        "kernelParams": ["root=UUID=1234-abcd"],
        "label": "NixOS Test",
        "system": "x86_64-linux",
        "toplevel": system,
    }});
    fs::write(system.join("boot.json"), document.to_string()).expect("written");
    symlink(&system, place.at(&format!("system-{number}-link"))).expect("linked");
}

pub fn place() -> Place {
    let place = Place::new().with_keys();
    place.write("stub", &image(&[".text"]));
    let mut boot_loader = image(&[".text"]);
    let end = boot_loader.len() - 512;
    let magic = b"#### LoaderInfo: systemd-boot 260.1 ####";
    boot_loader[end..end + magic.len()].copy_from_slice(magic);
    place.write("systemd-boot", &boot_loader);
    for folder in ["esp", "efivars"] {
        fs::create_dir(place.at(folder)).expect("made");
    }
    place
}

pub fn arguments<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let fixed = [
        "install",
        "--profile",
        "system",
        "--stub",
        "stub",
        "--systemd-boot",
        "systemd-boot",
        "--esp",
        "esp",
        "--any-file-system",
        "--efivars",
        "efivars",
        "--booted",
        "nothing",
        "--tries",
        "3",
    ];
    [&fixed[..], &SIGNER, more].concat()
}

/// An EFI variable of the boot loader interface.
fn variable(place: &Place, name: &str, text: &str) {
    let units = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes);
    let bytes: Vec<u8> = [6, 0, 0, 0].into_iter().chain(units).collect();
    place.write(
        &format!("efivars/{name}-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"),
        &bytes,
    );
}

#[test]
fn a_profile_is_installed_counted_and_blessed() {
    let place = place();
    generation(&place, 1);
    generation(&place, 2);
    let plan = place.json(&arguments(&["--dry-run", "2-system"]));
    assert_eq!(plan["plan"]["images"].as_array().expect("a list").len(), 2);
    assert_eq!(plan["done"], json!(null));
    assert_eq!(fs::read_dir(place.at("esp")).expect("read").count(), 0);

    let done = place.json(&arguments(&["2-system"]));
    assert_eq!(done["done"]["written"], 9);
    let again = place.json(&arguments(&["2-system"]));
    assert_eq!(
        again["done"],
        json!({"written": 0, "bytes": 0, "removed": 0})
    );

    let status = [
        "status",
        "--esp",
        "esp",
        "--efivars",
        "efivars",
        SIGNER[2],
        SIGNER[3],
    ];
    let told = place.json(&status);
    assert_eq!(told["secureBoot"], "unknown");
    assert_eq!(told["entries"][0]["generation"], 2);
    assert_eq!(told["entries"][0]["counter"], json!({"left": 3, "done": 0}));
    assert_eq!(told["entries"][0]["signature"], json!({"state": "ours"}));

    // As the boot loader leaves it after the first try.
    let name = told["entries"][0]["name"]
        .as_str()
        .expect("a name")
        .to_owned();
    let tried = name.replace("+3", "+2-1");
    let images = place.at("esp/EFI/Linux");
    fs::rename(images.join(&name), images.join(&tried)).expect("renamed");
    variable(
        &place,
        "LoaderBootCountPath",
        &format!("\\EFI\\Linux\\{tried}"),
    );
    let bless = [
        "bless",
        "--esp",
        "esp",
        "--any-file-system",
        "--efivars",
        "efivars",
    ];
    let blessed = place.json(&bless);
    assert_eq!(blessed["outcome"], "blessed");
    let told = place.json(&status);
    assert_eq!(told["entries"][0]["counter"], json!(null));
    assert_eq!(place.json(&bless)["outcome"], "not-counted");
    assert_eq!(place.json(&arguments(&["2-system"]))["done"]["written"], 0);
}

#[test]
fn damage_is_told_and_ends_with_1() {
    let place = place();
    generation(&place, 1);
    place.good(&arguments(&["1-system"]));
    let status = [
        "status",
        "--esp",
        "esp",
        "--efivars",
        "efivars",
        SIGNER[2],
        SIGNER[3],
    ];
    place.good(&status);
    let folder = place.at("esp/EFI/nixos");
    let kernel = fs::read_dir(folder)
        .expect("read")
        .map(|entry| entry.expect("read").path())
        .find(|path| path.display().to_string().contains("kernel-"))
        .expect("a kernel");
    fs::write(&kernel, b"half").expect("written");
    let told = place.json(&status);
    let damage = told["entries"][0]["damage"][0].as_str().expect("damage");
    assert!(damage.contains("4 bytes with the digest"), "{damage}");
    place.ends(1, &status);
    place.good(&arguments(&["1-system"]));
    place.good(&status);
}

#[test]
fn the_pin_of_a_token_reaches_no_program_of_an_initrd() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    generation(&place, 1);
    let program = place.at("append-secrets");
    fs::write(&program, "#!/bin/sh\nenv >> \"$1\"\n").expect("written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("set");
    let path = place.at("1-system/boot.json");
    let text = fs::read_to_string(&path).expect("read");
    let named = format!("\"initrdSecrets\":\"{}\"", program.display());
    let changed = text.replace("\"initrdSecrets\":null", &named);
    assert_ne!(changed, text);
    fs::write(&path, changed).expect("written");
    let output = place
        .command(&arguments(&["1-system"]))
        .env("SNOWGUARD_TOKEN_PIN", "8765309")
        .env("PATH", "/usr/bin:/bin")
        .output()
        .expect("the program starts");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    let written = fs::read_dir(place.at("esp/EFI/nixos")).expect("read");
    let written: Vec<u8> = written
        .flat_map(|entry| fs::read(entry.expect("an entry").path()).expect("read"))
        .collect();
    let written = String::from_utf8_lossy(&written);
    assert!(written.contains("TMPDIR="), "the program ran");
    assert!(!written.contains("8765309") && !told.contains("8765309"));
}

#[test]
fn what_would_not_boot_is_refused_with_1() {
    let place = place();
    generation(&place, 1);
    fs::write(place.at("1-system/boot.json"), "{}").expect("written");
    let told = place.ends(1, &arguments(&["1-system"]));
    assert!(told.contains("refused, nothing was changed"), "{told}");
    assert!(
        told.contains("generation 1: boot.json: no org.nixos.bootspec.v1"),
        "{told}"
    );
    let told = place.json(&arguments(&["1-system"]));
    assert_eq!(told["refused"]["reason"], "default-unusable", "{told}");
}

#[test]
fn a_folder_that_is_no_boot_partition_is_refused() {
    let place = place();
    generation(&place, 1);
    let arguments: Vec<_> = arguments(&["1-system"])
        .into_iter()
        .filter(|argument| *argument != "--any-file-system")
        .collect();
    let told = place.ends(3, &arguments);
    assert!(told.contains("not a FAT file system"), "{told}");
    // Without a counted boot there is nothing to bless, wherever the partition is.
    assert_eq!(
        place.json(&["bless", "--esp", "nowhere", "--efivars", "efivars"])["outcome"],
        "not-counted"
    );
}

//! The program where it is used: in a machine with real firmware, under systemd-boot.

mod efitools;
mod setup_mode;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::json;
use snowguard_vm::disk::Disk;
use snowguard_vm::kit::Kit;
use snowguard_vm::machine::Outcome;
use snowguard_vm::report::Report;

use crate::program::{Place, SIGNER};
use crate::tools::must;

/// How a program is started in the machine, which has no dynamic loader of its own.
const START: &str = "/boot/test/ld.so --library-path /boot/test /boot/test/";

/// Keys, and a partition with one generation, which runs commands.
fn first_generation(kit: &Kit) -> Place {
    let place = Place::new();
    place.good(&["keys", "create", "--folder", "k", "--kind", "rsa2048"]);
    let loader = kit.package("systemd-boot-efi").expect("systemd-boot");
    let loader = loader.join("usr/lib/systemd/boot/efi/systemd-bootx64.efi");
    symlink(loader, place.at("systemd-boot")).expect("linked");
    place.write("stub", &kit.stub);
    fs::create_dir(place.at("esp")).expect("made");
    generation(&place, kit, 1, &["quiet", "snowguard.run"]);
    install(&place, 1);
    place
}

/// The kernel's command line is the signed one, and panics tell where they come from.
fn generation(place: &Place, kit: &Kit, number: u32, parameters: &[&str]) {
    let system = place.at(&format!("{number}-system"));
    fs::create_dir_all(&system).expect("made");
    place.write("kernel", &kit.kernel);
    place.write("initrd", &kit.initrd);
    let parameters = [&["console=ttyS0", "no_timer_check"], parameters].concat();
    let document = json!({"org.nixos.bootspec.v1": {
        "init": system.join("init"),
        "initrd": place.at("initrd"),
        "initrdSecrets": null,
        "kernel": place.at("kernel"),
        "kernelParams": parameters,
        "label": "NixOS Test",
        "system": "x86_64-linux",
        "toplevel": system,
    }});
    fs::write(system.join("boot.json"), document.to_string()).expect("written");
    symlink(&system, place.at(&format!("system-{number}-link"))).expect("linked");
}

fn install(place: &Place, generation: u32) {
    let toplevel = format!("{generation}-system");
    let arguments = [
        &["install", "--profile", "system", "--stub", "stub"][..],
        &["--systemd-boot", "systemd-boot", "--esp", "esp"],
        &["--any-file-system", "--efivars", "none", "--booted", "none"],
        &["--tries", "3", "--timeout", "0", &toplevel],
        // Any RSA key will do.
        &["--policy-key", "k/keys/db/db.key"],
        &["--policy-certificate", "k/keys/db/db.pem"],
        &SIGNER,
    ];
    place.good(&arguments.concat());
}

/// Programs, what they need to run, the keys, and what to do with them: programs that were brought by their
/// names, others by their paths.
fn bring(place: &Place, programs: &[&str], commands: &[&str]) {
    let folder = place.at("esp/test");
    fs::create_dir_all(&folder).expect("made");
    for program in programs {
        bring_program(&folder, program);
    }
    for (path, bytes) in files(&place.at("k")) {
        let to = folder.join("k").join(path);
        fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        fs::write(to, bytes).expect("written");
    }
    let lines: Vec<String> = commands
        .iter()
        .map(|command| match command.strip_prefix('/') {
            None => format!("{START}{command}\n"),
            Some(_) => format!("{command}\n"),
        })
        .collect();
    fs::write(folder.join("commands"), lines.concat()).expect("written");
}

fn bring_program(folder: &Path, program: &str) {
    let name = Path::new(program).file_name().expect("a program's name");
    let stripped = folder.join(name).display().to_string();
    must("strip", &["-o", &stripped, program]);
    for line in must("ldd", &[program]).lines() {
        let path = line.split_whitespace().find(|word| word.starts_with('/'));
        let Some(path) = path.map(Path::new) else {
            continue;
        };
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.expect("a library's name");
        let name = if name.starts_with("ld-linux") {
            "ld.so"
        } else {
            name
        };
        fs::copy(path, folder.join(name)).expect("copied");
    }
}

/// A disk with the files of `esp`.
fn disk(place: &Place) -> Disk {
    let files = files(&place.at("esp"));
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (name.to_str().expect("text"), bytes.as_slice()))
        .collect();
    Disk::new(128).expect("made").with(&files).expect("fits")
}

fn report(outcome: &Outcome) -> &Report {
    let report = outcome.report.as_ref();
    report.unwrap_or_else(|| panic!("nothing has booted; the screen:\n{}", outcome.screen))
}

/// The exit code of a command in the machine, and what it wrote.
fn ran(report: &Report, number: usize) -> (i32, String) {
    let (status, output) = report.run(number).expect("was run");
    let code = status.strip_prefix("exit status: ").map(str::parse);
    (code.and_then(Result::ok).unwrap_or(-1), output)
}

/// All files below a folder, by their paths there.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("inside").to_owned();
                files.push((name, fs::read(&path).expect("read")));
            }
        }
    }
    files.sort();
    files
}

//! A boot, followed on the disk as firmware, systemd-boot and the stub go. The FAT reader is the crate
//! `fatfs`, which knows nothing of the model that wrote.

use std::collections::BTreeMap;
use std::io::Read;

use snowguard_boot_installer::digest::Digest;
use snowguard_boot_installer::image::{Content, Forge, Read as ImageRead, Signature};
use snowguard_boot_installer::loader;
use snowguard_boot_installer::naming::Payload;
use snowguard_boot_installer::volume::VolumePath;

use crate::fat::View;

type Disk = fatfs::FileSystem<View>;

/// The generation that boots, or why nothing does.
pub fn boot(view: View, forge: &dyn Forge) -> Result<u64, String> {
    let disk = Disk::new(view, fatfs::FsOptions::new()).map_err(|error| error.to_string())?;
    // Firmware starts either of them, whichever it has an entry for.
    for path in ["EFI/BOOT/BOOTX64.EFI", "EFI/systemd/systemd-bootx64.efi"] {
        let image = read(&disk, path)?;
        let signature = forge
            .read(&image)
            .map_err(|error| format!("{path}: {error}"))?
            .signature;
        if signature != Signature::Ours || !loader::is_systemd_boot(&image) {
            return Err(format!("{path}: {signature}"));
        }
    }
    let (id, read, content) = choose(&disk, forge)?;
    if read.signature != Signature::Ours {
        return Err(format!("{id}: {}", read.signature));
    }
    for payload in content.payloads() {
        start(&disk, payload)?;
    }
    generation(&content)
}

/// Where the kernel and initrd of a generation stand.
pub fn payload_paths(view: View, forge: &dyn Forge, number: u64) -> Vec<VolumePath> {
    let disk = Disk::new(view, fatfs::FsOptions::new()).unwrap();
    let entries = entries(&disk, forge).unwrap();
    let content = entries
        .into_values()
        .map(|(_, content)| content)
        .find(|content| generation(content) == Ok(number));
    content.unwrap().payloads().map(Payload::path).collect()
}

/// As the stub does: the bytes must have the digest.
fn start(disk: &Disk, payload: &Payload) -> Result<(), String> {
    let path = payload.path().to_string();
    let bytes = read(disk, &path)?;
    if Digest::of(&bytes) == payload.digest {
        Ok(())
    } else {
        Err(format!("{path}: other content"))
    }
}

/// As systemd-boot does: what can be read as an image is an entry; the first that the default's
/// pattern matches, in its order. Older versions compare it with names that have their counters.
fn choose(disk: &Disk, forge: &dyn Forge) -> Result<(String, ImageRead, Content), String> {
    let entries = entries(disk, forge)?;
    let mut order: Vec<_> = entries.into_iter().collect();
    order.sort_by_key(|(id, (_, content))| {
        let field = |key: &str| {
            let line = content
                .os_release
                .lines()
                .find_map(|line| line.strip_prefix(key));
            line.unwrap_or_default().to_owned()
        };
        let version: u64 = field("IMAGE_VERSION=").parse().unwrap_or(0);
        (
            id.exhausted,
            field("IMAGE_ID="),
            u64::MAX - version,
            std::cmp::Reverse(id.plain.clone()),
        )
    });
    let configuration = read(disk, "loader/loader.conf").unwrap_or_default();
    let configuration = String::from_utf8_lossy(&configuration).into_owned();
    let pattern = configuration
        .lines()
        .find_map(|line| line.strip_prefix("default "));
    let matching = |name: fn(&Id) -> &str| {
        let pattern = pattern?.as_bytes();
        let mut names = order.iter().map(|(id, _)| name(id));
        names.position(|name| glob(pattern, name.as_bytes()))
    };
    let (older, newer) = (matching(|id| &id.whole), matching(|id| &id.plain));
    if older != newer {
        return Err(format!("versions choose differently: {older:?}, {newer:?}"));
    }
    if order.is_empty() {
        return Err("no entry".to_owned());
    }
    let (id, (read, content)) = order.swap_remove(older.unwrap_or(0));
    Ok((id.whole, read, content))
}

/// An entry's name.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Id {
    /// Without its counter.
    plain: String,
    whole: String,
    /// No try is left.
    exhausted: bool,
}

type Entries = BTreeMap<Id, (ImageRead, Content)>;

fn entries(disk: &Disk, forge: &dyn Forge) -> Result<Entries, String> {
    let folder = disk
        .root_dir()
        .open_dir("EFI/Linux")
        .map_err(|error| error.to_string())?;
    let mut found = Entries::new();
    // A damaged entry of the folder ends the listing, as it may in firmware.
    for entry in folder.iter().map_while(Result::ok) {
        let name = entry.file_name();
        if !name.to_ascii_lowercase().ends_with(".efi") {
            continue;
        }
        let mut image = Vec::new();
        if entry.to_file().read_to_end(&mut image).is_err() {
            continue;
        }
        let Ok(read) = forge.read(&image) else {
            continue;
        };
        let Some(content) = read.content.clone() else {
            continue;
        };
        let (plain, exhausted) = match name.split_once('+') {
            Some((stem, counter)) => (format!("{stem}.efi"), counter.starts_with('0')),
            None => (name.clone(), false),
        };
        let id = Id {
            plain,
            whole: name,
            exhausted,
        };
        found.insert(id, (read, content));
    }
    Ok(found)
}

fn read(disk: &Disk, path: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    disk.root_dir()
        .open_file(path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .map_err(|error| format!("{path}: {error}"))?;
    Ok(bytes)
}

fn generation(content: &Content) -> Result<u64, String> {
    let system = content
        .command_line
        .split('/')
        .find_map(|part| part.strip_suffix("-system"));
    system
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| "no generation".to_owned())
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=text.len()).any(|skip| glob(rest, &text[skip..])),
        (Some((b'?', rest)), Some((_, text))) => glob(rest, text),
        // The one class that is used.
        (Some((b'[', rest)), Some((digit, text))) if rest.starts_with(b"0-9a-f]") => {
            matches!(digit, b'0'..=b'9' | b'a'..=b'f') && glob(&rest[7..], text)
        }
        (Some((one, rest)), Some((other, text))) => one == other && glob(rest, text),
        _ => false,
    }
}

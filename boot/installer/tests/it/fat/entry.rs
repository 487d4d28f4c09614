//! Directory entries: 32 bytes each, a long name in several.

pub const ENTRY: usize = 32;
pub type Raw = [u8; ENTRY];

pub const FOLDER: u8 = 0x10;
const LONG: u8 = 0x0f;
pub const LAST_LONG: u8 = 0x40;
pub const FREE: u8 = 0xe5;
/// Where a long entry keeps its 13 characters.
const CHARACTERS: [usize; 13] = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];

pub fn is_long(raw: &Raw) -> bool {
    raw[11] & 0x3f == LONG
}

pub fn cluster(raw: &Raw) -> u32 {
    u32::from(u16::from_le_bytes([raw[20], raw[21]])) << 16
        | u32::from(u16::from_le_bytes([raw[26], raw[27]]))
}

pub fn size(raw: &Raw) -> u32 {
    u32::from_le_bytes(raw[28..32].try_into().unwrap())
}

/// Sets what a file's inode knows.
pub fn set(raw: &mut Raw, cluster: u32, size: u32) {
    raw[20..22].copy_from_slice(&((cluster >> 16) as u16).to_le_bytes());
    raw[26..28].copy_from_slice(&(cluster as u16).to_le_bytes());
    raw[28..32].copy_from_slice(&size.to_le_bytes());
}

/// The name that a short entry has by itself.
pub fn short_name(raw: &Raw) -> String {
    let base = String::from_utf8_lossy(&raw[..8]).trim_end().to_owned();
    let extension = String::from_utf8_lossy(&raw[8..11]).trim_end().to_owned();
    if extension.is_empty() {
        base
    } else {
        format!("{base}.{extension}")
    }
}

/// Puts the long entries before a short one together, if they belong to it.
pub fn long_name(longs: &[Raw], short: &Raw) -> Option<String> {
    let mut units = Vec::new();
    for (place, raw) in longs.iter().rev().enumerate() {
        let order = place as u8 + 1;
        let is_last = place + 1 == longs.len();
        let expected = if is_last { order | LAST_LONG } else { order };
        if raw[0] != expected || raw[13] != checksum(short) {
            return None;
        }
        units.extend(CHARACTERS.map(|at| u16::from_le_bytes([raw[at], raw[at + 1]])));
    }
    let end = units
        .iter()
        .position(|&unit| unit == 0)
        .unwrap_or(units.len());
    (!longs.is_empty()).then(|| String::from_utf16_lossy(&units[..end]))
}

/// The entries for a name: long ones first. `taken` tells which short names there are.
pub fn entries(name: &str, attributes: u8, taken: impl Fn(&[u8; 11]) -> bool) -> Vec<Raw> {
    let mut short: Raw = [0; ENTRY];
    short[11] = attributes;
    if let Some(plain) = plain_short(name) {
        short[..11].copy_from_slice(&plain);
        return vec![short];
    }
    let alias = (0u32..)
        .map(|number| {
            let letters: String = name
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .take(2)
                .collect();
            let base = format!("{letters:_<2}{number:04X}~1").to_uppercase();
            let extension = if name.to_lowercase().ends_with(".efi") {
                "EFI"
            } else {
                "   "
            };
            <[u8; 11]>::try_from(format!("{base}{extension}").as_bytes()).unwrap()
        })
        .find(|alias| !taken(alias))
        .unwrap();
    short[..11].copy_from_slice(&alias);
    let mut units: Vec<u16> = name.encode_utf16().collect();
    if !units.len().is_multiple_of(13) {
        units.push(0);
    }
    units.resize(units.len().next_multiple_of(13), 0xffff);
    let mut raws: Vec<Raw> = units
        .chunks(13)
        .enumerate()
        .map(|(place, characters)| {
            let mut raw: Raw = [0; ENTRY];
            raw[0] = place as u8 + 1;
            raw[11] = LONG;
            raw[13] = checksum(&short);
            for (&at, unit) in CHARACTERS.iter().zip(characters) {
                raw[at..at + 2].copy_from_slice(&unit.to_le_bytes());
            }
            raw
        })
        .collect();
    raws.last_mut().unwrap()[0] |= LAST_LONG;
    raws.reverse();
    raws.push(short);
    raws
}

/// A name that is its own short name.
fn plain_short(name: &str) -> Option<[u8; 11]> {
    let (base, extension) = name.split_once('.').unwrap_or((name, ""));
    let plain = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    if base.is_empty() || base.len() > 8 || extension.len() > 3 || !plain(base) || !plain(extension)
    {
        return None;
    }
    format!("{base:<8}{extension:<3}")
        .as_bytes()
        .try_into()
        .ok()
}

fn checksum(short: &Raw) -> u8 {
    short[..11]
        .iter()
        .fold(0u8, |sum, &byte| sum.rotate_right(1).wrapping_add(byte))
}

//! A small PE32+ image, made field by field.

/// Offset of the COFF header.
pub const COFF: usize = 64;
/// Offset of the optional header.
pub const OPTIONAL: usize = COFF + 24;
/// Offset of the section table.
pub const TABLE: usize = OPTIONAL + 112 + 16 * 8;

/// An image with these sections of 512 bytes each, one page apart in memory.
pub fn image(names: &[&str]) -> Vec<u8> {
    let headers_size = (TABLE + 40 * names.len()).next_multiple_of(512);
    let mut bytes = vec![0; headers_size + 512 * names.len()];
    let count = u16::try_from(names.len()).expect("few sections");
    let image_size = 0x1000 * (1 + u32::from(count));
    put(&mut bytes, 0, b"MZ");
    put32(&mut bytes, 0x3c, COFF as u32);
    put(&mut bytes, COFF, b"PE\0\0");
    put16(&mut bytes, COFF + 4, 0x8664);
    put16(&mut bytes, COFF + 6, count);
    put16(&mut bytes, COFF + 20, 112 + 16 * 8);
    put16(&mut bytes, COFF + 22, 0x0206);
    put16(&mut bytes, OPTIONAL, 0x20b);
    put32(&mut bytes, OPTIONAL + 16, 0x1000);
    put32(&mut bytes, OPTIONAL + 32, 0x1000);
    put32(&mut bytes, OPTIONAL + 36, 0x200);
    put32(&mut bytes, OPTIONAL + 56, image_size);
    put32(&mut bytes, OPTIONAL + 60, headers_size as u32);
    put16(&mut bytes, OPTIONAL + 68, 10);
    put32(&mut bytes, OPTIONAL + 108, 16);
    for (place, name) in names.iter().enumerate() {
        let entry = TABLE + 40 * place;
        let offset = headers_size + 512 * place;
        put(&mut bytes, entry, name.as_bytes());
        put32(&mut bytes, entry + 8, 512);
        put32(&mut bytes, entry + 12, 0x1000 * (place as u32 + 1));
        put32(&mut bytes, entry + 16, 512);
        put32(&mut bytes, entry + 20, offset as u32);
        bytes[offset..offset + 512].fill(b'a' + place as u8);
    }
    bytes
}

pub fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

pub fn put16(bytes: &mut [u8], at: usize, value: u16) {
    put(bytes, at, &value.to_le_bytes());
}

pub fn put32(bytes: &mut [u8], at: usize, value: u32) {
    put(bytes, at, &value.to_le_bytes());
}

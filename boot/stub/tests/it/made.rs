//! Images made for tests, both as a file and as memory: each section stands at its address in the file too.

/// Bytes before the first section.
pub const HEADERS: usize = 0x1000;
const OPTIONAL: usize = 0x80 + 24;

/// An x86-64 image with these sections, in order.
pub fn image(sections: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = vec![0; HEADERS];
    out[..2].copy_from_slice(b"MZ");
    out[0x3c] = 0x80;
    out[0x80..0x84].copy_from_slice(b"PE\0\0");
    put16(&mut out, 0x84, 0x8664);
    put16(&mut out, 0x86, sections.len() as u16);
    put16(&mut out, 0x94, 240);
    put16(&mut out, OPTIONAL, 0x20b);
    put32(&mut out, OPTIONAL + 16, 0x1000);
    put32(&mut out, OPTIONAL + 32, 0x1000);
    put32(&mut out, OPTIONAL + 36, 0x200);
    put32(&mut out, OPTIONAL + 60, HEADERS as u32);
    put16(&mut out, OPTIONAL + 68, 10);
    put32(&mut out, OPTIONAL + 108, 16);
    for (place, (name, bytes)) in sections.iter().enumerate() {
        let at = OPTIONAL + 240 + 40 * place;
        let address = out.len() as u32;
        let size = bytes.len() as u32;
        out[at..at + name.len()].copy_from_slice(name.as_bytes());
        put32(&mut out, at + 8, size);
        put32(&mut out, at + 12, address);
        put32(&mut out, at + 16, size.next_multiple_of(0x200));
        put32(&mut out, at + 20, address);
        put32(
            &mut out,
            at + 36,
            if *name == ".text" {
                0x6000_0020
            } else {
                0xc000_0040
            },
        );
        out.extend_from_slice(bytes);
        out.resize(out.len().next_multiple_of(0x1000), 0);
    }
    let size = out.len() as u32;
    put32(&mut out, OPTIONAL + 56, size);
    out
}

/// Sets a data directory.
pub fn directory(image: &mut [u8], number: usize, address: u32, size: u32) {
    put32(image, OPTIONAL + 112 + 8 * number, address);
    put32(image, OPTIONAL + 116 + 8 * number, size);
}

/// Sets a 16-bit field of the optional header.
pub fn optional16(image: &mut [u8], offset: usize, value: u16) {
    put16(image, OPTIONAL + offset, value);
}

pub fn put16(out: &mut [u8], at: usize, value: u16) {
    out[at..at + 2].copy_from_slice(&value.to_le_bytes());
}

pub fn put32(out: &mut [u8], at: usize, value: u32) {
    out[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

//! A small image, made field by field; the benchmark uses it too, and the tests of installer and test machines.

/// Room for further section headers.
const HEADERS: usize = 1024;

/// A PE32+ image of one section with these bytes in it, `extra` bytes longer than its sections.
pub fn image(content: &[u8], extra: usize) -> Vec<u8> {
    let raw = content.len().next_multiple_of(512);
    let mut bytes = vec![0; HEADERS + raw + extra];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    let size = u32::try_from(raw).expect("small");
    put(0, b"MZ");
    put(0x3c, &64_u32.to_le_bytes());
    put(64, b"PE\0\0\x64\x86\x01\x00");
    put(84, &240_u16.to_le_bytes());
    put(86, &0x0206_u16.to_le_bytes());
    let optional = 88;
    put(optional, &0x020b_u16.to_le_bytes());
    for (at, value) in [
        (16, 0x1000),
        (32, 0x1000),
        (36, 0x200),
        (56, 0x1000 + size.next_multiple_of(0x1000)),
        (60, HEADERS as u32),
        (108, 16),
    ] {
        put(optional + at, &u32::to_le_bytes(value));
    }
    put(optional + 68, &10_u16.to_le_bytes());
    let table = optional + 240;
    put(table, b".text");
    for (at, value) in [
        (8, size),
        (12, 0x1000),
        (16, size),
        (20, HEADERS as u32),
        (36, 0x6000_0020),
    ] {
        put(table + at, &u32::to_le_bytes(value));
    }
    put(HEADERS, content);
    bytes
}

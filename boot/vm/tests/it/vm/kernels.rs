//! Kernels made here, byte by byte, for what no real one does on demand.

/// An EFI program that changes every register and gives up by `Exit`, as Linux does when it can't start.
pub fn giving_up() -> Vec<u8> {
    let mut code = vec![
        0x48, 0x8b, 0x42, 0x60, // mov rax, [rdx + 0x60]: the services
        0x4c, 0x8b, 0x90, 0xd8, 0, 0, 0, // mov r10, [rax + 0xd8]: Exit
        0x48, 0xba, 0x15, 0, 0, 0, 0, 0, 0, 0x80, // mov rdx, EFI_ABORTED
        0x45, 0x31, 0xc0, 0x45, 0x31, 0xc9, // xor r8d, r8d; xor r9d, r9d
        0x31, 0xdb, 0x31, 0xed, 0x31, 0xf6, 0x31, 0xff, // ebx, ebp, esi, edi
        0x45, 0x31, 0xe4, 0x45, 0x31, 0xed, 0x45, 0x31, 0xf6, 0x45, 0x31,
        0xff, // r12d to r15d
        0x48, 0x83, 0xec, 0x28, // sub rsp, 40
        0x41, 0xff, 0xd2, // call r10
        0xf4, 0xeb, 0xfd, // hlt, for ever
    ];
    code.resize(512, 0xcc);
    image(&code)
}

/// A PE32+ image with this code.
fn image(code: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 512];
    let mut put = |at: usize, value: &[u8]| out[at..at + value.len()].copy_from_slice(value);
    put(0, b"MZ");
    put(0x3c, &64u32.to_le_bytes());
    put(64, b"PE\0\0\x64\x86\x01\0");
    put(84, &240u16.to_le_bytes());
    put(86, &0x0206u16.to_le_bytes());
    let optional = 88;
    put(optional, &0x020bu16.to_le_bytes());
    let size = code.len() as u32;
    // Entry, alignments, sizes of image and headers, number of directories.
    for (at, value) in [
        (16, 0x1000),
        (32, 0x1000),
        (36, 512),
        (56, 0x2000),
        (60, 512),
        (108, 16),
    ] {
        put(optional + at, &u32::to_le_bytes(value));
    }
    put(optional + 68, &10u16.to_le_bytes());
    let table = optional + 240;
    put(table, b".text");
    for (at, value) in [
        (8, size),
        (12, 0x1000),
        (16, size),
        (20, 512),
        (36, 0x6000_0020),
    ] {
        put(table + at, &u32::to_le_bytes(value));
    }
    out.extend_from_slice(code);
    out
}

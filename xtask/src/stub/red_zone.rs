//! Looks for code that keeps values below the stack pointer.
//!
//! The System V ABI lets a leaf function use 128 bytes there (the red zone). Firmware runs with interrupts
//! on, on the same stack, and would overwrite them. Our own code is compiled without; the toolchain's
//! `core` and `alloc` come compiled, so the linked result is looked at.

use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, Register};

use super::elf::Program;

/// One line for each instruction that reads or writes below the stack pointer.
pub fn scan(program: &Program<'_>) -> Vec<String> {
    let code = program.segments.iter().filter(|segment| segment.executable);
    code.flat_map(|segment| scan_code(segment.bytes, segment.address))
        .collect()
}

fn scan_code(bytes: &[u8], address: u64) -> Vec<String> {
    let decoder = Decoder::with_ip(64, bytes, address, DecoderOptions::NONE);
    decoder
        .into_iter()
        .filter(below_stack)
        .map(|instruction| format!("{:#x}: {:?}", instruction.ip(), instruction.code()))
        .collect()
}

fn below_stack(instruction: &Instruction) -> bool {
    // `lea` computes an address and touches nothing; it is how a frame is made without touching flags.
    instruction.memory_base() == Register::RSP
        && instruction.mnemonic() != Mnemonic::Lea
        && instruction.memory_displacement64().cast_signed() < 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_below_the_stack_is_found() {
        // mov [rsp-8], rax; ret
        let found = scan_code(&[0x48, 0x89, 0x44, 0x24, 0xf8, 0xc3], 0x1000);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("0x1000:"));
        // movaps xmm0, [rsp-0x18]
        assert_eq!(scan_code(&[0x0f, 0x28, 0x44, 0x24, 0xe8], 0).len(), 1);
    }

    #[test]
    fn a_proper_frame_is_not() {
        // sub rsp, 8; mov [rsp], rax; mov [rsp+8], rax; lea rsp, [rsp-16]; push rax
        let code = [
            0x48, 0x83, 0xec, 0x08, 0x48, 0x89, 0x04, 0x24, 0x48, 0x89, 0x44, 0x24, 0x08, 0x48,
            0x8d, 0x64, 0x24, 0xf0, 0x50,
        ];
        assert!(scan_code(&code, 0).is_empty());
    }
}

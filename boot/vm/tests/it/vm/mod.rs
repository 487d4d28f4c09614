//! One machine per test; the tests' names and the boot options' descriptions say what is stopped.

mod exchanged;
mod kernels;
mod measured;
mod refused;
mod unmeasured;
mod without_secure_boot;

use snowguard_stub::text::{utf16_bytes, utf16_nul};
use snowguard_vm::image::Builder;
use snowguard_vm::keys::Signer;
use snowguard_vm::kit::Kit;
use snowguard_vm::machine::Outcome;
use snowguard_vm::report::Report;

/// What the signed images say to the kernel. An emulated timer may be late on a busy machine.
const WORDS: &str = "console=ttyS0 quiet no_timer_check snowguard.signed";
const KERNEL: &str = "\\EFI\\nixos\\kernel.efi";
const INITRD: &str = "\\EFI\\nixos\\initrd";

/// The kit and the key that firmware knows; `None` where machines can't run.
fn kit() -> Option<(Kit, Signer)> {
    let kit = Kit::obtain().unwrap()?;
    let signer = Signer::obtain(&kit.folder().join("keys"), "db").unwrap();
    Some((kit, signer))
}

/// A thin image for the kit's kernel and initrd at their usual places.
fn thin(kit: &Kit) -> Builder<'_> {
    thin_for(kit, KERNEL, &kit.kernel, INITRD, &kit.initrd)
}

fn thin_for<'a>(
    kit: &'a Kit,
    kernel: &str,
    kernel_bytes: &[u8],
    initrd: &str,
    initrd_bytes: &[u8],
) -> Builder<'a> {
    Builder::new(&kit.stub)
        .section(".cmdline", WORDS.as_bytes())
        .kernel_at(kernel, kernel_bytes)
        .initrd_at(initrd, initrd_bytes)
}

/// The same bytes but one.
fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut out = bytes.to_vec();
    out[at] ^= 1;
    out
}

/// Where `part` begins in `bytes`.
fn find(bytes: &[u8], part: &[u8]) -> usize {
    let at = bytes.windows(part.len()).position(|window| window == part);
    at.expect("the part is there")
}

/// The section `.sbat` of the stub, which is measured with the others.
fn sbat(stub: &[u8]) -> Vec<u8> {
    let file = snowguard_boot_format::pe::File::parse(stub).unwrap();
    let section = file
        .sections()
        .find(|section| section.name == *".sbat")
        .unwrap();
    file.contents(&section).to_vec()
}

/// UTF-16 with NUL, as command lines are measured.
fn measured_words(words: &str) -> Vec<u8> {
    utf16_bytes(&utf16_nul(words))
}

/// The report, or everything that was on the screen.
fn report(outcome: &Outcome) -> &Report {
    println!("ran {:.1} s", outcome.time.as_secs_f64());
    let Some(report) = &outcome.report else {
        panic!("nothing has booted; the screen:\n{}", outcome.screen);
    };
    report
}

//! Signing a unified kernel image of 60 MB in memory, beside SHA-256 over the same bytes, the whole
//! program, and sbsign. Prints one JSON document: medians in milliseconds.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use snowguard_boot_format::authenticode::sign;
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::time::Time;
use snowguard_boot_format::uki::{Piece, Section, build};
use snowguard_boot_format::x509::CertificateRequest;
use snowguard_boot_signer::{KeyKindToMake, SoftwareKey, SoftwareSigner};

#[path = "../tests/it/image.rs"]
mod image;

const SIZE: usize = 60_000_000;
const ROUNDS: usize = 15;

fn median(mut round: impl FnMut() -> f64) -> f64 {
    let mut all: Vec<f64> = (0..ROUNDS).map(|_| round()).collect();
    all.sort_by(f64::total_cmp);
    all[ROUNDS / 2]
}

/// The time that work takes, without that of giving back its result's memory.
fn milliseconds<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    let result = std::hint::black_box(work());
    let taken = start.elapsed().as_secs_f64() * 1e3;
    drop(result);
    taken
}

fn main() {
    let kernel = image::image(&vec![0x5a; 12_000_000], 0);
    let initrd: Vec<u8> = (0..SIZE - kernel.len() - 4096)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let stub = image::image(b"stub", 0);
    let pieces = [
        Piece::new(Section::CommandLine, b"quiet"),
        Piece::new(Section::Initrd, &initrd),
        Piece::new(Section::Linux, &kernel),
    ];
    let uki = build(&stub, &pieces, &[]).unwrap();

    let key = SoftwareKey::generate(KeyKindToMake::Rsa2048).unwrap();
    let now = Time::from_unix(1_767_225_600).unwrap();
    let public = key.public_key_der().unwrap();
    let request =
        CertificateRequest::new("bench", &public, [7; 16], (now, now.plus_days(36_500))).unwrap();
    let algorithm = DigestAlgorithm::Sha256;
    let signature = key
        .sign(algorithm, &request.message(algorithm).unwrap())
        .unwrap();
    let certificate = request.finish(algorithm, &signature).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("key"), key.to_pem().unwrap().as_bytes()).unwrap();
    std::fs::write(at("cert"), certificate.to_pem()).unwrap();
    std::fs::write(at("uki"), &uki).unwrap();
    let signer = SoftwareSigner::new(key, vec![certificate]).unwrap();

    let sha256 = median(|| milliseconds(|| algorithm.digest(&[&uki])));
    let signing = median(|| {
        // As it is read from a file: with room for what is added.
        let mut image = Vec::with_capacity(uki.len() + (64 << 10));
        image.extend_from_slice(&uki);
        milliseconds(|| sign(image, &signer, algorithm, None).unwrap())
    });
    let small = median(|| milliseconds(|| sign(stub.clone(), &signer, algorithm, None).unwrap()));
    let sbsign = there("sbsign").then(|| {
        median(|| {
            milliseconds(|| {
                let mut command = Command::new("sbsign");
                command
                    .arg("--key")
                    .arg(at("key"))
                    .arg("--cert")
                    .arg(at("cert"));
                command.arg("--output").arg(at("out")).arg(at("uki"));
                let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
                assert!(status.unwrap().success());
            })
        })
    });
    let sbsign = sbsign.map_or("null".to_owned(), |time| format!("{time:.2}"));
    println!(
        "{{\"bytes\": {}, \"sha256_ms\": {sha256:.2}, \"sign_ms\": {signing:.2}, \"sign_small_ms\": {small:.2}, \"sbsign_ms\": {sbsign}}}",
        uki.len()
    );
}

fn there(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path)
            .any(|folder: std::path::PathBuf| Path::new(&folder).join(program).is_file())
    })
}

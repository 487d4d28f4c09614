//! Keys, certificates and images made on the spot.

use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::time::Time;
use snowguard_boot_format::x509::{Certificate, CertificateRequest};
use snowguard_boot_signer::{KeyKindToMake, SoftwareKey, SoftwareSigner};

/// 2024-01-01.
pub fn some_day() -> Time {
    Time::from_unix(1_704_067_200).expect("inside")
}

/// A self-signed certificate for a key, valid for a thousand years.
pub fn certify(key: &SoftwareKey, name: &str) -> Certificate {
    let public = key.public_key_der().expect("encodable");
    let validity = (some_day(), some_day().plus_days(365_000));
    let request = CertificateRequest::new(name, &public, [7; 16], validity).expect("a name");
    let algorithm = DigestAlgorithm::Sha256;
    let message = request.message(algorithm).expect("a known kind");
    let signature = key.sign(algorithm, &message).expect("signed");
    request.finish(algorithm, &signature).expect("by this key")
}

/// A new key with its certificate.
pub fn signer(kind: KeyKindToMake, name: &str) -> SoftwareSigner {
    let key = SoftwareKey::generate(kind).expect("random numbers");
    let certificate = certify(&key, name);
    SoftwareSigner::new(key, vec![certificate]).expect("fits")
}

/// A PE32+ image of one section with these bytes in it, `extra` bytes longer than its sections.
pub fn image(content: &[u8], extra: usize) -> Vec<u8> {
    let raw = content.len().next_multiple_of(512);
    let mut bytes = vec![0; 512 + raw + extra];
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
        (60, 512),
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
        (20, 512),
        (36, 0x6000_0020),
    ] {
        put(table + at, &u32::to_le_bytes(value));
    }
    put(512, content);
    bytes
}

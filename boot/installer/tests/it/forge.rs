//! The program's own forge, with keys made on the spot and a stub that is an image but no program.

use std::sync::OnceLock;

use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::signer::{SignError, Signer, SigningRequest};
use snowguard_boot_format::time::Time;
use snowguard_boot_format::x509::{Certificate, CertificateRequest};
use snowguard_boot_installer::digest::Digest;
use snowguard_boot_installer::error::ForgeError;
use snowguard_boot_installer::image::{Content, Forge, Read};
use snowguard_boot_installer::thin::ThinForge;
use snowguard_boot_signer::{KeyKindToMake, SoftwareKey, SoftwareSigner};

/// A forge whose stub and key can be exchanged.
pub struct Exchangeable {
    pub key: Key,
    pub stub: String,
}

#[derive(Clone, Copy)]
pub enum Key {
    First,
    Rotated,
}

pub fn forge() -> Exchangeable {
    Exchangeable {
        key: Key::First,
        stub: "stub 1".to_owned(),
    }
}

impl Exchangeable {
    pub fn thin(&self) -> ThinForge {
        ThinForge::new(
            image(self.stub.as_bytes()),
            Box::new(Shared(self.key.signer())),
        )
    }
}

impl Forge for Exchangeable {
    fn assemble(&self, content: &Content) -> Result<Vec<u8>, ForgeError> {
        self.thin().assemble(content)
    }

    fn sign(&self, unsigned: &[u8]) -> Result<Vec<u8>, ForgeError> {
        self.thin().sign(unsigned)
    }

    fn read(&self, image: &[u8]) -> Result<Read, ForgeError> {
        self.thin().read(image)
    }

    fn signer(&self) -> Digest {
        self.thin().signer()
    }

    fn signer_name(&self) -> String {
        self.thin().signer_name()
    }

    fn pcr11(&self, content: &Content) -> Result<Digest, ForgeError> {
        self.thin().pcr11(content)
    }
}

impl Key {
    fn signer(self) -> &'static SoftwareSigner {
        static FIRST: OnceLock<SoftwareSigner> = OnceLock::new();
        static ROTATED: OnceLock<SoftwareSigner> = OnceLock::new();
        match self {
            Self::First => FIRST.get_or_init(|| make("first key")),
            Self::Rotated => ROTATED.get_or_init(|| make("rotated key")),
        }
    }
}

fn make(name: &str) -> SoftwareSigner {
    let key = SoftwareKey::generate(KeyKindToMake::P256).unwrap();
    let public = key.public_key_der().unwrap();
    // 2024-01-01.
    let day = Time::from_unix(1_704_067_200).unwrap();
    let request =
        CertificateRequest::new(name, &public, [7; 16], (day, day.plus_days(3650))).unwrap();
    let algorithm = DigestAlgorithm::Sha256;
    let message = request.message(algorithm).unwrap();
    let signature = key.sign(algorithm, &message).unwrap();
    let certificate = request.finish(algorithm, &signature).unwrap();
    SoftwareSigner::new(key, vec![certificate]).unwrap()
}

struct Shared(&'static SoftwareSigner);

impl Signer for Shared {
    fn certificate(&self) -> &Certificate {
        self.0.certificate()
    }

    fn sign(&self, request: &SigningRequest<'_>) -> Result<Vec<u8>, SignError> {
        self.0.sign(request)
    }
}

/// A PE32+ image for x86-64 with one section that holds these bytes, and room for more sections.
pub fn image(content: &[u8]) -> Vec<u8> {
    const HEADERS: usize = 1024;
    let raw = content.len().next_multiple_of(512);
    let mut bytes = vec![0; HEADERS + raw];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    let (headers, size) = (HEADERS as u32, raw as u32);
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
        (60, headers),
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
        (20, headers),
        (36, 0x6000_0020),
    ] {
        put(table + at, &u32::to_le_bytes(value));
    }
    put(HEADERS, content);
    bytes
}

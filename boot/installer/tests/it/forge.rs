//! The program's own forge, with keys made on the spot and a stub that is an image but no program.

use std::sync::OnceLock;

use snowguard_boot_format::signer::{SignError, Signer, SigningRequest};
use snowguard_boot_format::x509::Certificate;
use snowguard_boot_installer::digest::Digest;
use snowguard_boot_installer::error::ForgeError;
use snowguard_boot_installer::image::{Content, Forge, Read};
use snowguard_boot_installer::thin::ThinForge;
use snowguard_boot_signer::{KeyKindToMake, SoftwareSigner};

use crate::image::image;
use crate::material::signer;

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
            image(self.stub.as_bytes(), 0),
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
            Self::First => FIRST.get_or_init(|| signer(KeyKindToMake::P256, "first key")),
            Self::Rotated => ROTATED.get_or_init(|| signer(KeyKindToMake::P256, "rotated key")),
        }
    }
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

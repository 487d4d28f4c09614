//! The program's own forge, with keys made on the spot and a stub that is an image but no program.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use snowguard_boot_format::signer::{SignError, Signer, SigningRequest};
use snowguard_boot_format::x509::Certificate;
use snowguard_boot_installer::digest::Digest;
use snowguard_boot_installer::error::ForgeError;
use snowguard_boot_installer::image::{Content, Forge, Read};
use snowguard_boot_installer::policy::PolicyKey;
use snowguard_boot_installer::thin::ThinForge;
use snowguard_boot_signer::{KeyKindToMake, SoftwareSigner};

use crate::image::image;
use crate::material::signer;

/// A forge whose stub and key can be exchanged.
pub struct Exchangeable {
    pub key: Key,
    pub stub: String,
    /// Whether images bring signed policies.
    pub policies: bool,
    /// How many signatures the token gives before it is pulled out; all if `None`.
    pub token: Option<Arc<AtomicUsize>>,
    read: Mutex<HashMap<[Digest; 2], Result<Read, ForgeError>>>,
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
        policies: false,
        token: None,
        read: Mutex::default(),
    }
}

impl Exchangeable {
    pub fn thin(&self) -> ThinForge {
        let signer = Shared {
            signer: self.key.signer(),
            token: self.token.clone(),
        };
        let forge = ThinForge::new(image(self.stub.as_bytes(), 0), Box::new(signer));
        match self.policies {
            true => {
                let signer = Shared {
                    signer: policies(),
                    token: self.token.clone(),
                };
                forge.with_policy_key(PolicyKey::new(Box::new(signer)).unwrap())
            }
            false => forge,
        }
    }
}

impl Forge for Exchangeable {
    fn assemble(&self, content: &Content) -> Result<Vec<u8>, ForgeError> {
        self.thin().assemble(content)
    }

    fn sign(&self, unsigned: &[u8]) -> Result<Vec<u8>, ForgeError> {
        self.thin().sign(unsigned)
    }

    /// What an image is depends on nothing but its bytes and our certificate, and the tests of power cuts ask for
    /// the same images tens of thousands of times.
    fn read(&self, image: &[u8]) -> Result<Read, ForgeError> {
        let key = [image, self.key.signer().certificate().der()].map(Digest::of);
        let known = self.read.lock().unwrap().get(&key).cloned();
        known.unwrap_or_else(|| {
            let read = self.thin().read(image);
            self.read.lock().unwrap().insert(key, read.clone());
            read
        })
    }

    fn finish(&self, assembled: &[u8]) -> Result<Vec<u8>, ForgeError> {
        self.thin().finish(assembled)
    }

    fn is_finished(&self, found: &Read, assembled: &[u8]) -> Result<bool, ForgeError> {
        self.thin().is_finished(found, assembled)
    }

    fn identity(&self) -> Vec<u8> {
        self.thin().identity()
    }

    fn signer_name(&self) -> String {
        self.thin().signer_name()
    }
}

/// What signs policies; TPMs are given RSA keys only.
fn policies() -> &'static SoftwareSigner {
    static POLICIES: OnceLock<SoftwareSigner> = OnceLock::new();
    POLICIES.get_or_init(|| signer(KeyKindToMake::Rsa2048, "policies"))
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

struct Shared {
    signer: &'static SoftwareSigner,
    token: Option<Arc<AtomicUsize>>,
}

impl Signer for Shared {
    fn certificate(&self) -> &Certificate {
        self.signer.certificate()
    }

    fn sign(&self, request: &SigningRequest<'_>) -> Result<Vec<u8>, SignError> {
        if let Some(left) = &self.token {
            let one_less = |left: usize| left.checked_sub(1);
            let given = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
            given.map_err(|_| SignError::Unavailable {
                reason: "the token gave no signature (pulled out?)".to_owned(),
            })?;
        }
        self.signer.sign(request)
    }
}

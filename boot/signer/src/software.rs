//! Keys in memory.

use std::fmt;

use getrandom::SysRng;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::elliptic_curve::Generate;
use rsa::Pkcs1v15Sign;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::{
    DecodePrivateKey, EncodePrivateKey, EncodePublicKey, EncryptedPrivateKeyInfoRef, SecretDocument,
};
use sha2_next::{Sha256, Sha384, Sha512};
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::pem;
use snowguard_boot_format::signer::{SignError, Signer, SigningRequest};
use snowguard_boot_format::x509::Certificate;
use zeroize::Zeroizing;

use crate::error::SignerError;
use crate::secret::Secret;

/// What kind of key to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKindToMake {
    /// RSA, 2048 bits: what every firmware takes.
    Rsa2048,
    /// RSA, 3072 bits.
    Rsa3072,
    /// RSA, 4096 bits.
    Rsa4096,
    /// ECDSA on P-256; not every firmware takes it.
    P256,
    /// ECDSA on P-384; not every firmware takes it.
    P384,
}

/// A private key in memory. It is wiped when dropped and never shown.
pub struct SoftwareKey(Kind);

enum Kind {
    Rsa(Box<rsa::PrivateKey>),
    P256(Box<p256::ecdsa::SigningKey>),
    P384(Box<p384::ecdsa::SigningKey>),
}

impl SoftwareKey {
    /// A new key from the system's random numbers.
    ///
    /// # Errors
    /// [`SignerError::Randomness`].
    pub fn generate(kind: KeyKindToMake) -> Result<Self, SignerError> {
        let rsa = |bits| {
            rsa::PrivateKey::new(&mut SysRng, bits)
                .map(|key| Self(Kind::Rsa(Box::new(key))))
                .map_err(|_| SignerError::Randomness)
        };
        match kind {
            KeyKindToMake::Rsa2048 => rsa(2048),
            KeyKindToMake::Rsa3072 => rsa(3072),
            KeyKindToMake::Rsa4096 => rsa(4096),
            KeyKindToMake::P256 => p256::ecdsa::SigningKey::try_generate_from_rng(&mut SysRng)
                .map(|key| Self(Kind::P256(Box::new(key))))
                .map_err(|_| SignerError::Randomness),
            KeyKindToMake::P384 => p384::ecdsa::SigningKey::try_generate_from_rng(&mut SysRng)
                .map(|key| Self(Kind::P384(Box::new(key))))
                .map_err(|_| SignerError::Randomness),
        }
    }

    /// From PEM: PKCS #8, also encrypted, PKCS #1 (RSA) or SEC 1 (EC). `place` names it in errors;
    /// `passphrase` is looked for only if the key is encrypted.
    ///
    /// # Errors
    /// [`SignerError::Key`] for another kind, or RSA below 2048 bits; [`SignerError::Passphrase`].
    pub fn from_pem(text: &str, place: &str, passphrase: &Secret) -> Result<Self, SignerError> {
        let failed = |what| SignerError::Key {
            place: place.to_owned(),
            what,
        };
        if text.contains("Proc-Type: 4,ENCRYPTED") {
            return Err(failed(
                "it is encrypted in the old way of OpenSSL, which is easily guessed; \
                 `openssl pkcs8 -topk8` makes PKCS #8 of it",
            ));
        }
        let block = |label: &str| -> Result<Option<Zeroizing<Vec<u8>>>, SignerError> {
            let blocks = pem::blocks(text, label).map_err(failed)?;
            Ok(blocks.into_iter().next().map(Zeroizing::new))
        };
        let kind = if let Some(der) = block("PRIVATE KEY")? {
            from_pkcs8(&der)
        } else if let Some(der) = block("ENCRYPTED PRIVATE KEY")? {
            from_pkcs8(decrypt(&der, place, passphrase)?.as_bytes())
        } else if let Some(der) = block("RSA PRIVATE KEY")? {
            rsa::PrivateKey::from_pkcs1_der(&der)
                .ok()
                .map(|key| Kind::Rsa(Box::new(key)))
        } else if let Some(der) = block("EC PRIVATE KEY")? {
            if let Ok(key) = p256::SecretKey::from_sec1_der(&der) {
                Some(Kind::P256(Box::new(key.into())))
            } else {
                p384::SecretKey::from_sec1_der(&der)
                    .ok()
                    .map(|key| Kind::P384(Box::new(key.into())))
            }
        } else {
            return Err(failed("no block of a private key in PEM"));
        };
        let key = Self(kind.ok_or_else(|| failed("neither RSA nor on P-256 or P-384"))?);
        if let Kind::Rsa(rsa) = &key.0 {
            use rsa::traits::PublicKeyParts;
            if !(2048..=4096).contains(&(rsa.size() * 8)) {
                return Err(failed("an RSA key must have 2048 to 4096 bits"));
            }
        }
        Ok(key)
    }

    /// PKCS #8 as PEM, unencrypted.
    ///
    /// # Errors
    /// [`SignerError::Key`]; never for a key that was made or read here.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, SignerError> {
        let der = match &self.0 {
            Kind::Rsa(key) => key.to_pkcs8_der(),
            Kind::P256(key) => key.to_pkcs8_der(),
            Kind::P384(key) => key.to_pkcs8_der(),
        };
        let der = der.map_err(|_| cannot_encode())?;
        Ok(Zeroizing::new(pem::encode("PRIVATE KEY", der.as_bytes())))
    }

    /// SubjectPublicKeyInfo, as DER.
    ///
    /// # Errors
    /// [`SignerError::Key`]; never for a key that was made or read here.
    pub fn public_key_der(&self) -> Result<Vec<u8>, SignerError> {
        let der = match &self.0 {
            Kind::Rsa(key) => key.to_public_key().to_public_key_der(),
            Kind::P256(key) => key.verifying_key().to_public_key_der(),
            Kind::P384(key) => key.verifying_key().to_public_key_der(),
        };
        der.map(|der| der.as_bytes().to_vec())
            .map_err(|_| cannot_encode())
    }

    /// The signature over the digest of `message`.
    ///
    /// # Errors
    /// [`SignError::Refused`] for SHA-1, [`SignError::Unavailable`] without random numbers.
    pub fn sign(&self, algorithm: DigestAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let scheme = match algorithm {
            DigestAlgorithm::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
            DigestAlgorithm::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
            DigestAlgorithm::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
            other => {
                return Err(SignError::Refused {
                    reason: format!("{other} is not signed with"),
                });
            }
        };
        let digest = algorithm.digest(&[message]);
        let digest = digest.as_bytes();
        let failed = |reason: &str| SignError::Unavailable {
            reason: reason.to_owned(),
        };
        match &self.0 {
            // Blinded with random numbers, so that the time it takes tells nothing of the key.
            Kind::Rsa(key) => key
                .sign_with_rng(&mut SysRng, scheme, digest)
                .map_err(|_| failed("the RSA operation failed")),
            Kind::P256(key) => {
                let signature: Result<p256::ecdsa::Signature, _> = key.sign_prehash(digest);
                let signature = signature.map_err(|_| failed("the ECDSA operation failed"))?;
                Ok(signature.to_der().as_bytes().to_vec())
            }
            Kind::P384(key) => {
                let signature: Result<p384::ecdsa::Signature, _> = key.sign_prehash(digest);
                let signature = signature.map_err(|_| failed("the ECDSA operation failed"))?;
                Ok(signature.to_der().as_bytes().to_vec())
            }
        }
    }
}

fn from_pkcs8(der: &[u8]) -> Option<Kind> {
    if let Ok(key) = rsa::PrivateKey::from_pkcs8_der(der) {
        Some(Kind::Rsa(Box::new(key)))
    } else if let Ok(key) = p256::ecdsa::SigningKey::from_pkcs8_der(der) {
        Some(Kind::P256(Box::new(key)))
    } else {
        p384::ecdsa::SigningKey::from_pkcs8_der(der)
            .ok()
            .map(|key| Kind::P384(Box::new(key)))
    }
}

/// PBES2 (RFC 8018) with a key derived by PBKDF2 or scrypt: what today's tools write.
fn decrypt(der: &[u8], place: &str, passphrase: &Secret) -> Result<SecretDocument, SignerError> {
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| SignerError::Key {
        place: place.to_owned(),
        what: "it is encrypted in an unknown way",
    })?;
    let passphrase = passphrase.reveal(&format!("passphrase of {place}: "))?;
    encrypted
        .decrypt(passphrase.as_bytes())
        .map_err(|_| SignerError::Passphrase {
            place: place.to_owned(),
        })
}

fn cannot_encode() -> SignerError {
    SignerError::Key {
        place: "memory".to_owned(),
        what: "it cannot be encoded",
    }
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SoftwareKey(…)")
    }
}

/// Signs with a key in memory.
#[derive(Debug)]
pub struct SoftwareSigner {
    key: SoftwareKey,
    certificate: Certificate,
    chain: Vec<Certificate>,
}

impl SoftwareSigner {
    /// `certificates`: the key's own first, then those to be put beside it.
    ///
    /// # Errors
    /// [`SignerError::Mismatch`] when the first is not for this key;
    /// [`SignerError::Certificate`] when there is none.
    pub fn new(key: SoftwareKey, certificates: Vec<Certificate>) -> Result<Self, SignerError> {
        let mut certificates = certificates.into_iter();
        let certificate = certificates.next().ok_or_else(|| SignerError::Key {
            place: "memory".to_owned(),
            what: "there is no certificate for it",
        })?;
        if certificate.public_key_der() != key.public_key_der()? {
            return Err(SignerError::Mismatch {
                subject: certificate.subject().to_string(),
                place: "memory".to_owned(),
            });
        }
        Ok(Self {
            key,
            certificate,
            chain: certificates.collect(),
        })
    }
}

impl Signer for SoftwareSigner {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn sign(&self, request: &SigningRequest<'_>) -> Result<Vec<u8>, SignError> {
        self.key.sign(request.algorithm, request.message)
    }
}

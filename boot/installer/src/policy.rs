//! Signed policies over PCR 11, as systemd keeps them in a file or a section `.pcrsig`.
//!
//! What is sealed to the key of such policies, rather than to a value, opens for every image whose values the
//! key signed: an update locks nothing.
//!
//! Source: systemd-measure(1), systemd-cryptenroll(1) (`--tpm2-public-key=`).

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use snowguard_boot_format::digest::{Digest, DigestAlgorithm};
use snowguard_boot_format::pcr::{Pcr, usual_paths};
use snowguard_boot_format::policy;
use snowguard_boot_format::signer::Signer;
use snowguard_boot_format::x509::{Certificate, KeyKind};

use crate::error::ForgeError;

/// The register that the stub measures an image into.
pub const REGISTER: u8 = 11;

/// Signed policies, by bank.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Signatures(BTreeMap<String, Vec<Signature>>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Signature {
    pcrs: Vec<u8>,
    /// Fingerprint of the key.
    pkfp: String,
    /// Digest of the policy.
    pol: String,
    /// Base 64.
    sig: String,
}

impl Signatures {
    /// Reads a file or section.
    ///
    /// # Errors
    /// [`ForgeError`] when it is of another form.
    pub fn parse(bytes: &[u8]) -> Result<Self, ForgeError> {
        // A section of an image may be filled up.
        serde_json::from_slice(bytes.trim_ascii_end())
            .map_err(|error| ForgeError(format!("no signed policies: {error}")))
    }

    /// The content of a file or section.
    ///
    /// # Errors
    /// [`ForgeError`], which doesn't happen to texts and numbers.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ForgeError> {
        let mut text = serde_json::to_vec(self).map_err(failed)?;
        text.push(b'\n');
        Ok(text)
    }

    /// How many there are for a bank.
    #[must_use]
    pub fn count(&self, bank: DigestAlgorithm) -> usize {
        self.0.get(bank.name()).map_or(0, Vec::len)
    }

    /// Whether the key of this certificate is named with a policy for this value of the register. Whether the
    /// signature is good is for the TPM to say.
    ///
    /// # Errors
    /// [`ForgeError`] for a certificate without a readable key.
    pub fn names(&self, certificate: &Certificate, value: &Pcr) -> Result<bool, ForgeError> {
        let (pkfp, pol) = (fingerprint(certificate)?, digest(value)?.to_string());
        let of_bank = self.0.get(value.algorithm().name());
        Ok(of_bank.into_iter().flatten().any(|signature| {
            signature.pcrs == [REGISTER] && signature.pkfp == pkfp && signature.pol == pol
        }))
    }
}

impl fmt::Display for Signatures {
    /// The file's own form: whoever wants it for people has `measure`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

/// A key that signs policies.
pub struct PolicyKey {
    signer: Box<dyn Signer>,
}

impl PolicyKey {
    /// With this signer.
    ///
    /// # Errors
    /// [`ForgeError`] for a key that no TPM is given.
    pub fn new(signer: Box<dyn Signer>) -> Result<Self, ForgeError> {
        let key = signer.certificate().public_key().map_err(failed)?;
        if !matches!(key.kind(), KeyKind::Rsa { .. }) {
            return Err(ForgeError(format!(
                "systemd gives a TPM such policies with RSA keys only, and this is {}",
                key.kind()
            )));
        }
        Ok(Self { signer })
    }

    /// The key's certificate.
    pub fn certificate(&self) -> &Certificate {
        self.signer.certificate()
    }

    /// The content of `.pcrpkey`: the public key in PEM.
    #[must_use]
    pub fn public_key(&self) -> String {
        let der = self.certificate().public_key_der();
        snowguard_boot_format::pem::encode("PUBLIC KEY", der)
    }

    /// Signs the policy "the register has this value" and adds it, unless the same is there.
    ///
    /// # Errors
    /// [`ForgeError`] when the signer refuses, or what it gives is not by the certificate's key.
    pub fn sign(&self, to: &mut Signatures, value: &Pcr) -> Result<(), ForgeError> {
        let policy = digest(value)?;
        let request = policy::request(&policy);
        let signature = self
            .signer
            .sign(&request)
            .map_err(|error| ForgeError(format!("cannot sign the policy: {error}")))?;
        self.certificate()
            .public_key()
            .map_err(failed)?
            .verify(request.algorithm, request.message, &signature)
            .map_err(|_| {
                ForgeError("the policy's signature is not by the key of its certificate".to_owned())
            })?;
        let signed = Signature {
            pcrs: vec![REGISTER],
            pkfp: fingerprint(self.certificate())?,
            pol: policy.to_string(),
            sig: STANDARD.encode(signature),
        };
        let of_bank = to.0.entry(value.algorithm().name().to_owned()).or_default();
        if !of_bank.contains(&signed) {
            of_bank.push(signed);
        }
        Ok(())
    }

    /// Signs for each phase of a usual boot after the kernel's start, where the register has this value.
    ///
    /// # Errors
    /// As [`Self::sign`].
    pub fn sign_usual(&self, start: &Pcr) -> Result<Signatures, ForgeError> {
        let mut signatures = Signatures::default();
        for path in usual_paths(1) {
            self.sign(&mut signatures, &start.after(&path))?;
        }
        Ok(signatures)
    }

    /// Whether these are what [`Self::sign_usual`] would sign, and nothing else.
    ///
    /// # Errors
    /// As [`Signatures::names`].
    pub fn are_usual(&self, signatures: &Signatures, start: &Pcr) -> Result<bool, ForgeError> {
        let paths: Vec<String> = usual_paths(1).collect();
        if signatures.0.len() != 1 || signatures.count(start.algorithm()) != paths.len() {
            return Ok(false);
        }
        for path in paths {
            if !signatures.names(self.certificate(), &start.after(&path))? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn digest(value: &Pcr) -> Result<Digest, ForgeError> {
    policy::pcr_policy(REGISTER, value).ok_or_else(|| ForgeError("no such register".to_owned()))
}

fn fingerprint(certificate: &Certificate) -> Result<String, ForgeError> {
    Ok(policy::key_fingerprint(certificate)
        .map_err(failed)?
        .to_string())
}

fn failed(error: impl fmt::Display) -> ForgeError {
    ForgeError(error.to_string())
}

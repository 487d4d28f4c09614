//! Policies over PCRs that a key signs, so that what is sealed to the key opens for every image it signed for.
//!
//! Sources: TPM 2.0 Library, part 3, 23.7 (TPM2_PolicyPCR) and 23.16 (TPM2_PolicyAuthorize);
//! systemd-measure(1) for what a signature file holds.

use alloc::vec::Vec;

use crate::digest::{Digest, DigestAlgorithm};
use crate::pcr::Pcr;
use crate::signer::{Purpose, SigningRequest};
use crate::x509::{Certificate, CertificateError};

/// `TPM_CC_PolicyPCR`.
const POLICY_PCR: u32 = 0x0000_017f;
/// Bytes of a selection's map: 24 registers.
const SELECTION: u8 = 3;

/// The policy "this register of this bank has this value", as its digest is in a session of SHA-256.
///
/// `None` for a register that no TPM has (24 and above).
pub fn pcr_policy(register: u8, value: &Pcr) -> Option<Digest> {
    if register >= SELECTION.saturating_mul(8) {
        return None;
    }
    let map = 1_u32.checked_shl(register.into())?.to_le_bytes();
    let mut selection = Vec::new();
    selection.extend_from_slice(&1_u32.to_be_bytes());
    selection.extend_from_slice(&value.algorithm().tpm_id().to_be_bytes());
    selection.push(SELECTION);
    selection.extend(map.iter().take(SELECTION.into()));
    let session = DigestAlgorithm::Sha256;
    let values = session.digest(&[value.as_bytes()]);
    Some(session.digest(&[
        &[0; 32],
        &POLICY_PCR.to_be_bytes(),
        &selection,
        values.as_bytes(),
    ]))
}

/// What a signer is asked for a policy. The TPM verifies with SHA-256 whatever the bank.
pub fn request(policy: &Digest) -> SigningRequest<'_> {
    SigningRequest {
        purpose: Purpose::PcrPolicy,
        algorithm: DigestAlgorithm::Sha256,
        message: policy.as_bytes(),
    }
}

/// The fingerprint by which a signature file names the key: SHA-256 of the key in its own form (for RSA that of
/// PKCS #1), without the frame of SubjectPublicKeyInfo.
///
/// # Errors
/// [`CertificateError::Malformed`].
pub fn key_fingerprint(certificate: &Certificate) -> Result<Digest, CertificateError> {
    Ok(DigestAlgorithm::Sha256.digest(&[certificate.bare_public_key()?]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `tpm2_policypcr -l sha256:11 -L FILE` of tpm2-tools 5.4 with a fresh TPM, and `-l sha384:11`.
    #[test]
    fn the_digest_is_that_of_a_trial_session() {
        for (bank, expected) in [
            (
                DigestAlgorithm::Sha256,
                "fd32fa22c52cfc8e1a0c29eb38519f87084cab0b04b0d8f020a4d38b2f4e223e",
            ),
            (
                DigestAlgorithm::Sha384,
                "78f1a8604242075b253973d382cbb75792a383bcb1eac016cff2c49dac6eeeaa",
            ),
        ] {
            let zero = Pcr::new(bank);
            let policy = pcr_policy(11, &zero).map(|digest| alloc::format!("{digest}"));
            assert_eq!(policy.as_deref(), Some(expected));
            assert_eq!(pcr_policy(24, &zero), None);
        }
    }
}

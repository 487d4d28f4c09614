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

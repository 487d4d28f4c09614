//! Object identifiers that occur, as their encoded arcs.

use crate::digest::DigestAlgorithm;

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident = $arcs:expr;)+) => {
        $($(#[$doc])* pub(crate) const $name: &[u8] = &$arcs;)+
    };
}

identifiers! {
    /// 1.2.840.113549.1.1.1
    RSA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    /// 1.2.840.113549.1.1.5
    SHA1_WITH_RSA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5];
    /// 1.2.840.113549.1.1.11
    SHA256_WITH_RSA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
    /// 1.2.840.113549.1.1.12
    SHA384_WITH_RSA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12];
    /// 1.2.840.113549.1.1.13
    SHA512_WITH_RSA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13];
    /// 1.2.840.10045.2.1
    EC_PUBLIC_KEY = [0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    /// 1.2.840.10045.3.1.7
    P256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    /// 1.3.132.0.34
    P384 = [0x2b, 0x81, 0x04, 0x00, 0x22];
    /// 1.2.840.10045.4.3.2
    ECDSA_SHA256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    /// 1.2.840.10045.4.3.3
    ECDSA_SHA384 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3];
    /// 1.2.840.10045.4.3.4
    ECDSA_SHA512 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4];
    /// 1.3.14.3.2.26
    SHA1 = [0x2b, 0x0e, 3, 2, 0x1a];
    /// 2.16.840.1.101.3.4.2.1
    SHA256 = [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
    /// 2.16.840.1.101.3.4.2.2
    SHA384 = [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2];
    /// 2.16.840.1.101.3.4.2.3
    SHA512 = [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3];
    /// 1.2.840.113549.1.7.1
    DATA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
    /// 1.2.840.113549.1.7.2
    SIGNED_DATA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    /// 1.2.840.113549.1.9.3
    CONTENT_TYPE = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3];
    /// 1.2.840.113549.1.9.4
    MESSAGE_DIGEST = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4];
    /// 1.2.840.113549.1.9.5
    SIGNING_TIME = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 5];
    /// 1.3.6.1.4.1.311.2.1.4
    SPC_INDIRECT_DATA = [0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 4];
    /// 1.3.6.1.4.1.311.2.1.12
    SPC_OPUS_INFO = [0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 12];
    /// 1.3.6.1.4.1.311.2.1.15
    SPC_PE_IMAGE_DATA = [0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 15];
    /// 2.5.4.3
    COMMON_NAME = [0x55, 4, 3];
    /// 2.5.29.14
    SUBJECT_KEY_IDENTIFIER = [0x55, 0x1d, 14];
    /// 2.5.29.15
    KEY_USAGE = [0x55, 0x1d, 15];
    /// 2.5.29.19
    BASIC_CONSTRAINTS = [0x55, 0x1d, 19];
}

/// The identifier of a digest algorithm.
pub(crate) fn of_digest(algorithm: DigestAlgorithm) -> &'static [u8] {
    match algorithm {
        DigestAlgorithm::Sha1 => SHA1,
        DigestAlgorithm::Sha256 => SHA256,
        DigestAlgorithm::Sha384 => SHA384,
        DigestAlgorithm::Sha512 => SHA512,
    }
}

/// The digest algorithm of an identifier.
pub(crate) fn digest(arcs: &[u8]) -> Option<DigestAlgorithm> {
    use DigestAlgorithm::{Sha1, Sha256, Sha384, Sha512};
    [Sha1, Sha256, Sha384, Sha512]
        .into_iter()
        .find(|algorithm| of_digest(*algorithm) == arcs)
}

/// The digest algorithm of a certificate's signature algorithm.
pub(crate) fn digest_of_signature(arcs: &[u8]) -> Option<DigestAlgorithm> {
    Some(match arcs {
        a if a == SHA1_WITH_RSA => DigestAlgorithm::Sha1,
        a if a == SHA256_WITH_RSA || a == ECDSA_SHA256 => DigestAlgorithm::Sha256,
        a if a == SHA384_WITH_RSA || a == ECDSA_SHA384 => DigestAlgorithm::Sha384,
        a if a == SHA512_WITH_RSA || a == ECDSA_SHA512 => DigestAlgorithm::Sha512,
        _ => return None,
    })
}

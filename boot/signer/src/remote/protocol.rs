//! What is said between client and server.

use serde::{Deserialize, Serialize};
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::signer::Purpose;

/// The largest question: certificates with long lists are some hundred KB.
pub const MAX_BODY: usize = 1 << 20;

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PurposeName {
    /// An image's signature.
    Image,
    /// An EFI variable's new content.
    Variable,
    /// A certificate.
    Certificate,
    /// A TPM policy over PCRs.
    PcrPolicy,
}

/// A question.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignQuestion {
    /// The key's name at the server.
    pub key: String,
    /// What for.
    pub purpose: PurposeName,
    /// `sha256`, `sha384` or `sha512`.
    pub algorithm: String,
    /// The message, in base 64.
    pub message: String,
    /// For an image: the SpcIndirectData's value, in base 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

/// The answer to a good one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignAnswer {
    /// The signature, in base 64.
    pub signature: String,
}

/// A key's certificates.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeyAnswer {
    /// The key's own first, then those to be put beside it; PEM.
    pub certificates: Vec<String>,
}

/// The answer to any other.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refusal {
    /// Why.
    pub error: String,
}

impl PurposeName {
    /// The name of a purpose; `None` for one that is not asked of others.
    pub fn of(purpose: Purpose<'_>) -> Option<Self> {
        Some(match purpose {
            Purpose::Image { .. } => Self::Image,
            Purpose::Variable => Self::Variable,
            Purpose::Certificate => Self::Certificate,
            Purpose::PcrPolicy => Self::PcrPolicy,
            _ => return None,
        })
    }

    /// The purpose; `None` for an image without content.
    pub fn purpose(self, content: Option<&[u8]>) -> Option<Purpose<'_>> {
        Some(match self {
            Self::Image => Purpose::Image { content: content? },
            Self::Variable => Purpose::Variable,
            Self::Certificate => Purpose::Certificate,
            Self::PcrPolicy => Purpose::PcrPolicy,
        })
    }
}

/// The algorithm of a question.
pub fn algorithm(name: &str) -> Option<DigestAlgorithm> {
    DigestAlgorithm::named(name).filter(|algorithm| *algorithm != DigestAlgorithm::Sha1)
}

//! EFI_VARIABLE_AUTHENTICATION_2: a variable's new content with the signature that allows it.

use alloc::string::String;
use alloc::vec::Vec;

use super::{GLOBAL, IMAGE_SECURITY, SHIM};
use crate::bytes::{slice, u16_at, u32_at};
use crate::cms::{self, CmsError, Parts, SignedData};
use crate::digest::DigestAlgorithm;
use crate::guid::Guid;
use crate::oid;
use crate::signer::{Purpose, SignError, Signer, SigningRequest};
use crate::time::Time;
use crate::x509::Certificate;

/// Bytes of EFI_TIME.
const TIME: usize = 16;
/// Bytes of WIN_CERTIFICATE_UEFI_GUID before its data.
const CERTIFICATE_HEADER: usize = 24;
const REVISION: u16 = 0x0200;
const TYPE_EFI_GUID: u16 = 0x0ef1;
/// `EFI_CERT_TYPE_PKCS7_GUID`.
const PKCS7: Guid = Guid::from_bytes([
    0x9d, 0xd2, 0xaf, 0x4a, 0xdf, 0x68, 0xee, 0x49, 0x8a, 0xa9, 0x34, 0x7d, 0x37, 0x56, 0x65, 0xa7,
]);

/// A variable of Secure Boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VariableName {
    /// Platform key: who may change KEK.
    Pk,
    /// Key exchange keys: who may change db and dbx.
    Kek,
    /// What may boot.
    Db,
    /// What may not.
    Dbx,
    /// shim's own list, as its runtime copy.
    Mok,
}

impl VariableName {
    /// As EFI has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pk => "PK",
            Self::Kek => "KEK",
            Self::Db => "db",
            Self::Dbx => "dbx",
            Self::Mok => "MokListRT",
        }
    }

    /// Its vendor.
    pub const fn vendor(self) -> Guid {
        match self {
            Self::Pk | Self::Kek => GLOBAL,
            Self::Db | Self::Dbx => IMAGE_SECURITY,
            Self::Mok => SHIM,
        }
    }
}

/// A variable's attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes(pub u32);

impl Attributes {
    /// Of the signature variables: non-volatile, for boot and run time, time-based authentication.
    pub const SECURE_BOOT: Self = Self(0x27);
    /// As that, appending instead of replacing.
    pub const APPEND: Self = Self(0x67);
}

/// What is to be written, and what of it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticatedWrite<'a> {
    /// Which variable.
    pub variable: VariableName,
    /// With which attributes; [`Attributes::APPEND`] adds to what is there.
    pub attributes: Attributes,
    /// Must be later than that of the last write, except when appending.
    pub time: Time,
    /// The new content; empty deletes the variable.
    pub content: &'a [u8],
}

/// A variable's new content with its authorisation, as it is handed to `SetVariable`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticatedVariable {
    /// When it was made.
    pub time: Time,
    /// The certificates in the signature; the first that signed is [`signer`](Self::signer).
    signed_data: Vec<u8>,
    /// The new content.
    pub content: Vec<u8>,
}

impl AuthenticatedWrite<'_> {
    /// What is signed: name, vendor, attributes, time, content (UEFI 2.10, 8.2.2).
    pub fn message(&self) -> Vec<u8> {
        let mut message: Vec<u8> = self
            .variable
            .name()
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        message.extend_from_slice(self.variable.vendor().as_bytes());
        message.extend(self.attributes.0.to_le_bytes());
        message.extend(efi_time(self.time));
        message.extend_from_slice(self.content);
        message
    }

    /// Signs it. SHA-256 always: firmware takes no other.
    ///
    /// # Errors
    /// [`AuthorisationError`]; the signature is verified against the signer's certificate.
    pub fn sign(&self, signer: &dyn Signer) -> Result<AuthenticatedVariable, AuthorisationError> {
        let message = self.message();
        let algorithm = DigestAlgorithm::Sha256;
        let signature = signer.sign(&SigningRequest {
            purpose: Purpose::Variable,
            algorithm,
            message: &message,
        })?;
        signer
            .certificate()
            .public_key()
            .and_then(|key| key.verify(algorithm, &message, &signature))
            .map_err(CmsError::from)?;
        let signed_data = cms::signed_data(&Parts {
            algorithm,
            content_type: oid::DATA,
            content: None,
            attributes: None,
            certificate: signer.certificate(),
            chain: signer.chain(),
            signature: &signature,
        })?;
        Ok(AuthenticatedVariable {
            time: self.time,
            signed_data,
            content: self.content.to_vec(),
        })
    }
}

/// Why a variable's new content is not authorised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorisationError {
    /// Not an EFI_VARIABLE_AUTHENTICATION_2.
    #[error("not an authenticated variable: the {what} cannot be read")]
    Malformed {
        /// The part.
        what: &'static str,
    },
    /// The signature is of no use.
    #[error(transparent)]
    Cms(#[from] CmsError),
    /// No signature came.
    #[error(transparent)]
    Signer(#[from] SignError),
}

impl AuthenticatedVariable {
    /// Reads the descriptor and the content after it.
    ///
    /// # Errors
    /// [`AuthorisationError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, AuthorisationError> {
        let malformed = |what| AuthorisationError::Malformed { what };
        let time = slice(bytes, 0, TIME)
            .and_then(read_efi_time)
            .ok_or(malformed("time"))?;
        let length = u32_at(bytes, TIME)
            .and_then(|length| usize::try_from(length).ok())
            .ok_or(malformed("certificate's length"))?;
        let certificate = slice(bytes, TIME, length).ok_or(malformed("certificate's length"))?;
        let known = u16_at(certificate, 4) == Some(REVISION)
            && u16_at(certificate, 6) == Some(TYPE_EFI_GUID)
            && Guid::read(certificate, 8) == Some(PKCS7);
        let signed_data = certificate
            .get(CERTIFICATE_HEADER..)
            .filter(|_| known)
            .ok_or(malformed("certificate's kind"))?;
        let content = bytes.get(TIME.saturating_add(length)..).unwrap_or_default();
        Ok(Self {
            time,
            signed_data: signed_data.to_vec(),
            content: content.to_vec(),
        })
    }

    /// The bytes for `SetVariable`, or for a file named `.auth`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let length = CERTIFICATE_HEADER.saturating_add(self.signed_data.len());
        let mut out = efi_time(self.time).to_vec();
        out.extend(u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        out.extend(REVISION.to_le_bytes());
        out.extend(TYPE_EFI_GUID.to_le_bytes());
        out.extend_from_slice(PKCS7.as_bytes());
        out.extend_from_slice(&self.signed_data);
        out.extend_from_slice(&self.content);
        out
    }

    /// Verifies the signature for writing this variable with these attributes, and gives the
    /// certificate that signed. Whether it may is the caller's to decide.
    ///
    /// # Errors
    /// [`AuthorisationError::Cms`].
    pub fn verify(
        &self,
        variable: VariableName,
        attributes: Attributes,
    ) -> Result<Certificate, AuthorisationError> {
        let message = AuthenticatedWrite {
            variable,
            attributes,
            time: self.time,
            content: &self.content,
        }
        .message();
        let signed = SignedData::parse(&self.signed_data)?;
        let [signer] = signed.signers.as_slice() else {
            return Err(AuthorisationError::Malformed {
                what: "number of signatures",
            });
        };
        Ok(signed.verify(signer, &message)?.clone())
    }
}

/// EFI_TIME with everything zero that authenticated variables must have zero.
fn efi_time(time: Time) -> [u8; TIME] {
    let (year, month, day) = time.date();
    let (hour, minute, second) = time.time_of_day();
    let small = |value: i64| u8::try_from(value).unwrap_or_default();
    let [low, high] = u16::try_from(year).unwrap_or_default().to_le_bytes();
    [
        low,
        high,
        small(month),
        small(day),
        small(hour),
        small(minute),
        small(second),
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
    ]
}

fn read_efi_time(bytes: &[u8]) -> Option<Time> {
    let [low, high, month, day, hour, minute, second, zeros @ ..] = bytes else {
        return None;
    };
    if zeros.iter().any(|byte| *byte != 0) {
        return None;
    }
    Time::from_parts(
        (
            i64::from(u16::from_le_bytes([*low, *high])),
            i64::from(*month),
            i64::from(*day),
        ),
        (i64::from(*hour), i64::from(*minute), i64::from(*second)),
    )
}

/// A file name for a variable in efivarfs: `db-d719b2cb-…`.
impl VariableName {
    /// `name-vendor`.
    pub fn file_name(self) -> String {
        alloc::format!("{}-{}", self.name(), self.vendor())
    }
}

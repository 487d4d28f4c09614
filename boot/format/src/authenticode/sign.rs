//! Signing.

use alloc::vec::Vec;

use super::{AuthenticodeError, attach, digest_to_sign, indirect};
use crate::cms::{self, CmsError, Parts};
use crate::der::{self, Reader, sequence, tag};
use crate::digest::{Digest, DigestAlgorithm};
use crate::oid;
use crate::pe::File;
use crate::signer::{Purpose, Signer, SigningRequest};
use crate::time::Time;
use crate::x509::Certificate;

/// What has to be signed for one image, made without any key. It can be carried to where the key
/// is, and the signature carried back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preparation {
    digest: Digest,
    content: Vec<u8>,
    attributes: Vec<u8>,
}

impl Preparation {
    /// For an image, with the digest algorithm of both the image's digest and the signature.
    /// `time` is the signing time to state; without one, the same key gives the same bytes again.
    ///
    /// # Errors
    /// [`AuthenticodeError`] when the image cannot be signed.
    pub fn new(
        file: &File<'_>,
        algorithm: DigestAlgorithm,
        time: Option<Time>,
    ) -> Result<Self, AuthenticodeError> {
        if algorithm == DigestAlgorithm::Sha1 {
            return Err(AuthenticodeError::WeakAlgorithm(algorithm));
        }
        if file.headers().certificates_offset().is_none() {
            return Err(AuthenticodeError::NoDirectory);
        }
        let gaps = file.gaps();
        if gaps != 0 {
            return Err(AuthenticodeError::Gaps { count: gaps });
        }
        let digest = digest_to_sign(file, algorithm)?;
        Self::from_digest(digest, time)
    }

    fn from_digest(digest: Digest, time: Option<Time>) -> Result<Self, AuthenticodeError> {
        let content = indirect::encode(&digest);
        let value = value_of(&content)?;
        let signed = digest.algorithm().digest(&[value]);
        let mut further = alloc::vec![(oid::SPC_OPUS_INFO, sequence(&[]))];
        further.extend(time.map(|time| (oid::SIGNING_TIME, der::utc_time(time))));
        let attributes = cms::attributes(oid::SPC_INDIRECT_DATA, &signed, further);
        Ok(Self {
            digest,
            content,
            attributes,
        })
    }

    /// The image's digest.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The request for a [`Signer`].
    ///
    /// # Errors
    /// Never for what [`new`](Self::new) made.
    pub fn request(&self) -> Result<SigningRequest<'_>, AuthenticodeError> {
        Ok(SigningRequest {
            purpose: Purpose::Image {
                content: value_of(&self.content)?,
            },
            algorithm: self.digest.algorithm(),
            message: &self.attributes,
        })
    }

    /// The PKCS #7 signature, once the request is signed.
    ///
    /// # Errors
    /// [`AuthenticodeError::Cms`] when the signature is not by the certificate's key.
    pub fn finish(
        &self,
        certificate: &Certificate,
        chain: &[Certificate],
        signature: &[u8],
    ) -> Result<Vec<u8>, AuthenticodeError> {
        let algorithm = self.digest.algorithm();
        certificate
            .public_key()
            .and_then(|key| key.verify(algorithm, &self.attributes, signature))
            .map_err(CmsError::from)?;
        let signed = cms::signed_data(&Parts {
            algorithm,
            content_type: oid::SPC_INDIRECT_DATA,
            content: Some(&self.content),
            attributes: Some(&self.attributes),
            certificate,
            chain,
            signature,
        })?;
        Ok(cms::content_info(&signed))
    }

    /// What [`message`](SigningRequest::message) was made for an image earlier: as
    /// [`new`](Self::new), but with attributes that are given.
    ///
    /// # Errors
    /// [`AuthenticodeError::OtherImage`] when the attributes hold another image's digest.
    pub fn with_attributes(
        file: &File<'_>,
        algorithm: DigestAlgorithm,
        attributes: &[u8],
    ) -> Result<Self, AuthenticodeError> {
        let made = Self::new(file, algorithm, None)?;
        let value = value_of(&made.content)?;
        let expected = algorithm.digest(&[value]);
        let mut members = Reader::new(attributes)
            .inside(tag::SET, "signed attributes")
            .map_err(CmsError::from)?;
        let needle = der::octets(expected.as_bytes());
        while !members.is_empty() {
            let member = members
                .expect(tag::SEQUENCE, "signed attributes")
                .map_err(CmsError::from)?;
            let mut parts = Reader::new(member.content);
            let kind = parts.any("signed attributes").map_err(CmsError::from)?;
            let value = parts.any("signed attributes").map_err(CmsError::from)?;
            if kind.content == oid::MESSAGE_DIGEST && value.content == needle {
                return Ok(Self {
                    attributes: attributes.to_vec(),
                    ..made
                });
            }
        }
        Err(AuthenticodeError::Cms(CmsError::WrongContent))
    }
}

/// The value of one DER value.
fn value_of(der: &[u8]) -> Result<&[u8], AuthenticodeError> {
    Reader::new(der)
        .any("content")
        .map(|value| value.content)
        .map_err(|error| AuthenticodeError::Indirect { what: error.what })
}

/// Signs an image and appends the signature to those it has.
///
/// `image` is the whole file; it comes back longer, without having been copied. The cost is one
/// pass over it for the digest.
///
/// # Errors
/// [`AuthenticodeError`]; the signature is verified against the signer's certificate before it is
/// attached.
pub fn sign(
    image: Vec<u8>,
    signer: &dyn Signer,
    algorithm: DigestAlgorithm,
    time: Option<Time>,
) -> Result<Vec<u8>, AuthenticodeError> {
    let file = File::parse(&image)?;
    let prepared = Preparation::new(&file, algorithm, time)?;
    let signature = signer.sign(&prepared.request()?)?;
    let signed = prepared.finish(signer.certificate(), signer.chain(), &signature)?;
    attach(image, &signed)
}

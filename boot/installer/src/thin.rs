//! The program's forge: thin images around the firmware stub, signed with the machine's key.

use snowguard_boot_format::authenticode;
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::pcr::{Pcr, pcr11, usual_paths};
use snowguard_boot_format::pe::{File, SectionName};
use snowguard_boot_format::signer::Signer;
use snowguard_boot_format::uki::pinned::{INITRD_DIGEST, INITRD_PATH, KERNEL_DIGEST, KERNEL_PATH};
use snowguard_boot_format::uki::{Piece, Section, build, sbat};
use snowguard_boot_format::x509::Certificate;

use crate::digest::Digest;
use crate::error::ForgeError;
use crate::image::{Content, Forge, Read, Signature};
use crate::naming::{Payload, PayloadKind};
use crate::policy::{PolicyKey, Signatures};

/// Images and everything about signatures here have this digest.
const ALGORITHM: DigestAlgorithm = DigestAlgorithm::Sha256;

/// Makes thin images.
pub struct ThinForge {
    certificate: Certificate,
    maker: Option<Maker>,
}

/// What only somebody who installs has.
struct Maker {
    stub: Vec<u8>,
    signer: Box<dyn Signer>,
    policy_key: Option<PolicyKey>,
    generations: Vec<u8>,
}

impl ThinForge {
    /// Builds around this stub and signs with this signer.
    #[must_use]
    pub fn new(stub: Vec<u8>, signer: Box<dyn Signer>) -> Self {
        Self {
            certificate: signer.certificate().clone(),
            maker: Some(Maker {
                stub,
                signer,
                policy_key: None,
                generations: Vec::new(),
            }),
        }
    }

    /// Signs policies over PCR 11 with this key, and puts them and the key into each image.
    #[must_use]
    pub fn with_policy_key(mut self, key: PolicyKey) -> Self {
        if let Some(maker) = &mut self.maker {
            maker.policy_key = Some(key);
        }
        self
    }

    /// Puts these lines of `.sbat` behind those of the stub and the kernel.
    #[must_use]
    pub fn with_generations(mut self, lines: Vec<u8>) -> Self {
        if let Some(maker) = &mut self.maker {
            maker.generations = lines;
        }
        self
    }

    /// Only reads, and takes what this certificate's key signed for ours.
    #[must_use]
    pub fn reader(certificate: Certificate) -> Self {
        Self {
            certificate,
            maker: None,
        }
    }

    fn maker(&self) -> Result<&Maker, ForgeError> {
        let missing = || ForgeError("no signer was given".to_owned());
        self.maker.as_ref().ok_or_else(missing)
    }

    fn signature(&self, file: &File<'_>) -> Result<Signature, ForgeError> {
        let entries = authenticode::signatures(file).map_err(failed)?;
        let mut verdict = Signature::Missing;
        for entry in entries {
            let verified = entry
                .signature
                .and_then(|signature| signature.matches(file).map(|()| signature));
            match verified {
                Ok(signature) if signature.certificate == self.certificate => {
                    return Ok(Signature::Ours);
                }
                Ok(signature) => {
                    verdict = Signature::Other(signature.certificate.subject().to_string());
                }
                Err(error) if verdict == Signature::Missing => {
                    verdict = Signature::Broken(error.to_string());
                }
                Err(_) => {}
            }
        }
        Ok(verdict)
    }
}

impl Forge for ThinForge {
    fn assemble(&self, content: &Content) -> Result<Vec<u8>, ForgeError> {
        let maker = self.maker()?;
        let path = |payload: &Payload| payload.path().to_firmware();
        let kernel_path = path(&content.kernel);
        let initrd = content.initrd.map(|initrd| (path(&initrd), initrd.digest));
        let mut pieces = vec![
            Piece::new(Section::OsRelease, content.os_release.as_bytes()),
            Piece::new(Section::CommandLine, content.command_line.as_bytes()),
            Piece::named(name(KERNEL_PATH), kernel_path.as_bytes()),
            Piece::named(name(KERNEL_DIGEST), content.kernel.digest.as_bytes()),
        ];
        if let Some((path, digest)) = &initrd {
            pieces.push(Piece::named(name(INITRD_PATH), path.as_bytes()));
            pieces.push(Piece::named(name(INITRD_DIGEST), digest.as_bytes()));
        }
        let generations = maker.generations_with(&content.generations)?;
        if let Some(generations) = &generations {
            pieces.push(Piece::new(Section::Sbat, generations.as_bytes()));
        }
        let public_key = maker.policy_key.as_ref().map(PolicyKey::public_key);
        if let Some(key) = &public_key {
            pieces.push(Piece::new(Section::PcrPublicKey, key.as_bytes()));
        }
        build(&maker.stub, &pieces, &[]).map_err(failed)
    }

    fn finish(&self, assembled: &[u8]) -> Result<Vec<u8>, ForgeError> {
        let Some(key) = &self.maker()?.policy_key else {
            return self.sign(assembled);
        };
        let policies = key.sign_usual(&start(assembled)?)?.to_bytes()?;
        self.sign(&with_policies(assembled, &policies)?)
    }

    fn is_finished(&self, found: &Read, assembled: &[u8]) -> Result<bool, ForgeError> {
        match (&self.maker()?.policy_key, &found.policies) {
            (None, None) => Ok(digest(assembled)? == found.digest),
            (Some(key), Some(policies)) => {
                let Ok(signatures) = Signatures::parse(policies) else {
                    return Ok(false);
                };
                Ok(key.are_usual(&signatures, &start(assembled)?)?
                    && digest(&with_policies(assembled, policies)?)? == found.digest)
            }
            _ => Ok(false),
        }
    }

    fn sign(&self, unsigned: &[u8]) -> Result<Vec<u8>, ForgeError> {
        let signer = self.maker()?.signer.as_ref();
        // Without a time the same image gets the same signature from the same RSA key.
        authenticode::sign(unsigned.to_vec(), signer, ALGORITHM, None).map_err(failed)
    }

    fn read(&self, image: &[u8]) -> Result<Read, ForgeError> {
        let file = File::parse(image).map_err(failed)?;
        let content = content(&file);
        let pcr11 = match &content {
            Some(_) => {
                let value = pcr11(&file, ALGORITHM, 0, &[]).map_err(failed)?;
                let value = <[u8; 32]>::try_from(value.as_bytes()).map_err(failed)?;
                Some(Digest::from_bytes(value))
            }
            None => None,
        };
        let policies = file.section(Section::PcrSignature.name());
        Ok(Read {
            digest: digest_of(&file)?,
            content,
            signature: self.signature(&file)?,
            pcr11,
            policies: policies.map(|section| file.contents(&section).to_vec()),
        })
    }

    fn identity(&self) -> Vec<u8> {
        let mut identity = Digest::of(self.certificate.der()).as_bytes().to_vec();
        let maker = self.maker.as_ref();
        if maker.is_some_and(|maker| maker.policy_key.is_some()) {
            // The key itself stands in the image. Other phases or banks make another.
            identity.extend_from_slice(b" policies for sha256");
            identity.extend(usual_paths(1).flat_map(|path| format!(" {path}").into_bytes()));
        }
        identity
    }

    fn signer_name(&self) -> String {
        self.certificate.subject().to_string()
    }
}

impl Maker {
    /// `.sbat` of an image with such a kernel; `None` where there is nothing besides the stub's own.
    fn generations_with(&self, of_kernel: &[u8]) -> Result<Option<String>, ForgeError> {
        if of_kernel.is_empty() && self.generations.is_empty() {
            return Ok(None);
        }
        let stub = File::parse(&self.stub).map_err(failed)?;
        let of_stub = stub
            .section(Section::Sbat.name())
            .map_or(&[][..], |section| stub.contents(&section));
        let all = [of_stub, of_kernel, &self.generations];
        sbat::merge(&all).map(Some).map_err(failed)
    }
}

/// PCR 11 when the kernel starts.
///
/// The stub measures the bytes of kernel and initrd under the names `.linux` and `.initrd`, as a unified image would
/// have them; their digests are known.
fn start(image: &[u8]) -> Result<Pcr, ForgeError> {
    let file = File::parse(image).map_err(failed)?;
    pcr11(&file, ALGORITHM, 0, &[]).map_err(failed)
}

fn with_policies(assembled: &[u8], policies: &[u8]) -> Result<Vec<u8>, ForgeError> {
    let piece = Piece::new(Section::PcrSignature, policies);
    build(assembled, &[piece], &[]).map_err(failed)
}

fn digest(image: &[u8]) -> Result<Digest, ForgeError> {
    digest_of(&File::parse(image).map_err(failed)?)
}

fn digest_of(file: &File<'_>) -> Result<Digest, ForgeError> {
    let digest = authenticode::digest_to_sign(file, ALGORITHM).map_err(failed)?;
    let digest = <[u8; 32]>::try_from(digest.as_bytes()).map_err(failed)?;
    Ok(Digest::from_bytes(digest))
}

/// What a thin image boots; `None` when a part is missing or isn't as we write it.
fn content(file: &File<'_>) -> Option<Content> {
    let bytes = |section: SectionName| Some(file.contents(&file.section(section)?));
    let text = |section| Some(std::str::from_utf8(bytes(section)?).ok()?.to_owned());
    let payload = |kind, path, digest| {
        let digest = Digest::from_bytes(bytes(name(digest))?.try_into().ok()?);
        let payload = Payload { kind, digest };
        let is_ours = text(name(path))? == payload.path().to_firmware();
        is_ours.then_some(payload)
    };
    let initrd = match file.section(name(INITRD_DIGEST)) {
        None => None,
        Some(_) => Some(payload(PayloadKind::Initrd, INITRD_PATH, INITRD_DIGEST)?),
    };
    Some(Content {
        os_release: text(Section::OsRelease.name())?,
        command_line: text(Section::CommandLine.name())?,
        kernel: payload(PayloadKind::Kernel, KERNEL_PATH, KERNEL_DIGEST)?,
        initrd,
        generations: bytes(Section::Sbat.name()).unwrap_or_default().to_vec(),
    })
}

fn name(section: &str) -> SectionName {
    SectionName::new(section).expect("a name of at most eight bytes, written in the source")
}

fn failed(error: impl std::fmt::Display) -> ForgeError {
    ForgeError(error.to_string())
}

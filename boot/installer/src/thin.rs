//! The program's forge: thin images around the firmware stub, signed with the machine's key.

use snowguard_boot_format::authenticode;
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::pcr::pcr11;
use snowguard_boot_format::pe::{File, SectionName};
use snowguard_boot_format::signer::Signer;
use snowguard_boot_format::uki::pinned::{INITRD_DIGEST, INITRD_PATH, KERNEL_DIGEST, KERNEL_PATH};
use snowguard_boot_format::uki::{Piece, Section, build};
use snowguard_boot_format::x509::Certificate;

use crate::digest::Digest;
use crate::error::ForgeError;
use crate::image::{Content, Forge, Read, Signature};
use crate::naming::{Payload, PayloadKind};

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
}

impl ThinForge {
    /// Builds around this stub and signs with this signer.
    #[must_use]
    pub fn new(stub: Vec<u8>, signer: Box<dyn Signer>) -> Self {
        Self {
            certificate: signer.certificate().clone(),
            maker: Some(Maker { stub, signer }),
        }
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
        build(&self.maker()?.stub, &pieces, &[]).map_err(failed)
    }

    fn sign(&self, unsigned: &[u8]) -> Result<Vec<u8>, ForgeError> {
        let signer = self.maker()?.signer.as_ref();
        // Without a time the same image gets the same signature from the same RSA key.
        authenticode::sign(unsigned.to_vec(), signer, ALGORITHM, None).map_err(failed)
    }

    fn read(&self, image: &[u8]) -> Result<Read, ForgeError> {
        let file = File::parse(image).map_err(failed)?;
        let digest = authenticode::digest_to_sign(&file, ALGORITHM).map_err(failed)?;
        let digest = <[u8; 32]>::try_from(digest.as_bytes()).map_err(failed)?;
        Ok(Read {
            digest: Digest::from_bytes(digest),
            content: content(&file),
            signature: self.signature(&file)?,
        })
    }

    fn signer(&self) -> Digest {
        Digest::of(self.certificate.der())
    }

    fn signer_name(&self) -> String {
        self.certificate.subject().to_string()
    }

    /// The stub measures the bytes of kernel and initrd under the names `.linux` and `.initrd`, as a
    /// unified image would have them; their digests are known.
    fn pcr11(&self, content: &Content) -> Result<Digest, ForgeError> {
        // A reader has no stub, whose own sections are measured too.
        let image = self.assemble(content)?;
        let file = File::parse(&image).map_err(failed)?;
        let pcr = pcr11(&file, ALGORITHM, 0, &[]).map_err(failed)?;
        let value = <[u8; 32]>::try_from(pcr.as_bytes()).map_err(failed)?;
        Ok(Digest::from_bytes(value))
    }
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
    })
}

fn name(section: &str) -> SectionName {
    SectionName::new(section).expect("a name of at most eight bytes, written in the source")
}

fn failed(error: impl std::fmt::Display) -> ForgeError {
    ForgeError(error.to_string())
}

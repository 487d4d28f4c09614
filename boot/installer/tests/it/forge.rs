//! A forge of a few lines, for tests that are about files and not about signatures.

use snowguard_boot_installer::digest::Digest;
use snowguard_boot_installer::error::ForgeError;
use snowguard_boot_installer::image::{Content, Forge, Read, Signature};
use snowguard_boot_installer::naming::{Payload, PayloadKind};

pub struct Plain {
    pub key: &'static str,
    pub stub: String,
}

pub fn forge() -> Plain {
    Plain {
        key: "own key",
        stub: "stub 1".to_owned(),
    }
}

const MARK: &[u8] = b"\nsigned ";

impl Plain {
    fn seal(&self, unsigned: &[u8], key: &str) -> Digest {
        Digest::of(&[key.as_bytes(), unsigned].concat())
    }
}

impl Forge for Plain {
    fn assemble(&self, content: &Content) -> Result<Vec<u8>, ForgeError> {
        let initrd = content
            .initrd
            .map_or("none".to_owned(), |initrd| initrd.digest.to_string());
        let text = format!(
            "MZ{}\n{}\n{initrd}\n{}\n{}",
            self.stub, content.kernel.digest, content.command_line, content.os_release
        );
        let mut bytes = text.into_bytes();
        bytes.resize(bytes.len().next_multiple_of(512) + 1500, b'.');
        Ok(bytes)
    }

    fn sign(&self, unsigned: &[u8]) -> Result<Vec<u8>, ForgeError> {
        let seal = format!("{} {}", self.seal(unsigned, self.key), self.key);
        Ok([unsigned, MARK, seal.as_bytes()].concat())
    }

    fn read(&self, image: &[u8]) -> Result<Read, ForgeError> {
        if !image.starts_with(b"MZ") {
            return Err(ForgeError("not an image".to_owned()));
        }
        let place = image.windows(MARK.len()).rposition(|window| window == MARK);
        let (unsigned, seal) = match place {
            Some(place) => (&image[..place], Some(&image[place + MARK.len()..])),
            None => (image, None),
        };
        let signature = match seal.and_then(|seal| std::str::from_utf8(seal).ok()?.split_once(' '))
        {
            None => Signature::Missing,
            Some((seal, key)) if seal != self.seal(unsigned, key).to_string() => {
                Signature::Broken("the seal is another's".to_owned())
            }
            Some((_, key)) if key == self.key => Signature::Ours,
            Some((_, key)) => Signature::Other(key.to_owned()),
        };
        Ok(Read {
            digest: Digest::of(unsigned),
            content: content(unsigned),
            signature,
        })
    }

    fn signer(&self) -> Digest {
        Digest::of(self.key.as_bytes())
    }

    fn signer_name(&self) -> String {
        self.key.to_owned()
    }

    fn pcr11(&self, content: &Content) -> Result<Digest, ForgeError> {
        Ok(Digest::of(format!("{content:?}").as_bytes()))
    }
}

fn content(unsigned: &[u8]) -> Option<Content> {
    let text = std::str::from_utf8(unsigned).ok()?.trim_end_matches('.');
    let mut lines = text.splitn(5, '\n');
    let _stub = lines.next()?;
    let payload = |kind, hex| {
        Some(Payload {
            kind,
            digest: Digest::parse(hex)?,
        })
    };
    Some(Content {
        kernel: payload(PayloadKind::Kernel, lines.next()?)?,
        initrd: payload(PayloadKind::Initrd, lines.next()?),
        command_line: lines.next()?.to_owned(),
        os_release: lines.next()?.to_owned(),
    })
}

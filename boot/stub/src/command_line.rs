//! Whose command line the kernel gets.
//!
//! The loader hands over load options. `@N` at their beginning chooses a profile, which the signature
//! covers, so this is always obeyed. The rest is a command line: taken, and measured into PCR 12, where
//! Secure Boot is off; refused where it is on, for then only signed words reach the kernel.

use alloc::vec::Vec;

use crate::secure_boot::SecureBoot;
use crate::text;

/// What the loader wishes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The profile, from 0.
    pub profile: usize,
    /// A command line in UTF-16, tidied, without NUL; empty for none.
    pub line: Vec<u16>,
}

/// Who wrote the load options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Firmware or a boot loader: all of it is options.
    Loader,
    /// The UEFI shell, which puts the program's name first.
    Shell,
}

impl Request {
    /// Reads load options: any bytes.
    ///
    /// Some firmware leaves binary data there; what doesn't begin with a printable character is none.
    pub fn parse(options: &[u8], origin: Origin) -> Self {
        let pairs = options
            .chunks_exact(2)
            .filter_map(|pair| pair.try_into().ok());
        let units: Vec<u16> = pairs
            .map(u16::from_le_bytes)
            .take_while(|unit| *unit != 0)
            .collect();
        if units.first().is_none_or(|first| *first < 0x20) {
            return Self::default();
        }
        let mut line = text::tidy(&units);
        if origin == Origin::Shell {
            line = after_first_word(&line);
        }
        let Some((profile, rest)) = profile(&line) else {
            return Self { profile: 0, line };
        };
        Self {
            profile,
            line: rest,
        }
    }
}

fn after_first_word(line: &[u16]) -> Vec<u16> {
    let words = line.splitn(2, |unit| *unit == 0x20);
    words.skip(1).flatten().copied().collect()
}

/// `@N`, alone or before a space.
fn profile(line: &[u16]) -> Option<(usize, Vec<u16>)> {
    let (first, rest) = line.split_first()?;
    if *first != u16::from(b'@') {
        return None;
    }
    let digits = rest
        .split(|unit| *unit == 0x20)
        .next()
        .filter(|digits| !digits.is_empty())?;
    let mut number = 0usize;
    for digit in digits {
        let digit = char::from_u32(u32::from(*digit))?.to_digit(10)?;
        number = number
            .saturating_mul(10)
            .saturating_add(usize::try_from(digit).ok()?);
    }
    Some((number, after_first_word(rest)))
}

/// The decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    line: Vec<u16>,
    /// The loader's words are used, so they go into PCR 12.
    pub overridden: bool,
    /// The loader had words, and they are not used.
    pub refused: bool,
}

impl Choice {
    /// Decides between the image's `.cmdline` and the loader's.
    pub fn decide(state: SecureBoot, signed: Option<&str>, request: &Request) -> Self {
        let wished = !request.line.is_empty();
        if wished && state == SecureBoot::Off {
            return Self {
                line: request.line.clone(),
                overridden: true,
                refused: false,
            };
        }
        let signed: Vec<u16> = signed.unwrap_or_default().encode_utf16().collect();
        let line = text::tidy(&signed);
        // systemd-boot hands over what it has read in the image: nothing is refused then.
        let refused = wished && text::tidy(&request.line) != line;
        Self {
            line,
            overridden: false,
            refused,
        }
    }

    /// Adds the words of an addon, which firmware has verified.
    pub fn append(&mut self, words: &str) {
        let words: Vec<u16> = text::tidy(&words.encode_utf16().collect::<Vec<_>>());
        if words.is_empty() {
            return;
        }
        if !self.line.is_empty() {
            self.line.push(0x20);
        }
        self.line.extend(words);
    }

    /// As the kernel takes it: UTF-16 with NUL.
    pub fn load_options(&self) -> Vec<u16> {
        self.line.iter().copied().chain([0]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn bytes(text: &str) -> Vec<u8> {
        text::utf16_bytes(&text::utf16_nul(text))
    }

    fn parsed(text: &str) -> (usize, String) {
        let request = Request::parse(&bytes(text), Origin::Loader);
        (request.profile, String::from_utf16(&request.line).unwrap())
    }

    #[test]
    fn profiles_are_chosen() {
        assert_eq!(parsed("@2"), (2, String::new()));
        assert_eq!(parsed("@1 quiet"), (1, "quiet".into()));
        assert_eq!(parsed("quiet @1"), (0, "quiet @1".into()));
        assert_eq!(parsed("@x"), (0, "@x".into()));
        assert_eq!(parsed("@"), (0, "@".into()));
        assert_eq!(parsed("@99999999999999999999999").0, usize::MAX);
    }

    #[test]
    fn what_firmware_leaves_there_is_no_command_line() {
        for junk in [&b""[..], b"\x01\x00A\x00", b"A", b"\0\0A\0", b"\x1f\0"] {
            assert_eq!(
                Request::parse(junk, Origin::Loader),
                Request::default(),
                "{junk:?}"
            );
        }
        let odd = [bytes("quiet").as_slice(), b"\xff"].concat();
        assert_eq!(Request::parse(&odd, Origin::Loader).line.len(), 5);
    }

    #[test]
    fn the_shell_puts_a_name_first() {
        let request = Request::parse(&bytes("fs0:\\a.efi @1 debug"), Origin::Shell);
        assert_eq!((request.profile, request.line.len()), (1, 5));
        assert_eq!(
            Request::parse(&bytes("a.efi"), Origin::Shell),
            Request::default()
        );
    }

    #[test]
    fn under_secure_boot_only_signed_words_count() {
        let wish = Request::parse(&bytes("init=/bin/sh"), Origin::Loader);
        let on = Choice::decide(SecureBoot::On, Some("root=fstab\n"), &wish);
        assert!(on.refused && !on.overridden);
        assert_eq!(on.load_options(), text::utf16_nul("root=fstab"));
        let same = Choice::decide(SecureBoot::On, Some("init=/bin/sh\n"), &wish);
        assert!(!same.refused, "there is nothing to refuse");
        let none = Choice::decide(SecureBoot::On, None, &wish);
        assert!(none.refused);
        assert_eq!(none.load_options(), [0], "not even without a signed line");
        let off = Choice::decide(SecureBoot::Off, Some("root=fstab"), &wish);
        assert!(off.overridden && !off.refused);
        assert_eq!(off.load_options(), text::utf16_nul("init=/bin/sh"));
    }

    #[test]
    fn addons_append() {
        let mut choice = Choice::decide(SecureBoot::On, Some("a"), &Request::default());
        choice.append(" b  c ");
        choice.append("\n");
        assert_eq!(choice.load_options(), text::utf16_nul("a b c"));
        let mut empty = Choice::decide(SecureBoot::On, None, &Request::default());
        empty.append("b");
        assert_eq!(empty.load_options(), text::utf16_nul("b"));
    }
}

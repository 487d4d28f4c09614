//! Names of boot entries with counters, `name+LEFT-DONE.ending`.
//!
//! Source: UAPI.1 "Boot Loader Specification", section "Boot counting".

use alloc::string::{String, ToString};
use core::fmt;

/// A file's name, and how often it may still be tried.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryName {
    stem: String,
    ending: String,
    counter: Option<Counter>,
}

/// How often an entry may be tried, and how often it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Counter {
    /// Attempts left; at 0 the entry is bad, and is tried only when nothing else is there.
    pub left: u32,
    /// Attempts made.
    pub done: u32,
}

/// Not the name of a boot entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no name of a boot entry: {what}")]
pub struct EntryNameError {
    name: String,
    what: &'static str,
}

/// What a counter says of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// No counter: it has booted well, or is not counted.
    Good,
    /// It may still be tried.
    Indeterminate,
    /// No attempt is left.
    Bad,
}

impl EntryName {
    /// A name of letters, digits and `+-_.` that ends in `.conf` or `.efi`.
    ///
    /// # Errors
    /// [`EntryNameError`]; also for what looks like a counter and is none, such as `+3-x`.
    pub fn parse(name: &str) -> Result<Self, EntryNameError> {
        let failed = |what| EntryNameError {
            name: name.into(),
            what,
        };
        if name.len() > 255 {
            return Err(failed("longer than 255 bytes"));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "+-_.".contains(c);
        if !name.chars().all(plain) {
            return Err(failed("only letters, digits and + - _ . may stand in it"));
        }
        let (front, ending) = [".conf", ".efi"]
            .into_iter()
            .find_map(|ending| Some((name.strip_suffix(ending)?, ending)))
            .ok_or(failed("it ends in neither .conf nor .efi"))?;
        let (stem, counter) = match front.rsplit_once('+') {
            Some((stem, text)) => match counter(text) {
                Some(counter) => (stem, Some(counter)),
                None => return Err(failed("what stands after + is no counter")),
            },
            None => (front, None),
        };
        if stem.is_empty() || stem.starts_with('.') {
            return Err(failed("nothing, or a dot, stands at its beginning"));
        }
        Ok(Self {
            stem: stem.into(),
            ending: ending.into(),
            counter,
        })
    }

    /// What stands before the counter: the entry's identity.
    pub fn stem(&self) -> &str {
        &self.stem
    }

    /// The counter.
    pub fn counter(&self) -> Option<Counter> {
        self.counter
    }

    /// The name with this many attempts, none made.
    #[must_use]
    pub fn with_tries(mut self, left: u32) -> Self {
        self.counter = Some(Counter { left, done: 0 });
        self
    }

    /// The name that says: it boots well.
    #[must_use]
    pub fn blessed(mut self) -> Self {
        self.counter = None;
        self
    }

    /// The name that says: it doesn't boot.
    #[must_use]
    pub fn condemned(mut self) -> Self {
        let done = self.counter.map_or(0, |counter| counter.done);
        self.counter = Some(Counter { left: 0, done });
        self
    }

    /// The name that the boot loader gives it before an attempt; `None` without one left.
    pub fn attempted(&self) -> Option<Self> {
        let counter = self.counter?;
        Some(Self {
            counter: Some(Counter {
                left: counter.left.checked_sub(1)?,
                done: counter.done.saturating_add(1),
            }),
            ..self.clone()
        })
    }

    /// What the counter says.
    pub fn health(&self) -> Health {
        match self.counter {
            None => Health::Good,
            Some(Counter { left: 0, .. }) => Health::Bad,
            Some(_) => Health::Indeterminate,
        }
    }
}

/// `3` or `3-1`, plain decimal numbers.
fn counter(text: &str) -> Option<Counter> {
    let number = |digits: &str| -> Option<u32> {
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse().ok())?
    };
    let (left, done) = match text.split_once('-') {
        Some((left, done)) => (number(left)?, number(done)?),
        None => (number(text)?, 0),
    };
    Some(Counter { left, done })
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.stem)?;
        match self.counter {
            None => {}
            Some(Counter { left, done: 0 }) => write!(f, "+{left}")?,
            Some(Counter { left, done }) => write!(f, "+{left}-{done}")?,
        }
        f.write_str(&self.ending)
    }
}

impl From<&EntryName> for String {
    fn from(name: &EntryName) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_counted_and_taken_off() {
        let name = EntryName::parse("nixos-generation-7+3.conf").expect("a name");
        assert_eq!(name.health(), Health::Indeterminate);
        let tried = name.attempted().expect("three left");
        assert_eq!(tried.to_string(), "nixos-generation-7+2-1.conf");
        assert_eq!(EntryName::parse(&tried.to_string()), Ok(tried.clone()));
        let last = tried
            .attempted()
            .and_then(|name| name.attempted())
            .expect("left");
        assert_eq!(last.to_string(), "nixos-generation-7+0-3.conf");
        assert_eq!(last.health(), Health::Bad);
        assert_eq!(last.attempted(), None);
        assert_eq!(last.blessed().to_string(), "nixos-generation-7.conf");
        assert_eq!(tried.condemned().to_string(), "nixos-generation-7+0-1.conf");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for bad in [
            "",
            ".conf",
            "+3.conf",
            "a",
            "a.txt",
            "a b.conf",
            "a/b.efi",
            "a+.conf",
            "a+x.efi",
            "a+3-.conf",
            "a+-1.conf",
            "a+3-1-1.conf",
            "a+99999999999.conf",
            ".a.conf",
        ] {
            assert!(EntryName::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(EntryName::parse("a-3.efi").expect("a name").stem(), "a-3");
    }
}

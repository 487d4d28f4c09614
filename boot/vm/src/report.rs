//! What a booted machine says of itself.

use std::collections::BTreeMap;

/// The report of `snowguard-vm-guest`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    values: BTreeMap<String, Vec<u8>>,
}

impl Report {
    /// Reads a report; `None` when it is not whole.
    pub fn parse(text: &str) -> Option<Self> {
        let mut values = BTreeMap::new();
        // Firmware writes its messages to this line too, before.
        let (_, text) = text.rsplit_once("\nreport=")?;
        for line in text.lines().skip(1) {
            let (key, value) = line.trim_end().split_once('=')?;
            if key == "end" {
                return Some(Self { values });
            }
            if !value.len().is_multiple_of(2) {
                return None;
            }
            let digits = value.as_bytes().chunks(2);
            let bytes: Option<Vec<u8>> = digits
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
                .collect();
            values.insert(key.to_owned(), bytes?);
        }
        None
    }

    /// A PCR of the SHA-256 bank.
    pub fn pcr(&self, number: u32) -> Option<[u8; 32]> {
        let value = self.values.get(&format!("pcr{number}"))?;
        value.as_slice().try_into().ok()
    }

    /// The kernel's command line.
    pub fn command_line(&self) -> Option<&str> {
        std::str::from_utf8(self.values.get("cmdline")?).ok()
    }

    /// A firmware variable's bytes, without attributes.
    pub fn variable(&self, name: &str) -> Option<&[u8]> {
        self.values.get(&format!("var:{name}"))?.get(4..)
    }

    /// A firmware variable that holds text.
    pub fn text(&self, name: &str) -> Option<String> {
        let units: Vec<u16> = self
            .variable(name)?
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        let text = String::from_utf16(&units).ok()?;
        text.strip_suffix('\0').map(str::to_owned)
    }

    /// A file under `/.extra`.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        Some(self.values.get(&format!("file:{path}"))?)
    }

    /// How the command of this number ended (`exit status: 0`), and what it wrote.
    pub fn run(&self, number: usize) -> Option<(String, String)> {
        let part = |what: &str| {
            let bytes = self.values.get(&format!("run:{number}:{what}"))?;
            Some(String::from_utf8_lossy(bytes).into_owned())
        };
        Some((part("status")?, part("output")?))
    }

    /// The TCG event log.
    pub fn event_log(&self) -> Option<&[u8]> {
        Some(self.values.get("eventlog")?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_report_is_none() {
        let whole =
            "BdsDxe: x=y\r\nreport=\r\ncmdline=6162\r\nvar:X=07000000610000000000\r\nend=\r\n";
        let report = Report::parse(whole).expect("whole");
        assert_eq!(report.command_line(), Some("ab"));
        assert_eq!(report.variable("X").map(<[u8]>::len), Some(6));
        assert_eq!(Report::parse("\nreport=\ncmdline=6162\n"), None);
        assert_eq!(Report::parse("\nreport=\ncmdline=616\nend=\n"), None);
    }
}

//! Microsoft's certificates, which most option ROMs and other systems are signed under.

use anyhow::{Context, Result};
use snowguard_boot_format::variable::{MICROSOFT, SignatureLists};
use snowguard_boot_format::x509::Certificate;

/// Who may change db and dbx: 2011 and 2023.
const KEK: [&[u8]; 2] = [
    include_bytes!("../../../certificates/ms-kek-2011.der"),
    include_bytes!("../../../certificates/ms-kek-2023.der"),
];

/// Who signs option ROMs, shims and Windows: 2011 and 2023.
const DB: [&[u8]; 5] = [
    include_bytes!("../../../certificates/ms-uefi-2011.der"),
    include_bytes!("../../../certificates/ms-uefi-2023.der"),
    include_bytes!("../../../certificates/ms-uefi-rom-2023.der"),
    include_bytes!("../../../certificates/windows-2011.der"),
    include_bytes!("../../../certificates/windows-2023.der"),
];

/// Adds those of KEK.
pub fn add_kek(lists: &mut SignatureLists) -> Result<()> {
    add(lists, &KEK)
}

/// Adds those of db.
pub fn add_db(lists: &mut SignatureLists) -> Result<()> {
    add(lists, &DB)
}

fn add(lists: &mut SignatureLists, certificates: &[&[u8]]) -> Result<()> {
    for der in certificates {
        let certificate = Certificate::from_der(der).context("a built-in certificate is broken")?;
        lists.add_certificate(MICROSOFT, certificate);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificates_are_those_that_the_readme_names() {
        let readme = include_str!("../../../certificates/README.md");
        for der in KEK.iter().chain(&DB) {
            let certificate = Certificate::from_der(der).expect("whole");
            let subject = certificate.subject().common_name().expect("named");
            let row = format!("| {subject} | {} |", certificate.fingerprint());
            assert!(readme.contains(&row), "{row}");
            assert!(certificate.public_key().is_ok());
        }
        assert_eq!(readme.matches(".der` |").count(), KEK.len() + DB.len());
    }
}

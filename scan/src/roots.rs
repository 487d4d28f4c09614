//! Which authorities certificates of servers may come from.
//!
//! As with Nix and OpenSSL, a file of certificates named by `NIX_SSL_CERT_FILE`, else by `SSL_CERT_FILE`,
//! takes the place of what the program brings along: Mozilla's list, as of its build.

use std::path::{Path, PathBuf};

use thiserror::Error;
use ureq::tls::{PemItem, RootCerts, TlsConfig};

const VARIABLES: [&str; 2] = ["NIX_SSL_CERT_FILE", "SSL_CERT_FILE"];
/// A whole list of authorities has a quarter of a megabyte.
const LARGEST: u64 = 8 << 20;

/// Why a file of certificates cannot be used.
#[derive(Debug, Error)]
#[error("certificates of {}: {reason}", path.display())]
pub struct RootsError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// How connections are secured, by the environment.
///
/// # Errors
/// When the file that it names cannot be read, or has no certificate: it is not passed over, since then
/// others would be trusted than those that were named.
pub fn tls() -> Result<TlsConfig, RootsError> {
    let mut named = VARIABLES.iter().filter_map(std::env::var_os);
    match named.find(|file| !file.is_empty()) {
        Some(file) => of_file(Path::new(&file)),
        None => Ok(TlsConfig::default()),
    }
}

fn of_file(path: &Path) -> Result<TlsConfig, RootsError> {
    let failed = |reason: String| RootsError {
        path: path.to_owned(),
        reason,
    };
    let found = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?;
    if found.len() > LARGEST {
        return Err(failed(format!("more than {LARGEST} bytes")));
    }
    let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    let mut certificates = Vec::new();
    for item in ureq::tls::parse_pem(&pem) {
        if let PemItem::Certificate(found) = item.map_err(|error| failed(error.to_string()))? {
            certificates.push(found);
        }
    }
    if certificates.is_empty() {
        return Err(failed("there is none in it".to_owned()));
    }
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&certificates))
        .build())
}

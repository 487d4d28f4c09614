//! Connections to PostgreSQL, encrypted by rustls as the URL's `sslmode` asks.
//!
//! The words are libpq's (<https://www.postgresql.org/docs/current/libpq-ssl.html>): `disable`;
//! `prefer`, the default, encrypts when the server can and checks nothing; `require` encrypts or
//! fails; `verify-ca` and `verify-full` also check who the server is. `sslrootcert` names a PEM file
//! with the authorities to trust; without one they are Mozilla's. As in libpq, `require` with an
//! `sslrootcert` checks like `verify-ca`. A Unix socket is never encrypted.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use postgres::config::{Host, SslMode};
use postgres::{Client, Config, NoTls};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error;
use crate::error::{DbError, Result};

/// How long a server may take to answer at all, where the URL does not say.
const PATIENCE: Duration = Duration::from_secs(15);

/// Connects as the URL asks.
///
/// # Errors
/// [`DbError::Location`] for an `sslmode` or `sslrootcert` that is of no use; [`DbError::Lost`].
pub(super) fn connect(url: &str) -> Result<Client> {
    let (url, security) = Security::of(url)?;
    let mut config: Config = url.parse().map_err(|failed| error(&failed, "connect"))?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(PATIENCE);
    }
    #[cfg(unix)]
    let local = config
        .get_hosts()
        .iter()
        .all(|host| matches!(host, Host::Unix(_)));
    #[cfg(not(unix))]
    let local = false;
    let connected = match security.mode {
        _ if local => config.ssl_mode(SslMode::Disable).connect(NoTls),
        Mode::Disable => config.ssl_mode(SslMode::Disable).connect(NoTls),
        Mode::Prefer => config.ssl_mode(SslMode::Prefer).connect(security.tls()?),
        _ => config.ssl_mode(SslMode::Require).connect(security.tls()?),
    };
    connected.map_err(|failed| error(&failed, "connect"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

#[derive(Debug, PartialEq, Eq)]
struct Security {
    mode: Mode,
    roots: Option<PathBuf>,
}

impl Security {
    /// Takes `sslmode` and `sslrootcert` out of a URL; the rest is for the driver, which knows
    /// neither `verify-full` nor root certificates.
    fn of(url: &str) -> Result<(String, Self)> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut roots, mut rest) = (None, None, Vec::new());
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let text = || percent_decode_str(value).decode_utf8_lossy().into_owned();
            match name {
                "sslmode" => mode = Some(Mode::parse(&text())?),
                // `system` is libpq's word for the roots that everybody trusts.
                "sslrootcert" => roots = Some(text()).filter(|file| file != "system"),
                _ => rest.push(part),
            }
        }
        let url = match rest.is_empty() {
            true => base.to_owned(),
            false => format!("{base}?{}", rest.join("&")),
        };
        let roots = roots.map(PathBuf::from);
        let mode = match (mode.unwrap_or(Mode::Prefer), &roots) {
            (Mode::Require, Some(_)) => Mode::VerifyCa,
            (mode, _) => mode,
        };
        Ok((url, Self { mode, roots }))
    }

    fn tls(&self) -> Result<MakeRustlsConnect> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|failed| DbError::Location(failed.to_string()))?;
        let config = match self.mode {
            Mode::VerifyFull => builder.with_root_certificates(self.trusted()?),
            mode => {
                let chain = match mode {
                    Mode::VerifyCa => Some(self.chain(&provider)?),
                    _ => None,
                };
                builder
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(Lenient { chain, provider }))
            }
        };
        Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
    }

    fn chain(&self, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>> {
        WebPkiServerVerifier::builder_with_provider(Arc::new(self.trusted()?), provider.clone())
            .build()
            .map_err(|failed| DbError::Location(failed.to_string()))
    }

    fn trusted(&self) -> Result<RootCertStore> {
        match &self.roots {
            Some(file) => read_roots(file)
                .map_err(|why| DbError::Location(format!("sslrootcert {}: {why}", file.display()))),
            None => Ok(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()),
        }
    }
}

fn read_roots(file: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|failed| failed.to_string())? {
        let certificate = certificate.map_err(|failed| failed.to_string())?;
        roots
            .add(certificate)
            .map_err(|failed| failed.to_string())?;
    }
    if roots.is_empty() {
        return Err("holds no certificate".to_owned());
    }
    Ok(roots)
}

impl Mode {
    fn parse(text: &str) -> Result<Self> {
        match text {
            "disable" => Ok(Self::Disable),
            // libpq tries without encryption first; nobody who names it minds more of it.
            "allow" | "prefer" => Ok(Self::Prefer),
            "require" => Ok(Self::Require),
            "verify-ca" => Ok(Self::VerifyCa),
            "verify-full" => Ok(Self::VerifyFull),
            other => Err(DbError::Location(format!(
                "sslmode {other:?} is none of disable, prefer, require, verify-ca, verify-full"
            ))),
        }
    }
}

/// Checks less than the name: the chain of certificates, or nothing.
#[derive(Debug)]
struct Lenient {
    chain: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else {
            return Ok(ServerCertVerified::assertion());
        };
        match chain.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            // The name is looked at last: the chain has been found good.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            checked => checked,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_taken_out_of_the_url() {
        let of = |url: &str| Security::of(url).unwrap();
        let (url, security) = of(
            "postgres://me@h/d?connect_timeout=3&sslmode=verify-full&sslrootcert=%2Fetc%2Fca.crt",
        );
        assert_eq!(url, "postgres://me@h/d?connect_timeout=3");
        assert_eq!(security.mode, Mode::VerifyFull);
        assert_eq!(security.roots.as_deref(), Some(Path::new("/etc/ca.crt")));
        assert_eq!(of("postgres://h/d").1.mode, Mode::Prefer);
        assert_eq!(
            of("postgres://h/d?sslmode=require&sslrootcert=x").1.mode,
            Mode::VerifyCa
        );
        assert_eq!(
            of("postgres://h/d?sslmode=verify-full&sslrootcert=system")
                .1
                .roots,
            None
        );
        let refused = Security::of("postgres://h/d?sslmode=verify_full").unwrap_err();
        assert!(matches!(refused, DbError::Location(_)), "{refused:?}");
    }
}

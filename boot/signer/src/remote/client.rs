//! The client: a signer whose key is at a server.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use snowguard_boot_format::signer::{Purpose, SignError, Signer, SigningRequest};
use snowguard_boot_format::x509::Certificate;
use ureq::tls::{ClientCert, PrivateKey, RootCerts, TlsConfig};

use super::protocol::{KeyAnswer, MAX_BODY, PurposeName, Refusal, SignAnswer, SignQuestion};
use crate::error::SignerError;
use crate::files::{read_certificates, read_secret};

/// Which key at which server, and how to show who asks.
#[derive(Debug, Clone)]
pub struct RemoteOptions {
    /// `https://HOST:PORT`.
    pub url: String,
    /// The key's name there.
    pub key: String,
    /// The client's certificates, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM; its owner's alone.
    pub private_key: PathBuf,
    /// The certificate that vouches for the server, PEM. No other is trusted.
    pub authority: PathBuf,
}

/// Signs by asking.
#[derive(Debug)]
pub struct RemoteSigner {
    agent: ureq::Agent,
    url: String,
    key: String,
    certificate: Certificate,
    chain: Vec<Certificate>,
}

fn failed(what: &str, why: impl ToString) -> SignerError {
    SignerError::Remote {
        what: what.to_owned(),
        why: why.to_string(),
    }
}

/// Connects, and fetches the key's certificates.
///
/// # Errors
/// [`SignerError::Remote`] when the server cannot be reached, isn't the right one, or refuses.
pub fn open_remote(options: &RemoteOptions) -> Result<RemoteSigner, SignerError> {
    if !options.url.starts_with("https://") {
        return Err(failed("the address must begin with https://", &options.url));
    }
    let certificates = |path| -> Result<Vec<_>, SignerError> {
        let read = read_certificates(path)?;
        let own = |one: &Certificate| ureq::tls::Certificate::from_der(one.der()).to_owned();
        Ok(read.iter().map(own).collect())
    };
    let key = read_secret(&options.private_key)?;
    let key = PrivateKey::from_pem(key.as_bytes()).map_err(|_| {
        let path = options.private_key.display();
        failed(
            &format!("{path} cannot be used for TLS"),
            "no private key in PEM",
        )
    })?;
    let tls = TlsConfig::builder()
        .client_cert(Some(ClientCert::new_with_certs(
            &certificates(&options.certificate)?,
            key,
        )))
        .root_certs(RootCerts::new_with_certs(&certificates(
            &options.authority,
        )?))
        .build();
    let agent = ureq::Agent::config_builder()
        .tls_config(tls)
        .https_only(true)
        .max_redirects(0)
        .proxy(None)
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .new_agent();
    let url = options.url.trim_end_matches('/').to_owned();
    let response = agent
        .get(format!("{url}/v1/keys/{}", options.key))
        .call()
        .map_err(|error| failed(&format!("{url} cannot be asked"), error))?;
    let answer: KeyAnswer =
        answer(response).map_err(|why| failed(&format!("{url} refuses"), why))?;
    let mut certificates = Vec::new();
    for pem in &answer.certificates {
        let read = Certificate::from_pem(pem)
            .map_err(|error| failed("the server gave no certificate", error))?;
        certificates.extend(read);
    }
    let mut certificates = certificates.into_iter();
    let certificate = certificates
        .next()
        .ok_or_else(|| failed("the server gave no certificate", &options.key))?;
    Ok(RemoteSigner {
        agent,
        url,
        key: options.key.clone(),
        certificate,
        chain: certificates.collect(),
    })
}

/// The document of a good answer, or the reason in any other.
fn answer<T: serde::de::DeserializeOwned>(
    mut response: ureq::http::Response<ureq::Body>,
) -> Result<T, String> {
    let status = response.status();
    let body = response
        .body_mut()
        .with_config()
        .limit(MAX_BODY as u64)
        .read_to_vec()
        .map_err(|error| error.to_string())?;
    if status == 200 {
        return serde_json::from_slice(&body).map_err(|error| error.to_string());
    }
    Err(match serde_json::from_slice::<Refusal>(&body) {
        Ok(refusal) => refusal.error,
        Err(_) => format!("HTTP {status}"),
    })
}

impl Signer for RemoteSigner {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn sign(&self, request: &SigningRequest<'_>) -> Result<Vec<u8>, SignError> {
        let refused = |reason: String| SignError::Refused { reason };
        let unavailable = |reason: String| SignError::Unavailable { reason };
        let question = SignQuestion {
            key: self.key.clone(),
            purpose: PurposeName::of(request.purpose)
                .ok_or_else(|| refused("a purpose that is not asked of others".to_owned()))?,
            algorithm: request.algorithm.name().to_owned(),
            message: BASE64.encode(request.message),
            content: match request.purpose {
                Purpose::Image { content } => Some(BASE64.encode(content)),
                _ => None,
            },
        };
        let body = serde_json::to_vec(&question).map_err(|error| unavailable(error.to_string()))?;
        let response = self
            .agent
            .post(format!("{}/v1/sign", self.url))
            .content_type("application/json")
            .send(&body)
            .map_err(|error| unavailable(error.to_string()))?;
        let answer: SignAnswer = answer(response).map_err(refused)?;
        BASE64
            .decode(answer.signature)
            .map_err(|error| unavailable(error.to_string()))
    }
}

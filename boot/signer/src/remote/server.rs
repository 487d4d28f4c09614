//! The server.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::signer::{Asked, Signer, SigningRequest};
use snowguard_boot_format::time::Time;

use super::http::{self, Request};
use super::hurried::Hurried;
use super::log::{Line, Log};
use super::policy::{Client, Policy, Rates};
use super::protocol::{KeyAnswer, Refusal, SignAnswer, SignQuestion, algorithm};
use crate::error::SignerError;
use crate::files::{read_certificates, read_secret};

/// Connections at one time; more are closed at once.
const MAX_CONNECTIONS: usize = 32;
/// How long a client may take, from connecting to its answer; a token may need some seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a server is set up.
pub struct ServerOptions {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its certificates, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM; its owner's alone.
    pub private_key: PathBuf,
    /// The certificate that vouches for clients, PEM.
    pub client_authority: PathBuf,
    /// Who may ask for what.
    pub policy: Policy,
    /// Where the log is appended to.
    pub log: PathBuf,
    /// The keys, by name.
    pub keys: BTreeMap<String, Box<dyn Signer + Send>>,
    /// What time it is.
    pub clock: fn() -> Time,
}

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    shared: Arc<Shared>,
}

struct Shared {
    policy: Policy,
    keys: BTreeMap<String, Mutex<Box<dyn Signer + Send>>>,
    certificates: BTreeMap<String, Vec<String>>,
    log: Mutex<Log>,
    rates: Mutex<Rates>,
    clock: fn() -> Time,
    connections: AtomicUsize,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("listener", &self.listener)
            .finish_non_exhaustive()
    }
}

/// What came of a question: a status and the reason, or the document.
type Answer = Result<String, (u16, String)>;

fn failed(what: &str, why: impl fmt::Display) -> SignerError {
    SignerError::Remote {
        what: what.to_owned(),
        why: why.to_string(),
    }
}

impl Server {
    /// Reads what it needs and begins to listen.
    ///
    /// # Errors
    /// [`SignerError`] when something cannot be used; so when the log doesn't follow.
    pub fn bind(options: ServerOptions) -> Result<Self, SignerError> {
        let tls = tls(&options)?;
        let log =
            Log::open(&options.log).map_err(|error| failed("the log cannot be used", error))?;
        let listener = TcpListener::bind(options.address)
            .map_err(|error| failed(&format!("cannot listen at {}", options.address), error))?;
        let certificates = options
            .keys
            .iter()
            .map(|(name, signer)| {
                let mut all = vec![signer.certificate().to_pem()];
                all.extend(signer.chain().iter().map(|one| one.to_pem()));
                (name.clone(), all)
            })
            .collect();
        Ok(Self {
            listener,
            tls: Arc::new(tls),
            shared: Arc::new(Shared {
                policy: options.policy,
                keys: options
                    .keys
                    .into_iter()
                    .map(|(name, signer)| (name, Mutex::new(signer)))
                    .collect(),
                certificates,
                log: Mutex::new(log),
                rates: Mutex::new(Rates::default()),
                clock: options.clock,
                connections: AtomicUsize::new(0),
            }),
        })
    }

    /// Where it listens; of use when port 0 was asked for.
    ///
    /// # Errors
    /// [`SignerError::Remote`] when the system doesn't tell.
    pub fn address(&self) -> Result<SocketAddr, SignerError> {
        self.listener
            .local_addr()
            .map_err(|error| failed("the address is not known", error))
    }

    /// Answers until the process ends. A thread per connection, at most 32 of them.
    pub fn run(self) {
        for stream in self.listener.incoming() {
            let Ok(stream) = stream else {
                // The client went away before it was accepted, or files ran out for a moment.
                std::thread::sleep(Duration::from_millis(10));
                continue;
            };
            let (tls, shared) = (Arc::clone(&self.tls), Arc::clone(&self.shared));
            if shared.connections.fetch_add(1, Ordering::AcqRel) >= MAX_CONNECTIONS {
                shared.connections.fetch_sub(1, Ordering::AcqRel);
                continue;
            }
            std::thread::spawn(move || {
                if let Err(error) = serve(stream, tls, &shared) {
                    tracing::warn!("{error}");
                }
                shared.connections.fetch_sub(1, Ordering::AcqRel);
            });
        }
    }
}

fn tls(options: &ServerOptions) -> Result<ServerConfig, SignerError> {
    let unusable = |path: &Path, error: &dyn fmt::Display| {
        failed(&format!("{} cannot be used for TLS", path.display()), error)
    };
    let certificates = |path| -> Result<Vec<CertificateDer<'static>>, SignerError> {
        let read = read_certificates(path)?;
        Ok(read.iter().map(|one| one.der().to_vec().into()).collect())
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&options.client_authority)? {
        roots
            .add(certificate)
            .map_err(|error| unusable(&options.client_authority, &error))?;
    }
    let key = read_secret(&options.private_key)?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
        .map_err(|_| unusable(&options.private_key, &"no private key in PEM"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|error| unusable(&options.client_authority, &error))?;
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| failed("TLS cannot be set up", error))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(certificates(&options.certificate)?, key)
        .map_err(|error| unusable(&options.certificate, &error))
}

fn serve(stream: TcpStream, tls: Arc<ServerConfig>, shared: &Shared) -> Result<(), String> {
    let peer = stream.peer_addr().map_err(|error| error.to_string())?;
    let told = |error: &dyn fmt::Display| format!("{peer}: {error}");
    let connection = ServerConnection::new(tls).map_err(|error| told(&error))?;
    let mut stream = StreamOwned::new(connection, Hurried::new(stream, PATIENCE));
    let request = http::read(&mut stream).map_err(|error| told(&error))?;
    let certificate = stream
        .conn
        .peer_certificates()
        .and_then(|all| all.first())
        .map(|one| one.as_ref().to_vec())
        .ok_or_else(|| told(&"it showed no certificate"))?;
    let (status, body) = match shared.answer(&request, &certificate) {
        Ok(document) => (200, document),
        Err((status, error)) => {
            tracing::warn!("{peer}: {error}");
            let refusal = serde_json::to_string(&Refusal { error });
            (status, refusal.map_err(|error| told(&error))?)
        }
    };
    http::write(&mut stream, status, &body).map_err(|error| told(&error))?;
    stream.conn.send_close_notify();
    // The client has its answer; that it closes first is no error.
    let _gone = std::io::Write::flush(&mut stream);
    Ok(())
}

impl Shared {
    fn answer(&self, request: &Request, certificate: &[u8]) -> Answer {
        let client = self.policy.client(certificate);
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", path) if path.starts_with("/v1/keys/") => {
                let name = path.strip_prefix("/v1/keys/").unwrap_or_default();
                let may = client.is_some_and(|client| client.keys.iter().any(|key| key == name));
                let certificates = self.certificates.get(name).filter(|_| may);
                let certificates = certificates
                    .ok_or_else(|| (403, format!("there is no key {name:?} for this client")))?;
                document(&KeyAnswer {
                    certificates: certificates.clone(),
                })
            }
            ("POST", "/v1/sign") => self.sign(&request.body, client, certificate),
            _ => Err((
                404,
                "there are GET /v1/keys/NAME and POST /v1/sign".to_owned(),
            )),
        }
    }

    /// Every question that can be read is in the log, with what came of it, before the answer is.
    fn sign(&self, body: &[u8], client: Option<&Client>, certificate: &[u8]) -> Answer {
        let bad = |what: &str| (400, what.to_owned());
        let question: SignQuestion =
            serde_json::from_slice(body).map_err(|error| (400, error.to_string()))?;
        let message = BASE64
            .decode(&question.message)
            .map_err(|_| bad("message: no base 64"))?;
        let content = match &question.content {
            Some(text) => Some(
                BASE64
                    .decode(text)
                    .map_err(|_| bad("content: no base 64"))?,
            ),
            None => None,
        };
        let request = SigningRequest {
            purpose: question
                .purpose
                .purpose(content.as_deref())
                .ok_or_else(|| bad("an image's content is missing"))?,
            algorithm: algorithm(&question.algorithm).ok_or_else(|| bad("unknown algorithm"))?,
            message: &message,
        };
        let asked = request.look_into().map_err(|error| error.to_string());
        let now = (self.clock)();
        let decision = self.decide(&question, &asked, client, now);
        let signature = decision.and_then(|()| self.signature(&question.key, &request));
        let line = Line {
            time: now.to_string(),
            client: client.map_or_else(
                || format!("sha256:{}", DigestAlgorithm::Sha256.digest(&[certificate])),
                |client| client.name.clone(),
            ),
            key: question.key.chars().take(64).collect(),
            asked: in_words(&asked),
            message_sha256: DigestAlgorithm::Sha256.digest(&[&message]).to_string(),
            signed: signature.is_ok(),
            reason: signature.as_ref().err().map(|(_, reason)| reason.clone()),
            ..Line::default()
        };
        let mut log = self
            .log
            .lock()
            .map_err(|_| (500, "the log is broken".to_owned()))?;
        log.append(line).map_err(|error| {
            tracing::error!("{error}: nothing is signed");
            (500, "the log cannot be written".to_owned())
        })?;
        document(&SignAnswer {
            signature: BASE64.encode(signature?),
        })
    }

    fn decide(
        &self,
        question: &SignQuestion,
        asked: &Result<Asked, String>,
        client: Option<&Client>,
        now: Time,
    ) -> Result<(), (u16, String)> {
        let client = client.ok_or((403, "the policy doesn't know this client".to_owned()))?;
        let asked = asked.as_ref().map_err(|error| (400, error.clone()))?;
        if let Some(objection) = client.objection(question, asked) {
            return Err((403, objection));
        }
        let mut rates = self.rates.lock().map_err(|_| (500, "broken".to_owned()))?;
        if rates.allows(client, now) {
            Ok(())
        } else {
            Err((
                429,
                format!("more than {} signatures in a minute", client.per_minute),
            ))
        }
    }

    fn signature(&self, key: &str, request: &SigningRequest<'_>) -> Result<Vec<u8>, (u16, String)> {
        let signer = self
            .keys
            .get(key)
            .ok_or((403, format!("there is no key {key:?}")))?;
        let signer = signer
            .lock()
            .map_err(|_| (500, "the key is broken".to_owned()))?;
        signer
            .sign(request)
            .map_err(|error| (500, error.to_string()))
    }
}

fn document(answer: &impl serde::Serialize) -> Answer {
    serde_json::to_string(answer).map_err(|error| (500, error.to_string()))
}

fn in_words(asked: &Result<Asked, String>) -> String {
    match asked {
        Ok(Asked::Image(digest)) => format!("image {}:{digest}", digest.algorithm()),
        Ok(Asked::Variable(variable)) => format!("variable {}", variable.name()),
        Ok(Asked::Certificate) => "certificate".to_owned(),
        Ok(Asked::PcrPolicy(digest)) => format!("policy {digest}"),
        Ok(_) => "something new".to_owned(),
        Err(error) => format!("malformed: {error}"),
    }
}

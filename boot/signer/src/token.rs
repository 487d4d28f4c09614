//! Keys on PKCS #11 tokens: YubiKey, Nitrokey, HSMs, SoftHSM.

use std::fmt;
use std::path::PathBuf;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::signer::{SignError, Signer, SigningRequest};
use snowguard_boot_format::x509::{Certificate, KeyKind};

use crate::error::SignerError;
use crate::files::read_certificates;
use crate::secret::Secret;

/// Which key of which token.
#[derive(Debug)]
pub struct TokenOptions {
    /// The library that speaks to the token.
    pub module: PathBuf,
    /// The token's label; needed when there are several.
    pub token: Option<String>,
    /// The key's label; needed when there are several.
    pub key: Option<String>,
    /// The key's certificate, and after it those to be put beside it.
    pub certificates: PathBuf,
    /// The PIN.
    pub pin: Secret,
}

/// Signs with a key that never leaves its token.
pub struct TokenSigner {
    session: Session,
    key: ObjectHandle,
    kind: KeyKind,
    /// Where the token wants it for each signature: CKA_ALWAYS_AUTHENTICATE, as of a YubiKey's key for signatures.
    pin: Option<AuthPin>,
    certificate: Certificate,
    chain: Vec<Certificate>,
}

fn failed(what: &str, error: &cryptoki::error::Error) -> SignerError {
    SignerError::Token {
        what: what.to_owned(),
        why: error.to_string(),
    }
}

fn lacking(what: String) -> SignerError {
    SignerError::Token {
        what,
        why: "see the labels with `pkcs11-tool --list-slots` and `--list-objects`".to_owned(),
    }
}

/// Opens the token, gives it the PIN, and finds the key.
///
/// # Errors
/// [`SignerError::Token`] when the token, the PIN or the key is not as expected. A wrong PIN is
/// tried once only, since tokens lock themselves after some.
pub fn open_token(options: &TokenOptions) -> Result<TokenSigner, SignerError> {
    let mut certificates = read_certificates(&options.certificates)?.into_iter();
    let certificate = certificates
        .next()
        .ok_or_else(|| lacking("there is no certificate for the key".to_owned()))?;
    let kind = certificate
        .public_key()
        .map_err(|source| SignerError::Certificate {
            place: options.certificates.display().to_string(),
            source,
        })?
        .kind();
    let pkcs11 = Pkcs11::new(&options.module).map_err(|error| {
        failed(
            &format!("{} cannot be loaded", options.module.display()),
            &error,
        )
    })?;
    match pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // Once in a process: another key of the token is in use already.
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(failed("the library cannot be used", &error)),
    }
    let slot = find_slot(&pkcs11, options.token.as_deref())?;
    let session = pkcs11
        .open_ro_session(slot)
        .map_err(|error| failed("the token cannot be opened", &error))?;
    let mut pin = log_in(&session, &options.pin)?;
    let key = find_key(&session, options.key.as_deref())?;
    if !asks_each_time(&session, key) {
        pin = None;
    } else if pin.is_none() {
        pin = Some(reveal(&options.pin)?);
    }
    Ok(TokenSigner {
        session,
        key,
        kind,
        pin,
        certificate,
        chain: certificates.collect(),
    })
}

impl fmt::Debug for TokenSigner {
    /// Without the PIN.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSigner")
            .field("key", &self.key)
            .field("kind", &self.kind)
            .field("certificate", &self.certificate.subject().to_string())
            .finish_non_exhaustive()
    }
}

/// Gives the token the PIN, unless another session of this process has done so: that holds for all of them. What
/// it was, if it was asked for.
fn log_in(session: &Session, pin: &Secret) -> Result<Option<AuthPin>, SignerError> {
    let state = session
        .get_session_info()
        .map_err(|error| failed("the token doesn't tell its state", &error))?
        .session_state();
    if matches!(state, SessionState::RoUser | SessionState::RwUser) {
        return Ok(None);
    }
    let pin = reveal(pin)?;
    session
        .login(UserType::User, Some(&pin))
        .map_err(|error| failed("the token doesn't take the PIN", &error))?;
    Ok(Some(pin))
}

fn reveal(pin: &Secret) -> Result<AuthPin, SignerError> {
    let pin = pin.reveal("PIN of the token: ")?;
    Ok(AuthPin::new(pin.as_str().into()))
}

/// Whether the token wants the PIN for each signature of this key. Tokens that don't know the attribute don't.
fn asks_each_time(session: &Session, key: ObjectHandle) -> bool {
    let attributes = session.get_attributes(key, &[AttributeType::AlwaysAuthenticate]);
    attributes.is_ok_and(|found| found.contains(&Attribute::AlwaysAuthenticate(true)))
}

fn find_slot(pkcs11: &Pkcs11, label: Option<&str>) -> Result<Slot, SignerError> {
    let slots = pkcs11
        .get_slots_with_initialized_token()
        .map_err(|error| failed("the tokens cannot be listed", &error))?;
    let mut found = Vec::new();
    for slot in slots {
        let info = pkcs11
            .get_token_info(slot)
            .map_err(|error| failed("a token cannot be asked for its label", &error))?;
        if label.is_none_or(|label| label == info.label()) {
            found.push(slot);
        }
    }
    match (found.as_slice(), label) {
        ([slot], _) => Ok(*slot),
        ([], None) => Err(lacking("there is no token".to_owned())),
        ([], Some(label)) => Err(lacking(format!("there is no token labelled {label:?}"))),
        (many, _) => Err(lacking(format!(
            "{} tokens fit; name one by its label",
            many.len()
        ))),
    }
}

fn find_key(session: &Session, label: Option<&str>) -> Result<ObjectHandle, SignerError> {
    let mut template = vec![Attribute::Class(ObjectClass::PRIVATE_KEY)];
    if let Some(label) = label {
        template.push(Attribute::Label(label.as_bytes().to_vec()));
    }
    let found = session
        .find_objects(&template)
        .map_err(|error| failed("the token's keys cannot be listed", &error))?;
    match (found.as_slice(), label) {
        ([key], _) => Ok(*key),
        ([], None) => Err(lacking("the token holds no private key".to_owned())),
        ([], Some(label)) => Err(lacking(format!(
            "the token holds no private key labelled {label:?}"
        ))),
        (many, _) => Err(lacking(format!(
            "{} private keys fit; name one by its label",
            many.len()
        ))),
    }
}

impl Signer for TokenSigner {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn sign(&self, request: &SigningRequest<'_>) -> Result<Vec<u8>, SignError> {
        let signature = match &self.pin {
            None => self.sign_at_once(request)?,
            Some(pin) => self.sign_in_parts(request, pin)?,
        }
        .map_err(|error| SignError::Unavailable {
            reason: format!("the token gave no signature (pulled out?): {error}"),
        })?;
        match self.kind {
            KeyKind::P256 | KeyKind::P384 => ecdsa_der(&signature),
            _ => Ok(signature),
        }
    }
}

impl TokenSigner {
    /// The digest is made here: some tokens make none.
    fn sign_at_once(&self, request: &SigningRequest<'_>) -> Result<Signature, SignError> {
        let digest = request.algorithm.digest(&[request.message]);
        let (mechanism, data) = match self.kind {
            KeyKind::P256 | KeyKind::P384 => (Mechanism::Ecdsa, digest.as_bytes().to_vec()),
            _ => {
                let mut data = digest_info(request.algorithm)?.to_vec();
                data.extend_from_slice(digest.as_bytes());
                (Mechanism::RsaPkcs, data)
            }
        };
        Ok(self.session.sign(&mechanism, self.key, &data))
    }

    /// The PIN has its place between the beginning of a signature and its data (PKCS #11 3.1, 5.6.7), where only
    /// mechanisms that make the digest themselves stop.
    fn sign_in_parts(
        &self,
        request: &SigningRequest<'_>,
        pin: &AuthPin,
    ) -> Result<Signature, SignError> {
        let elliptic = matches!(self.kind, KeyKind::P256 | KeyKind::P384);
        let mechanism = match (request.algorithm, elliptic) {
            (DigestAlgorithm::Sha256, false) => Mechanism::Sha256RsaPkcs,
            (DigestAlgorithm::Sha384, false) => Mechanism::Sha384RsaPkcs,
            (DigestAlgorithm::Sha512, false) => Mechanism::Sha512RsaPkcs,
            (DigestAlgorithm::Sha256, true) => Mechanism::EcdsaSha256,
            (DigestAlgorithm::Sha384, true) => Mechanism::EcdsaSha384,
            (DigestAlgorithm::Sha512, true) => Mechanism::EcdsaSha512,
            (other, _) => return Err(not_signed_with(other)),
        };
        let session = &self.session;
        Ok(session
            .sign_init(&mechanism, self.key)
            .and_then(|()| session.login(UserType::ContextSpecific, Some(pin)))
            .and_then(|()| session.sign_update(request.message))
            .and_then(|()| session.sign_final()))
    }
}

/// As the token gives it.
type Signature = Result<Vec<u8>, Error>;

fn not_signed_with(algorithm: DigestAlgorithm) -> SignError {
    SignError::Refused {
        reason: format!("{algorithm} is not signed with"),
    }
}

/// What stands before the digest in PKCS #1 v1.5 (RFC 8017, 9.2, note 1).
fn digest_info(algorithm: DigestAlgorithm) -> Result<[u8; 19], SignError> {
    let (total, arc, size) = match algorithm {
        DigestAlgorithm::Sha256 => (0x31, 1, 0x20),
        DigestAlgorithm::Sha384 => (0x41, 2, 0x30),
        DigestAlgorithm::Sha512 => (0x51, 3, 0x40),
        other => return Err(not_signed_with(other)),
    };
    Ok([
        0x30, total, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, arc,
        0x05, 0x00, 0x04, size,
    ])
}

/// Tokens give r and s one after another; images hold their DER.
fn ecdsa_der(raw: &[u8]) -> Result<Vec<u8>, SignError> {
    let failed = |_| SignError::Unavailable {
        reason: format!(
            "the token gave {} bytes that are no ECDSA signature",
            raw.len()
        ),
    };
    if raw.len() == 64 {
        let signature = p256::ecdsa::Signature::from_slice(raw).map_err(failed)?;
        Ok(signature.to_der().as_bytes().to_vec())
    } else {
        let signature = p384::ecdsa::Signature::from_slice(raw).map_err(failed)?;
        Ok(signature.to_der().as_bytes().to_vec())
    }
}

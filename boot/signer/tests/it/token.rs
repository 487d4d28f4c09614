//! Keys on SoftHSM's tokens, through the same library interface as YubiKey and Nitrokey.

use std::path::{Path, PathBuf};
use std::process::Command;

use snowguard_boot_format::authenticode::sign;
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::signer::Signer;
use snowguard_boot_signer::{
    KeyKindToMake, Secret, SignerError, SoftwareKey, TokenOptions, open_token,
};

use crate::image::image;
use crate::material::certify;
use crate::tools::there;

const MODULES: [&str; 2] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
];

/// SoftHSM reads its configuration from the environment once, so each case is a process of its
/// own: the test starts itself again with the variable set.
const INNER: &str = "SNOWGUARD_TEST_TOKEN";

fn module() -> PathBuf {
    MODULES
        .iter()
        .map(PathBuf::from)
        .find(|path| path.exists())
        .expect("softhsm2 brings its library")
}

fn in_own_process(test: &str) -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os(INNER) {
        return Some(PathBuf::from(folder));
    }
    if !there("softhsm2-util") {
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let tokens = folder.path().join("tokens");
    std::fs::create_dir(&tokens).expect("made");
    let config = folder.path().join("softhsm2.conf");
    std::fs::write(
        &config,
        format!("directories.tokendir = {}\n", tokens.display()),
    )
    .expect("written");
    let util = |arguments: &[&str]| {
        let output = Command::new("softhsm2-util")
            .args(arguments)
            .env("SOFTHSM2_CONF", &config)
            .output()
            .expect("softhsm2-util starts");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    util(&[
        "--init-token",
        "--free",
        "--label",
        "boot",
        "--so-pin",
        "0000",
        "--pin",
        "1234",
    ]);
    for (number, (name, kind)) in [
        ("rsa", KeyKindToMake::Rsa2048),
        ("p256", KeyKindToMake::P256),
        ("p384", KeyKindToMake::P384),
    ]
    .into_iter()
    .enumerate()
    {
        let key = SoftwareKey::generate(kind).expect("random numbers");
        let file = folder.path().join(format!("{name}.key"));
        std::fs::write(&file, key.to_pem().expect("encodable").as_bytes()).expect("written");
        let certificate = folder.path().join(format!("{name}.pem"));
        std::fs::write(certificate, certify(&key, name).to_pem()).expect("written");
        util(&[
            "--import",
            &file.display().to_string(),
            "--token",
            "boot",
            "--label",
            name,
            "--id",
            &format!("0{number}"),
            "--pin",
            "1234",
        ]);
    }
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", test, "--nocapture"])
        .env("SOFTHSM2_CONF", &config)
        .env(INNER, folder.path())
        .output()
        .expect("this test starts");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    None
}

fn options(folder: &Path, key: &str, pin: &str) -> TokenOptions {
    TokenOptions {
        module: module(),
        token: Some("boot".to_owned()),
        key: Some(key.to_owned()),
        certificates: folder.join(format!("{key}.pem")),
        pin: Secret::Given(pin.to_owned().into()),
    }
}

#[test]
fn each_kind_of_key_on_a_token_signs() {
    let Some(folder) = in_own_process("token::each_kind_of_key_on_a_token_signs") else {
        return;
    };
    for key in ["rsa", "p256", "p384"] {
        let signer = open_token(&options(&folder, key, "1234")).expect("opened");
        for algorithm in [
            DigestAlgorithm::Sha256,
            DigestAlgorithm::Sha384,
            DigestAlgorithm::Sha512,
        ] {
            // Signing verifies what the token gave.
            sign(image(b"code", 0), &signer, algorithm, None).expect("signed");
        }
    }
}

/// Puts the key `rsa` on the token once more, so that it wants the PIN for each signature, as a YubiKey does for its
/// key of signatures.
fn put_guarded_key(folder: &Path) {
    use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
    use cryptoki::object::{Attribute, KeyType, ObjectClass};
    use rsa::pkcs8::DecodePrivateKey;
    use rsa::traits::{PrivateKeyParts, PublicKeyParts};
    let pem = std::fs::read_to_string(folder.join("rsa.key")).expect("read");
    let der = snowguard_boot_format::pem::blocks(&pem, "PRIVATE KEY").expect("PEM");
    let key = rsa::PrivateKey::from_pkcs8_der(&der[0]).expect("a key");
    let [first, second] = key.primes() else {
        panic!("not two primes");
    };
    let bytes = |number: &rsa::BoxedUint| number.to_be_bytes_trimmed_vartime().to_vec();
    let inverse = key.crt_coefficient().expect("it can be had");
    let exponents = [key.dp(), key.dq()].map(|number| bytes(number.expect("precomputed")));
    let template = [
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::KeyType(KeyType::RSA),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Sign(true),
        Attribute::AlwaysAuthenticate(true),
        Attribute::Label(b"guarded".to_vec()),
        Attribute::Modulus(bytes(key.n())),
        Attribute::PublicExponent(bytes(key.e())),
        Attribute::PrivateExponent(bytes(key.d())),
        Attribute::Prime1(bytes(first)),
        Attribute::Prime2(bytes(second)),
        Attribute::Exponent1(exponents[0].clone()),
        Attribute::Exponent2(exponents[1].clone()),
        Attribute::Coefficient(bytes(&inverse)),
    ];
    let pkcs11 = Pkcs11::new(module()).expect("loaded");
    pkcs11
        .initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))
        .expect("the first in this process");
    let slot = pkcs11.get_slots_with_initialized_token().expect("slots")[0];
    let session = pkcs11.open_rw_session(slot).expect("opened");
    let pin = cryptoki::types::AuthPin::new("1234".into());
    session
        .login(cryptoki::session::UserType::User, Some(&pin))
        .expect("logged in");
    session.create_object(&template).expect("made");
}

#[test]
fn a_key_that_wants_the_pin_each_time_gets_it_each_time() {
    let Some(folder) =
        in_own_process("token::a_key_that_wants_the_pin_each_time_gets_it_each_time")
    else {
        return;
    };
    put_guarded_key(&folder);
    let mut guarded = options(&folder, "guarded", "1234");
    guarded.certificates = folder.join("rsa.pem");
    let signer = open_token(&guarded).expect("opened");
    let plain = open_token(&options(&folder, "rsa", "1234")).expect("opened beside it");
    for algorithm in [
        DigestAlgorithm::Sha256,
        DigestAlgorithm::Sha384,
        DigestAlgorithm::Sha256,
    ] {
        let signed = sign(image(b"code", 0), &signer, algorithm, None).expect("signed");
        let same = sign(image(b"code", 0), &plain, algorithm, None).expect("signed");
        assert_eq!(signed, same, "the same key");
    }
    assert!(!format!("{signer:?}").contains("1234"));
}

#[test]
fn a_wrong_pin_token_or_key_is_told() {
    let Some(folder) = in_own_process("token::a_wrong_pin_token_or_key_is_told") else {
        return;
    };
    let told = |options: &TokenOptions| match open_token(options) {
        Err(error @ SignerError::Token { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(told(&options(&folder, "rsa", "9999")).contains("doesn't take the PIN"));
    let mut other = options(&folder, "rsa", "1234");
    other.key = Some("nothing".to_owned());
    assert!(told(&other).contains("no private key labelled \"nothing\""));
    other.key = None;
    assert!(told(&other).contains("3 private keys fit"));
    other.token = Some("elsewhere".to_owned());
    assert!(told(&other).contains("no token labelled \"elsewhere\""));
    other.module = PathBuf::from("/nonexistent.so");
    assert!(told(&other).contains("cannot be loaded"));
    // A PIN in a file that others may read is refused before it is tried.
    let file = folder.join("pin");
    std::fs::write(&file, "1234\n").expect("written");
    let mode = |mode| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("set");
    };
    let mut by_file = options(&folder, "rsa", "");
    by_file.pin = Secret::File(file.clone());
    mode(0o644);
    assert!(matches!(
        open_token(&by_file),
        Err(SignerError::Permissions { .. })
    ));
    mode(0o600);
    open_token(&by_file).expect("opened");
}

#[test]
fn a_key_that_is_not_the_certificates_signs_nothing() {
    let Some(folder) = in_own_process("token::a_key_that_is_not_the_certificates_signs_nothing")
    else {
        return;
    };
    let mut options = options(&folder, "p256", "1234");
    options.certificates = folder.join("rsa.pem");
    let signer = open_token(&options).expect("opened: tokens don't tell which key is whose");
    assert!(sign(image(b"code", 0), &signer, DigestAlgorithm::Sha256, None).is_err());
}

#[test]
fn a_token_pulled_out_in_the_middle_is_an_error_and_no_signature() {
    let Some(folder) =
        in_own_process("token::a_token_pulled_out_in_the_middle_is_an_error_and_no_signature")
    else {
        return;
    };
    let signer = open_token(&options(&folder, "rsa", "1234")).expect("opened");
    sign(image(b"code", 0), &signer, DigestAlgorithm::Sha256, None).expect("signed");
    std::fs::remove_dir_all(folder.join("tokens")).expect("pulled out");
    let error = sign(image(b"code", 0), &signer, DigestAlgorithm::Sha256, None).expect_err("gone");
    assert!(error.to_string().contains("pulled out?"), "{error}");
    assert_eq!(signer.certificate().subject().to_string(), "CN=rsa");
}

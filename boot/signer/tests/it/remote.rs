//! The remote signer over real TLS: who may have what signed, and what the log says of it.

use std::collections::BTreeMap;
use std::path::Path;

use snowguard_boot_format::authenticode::{AuthenticodeError, sign};
use snowguard_boot_format::digest::DigestAlgorithm;
use snowguard_boot_format::signer::{Purpose, SignError, Signer, SigningRequest};
use snowguard_boot_format::variable::{Attributes, AuthenticatedWrite, VariableName};
use snowguard_boot_format::x509::Certificate;
use snowguard_boot_signer::KeyKindToMake;
use snowguard_boot_signer::SignerError;
use snowguard_boot_signer::remote::{
    Policy, RemoteOptions, RemoteSigner, Server, ServerOptions, check_log, open_remote,
};

use crate::image::image;
use crate::material::{signer, some_day};
use crate::tools::{must, there};

/// An authority, and certificates of it for the server and three clients.
fn certificates(folder: &Path) {
    let at = |name: &str| folder.join(name).display().to_string();
    std::fs::write(
        at("server.ext"),
        "subjectAltName=DNS:localhost,IP:127.0.0.1",
    )
    .expect("written");
    std::fs::write(at("client.ext"), "extendedKeyUsage=clientAuth").expect("written");
    for authority in ["ca", "other-ca"] {
        must(
            "openssl",
            &[
                "req",
                "-x509",
                "-nodes",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-subj",
                &format!("/CN={authority}"),
                "-keyout",
                &at(&format!("{authority}.key")),
                "-out",
                &at(&format!("{authority}.pem")),
            ],
        );
    }
    for (name, authority, extension) in [
        ("server", "ca", "server.ext"),
        ("builder", "ca", "client.ext"),
        ("unknown", "ca", "client.ext"),
        ("foreign", "other-ca", "client.ext"),
    ] {
        let (key, request, certificate) = (
            at(&format!("{name}.key")),
            at("request"),
            at(&format!("{name}.pem")),
        );
        must(
            "openssl",
            &[
                "req",
                "-new",
                "-nodes",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-subj",
                &format!("/CN={name}"),
                "-keyout",
                &key,
                "-out",
                &request,
            ],
        );
        must(
            "openssl",
            &[
                "x509",
                "-req",
                "-in",
                &request,
                "-CA",
                &at(&format!("{authority}.pem")),
                "-CAkey",
                &at(&format!("{authority}.key")),
                "-CAcreateserial",
                "-days",
                "30",
                "-extfile",
                &at(extension),
                "-out",
                &certificate,
            ],
        );
    }
}

struct Running {
    folder: tempfile::TempDir,
    url: String,
}

impl Running {
    /// A server whose policy knows the client `builder`.
    fn start(restriction: &str, per_minute: u32) -> Option<Self> {
        if !there("openssl") {
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        certificates(folder.path());
        let at = |name: &str| folder.path().join(name);
        let pem = std::fs::read_to_string(at("builder.pem")).expect("there");
        let builder = Certificate::from_pem(&pem).expect("whole").remove(0);
        let policy = format!(
            r#"{{"clients": [{{"name": "builder", "certificate_sha256": "{}", "keys": ["db"],
            "purposes": ["image"], "per_minute": {per_minute} {restriction}}}]}}"#,
            builder.fingerprint()
        );
        let mut keys: BTreeMap<String, Box<dyn Signer + Send>> = BTreeMap::new();
        keys.insert(
            "db".to_owned(),
            Box::new(signer(KeyKindToMake::P256, "remote db")),
        );
        keys.insert(
            "pk".to_owned(),
            Box::new(signer(KeyKindToMake::P256, "remote pk")),
        );
        let server = Server::bind(ServerOptions {
            address: ([127, 0, 0, 1], 0).into(),
            certificate: at("server.pem"),
            private_key: at("server.key"),
            client_authority: at("ca.pem"),
            policy: Policy::parse(policy.as_bytes()).expect("a policy"),
            log: at("log"),
            keys,
            clock: some_day,
        })
        .expect("listens");
        let port = server.address().expect("known").port();
        // It ends with the test's process.
        std::thread::spawn(move || server.run());
        Some(Self {
            folder,
            url: format!("https://localhost:{port}"),
        })
    }

    fn open(&self, client: &str, authority: &str, key: &str) -> Result<RemoteSigner, SignerError> {
        let at = |name: String| self.folder.path().join(name);
        open_remote(&RemoteOptions {
            url: self.url.clone(),
            key: key.to_owned(),
            certificate: at(format!("{client}.pem")),
            private_key: at(format!("{client}.key")),
            authority: at(format!("{authority}.pem")),
        })
    }

    fn log(&self) -> Vec<serde_json::Value> {
        let path = self.folder.path().join("log");
        check_log(&path).expect("follows");
        let text = std::fs::read_to_string(path).expect("there");
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }
}

fn refusal(result: Result<impl std::fmt::Debug, AuthenticodeError>) -> String {
    match result {
        Err(AuthenticodeError::Signer(SignError::Refused { reason })) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_image_is_signed_by_a_key_that_is_elsewhere_and_the_log_says_so() {
    let Some(server) = Running::start("", 10) else {
        return;
    };
    let remote = server.open("builder", "ca", "db").expect("opened");
    assert_eq!(remote.certificate().subject().to_string(), "CN=remote db");
    sign(image(b"code", 0), &remote, DigestAlgorithm::Sha256, None).expect("signed");
    let log = server.log();
    assert_eq!(log.len(), 1);
    assert_eq!(log[0]["client"], "builder");
    assert_eq!(log[0]["signed"], true);
    assert_eq!(log[0]["time"], "2024-01-01T00:00:00Z");
    assert!(
        log[0]["asked"]
            .as_str()
            .expect("text")
            .starts_with("image sha256:")
    );
}

#[test]
fn only_clients_that_the_policy_knows_get_anything() {
    let Some(server) = Running::start("", 10) else {
        return;
    };
    for (client, authority, key) in [
        // Not in the policy; of another authority; another server's authority; another key.
        ("unknown", "ca", "db"),
        ("foreign", "ca", "db"),
        ("builder", "other-ca", "db"),
        ("builder", "ca", "pk"),
        ("builder", "ca", "../db"),
    ] {
        let result = server.open(client, authority, key);
        assert!(
            matches!(result, Err(SignerError::Remote { .. })),
            "{client} {authority} {key}"
        );
    }
}

#[test]
fn a_message_of_another_purpose_is_not_signed() {
    let Some(server) = Running::start("", 10) else {
        return;
    };
    let remote = server.open("builder", "ca", "db").expect("opened");
    let variable = AuthenticatedWrite {
        variable: VariableName::Db,
        attributes: Attributes::SECURE_BOOT,
        time: some_day(),
        content: b"",
    };
    let message = variable.message();
    let ask = |purpose| {
        remote.sign(&SigningRequest {
            purpose,
            algorithm: DigestAlgorithm::Sha256,
            message: &message,
        })
    };
    // Said plainly, it is not this client's; called an image's, it has not the form of one.
    for (purpose, reason) in [
        (Purpose::Variable, "may not sign for this purpose"),
        (
            Purpose::Image { content: b"x" },
            "not the signed attributes of an image",
        ),
        (Purpose::Certificate, "not the signed part of a certificate"),
        (Purpose::PcrPolicy, "not the digest of a policy"),
    ] {
        match ask(purpose) {
            Err(SignError::Refused { reason: told }) => assert!(told.contains(reason), "{told}"),
            other => panic!("{other:?}"),
        }
    }
    let log = server.log();
    assert_eq!(log.len(), 4);
    assert!(log.iter().all(|line| line["signed"] == false));
    assert_eq!(log[0]["asked"], "variable db");
}

#[test]
fn images_outside_of_the_list_are_not_signed() {
    let nothing = format!(r#", "images": ["{}"]"#, "0".repeat(64));
    let Some(server) = Running::start(&nothing, 10) else {
        return;
    };
    let remote = server.open("builder", "ca", "db").expect("opened");
    let told = refusal(sign(
        image(b"code", 0),
        &remote,
        DigestAlgorithm::Sha256,
        None,
    ));
    assert!(told.contains("is not in builder's list"), "{told}");
}

#[test]
fn more_than_the_rate_is_refused() {
    let Some(server) = Running::start("", 2) else {
        return;
    };
    let remote = server.open("builder", "ca", "db").expect("opened");
    let ask = || sign(image(b"code", 0), &remote, DigestAlgorithm::Sha256, None);
    ask().expect("first");
    ask().expect("second");
    assert!(refusal(ask()).contains("more than 2 signatures in a minute"));
    assert_eq!(server.log().len(), 3);
}

#[test]
fn a_log_that_was_changed_is_found_and_not_gone_on_with() {
    let Some(server) = Running::start("", 10) else {
        return;
    };
    let remote = server.open("builder", "ca", "db").expect("opened");
    for _ in 0..3 {
        sign(image(b"code", 0), &remote, DigestAlgorithm::Sha256, None).expect("signed");
    }
    let path = server.folder.path().join("log");
    let text = std::fs::read_to_string(&path).expect("there");
    let lines: Vec<&str> = text.lines().collect();
    for changed in [
        text.replacen("builder", "nobody", 1),
        [lines[0], lines[2]].join("\n"),
        [lines[1], lines[2]].join("\n"),
        [lines[0], lines[2], lines[1]].join("\n"),
    ] {
        std::fs::write(&path, changed).expect("written");
        assert!(check_log(&path).is_err());
    }
    std::fs::write(&path, text).expect("written");
    assert_eq!(check_log(&path).expect("follows").0, 3);
}

#[test]
fn policies_with_mistakes_are_refused() {
    let client = |more: &str, fingerprint: &str| {
        format!(
            r#"{{"name": "a", "certificate_sha256": "{fingerprint}", "keys": [], "purposes": [], "per_minute": 1 {more}}}"#
        )
    };
    let (good, bad) = ("a".repeat(64), "b".repeat(63));
    for clients in [
        client("", &bad),
        client(r#", "image": []"#, &good),
        format!("{}, {}", client("", &good), client("", &"c".repeat(64))),
    ] {
        let policy = format!(r#"{{"clients": [{clients}]}}"#);
        assert!(Policy::parse(policy.as_bytes()).is_err(), "{policy}");
    }
    let policy = format!(r#"{{"clients": [{}]}}"#, client("", &good));
    assert!(Policy::parse(policy.as_bytes()).is_ok());
}

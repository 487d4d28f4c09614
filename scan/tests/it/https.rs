//! `scan update` from a server with a certificate of an authority of its own.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::stage::{Stage, text};
use crate::updates::{Served, Server, answer, file, key};

/// Where certificates are made; `None`, having said so, where `openssl` is missing.
fn authority(folder: &Path, name: &str) -> Option<PathBuf> {
    let (certificate, key) = (format!("{name}.pem"), format!("{name}.key"));
    let subject = format!("/CN={name}");
    let new = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ];
    let to = [
        "-days",
        "2",
        "-subj",
        &subject,
        "-keyout",
        &key,
        "-out",
        &certificate,
    ];
    openssl(folder, &[&new[..], &to].concat()).then(|| folder.join(certificate))
}

/// A certificate for a name or an address (`DNS:localhost`, `IP:127.0.0.1`), signed by an authority.
fn certificate(folder: &Path, by: &str, of: &str, name: &str) {
    let (key, request, out) = (
        format!("{of}.key"),
        format!("{of}.csr"),
        format!("{of}.pem"),
    );
    let subject = format!("/CN={of}");
    fs::write(
        folder.join("extensions"),
        format!("subjectAltName={name}\n"),
    )
    .unwrap();
    let new = [
        "req",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ];
    let to = ["-subj", &subject, "-keyout", &key, "-out", &request];
    assert!(openssl(folder, &[&new[..], &to].concat()));
    let (issuer, issuer_key) = (format!("{by}.pem"), format!("{by}.key"));
    let sign = [
        "x509",
        "-req",
        "-in",
        &request,
        "-CA",
        &issuer,
        "-CAkey",
        &issuer_key,
    ];
    let to = [
        "-days",
        "2",
        "-set_serial",
        "7",
        "-extfile",
        "extensions",
        "-out",
        &out,
    ];
    assert!(openssl(folder, &[&sign[..], &to].concat()));
}

fn openssl(folder: &Path, arguments: &[&str]) -> bool {
    match Command::new("openssl")
        .current_dir(folder)
        .args(arguments)
        .output()
    {
        Ok(output) => {
            assert!(output.status.success(), "{:?}", text(&output));
            true
        }
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "openssl: {error}");
            println!("left out: HTTPS, since openssl does not start: {error}");
            false
        }
    }
}

/// Serves with the certificate of this name; the address has the port alone.
fn serve(folder: &Path, name: &str, served: Arc<Served>) -> u16 {
    let chain = CertificateDer::pem_file_iter(folder.join(format!("{name}.pem"))).unwrap();
    let chain: Vec<CertificateDer<'static>> = chain.map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key"))).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            // A client that believes nothing here hangs up.
            let _answered = answer(Closing(StreamOwned::new(connection, stream)), &served);
        }
    });
    port
}

/// An encrypted stream that says so when it ends.
struct Closing(StreamOwned<ServerConnection, TcpStream>);

impl Read for Closing {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Closing {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        self.0.write(buffer)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.conn.send_close_notify();
        let _flushed = self.0.flush();
        let _closed = self.0.sock.shutdown(Shutdown::Write);
    }
}

fn update(stage: &Stage, address: &str, variable: &str, roots: &Path) -> Output {
    stage
        .command(stage.folder.path())
        .env(variable, roots)
        .args(["update", "--db", "here", "--trusted-key"])
        .arg(key().public().to_string())
        .arg(address)
        .output()
        .unwrap()
}

fn refused(output: &Output, told: &str) {
    let (_, err, code) = text(output);
    assert_eq!(code, Some(4), "{err}");
    assert!(err.contains(told), "{told}: {err}");
}

#[test]
fn a_private_authority_is_believed_where_it_is_named() {
    let stage = Stage::new();
    let folder = stage.folder.path();
    let Some(ours) = authority(folder, "ours") else {
        return;
    };
    certificate(folder, "ours", "server", "IP:127.0.0.1");
    let body = file(1, 0, None);
    // The served state is that of a plain server, which also stands for where a redirect leads.
    let plain = Server::new(body.clone(), "one");
    let served = &plain.served;
    let port = serve(folder, "server", Arc::clone(served));
    let address = format!("https://127.0.0.1:{port}/advisories");

    // Nobody vouches for it, or others do: nothing is sent.
    refused(&update(&stage, &address, "UNRELATED", &ours), "certificate");
    let others = authority(folder, "others").unwrap();
    refused(
        &update(&stage, &address, "SSL_CERT_FILE", &others),
        "certificate",
    );
    let none = stage.put("none.pem", "nothing\n");
    refused(
        &update(&stage, &address, "SSL_CERT_FILE", &none),
        "there is none in it",
    );
    refused(
        &update(&stage, &address, "SSL_CERT_FILE", Path::new("/nowhere")),
        "/nowhere",
    );
    assert_eq!(served.requests.load(Ordering::SeqCst), 0);
    assert!(!stage.path("here").exists());

    for (variable, is_sent) in [("SSL_CERT_FILE", true), ("NIX_SSL_CERT_FILE", false)] {
        let (_, err, code) = text(&update(&stage, &address, variable, &ours));
        assert_eq!(code, Some(0), "{err}");
        assert_eq!(fs::read(stage.path("here")).unwrap(), body);
        // The second time it is the newest: 304, and no body.
        let sent = served.sent.swap(0, Ordering::SeqCst);
        assert_eq!(sent > 0, is_sent, "{sent}");
    }

    // The name is another: the certificate is for the address.
    let by_name = format!("https://localhost:{port}/advisories");
    refused(
        &update(&stage, &by_name, "SSL_CERT_FILE", &ours),
        "certificate",
    );

    // A server that leads to one without encryption is not followed, though that one has the file.
    served.redirect.lock().unwrap().clone_from(&plain.address);
    let before = served.requests.load(Ordering::SeqCst);
    refused(&update(&stage, &address, "SSL_CERT_FILE", &ours), "https");
    // It is asked again where it broke off; the plain one, which would count as well, never.
    let asked = served.requests.load(Ordering::SeqCst) - before;
    assert!((1..=3).contains(&asked), "{asked}");
}
